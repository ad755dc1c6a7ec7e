//! What is written down: logs, the audit file, what was learned, metrics.

use std::io::{Read, Write};
use std::net::TcpListener;

use insta::assert_snapshot;

use crate::{Sandbox, guest};

#[test]
fn records_are_lines_with_their_component() {
    let sandbox = Sandbox::new();
    let guest = guest("core-logging");
    let run = |args: &[&str]| {
        let mut all = vec!["run", guest.as_str()];
        all.extend(args);
        all.extend(["--", "records"]);
        sandbox.run(&all)
    };
    sandbox.filtered(|| {
        assert_snapshot!(run(&[]), @"
        exit code 0
        --- stdout
        Level::Trace false
        Level::Info true
        --- stderr
        [TIME] info  core-logging: served path=/index.html share=0.5 cached=true
        [TIME] warn  core-logging: odd thing
        [TIME] error core-logging: broken
        ");
        assert_snapshot!(run(&["--log", "core-logging=error"]), @"
        exit code 0
        --- stdout
        Level::Trace false
        Level::Info true
        --- stderr
        [TIME] error core-logging: broken
        ");
        assert_snapshot!(run(&["--log", "loud"]), @"
        exit code 2
        --- stderr
        error: `loud` is not a level, which is one of trace, debug, info, warn, error, off
        ");
    });
}

#[test]
fn records_as_json() {
    let sandbox = Sandbox::new();
    let args = [
        "run",
        &guest("core-logging"),
        "--log-format",
        "json",
        "--",
        "records",
    ];
    let output = sandbox
        .command(&args)
        .env("LOOP_LOG", "warn")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let records: Vec<serde_json::Value> = stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 2, "{stderr}");
    assert_eq!(records[0]["level"], "warn");
    assert_eq!(records[0]["component"], "core-logging");
    assert_eq!(records[1]["message"], "broken");
}

#[test]
fn every_decision_is_in_the_audit_file() {
    let sandbox = Sandbox::new();
    let grant = "env = [\"LANG\"]";
    let args = [
        "run",
        &guest("tcp-connect"),
        "--audit",
        "audit.jsonl",
        "--grant",
        grant,
        "--",
        "127.0.0.1:4321",
    ];
    sandbox.command(&args).env("LANG", "de").output().unwrap();
    let lines: Vec<serde_json::Value> = sandbox
        .read("audit.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines
            .iter()
            .all(|line| line["time"].is_string() && line["component"] == "tcp-connect")
    );
    let decisions: Vec<_> = lines
        .iter()
        .map(|line| (&line["request"]["kind"], &line["decision"]))
        .collect();
    let pair = |kind: &str, decision: &str| (serde_json::json!(kind), serde_json::json!(decision));
    for (kind, decision) in [pair("variable", "allow"), pair("connect", "deny")] {
        assert!(decisions.contains(&(&kind, &decision)), "{decisions:?}");
    }
}

#[test]
fn what_was_used_is_learned() {
    let sandbox = Sandbox::new();
    sandbox.write("notes/a.txt", "text");
    sandbox.write("other/a.txt", "text");
    let grants = "fs = [{ name = \"notes\", path = \"notes\" }, { name = \"other\", path = \"other\" }]\nnet.connect = [\"10.0.0.0/8:*\"]";
    let run = |learn: &str| {
        sandbox.run(&[
            "run",
            &guest("read-file"),
            "--grant",
            grants,
            learn,
            "--",
            "notes/a.txt",
        ])
    };
    sandbox.filtered(|| {
        assert_snapshot!(run("--learn"), @r#"
        exit code 0
        --- stdout
        text
        --- stderr
        the least that this run needed:
        [app.read-file.component.read-file]
        grants = { fs = [{ name = "notes", path = "notes", access = "read" }] }
        "#);
        assert_snapshot!(run("--learn=learned.toml"), @"
        exit code 0
        --- stdout
        text
        ");
        assert_snapshot!(sandbox.read("learned.toml"), @r#"
        [app.read-file.component.read-file]
        grants = { fs = [{ name = "notes", path = "notes", access = "read" }] }
        "#);
    });
}

#[test]
fn metrics_are_written_at_the_end() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&[
        "run",
        &guest("core-metrics"),
        "--metrics",
        "metrics.txt",
        "--",
        "count",
    ]);
    let metrics = sandbox.read("metrics.txt");
    assert!(
        metrics.contains("# TYPE ") && metrics.contains("component=\"core-metrics\""),
        "{shown}{metrics}"
    );
}

#[test]
fn a_seed_makes_runs_the_same() {
    let sandbox = Sandbox::new();
    let random = guest("core-random");
    let run = |seed: &str| sandbox.run(&["run", &random, "--seed", seed]);
    assert_eq!(run("7"), run("7"));
    assert_ne!(run("7"), run("8"));
}

#[test]
fn a_collector_gets_logs_spans_and_metrics() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", collector.local_addr().unwrap());
    let taken = std::thread::spawn(move || {
        let mut taken = std::collections::BTreeMap::new();
        while taken.len() < 2 {
            let (path, body) = take_request(&collector);
            taken.insert(path, body);
        }
        taken
    });
    let sandbox = Sandbox::new();
    let args = ["run", &guest("core-logging"), "--otlp", &url, "--", "spans"];
    let shown = sandbox.run(&args);
    assert!(shown.starts_with("exit code 0\n"), "{shown}");
    let taken = taken.join().unwrap();
    let logs = &taken["/v1/logs"]["resourceLogs"][0];
    assert_eq!(
        logs["resource"]["attributes"][0]["value"]["stringValue"],
        "core-logging"
    );
    let record = &logs["scopeLogs"][0]["logRecords"][0];
    let span = &taken["/v1/traces"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(record["traceId"], span["traceId"], "{record} {span}");
    assert_eq!(record["traceId"].as_str().unwrap().len(), 32);
}

#[test]
fn a_collector_that_is_not_there_is_a_warning() {
    let sandbox = Sandbox::new();
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{nobody}");
    let guest = guest("core-metrics");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest, "--otlp", &url, "--", "bad"]), @r#"
        exit code 0
        --- stdout
        OpenError::InvalidName("Requests")
        OpenError::InvalidName("")
        OpenError::InvalidName("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…")
        OpenError::InvalidUnit("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa…")
        OpenError::InvalidLabel("component")
        OpenError::InvalidLabel("a")
        OpenError::TooManyLabels(8)
        opened
        OpenError::Conflict("as a counter")
        OpenError::InvalidBounds
        OpenError::InvalidBounds
        --- stderr
        warning: the collector has not taken a request (error: cannot connect to the collector at http://127.0.0.1:[PORT]/: Connection refused (os error 111))
        "#);
        assert_snapshot!(sandbox.run(&["run", &guest, "--otlp", "127.0.0.1:4317"]), @"
        exit code 2
        --- stderr
        error: `127.0.0.1:4317` is not the URL of a collector, which looks like http://127.0.0.1:4318
        ");
    });
}

#[test]
fn a_collector_that_does_not_answer_does_not_hold_up_the_run() {
    let sandbox = Sandbox::new();
    // Connections wait here to be accepted.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let guest = guest("core-logging");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", &guest, "--otlp", &url, "--", "records"]), @"
        exit code 0
        --- stdout
        Level::Trace false
        Level::Info true
        --- stderr
        [TIME] info  core-logging: served path=/index.html share=0.5 cached=true
        [TIME] warn  core-logging: odd thing
        [TIME] error core-logging: broken
        warning: the collector has not taken a request (error: the collector has not answered in time)
        warning: records and spans that did not reach the collector: 3
        ");
    });
}

/// Answers one request, and gives its path and its body.
fn take_request(listener: &TcpListener) -> (String, serde_json::Value) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut got = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let size = stream.read(&mut chunk).unwrap();
        got.extend(&chunk[..size]);
        let text = String::from_utf8_lossy(&got);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                .unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            return (path, serde_json::from_str(body).unwrap());
        }
    }
}
