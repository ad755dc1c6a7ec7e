//! `async func` and streams of bytes, from component to component and to another process.

use std::time::Duration;

use loop_core::limits::Span;
use loop_host::{App, AppSpec, ComponentSpec, Host, Instances, LoadOptions, RouteSpec};
use loop_wire::frame::Path;
use loop_wire::{Client, Meta, Protocol, Target};

use crate::support::{app, chain, host, link, load, run};
use crate::wire::{Serving, calling};

const WORK: &str = "acme:flow/work";

fn here(host: &Host) -> AppSpec {
    app(host, &["flow-caller", "flow"], &[(WORK, "flow")])
}

/// Runs the calls with the provider in the same process, and in another one over both protocols.
async fn check(calls: &[&str], expected: &str) {
    let host = host();
    let said = run(&host, here(&host), calls).await;
    assert_eq!(said, expected, "here");
    for protocol in [Protocol::Envelope, Protocol::Plain] {
        let serving = Serving::new("flow");
        let spec = calling(&host, "flow-caller", WORK, serving.remote(protocol));
        let said = run(&host, spec, calls).await;
        assert_eq!(said, expected, "{protocol:?}");
    }
}

#[tokio::test]
async fn bytes_cross_to_their_end() {
    check(&["make:0", "make:1"], "make: 0 true\nmake: 1 true\nexit 0").await;
    check(&["make:3000000"], "make: 3000000 true\nexit 0").await;
    check(
        &["count:0", "count:5"],
        "count: (0, true)\ncount: (5, true)\nexit 0",
    )
    .await;
    check(&["count:3000000"], "count: (3000000, true)\nexit 0").await;
    check(&["copy:3000000"], "copy: 3000000 true\nexit 0").await;
    check(&["pass:3000000"], "pass: 3000000 true\nexit 0").await;
}

#[tokio::test]
async fn a_stream_stands_within_other_values() {
    check(
        &["open:", "open:empty", "open:a"],
        "open: no name\nopen: empty: nothing\nopen: a: 3 true\nexit 0",
    )
    .await;
}

#[tokio::test]
async fn calls_of_one_instance_wait_at_once() {
    let host = host();
    for mode in [Instances::Pool, Instances::PerCall] {
        let mut spec = here(&host);
        spec.components.get_mut("flow").unwrap().instances = Some(mode);
        let said = run(&host, spec, &["double"]).await;
        assert_eq!(said, "double: [2, 4, 6]\nexit 0", "{mode:?}");
    }
    // One instance has one call at a time.
    let said = run(&host, here(&host), &["double"]).await;
    assert_eq!(said, "double: [6, 4, 2]\nexit 0");
}

/// Its instance has one call at a time, and a call lasts as long as its streams.
#[tokio::test]
async fn a_stream_goes_back_to_its_provider_where_there_are_several_instances() {
    let host = host();
    let mut spec = here(&host);
    spec.components.get_mut("flow").unwrap().instances = Some(Instances::Pool);
    let said = run(&host, spec, &["relay:3000000"]).await;
    assert_eq!(said, "relay: 3000000 true\nexit 0");

    let mut spec = here(&host);
    let limits = &mut spec.components.get_mut("flow").unwrap().limits;
    limits.call = Some(Span(Duration::from_millis(300)));
    let said = run(&host, spec, &["relay:3000000"]).await;
    // The time of the first call, which makes the stream, is over a little before that of the second, which waits for it.
    let busy = "a call from `flow-caller` failed: `flow` was busy with other calls for 300 ms, the limit for one call";
    let broken = "`flow-caller` read from a stream that broke off";
    assert!(said == busy || said == broken, "{said}");
}

#[tokio::test]
async fn what_goes_on_after_the_answer_is_done() {
    check(&["remember:7", "made"], "remember: ()\nmade: 7\nexit 0").await;
}

#[tokio::test]
async fn who_drops_a_stream_stops_its_writer() {
    let host = host();
    let said = run(&host, here(&host), &["drop:1000000", "made"]).await;
    let made = said.trim_end_matches("\nexit 0").rsplit(' ').next();
    let made: u64 = made.unwrap().parse().unwrap();
    // The writer was never far ahead, and its instance lives on.
    assert!((1_000_000..1_400_000).contains(&made), "{said}");
    check(
        &["first:3", "first:0"],
        "first: [0, 1, 2]\nfirst: []\nexit 0",
    )
    .await;
    check(
        &["drop:100000", "make:5"],
        "drop: dropped\nmake: 5 true\nexit 0",
    )
    .await;
}

#[tokio::test]
async fn a_part_is_not_taken_for_the_whole() {
    let host = host();
    let serving = Serving::new("flow");
    let there = |protocol| calling(&host, "flow-caller", WORK, serving.remote(protocol));
    for spec in [
        here(&host),
        there(Protocol::Envelope),
        there(Protocol::Plain),
    ] {
        let said = run(&host, spec.clone(), &["break:100000"]).await;
        assert_eq!(said, "`flow-caller` read from a stream that broke off");
        let said = run(&host, spec, &["count-trap:100000"]).await;
        assert!(said.starts_with("`flow-caller` trapped: "), "{said}");
    }
    // Each time the provider was told, and the next call has a new instance.
    let said = run(&host, there(Protocol::Envelope), &["make:5"]).await;
    assert_eq!(said, "make: 5 true\nexit 0");
}

#[tokio::test]
async fn what_one_instance_has_under_way_is_limited() {
    let host = host();
    let said = run(&host, here(&host), &["many:200"]).await;
    assert_eq!(said, "many: done\nexit 0");
    let said = run(&host, here(&host), &["many:300"]).await;
    assert!(
        said.contains("more than 256 streams at once (STREAMS_MAX)"),
        "{said}"
    );
    let mut spec = here(&host);
    spec.components
        .get_mut("flow-caller")
        .unwrap()
        .limits
        .handles = 100;
    let said = run(&host, spec, &["many:200"]).await;
    assert_eq!(
        said,
        "`flow-caller` was ended at its limit `handles` of 100"
    );
}

/// A guest that waits in the call itself, as compilers without the asynchronous ABI have it.
#[tokio::test]
async fn a_guest_may_wait_in_the_call() {
    let host = host();
    let text = r#"(component
        (import "acme:flow/work" (instance $work
            (export "double-later" (func async (param "value" u32) (param "millis" u32) (result u32)))))
        (core func $double (canon lower (func $work "double-later")))
        (core module $m
            (import "" "double" (func $double (param i32 i32) (result i32)))
            (func (export "run") (result i32) (call $double (i32.const 21) (i32.const 5))))
        (core instance $i (instantiate $m (with "" (instance (export "double" (func $double))))))
        (func (export "run") async (result u32) (canon lift (core func $i "run"))))"#;
    let component = host.load(
        "waits",
        wat::parse_str(text).unwrap(),
        LoadOptions::default(),
    );
    let mut spec = AppSpec::single(ComponentSpec::new(component.unwrap()));
    spec.components
        .insert("flow".to_owned(), load(&host, "flow"));
    let route = RouteSpec::Component("flow".to_owned());
    spec.provide.insert(WORK.parse().unwrap(), route);
    let app: App = link(&host, spec);
    let gave = app.invoke("run()").await;
    assert_eq!(gave.unwrap_or_else(|error| chain(&error)), "42");
}

/// Calls with the bytes at each path, as a stranger may, and gives the bytes of the answer.
async fn raw(client: &Client, function: &str, frames: &[(&[u32], &[u8])]) -> String {
    let target = Target::new(WORK, function).unwrap();
    let answer = async {
        let (mut outgoing, mut incoming) = client.start(&target, &Meta::default()).await?;
        for (path, data) in frames {
            let path = Path::new(path).unwrap();
            outgoing.send(&path, data.to_vec().into()).await?;
        }
        outgoing.finish().await?;
        let mut answer = Vec::new();
        while let Some(frame) = incoming.next().await? {
            answer.push(format!("{:?} {:02x?}", frame.path, &frame.data[..]));
        }
        Ok::<_, loop_wire::CallError>(answer.join(", "))
    };
    answer
        .await
        .unwrap_or_else(|error| format!("{:?}: {}", error.code, error.message))
}

#[tokio::test]
async fn the_bytes_of_streams_on_the_wire() {
    let serving = Serving::new("flow");
    let client = serving.client(Protocol::Envelope);
    let broken = "Failed: `flow` read from a stream that broke off";
    for (function, frames, expected) in [
        (
            "make",
            &[(&[][..], &[3][..])][..],
            "[] [00], [0] [03, 00, 01, 02], [0] [00]",
        ),
        (
            "count",
            &[(&[], &[0]), (&[0], &[3, 0, 1, 2, 0])],
            "[] [03, 01]",
        ),
        (
            "count",
            &[
                (&[], &[0]),
                (&[0], &[1, 0, 2]),
                (&[0], &[1, 2]),
                (&[0], &[0]),
            ],
            "[] [03, 01]",
        ),
        // A number may have more bytes than it needs.
        (
            "count",
            &[(&[], &[0]), (&[0], &[0x81, 0x80, 0, 0, 0])],
            "[] [01, 01]",
        ),
        // All bytes stand within the values.
        ("count", &[(&[], &[1, 2, 0, 1])], "[] [02, 01]"),
        ("count", &[(&[], &[0]), (&[0], &[0])], "[] [00, 01]"),
        ("count", &[(&[], &[0]), (&[0], &[3, 0, 1])], broken),
        ("count", &[(&[], &[0]), (&[0], &[1, 0])], broken),
        ("count", &[(&[], &[0]), (&[0], &[0, 1, 0])], broken),
        (
            "count",
            &[(&[], &[0]), (&[0], &[0xff, 0xff, 0xff, 0xff, 0x10])],
            broken,
        ),
        ("count", &[(&[], &[0]), (&[1], &[1, 0, 0])], broken),
        (
            "count",
            &[(&[], &[0])],
            "Protocol: the peer broke the protocol: the bytes of a stream are missing",
        ),
        (
            "count",
            &[(&[], &[2])],
            "Invalid: the values are wrong: a byte that must be 0 or 1 is something else, at byte 0",
        ),
        (
            "count",
            &[(&[0], &[0])],
            "Invalid: the values are wrong: the bytes end inside a value, at byte 0",
        ),
        (
            "double-later",
            &[(&[0], &[0])],
            "Protocol: the peer broke the protocol: a stream came where only values are taken",
        ),
        (
            "make",
            &[(&[], &[0]), (&[0], &[0])],
            "Protocol: the peer broke the protocol: a stream came where only values are taken",
        ),
    ] {
        assert_eq!(
            raw(&client, function, frames).await,
            expected,
            "{function} {frames:02x?}"
        );
    }
}

#[tokio::test]
async fn a_caller_that_is_gone_ends_its_streams() {
    let serving = Serving::new("flow");
    let target = Target::new(WORK, "count").unwrap();
    let client = serving.client(Protocol::Envelope);
    let (mut outgoing, incoming) = client.start(&target, &Meta::default()).await.unwrap();
    outgoing.send(&Path::root(), vec![0].into()).await.unwrap();
    let at = Path::new(&[0]).unwrap();
    outgoing.send(&at, vec![1, 0].into()).await.unwrap();
    drop((outgoing, incoming));
    drop(client);
    let client = serving.client(Protocol::Envelope);
    let next = raw(&client, "make", &[(&[], &[0])]);
    let next = tokio::time::timeout(Duration::from_secs(5), next).await;
    assert_eq!(next.unwrap(), "[] [00], [0] [00]");
}
