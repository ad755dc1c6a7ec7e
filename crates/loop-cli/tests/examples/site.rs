//! The site: what its README says that each path shows, and what happens when a page changes.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::copy::{Example, place, text};
use crate::readme::blocks;
use crate::served::{Served, free_address};

/// The components of the app `plain`, which are all in Rust.
pub(crate) const PLAIN: [&str; 3] = ["web", "render", "plain"];

#[test]
fn every_path_of_the_readme_is_served() {
    let example = Example::new("site");
    let readme = example.read("README.md");
    assert_eq!(blocks(&readme, "sh"), ["loop run site\n"]);
    let manifest = example.read("loop.toml");
    for quoted in blocks(&readme, "toml") {
        assert!(manifest.contains(&quoted), "{quoted}");
    }

    let address = free_address().to_string();
    assert!(readme.contains("<http://127.0.0.1:8080>"));
    example.write("loop.toml", &manifest.replace("127.0.0.1:8080", &address));
    example.build(&PLAIN);
    let served = Served::start(&mut example.command(&["run", "plain"])).unwrap();
    assert_eq!(served.address.to_string(), address);
    let paths: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `/")?.split_once('`'))
        .map(|(path, _)| path)
        .collect();
    let shows = [
        ("", "href=\"/page/glossary\""),
        ("page/glossary", "<article>"),
        ("search?q=grant", "<mark>"),
        ("status", "requests_total"),
        ("outside", "refused: "),
    ];
    assert_eq!(paths, shows.map(|(path, _)| path));
    for (path, shown) in shows {
        let answer = served.get(&format!("/{path}"));
        assert_eq!(answer.status, 200, "/{path}");
        assert!(answer.body.contains(shown), "/{path}: {}", answer.body);
    }
}

/// A site of one page, in a folder of its own.
fn bees(example: &Example, page: &str) {
    let address = free_address().to_string();
    let manifest = example
        .read("loop.toml")
        .replace("127.0.0.1:8080", &address);
    let notes = manifest.replace("path = \"./docs\"", "path = \"./notes\"");
    assert_ne!(notes, manifest);
    example.write("loop.toml", &notes);
    fs::create_dir(example.folder.join("notes")).unwrap();
    example.write("notes/bees.md", page);
}

/// The revision of which a document was made.
fn revision(document: &str) -> &str {
    let (_, rest) = document.split_once("data-revision=\"").unwrap();
    rest.split('"').next().unwrap()
}

/// Connects as the script of a document does.
fn listen(served: &Served, document: &str) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(served.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let since = revision(document);
    let url = format!("ws://{}/changes?since={since}", served.address);
    tungstenite::client(url, stream).unwrap().0
}

#[test]
fn a_page_that_changed_is_made_anew_and_browsers_are_told() {
    let example = Example::new("site");
    bees(&example, "# Bees\n\nBees sleep.\n");
    example.build(&PLAIN);
    let start = || Served::start(&mut example.command(&["run", "plain"])).unwrap();
    let served = start();
    let reload = Message::text("reload");
    let first = served.get("/page/bees").body;
    assert!(first.contains("Bees sleep."), "{first}");

    let mut browser = listen(&served, &first);
    example.write("notes/bees.md", "# Bees\n\nBees fly.\n");
    assert_eq!(browser.read().unwrap(), reload);
    let second = served.get("/page/bees").body;
    assert!(second.contains("Bees fly."), "{second}");
    assert!(
        served
            .get("/search?q=fly")
            .body
            .contains("<mark>fly</mark>")
    );
    assert_eq!(
        example.read("html/bees.html"),
        "<h1 id=\"bees\">Bees</h1>\n<p>Bees fly.</p>\n"
    );

    // One that still shows what is no more is told at once.
    assert_eq!(listen(&served, &first).read().unwrap(), reload);

    let mut browser = listen(&served, &second);
    example.write("notes/wasps.md", "# Wasps\n");
    assert_eq!(browser.read().unwrap(), reload);
    let third = served.get("/page/wasps");
    assert_eq!(third.status, 200);

    let mut browser = listen(&served, &third.body);
    fs::remove_file(example.folder.join("notes/wasps.md")).unwrap();
    assert_eq!(browser.read().unwrap(), reload);
    assert_eq!(served.get("/page/wasps").status, 404);
    assert!(!example.folder.join("html/wasps.html").exists());

    // Nothing has changed for a browser when the program was started again, and the words are those that were kept.
    let shown = served.get("/page/bees").body;
    let said = served.stop();
    assert!(said.contains("pages=1 made=1 counted=1 "), "{said}");
    let served = start();
    let again = served.get("/page/bees").body;
    assert_eq!(revision(&again), revision(&shown));
    assert!(
        served
            .get("/search?q=fly")
            .body
            .contains("<mark>fly</mark>")
    );
    let said = served.stop();
    assert!(said.contains("pages=1 made=1 counted=0 "), "{said}");
}

#[test]
fn other_languages_mark_code_and_count_words() {
    let example = Example::new("site");
    bees(&example, "# Bees\n\n```rust\nfn fly() {}\n```\n");
    let tools = example.folder.join(".loop/tools");
    fs::create_dir_all(tools.parent().unwrap()).unwrap();
    if !tools.exists() {
        std::os::unix::fs::symlink(place("guests/tools"), tools).unwrap();
    }
    let built = example.run(&["build", "web", "render", "highlight", "words"]);
    let said = text(&built.stderr);
    if said.contains("on the PATH, which builds") {
        eprintln!("SKIPPED: components of JavaScript and Python cannot be built here\n{said}");
        return;
    }
    assert!(built.status.success(), "{said}");
    // A Python is large: Winch compiles it in a fifth of the time.
    let mut command = example.command(&["run", "site", "--winch"]);
    let served = Served::start(&mut command).unwrap();
    let page = served.get("/page/bees").body;
    assert!(
        page.contains("<span class=\"keyword\">fn</span> fly()"),
        "{page}"
    );
    assert!(served.get("/search?q=fl").body.contains("<mark>fl</mark>"));
}
