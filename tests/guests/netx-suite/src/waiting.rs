//! Waiting for what happens, on one connection and on several.

use suite::{fails, gives, is};

use crate::loop_::netx::websocket::{WaitError, first};
use crate::{Case, LONG, next, shown, text};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("nothing happens", |server| {
        let connection = server.connect("/echo")?;
        is(
            "a look",
            shown(connection.next(Some(0))),
            "timed-out".to_owned(),
        )?;
        let waited = shown(connection.next(Some(1_000_000)));
        is("a millisecond", waited, "timed-out".to_owned())?;
        gives("send", connection.send(&text("now")))?;
        is(
            "without a limit",
            shown(connection.next(None)),
            "now".to_owned(),
        )
    }),
    ("the first of several", |server| {
        let all = [
            server.connect("/echo")?,
            server.connect("/echo")?,
            server.connect("/three")?,
        ];
        let both = [&all[0], &all[1]];
        fails("none", first(&both, Some(1_000_000)), WaitError::TimedOut)?;
        gives("send", all[1].send(&text("second")))?;
        is("one", gives("first", first(&both, Some(LONG)))?, vec![1])?;
        is(
            "again, for nothing was taken",
            gives("first", first(&both, Some(0)))?,
            vec![1],
        )?;
        is("the message", next(&all[1]), "second".to_owned())?;
        fails("none is left", first(&both, Some(0)), WaitError::TimedOut)?;
        gives("send", all[0].send(&text("first")))?;
        is(
            "an end is an event",
            gives("first", first(&[&all[2]], Some(LONG)))?,
            vec![0],
        )
    }),
    ("the first of none", |_| {
        fails("first", first(&[], Some(0)), WaitError::Handled)
    }),
    ("nobody wakes who is not connected to", |_| {
        crate::loop_::netx::websocket::wake(1);
        Ok(())
    }),
];
