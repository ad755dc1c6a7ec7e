//! Does one thing with `wasi:keyvalue` and prints what came of it: `keyvalue-try FUNCTION BUCKET [ARGUMENT]...`.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-keyvalue-0.2.0-draft2",
    world: "wasi:keyvalue/imports",
    generate_all,
});

use std::process::ExitCode;

use crate::wasi::keyvalue::store::{self, Bucket, Error};
use crate::wasi::keyvalue::{atomics, batch};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        [function, bucket, ref rest @ ..] => {
            store::open(bucket).and_then(|bucket| run(&bucket, function, rest))
        }
        _ => return ExitCode::from(2),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{}", reason(&error));
            ExitCode::FAILURE
        }
    }
}

fn reason(error: &Error) -> String {
    match error {
        Error::NoSuchStore => "no-such-store".to_owned(),
        Error::AccessDenied => "access-denied".to_owned(),
        Error::Other(text) => format!("other: {text}"),
    }
}

fn run(bucket: &Bucket, function: &str, args: &[&str]) -> Result<String, Error> {
    let number = |text: &str| text.parse().unwrap_or_default();
    match (function, args) {
        ("open", []) => Ok("opened".to_owned()),
        ("get", [key]) => bucket.get(key).map(|value| match value {
            Some(value) => String::from_utf8_lossy(&value).into_owned(),
            None => "none".to_owned(),
        }),
        ("size", [key]) => bucket
            .get(key)
            .map(|value| value.map_or("none".to_owned(), |value| value.len().to_string())),
        ("set", [key, value]) => bucket.set(key, value.as_bytes()).map(|()| done()),
        // As large a value as is asked for.
        ("fill", [key, bytes]) => {
            let value = vec![b'x'; number(bytes)];
            bucket.set(key, &value).map(|()| done())
        }
        // As many values, one after the other, and what the first that failed said.
        ("flood", [count, bytes]) => {
            let value = vec![b'x'; number(bytes)];
            for key in 0..number(count) {
                if let Err(error) = bucket.set(&key.to_string(), &value) {
                    return Ok(format!("{key}: {}", reason(&error)));
                }
            }
            Ok(done())
        }
        // A value in as many buckets, what the first that failed said, and whether the others are still there.
        ("buckets", [count, bytes]) => {
            let value = vec![b'x'; number(bytes)];
            // The longest names that there are.
            let open = |count: usize| store::open(&format!("{count:064}"));
            for count in 0..number(count) {
                if let Err(error) = open(count)?.set("a", &value) {
                    let left = open(0)?.get("a")?.map_or(0, |value| value.len());
                    let why = reason(&error);
                    return Ok(format!("{count}: {why}, and {left} bytes in the first"));
                }
            }
            Ok(done())
        }
        // The same in one batch.
        ("batch", [count, bytes]) => {
            let value = vec![b'x'; number(bytes)];
            let keys = (0..number(count)).map(|key| key.to_string());
            let entries: Vec<_> = keys.map(|key| (key, value.clone())).collect();
            batch::set_many(bucket, &entries).map(|()| done())
        }
        // Gets a key again and again, and prints each answer that is not the one before, until it is this one.
        ("follow", [key, end]) => {
            let mut last = String::new();
            while last != *end {
                let answer = match bucket.get(key) {
                    Ok(value) => format!("{} bytes", value.map_or(0, |value| value.len())),
                    Err(error) => reason(&error),
                };
                if last != answer {
                    println!("{answer}");
                    last = answer;
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            Ok(done())
        }
        ("delete", [key]) => bucket.delete(key).map(|()| done()),
        ("exists", [key]) => bucket.exists(key).map(|exists| exists.to_string()),
        ("keys", []) => bucket.list_keys(None).map(|page| page.keys.join(" ")),
        ("count", [key, times]) => {
            let mut sum = 0;
            for _ in 0..number(times) {
                sum = atomics::increment(bucket, key, 1)?;
            }
            Ok(sum.to_string())
        }
        // Adds one by cas, again if another was quicker.
        ("cas", [key, times]) => {
            for _ in 0..number(times) {
                let mut cas = atomics::Cas::new(bucket, key)?;
                loop {
                    let old = cas.current()?.unwrap_or_default();
                    let new = number(&String::from_utf8_lossy(&old)) + 1;
                    match atomics::swap(cas, new.to_string().as_bytes()) {
                        Ok(()) => break,
                        Err(atomics::CasError::CasFailed(again)) => cas = again,
                        Err(atomics::CasError::StoreError(error)) => return Err(error),
                    }
                }
            }
            Ok(done())
        }
        _ => Ok("no such function".to_owned()),
    }
}

fn done() -> String {
    "done".to_owned()
}
