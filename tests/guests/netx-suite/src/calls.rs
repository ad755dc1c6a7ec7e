//! Calls of gRPC services.

use suite::{fails, gives, is};

use crate::loop_::netx::grpc::{
    AskError, Call, Event, Metadata, Options, SendError, StartError, WaitError, ask, first,
};
use crate::{Case, LONG, Server};

/// The most bytes of a message.
const MAX: usize = 4 << 20;

impl Server {
    fn method(&self, name: &str) -> String {
        format!("{}/suite.Suite/{name}", self.grpc)
    }

    fn start(&self, name: &str) -> Result<Call, String> {
        gives(name, Call::start(&self.method(name), &plain()))
    }
}

fn plain() -> Options {
    Options {
        metadata: Vec::new(),
        timeout: Some(LONG),
    }
}

fn with(metadata: &[(&str, &[u8])]) -> Options {
    let entries = metadata.iter();
    let entries = entries.map(|(name, value)| ((*name).to_owned(), value.to_vec()));
    Options {
        metadata: entries.collect(),
        ..plain()
    }
}

/// The next event in a line.
fn next(call: &Call) -> String {
    match call.next(Some(LONG)) {
        Ok(Event::Answered(_)) => "answered".to_owned(),
        Ok(Event::Message(message)) => String::from_utf8_lossy(&message).into_owned(),
        Ok(Event::Ended(Ok(_))) => "ended".to_owned(),
        Ok(Event::Ended(Err(status))) => format!("{:?} {}", status.code, status.message),
        Err(error) => error.name().to_owned(),
    }
}

/// What follows, event by event.
fn follows(call: &Call, expected: &[&str]) -> Result<(), String> {
    for expected in expected {
        is("the event", next(call), (*expected).to_owned())?;
    }
    Ok(())
}

fn value(metadata: &Metadata, name: &str) -> Vec<u8> {
    let found = metadata.iter().find(|(known, _)| known == name);
    found.map_or_else(Vec::new, |(_, value)| value.clone())
}

/// The code and the words with which a method fails.
fn failure(url: &str, message: &[u8], options: &Options) -> String {
    match ask(url, message, options) {
        Ok(reply) => format!("{} bytes", reply.message.len()),
        Err(AskError::Status(status)) => format!("{:?} {}", status.code, status.message),
        Err(AskError::Start(error)) => format!("{error:?}"),
    }
}

pub(crate) const CASES: &[(&str, Case)] = &[
    ("one message and one answer", |server| {
        for sent in [&b"hello"[..], b"", &[0, 255, 7]] {
            let reply = ask(&server.method("One"), sent, &plain());
            let reply = gives("ask", reply)?;
            is("the message", reply.message, sent.to_vec())?;
        }
        Ok(())
    }),
    ("metadata goes and comes", |server| {
        let options = with(&[("x-word", b"kept"), ("x-bytes-bin", &[0, 200, 10])]);
        let reply = gives("ask", ask(&server.method("One"), b"", &options))?;
        is("before", value(&reply.headers, "x-word"), b"kept".to_vec())?;
        is(
            "bytes",
            value(&reply.headers, "x-bytes-bin"),
            vec![0, 200, 10],
        )?;
        is("after", value(&reply.trailers, "x-last"), b"said".to_vec())?;
        let own = |(name, _): &&(String, Vec<u8>)| name.starts_with("grpc-");
        is("of gRPC itself", reply.trailers.iter().find(own), None)
    }),
    ("metadata that cannot be sent", |server| {
        let large = vec![b'x'; 17 << 10];
        for (name, value) in [
            ("grpc-timeout", &b"1S"[..]),
            ("content-type", b"text/plain"),
            ("te", b"trailers"),
            ("X-Word", b"capitals"),
            ("no name", b""),
            ("", b""),
            ("x-word", b"two\nlines"),
            ("x-word", &[0xc3, 0xa4]),
            ("x-word", &large),
        ] {
            let got = ask(&server.method("One"), b"", &with(&[(name, value)]));
            if !matches!(got, Err(AskError::Start(StartError::Invalid(_)))) {
                return Err(format!("{name}: {got:?}"));
            }
        }
        Ok(())
    }),
    ("several answers", |server| {
        let call = server.start("Count")?;
        gives("send", call.send(b"3"))?;
        call.finish();
        follows(&call, &["answered", "1", "2", "3", "ended", "ended"])
    }),
    ("several messages", |server| {
        let call = server.start("Join")?;
        for message in ["a", "b", "c"] {
            gives("send", call.send(message.as_bytes()))?;
        }
        gives("flush", call.flush(Some(LONG)))?;
        call.finish();
        call.finish();
        fails("send", call.send(b"late"), SendError::Finished)?;
        follows(&call, &["answered", "a,b,c", "ended"])
    }),
    ("both, in turn", |server| {
        let call = server.start("Chat")?;
        let mut expected = vec!["answered"];
        for message in ["one", "two"] {
            gives("send", call.send(message.as_bytes()))?;
            expected.push(message);
            follows(&call, &expected)?;
            expected.clear();
        }
        let waited = call.next(Some(1_000_000)).map(drop);
        fails("a millisecond", waited, WaitError::TimedOut)?;
        call.finish();
        follows(&call, &["ended"])
    }),
    ("a status, with all that it has", |server| {
        let status = match ask(&server.method("Fail"), b"", &plain()) {
            Err(AskError::Status(status)) => status,
            other => return Err(format!("{other:?}")),
        };
        let code = format!("{:?}", status.code);
        is("the code", code, "Code::NotFound".to_owned())?;
        is("the words", status.message, "no größe %".to_owned())?;
        is("the details", status.details, vec![1, 2, 255])?;
        is(
            "beside it",
            value(&status.metadata, "x-why"),
            b"moved".to_vec(),
        )
    }),
    ("a status in the middle", |server| {
        let call = server.start("Break")?;
        gives("send", call.send(b""))?;
        call.finish();
        follows(
            &call,
            &["answered", "a part", "Code::DataLoss the rest is gone"],
        )?;
        fails("send", call.send(b""), SendError::Finished)
    }),
    ("a method that is not there", |server| {
        let got = failure(&server.method("Nothing"), b"", &plain());
        is("the status", got.starts_with("Code::Unimplemented"), true)
    }),
    ("not exactly one answer", |server| {
        for (count, expected) in [
            (&b"0"[..], "Code::Unimplemented there is no answer"),
            (b"2", "Code::Unimplemented there are several answers"),
        ] {
            let got = failure(&server.method("Count"), count, &plain());
            is("the status", got, expected.to_owned())?;
        }
        Ok(())
    }),
    ("the time is over", |server| {
        let options = Options {
            timeout: Some(100_000_000),
            ..plain()
        };
        let got = failure(&server.method("Silent"), b"", &options);
        is(
            "the status",
            got.starts_with("Code::DeadlineExceeded"),
            true,
        )
    }),
    ("the largest message", |server| {
        let sent: Vec<u8> = (0..MAX).map(|at| at as u8).collect();
        let reply = gives("ask", ask(&server.method("One"), &sent, &plain()))?;
        is("the same", reply.message == sent, true)
    }),
    ("messages that are too large", |server| {
        let sent = vec![0; MAX + 1];
        let got = failure(&server.method("One"), &sent, &plain());
        is(
            "sent",
            got,
            "Code::ResourceExhausted the message is too large".to_owned(),
        )?;
        let call = server.start("Chat")?;
        fails("send", call.send(&sent), SendError::TooLarge)?;
        let size = (MAX + 1).to_string();
        let got = failure(&server.method("Large"), size.as_bytes(), &plain());
        is("received", got.split(' ').next(), Some("Code::OutOfRange"))
    }),
    ("the first of several", |server| {
        let calls = [server.start("Chat")?, server.start("Chat")?];
        let both = [&calls[0], &calls[1]];
        fails("none", first(&[], Some(0)), WaitError::Nothing)?;
        for call in both {
            gives("send", call.send(b"one"))?;
            follows(call, &["answered", "one"])?;
        }
        fails(
            "nothing",
            first(&both, Some(1_000_000)),
            WaitError::TimedOut,
        )?;
        gives("send", calls[1].send(b"two"))?;
        is("one", gives("first", first(&both, Some(LONG)))?, vec![1])?;
        is("again", gives("first", first(&both, Some(0)))?, vec![1])?;
        follows(&calls[1], &["two"])
    }),
    ("what is no URL of a method", |server| {
        let ws = server.method("One").replacen("http", "ws", 1);
        let root = server.grpc.clone();
        let query = format!("{}?a=b", server.method("One"));
        let deep = format!("{}/more", server.method("One"));
        for url in [&*ws, &root, &query, &deep, "", "http://me@localhost/a.B/C"] {
            let got = Call::start(url, &plain()).map(drop);
            if !matches!(got, Err(StartError::Invalid(_))) {
                return Err(format!("`{url}`: {got:?}"));
            }
        }
        Ok(())
    }),
    ("why a call does not begin", |_| {
        for (url, expected) in [
            ("https://example.com/a.B/C", StartError::Denied),
            ("http://unknown.test/a.B/C", StartError::Unresolved),
            ("http://127.0.0.1:1/a.B/C", StartError::Unreachable),
        ] {
            let got = Call::start(url, &plain()).map(drop);
            fails(url, got, expected)?;
        }
        Ok(())
    }),
    ("no more than 128 at once", |server| {
        let mut calls = Vec::new();
        for _ in 0..128 {
            calls.push(server.start("Silent")?);
        }
        let got = Call::start(&server.method("One"), &plain()).map(drop);
        fails("one more", got, StartError::TooMany(128))?;
        calls.pop();
        gives("again", Call::start(&server.method("One"), &plain())).map(drop)
    }),
];
