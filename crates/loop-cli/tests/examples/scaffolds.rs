//! Scaffolds, made outside of the repository: each is run as the first line of its source says.

use std::path::Path;
use std::process::{Command, Output};

use crate::copy::{looped, text};
use crate::served::{Served, free_address};

/// A workspace with a component of this kind, called `a`.
struct Scaffold {
    temp: tempfile::TempDir,
}

impl Scaffold {
    fn new(kind: &str) -> Self {
        let scaffold = Self {
            temp: tempfile::tempdir().unwrap(),
        };
        succeeds(&mut looped(scaffold.temp.path(), &["new", "w"]));
        let args = ["component", "new", "a", "--lang", "rust", "--kind", kind];
        succeeds(&mut scaffold.looped(&args));
        succeeds(&mut scaffold.looped(&["build"]));
        scaffold
    }

    fn looped(&self, args: &[&str]) -> Command {
        looped(&self.temp.path().join("w"), args)
    }

    /// What the first line of the component's source says to type behind `loop`.
    fn documented(&self, file: &str) -> Vec<String> {
        let source = self.temp.path().join("w/components/a/src").join(file);
        let source = std::fs::read_to_string(source).unwrap();
        let line = source.lines().next().unwrap();
        let (_, rest) = line.split_once("`loop ").unwrap();
        let (command, _) = rest.split_once('`').unwrap();
        words(command)
    }

    fn run(&self, args: &[String]) -> Output {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        succeeds(&mut self.looped(&args))
    }
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        text(&output.stderr)
    );
    output
}

/// The words of a command, of which some stand in single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 0 {
            words.extend(part.split_whitespace().map(str::to_owned));
        } else {
            words.push(part.to_owned());
        }
    }
    words
}

#[test]
fn a_command() {
    let scaffold = Scaffold::new("command");
    let output = scaffold.run(&words("run a"));
    assert_eq!(text(&output.stdout), "hello, world\n");
    // It was built before, and logs nothing at the usual level.
    assert_eq!(text(&output.stderr), "");
    let output = scaffold.run(&scaffold.documented("main.rs"));
    assert_eq!(text(&output.stdout), "hello, you\n");
}

#[test]
fn a_library() {
    let scaffold = Scaffold::new("library");
    let output = scaffold.run(&scaffold.documented("lib.rs"));
    assert_eq!(text(&output.stdout), "\"hello, you\"\n");
}

#[test]
fn a_server() {
    let scaffold = Scaffold::new("http");
    let mut command = scaffold.documented("lib.rs");
    assert_eq!(command, ["run", "a"]);
    let address = free_address().to_string();
    let grant = format!("net.listen = [\"{address}\"]");
    command.extend(["--listen", &address, "--grant", &grant].map(str::to_owned));
    let args: Vec<&str> = command.iter().map(String::as_str).collect();
    let served = Served::start(&mut scaffold.looped(&args)).unwrap();
    let answer = served.get("/path");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("hello from /path\n"), "{answer:?}");
    assert!(served.stop().contains("info  a: request path=/path"));
}

#[test]
fn a_host() {
    let temp = tempfile::tempdir().unwrap();
    let root = loop_test::root();
    let args = [
        "host",
        "new",
        "my-host",
        "--loop-kit",
        root.to_str().unwrap(),
    ];
    succeeds(&mut looped(temp.path(), &args));
    // That Cargo finds all that it is made of on this system: what others need may never have been fetched. It is the
    // source of `embed`, which is compiled by a test of its own.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--offline"]);
    let copied = root.join("Cargo.lock");
    std::fs::copy(copied, temp.path().join("my-host/Cargo.lock")).unwrap();
    let output = succeeds(cargo.current_dir(temp.path().join("my-host")));
    assert!(text(&output.stdout).starts_with("my-host v0.1.0"));
    let made = std::fs::read(temp.path().join("my-host/src/main.rs")).unwrap();
    let example = std::fs::read(loop_test::example("embed").join("src/main.rs")).unwrap();
    assert_eq!(made, example);
    same_files(
        &temp.path().join("my-host/component"),
        &loop_test::example("embed").join("component"),
    );
}

/// What stands in one folder stands in the other.
fn same_files(made: &Path, example: &Path) {
    for file in ["Cargo.toml", "src/main.rs", "wit/store.wit"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert_eq!(read(made), read(example), "{file}");
    }
}
