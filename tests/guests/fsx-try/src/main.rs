//! Does one thing with `loop:fsx` and prints what came of it: `fsx-try FUNCTION ROOT [ARGUMENT]...`.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/fsx"],
    world: "loop:fsx/imports",
    generate_all,
});

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::process::ExitCode;

use crate::loop_::fsx::files::{Algorithm, Error, Event, Operation, Reach, Root};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        [function, root, ref rest @ ..] => {
            Root::open(root).and_then(|root| run(&root, function, rest))
        }
        _ => return ExitCode::from(2),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(Error::Code(code)) => {
            println!("{}", code.name());
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Root, function: &str, args: &[&str]) -> Result<String, Error> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match (function, args) {
        ("open", []) => Ok(format!("writable: {}", root.writable())),
        ("stat", [path]) => root
            .stat(path)
            .map(|info| format!("{} {}", shown(info.kind), info.size)),
        ("read", [path]) => root.read(path).map(text),
        ("range", [path]) => root.read_range(path, 0, 9).map(text),
        ("write", [path, content]) => root.write(path, content.as_bytes()).map(|()| done()),
        // As much content as is asked for, in one write.
        ("fill", [path, bytes]) => {
            let content = vec![b'x'; bytes.parse().unwrap_or_default()];
            root.write(path, &content).map(|()| done())
        }
        ("folder", [path]) => root.create_folder(path).map(|()| done()),
        ("temp", [path]) => root.create_temp(path).map(|_| done()),
        // A temporary file, and then an end without any order.
        ("abandon", [path]) => {
            let temp = root.create_temp(path)?;
            temp.append(b"left")?;
            std::process::abort()
        }
        ("save", [folder, path]) => {
            let temp = root.create_temp(folder)?;
            temp.append(b"saved")?;
            temp.save(path).map(|()| done())
        }
        ("glob", [pattern]) => {
            let matches = root.glob(pattern)?;
            let mut found = Vec::new();
            loop {
                let page = matches.next(u32::MAX)?;
                if page.is_empty() {
                    let left = matches.left_out();
                    return Ok(format!("{} [{left} left out]", found.join(" ")));
                }
                found.extend(page.into_iter().map(|entry| entry.path));
            }
        }
        ("count", [pattern]) => {
            let matches = root.glob(pattern)?;
            let mut count = 0;
            loop {
                match matches.next(u32::MAX)?.len() {
                    0 => return Ok(count.to_string()),
                    more => count += more,
                }
            }
        }
        ("digest", [path]) => root.digest(path, Algorithm::Blake3).map(hex),
        ("tree", [path]) => root.digest_tree(path, Algorithm::Sha256).map(hex),
        ("copy", [path, into, to]) => {
            let operation = root.copy_tree(path, &Root::open(into)?, to)?;
            finish(&operation)
        }
        ("move", [path, into, to]) => {
            let operation = root.move_tree(path, &Root::open(into)?, to)?;
            finish(&operation)
        }
        ("remove", [path]) => finish(&root.remove_tree(path)?),
        // As many steps of a copy, which is given up then.
        ("begin", [path, to, steps]) => {
            let operation = root.copy_tree(path, root, to)?;
            for _ in 0..steps.parse().unwrap_or(0) {
                operation.next(Some(0))?;
            }
            let progress = operation.next(Some(0))?;
            Ok(format!("{} bytes", progress.bytes))
        }
        ("watch", [path, until]) => watch(root, path, until),
        // A watch that begins once others have removed a file.
        ("watch-after", [path, removed]) => {
            println!("open");
            while root.stat(removed).is_ok() {}
            watch(root, path, removed)
        }
        _ => Ok("no such function".to_owned()),
    }
}

/// What is told of a tree, up to and with the batch in which something is at the path `until`: what happened to the folder itself, and then
/// the paths in their order. Each is printed as it comes, too. Nothing is asked for while there is a file `wait` in the root.
fn watch(root: &Root, path: &str, until: &str) -> Result<String, Error> {
    let watch = root.watch(path, Reach::Tree)?;
    println!("watching");
    while root.read("wait").is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let mut moves = Vec::new();
    let mut paths = BTreeSet::new();
    while !paths.remove(until) {
        for event in watch.next(u32::MAX, None)? {
            let (moved, text) = match event {
                Event::Changed(path) => (false, path),
                Event::Removed(path) => (false, format!("-{path}")),
                Event::Overflow => (true, "overflow".to_owned()),
                Event::Gone => (true, "gone".to_owned()),
                Event::Back => (true, "back".to_owned()),
            };
            println!("{text}");
            if !moved {
                paths.insert(text);
            } else if moves.last() != Some(&text) {
                moves.push(text);
            }
        }
    }
    moves.extend(paths);
    Ok(moves.join(" "))
}

fn finish(operation: &Operation) -> Result<String, Error> {
    loop {
        let progress = operation.next(Some(1_000_000))?;
        if progress.done {
            return Ok(format!(
                "{} entries, {} bytes",
                progress.entries, progress.bytes
            ));
        }
    }
}

fn done() -> String {
    "done".to_owned()
}

fn shown(value: impl Debug) -> String {
    format!("{value:?}").replace("DescriptorType::", "")
}

fn hex(bytes: Vec<u8>) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
