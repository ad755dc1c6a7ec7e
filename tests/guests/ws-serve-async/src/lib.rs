//! Serves WebSockets, and pages by `wasi:http` of WASI 0.3, and uses `loop:netx/websocket-async` in both.
//!
//! | message | what it does |
//! |---|---|
//! | `fits TEXT` | sends the text back, by the function that waits where it does not fit |
//! | `ask URL TEXT` | connects to the URL, sends the text, and waits for what comes: where nothing may wait |
//! | another | an echo |
//!
//! | page | what it does |
//! |---|---|
//! | `/ask?URL` | connects to the URL twice at once, and says what came back on each |
//! | `/flood?COUNT` | sends so many messages of 256 KiB to all who are connected, each when it fits |
//! | `/next` | asks for the next event of a connection of others, which is not for such |
//! | another | how many are connected |

wit_bindgen::generate!({
    path: [
        "../../../wit/vendor/wasi-0.2.12",
        "../../../wit/vendor/wasi-0.3.0",
        "../../../wit/netx",
    ],
    inline: "package test:ws-serve-async; world guest {
        include loop:netx/websocket-server-async@0.1.0;
        export wasi:http/handler@0.3.0;
    }",
    generate_all,
});

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::future::{join, join_all};

use exports::loop_::netx::websocket_handler::{Accepted, Refused, Request as Opening};
use loop_::netx::websocket::{Closing, Connection, Event, Message, Options};
use loop_::netx::websocket_async::{connect, next, send};
use wasi::http0_3_0::types::{ErrorCode, Fields, Request, Response};

/// Bytes of one message of a flood.
const PIECE: usize = 256 << 10;

thread_local! {
    static PEERS: RefCell<BTreeMap<u64, Rc<Connection>>> = const { RefCell::new(BTreeMap::new()) };
}

fn peers() -> Vec<Rc<Connection>> {
    PEERS.with_borrow(|peers| peers.values().cloned().collect())
}

struct Server;

impl exports::loop_::netx::websocket_handler::Guest for Server {
    fn opened(connection: Connection, _: Opening) -> Result<Accepted, Refused> {
        let id = connection.id();
        PEERS.with_borrow_mut(|peers| peers.insert(id, Rc::new(connection)));
        Ok(Accepted { protocol: None })
    }

    fn received(id: u64, message: Message) {
        let Some(peer) = PEERS.with_borrow(|peers| peers.get(&id).cloned()) else {
            return;
        };
        let words = match &message {
            Message::Text(text) => text.splitn(3, ' ').collect(),
            Message::Binary(_) => Vec::new(),
        };
        match &words[..] {
            ["fits", text] => {
                let text = Message::Text((*text).to_owned());
                let _ = wit_bindgen::block_on(send(&peer, text));
            }
            ["ask", url, text] => {
                let said = wit_bindgen::block_on(ask(url, text));
                let _ = peer.send(&Message::Text(said));
            }
            _ => {
                let _ = peer.send(&message);
            }
        }
    }

    fn closed(id: u64, _: Closing) {
        PEERS.with_borrow_mut(|peers| peers.remove(&id));
    }

    fn woken() {}
}

impl exports::wasi::http0_3_0::handler::Guest for Server {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let said = match target.split_once('?').unwrap_or((&target, "")) {
            ("/ask", url) => {
                let (one, other) = join(ask(url, "one"), ask(url, "other")).await;
                format!("{one}, {other}")
            }
            ("/flood", count) => flood(count.parse().unwrap_or(0)).await,
            ("/next", _) => {
                let peer = peers().pop();
                let peer = peer.ok_or(ErrorCode::InternalError(None))?;
                format!("{:?}", next(&peer, None).await)
            }
            _ => format!("{} are connected", peers().len()),
        };
        Ok(page(said))
    }
}

export!(Server);

/// Says something there, and gives what comes.
async fn ask(url: &str, text: &str) -> String {
    let options = Options {
        protocols: Vec::new(),
        headers: Vec::new(),
        timeout: None,
    };
    let asked = async {
        let connection = connect(url.to_owned(), options)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let text = Message::Text(text.to_owned());
        send(&connection, text)
            .await
            .map_err(|error| format!("{error:?}"))?;
        match next(&connection, None).await {
            Ok(Event::Message(Message::Text(text))) => Ok(text),
            other => Err(format!("{other:?}")),
        }
    };
    asked.await.unwrap_or_else(|error| error)
}

/// Sends to all at once, to each as fast as it reads.
async fn flood(count: usize) -> String {
    let sent = peers().into_iter().map(async |peer| {
        for _ in 0..count {
            if send(&peer, Message::Binary(vec![7; PIECE])).await.is_err() {
                return 0;
            }
        }
        count
    });
    let sent: usize = join_all(sent).await.into_iter().sum();
    format!("{sent} messages")
}

fn page(text: String) -> Response {
    let (mut sender, contents) = wit_stream::new();
    let (trailers_sender, trailers) = wit_future::new(|| Ok(None));
    let length = text.len().to_string().into_bytes();
    let headers = Fields::from_list(&[("content-length".to_owned(), length)]);
    let (response, _) = Response::new(
        headers.unwrap_or_else(|_| Fields::new()),
        Some(contents),
        trailers,
    );
    wit_bindgen::spawn_local(async move {
        sender.write_all(text.into_bytes()).await;
        drop(sender);
        // Whoever asked may have gone.
        let _ = trailers_sender.write(Ok(None)).await;
    });
    response
}
