//! Every example that needs a grant: it fails without it and says what to add, and works with just that pasted in.

use crate::copy::{Example, text};
use crate::readme::{blocks, console};
use crate::served::{Served, file_server, free_address};
use crate::site::PLAIN;
use crate::talk::{Advice, advice, without_grants};

/// Grants may be found missing one after the other, but not without end.
const TRIES_MAX: usize = 5;

/// Takes the grants away, and pastes what is told until `attempt` works.
///
/// `attempt` gives what was said where it does not. Where that has no advice, `loop check` is asked.
fn denied_then_granted(
    example: &Example,
    components: &[&str],
    attempt: impl Fn() -> Result<(), String>,
) {
    example.build(components);
    example.write("loop.toml", &without_grants(&example.read("loop.toml")));
    let mut said = attempt().expect_err("it works without its grants");
    for _ in 0..TRIES_MAX {
        let manifest = example.read("loop.toml");
        example.write("loop.toml", &advised(example, &said).paste(&manifest));
        said = match attempt() {
            Ok(()) => return,
            Err(said) => said,
        };
    }
    let manifest = example.read("loop.toml");
    panic!("it does not work with what was told:\n{manifest}\n{said}");
}

/// What to do after this was said.
fn advised(example: &Example, said: &str) -> Advice {
    if let Some(advice) = advice(said).into_iter().next() {
        return advice;
    }
    let checked = example.run(&["check"]);
    let found = text(&checked.stdout) + &text(&checked.stderr);
    // Of all that could be missing, a user takes what the error was about: files.
    let folder = advice(&found)
        .into_iter()
        .find(|advice| advice.text.contains("fs = "));
    folder.unwrap_or_else(|| panic!("nothing says what to add:\n{said}\n{found}"))
}

#[test]
fn http_client() {
    let example = Example::new("http-client");
    let address = file_server(example.folder.join("www")).to_string();
    let here = |text: &str| text.replace("127.0.0.1:8000", &address);
    let readme = here(&example.read("README.md"));
    let [typed] = console(&readme).try_into().unwrap();
    let [denied] = blocks(&readme, "text").try_into().unwrap();
    let words = typed.words();
    denied_then_granted(&example, &[], || {
        let output = example.run(&words[1..]);
        if output.status.success() {
            assert_eq!(text(&output.stdout), typed.prints);
            return Ok(());
        }
        let said = text(&output.stderr);
        assert_eq!(said, denied);
        Err(said)
    });
}

#[test]
fn files() {
    prints_what_it_promises("files");
}

#[test]
fn tasks() {
    prints_what_it_promises("tasks");
}

/// A command that says on standard error what it lacks.
fn prints_what_it_promises(name: &str) {
    let example = Example::new(name);
    let [typed] = console(&example.read("README.md")).try_into().unwrap();
    let words = typed.words();
    let (_loop, arguments) = words.split_first().unwrap();
    denied_then_granted(&example, &[], || {
        let output = example.run(arguments);
        if output.status.success() {
            assert_eq!(text(&output.stdout), typed.prints);
            return Ok(());
        }
        Err(text(&output.stderr))
    });
}

#[test]
fn site() {
    let example = Example::new("site");
    let address = free_address().to_string();
    denied_then_granted(&example, &PLAIN, || {
        let mut command = example.command(&["run", "plain", "--listen", &address]);
        let served = Served::start(&mut command)?;
        if served.get("/page/glossary").status == 200 {
            return Ok(());
        }
        Err(served.stop())
    });
}

#[test]
fn proxy() {
    let example = Example::new("proxy");
    let upstream = file_server(example.folder.join("www")).to_string();
    let manifest = example.read("loop.toml");
    example.write("loop.toml", &manifest.replace("127.0.0.1:8000", &upstream));
    let address = free_address().to_string();
    denied_then_granted(&example, &[], || {
        let mut command = example.command(&["run", "proxy", "--listen", &address]);
        let served = Served::start(&mut command)?;
        if served.get("/hello.txt").status == 200 {
            return Ok(());
        }
        Err(served.stop())
    });
}

#[test]
fn a_server_is_told_an_address_of_this_machine() {
    let example = Example::new("site");
    example.build(&PLAIN);
    example.write("loop.toml", &without_grants(&example.read("loop.toml")));
    let said = text(&example.run(&["run", "plain"]).stderr);
    assert_eq!(
        advice(&said)[0].text,
        "grants = { net = { listen = [\"127.0.0.1:8080\"] } }\n"
    );
}
