//! What the SDK makes of `wasi:blobstore`, as cases over a store without containers.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use loop_guest::blobstore::Container;
use suite::{gives, is};

type Case = suite::Case<()>;

const CASES: &[(&str, Case)] = &[
    ("containers", containers),
    ("what is written is read", written),
    ("parts", parts),
    ("large objects pass through", large),
    ("what is given up leaves nothing", given_up),
    ("names come page by page", names),
    ("copies and moves", copies),
    ("errors are sentences", errors),
];

fn main() -> ExitCode {
    suite::run(&(), &[("sdk", CASES)])
}

fn container(name: &str) -> Result<Container, String> {
    gives(name, Container::open_or_create(name))
}

fn all(container: &Container, object: &str) -> Result<String, String> {
    let bytes = gives(object, container.read(object))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn containers((): &()) -> Result<(), String> {
    is("open", Container::open("a").is_err(), true)?;
    gives("create", Container::create("a"))?;
    is("create again", Container::create("a").is_err(), true)?;
    gives("open", Container::open("a"))?;
    container("a")?;
    is("exists", gives("exists", Container::exists("a"))?, true)?;
    gives("remove", Container::remove("a"))?;
    is("exists", gives("exists", Container::exists("a"))?, false)?;
    is("remove again", Container::remove("a").is_err(), true)
}

fn written((): &()) -> Result<(), String> {
    let pages = container("written")?;
    gives("write", pages.write("home", "one"))?;
    is("one", all(&pages, "home")?, "one".to_owned())?;
    gives("write", pages.write("home", b"other"))?;
    is("other", all(&pages, "home")?, "other".to_owned())?;
    is("size", gives("size", pages.size("home"))?, 5)?;
    gives("write", pages.write("empty", ""))?;
    is("empty", all(&pages, "empty")?, String::new())?;
    gives("delete", pages.delete("home"))?;
    is(
        "contains",
        gives("contains", pages.contains("home"))?,
        false,
    )?;
    is(
        "contains",
        gives("contains", pages.contains("empty"))?,
        true,
    )
}

fn parts((): &()) -> Result<(), String> {
    let texts = container("parts")?;
    gives("write", texts.write("ten", "0123456789"))?;
    for (range, expected) in [
        (0..10, "0123456789"),
        (0..1, "0"),
        (3..7, "3456"),
        (8..99, "89"),
        (4..4, ""),
        (0..0, ""),
    ] {
        let mut text = String::new();
        let mut reader = gives("range", texts.range("ten", range.clone()))?;
        is("size", reader.size(), expected.len() as u64)?;
        gives("read", reader.read_to_string(&mut text))?;
        is(&format!("{range:?}"), text.as_str(), expected)?;
    }
    Ok(())
}

fn large((): &()) -> Result<(), String> {
    const PIECES: u64 = 64;
    let piece = vec![7; 1 << 16];
    let films = container("large")?;
    let mut new = gives("writer", films.writer("film"))?;
    for _ in 0..PIECES {
        gives("write", new.write_all(&piece))?;
    }
    is(
        "contains",
        gives("contains", films.contains("film"))?,
        false,
    )?;
    gives("finish", new.finish())?;
    let mut copy = gives("writer", films.writer("copy"))?;
    let mut film = gives("reader", films.reader("film"))?;
    is("size", film.size(), PIECES << 16)?;
    // It is read as it was when it was opened.
    gives("delete", films.delete("film"))?;
    let copied = gives("copy", std::io::copy(&mut film, &mut copy))?;
    is("copied", copied, PIECES << 16)?;
    gives("finish", copy.finish())?;
    is("size", gives("size", films.size("copy"))?, PIECES << 16)
}

fn given_up((): &()) -> Result<(), String> {
    let pages = container("given-up")?;
    let mut new = gives("writer", pages.writer("home"))?;
    gives("write", new.write_all(b"half"))?;
    drop(new);
    is(
        "contains",
        gives("contains", pages.contains("home"))?,
        false,
    )
}

fn names((): &()) -> Result<(), String> {
    let many = container("names")?;
    is("none", gives("objects", many.objects())?.count(), 0)?;
    // More than are asked for at once.
    let mut expected: Vec<String> = (0..1_010).map(|number| format!("{number:04}")).collect();
    for name in &expected {
        gives("write", many.write(name, ""))?;
    }
    let found: Result<Vec<String>, _> = gives("objects", many.objects())?.collect();
    let mut found = gives("names", found)?;
    found.sort();
    expected.sort();
    is("names", found, expected)?;
    gives("clear", many.clear())?;
    is("none", gives("objects", many.objects())?.count(), 0)
}

fn copies((): &()) -> Result<(), String> {
    let (from, to) = (container("from")?, container("to")?);
    gives("write", from.write("a", "text"))?;
    gives("copy", from.copy("a", &to, "b"))?;
    is("copy", all(&to, "b")?, "text".to_owned())?;
    gives("rename", from.rename("a", &to, "c"))?;
    is("moved", all(&to, "c")?, "text".to_owned())?;
    is("gone", gives("contains", from.contains("a"))?, false)
}

fn errors((): &()) -> Result<(), String> {
    let pages = container("errors")?;
    let said = [
        pages.read("missing").map(drop),
        pages.write("", "text"),
        Container::open("a/b").map(drop),
    ];
    for said in said {
        let error = said.err().ok_or("there was no error")?;
        let sentence = error.to_string();
        is(&sentence, sentence.contains(' '), true)?;
    }
    Ok(())
}
