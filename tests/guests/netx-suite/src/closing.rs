//! How connections end.

use suite::{fails, gives, is};

use crate::loop_::netx::websocket::SendError;
use crate::{Case, LONG, Server, next, text};

/// How the connection to `/told` before ended, as the server saw it.
fn seen(server: &Server) -> Result<String, String> {
    Ok(next(&server.connect("/closings")?))
}

pub(crate) const CASES: &[(&str, Case)] = &[
    ("by the other side, after what it sent", |server| {
        let connection = server.connect("/three")?;
        for expected in ["1", "2", "3", "closed 4000 enough", "closed 4000 enough"] {
            is("the event", next(&connection), expected.to_owned())?;
        }
        fails("send", connection.send(&text("late")), SendError::Closed)?;
        gives("flush", connection.flush(Some(LONG)))
    }),
    ("by this side, after what was sent", |server| {
        let connection = server.connect("/told")?;
        gives("send", connection.send(&text("last words")))?;
        connection.close(4001, "done");
        fails("send", connection.send(&text("late")), SendError::Closed)?;
        connection.close(4002, "again");
        is("the echo", next(&connection), "last words".to_owned())?;
        is("the end", next(&connection), "closed 4001 done".to_owned())?;
        is("the other side", seen(server)?, "4001 done".to_owned())
    }),
    ("with a code that must not be sent", |server| {
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535] {
            let connection = server.connect("/told")?;
            connection.close(code, "");
            is(
                &code.to_string(),
                next(&connection),
                "closed 1000 ".to_owned(),
            )?;
            is("the other side", seen(server)?, "1000 ".to_owned())?;
        }
        Ok(())
    }),
    ("with a reason that is too long", |server| {
        let connection = server.connect("/echo")?;
        connection.close(1000, &"ä".repeat(100));
        is(
            "the end",
            next(&connection),
            format!("closed 1000 {}…", "ä".repeat(60)),
        )
    }),
    ("by dropping it", |server| {
        let connection = server.connect("/told")?;
        gives("send", connection.send(&text("last words")))?;
        drop(connection);
        is("the other side", seen(server)?, "1000 ".to_owned())
    }),
];
