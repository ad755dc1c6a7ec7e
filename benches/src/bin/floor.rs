//! The smallest embedding of wasmtime that does what `loop` is measured at: the floor of the benchmarks.
//!
//! It has no policy, no limits, no routes and no manifest, and takes what was compiled before on trust. It is the native server that
//! clients are measured with, too, of HTTP and of WebSockets.

#![expect(clippy::print_stdout, reason = "a program that prints its address")]

use std::convert::Infallible;
use std::sync::Arc;

use futures::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::{self, Message};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{
    AsContextMut as _, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{Prepared, Proxy};
use wasmtime_wasi_http::{WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpView, p2, p3};

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: Default::default(),
        }
    }
}

fn state(wasi: WasiCtx) -> State {
    State {
        wasi,
        http: WasiHttpCtx::new(),
        table: ResourceTable::new(),
    }
}

fn engine(concurrent: bool, pooling: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .concurrency_support(concurrent)
        .wasm_component_model_async(concurrent);
    if pooling {
        let pool = PoolingAllocationConfig::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    Engine::new(&config)
}

fn load(engine: &Engine, path: &str) -> wasmtime::Result<Component> {
    // SAFETY: the file was written by `compile` of this program, on behalf of the benchmark that calls it.
    #[expect(
        unsafe_code,
        reason = "wasmtime cannot check that compiled code is its own"
    )]
    let component = unsafe { Component::deserialize_file(engine, path) };
    component
}

fn main() -> wasmtime::Result<()> {
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_default();
    match mode.as_str() {
        "serve-native" => return tokio::runtime::Runtime::new()?.block_on(serve_native()),
        "serve-websocket" => return tokio::runtime::Runtime::new()?.block_on(serve_websocket()),
        _ => {}
    }
    let path = args.next().context("usage: floor MODE FILE [ARG]...")?;
    match mode.as_str() {
        "compile" | "compile-concurrent" => {
            let out = args.next().context("compile takes a file to write")?;
            let engine = engine(mode == "compile-concurrent", false)?;
            std::fs::write(out, Component::from_file(&engine, path)?.serialize()?)?;
            Ok(())
        }
        "run" => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(run(&path, args.collect()))
        }
        "serve-0.2" | "serve-0.3" => {
            tokio::runtime::Runtime::new()?.block_on(serve(&path, mode == "serve-0.3"))
        }
        _ => wasmtime::bail!("there is no mode {mode}"),
    }
}

async fn run(path: &str, args: Vec<String>) -> wasmtime::Result<()> {
    let engine = engine(false, false)?;
    let component = load(&engine, path)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let pre = CommandPre::new(linker.instantiate_pre(&component)?)?;
    let mut wasi = WasiCtx::builder();
    wasi.inherit_stdio().arg("floor").args(&args);
    let mut store = Store::new(&engine, state(wasi.build()));
    let command = pre.instantiate_async(&mut store).await?;
    let done = command.wasi_cli_run().call_run(&mut store).await?;
    done.map_err(|()| wasmtime::format_err!("the command reported a failure"))
}

enum Handler {
    Two(p2::bindings::ProxyPre<State>),
    Three(p3::bindings::ServicePre<State>),
}

async fn serve(path: &str, three: bool) -> wasmtime::Result<()> {
    let engine = engine(three, true)?;
    let component = load(&engine, path)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    if three {
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    }
    let pre = linker.instantiate_pre(&component)?;
    let handler = Arc::new(if three {
        Handler::Three(p3::bindings::ServicePre::new(pre)?)
    } else {
        Handler::Two(p2::bindings::ProxyPre::new(pre)?)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (handler, engine) = (Arc::clone(&handler), engine.clone());
        let service = hyper::service::service_fn(move |request| {
            let (handler, engine) = (Arc::clone(&handler), engine.clone());
            async move { respond(&handler, &engine, request).await }
        });
        tokio::spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Answers `/N` with N bytes in pieces, and other paths with a few.
async fn serve_native() -> wasmtime::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = hyper::service::service_fn(async |request: hyper::Request<Incoming>| {
            let size = request.uri().path().trim_start_matches('/').parse();
            let body =
                size.map_or_else(|_| Full::from("hello").boxed(), |size| pieces(size).boxed());
            Ok::<_, Infallible>(hyper::Response::new(body))
        });
        tokio::spawn(async move {
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Greets, and then sends back what comes, as the guest `ws-serve` does.
async fn serve_websocket() -> wasmtime::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut socket = tokio_tungstenite::accept_async(stream).await?;
            socket.send(Message::text("welcome to /")).await?;
            while let Some(message) = socket.next().await {
                let message = message?;
                if message.is_text() {
                    socket.send(message).await?;
                }
            }
            Ok::<_, tungstenite::Error>(())
        });
    }
}

/// A body of this size, in pieces that are made once.
fn pieces(size: u64) -> impl hyper::body::Body<Data = Bytes, Error = Infallible> {
    static PIECE: [u8; 64 << 10] = [7; 64 << 10];
    let full = size / PIECE.len() as u64;
    let rest = usize::try_from(size % PIECE.len() as u64).unwrap_or_default();
    let all = (0..full).map(|_| PIECE.len()).chain([rest]);
    let frames = all.map(|size| Ok(Frame::data(Bytes::from_static(&PIECE).slice(..size))));
    StreamBody::new(futures::stream::iter(frames))
}

async fn respond(
    handler: &Arc<Handler>,
    engine: &Engine,
    request: hyper::Request<hyper::body::Incoming>,
) -> wasmtime::Result<hyper::Response<WasiBody>> {
    let mut store = Store::new(engine, state(WasiCtx::builder().build()));
    let handler = Arc::clone(handler);
    match &*handler {
        Handler::Two(_) => {
            let (sender, response) = tokio::sync::oneshot::channel();
            let running = tokio::spawn(async move {
                let Handler::Two(pre) = &*handler else {
                    return Ok(());
                };
                let proxy = pre.instantiate_async(&mut store).await?;
                let scheme = p2::bindings::http::types::Scheme::Http;
                let request = store
                    .data_mut()
                    .http()
                    .new_incoming_request(scheme, request)?;
                let out = store.data_mut().http().new_response_outparam(sender)?;
                proxy
                    .wasi_http_incoming_handler()
                    .call_handle(&mut store, request, out)
                    .await
            });
            let Ok(response) = response.await else {
                running.await??;
                wasmtime::bail!("no response")
            };
            Ok(response?.map(|body| body.map_err(Into::into).boxed_unsync()))
        }
        Handler::Three(_) => {
            let (sender, response) = futures::channel::oneshot::channel();
            let running = tokio::spawn(async move {
                let Handler::Three(pre) = &*handler else {
                    return Ok(());
                };
                let proxy = Proxy::P3(pre.instantiate_async(&mut store).await?);
                let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
                store
                    .run_concurrent(async |store| {
                        let prepared = store.with(|mut store| {
                            Prepared::new(
                                store.as_context_mut(),
                                &proxy,
                                request,
                                State::http,
                                sender,
                            )
                        })?;
                        prepared.run(store, std::future::pending()).await?;
                        std::future::poll_fn(|cx| store.poll_no_interesting_tasks(cx)).await;
                        wasmtime::error::Ok(())
                    })
                    .await?
            });
            let Ok(response) = response.await else {
                running.await??;
                wasmtime::bail!("no response")
            };
            response
        }
    }
}
