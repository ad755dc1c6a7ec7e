//! A program as somebody writes it who has upstream's crates and none of ours: it serves `acme:math/calc`, and calls it.
//! The tests of the command line have it too.

#![expect(clippy::float_cmp, reason = "these numbers come back as they are")]

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::select_all;
use tokio::io::{AsyncBufRead, AsyncWrite, BufReader};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use wrpc_transport::Invoke;
use wrpc_transport::frame::ConnHandler;

mod bindings {
    wit_bindgen_wrpc::generate!({
        path: "../../tests/guests/calc/wit",
        inline: "package test:upstream; world both { import acme:math/calc; export acme:math/calc; }",
        world: "test:upstream/both",
        generate_all,
    });
}

use bindings::acme::math::calc;
use bindings::exports::acme::math::calc as serving;

#[derive(Clone)]
struct Calc;

impl serving::Handler<()> for Calc {
    async fn add(&self, (): (), a: u32, b: u32) -> anyhow::Result<u32> {
        Ok(a.wrapping_add(b))
    }

    async fn div(&self, (): (), a: i32, b: i32) -> anyhow::Result<Result<i32, String>> {
        Ok(a.checked_div(b)
            .ok_or_else(|| "division by zero".to_owned()))
    }

    async fn midpoint(
        &self,
        (): (),
        a: serving::Point,
        b: serving::Point,
    ) -> anyhow::Result<serving::Point> {
        Ok(serving::Point {
            x: f64::midpoint(a.x, b.x),
            y: f64::midpoint(a.y, b.y),
        })
    }

    async fn area(&self, (): (), shape: serving::Shape) -> anyhow::Result<f64> {
        Ok(match shape {
            serving::Shape::Circle(radius) => std::f64::consts::PI * radius * radius,
            serving::Shape::Rectangle((width, height)) => width * height,
            serving::Shape::Empty => 0.0,
        })
    }

    async fn round(&self, (): (), value: f64, how: serving::Rounding) -> anyhow::Result<i64> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the tests round small numbers"
        )]
        Ok(match how {
            serving::Rounding::Down => value.floor(),
            serving::Rounding::Nearest => value.round(),
            serving::Rounding::Up => value.ceil(),
        } as i64)
    }

    async fn both(
        &self,
        (): (),
        a: serving::Rights,
        b: serving::Rights,
    ) -> anyhow::Result<serving::Rights> {
        Ok(a & b)
    }

    async fn sum(&self, (): (), values: Vec<i64>) -> anyhow::Result<i64> {
        Ok(values.into_iter().fold(0, i64::wrapping_add))
    }

    async fn longest(&self, (): (), words: Vec<String>) -> anyhow::Result<Option<String>> {
        Ok(words.into_iter().max_by_key(String::len))
    }

    async fn swap(&self, (): (), pair: (u8, String)) -> anyhow::Result<(String, u8)> {
        Ok((pair.1, pair.0))
    }

    async fn negate(&self, (): (), value: bool) -> anyhow::Result<bool> {
        Ok(!value)
    }

    async fn next_char(&self, (): (), value: char) -> anyhow::Result<Option<char>> {
        Ok(char::from_u32(u32::from(value) + 1))
    }

    async fn bytes(&self, (): (), text: String) -> anyhow::Result<bytes::Bytes> {
        Ok(text.into())
    }

    async fn check(&self, (): (), value: i64) -> anyhow::Result<Result<(), ()>> {
        Ok(if value < 0 { Err(()) } else { Ok(()) })
    }

    async fn forget(&self, (): (), _: String) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Has upstream's server answer what `accept` gives it, until the set is dropped.
pub(crate) async fn serve<I, O, H, F>(
    server: wrpc_transport::Server<(), I, O, H>,
    mut accept: impl FnMut() -> F + Send + 'static,
) -> JoinSet<()>
where
    I: AsyncBufRead + Send + Sync + Unpin + 'static,
    O: AsyncWrite + Send + Sync + Unpin + 'static,
    H: ConnHandler<I, O> + Send + Sync + 'static,
    F: Future<Output = (I, O)> + Send,
{
    let server = Arc::new(server);
    let mut tasks = JoinSet::new();
    let invocations = bindings::serve(server.as_ref(), Calc).await.unwrap();
    let mut invocations = select_all(invocations.into_iter().map(|(_, _, stream)| stream));
    tasks.spawn(async move {
        loop {
            let (reader, writer) = accept().await;
            server.accept((), writer, reader).await.unwrap();
        }
    });
    tasks.spawn(async move {
        while let Some(invocation) = invocations.next().await {
            let answer = invocation.unwrap();
            tokio::spawn(async move { answer.await.unwrap() });
        }
    });
    tasks
}

pub(crate) async fn serve_tcp(listener: TcpListener) -> JoinSet<()> {
    let listener = Arc::new(listener);
    serve(wrpc_transport::Server::default(), move || {
        let listener = Arc::clone(&listener);
        async move {
            let (reader, writer) = listener.accept().await.unwrap().0.into_split();
            (BufReader::new(reader), writer)
        }
    })
    .await
}

pub(crate) async fn serve_unix(listener: UnixListener) -> JoinSet<()> {
    let listener = Arc::new(listener);
    serve(wrpc_transport::Server::default(), move || {
        let listener = Arc::clone(&listener);
        async move {
            let (reader, writer) = listener.accept().await.unwrap().0.into_split();
            (BufReader::new(reader), writer)
        }
    })
    .await
}

/// Calls every function of whoever serves there.
pub(crate) async fn call<C: Invoke<Context = ()>>(client: &C) {
    assert_eq!(calc::add(client, (), 2, 3).await.unwrap(), 5);
    assert_eq!(calc::div(client, (), -7, 2).await.unwrap(), Ok(-3));
    let error = calc::div(client, (), 1, 0).await.unwrap().unwrap_err();
    assert_eq!(error, "division by zero");
    let (a, b) = (
        calc::Point { x: 0.0, y: 2.0 },
        calc::Point { x: 4.0, y: -2.0 },
    );
    let middle = calc::midpoint(client, (), &a, &b).await.unwrap();
    assert_eq!((middle.x, middle.y), (2.0, 0.0));
    let rectangle = calc::Shape::Rectangle((2.0, 3.0));
    assert_eq!(calc::area(client, (), &rectangle).await.unwrap(), 6.0);
    assert_eq!(
        calc::area(client, (), &calc::Shape::Empty).await.unwrap(),
        0.0
    );
    assert_eq!(
        calc::round(client, (), 1.5, calc::Rounding::Up)
            .await
            .unwrap(),
        2
    );
    let (read, write) = (calc::Rights::READ, calc::Rights::WRITE);
    let both = calc::both(client, (), &(read | write), &write)
        .await
        .unwrap();
    assert_eq!(both, write);
    assert_eq!(calc::sum(client, (), &[1, -2, 4]).await.unwrap(), 3);
    let longest = calc::longest(client, (), &["a", "longest"]).await.unwrap();
    assert_eq!(longest.as_deref(), Some("longest"));
    assert_eq!(calc::longest(client, (), &[]).await.unwrap(), None);
    assert_eq!(
        calc::swap(client, (), (7, "é")).await.unwrap(),
        ("é".to_owned(), 7)
    );
    assert!(!calc::negate(client, (), true).await.unwrap());
    assert_eq!(calc::next_char(client, (), 'ä').await.unwrap(), Some('å'));
    assert_eq!(calc::bytes(client, (), "abc").await.unwrap(), "abc");
    assert_eq!(calc::check(client, (), 1).await.unwrap(), Ok(()));
    assert_eq!(calc::check(client, (), -1).await.unwrap(), Err(()));
    calc::forget(client, (), "all").await.unwrap();
}

mod streams {
    wit_bindgen_wrpc::generate!({
        path: "../../tests/guests/wit/flow.wit",
        inline: "package test:streams; world caller { import acme:flow/work; }",
        world: "test:streams/caller",
        generate_all,
    });
}

/// Calls each kind of function of `acme:flow/work` that takes or gives a stream.
pub(crate) async fn call_streams<C: Invoke<Context = ()>>(client: &C) {
    use streams::acme::flow::work;
    let some = || -> Bytes { (0..=255).cycle().take(300_000).collect::<Vec<u8>>().into() };
    let source = || Box::pin(futures::stream::iter([some(), Bytes::from_static(b"!")]));

    let (made, io) = work::make(client, (), 300_000).await.unwrap();
    assert_eq!(collected(made, io).await, some());
    let (copied, io) = work::copy(client, (), source()).await.unwrap();
    assert_eq!(collected(copied, io).await, [&some()[..], b"!"].concat());
    let (file, io) = work::open(client, (), "a").await.unwrap();
    let file = file.unwrap();
    assert_eq!(file.name, "a");
    assert_eq!(collected(file.content.unwrap(), io).await, [0, 1, 2][..]);
    let ((count, in_order), io) = work::count(client, (), source()).await.unwrap();
    finished(io).await;
    assert_eq!((count, in_order), (300_001, false));
}

async fn collected(
    stream: impl futures::Stream<Item = Bytes>,
    io: Option<impl Future<Output = anyhow::Result<()>>>,
) -> Vec<u8> {
    let bytes = stream.collect::<Vec<_>>();
    let (bytes, ()) = futures::join!(bytes, finished(io));
    bytes.concat()
}

async fn finished(io: Option<impl Future<Output = anyhow::Result<()>>>) {
    if let Some(io) = io {
        io.await.unwrap();
    }
}
