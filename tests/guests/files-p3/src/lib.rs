//! A `wasi:cli/run` of WASI 0.3 that does what each of its arguments says to a folder that it was given, and prints how
//! that ended: `read:data:a.txt` reads the file `a.txt` in the folder `data`; `folders` prints the names of all.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:files-p3; world guest {
        import wasi:cli/environment@0.3.0;
        import wasi:cli/stdout@0.3.0;
        import wasi:filesystem/preopens@0.3.0;
        import wasi:filesystem/types@0.3.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

use wasi::cli::{environment, stdout};
use wasi::filesystem::preopens;
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

struct Command;

impl exports::wasi::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let folders = preopens::get_directories();
        let mut text = String::new();
        for job in environment::get_arguments().into_iter().skip(1) {
            let mut words = job.splitn(3, ':');
            let what = words.next().unwrap_or_default();
            let name = words.next().unwrap_or_default();
            let path = words.next().unwrap_or_default();
            let done = match folders.iter().find(|(_, given)| given == name) {
                _ if what == "folders" => {
                    let names: Vec<&str> =
                        folders.iter().map(|(_, given)| given.as_str()).collect();
                    names.join(" ")
                }
                Some((folder, _)) => match act(what, folder, path).await {
                    Ok(done) => done,
                    Err(code) => named(&code),
                },
                None => "no such folder".to_owned(),
            };
            text.push_str(&format!("{job}: {done}\n"));
        }
        let (mut output, printed) = wit_stream::new();
        let printing = stdout::write_via_stream(printed);
        output.write_all(text.into_bytes()).await;
        drop(output);
        printing.await.map_err(drop)
    }
}

/// An error as WASI 0.2 writes it.
fn named(code: &ErrorCode) -> String {
    match code {
        ErrorCode::Access => "access".to_owned(),
        ErrorCode::Invalid => "invalid".to_owned(),
        ErrorCode::NoEntry => "no-entry".to_owned(),
        ErrorCode::NotPermitted => "not-permitted".to_owned(),
        code => format!("{code:?}"),
    }
}

async fn act(what: &str, folder: &Descriptor, path: &str) -> Result<String, ErrorCode> {
    let path = path.to_owned();
    let follow = PathFlags::SYMLINK_FOLLOW;
    match what {
        "read" => {
            let file = folder
                .open_at(follow, path, OpenFlags::empty(), DescriptorFlags::READ)
                .await?;
            let (bytes, ended) = file.read_via_stream(0);
            let bytes = bytes.collect().await;
            ended.await?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        "write" => {
            let file = folder
                .open_at(follow, path, OpenFlags::CREATE, DescriptorFlags::WRITE)
                .await?;
            let (mut bytes, written) = wit_stream::new();
            let ended = file.write_via_stream(written, 0);
            bytes.write_all(b"written".to_vec()).await;
            drop(bytes);
            ended.await?;
        }
        "list" => {
            let (entries, ended) = folder.read_directory();
            let entries = entries.collect().await;
            ended.await?;
            return Ok(format!("{} entries", entries.len()));
        }
        "look" => {
            let found = folder.stat_at(follow, path).await?;
            return Ok(format!("{:?}", found.type_));
        }
        "hash" => drop(folder.metadata_hash_at(follow, path).await?),
        "stat" => return Ok(format!("{:?}", folder.stat().await?.type_)),
        "follow" => return folder.readlink_at(path).await,
        "touch" => {
            let now = || NewTimestamp::Now;
            folder.set_times_at(follow, path, now(), now()).await?;
        }
        "make" => folder.create_directory_at(path).await?,
        "remove" => folder.unlink_file_at(path).await?,
        "remove-folder" => folder.remove_directory_at(path).await?,
        "symlink" => folder.symlink_at("target".to_owned(), path).await?,
        "rename" => folder.rename_at(path, folder, "renamed".to_owned()).await?,
        "link" => {
            folder
                .link_at(PathFlags::empty(), path, folder, "linked".to_owned())
                .await?;
        }
        _ => return Ok("no such job".to_owned()),
    }
    Ok("done".to_owned())
}

export!(Command);
