//! How a connection comes about, and why there is none.

use suite::{fails, gives, is};

use crate::loop_::netx::websocket::{ConnectError, Connection};
use crate::{Case, LONG, next, plain};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("each connection has a number of its own", |server| {
        let ids = [server.connect("/echo")?.id(), server.connect("/echo")?.id()];
        is("the same number twice", ids[0] == ids[1], false)
    }),
    ("a subprotocol is agreed on", |server| {
        let mut options = plain();
        options.protocols = vec!["chat.v1".to_owned(), "chat.v2".to_owned()];
        let agreed = gives(
            "connect",
            Connection::connect(&server.url("/last"), &options),
        )?;
        is(
            "the protocol",
            agreed.protocol(),
            Some("chat.v2".to_owned()),
        )?;
        let without = server.connect("/echo")?;
        is("without one", without.protocol(), None)
    }),
    ("headers are sent", |server| {
        let mut options = plain();
        options.headers = vec![("x-word".to_owned(), b"kept".to_vec())];
        let connection = gives(
            "connect",
            Connection::connect(&server.url("/headers"), &options),
        )?;
        is("the header", next(&connection), "kept".to_owned())
    }),
    ("headers of the handshake are the host's", |server| {
        for name in [
            "Host",
            "sec-websocket-key",
            "Connection",
            "content-length",
            "no name",
        ] {
            let mut options = plain();
            options.headers = vec![(name.to_owned(), b"x".to_vec())];
            let got = Connection::connect(&server.url("/echo"), &options);
            if !matches!(got, Err(ConnectError::Invalid(_))) {
                return Err(format!("{name}: {got:?}"));
            }
        }
        Ok(())
    }),
    ("what is no URL of a WebSocket", |server| {
        let http = server.url("/echo").replacen("ws", "http", 1);
        for url in [&*http, "", "example.com", "ws://", "ws://me@localhost/"] {
            let got = Connection::connect(url, &plain());
            if !matches!(got, Err(ConnectError::Invalid(_))) {
                return Err(format!("`{url}`: {got:?}"));
            }
        }
        Ok(())
    }),
    ("what is no name of a protocol", |server| {
        let mut options = plain();
        options.protocols = vec!["a,b".to_owned()];
        let got = Connection::connect(&server.url("/echo"), &options);
        match got {
            Err(ConnectError::Invalid(_)) => Ok(()),
            got => Err(format!("{got:?}")),
        }
    }),
    ("a server that refuses", |server| {
        let got = Connection::connect(&server.url("/refused"), &plain());
        fails("connect", got, ConnectError::Refused(401))
    }),
    ("a server that has a page there", |server| {
        let got = Connection::connect(&server.url("/page"), &plain());
        fails("connect", got, ConnectError::Refused(200))
    }),
    ("what is not granted", |_| {
        let got = Connection::connect("wss://example.com/", &plain());
        fails("connect", got, ConnectError::Denied)
    }),
];

/// The last: what it opens takes some time to end.
pub(crate) const MANY: &[(&str, Case)] = &[("no more than 128 at once", |server| {
    let mut open = Vec::new();
    for _ in 0..128 {
        open.push(server.connect("/echo")?);
    }
    let got = Connection::connect(&server.url("/echo"), &plain());
    fails("one more", got, ConnectError::TooMany(128))?;
    let last = open.pop().ok_or("none is open")?;
    last.close(1000, "");
    is("the end", next(&last), "closed 1000 ".to_owned())?;
    let again = Connection::connect(&server.url("/echo"), &plain());
    let again = gives("after one has ended", again)?;
    gives("flush", again.flush(Some(LONG)))
})];
