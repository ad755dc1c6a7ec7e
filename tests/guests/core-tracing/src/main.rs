//! Prints its places in traces, by `loop:core/tracing`: of the call, of spans, of a span below another program's, and what
//! goes along with calls that it makes.

use loop_guest::log::{self, Level};
use loop_guest::trace::{self, Context};

fn main() {
    show("call", &trace::current());
    let span = log::span!(info: "own");
    show("span", &trace::of(&span));
    span.run(|| {
        println!("inside {}", trace::current() == trace::of(&span));
        println!("inject {:?}", trace::inject());
    });
    println!("outside {}", trace::current() == trace::of(&span));
    let hidden = log::span!(trace: "hidden");
    println!("hidden {}", trace::current() == trace::of(&hidden));

    let parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00";
    for (traceparent, tracestate) in [(parent, "a=b"), ("nonsense", ""), (parent, "nonsense")] {
        let sender = Context {
            traceparent: traceparent.to_owned(),
            tracestate: tracestate.to_owned(),
        };
        match trace::start(&sender, Level::Info, "received", &[]) {
            Ok(span) => show("received", &trace::of(&span)),
            Err(error) => println!("{}", error.name()),
        }
    }
}

fn show(what: &str, context: &Context) {
    println!("{what} {} {}", context.traceparent, context.tracestate);
}
