//! What is started, and what is not.

use suite::{fails, gives, is};

use crate::loop_::process::children::{Child, Command, ExecError, Folder, SpawnError, exec};
use crate::{Case, LONG, PIPES, all, command, script, start, variable};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what is not granted is denied", not_granted),
    ("what is granted and not there", missing),
    ("texts that no program can be given", bad_texts),
    ("there are not too many bytes", too_large),
    ("there are not too many children", too_many),
];

fn spawn_fails(what: &str, command: &Command, expected: SpawnError) -> Result<(), String> {
    fails(what, Child::spawn(command, PIPES).map(drop), expected)
}

fn not_granted(_: &()) -> Result<(), String> {
    for program in ["", "ls", "/bin/sh", "./sh", "../sh", "sh ", "SH", "/"] {
        spawn_fails(program, &command(program, &[]), SpawnError::Denied)?;
    }
    let mut with = script("true");
    for (name, value) in [
        ("LD_PRELOAD", Some("x")),
        ("PATH", Some("/")),
        ("PATH", None),
        ("GREETING", None),
    ] {
        with.variables = vec![variable(name, value)];
        spawn_fails(name, &with, SpawnError::Denied)?;
    }
    // Granted for `sh`, and not for others.
    let mut with = command("cat", &[]);
    with.variables = vec![variable("GREETING", Some("x"))];
    spawn_fails("another program", &with, SpawnError::Denied)?;
    let mut within = script("true");
    for root in ["", "other", "/", ".", "data/", "../data"] {
        let root = root.to_owned();
        let path = String::new();
        within.folder = Some(Folder { root, path });
        spawn_fails("another folder", &within, SpawnError::Denied)?;
    }
    Ok(())
}

fn missing(_: &()) -> Result<(), String> {
    spawn_fails("missing", &command("missing", &[]), SpawnError::NotFound)
}

fn bad_texts(_: &()) -> Result<(), String> {
    let check = |command: &Command| match Child::spawn(command, PIPES).map(drop) {
        Err(SpawnError::Invalid(why)) if !why.is_empty() => Ok(()),
        got => Err(format!("{command:?}: {got:?}")),
    };
    check(&command("sh\0", &[]))?;
    check(&command("sh", &["-c", "a\0b"]))?;
    let mut with = script("true");
    for (name, value) in [
        ("", Some("x")),
        ("", None),
        ("A=B", Some("x")),
        ("=", None),
        ("A\0", Some("x")),
        ("GREETING", Some("\0")),
    ] {
        with.variables = vec![variable(name, value)];
        check(&with)?;
    }
    let mut within = script("true");
    within.folder = Some(Folder {
        root: "data".to_owned(),
        path: "a\0b".to_owned(),
    });
    check(&within)
}

fn too_large(_: &()) -> Result<(), String> {
    // With the program's name, and the byte that ends each text.
    let echo = ["-c", "echo ${#1}", "sh"];
    let most = 131_072 - "sh -c echo ${#1} sh ".len() - 1;
    let long = "x".repeat(most + 1);
    let command = |argument| command("sh", &[&echo[..], &[argument]].concat());
    let finished = gives("as large", exec(&command(&long[1..]), &[], LONG))?;
    is("length", finished.stdout, format!("{most}\n").into_bytes())?;
    spawn_fails("larger", &command(&long), SpawnError::TooLarge(131_072))?;
    let mut with = script("true");
    with.variables = vec![variable("GREETING", Some(&long))];
    spawn_fails("a variable", &with, SpawnError::TooLarge(131_072))?;
    let many = vec![""; 131_072];
    let many = crate::command("sh", &many);
    spawn_fails("many", &many, SpawnError::TooLarge(131_072))
}

fn too_many(_: &()) -> Result<(), String> {
    let mut children = Vec::new();
    for _ in 0..32 {
        children.push(start("read line")?);
    }
    spawn_fails("one more", &script("true"), SpawnError::TooMany(32))?;
    let none_more = exec(&script("true"), &[], LONG).map(drop);
    let too_many = ExecError::Spawn(SpawnError::TooMany(32));
    fails("one more", none_more, too_many)?;
    // One that ended counts until it is dropped.
    if let Some(child) = children.last() {
        child.kill();
        all(child)?;
    }
    spawn_fails("after an end", &script("true"), SpawnError::TooMany(32))?;
    children.pop();
    children.push(gives("after a drop", Child::spawn(&script("true"), PIPES))?);
    Ok(())
}
