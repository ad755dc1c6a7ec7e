//! Programs that a component starts: what is told of them, and that none outlives `loop`.

use insta::assert_snapshot;
use loop_test::Process;
use rustix::process::Signal;

use crate::sandbox::Running;
use crate::{Sandbox, guest};

const SH: &str = r#"process = ["/bin/sh"]"#;

/// Where programs are found by name.
const PATH: &str = "/usr/bin:/bin";

/// What the scripts begin with: nothing that a terminal or a careful person sends ends them. A process in the background, one
/// that left its group as servers do, and the script itself have their numbers in the first line.
const FAMILY: &str = "trap '' HUP INT QUIT TERM; sleep 600 & \
    away=$(setsid sh -c 'sleep 600 > /dev/null 2>&1 & echo $!'); echo $! $away $$;";

#[test]
fn none_outlives_the_host() {
    let sandbox = Sandbox::new();
    let guest = guest("process-try");
    // One that waits, and one that writes without end into pipes that nobody reads.
    for (script, signal) in [
        ("sleep 600", Signal::KILL),
        ("while :; do echo flood; done", Signal::KILL),
        ("sleep 600", Signal::TERM),
        ("while :; do echo flood; done", Signal::INT),
    ] {
        let script = format!("{FAMILY} {script}");
        let args = [
            "run",
            &guest,
            "--trusted",
            "--grant",
            SH,
            "--",
            "hold",
            "/bin/sh",
            "-c",
            &script,
        ];
        let mut running = Running::start(&mut sandbox.command(&args));
        let line = running.line();
        let family: Vec<_> = line.split(' ').map(Process::of).collect();
        assert_eq!(family.len(), 3, "{line}");
        running.signal(signal);
        for process in family {
            process.ends();
        }
    }
}

#[test]
fn none_outlives_a_host_that_ends_by_itself() {
    let sandbox = Sandbox::new();
    let script = format!("{FAMILY} sleep 600");
    let guest = guest("process-try");
    let args = [
        "run",
        &guest,
        "--trusted",
        "--grant",
        SH,
        "--",
        "abandon",
        "/bin/sh",
        "-c",
        &script,
    ];
    let output = sandbox.command(&args).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for number in said.trim().split(' ') {
        Process::of(number).ends();
    }
}

#[test]
fn what_a_check_finds() {
    let sandbox = Sandbox::with_manifest(
        r#"[app.tasks]
[app.tasks.component.tasks]
use = "tasks.wasm"
grants = { process = ["sh", { program = "no-such-program", args = ["a"] }, { program = "sh", args = ["b"] }] }
"#,
    );
    sandbox.copy_guest("process-try", "tasks.wasm");
    let check = || {
        Sandbox::show(
            &sandbox
                .command(&["check"])
                .env("PATH", PATH)
                .output()
                .unwrap(),
        )
    };
    sandbox.filtered(|| {
        assert_snapshot!(check(), @"
        exit code 1
        --- stdout
        note: `tasks` is granted the program `no-such-program`, which is not there
        hint: install it, put its folder into `PATH`, or grant its absolute path
        --- stderr
        error: `tasks` is granted the program `no-such-program`, and is not trusted
        hint: write `trusted = true` beside its grants
        error: `tasks` is granted the program `sh`, and is not trusted
        hint: write `trusted = true` beside its grants
        ");
    });
    let trusted = sandbox.read("loop.toml") + "trusted = true\n";
    sandbox.write(
        "loop.toml",
        trusted.replace(", { program = \"no-such-program\", args = [\"a\"] }", ""),
    );
    sandbox.filtered(|| {
        assert_snapshot!(check(), @"
        exit code 0
        --- stderr
        `tasks` fits together: 1 component
        ");
    });
}

#[test]
fn what_is_learned_and_written() {
    let sandbox = Sandbox::new();
    let guest = guest("process-try");
    let args = [
        "run",
        &guest,
        "--trusted",
        "--grant",
        r#"process = [{ program = "sh", env = ["A"] }]"#,
        "--learn",
        "--audit",
        "audit.jsonl",
        "--",
        "exec",
        "A=1",
        "sh",
        "-c",
        "exit 3",
    ];
    let output = sandbox.command(&args).env("PATH", PATH).output().unwrap();
    let output = Sandbox::show(&output);
    sandbox.filtered(|| {
        assert_snapshot!(output, @r#"
        exit code 0
        --- stdout
        Status::Exited(3)
        --- stderr
        the least that this run needed:
        [app.process-try.component.process-try]
        grants = { process = [{ program = "sh", args = ["-c", "exit 3"], env = ["A"] }] }
        "#);
    });
    let audit = sandbox.read("audit.jsonl");
    let line = audit.lines().find(|line| line.contains("spawn")).unwrap();
    let (_, line) = line.split_once("\"component\"").unwrap();
    assert_snapshot!(line, @r#":"process-try","request":{"kind":"spawn","program":"sh","arguments":["-c","exit 3"],"variables":["A"]},"decision":"allow","by":"process = [{ program = \"sh\", env = [\"A\"] }]"}"#);
}

#[test]
fn what_a_guard_starts_for_others() {
    let sandbox = Sandbox::with_manifest(
        r#"[app.tasks]
[app.tasks.component.tasks]
use = "tasks.wasm"

[app.tasks.provide."loop:process/children"]
use = "guard.wasm"
trusted = true
grants = { process = [{ program = "sh", args = ["-c", "echo $0"] }] }
"#,
    );
    sandbox.copy_guest("process-try", "tasks.wasm");
    let guard = std::fs::read(loop_test::provider("process-guard"));
    sandbox.write("guard.wasm", guard.unwrap());
    let run = |script: &str| {
        let args = ["run", "--", "exec", "sh", "-c", script];
        Sandbox::show(&sandbox.command(&args).env("PATH", PATH).output().unwrap())
    };
    sandbox.filtered(|| {
        assert_snapshot!(run("echo $0"), @r#"
        exit code 0
        --- stdout
        sh
        Status::Exited(0)
        --- stderr
        [TIME] info  loop:process/children: started program=sh arguments="-c echo $0"
        "#);
        assert_snapshot!(run("exit 7"), @r#"
        exit code 1
        --- stdout
        SpawnError::Denied
        --- stderr
        denied: `loop:process/children` may not start the program `sh -c 'exit 7'`: `process` grants this program with other arguments only
        hint: to allow it, write at loop.toml:8, under [app.tasks.provide."loop:process/children"]:
              grants = { process = [{ program = "sh", args = ["-c", "echo $0"] }, { program = "sh", args = ["-c", "exit 7"] }] }
        [TIME] warn  loop:process/children: not started: ExecError::Spawn(SpawnError::Denied) program=sh arguments="-c exit 7"
        "#);
    });
}
