//! Uses `loop:fsx` by the SDK: writes pages, finds them, watches them, copies them, and prints what came of each.

use std::time::Duration;

use loop_guest::fsx::{Algorithm, Error, ErrorCode, Event, Reach, Root};

fn main() -> Result<(), Error> {
    let data = Root::open("data")?;
    data.create_folder("pages/old")?;
    let mut watch = data.watch("pages", Reach::Tree)?;
    println!("nothing: {:?}", watch.next_within(Duration::ZERO)?);
    for name in ["pages/a.md", "pages/b.txt", "pages/old/c.md"] {
        data.write(name, name.as_bytes())?;
    }
    let temp = data.create_temp("pages")?;
    temp.append(b"\xff")?;
    temp.save("pages/z")?;

    let found: Result<Vec<_>, _> = data.glob("pages/**/*.md")?.collect();
    let found: Vec<String> = found?.into_iter().map(|entry| entry.path).collect();
    println!("found: {}", found.join(" "));
    println!("read: {}", data.read_to_string("pages/a.md")?);
    let bytes = data.read_to_string("pages/z");
    let refused = matches!(bytes, Err(Error::Code(ErrorCode::IllegalByteSequence)));
    println!("no text: {refused}");

    for event in &mut watch {
        let Event::Changed(path) = event? else {
            continue;
        };
        println!("changed: {path}");
        if path == "pages/z" {
            break;
        }
    }

    let copy = data.copy_tree("pages", &data, "copy")?.finish()?;
    println!("copied: {} entries, {} bytes", copy.entries, copy.bytes);
    let digest = |path| data.digest_tree(path, Algorithm::Blake3);
    println!("the same: {}", digest("pages")? == digest("copy")?);
    data.move_tree("copy", &data, "moved")?.finish()?;
    let removing = data.remove_tree("moved")?;
    while !removing.work(Duration::ZERO)?.done {}
    let left: Result<Vec<_>, _> = data.glob("*")?.collect();
    println!("left: {}", left?.len());
    Ok(())
}
