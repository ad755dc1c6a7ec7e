//! `loop bench`: that it measures, and what it says. The figures are those of `cargo xtask bench`.

use insta::assert_snapshot;
use rustix::process::Signal;

use crate::Sandbox;
use crate::sandbox::Running;

/// The rows of a table, without their figures.
fn rows(shown: &str) -> Vec<&str> {
    let rows = shown.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

#[test]
fn figures_are_printed_and_written() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&[
        "bench",
        "transports",
        "--rounds=1",
        "--only=unix/64B/",
        "--only=shm/record-20/free",
        "--json=f.json",
        "--csv=f.csv",
        "--html=f.html",
    ]);
    let names = [
        "unix/64B/free",
        "unix/64B/64-callers",
        "unix/64B/pinned",
        "shm/record-20/free",
    ];
    assert_eq!(rows(&shown), names, "{shown}");
    let read = |file| std::fs::read_to_string(sandbox.path(file)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("f.json")).unwrap();
    for (row, name) in json.as_array().unwrap().iter().zip(names) {
        assert_eq!(row["name"], name);
        for figure in ["p50", "p99", "p999", "calls_per_second", "bytes_per_second"] {
            assert!(row[figure].as_f64().unwrap() > 0.0, "{name}: {figure}");
        }
        let alone = row["callers"] == 1;
        assert_eq!(row["spans"].is_object(), alone, "{name}");
        assert_eq!(row["wire"].is_f64(), alone, "{name}");
        assert!(row["ratio"].as_f64().unwrap() > 0.0, "{name}");
    }
    let kernel = json[0]["spans"]["kernel"].as_f64().unwrap();
    assert!(kernel > 0.0 && kernel < json[0]["p99"].as_f64().unwrap() * 10.0);
    let csv = read("f.csv");
    let columns = |line: &str| line.split(',').count();
    let mut lines = csv.lines();
    let head = columns(lines.next().unwrap());
    assert!(lines.all(|line| columns(line) == head), "{csv}");
    let page = read("f.html");
    assert!(page.contains("<h3>64B, pinned</h3>"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("http"), "{page}");
}

#[test]
fn a_server_elsewhere_is_measured() {
    let sandbox = Sandbox::new();
    let address = format!("loop+unix://{}", sandbox.path("bench.sock").display());
    let mut server = Running::start(&mut sandbox.command(&["bench", "serve", &address]));
    let line = server.wait_for("serving calls at ");
    assert!(line.contains(&address), "{line}");
    let shown = sandbox.run(&[
        "bench",
        "transports",
        "--rounds=1",
        "--only=/0B/",
        "--endpoint",
        &address,
    ]);
    assert_eq!(
        rows(&shown),
        ["unix/0B/free", "unix/0B/64-callers"],
        "{shown}"
    );
    server.signal(Signal::INT);
    server.finish();
}

#[test]
fn a_file_of_before_stays_until_there_is_another() {
    let sandbox = Sandbox::new();
    sandbox.write("f.json", "kept");
    let nobody = "--endpoint=loop+unix:///nowhere/bench.sock";
    let shown = sandbox.run(&["bench", "transports", nobody, "--json=f.json"]);
    assert!(shown.starts_with("exit code 116"), "{shown}");
    let text = std::fs::read_to_string(sandbox.path("f.json")).unwrap();
    assert_eq!(text, "kept");
}

#[test]
fn what_cannot_be_measured() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        let run = |args: &[&str]| {
            let shown = sandbox.run(&[&["bench", "transports"], args].concat());
            shown.replace("warning: `loop` was built without optimisation, so the figures mean nothing\n", "")
        };
        assert_snapshot!(run(&["--only=carrier-pigeon"]), @r"
        exit code 2
        --- stderr
        error: no row is named like `carrier-pigeon`
        hint: rows are named like unix/64B/free, shm/record-20/pinned and quic/1KiB/64-callers
        ");
        assert_snapshot!(run(&["--endpoint=loop+unix:///nowhere/bench.sock", "--only=/0B/free"]), @r"
        exit code 116
        --- stderr
        error: a measurement failed
          caused by: no answer from loop+unix:///nowhere/bench.sock
          caused by: the peer cannot be reached: No such file or directory (os error 2)
        ");
        assert_snapshot!(run(&["--endpoint=/nowhere/bench.sock"]), @r"
        exit code 2
        --- stderr
        error: `/nowhere/bench.sock` does not begin with a protocol and a transport, such as `loop+unix:`
        hint: an address looks like loop+unix:///run/store.sock or wrpc+tcp://localhost:7761
        ");
        assert_snapshot!(run(&["--only=/0B/free", "--html=/nowhere/page.html"]), @r"
        exit code 116
        --- stderr
        error: cannot write `/nowhere/page.html`
          caused by: No such file or directory (os error 2)
        hint: look for a slip in the path
        ");
    });
}
