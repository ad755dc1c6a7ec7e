//! Rooms in which everybody hears what anybody says, and what was said before.
//!
//! `GET /` is a page. A WebSocket at `/rooms/ROOM?name=NAME` is somebody in a room, and each text that comes is something that NAME says.

mod history;

use std::collections::BTreeMap;

use loop_guest::http::{Body, Params, Request as Asked, Response, Router, header, query, serve};
use loop_guest::log;
use loop_guest::websocket::{self, Closing, Handler, Message, Peers, Refused, Request};

/// Bytes of a line. What is longer is cut.
const LINE_BYTES_MAX: usize = 2_000;

/// Bytes of the name of a room or a person.
const NAME_BYTES_MAX: usize = 40;

/// Somebody who is there.
struct Guest {
    name: String,
    room: String,
}

#[derive(Default)]
struct Chat {
    guests: BTreeMap<u64, Guest>,
}

impl Handler for Chat {
    fn opened(
        &mut self,
        peers: &Peers,
        id: u64,
        request: &Request,
    ) -> Result<Option<String>, Refused> {
        let refused = |status, text: &str| Refused {
            status,
            text: format!("{text}\n"),
        };
        if !of_this_site(request) {
            return Err(refused(403, "another site's page may not connect"));
        }
        let guest = guest(&request.target).ok_or_else(|| refused(404, "which room, and who?"))?;
        let said = history::lines(&guest.room).map_err(|error| {
            log::error!(room = guest.room; "what was said cannot be read: {error}");
            refused(503, "what was said cannot be read")
        })?;
        for line in said {
            // Who does not take them is disconnected when the next is said.
            let _ = peers.send(id, line);
        }
        self.guests.insert(id, guest);
        Ok(None)
    }

    fn received(&mut self, peers: &Peers, id: u64, message: Message) {
        let (Some(guest), Message::Text(text)) = (self.guests.get(&id), message) else {
            return;
        };
        let text = text.replace(char::is_control, " ");
        let end = text.floor_char_boundary(LINE_BYTES_MAX);
        let line = format!(
            "{}: {}",
            guest.name,
            text.get(..end).unwrap_or_default().trim()
        );
        if let Err(error) = history::add(&guest.room, &line) {
            log::error!(room = guest.room; "what was said is not kept: {error}");
        }
        self.tell(peers, &guest.room, line);
    }

    fn closed(&mut self, _: &Peers, id: u64, _: &Closing) {
        self.guests.remove(&id);
    }
}

impl Chat {
    /// Tells everybody in a room.
    fn tell(&self, peers: &Peers, room: &str, line: String) {
        let ids = self.guests.iter().filter(|(_, guest)| guest.room == room);
        let there = ids.map(|(id, _)| *id);
        // A line is far below the limit of a message.
        let _ = peers.send_to(there, &line.into());
    }
}

/// Whether the request comes from a page of ours, or from a program that is no browser. A browser lets every page connect, and says which did.
fn of_this_site(request: &Request) -> bool {
    let header = |wanted: &str| {
        let mut all = request.headers.iter();
        let found = all.find(|(name, _)| name == wanted);
        found.map(|(_, value)| String::from_utf8_lossy(value))
    };
    let Some(origin) = header("origin") else {
        return true;
    };
    let site = origin.split_once("://").map(|(_, site)| site);
    site.is_some() && site == header("host").as_deref()
}

/// Who wants to be where: `/rooms/ROOM?name=NAME`.
fn guest(target: &str) -> Option<Guest> {
    let uri = target.parse().ok()?;
    let room = target.strip_prefix("/rooms/")?.split('?').next()?;
    let name = query(&uri, "name")?;
    let fits = |name: &str| {
        (1..=NAME_BYTES_MAX).contains(&name.len())
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "-_ ".contains(c))
    };
    (fits(room) && fits(&name)).then(|| Guest {
        name,
        room: room.to_owned(),
    })
}

fn page(_: Asked, _: &Params) -> Response {
    let mut response = Response::new(Body::from(include_str!("page.html")));
    let html = header::HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn router() -> Router {
    Router::new().get("/", page)
}

serve!(router);
websocket::serve!(Chat);
