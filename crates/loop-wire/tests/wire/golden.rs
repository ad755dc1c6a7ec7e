//! The bytes of the wire: what the code makes is what `tests/wire/golden.json` and docs/wire.md say.
//!
//! The file is read by the implementations in other languages too. `GOLDEN_UPDATE=1` writes it anew.

use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use loop_wire::envelope::{Connection, Read, Resource, Role, Settings, WINDOW_BYTES_MIN};
use loop_wire::frame::{self, Path};
use loop_wire::{CallError, Code, Meta, Retry, Target, plain};
use serde_json::{Value, json};

use crate::wire::simulator::said;

fn repository() -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

/// What a side wants to write, which is then written.
fn speak(side: &mut Connection, now: Instant) -> Vec<u8> {
    let bytes = said(side, usize::MAX);
    side.written(bytes.len(), now);
    bytes
}

/// Tells `to` what `from` wants to write.
fn tell(from: &mut Connection, to: &mut Connection, now: Instant) -> Vec<u8> {
    let bytes = speak(from, now);
    let mut inbox = BytesMut::from(&bytes[..]);
    to.receive(&mut inbox, now).unwrap();
    assert!(inbox.is_empty());
    bytes
}

/// Every message, as the two sides of a connection say it to each other.
struct Script {
    now: Instant,
    caller: Connection,
    callee: Connection,
    messages: Vec<Value>,
}

impl Script {
    /// What the caller just did is this message.
    fn caller(&mut self, name: &str, says: &Value) {
        let bytes = tell(&mut self.caller, &mut self.callee, self.now);
        self.add(name, "caller", &bytes, says);
    }

    /// What the callee just did is this message.
    fn callee(&mut self, name: &str, says: &Value) {
        let bytes = tell(&mut self.callee, &mut self.caller, self.now);
        self.add(name, "callee", &bytes, says);
    }

    fn add(&mut self, name: &str, from: &str, bytes: &[u8], says: &Value) {
        self.messages
            .push(json!({ "name": name, "from": from, "bytes": hex(bytes), "says": says }));
    }
}

fn envelope() -> Vec<Value> {
    let now = Instant::now();
    let idle = Some(Duration::from_secs(30));
    let wide = Settings {
        window: 1024 * 1024,
        calls: 200,
        idle,
    };
    let mut script = Script {
        now,
        caller: Connection::new(Role::Caller, &Settings::default(), now),
        callee: Connection::new(Role::Callee, &wide, now),
        messages: Vec::new(),
    };
    let preface = "6c 6f 6f 70 01 ";
    script.caller(
        "hello",
        &json!({ "kind": "hello", "window": 262_144, "calls": 128, "idle": 0 }),
    );
    script.callee(
        "hello-wide",
        &json!({ "kind": "hello", "window": 1_048_576, "calls": 200, "idle": 30_000 }),
    );
    for message in &mut script.messages {
        let bytes = message["bytes"]
            .as_str()
            .unwrap()
            .strip_prefix(preface)
            .unwrap();
        message["bytes"] = bytes.into();
    }

    let get = Target::new("acme:store/kv@1.0.0", "get").unwrap();
    let key = Bytes::from_static(b"\x03key");
    let call = script
        .caller
        .open(&get, &Meta::default(), key, true, now)
        .unwrap();
    script.caller(
        "open",
        &json!({
            "kind": "open", "call": 1, "end": true, "meta": {},
            "instance": "acme:store/kv@1.0.0", "function": "get", "data": "03 6b 65 79",
        }),
    );
    script
        .callee
        .send_last(call, &Path::root(), Bytes::from_static(b"\x01\x05value"))
        .unwrap();
    script.callee.release(call);
    script.callee(
        "answer",
        &json!({
            "kind": "data", "call": 1, "end": true, "path": [], "data": "01 05 76 61 6c 75 65",
        }),
    );
    script.caller.release(call);

    let mut trace: loop_wire::TraceContext =
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            .parse()
            .unwrap();
    trace.state = "vendor=1".into();
    let meta = Meta {
        deadline: Some(Duration::from_millis(1500)),
        trace: Some(trace),
        caller: Some("notes/web".into()),
    };
    let streams = Target::new("", "copy").unwrap();
    let call = script
        .caller
        .open(&streams, &meta, Bytes::new(), false, now)
        .unwrap();
    script.caller(
        "open-with-meta",
        &json!({
            "kind": "open", "call": 2, "end": false, "instance": "", "function": "copy", "data": "",
            "meta": {
                "deadline": 1_500_000,
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "tracestate": "vendor=1",
                "caller": "notes/web",
            },
        }),
    );
    script
        .caller
        .send(
            call,
            &Path::new(&[1, 300]).unwrap(),
            Bytes::from_static(b"piece"),
        )
        .unwrap();
    script.caller(
        "data-at-a-path",
        &json!({
            "kind": "data", "call": 2, "end": false, "path": [1, 300], "data": "70 69 65 63 65",
        }),
    );
    script.caller.finish(call).unwrap();
    script.caller("end", &json!({ "kind": "data", "call": 2, "end": true }));
    let failure = CallError {
        code: Code::Busy,
        retry: Retry::After(Duration::from_millis(250)),
        message: "the disk is full".into(),
    };
    script.callee.fail(call, &failure);
    script.callee("fail", &json!({
        "kind": "fail", "call": 2, "code": 5, "retry": 2, "after": 250, "message": "the disk is full",
    }));
    script.caller.release(call);
    script.callee.release(call);

    // Half of the window is read, and granted again.
    let large = Bytes::from(vec![0; WINDOW_BYTES_MIN as usize / 2]);
    let call = script
        .caller
        .open(&get, &Meta::default(), large.clone(), false, now)
        .unwrap();
    tell(&mut script.caller, &mut script.callee, now);
    script.callee.send(call, &Path::root(), large).unwrap();
    tell(&mut script.callee, &mut script.caller, now);
    while let Ok(Some(Read::Frame(_))) = script.caller.read(call) {}
    script.caller(
        "credit",
        &json!({ "kind": "credit", "call": 3, "bytes": 131_137 }),
    );
    script.callee.stop(call);
    script.callee("stop", &json!({ "kind": "stop", "call": 3 }));
    script.caller.release(call);
    script.caller("cancel", &json!({ "kind": "cancel", "call": 3 }));
    script.callee.release(call);

    let target = Target::new("acme:store/kv@1.0.0", "bucket").unwrap();
    let handle = Bytes::from_static(&[0xaa; 4]);
    script.caller.drop_resource(&Resource { target, handle });
    script.caller("drop", &json!({
        "kind": "drop", "instance": "acme:store/kv@1.0.0", "resource": "bucket", "handle": "aa aa aa aa",
    }));
    script.now += Duration::from_secs(10);
    script.caller.tick(script.now).unwrap();
    script.caller(
        "ping",
        &json!({ "kind": "ping", "token": "00 00 00 00 00 00 00 00" }),
    );
    script.callee(
        "pong",
        &json!({ "kind": "pong", "token": "00 00 00 00 00 00 00 00" }),
    );
    let going = CallError::new(Code::GoingAway, "good bye").retry(Retry::Safe);
    script.callee.go_away(&going);
    script.callee(
        "go-away",
        &json!({
            "kind": "go-away", "last": 3, "code": 6, "retry": 1, "after": 0, "message": "good bye",
        }),
    );
    script.messages
}

fn plain() -> Vec<Value> {
    let target = Target::new("acme:store/kv@1.0.0", "get").unwrap();
    let mut call = Vec::new();
    plain::encode_head(&target, &mut call);
    frame::encode_head(&Path::root(), 3, &mut call);
    call.extend_from_slice(b"key");
    let mut streams = Vec::new();
    frame::encode_head(&Path::root(), 1, &mut streams);
    streams.push(0);
    frame::encode_head(&Path::new(&[0, 300]).unwrap(), 6, &mut streams);
    streams.extend_from_slice(b"\x05piece");
    vec![
        json!({
            "name": "plain-call", "from": "caller", "bytes": hex(&call),
            "says": {
                "instance": "acme:store/kv@1.0.0", "function": "get",
                "frames": [{ "path": [], "data": "6b 65 79" }],
            },
        }),
        json!({
            "name": "plain-streams", "from": "callee", "bytes": hex(&streams),
            "says": { "frames": [
                { "path": [], "data": "00" },
                { "path": [0, 300], "data": "05 70 69 65 63 65" },
            ] },
        }),
    ]
}

#[test]
fn the_bytes_are_those_of_the_golden_file() {
    let made = json!({ "envelope": envelope(), "plain": plain() });
    let file = repository().join("tests/wire/golden.json");
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&made).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
    }
    let golden: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for part in ["envelope", "plain"] {
        let (made, golden) = (
            made[part].as_array().unwrap(),
            golden[part].as_array().unwrap(),
        );
        for (made, golden) in made.iter().zip(golden) {
            assert_eq!(made, golden);
        }
        assert_eq!(made.len(), golden.len());
    }
}

/// Every example of the page stands in a fence ` ```golden NAME `, and every golden message is an example.
#[test]
fn the_bytes_are_those_of_the_page() {
    let page = std::fs::read_to_string(repository().join("docs/wire.md")).unwrap();
    let mut shown = Vec::new();
    for fence in page.split("```golden ").skip(1) {
        let (name, rest) = fence.split_once('\n').unwrap();
        let (bytes, _) = rest.split_once("```").unwrap();
        let bytes: Vec<&str> = bytes.split_whitespace().collect();
        shown.push((name.to_owned(), bytes.join(" ")));
    }
    let mut made = Vec::new();
    for message in envelope().into_iter().chain(plain()) {
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        made.push((text("name"), text("bytes")));
    }
    shown.sort();
    made.sort();
    for (made, shown) in made.iter().zip(&shown) {
        assert_eq!(made, shown);
    }
    assert_eq!(made.len(), shown.len());
}
