//! Talks with a server of WebSockets by the SDK's async functions. Its argument is the URL of a server as `netx-suite` wants it.

use loop_guest::wit_bindgen;

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:netx-async-sdk; world guest {
        export wasi:cli/run@0.3.0;
    }",
    runtime_path: "loop_guest::wit_bindgen::rt",
    generate_all,
});

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use loop_guest::websocket::{Connect, Connection, Event, Message, SendError, WaitError};
use suite::{begun, both};

/// As large as a message may be.
const LARGE: usize = 1 << 20;

struct Guest;

impl exports::wasi::cli::run::Guest for Guest {
    async fn run() -> Result<(), ()> {
        let url = std::env::args().nth(1).unwrap_or_default();
        show(&url).await.map_err(|error| println!("{error}"))
    }
}

export!(Guest);

async fn show(url: &str) -> Result<(), Box<dyn Error>> {
    let echo = format!("{url}/echo");
    let (one, other) = both(
        Connect::new().open_async(&echo),
        Connect::new().open_async(&echo),
    )
    .await;
    let (one, other) = (one?, other?);

    one.send_async("hello").await?;
    one.flush_async(None).await?;
    println!("{:?}", one.next_async(None).await?);
    let soon = Duration::from_millis(20);
    println!("{:?}", one.next_async(Some(soon)).await);

    // More than all queues on the way hold, so that who only wrote would wait for ever.
    let write = async {
        for number in 0..30 {
            one.send_async(vec![number; LARGE]).await?;
        }
        Ok::<_, SendError>(())
    };
    let read = async {
        let mut sum = 0;
        for _ in 0..30 {
            if let Event::Message(Message::Binary(bytes)) = one.next_async(None).await? {
                sum += u64::from(bytes[0]) * bytes.len() as u64;
            }
        }
        Ok::<_, WaitError>(sum / LARGE as u64)
    };
    let (written, read) = both(write, read).await;
    written?;
    println!("30 MiB, sum {}", read?);
    println!("{:?}", one.send_async(vec![0; LARGE + 1]).await);

    given_up(&other).await?;
    ends(&Connect::new().open_async(&format!("{url}/three")).await?).await;
    let denied = Connect::new().open_async("ws://192.0.2.1/").await;
    println!("{:?}", denied.map(drop));
    Ok(())
}

/// Waiting that is dropped takes nothing.
async fn given_up(connection: &Connection) -> Result<(), Box<dyn Error>> {
    {
        let mut waiting = pin!(connection.next_async(None));
        println!("at once: {:?}", begun(waiting.as_mut()).await);
    }
    connection.send_async("still there").await?;
    println!("{:?}", connection.next_async(None).await?);
    Ok(())
}

async fn ends(connection: &Connection) {
    loop {
        match connection.next_async(None).await {
            Ok(Event::Message(message)) => println!("{message:?}"),
            ended => break println!("{ended:?}"),
        }
    }
    println!("{:?}", connection.send_async("late").await);
}
