//! What is sent, and what comes.

use suite::{fails, gives, is};

use crate::loop_::netx::websocket::{Event, Message, SendError};
use crate::{Case, LONG, next, text};

/// The most bytes of a message.
const MAX: usize = 1 << 20;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("texts and bytes, empty ones too", |server| {
        let connection = server.connect("/echo")?;
        for sent in [
            text("hello"),
            text("größer 🌍"),
            text(""),
            Message::Binary(vec![0, 255, 7]),
            Message::Binary(Vec::new()),
        ] {
            gives("send", connection.send(&sent))?;
            let expected = match &sent {
                Message::Text(text) => text.clone(),
                Message::Binary(bytes) => format!("{bytes:?}"),
            };
            is("the echo", next(&connection), expected)?;
        }
        Ok(())
    }),
    ("the order stays", |server| {
        let connection = server.connect("/echo")?;
        for number in 0..500 {
            gives("send", connection.send(&text(&number.to_string())))?;
        }
        for number in 0..500 {
            is("the echo", next(&connection), number.to_string())?;
        }
        Ok(())
    }),
    ("the largest message", |server| {
        let connection = server.connect("/echo")?;
        let sent: Vec<u8> = (0..MAX).map(|at| at as u8).collect();
        gives("send", connection.send(&Message::Binary(sent.clone())))?;
        match connection.next(Some(LONG)) {
            Ok(Event::Message(Message::Binary(got))) => is("the same", got == sent, true),
            other => Err(format!("{other:?}")),
        }
    }),
    ("a message that is too large is not sent", |server| {
        let connection = server.connect("/echo")?;
        let large = Message::Binary(vec![0; MAX + 1]);
        fails("send", connection.send(&large), SendError::TooLarge)?;
        gives("and then", connection.send(&text("still open")))?;
        is("the echo", next(&connection), "still open".to_owned())
    }),
    ("the largest that comes", |server| {
        let connection = server.connect("/mebibyte")?;
        match connection.next(Some(LONG)) {
            Ok(Event::Message(Message::Binary(got))) => is("bytes", got.len(), MAX),
            other => Err(format!("{other:?}")),
        }
    }),
    ("what is queued is counted, and flushed", |server| {
        let connection = server.connect("/echo")?;
        gives("send", connection.send(&text("12345678")))?;
        let queued = connection.queued();
        if queued != 0 && queued != 72 {
            return Err(format!("{queued} bytes are queued"));
        }
        gives("flush", connection.flush(Some(LONG)))?;
        is("queued", connection.queued(), 0)?;
        is("the echo", next(&connection), "12345678".to_owned())
    }),
];
