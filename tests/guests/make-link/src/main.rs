//! Makes a symbolic link (`symlink TARGET NAME`) or a hard one (`hard FILE NAME`) in its first folder.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.2.12",
    inline: "package test:make-link; world guest { import wasi:filesystem/preopens@0.2.12; }",
    generate_all,
});

use std::process::ExitCode;

use wasi::filesystem::preopens;
use wasi::filesystem::types::PathFlags;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kind, target, name] = args.as_slice() else {
        panic!("usage: make-link symlink|hard TARGET NAME");
    };
    let folders = preopens::get_directories();
    let Some((folder, _)) = folders.first() else {
        println!("no folder is granted");
        return ExitCode::FAILURE;
    };
    let made = match kind.as_str() {
        "hard" => folder.link_at(PathFlags::empty(), target, folder, name),
        _ => folder.symlink_at(target, name),
    };
    match made {
        Ok(()) => {
            println!("made {name}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("cannot make {name}: {}", error.name());
            ExitCode::FAILURE
        }
    }
}
