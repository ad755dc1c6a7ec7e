//! Exports `acme:flow/work`, whose functions take and give streams of bytes.

wit_bindgen::generate!({
    path: ["../wit/flow.wit", "../../../wit/vendor/wasi-0.3.0"],
    inline: "package test:flow; world guest {
        import wasi:clocks/monotonic-clock@0.3.0;
        export acme:flow/work;
    }",
    generate_all,
});

use std::sync::atomic::{AtomicU64, Ordering};

use exports::acme::flow::work::{File, Guest};
use wasi::clocks::monotonic_clock;
use wit_bindgen::rt::async_support::StreamResult;
use wit_bindgen::{StreamReader, StreamWriter};

const PIECE: usize = 64 * 1024;

static MADE: AtomicU64 = AtomicU64::new(0);

struct Work;

async fn write(sender: &mut StreamWriter<u8>, count: u64) {
    MADE.store(0, Ordering::Relaxed);
    let mut made = 0;
    while made < count {
        let piece = PIECE.min(usize::try_from(count - made).unwrap_or(PIECE));
        let bytes = (made..).take(piece).map(|byte| byte as u8).collect();
        let left = sender.write_all(bytes).await.len();
        made += (piece - left) as u64;
        MADE.store(made, Ordering::Relaxed);
        if left > 0 {
            return;
        }
    }
}

impl Guest for Work {
    async fn double_later(value: u32, millis: u32) -> u32 {
        if millis > 0 {
            monotonic_clock::wait_for(u64::from(millis) * 1_000_000).await;
        }
        value.wrapping_mul(2)
    }

    async fn make(count: u64) -> StreamReader<u8> {
        let (mut sender, bytes) = wit_stream::new();
        wit_bindgen::spawn_local(async move { write(&mut sender, count).await });
        bytes
    }

    async fn remember(count: u64) {
        wit_bindgen::spawn_local(async move {
            monotonic_clock::wait_for(50_000_000).await;
            MADE.store(count, Ordering::Relaxed);
        });
    }

    fn made() -> u64 {
        MADE.load(Ordering::Relaxed)
    }

    async fn count(mut source: StreamReader<u8>) -> (u64, bool) {
        let (mut count, mut in_order) = (0, true);
        let mut room = Vec::with_capacity(PIECE);
        loop {
            let (result, bytes) = source.read(room).await;
            let numbered = bytes.iter().zip(count..);
            in_order &= numbered.into_iter().all(|(byte, at)| *byte == at as u8);
            count += bytes.len() as u64;
            if result == StreamResult::Dropped {
                return (count, in_order);
            }
            room = bytes;
            room.clear();
        }
    }

    async fn first(mut source: StreamReader<u8>, count: u32) -> Vec<u8> {
        let mut first = Vec::new();
        while first.len() < count as usize {
            match source.next().await {
                Some(byte) => first.push(byte),
                None => break,
            }
        }
        first
    }

    async fn copy(mut source: StreamReader<u8>) -> StreamReader<u8> {
        let (mut sender, bytes) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            loop {
                let (result, read) = source.read(Vec::with_capacity(PIECE)).await;
                let left = sender.write_all(read).await;
                if result == StreamResult::Dropped || !left.is_empty() {
                    return;
                }
            }
        });
        bytes
    }

    async fn pass(source: StreamReader<u8>) -> StreamReader<u8> {
        source
    }

    async fn open(name: String) -> Result<File, String> {
        if name.is_empty() {
            return Err("no name".to_owned());
        }
        let content = match name.as_str() {
            "empty" => None,
            _ => Some(Self::make(3).await),
        };
        Ok(File { name, content })
    }

    async fn break_off(count: u64) -> StreamReader<u8> {
        let (mut sender, bytes) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            write(&mut sender, count).await;
            panic!("broken off");
        });
        bytes
    }
}

export!(Work);
