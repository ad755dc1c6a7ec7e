//! Scaffolds, made outside of the repository: each is run as the first line of its source says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::copy::{looped, place, text};
use crate::served::{Served, free_address};

/// A workspace with a component of this kind, called `a`.
pub(crate) struct Scaffold {
    temp: tempfile::TempDir,
}

impl Scaffold {
    fn new(kind: &str) -> Self {
        let scaffold = Self::made("rust", kind);
        succeeds(&mut scaffold.looped(&["build"]));
        scaffold
    }

    pub(crate) fn made(language: &str, kind: &str) -> Self {
        let scaffold = Self {
            temp: tempfile::tempdir().unwrap(),
        };
        succeeds(&mut looped(scaffold.temp.path(), &["new", "w"]));
        let args = ["component", "new", "a", "--lang", language, "--kind", kind];
        succeeds(&mut scaffold.looped(&args));
        scaffold
    }

    /// The same in a language whose tools are fetched: once for all tests. Nothing on a machine without the language.
    fn fetched(language: &str, kind: &str) -> Option<Self> {
        Self::made(language, kind).with_tools(language)
    }

    /// The same, built.
    pub(crate) fn with_tools(self, language: &str) -> Option<Self> {
        let tools = place("guests/tools");
        std::os::unix::fs::symlink(tools, self.workspace().join(".loop/tools")).unwrap();
        let output = self.looped(&["build"]).output().unwrap();
        let said = text(&output.stderr);
        if said.contains("on the PATH, which builds") {
            eprintln!("SKIPPED: components of {language} cannot be built here\n{said}");
            return None;
        }
        assert!(output.status.success(), "{said}");
        Some(self)
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.temp.path().join("w")
    }

    pub(crate) fn looped(&self, args: &[&str]) -> Command {
        looped(&self.workspace(), args)
    }

    pub(crate) fn source(&self, file: &str) -> PathBuf {
        self.workspace().join("components/a/src").join(file)
    }

    /// What the first line of the component's source says to type behind `loop`.
    fn documented(&self, file: &str) -> Vec<String> {
        let source = self.source(file);
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
    let served = served(&scaffold, scaffold.documented("lib.rs"));
    assert!(served.get("/").body.contains("hello\n"));
    let answer = served.get("/hello/you");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("hello, you\n"), "{answer:?}");
    assert_eq!(served.get("/path").status, 404);
    assert_eq!(served.post("/").status, 405);
    assert!(served.stop().contains("info  a: request path=/hello/you"));
}

/// A scaffold that answers requests, run by this command.
fn served(scaffold: &Scaffold, mut command: Vec<String>) -> Served {
    assert!(command.starts_with(&["run".to_owned(), "a".to_owned()]));
    let address = free_address().to_string();
    let grant = format!("net.listen = [\"{address}\"]");
    command.extend(["--listen", &address, "--grant", &grant].map(str::to_owned));
    let args: Vec<&str> = command.iter().map(String::as_str).collect();
    Served::start(&mut scaffold.looped(&args)).unwrap()
}

/// The command that a source in another language documents.
fn documented(scaffold: &Scaffold, file: &str) -> Vec<String> {
    let mut command = scaffold.documented(file);
    // A Python is large: Winch compiles it in a fifth of the time.
    if Path::new(file).extension().is_some_and(|end| end == "py") {
        command.insert(2, "--winch".to_owned());
    }
    command
}

/// A command in this language is made, run, changed and run again.
fn is_changed(language: &str, file: &str) {
    let Some(scaffold) = Scaffold::fetched(language, "command") else {
        return;
    };
    succeeds(&mut scaffold.looped(&["check", "a"]));
    let command = documented(&scaffold, file);
    assert_eq!(text(&scaffold.run(&command).stdout), "hello, you\n");
    let source = std::fs::read_to_string(scaffold.source(file)).unwrap();
    let changed = source.replace("hello, ", "good bye, ");
    std::fs::write(scaffold.source(file), changed).unwrap();
    let output = scaffold.run(&command);
    assert_eq!(text(&output.stdout), "good bye, you\n");
    assert!(text(&output.stderr).contains("built a in"));
    assert_eq!(text(&scaffold.run(&command).stderr), "");
}

/// A library is called; then it fails, which is told with the place in its source.
fn is_called(language: &str, file: &str, failure: &str) {
    let Some(scaffold) = Scaffold::fetched(language, "library") else {
        return;
    };
    let command = documented(&scaffold, file);
    assert_eq!(text(&scaffold.run(&command).stdout), "\"hello, you\"\n");
    let source = std::fs::read_to_string(scaffold.source(file)).unwrap();
    let changed = source
        .replace(
            "return `hello, ${name}`",
            "if (name) name += \"!\";\n    return name.no.such",
        )
        .replace("f\"hello, {name}\"", "name.no");
    assert_ne!(changed, source);
    std::fs::write(scaffold.source(file), &changed).unwrap();
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let output = scaffold.looped(&command).output().unwrap();
    let said = text(&output.stderr);
    assert!(said.contains(failure), "{said}");
    assert!(!said.contains("denied"), "{said}");
}

fn is_served(language: &str, file: &str) {
    if let Some(scaffold) = Scaffold::fetched(language, "http") {
        let served = served(&scaffold, documented(&scaffold, file));
        let answer = served.get("/path");
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("hello from /path\n"), "{answer:?}");
        assert!(served.stop().contains("info  a: request path=/path"));
    }
}

#[test]
fn a_language_javascript() {
    is_changed("js", "main.js");
    is_called("js", "main.js", "at greet (src/main.js:7)");
    is_served("js", "main.js");
}

#[test]
fn a_language_typescript() {
    is_changed("ts", "main.ts");
    is_called("ts", "main.ts", "at greet (src/main.ts:7)");
    is_served("ts", "main.ts");
}

#[test]
fn a_language_python() {
    is_changed("python", "app.py");
}

#[test]
fn a_language_python_in_a_library() {
    let failure = "File \"src/app.py\", line 8, in greet\n    return name.no\n           ^^^^^^^\nAttributeError: ";
    is_called("python", "app.py", failure);
}

#[test]
fn a_language_python_in_a_server() {
    is_served("python", "app.py");
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
