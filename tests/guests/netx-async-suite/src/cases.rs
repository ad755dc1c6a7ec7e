//! Connections.

use std::pin::pin;

use suite::{begun, both, gives, is};

use crate::loop_::netx::websocket::{
    ConnectError, Connection, Event, Message, Options, SendError, WaitError,
};
use crate::loop_::netx::websocket_async::{connect, flush, next, send};
use crate::{Case, Server};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a message comes back", |server| Box::pin(echo(server))),
    ("it is read and written at once", |server| {
        Box::pin(both_ways(server))
    }),
    ("two connections are waited for at once", |server| {
        Box::pin(two(server))
    }),
    ("what does not fit waits", |server| Box::pin(full(server))),
    ("waiting is given up", |server| Box::pin(given_up(server))),
    ("connecting is given up", |server| {
        Box::pin(no_connection(server))
    }),
    ("it is closed", |server| Box::pin(closed(server))),
    ("waiting ends", |server| Box::pin(so_long(server))),
    ("what may not be connected to", |server| {
        Box::pin(denied(server))
    }),
];

/// As large as a message may be.
const LARGE: usize = 1 << 20;

async fn open(server: &Server, path: &str) -> Result<Connection, String> {
    let options = Options {
        protocols: Vec::new(),
        headers: Vec::new(),
        timeout: None,
    };
    gives(path, connect(format!("{}{path}", server.0), options).await)
}

fn bytes(size: usize, fill: u8) -> Message {
    Message::Binary(vec![fill; size])
}

/// The next message, which is one of bytes: how many, and the first.
async fn received(connection: &Connection) -> Result<(usize, u8), String> {
    match gives("next", next(connection, None).await)? {
        Event::Message(Message::Binary(bytes)) => {
            Ok((bytes.len(), bytes.first().copied().unwrap_or(0)))
        }
        other => Err(format!("{other:?}")),
    }
}

async fn echo(server: &Server) -> Result<(), String> {
    let connection = open(server, "/echo").await?;
    gives("send", send(&connection, bytes(3, 7)).await)?;
    gives("flush", flush(&connection, None).await)?;
    is("back", received(&connection).await?, (3, 7))
}

/// More than all queues on the way hold, so that who only wrote would wait for ever.
async fn both_ways(server: &Server) -> Result<(), String> {
    let connection = open(server, "/echo").await?;
    let write = async {
        for number in 0..30 {
            gives("send", send(&connection, bytes(LARGE, number)).await)?;
        }
        Ok::<_, String>(())
    };
    let read = async {
        for number in 0..30 {
            is("back", received(&connection).await?, (LARGE, number))?;
        }
        Ok::<_, String>(())
    };
    let (written, read) = both(write, read).await;
    written.and(read)
}

async fn two(server: &Server) -> Result<(), String> {
    let (one, other) = both(open(server, "/echo"), open(server, "/echo")).await;
    let (one, other) = (one?, other?);
    let mut of_one = pin!(received(&one));
    let mut of_other = pin!(received(&other));
    is("waits", begun(of_one.as_mut()).await.is_none(), true)?;
    is("waits", begun(of_other.as_mut()).await.is_none(), true)?;
    gives("send", other.send(&bytes(2, 2)))?;
    is("other", of_other.await?, (2, 2))?;
    gives("send", one.send(&bytes(1, 1)))?;
    is("one", of_one.await?, (1, 1))
}

/// A queue that is full drains by itself while there is room on the way: messages are sent until one waits.
async fn full(server: &Server) -> Result<(), String> {
    let connection = open(server, "/echo").await?;
    let mut number = 0;
    let sending = loop {
        let mut sending = Box::pin(send(&connection, bytes(LARGE, number)));
        match begun(sending.as_mut()).await {
            None => break sending,
            Some(sent) => gives("send", sent)?,
        }
        number += 1;
        is("waits at last", number < 100, true)?;
    };
    is("the first fits", number > 0, true)?;
    let read = async {
        for expected in 0..=number {
            is("back", received(&connection).await?, (LARGE, expected))?;
        }
        Ok::<_, String>(())
    };
    let (sent, read) = both(sending, read).await;
    gives("send", sent)?;
    read?;
    let more = send(&connection, bytes(LARGE + 1, 3)).await;
    is("too large", more, Err(SendError::TooLarge))
}

async fn given_up(server: &Server) -> Result<(), String> {
    let connection = open(server, "/echo").await?;
    {
        let mut waiting = pin!(next(&connection, None));
        is("waits", begun(waiting.as_mut()).await.is_none(), true)?;
    }
    gives("send", send(&connection, bytes(4, 4)).await)?;
    is("back", received(&connection).await?, (4, 4))
}

async fn no_connection(server: &Server) -> Result<(), String> {
    // More often than there may be connections.
    for _ in 0..130 {
        let mut opening = pin!(open(server, "/echo"));
        begun(opening.as_mut()).await;
    }
    drop(open(server, "/echo").await?);
    Ok(())
}

async fn closed(server: &Server) -> Result<(), String> {
    let connection = open(server, "/three").await?;
    for expected in ["1", "2", "3"] {
        match gives("next", next(&connection, None).await)? {
            Event::Message(Message::Text(text)) => is("message", &*text, expected)?,
            other => return Err(format!("{other:?}")),
        }
    }
    for _ in 0..2 {
        match gives("next", next(&connection, None).await)? {
            Event::Closed(closing) => is("code", closing.code, 4000)?,
            other => return Err(format!("{other:?}")),
        }
    }
    let late = send(&connection, bytes(1, 1)).await;
    is("send", late, Err(SendError::Closed))?;
    gives("flush", flush(&connection, None).await)
}

async fn so_long(server: &Server) -> Result<(), String> {
    let connection = open(server, "/echo").await?;
    for timeout in [0, 1_000_000, 50_000_000] {
        match next(&connection, Some(timeout)).await {
            Err(WaitError::TimedOut) => {}
            other => return Err(format!("{other:?}")),
        }
    }
    Ok(())
}

async fn denied(_: &Server) -> Result<(), String> {
    let options = Options {
        protocols: Vec::new(),
        headers: Vec::new(),
        timeout: None,
    };
    match connect("ws://192.0.2.1/".to_owned(), options).await {
        Err(ConnectError::Denied) => Ok(()),
        other => Err(format!("{:?}", other.map(drop))),
    }
}
