//! Serves WebSockets at every path but `/no`, and pages beside.
//!
//! | message | what it does |
//! |---|---|
//! | `all TEXT` | tells all who are connected |
//! | `close CODE REASON` | closes the connection |
//! | `close-slowly` | closes it, and works for another 6 s |
//! | `late TEXT` | tells all in 20 ms |
//! | `flood` | sends 64 KiB until it must not, and says to the others why |
//! | `flood-and-flush` | the same, and says `flooded` when all is sent |
//! | `next` | asks for the next event, which is not for such connections |
//! | `spin` | works for ever |
//! | `trap` | fails |
//! | another | an echo |
//!
//! At `/bad-protocol` it accepts a subprotocol that nobody offered, at `/first` the first that is offered. How each connection ended is printed. Pages: `GET
//! /` says how often it was asked since the instance began, `GET /slow` takes 300 ms for it.

use std::cell::Cell;
use std::time::Duration;

use loop_guest::http::{Router, serve};
use loop_guest::time;
use loop_guest::websocket::{self, Closing, Handler, Message, Peers, Refused, Request};

#[derive(Default)]
struct Server {
    late: Option<Message>,
}

impl Handler for Server {
    fn opened(
        &mut self,
        peers: &Peers,
        id: u64,
        request: &Request,
    ) -> Result<Option<String>, Refused> {
        match request.target.as_str() {
            "/no" => Err(Refused {
                status: 451,
                text: "not today\n".to_owned(),
            }),
            "/bad-protocol" => Ok(Some("mine".to_owned())),
            "/first" => Ok(request.protocols.first().cloned()),
            target => {
                let _ = peers.send(id, format!("welcome to {target}"));
                Ok(None)
            }
        }
    }

    fn received(&mut self, peers: &Peers, id: u64, message: Message) {
        let Message::Text(text) = &message else {
            let _ = peers.send(id, message);
            return;
        };
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let Some(connection) = peers.get(id) else {
            return;
        };
        match word {
            "all" => {
                let _ = peers.send_all(&rest.into());
            }
            "close" => {
                let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                connection.close(code.parse().unwrap_or(0), reason);
            }
            "close-slowly" => {
                connection.close(1000, "");
                time::sleep(Duration::from_secs(6));
                println!("slowly done");
            }
            "late" => {
                self.late = Some(rest.into());
                websocket::wake(Duration::from_millis(20));
            }
            "flood" | "flood-and-flush" => {
                let error = loop {
                    if let Err(error) = connection.send(vec![0; 64 << 10]) {
                        break error;
                    }
                };
                for (_, other) in peers.iter().filter(|(other, _)| *other != id) {
                    let _ = other.send(error.name());
                }
                if word == "flood-and-flush" {
                    let _ = connection.flush(None);
                    let _ = connection.send("flooded");
                }
            }
            "next" => {
                let why = connection.next(None).err();
                let _ = peers.send(id, why.map_or("an event", |error| error.name()));
            }
            "spin" => loop {
                std::hint::spin_loop();
            },
            "trap" => panic!("as asked"),
            _ => {
                let _ = peers.send(id, message);
            }
        }
    }

    fn closed(&mut self, peers: &Peers, _: u64, closing: &Closing) {
        println!(
            "closed {} {}, {} left",
            closing.code,
            closing.reason,
            peers.len()
        );
    }

    fn woken(&mut self, peers: &Peers) {
        if let Some(late) = self.late.take() {
            let _ = peers.send_all(&late);
        }
    }
}

thread_local! {
    static ASKED: Cell<u32> = const { Cell::new(0) };
}

fn asked() -> String {
    ASKED.set(ASKED.get() + 1);
    format!("{}\n", ASKED.get())
}

fn router() -> Router {
    Router::new().get("/", |_, _| asked()).get("/slow", |_, _| {
        time::sleep(Duration::from_millis(300));
        asked()
    })
}

serve!(router);
websocket::serve!(Server);
