//! Programs that run from beginning to end.

use suite::{fails, gives, is};

use crate::loop_::process::children::{Command, ExecError, Folder, SpawnError, Status, exec};
use crate::{Case, LONG, SHORT, command, script, text, variable};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what it writes is collected", collected),
    ("how it ends is told", status),
    ("it reads its input", input),
    ("it need not read its input", unread),
    ("it gets its name and its arguments", name),
    ("its variables are those that are named", variables),
    ("its folder is the root", no_folder),
    ("its folder is below a granted one", folder),
    ("it has a time", time),
    ("it does not write without end", endless),
    ("what was not started says why", not_started),
];

/// Runs a script; what it wrote to standard output.
fn output(of: &str) -> Result<String, String> {
    let finished = gives(of, exec(&script(of), &[], LONG))?;
    text(finished.stdout)
}

fn collected(_: &()) -> Result<(), String> {
    let finished = gives("exec", exec(&script("echo out; echo err >&2"), &[], LONG))?;
    is("stdout", text(finished.stdout)?, "out\n".to_owned())?;
    is("stderr", text(finished.stderr)?, "err\n".to_owned())
}

fn status(_: &()) -> Result<(), String> {
    let check = |of: &str, expected: Status| {
        let finished = gives(of, exec(&script(of), &[], LONG))?;
        let status = format!("{:?}", finished.status);
        is(of, status, format!("{expected:?}"))
    };
    check("exit 0", Status::Exited(0))?;
    check("exit 3", Status::Exited(3))?;
    check("exit 255", Status::Exited(255))?;
    check("kill -s TERM $$", Status::Killed(15))?;
    check("kill -s KILL $$", Status::Killed(9))
}

fn input(_: &()) -> Result<(), String> {
    for size in [0, 1, 65_536, 65_537, 300_000] {
        let input = vec![b'x'; size];
        let finished = gives("exec", exec(&command("cat", &[]), &input, LONG))?;
        is("bytes", finished.stdout.len(), size)?;
        is("the same", finished.stdout == input, true)?;
    }
    Ok(())
}

fn unread(_: &()) -> Result<(), String> {
    let input = vec![b'x'; 300_000];
    let finished = gives("exec", exec(&script("echo done"), &input, LONG))?;
    is("stdout", text(finished.stdout)?, "done\n".to_owned())
}

fn name(_: &()) -> Result<(), String> {
    is("its own", output("echo $0")?, "sh\n".to_owned())?;
    let print = "printf '[%s]' \"$@\"";
    let arguments = ["-c", print, "name", "a b", "", "*", "-x", "\u{e9}\n"];
    let finished = gives("exec", exec(&command("sh", &arguments), &[], LONG))?;
    let expected = "[a b][][*][-x][\u{e9}\n]";
    is("arguments", text(finished.stdout)?, expected.to_owned())
}

fn variables(_: &()) -> Result<(), String> {
    let mut print = script("echo ${GREETING-none} ${OTHER-none} ${HOME-none}");
    let check = |print: &Command, expected: &str| {
        let finished = gives("exec", exec(print, &[], LONG))?;
        is("stdout", text(finished.stdout)?, format!("{expected}\n"))
    };
    check(&print, "none none none")?;
    print.variables = vec![
        variable("GREETING", Some("good day")),
        variable("OTHER", Some("")),
    ];
    check(&print, "good day none")?;
    print.variables.push(variable("GREETING", Some("hello")));
    check(&print, "hello none")?;
    // All that it sees, beside the host's own one.
    let finished = gives("exec", exec(&command("env", &[]), &[], LONG))?;
    let all = text(finished.stdout)?;
    let others: Vec<&str> = all
        .lines()
        .filter(|line| !line.starts_with("LOOP_CHILD="))
        .collect();
    is("variables", others, Vec::new())
}

fn no_folder(_: &()) -> Result<(), String> {
    is("pwd", output("pwd")?, "/\n".to_owned())
}

fn folder(_: &()) -> Result<(), String> {
    let below = |root: &str, path: &str| {
        Some(Folder {
            root: root.to_owned(),
            path: path.to_owned(),
        })
    };
    let mut make =
        script("mkdir -p inner && echo here > inner/file && ln -sfn / out && ln -sfn inner in");
    make.folder = below("data", "");
    gives("exec", exec(&make, &[], LONG))?;
    let mut show = script("cat file");
    for path in ["inner", "./inner/", "inner/../inner", "in"] {
        show.folder = below("data", path);
        let finished = gives(path, exec(&show, &[], LONG))?;
        is(path, text(finished.stdout)?, "here\n".to_owned())?;
    }
    let mut fails = |path: &str, code: &str| {
        show.folder = below("data", path);
        match exec(&show, &[], LONG) {
            Err(ExecError::Spawn(SpawnError::Failed(error))) => is(path, error.name(), code),
            got => Err(format!("{path}: {got:?}")),
        }
    };
    fails("inner/file", "not-directory")?;
    fails("nowhere", "no-entry")?;
    fails("..", "not-permitted")?;
    fails("inner/../..", "not-permitted")?;
    fails("out", "not-permitted")?;
    fails("/", "not-permitted")?;
    fails(&"x".repeat(5_000), "name-too-long")
}

fn time(_: &()) -> Result<(), String> {
    let slow = exec(&script("echo begun; sleep 60"), &[], SHORT);
    fails("slow", slow, ExecError::TimedOut)?;
    // What it started is gone with it, so the pipe that they share has no other end.
    let slow = exec(&script("sleep 60 & sleep 60"), &[], SHORT);
    fails("with others", slow, ExecError::TimedOut)
}

fn endless(_: &()) -> Result<(), String> {
    let flood = script(
        "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done",
    );
    fails(
        "stdout",
        exec(&flood, &[], LONG),
        ExecError::TooLarge(16 << 20),
    )
}

fn not_started(_: &()) -> Result<(), String> {
    let missing = exec(&command("missing", &[]), &[], LONG);
    fails("missing", missing, ExecError::Spawn(SpawnError::NotFound))?;
    let denied = exec(&command("ls", &[]), &[], LONG);
    fails("denied", denied, ExecError::Spawn(SpawnError::Denied))
}
