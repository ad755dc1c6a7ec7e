//! Reads and writes a large file by the SDK's async functions, while it watches; and fills a disk with `fill COUNT`.

use loop_guest::wit_bindgen;

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:fsx-async-sdk; world guest {
        export wasi:cli/run@0.3.0;
    }",
    runtime_path: "loop_guest::wit_bindgen::rt",
    generate_all,
});

use loop_guest::fsx::{Algorithm, Error, Event, Reach, Root};
use suite::both;

const PIECE: usize = 100_000;

struct Command;

impl exports::wasi::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let done = match &args[..] {
            [what, count] if what == "fill" => fill(count.parse().unwrap_or(0)).await,
            _ => show().await,
        };
        match done {
            Ok(()) => Ok(()),
            Err(Error::Code(code)) => {
                println!("{}", code.name());
                Err(())
            }
            Err(error) => {
                println!("{error:?}");
                Err(())
            }
        }
    }
}

export!(Command);

async fn fill(count: usize) -> Result<(), Error> {
    let data = Root::open("data")?;
    let written = data.write_async("file", async |file| {
        for _ in 0..count / PIECE {
            // Nobody reads any more: what the file system says is told by the function itself.
            if !file.write_all(vec![7; PIECE]).await.is_empty() {
                break;
            }
        }
        Ok::<_, Error>(())
    });
    println!("{} bytes", written.await?);
    Ok(())
}

async fn show() -> Result<(), Error> {
    let data = Root::open("data")?;
    data.create_folder("big")?;
    let mut watch = data.watch("big", Reach::Folder)?;

    let write = data.write_async("big/file", async |file| {
        for piece in 0..20 {
            file.write_all(vec![piece; PIECE]).await;
        }
        Ok::<_, Error>(())
    });
    let (events, written) = both(watch.next_async(), write).await;
    println!("written: {}", written?);
    for event in events? {
        if let Event::Changed(path) = event {
            println!("changed: {path}");
        }
    }

    let mut reading = data.read_async("big/file", 1_000_000).await?;
    let mut sum = 0;
    while let Some(piece) = reading.next().await? {
        sum += piece.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    }
    println!("sum: {sum}, and then {:?}", reading.next().await?);

    let failed = data.write_async("big/file", async |file| {
        file.write_all(b"half".to_vec()).await;
        Err(Error::TooLarge(4))
    });
    println!("given up: {:?}", failed.await);
    println!("still there: {}", data.stat("big/file")?.size);

    println!(
        "copied: {:?}",
        data.copy_tree("big", &data, "copy")?.finish_async().await?
    );
    let (one, other) = both(
        data.digest_tree_async("big", Algorithm::Blake3),
        data.digest_tree_async("copy", Algorithm::Blake3),
    )
    .await;
    println!("the same: {}", one? == other?);
    let mut found = data.glob("*/*")?;
    while let Some(entry) = found.next_async().await {
        println!("found: {}", entry?.path);
    }
    Ok(())
}
