//! The conformance suite of `loop:netx`, for those who connect: what every provider of it does alike, written against the WIT.
//!
//! It is granted `*.test` and `localhost`. `known.test` has three addresses, as `names` says, `unknown.test` none, and who knows about `silent.test` does not
//! answer. Nobody listens on port 1 of this machine. Its argument is the URL of a server of WebSockets and of HTTP, `ws://127.0.0.1:4321`, which answers by path:
//!
//! | path | what it does |
//! |---|---|
//! | `/echo` | sends back what it gets |
//! | `/last` | agrees on the subprotocol that was offered last |
//! | `/headers` | sends the header `x-word` of the request |
//! | `/three` | sends `1`, `2` and `3`, and closes with 4000 and `enough` |
//! | `/mebibyte` | sends a message of 1 MiB |
//! | `/told` | the same as `/echo`, and remembers how it ended |
//! | `/closings` | sends `CODE REASON` of the next connection to `/told` that ended |
//! | `/refused` | answers 401 |
//! | `/page` | answers 200, as a page: `page` and the end of a line, with the header `x-word: kept` |
//! | `/post` | answers 201 with the method, the header `x-word` of the request, and its body |
//! | `/bytes` | answers 200 with bytes that are no text |
//! | `/count` | answers 200 with how often it was asked |
//! | `/broken` | answers 200 and promises ten bytes, of which five come |
//!
//! Its second argument is the URL of a server of gRPC, `http://127.0.0.1:4322`, with the service `suite.Suite`:
//!
//! | method | what it does |
//! |---|---|
//! | `One` | gives the message back, with the metadata `x-word` and `x-bytes-bin` of the call before it, and `x-last: said` after it |
//! | `Count` | gives the numbers up to the one in the message, each as a message |
//! | `Join` | gives all messages as one, with commas between them |
//! | `Chat` | gives each message back as it comes |
//! | `Fail` | fails with `not-found`, and all that a status may have |
//! | `Break` | gives a message, and fails with `data-loss` |
//! | `Large` | gives a message of as many bytes as the message says |
//! | `Silent` | does not answer |

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/netx"],
    world: "loop:netx/imports",
    generate_all,
});

mod calls;
mod closing;
mod connecting;
mod messages;
mod names;
mod requests;
mod waiting;

use std::process::ExitCode;

use crate::loop_::netx::websocket::{Connection, Event, Message, Options, WaitError};

/// Long enough for whatever happens on one machine, in nanoseconds.
pub(crate) const LONG: u64 = 20_000_000_000;

/// Where the server is.
pub(crate) struct Server {
    url: String,
    /// Where the services of gRPC are.
    grpc: String,
}

pub(crate) type Case = suite::Case<Server>;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(grpc)) = (args.next(), args.next()) else {
        println!("which servers?");
        return ExitCode::FAILURE;
    };
    suite::run(
        &Server { url, grpc },
        &[
            ("names", names::CASES),
            ("requests", requests::CASES),
            ("calls", calls::CASES),
            ("connecting", connecting::CASES),
            ("messages", messages::CASES),
            ("waiting", waiting::CASES),
            ("closing", closing::CASES),
            ("many", connecting::MANY),
        ],
    )
}

impl Server {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) fn connect(&self, path: &str) -> Result<Connection, String> {
        let connected = Connection::connect(&self.url(path), &plain());
        connected.map_err(|error| format!("{path}: {error:?}"))
    }
}

/// Connecting without anything special.
pub(crate) fn plain() -> Options {
    Options {
        protocols: Vec::new(),
        headers: Vec::new(),
        timeout: Some(LONG),
    }
}

pub(crate) fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

/// The next event in a line: a message, or how the connection ended.
pub(crate) fn next(connection: &Connection) -> String {
    shown(connection.next(Some(LONG)))
}

pub(crate) fn shown(event: Result<Event, WaitError>) -> String {
    match event {
        Ok(Event::Message(Message::Text(text))) => text,
        Ok(Event::Message(Message::Binary(bytes))) => format!("{bytes:?}"),
        Ok(Event::Closed(closing)) => format!("closed {} {}", closing.code, closing.reason),
        Err(error) => error.name().to_owned(),
    }
}
