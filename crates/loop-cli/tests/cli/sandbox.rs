//! A place for one test: a home, a folder to work in, and the binary with an environment of its own.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The artifact of a guest: `tests/guests/<name>`.
pub(crate) fn guest(name: &str) -> String {
    loop_test::guest(name).to_str().unwrap().to_owned()
}

/// Folders that belong to one test, and go away with it.
pub(crate) struct Sandbox {
    temp: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        for folder in ["home", "work"] {
            std::fs::create_dir(temp.path().join(folder)).unwrap();
        }
        Self { temp }
    }

    /// A workspace with this `loop.toml`.
    pub(crate) fn with_manifest(text: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("loop.toml", text);
        sandbox
    }

    /// The folder that commands run in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.temp.path().join("work")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A copy of a guest, under a name of its own.
    pub(crate) fn copy_guest(&self, guest: &str, name: &str) {
        self.write(name, std::fs::read(loop_test::guest(guest)).unwrap());
    }

    /// A component that needs nothing but a compiler.
    pub(crate) fn component(&self, folder: &str, main: &str) {
        let name = Path::new(folder).file_name().unwrap().to_str().unwrap();
        let cargo = format!(
            "[workspace]\n\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"
        );
        self.write(&format!("{folder}/Cargo.toml"), cargo);
        self.write(&format!("{folder}/src/main.rs"), main);
    }

    /// The command, in an environment that holds nothing but what every test is given.
    ///
    /// Compiled code is shared between tests: it is kept by content, and takes longest to make.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loop"));
        command
            .args(args)
            .current_dir(self.folder())
            .env_clear()
            .env("HOME", self.temp.path().join("home"))
            .env("LOOP_CACHE", loop_test::target_dir().join("cli-cache"))
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    /// The same with the tools of this machine, for builds.
    pub(crate) fn builder(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        let environment = loop_test::environment();
        for name in ["PATH", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN"] {
            command.envs(environment.variable(name).map(|value| (name, value)));
        }
        let home = environment
            .variable("HOME")
            .map(PathBuf::from)
            .unwrap_or_default();
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            if environment.variable(name).is_none() {
                command.env(name, home.join(folder));
            }
        }
        // Where a toolchain stands that was made.
        command.envs(
            environment
                .cache
                .as_ref()
                .map(|cache| ("LOOP_CACHE", cache)),
        );
        command
    }

    /// Runs the command, and shows all that a user sees.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        Self::show(&self.command(args).output().unwrap())
    }

    /// Runs it with the tools of this machine.
    pub(crate) fn build(&self, args: &[&str]) -> String {
        Self::show(&self.builder(args).output().unwrap())
    }

    /// The exit code, standard output and standard error, in this order.
    pub(crate) fn show(output: &Output) -> String {
        let mut text = match output.status.code() {
            Some(code) => format!("exit code {code}\n"),
            None => format!("{}\n", output.status),
        };
        for (title, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                let bytes = String::from_utf8_lossy(bytes);
                writeln!(text, "--- {title}\n{}", bytes.trim_end_matches('\n')).unwrap();
            }
        }
        text
    }

    /// Runs the test with what hides the differences between machines and runs.
    pub(crate) fn filtered(&self, test: impl FnOnce()) {
        let mut settings = insta::Settings::clone_current();
        for folder in [self.folder(), self.temp.path().to_owned()] {
            for path in [folder.canonicalize().unwrap(), folder] {
                let name = if path.ends_with("work") {
                    "[WORK]"
                } else {
                    "[TEMP]"
                };
                settings.add_filter(&escape(path.to_str().unwrap()), name);
            }
        }
        let guests = loop_test::guest("hello");
        settings.add_filter(
            &escape(guests.parent().unwrap().to_str().unwrap()),
            "[GUESTS]",
        );
        settings.add_filter(&escape(loop_test::root().to_str().unwrap()), "[REPOSITORY]");
        settings.add_filter(r"in (\d+ min )?\d+(\.\d)? (ms|s)\b", "in [TIME]");
        settings.add_filter(r"\.(writing|new|clock)-\w{6}", ".$1-[RANDOM]");
        // Other tests build at the same time.
        settings.add_filter(r"(?m)^waiting for another .*\n", "");
        settings.add_filter(r"\bbyte \d+", "byte [N]");
        settings.add_filter(r"\d\d:\d\d:\d\d\.\d{3}", "[TIME]");
        settings.add_filter(r"127\.0\.0\.1:[1-9]\d{4}\b", "127.0.0.1:[PORT]");
        settings.bind(test);
    }
}

/// A text as a regular expression that finds it.
fn escape(text: &str) -> String {
    let special = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '_' | '-');
    text.chars()
        .map(|c| {
            if special(c) {
                format!("\\{c}")
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// A command that is still running.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    seen: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr,
            seen: String::new(),
        }
    }

    /// Waits for a line on standard error that contains this, and gives it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stderr.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "it ended without `{text}`:\n{}", self.seen);
            self.seen.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits until it has written this to standard output.
    pub(crate) fn wait_for_stdout(&mut self, text: &str) {
        let mut got = Vec::new();
        let stdout = self.child.stdout.as_mut().unwrap();
        while !String::from_utf8_lossy(&got).contains(text) {
            let mut byte = [0];
            assert_ne!(
                stdout.read(&mut byte).unwrap(),
                0,
                "it ended without `{text}`"
            );
            got.extend(byte);
        }
    }

    /// Waits for the first line on standard output, and gives it without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = Vec::new();
        let stdout = self.child.stdout.as_mut().unwrap();
        loop {
            let mut byte = [0];
            let read = stdout.read(&mut byte).unwrap();
            assert_ne!(read, 0, "it ended without a line");
            if byte == *b"\n" {
                return String::from_utf8(line).unwrap();
            }
            line.extend(byte);
        }
    }

    /// The address that it says it serves on.
    pub(crate) fn address(&mut self) -> String {
        let line = self.wait_for("serving http://");
        let (_, rest) = line.split_once("http://").unwrap();
        rest.split('/').next().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for the end, and gives it with what was not read before.
    pub(crate) fn finish(mut self) -> Output {
        let mut stderr = std::mem::take(&mut self.seen).into_bytes();
        self.stderr.read_to_end(&mut stderr).unwrap();
        let mut stdout = Vec::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_end(&mut stdout)
            .unwrap();
        Output {
            status: self.child.wait().unwrap(),
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
