//! `netx-replay` with recordings that somebody wrote.

use crate::netx::suite::{behind, recorded};
use crate::support::{Told, host, load, run};

/// Has a guest ask for what is in this recording.
async fn replayed(recording: &str, guest: &str, args: &[&str]) -> String {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let recordings = folder.path().join("recordings");
    std::fs::create_dir(&recordings).unwrap();
    std::fs::write(recordings.join("netx.jsonl"), recording).unwrap();
    let grants = r#"net.http = ["https://example.com"]"#;
    let guest = load(&host, &loop_test::guest(guest), folder.path(), grants);
    let reads = r#"fs = [{ name = "recordings", path = "recordings" }]"#;
    let replay = recorded(&host, "netx-replay", folder.path(), reads);
    run(&host, behind(replay, guest), args).await
}

#[tokio::test]
async fn the_last_of_what_is_alike_comes_again() {
    let recording = r#"
        {"what":"resolved","name":"example.com","addresses":["192.0.2.1","2001:db8::1"]}
        {"what":"unresolved","name":"other.example","why":"timed-out"}
    "#;
    let said = replayed(recording, "dns-try", &["example.com"]).await;
    assert_eq!(said, "192.0.2.1\n2001:db8::1\nexit 0");
    let said = replayed(recording, "dns-try", &["other.example"]).await;
    assert_eq!(said, "cannot resolve other.example: timed-out\nexit 1");
    let said = replayed(recording, "dns-try", &["third.example"]).await;
    assert_eq!(said, "cannot resolve third.example: unresolved\nexit 1");
}

#[tokio::test]
async fn a_request() {
    let recording = r#"
        {"what":"answered","method":"GET","url":"https://example.com/a?b=c","status":200,"headers":[["x-a","b"]],"body":{"text":"found"}}
        {"what":"answered","method":"GET","url":"http://example.com/b","status":200,"headers":[],"body":{"text":"of another scheme"}}
    "#;
    for (url, expected) in [
        ("https://example.com/a?b=c", "status 200\nfoundexit 0"),
        (
            "https://example.com/b",
            "cannot request https://example.com/b: ErrorCode::InternalError(Some(\"GET https://example.com/b is not recorded\"))\nexit 1",
        ),
        // Judged before the recording is asked.
        (
            "http://example.com/b",
            "cannot request http://example.com/b: ErrorCode::HttpRequestDenied\nexit 1",
        ),
    ] {
        assert_eq!(replayed(recording, "http-get", &[url]).await, expected);
    }
}

#[tokio::test]
async fn a_connection_goes_as_it_was_recorded_or_ends() {
    let recording = r#"
        {"what":"connected","connection":7,"url":"wss://example.com/feed"}
        {"what":"received","connection":7,"message":{"text":"welcome"}}
        {"what":"sent","connection":7,"message":{"text":"prices"}}
        {"what":"received","connection":7,"message":{"base64":"AAE="}}
        {"what":"closed","connection":7,"code":4000,"reason":"enough"}
        {"what":"unconnected","url":"wss://example.com/other","why":{"refused":401}}
    "#;
    let url = "wss://example.com/feed";
    for (args, expected) in [
        (
            &[url, "prices"][..],
            "text welcome\n2 bytes\nclosed 4000 enough\nexit 0",
        ),
        (
            &[url],
            "text welcome\nclosed 1006 nothing more is recorded\nexit 0",
        ),
        (
            &[url, "news"],
            "text welcome\nclosed 1006 another message is recorded\nexit 0",
        ),
        (
            &[url, "prices", "prices"],
            "text welcome\n2 bytes\nclosed 4000 enough\nexit 0",
        ),
    ] {
        let said = replayed(recording, "ws-watch", args).await;
        assert_eq!(said, format!("connected\n{expected}"), "{args:?}");
    }
    let said = replayed(recording, "ws-watch", &["wss://example.com/other"]).await;
    assert_eq!(said, "not connected: ConnectError::Refused(401)\nexit 1");
    let said = replayed(recording, "ws-watch", &["wss://example.com/third"]).await;
    assert_eq!(said, "not connected: ConnectError::Unreachable\nexit 1");
}

#[tokio::test]
async fn a_call_goes_as_it_was_recorded_or_fails() {
    let recording = r#"
        {"what":"call-begun","call":1,"url":"https://example.com/acme.Store/Get"}
        {"what":"call-answered","call":1,"metadata":[["x-word",{"text":"kept"}]]}
        {"what":"call-sent","call":1,"message":{"text":"key"}}
        {"what":"call-received","call":1,"message":{"text":"value"}}
        {"what":"call-finished","call":1}
        {"what":"call-failed","call":1,"status":{"code":5,"message":"no more"}}
        {"what":"call-not-begun","url":"https://example.com/acme.Store/Put","why":"untrusted"}
    "#;
    let url = "https://example.com/acme.Store/Get";
    for (args, expected) in [
        (
            &[url, "key"][..],
            "answered\nvalue\nfailed: Code::NotFound no more",
        ),
        (
            &[url],
            "answered\nfailed: Code::Unavailable nothing more is recorded",
        ),
        (
            &[url, "other"],
            "answered\nfailed: Code::Unavailable another message is recorded",
        ),
        (
            &["https://example.com/acme.Store/Put"],
            "not begun: StartError::Untrusted",
        ),
        (
            &["https://example.com/acme.Store/List"],
            "not begun: StartError::Unreachable",
        ),
    ] {
        let said = replayed(recording, "grpc-try", args).await;
        assert_eq!(said, format!("{expected}\nexit 1"), "{args:?}");
    }
}

#[tokio::test]
async fn a_recording_that_is_none() {
    let url = "https://example.com/";
    for (recording, expected) in [
        ("\n{}", "line 2: missing field `what` at column 2"),
        ("page", "line 1: expected value at column 1"),
        (
            r#"{"what":"heard","connection":1}"#,
            "line 1: unknown variant `heard`",
        ),
        (
            r#"{"what":"closing","connection":1}"#,
            "no connection has the number 1",
        ),
        (
            r#"{"what":"sent","connection":1,"message":{"base64":"?"}}"#,
            "line 1: ",
        ),
    ] {
        let said = replayed(recording, "http-get", &[url]).await;
        let expected = format!("recordings/netx.jsonl: {expected}");
        assert!(said.contains(&expected), "{recording}: {said}");
    }
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let guest = load(
        &host,
        &loop_test::guest("http-get"),
        folder.path(),
        r#"net.http = ["https://example.com"]"#,
    );
    let mut replay = recorded(&host, "netx-replay", folder.path(), "");
    replay.config.clear();
    let said = run(&host, behind(replay, guest), &[url]).await;
    let expected = "`file` is not among the settings of this provider";
    assert!(said.contains(expected), "{said}");
}
