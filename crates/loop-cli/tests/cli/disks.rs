//! Disks that are full or can only be read. Where this machine does not let a test mount one, the test says so.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::{Sandbox, guest};

/// Runs the command with a disk of its own mounted on a folder, in a name space of its own.
fn on_disk(
    sandbox: &Sandbox,
    options: &str,
    folder: &Path,
    fill: &str,
    args: &[&str],
) -> Option<String> {
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs \"$1\" || exit 99\n{fill}\nmount -o remount,{options} \"$1\" || exit 99\nshift\nexec \"$@\""
    );
    let command = sandbox.builder(args);
    let mut mounted = Command::new("unshare");
    mounted
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &script,
            "sh",
        ])
        .arg(folder)
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(sandbox.folder())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    match mounted.output() {
        Ok(output) if output.status.code() != Some(99) && !cannot_unshare(&output.stderr) => {
            Some(Sandbox::show(&output))
        }
        failed => {
            eprintln!("skipped: this machine does not let a test mount a disk: {failed:?}");
            None
        }
    }
}

fn cannot_unshare(stderr: &[u8]) -> bool {
    String::from_utf8_lossy(stderr).starts_with("unshare:")
}

#[test]
fn a_build_on_a_full_disk() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("w")).unwrap();
    let fill = "mkdir -p \"$1/src\" && echo 'fn main() {}' > \"$1/src/main.rs\"
printf '[package]\\nname = \"w\"\\nversion = \"0.1.0\"\\nedition = \"2024\"\\n' > \"$1/Cargo.toml\"
head -c 100000 /dev/zero > \"$1/fill\" 2>/dev/null; true";
    if let Some(shown) = on_disk(&sandbox, "rw", &sandbox.path("w"), fill, &["build", "w"]) {
        sandbox.filtered(|| {
            assert_snapshot!(shown, @r#"
            exit code 114
            --- stderr
            error: [WORK]/w/.loop/.gitignore cannot be used
              caused by: No space left on device (os error 28) at path "[WORK]/w/.loop/.writing-[RANDOM]"
            hint: free some room on the disk
            "#);
        });
    }
}

#[test]
fn a_build_on_a_disk_that_can_only_be_read() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("w")).unwrap();
    let fill = "mkdir -p \"$1/src\" && echo 'fn main() {}' > \"$1/src/main.rs\"
printf '[package]\\nname = \"w\"\\nversion = \"0.1.0\"\\nedition = \"2024\"\\n' > \"$1/Cargo.toml\"";
    if let Some(shown) = on_disk(&sandbox, "ro", &sandbox.path("w"), fill, &["build", "w"]) {
        sandbox.filtered(|| {
            assert_snapshot!(shown, @"
            exit code 114
            --- stderr
            error: [WORK]/w/.loop/build cannot be used
              caused by: Read-only file system (os error 30)
            hint: builds write to `.loop` in the workspace: it must be writable
            ");
        });
    }
}

#[test]
fn a_scaffold_on_a_disk_that_can_only_be_read() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("disk")).unwrap();
    if let Some(shown) = on_disk(
        &sandbox,
        "ro",
        &sandbox.path("disk"),
        "",
        &["new", "disk/w"],
    ) {
        sandbox.filtered(|| {
            assert_snapshot!(shown, @r#"
            exit code 116
            --- stderr
            error: disk cannot be used
              caused by: Read-only file system (os error 30) at path "[WORK]/disk/.new-[RANDOM]"
            hint: the disk can only be read: name another place
            "#);
        });
    }
}

#[test]
fn a_cache_that_cannot_be_written_costs_nothing_but_time() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("cache")).unwrap();
    let hello = guest("hello");
    let script_args = ["run", hello.as_str()];
    let mut command = sandbox.command(&script_args);
    command.env("LOOP_CACHE", "/dev/null/cache");
    let output = command.output().unwrap();
    sandbox.filtered(|| assert_snapshot!(Sandbox::show(&output), @"
    exit code 0
    --- stdout
    hello, world
    --- stderr
    warning: compiled code is not cached (folder: /dev/null/cache/compiled, error: Not a directory (os error 20))
    "));
}

#[test]
fn files_that_were_asked_for_on_a_full_disk() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        eprintln!("skipped: there is no /dev/full");
        return;
    }
    let sandbox = Sandbox::new();
    let hello = guest("hello");
    let env = ["--grant", "env = [\"HOME\"]"];
    let run = |flag: &str| sandbox.run(&["run", &hello, flag, env[0], env[1]]);
    sandbox.filtered(|| {
        assert_snapshot!(run("--audit=/dev/full"), @"
        exit code 0
        --- stdout
        hello, world
        --- stderr
        warning: the audit file `/dev/full` is not complete: No space left on device (os error 28)
        ");
        assert_snapshot!(run("--learn=/dev/full"), @"
        exit code 116
        --- stdout
        hello, world
        --- stderr
        error: cannot write `/dev/full`
          caused by: No space left on device (os error 28)
        hint: free some room on the disk
        ");
    });
}

#[test]
fn data_on_a_full_disk() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: there is no /dev/full");
        return;
    };
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["schema"]).stdout(full).output().unwrap();
    sandbox.filtered(|| {
        assert_snapshot!(Sandbox::show(&output), @"
        exit code 116
        --- stderr
        error: cannot write to standard output
          caused by: No space left on device (os error 28)
        hint: free some room on the disk
        ");
    });
}
