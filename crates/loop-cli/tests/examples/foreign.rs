//! Components that other tools made, run unchanged: `tests/foreign`.
//!
//! Those that need a tool are built once, and again when their sources, their WIT or the script changes. Where a tool
//! cannot be had the test says so on standard error, and has nothing more to say.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::copy::{lock, looped, place, text};
use crate::served::{Served, free_address};

/// What the script ends with where a tool is not there and cannot be installed.
const UNAVAILABLE: i32 = 69;

/// The folder of the sources.
fn sources() -> PathBuf {
    loop_test::root().join("tests/foreign")
}

/// The folder with the components that a tool makes of `language`, built if need be; nothing if the tool is not there.
fn built(language: &str, names: &[&str]) -> Option<PathBuf> {
    let _lock = lock(&format!("foreign-{language}"));
    let out = place("foreign");
    let stamp = out.join(format!("{language}.stamp"));
    let made_of = made_of(language);
    let there = names
        .iter()
        .all(|name| out.join(format!("{name}.wasm")).is_file());
    if there && fs::read(&stamp).ok().as_ref() == Some(&made_of) {
        return Some(out);
    }
    let mut script = Command::new("sh");
    script.arg(sources().join("build.sh")).arg(&out).args(names);
    let output = script.stdin(Stdio::null()).output().unwrap();
    let said = text(&output.stderr);
    if output.status.code() == Some(UNAVAILABLE) {
        eprintln!("SKIPPED: components of {language} cannot be built here\n{said}");
        return None;
    }
    assert!(output.status.success(), "{said}");
    fs::write(stamp, made_of).unwrap();
    Some(out)
}

/// All that the components of a language are made of, one file after the other.
fn made_of(language: &str) -> Vec<u8> {
    let mut open = vec![
        sources().join(language),
        loop_test::root().join("wit/vendor"),
    ];
    let mut files = vec![sources().join("build.sh")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut open } else { &mut files }.push(path);
        }
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        all.extend(file.to_str().unwrap().as_bytes());
        all.extend(fs::read(file).unwrap());
    }
    all
}

/// `loop run`, with compiled code kept among what is made here.
///
/// A Python is large: Winch compiles it in a fifth of the time. The others show that Cranelift does as well.
fn run(folder: &Path, component: &str, more: &[&str]) -> Command {
    let is_large = fs::metadata(folder.join(component)).unwrap().len() > 8 << 20;
    let compiler: &[&str] = if is_large { &["--winch"] } else { &[] };
    let mut command = looped(folder, &[&["run", component], compiler, more].concat());
    command.env("LOOP_CACHE", place("foreign").join("cache"));
    command
}

/// Runs it with this input.
fn with_input(command: &mut Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn prints(output: &Output, expected: &str) {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(stdout, expected, "{stderr}");
    assert!(output.status.success(), "{stderr}");
}

/// A command of WASI 0.2 that greets, and prints a file of a folder that is granted as `notes`.
fn reads_a_file(component: &Path, language: &str, file: &str) {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("notes")).unwrap();
    fs::write(temp.path().join("notes/a.txt"), "from a file\n").unwrap();
    let component = component.to_str().unwrap();
    let greeting = format!("hello from {language}, Ada\n");
    let output = run(temp.path(), component, &["--", "Ada"]).output();
    prints(&output.unwrap(), &greeting);

    let grant = ["--grant", "fs = [{ name = \"notes\", path = \"./notes\" }]"];
    let args = ["--", "Ada", file];
    let output = run(temp.path(), component, &[&grant, args.as_slice()].concat()).output();
    prints(&output.unwrap(), &format!("{greeting}from a file\n"));

    let output = run(temp.path(), component, &args).output().unwrap();
    assert!(!output.status.success(), "it read a file without a grant");
    assert!(!text(&output.stdout).contains("from a file"));
}

/// A server that says what it was asked for.
fn serves(component: &Path, language: &str) {
    let address = free_address().to_string();
    let grant = format!("net.listen = [\"{address}\"]");
    let args = ["--listen", &address, "--grant", &grant];
    let mut command = run(&place("foreign"), component.to_str().unwrap(), &args);
    let served = Served::start(&mut command).unwrap();
    for (answer, asked) in [
        (served.get("/path?x=y"), "get /path?x=y"),
        (served.post("/"), "post /"),
    ] {
        assert_eq!(answer.status, 200);
        let expected = format!("{language} serves {asked}\n");
        assert!(answer.body.contains(&expected), "{answer:?}");
    }
}

/// Components without a tool: text, as the name without its ending.
fn encoded(name: &str) -> PathBuf {
    let _lock = lock("foreign-wat");
    let bytes = wat::parse_file(sources().join("wat").join(format!("{name}.wat"))).unwrap();
    let component = place("foreign").join(format!("{name}.wasm"));
    fs::write(&component, bytes).unwrap();
    component
}

#[test]
fn text_of_wasi_0_2() {
    let component = encoded("hello");
    let output = run(&place("foreign"), component.to_str().unwrap(), &[]).output();
    prints(&output.unwrap(), "hello from text\n");
}

#[test]
fn text_of_wasi_0_3() {
    let component = encoded("hello-p3");
    let exit_code = |args: &[&str]| {
        let output = run(&place("foreign"), component.to_str().unwrap(), args)
            .output()
            .unwrap();
        assert_eq!(text(&output.stderr), "");
        output.status.code()
    };
    assert_eq!(exit_code(&["--", "Ada"]), Some(0));
    assert_eq!(exit_code(&[]), Some(1));
}

#[test]
fn javascript() {
    let Some(made) = built("js", &["js-cli-p2", "js-cli-p3", "js-http-p3"]) else {
        return;
    };
    reads_a_file(&made.join("js-cli-p2.wasm"), "JavaScript", "a.txt");
    let mut command = run(&made, "js-cli-p3.wasm", &["--", "Ada"]);
    let output = with_input(&mut command, "copied\n");
    prints(&output, "hello from JavaScript, Ada\ncopied\n");
    serves(&made.join("js-http-p3.wasm"), "JavaScript");
}

#[test]
fn python_of_wasi_0_2() {
    let Some(made) = built("python", &["py-cli-p2", "py-http-p2", "py-http-p3"]) else {
        return;
    };
    reads_a_file(&made.join("py-cli-p2.wasm"), "Python", "notes/a.txt");
    serves(&made.join("py-http-p2.wasm"), "Python");
}

#[test]
fn python_of_wasi_0_3() {
    let Some(made) = built("python", &["py-cli-p2", "py-http-p2", "py-http-p3"]) else {
        return;
    };
    serves(&made.join("py-http-p3.wasm"), "Python");
}
