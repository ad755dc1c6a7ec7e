//! Does what each of its arguments says to a folder that it was given, by WASI 0.2 itself, and prints how that ended: the
//! jobs are those of `files-p3`.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:files-p2; world guest { import wasi:filesystem/preopens@0.2.12; }",
    generate_all,
});

use wasi::filesystem::preopens;
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

fn main() {
    let folders = preopens::get_directories();
    for job in std::env::args().skip(1) {
        let mut words = job.splitn(3, ':');
        let what = words.next().unwrap_or_default();
        let name = words.next().unwrap_or_default();
        let path = words.next().unwrap_or_default();
        let done = match folders.iter().find(|(_, given)| given == name) {
            _ if what == "folders" => {
                let names: Vec<&str> = folders.iter().map(|(_, given)| given.as_str()).collect();
                names.join(" ")
            }
            Some((folder, _)) => match act(what, folder, path) {
                Ok(done) => done,
                Err(code) => code.name().to_owned(),
            },
            None => "no such folder".to_owned(),
        };
        println!("{job}: {done}");
    }
}

fn act(what: &str, folder: &Descriptor, path: &str) -> Result<String, ErrorCode> {
    let follow = PathFlags::SYMLINK_FOLLOW;
    match what {
        "read" => {
            let file = folder.open_at(follow, path, OpenFlags::empty(), DescriptorFlags::READ)?;
            let (bytes, _) = file.read(1024, 0)?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        "write" => {
            let file = folder.open_at(follow, path, OpenFlags::CREATE, DescriptorFlags::WRITE)?;
            file.write(b"written", 0)?;
        }
        "list" => {
            let entries = folder.read_directory()?;
            let mut count = 0;
            while entries.read_directory_entry()?.is_some() {
                count += 1;
            }
            return Ok(format!("{count} entries"));
        }
        "look" => return Ok(format!("{:?}", folder.stat_at(follow, path)?.type_)),
        "hash" => drop(folder.metadata_hash_at(follow, path)?),
        "stat" => return Ok(format!("{:?}", folder.stat()?.type_)),
        "follow" => return folder.readlink_at(path),
        "touch" => folder.set_times_at(follow, path, NewTimestamp::Now, NewTimestamp::Now)?,
        "make" => folder.create_directory_at(path)?,
        "remove" => folder.unlink_file_at(path)?,
        "remove-folder" => folder.remove_directory_at(path)?,
        "symlink" => folder.symlink_at("target", path)?,
        "rename" => folder.rename_at(path, folder, "renamed")?,
        "link" => folder.link_at(PathFlags::empty(), path, folder, "linked")?,
        _ => return Ok("no such job".to_owned()),
    }
    Ok("done".to_owned())
}
