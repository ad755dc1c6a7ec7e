//! A component that is connected to.

use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use loop_host::{App, AppSpec, Buffer, Output};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{LONG, Told, host, load, prints};

/// A request to connect, as bytes.
pub(crate) fn upgrade(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A guest that serves, while it does.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    printed: Buffer,
    _app: App,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Served {
    /// Starts `ws-serve`, with this limit for a call if there is one: `200 ms`.
    pub(crate) async fn start(limit: &str) -> Self {
        Self::of("ws-serve", "", limit).await
    }

    /// Starts a guest that may connect to these.
    pub(crate) async fn of(guest: &str, urls: &str, limit: &str) -> Self {
        let host = host(&Told::default());
        let folder = tempfile::tempdir().unwrap();
        let file = loop_test::guest(guest);
        let grants = format!("net = {{ listen = [\"127.0.0.1:*\"], http = [{urls}] }}");
        let mut component = load(&host, &file, folder.path(), &grants);
        if !limit.is_empty() {
            component.limits.call = Some(limit.parse().unwrap());
        }
        let mut spec = AppSpec::single(component);
        let printed = Buffer::default();
        spec.stdio.stdout = Output::Buffer(printed.clone());
        let app = host.link(spec).unwrap();
        let server = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self {
            address,
            printed,
            _app: app,
            stop,
            server,
        }
    }

    pub(crate) async fn connect(&self, path: &str) -> Client {
        let mut client = self.open(path, "").await.unwrap();
        assert_eq!(client.hears().await, format!("welcome to {path}"));
        client
    }

    /// Connects, offering this subprotocol if there is one, or says with which status that is refused.
    pub(crate) async fn open(&self, path: &str, protocol: &str) -> Result<Client, u16> {
        let mut request = format!("ws://{}{path}", self.address)
            .into_client_request()
            .unwrap();
        if !protocol.is_empty() {
            let headers = request.headers_mut();
            headers.insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, response)) => {
                let agreed = response.headers().get("sec-websocket-protocol");
                let agreed = agreed.map(|name| name.to_str().unwrap().to_owned());
                Ok(Client { socket, agreed })
            }
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// What is answered to the bytes of a request, up to the end of the connection.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(LONG, stream.read_to_end(&mut answer)).await;
        read.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = self.ask(&request).await;
        answer.rsplit("\r\n\r\n").next().unwrap().trim().to_owned()
    }

    /// Waits until it has printed a line that begins so.
    pub(crate) async fn prints(&self, line: &str) {
        prints(&self.printed, line).await;
    }
}

/// One who is connected.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    agreed: Option<String>,
}

impl Client {
    pub(crate) async fn says(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next message, or how the connection ended.
    pub(crate) async fn hears(&mut self) -> String {
        match timeout(LONG, self.socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => text.to_string(),
            Some(Ok(Message::Binary(bytes))) => format!("{} bytes", bytes.len()),
            Some(Ok(Message::Close(Some(frame)))) => {
                format!("closed {} {}", u16::from(frame.code), frame.reason)
            }
            other => format!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn everybody_is_heard() {
    let served = Served::start("").await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(served.connect("/room").await);
    }
    clients[3].says("all hello").await;
    for client in &mut clients {
        assert_eq!(client.hears().await, "hello");
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.says(&number.to_string()).await;
        client
            .socket
            .send(Message::binary(vec![1; 1 << 20]))
            .await
            .unwrap();
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.hears().await, number.to_string());
        assert_eq!(client.hears().await, "1048576 bytes");
    }
}

#[tokio::test]
async fn one_instance_serves_pages_too() {
    let served = Served::start("").await;
    let mut client = served.connect("/").await;
    assert_eq!(served.page("/").await, "1");
    client.says("late it is late").await;
    assert_eq!(client.hears().await, "it is late");
    assert_eq!(served.page("/").await, "2");
    client.says("next").await;
    assert_eq!(client.hears().await, "handled");
}

#[tokio::test]
async fn subprotocols() {
    let served = Served::start("").await;
    let first = served
        .open("/first", "chat.v2, chat.v1")
        .await
        .ok()
        .unwrap();
    assert_eq!(first.agreed.as_deref(), Some("chat.v2"));
    let none = served.open("/first", "").await.ok().unwrap();
    assert_eq!(none.agreed, None);
    assert_eq!(served.open("/no", "").await.err(), Some(451));
    assert_eq!(served.open("/bad-protocol", "chat").await.err(), Some(500));
}

#[tokio::test]
async fn how_it_ends() {
    let served = Served::start("").await;
    let mut client = served.connect("/").await;
    client.says("close 4003 that is all").await;
    assert_eq!(client.hears().await, "closed 4003 that is all");
    assert_eq!(client.hears().await, "None");
    served.prints("closed 4003 that is all, 0 left").await;

    let mut client = served.connect("/").await;
    client.socket.close(None).await.unwrap();
    served.prints("closed 1005 , 0 left").await;

    let mut client = served.connect("/").await;
    let Served { stop, server, .. } = served;
    stop.send(()).unwrap();
    assert_eq!(client.hears().await, "closed 1001 the server stops");
    assert_eq!(client.hears().await, "None");
    timeout(LONG, server).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_slow_reader_takes_a_mebibyte() {
    let served = Served::start("").await;
    let mut witness = served.connect("/").await;
    let mut slow = served.connect("/").await;
    slow.says("flood-and-flush").await;
    assert_eq!(witness.hears().await, "full");
    let mut came = 0;
    let after = loop {
        match slow.hears().await {
            bytes if bytes == "65536 bytes" => came += 1,
            after => break after,
        }
    };
    assert_eq!(after, "flooded");
    assert!(came >= 15, "{came} messages came");

    // The system takes some mebibytes as well.
    loop {
        slow.says("flood").await;
        match &*witness.hears().await {
            "full" => {}
            closed => break assert_eq!(closed, "closed"),
        }
        witness.says("all hello").await;
        assert_eq!(witness.hears().await, "hello");
    }
    served.prints("closed 1008 ").await;
    witness.says("still here").await;
    assert_eq!(witness.hears().await, "still here");
}

/// A failing instance takes its connections along; the next who connects gets a new one.
#[tokio::test]
async fn a_component_that_fails() {
    for (word, limit) in [("trap", ""), ("spin", "500 ms")] {
        let served = Served::start(limit).await;
        let mut witness = served.connect("/").await;
        let mut failing = served.connect("/").await;
        failing.says(word).await;
        assert_eq!(
            failing.hears().await,
            "closed 1011 the server failed",
            "{word}"
        );
        assert_eq!(witness.hears().await, "closed 1001 ", "{word}");
        let mut next = served.connect("/").await;
        next.says("all well").await;
        assert_eq!(next.hears().await, "well");
        assert_eq!(served.page("/").await, "1", "the instance is new");
    }
}

/// The other side has 5 s to agree to a close, which does not cut off the call in which it was closed.
#[tokio::test]
async fn a_call_outlives_its_connection() {
    let served = Served::start("").await;
    let mut witness = served.connect("/").await;
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    silent.write_all(upgrade("/").as_bytes()).await.unwrap();
    // "close-slowly", masked with zeros. It never answers to the close.
    silent
        .write_all(b"\x81\x8c\0\0\0\0close-slowly")
        .await
        .unwrap();
    served.prints("slowly done").await;
    served.prints("closed 1000 , 1 left").await;
    witness.says("still here").await;
    assert_eq!(witness.hears().await, "still here");
}

#[tokio::test]
async fn only_where_it_is_granted() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let component = load(&host, &loop_test::guest("ws-serve"), folder.path(), "");
    let app = host.link(AppSpec::single(component)).unwrap();
    let refused = app
        .listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("may not listen"), "{refused}");
}

#[tokio::test]
async fn only_in_one_instance() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let mut component = load(&host, &loop_test::guest("ws-serve"), folder.path(), "");
    component.instances = Some(loop_host::Instances::PerCall);
    let refused = host.link(AppSpec::single(component)).unwrap_err();
    let loop_host::LinkError::NotCrossable { reasons, .. } = refused else {
        panic!("{refused}");
    };
    assert!(reasons[0].contains("instances = \"one\""), "{reasons:?}");
}
