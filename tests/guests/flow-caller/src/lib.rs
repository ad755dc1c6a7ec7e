//! Calls `acme:flow/work`: each argument is a function with what it is called with, as in `make:1000`.

wit_bindgen::generate!({
    path: ["../wit/flow.wit", "../../../wit/vendor/wasi-0.3.0"],
    inline: "package test:flow-caller; world guest {
        import acme:flow/work;
        import wasi:cli/environment@0.3.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

use std::cell::RefCell;
use std::rc::Rc;

use acme::flow::work;
use wasi::cli::environment;
use wit_bindgen::StreamReader;
use wit_bindgen::rt::async_support::StreamResult;

const PIECE: usize = 64 * 1024;

struct Command;

/// A stream of so many bytes that count up; `trap` after them ends the component.
fn source(count: u64, trap: bool) -> StreamReader<u8> {
    let (mut sender, bytes) = wit_stream::new();
    wit_bindgen::spawn_local(async move {
        let mut sent = 0;
        while sent < count {
            let piece = PIECE.min(usize::try_from(count - sent).unwrap_or(PIECE));
            let bytes = (sent..).take(piece).map(|byte| byte as u8).collect();
            if !sender.write_all(bytes).await.is_empty() {
                return;
            }
            sent += piece as u64;
        }
        assert!(!trap, "broken off");
    });
    bytes
}

/// Reads to the end: how many bytes there were, and whether they count up.
async fn count(mut source: StreamReader<u8>) -> String {
    let (mut count, mut in_order) = (0u64, true);
    loop {
        let (result, bytes) = source.read(Vec::with_capacity(PIECE)).await;
        let numbered = bytes.iter().zip(count..);
        in_order &= numbered.into_iter().all(|(byte, at)| *byte == at as u8);
        count += bytes.len() as u64;
        if result == StreamResult::Dropped {
            return format!("{count} {in_order}");
        }
    }
}

/// Calls three times at once, and says which answers came first.
async fn double() -> String {
    let order = Rc::new(RefCell::new(Vec::new()));
    for (value, millis) in [(3, 300), (2, 150), (1, 0)] {
        let order = Rc::clone(&order);
        wit_bindgen::spawn_local(async move {
            let doubled = work::double_later(value, millis).await;
            order.borrow_mut().push(doubled);
        });
    }
    while order.borrow().len() < 3 {
        work::double_later(0, 5).await;
    }
    format!("{:?}", order.borrow())
}

/// Begins so many calls, each with a stream, before it waits for any.
async fn many(times: u64) -> String {
    for _ in 0..times {
        wit_bindgen::spawn_local(async move {
            work::count(source(1, false)).await;
        });
    }
    work::count(source(1, false)).await;
    "done".to_owned()
}

async fn calls(times: u64) -> String {
    let mut sum = 0;
    for time in 0..times {
        sum += u64::from(work::double_later(time as u32, 0).await);
    }
    format!("{sum}")
}

async fn open(name: &str) -> String {
    match work::open(name.to_owned()).await {
        Ok(file) => match file.content {
            Some(content) => format!("{}: {}", file.name, count(content).await),
            None => format!("{}: nothing", file.name),
        },
        Err(error) => error,
    }
}

async fn drop_after(count: u64) -> String {
    let mut bytes = work::make(u64::MAX).await;
    let mut read = 0;
    while read < count {
        let (_, piece) = bytes.read(Vec::with_capacity(PIECE)).await;
        read += piece.len() as u64;
    }
    drop(bytes);
    "dropped".to_owned()
}

async fn one(function: &str, argument: &str) -> String {
    let number = argument.parse().unwrap_or_default();
    match function {
        "double" => double().await,
        "many" => many(number).await,
        "calls" => calls(number).await,
        "make" => count(work::make(number).await).await,
        "made" => format!("{}", work::made()),
        "remember" => format!("{:?}", work::remember(number).await),
        "drop" => drop_after(number).await,
        "count" => format!("{:?}", work::count(source(number, false)).await),
        "count-trap" => format!("{:?}", work::count(source(number, true)).await),
        "first" => format!(
            "{:?}",
            work::first(source(u64::MAX, false), number as u32).await
        ),
        "copy" => count(work::copy(source(number, false)).await).await,
        "pass" => count(work::pass(source(number, false)).await).await,
        "relay" => count(work::copy(work::make(number).await).await).await,
        "open" => open(argument).await,
        "break" => count(work::break_off(number).await).await,
        _ => "no such function".to_owned(),
    }
}

impl exports::wasi::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        for argument in environment::get_arguments().iter().skip(1) {
            let (function, argument) = argument.split_once(':').unwrap_or((argument, ""));
            println!("{function}: {}", one(function, argument).await);
        }
        Ok(())
    }
}

export!(Command);
