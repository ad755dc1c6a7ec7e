//! `netx/*`: a component that uses the network beside a native program of the same crates. The other side is a process of its own.

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use loop_core::Grants;
use loop_core::limits::{ByteSize, Span};
use loop_host::wasmtime::component::Val;
use loop_host::{AppSpec, ComponentSpec, Function, Host, LoadOptions};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::process::{Server, cpu_of};
use crate::row::{Row, median, timed};

const GET_ROUNDS: usize = 15;
const GET_TIMES: u32 = 2_000;
const ECHO_ROUNDS: usize = 15;
const ECHO_TIMES: u32 = 5_000;
const ECHO_BYTES: usize = 64;
const STREAM_ROUNDS: usize = 7;
const STREAM_BYTES: u64 = 1 << 30;

/// The component's function, in an app that may reach the server.
fn ours(server: &Server) -> anyhow::Result<Function> {
    let folder = loop_test::root().join("benches/guests/netx");
    let host = Host::builder().build()?;
    let component = host.load_file(
        &loop_test::component(&folder, &folder),
        LoadOptions::default(),
    )?;
    let mut spec = ComponentSpec::new(component);
    let grants = format!(r#"net.http = ["http://{}"]"#, server.address());
    spec.grants = Grants::parse_fragment(&grants).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    spec.limits.body = ByteSize(STREAM_BYTES);
    spec.limits.call = Some(Span(std::time::Duration::from_mins(10)));
    let app = host.link(AppSpec::single(spec))?;
    Ok(app.function("bench:netx/run#get")?)
}

/// Has the component ask so many times, and gives the bytes that came.
async fn ask(get: &Function, server: &Server, path: &str, times: u32) -> anyhow::Result<u64> {
    let arguments = [
        Val::String(server.address().to_owned()),
        Val::String(path.to_owned()),
        Val::U32(times),
    ];
    let results = get.call(&arguments).await?;
    match results.as_slice() {
        [Val::Result(Ok(Some(bytes)))] => match **bytes {
            Val::U64(bytes) => Ok(bytes),
            _ => anyhow::bail!("it gave {bytes:?}"),
        },
        other => anyhow::bail!("it gave {other:?}"),
    }
}

/// The floor: one connection, and nobody who decides.
struct Native {
    sender: SendRequest<Empty<Bytes>>,
    address: String,
}

impl Native {
    async fn connect(server: &Server) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server.address()).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            address: server.address().to_owned(),
        })
    }

    async fn ask(&mut self, path: &str, times: u32) -> anyhow::Result<u64> {
        let mut bytes = 0;
        for _ in 0..times {
            let request = Request::get(path)
                .header("host", &self.address)
                .body(Empty::new())?;
            self.sender.ready().await?;
            let response = self.sender.send_request(request).await?;
            let mut body = response.into_body();
            while let Some(frame) = body.frame().await {
                bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
            }
        }
        Ok(bytes)
    }
}

/// `netx/http-get-reuse`: one request after the other over a connection that stays, from question to the end of the answer.
pub(crate) async fn get_reuse() -> anyhow::Result<Row> {
    let server = Server::http()?;
    let ours = ours(&server)?;
    let mut native = Native::connect(&server).await?;
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..GET_ROUNDS {
        let (bytes, value) = timed(GET_TIMES, ask(&ours, &server, "/", GET_TIMES)).await;
        let (expected, floor) = timed(GET_TIMES, native.ask("/", GET_TIMES)).await;
        anyhow::ensure!(bytes? == expected?, "the bodies have another length");
        values.push(value / 1000.0);
        floors.push(floor / 1000.0);
    }
    Ok(Row::new(
        "netx/http-get-reuse",
        "us",
        median(&mut values),
        median(&mut floors),
        1.3,
    ))
}

/// `netx/stream-1GiB`: the processor time of reading a body of a gibibyte, without keeping it.
pub(crate) async fn stream() -> anyhow::Result<Row> {
    let server = Server::http()?;
    let ours = ours(&server)?;
    let mut native = Native::connect(&server).await?;
    let path = format!("/{STREAM_BYTES}");
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..STREAM_ROUNDS {
        let before = cpu_of(std::process::id())?;
        let bytes = ask(&ours, &server, &path, 1).await?;
        anyhow::ensure!(bytes == STREAM_BYTES, "{bytes} bytes came");
        let between = cpu_of(std::process::id())?;
        let bytes = native.ask(&path, 1).await?;
        anyhow::ensure!(bytes == STREAM_BYTES, "{bytes} bytes came");
        let after = cpu_of(std::process::id())?;
        values.push((between - before) / 1e6);
        floors.push((after - between) / 1e6);
    }
    Ok(Row::new(
        "netx/stream-1GiB",
        "ms",
        median(&mut values),
        median(&mut floors),
        1.5,
    ))
}

/// One who is connected, and asks for echoes.
struct Echo(WebSocket<std::net::TcpStream>);

impl Echo {
    fn connect(server: &Server) -> anyhow::Result<Self> {
        let stream = std::net::TcpStream::connect(server.address())?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{}/", server.address());
        let (mut socket, _) = tungstenite::client(url, stream)?;
        let greeting = socket.read()?;
        anyhow::ensure!(
            greeting == Message::text("welcome to /"),
            "it said {greeting}"
        );
        Ok(Self(socket))
    }

    /// Sends a message so many times, each when the one before has come back: how long each took, in microseconds.
    fn ask(&mut self, times: u32) -> anyhow::Result<f64> {
        let message = Message::text("x".repeat(ECHO_BYTES));
        let started = std::time::Instant::now();
        for _ in 0..times {
            self.0.send(message.clone())?;
            let came = self.0.read()?;
            anyhow::ensure!(came == message, "{came} came back");
        }
        Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(times))
    }
}

/// `netx/ws-echo`: a message to a component that serves WebSockets, and back.
pub(crate) fn ws_echo() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let servers = [
        Server::ours(folder.path(), "ws-serve")?,
        Server::websocket()?,
    ];
    let [mut ours, mut native] = [Echo::connect(&servers[0])?, Echo::connect(&servers[1])?];
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for round in 0..=ECHO_ROUNDS {
        let (value, floor) = (ours.ask(ECHO_TIMES)?, native.ask(ECHO_TIMES)?);
        // The first warms both up.
        if round > 0 {
            values.push(value);
            floors.push(floor);
        }
    }
    Ok(Row::new(
        "netx/ws-echo",
        "us",
        median(&mut values),
        median(&mut floors),
        1.3,
    ))
}
