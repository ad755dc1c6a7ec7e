//! Each README's commands, and what it says that they print.

use std::process::Output;

use crate::copy::{Example, place, text};
use crate::readme::{Typed, blocks, console};
use crate::served::file_server;
use crate::talk::advice;

/// Runs the commands of a README, and compares what they print.
fn check(example: &Example, readme: &str) -> Vec<Output> {
    let typed = console(readme);
    assert!(!typed.is_empty(), "there is nothing to type");
    typed
        .iter()
        .map(|typed| check_one(example, typed))
        .collect()
}

fn check_one(example: &Example, typed: &Typed) -> Output {
    let output = match typed.words().as_slice() {
        ["loop", args @ ..] => example.run(args),
        _ => panic!("no test knows how to type `{}`", typed.command),
    };
    let talk = text(&output.stderr);
    assert!(output.status.success(), "{typed:?}: {talk}");
    assert_eq!(text(&output.stdout), typed.prints, "{typed:?}: {talk}");
    output
}

/// The lines that a README quotes from `loop.toml` stand there.
fn quotes(example: &Example, readme: &str) {
    let manifest = example.read("loop.toml");
    let quoted = blocks(readme, "toml");
    assert!(!quoted.is_empty());
    for block in quoted {
        assert!(manifest.contains(&block), "{block}");
    }
}

#[test]
fn hello() {
    let example = Example::new("hello");
    let readme = example.read("README.md");
    check(&example, &readme);
    // The second run builds nothing, and has nothing to say.
    let again = check(&example, &readme);
    assert_eq!(text(&again[0].stderr), "");
}

#[test]
fn files() {
    let example = Example::new("files");
    let readme = example.read("README.md");
    quotes(&example, &readme);
    check(&example, &readme);
    let [typed] = console(&readme).try_into().unwrap();
    assert_eq!(example.read("notes/summary.txt"), typed.prints);

    // For reading only, and then with the line that it is told.
    let manifest = example.read("loop.toml");
    let reads = manifest.replace(", access = \"read-write\"", "");
    assert_ne!(reads, manifest);
    example.write("loop.toml", &reads);
    std::fs::remove_file(example.folder.join("notes/summary.txt")).unwrap();
    let output = example.run(&["run", "files"]);
    assert_eq!(output.status.code(), Some(1));
    let talk = text(&output.stderr);
    assert!(
        talk.contains("\ncannot write notes/summary.txt: "),
        "{talk}"
    );
    example.write("loop.toml", &advice(&talk)[0].paste(&reads));
    check(&example, &readme);
}

#[test]
fn http_client() {
    let example = Example::new("http-client");
    let address = file_server(example.folder.join("www")).to_string();
    let here = |text: &str| text.replace("127.0.0.1:8000", &address);
    example.write("loop.toml", &here(&example.read("loop.toml")));
    let readme = here(&example.read("README.md"));
    quotes(&example, &readme);
    check(&example, &readme);
}

#[test]
fn metrics() {
    let example = Example::new("metrics");
    let outputs = check(&example, &example.read("README.md"));
    let talk = text(&outputs[0].stderr);
    assert!(talk.contains("metrics: sorted all words words=8"), "{talk}");
}

#[test]
fn tasks() {
    let example = Example::new("tasks");
    let readme = example.read("README.md");
    quotes(&example, &readme);
    let [output] = check(&example, &readme).try_into().unwrap();
    let talk = text(&output.stderr);
    assert!(talk.contains("tasks: all tasks are done tasks=5"), "{talk}");

    // An option that the grants do not name.
    let list = example.read("project/tasks.txt");
    let careless = list.replace("sort -u", "sort -u -o project/fruit.txt");
    assert_ne!(careless, list);
    example.write("project/tasks.txt", &careless);
    let output = example.run(&["run", "tasks"]);
    assert_eq!(output.status.code(), Some(1));
    let talk = text(&output.stderr);
    let denied = "may not start the program `sort -u -o project/fruit.txt`: `process` grants this program with other arguments only";
    assert!(talk.contains(denied), "{talk}");
    assert!(
        talk.contains("\n`sort` may not be run by `all`\n"),
        "{talk}"
    );
}

#[test]
fn two_components() {
    let example = Example::new("two-components");
    let readme = example.read("README.md");
    check(&example, &readme);

    // Without the lines that link the two.
    quotes(&example, &readme);
    let manifest = example.read("loop.toml");
    let link = &blocks(&readme, "toml")[0];
    let unlinked = manifest.replace(link, "");
    example.write("loop.toml", &unlinked);
    let output = example.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let talk = text(&output.stderr);
    assert!(talk.contains("`acme:greet/greeter`"), "{talk}");

    // With what it says to add.
    let (_, hint) = talk.split_once("hint: add to loop.toml:\n").unwrap();
    let added = hint.lines().map_while(|line| line.strip_prefix("      "));
    let added: String = added.flat_map(|line| [line, "\n"]).collect();
    example.write("loop.toml", &format!("{unlinked}\n{added}"));
    check(&example, &readme);
}

#[test]
fn polyglot() {
    let example = Example::new("polyglot");
    let readme = example.read("README.md");
    quotes(&example, &readme);
    check(&example, &readme);

    // The same by components of other languages.
    let manifest = example.read("loop.toml");
    let tools = example.folder.join(".loop/tools");
    if !tools.exists() {
        std::os::unix::fs::symlink(place("guests/tools"), tools).unwrap();
    }
    let by = |folder: &str, language: &str, words: &[&str]| {
        let swapped = manifest.replace("components/words-rust", folder);
        assert_ne!(swapped, manifest);
        example.write("loop.toml", &swapped);
        let [typed] = console(&readme).try_into().unwrap();
        let output = example.run(&[words, &typed.words()[2..]].concat());
        let talk = text(&output.stderr);
        if talk.contains("on the PATH, which builds") {
            eprintln!("SKIPPED: components of {language} cannot be built here\n{talk}");
            return;
        }
        let prints = typed.prints.replace("Rust", language);
        assert_eq!(text(&output.stdout), prints, "{talk}");
    };
    by("components/words-js", "JavaScript", &["run"]);
    // A Python is large: Winch compiles it in a fifth of the time.
    by("components/words-python", "Python", &["run", "--winch"]);
}
