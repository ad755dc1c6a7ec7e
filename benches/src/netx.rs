//! `netx/*`: a component that uses the network beside a native client of the same crates. The server is a process of its own.

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

use crate::process::{Server, cpu_of};
use crate::row::{Row, median, timed};

const GET_ROUNDS: usize = 15;
const GET_TIMES: u32 = 2_000;
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
