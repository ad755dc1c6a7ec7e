//! Calls from one component to another.

use std::time::Duration;

use loop_core::limits::{ByteSize, Span};
use loop_host::{AppSpec, Host, Instances};
use std::sync::Arc;

use crate::support::{Told, app, cache, host, run};

#[tokio::test]
async fn an_import_of_one_is_served_by_an_export_of_another() {
    let told = Told::default();
    let host = Host::builder()
        .cache(cache())
        .observer(Arc::new(told.clone()))
        .build()
        .unwrap();
    let spec = app(
        &host,
        &["greet-caller", "greeter"],
        &[("acme:greet/greeter", "greeter")],
    );
    assert_eq!(
        run(&host, spec, &["ann", "bob"]).await,
        "hello, ann\nhello, bob\nexit 0"
    );
    let route = told
        .lines()
        .into_iter()
        .find(|line| line.contains("->"))
        .unwrap();
    assert!(
        route.starts_with("greet-caller -> acme:greet/greeter"),
        "{route}"
    );
    assert!(route.ends_with("-> greeter (Component)"), "{route}");
}

#[tokio::test]
async fn what_is_said_of_an_interface_counts_before_what_is_said_of_its_package() {
    let host = host();
    let check = async |provide: &[(&str, &str)], expected: &str| {
        let spec = app(&host, &["greet-caller", "greeter", "trap-callee"], provide);
        let said = run(&host, spec, &["ann"]).await;
        assert!(said.starts_with(expected), "{provide:?}: {said}");
    };
    check(&[("acme:greet", "greeter")], "hello, ann").await;
    check(
        &[
            ("acme:greet", "trap-callee"),
            ("acme:greet/greeter", "greeter"),
        ],
        "hello, ann",
    )
    .await;
    let other = "not linked: `greet-caller` has an import that nothing satisfies";
    check(&[("acme:greeting", "greeter")], other).await;
}

#[tokio::test]
async fn the_mode_says_who_shares_an_instance() {
    let check = async |mode: Instances, expected: &str| {
        let host = host();
        let mut spec = app(
            &host,
            &["count-caller", "counter"],
            &[("acme:count/counter", "counter")],
        );
        spec.components.get_mut("counter").unwrap().instances = Some(mode);
        assert_eq!(run(&host, spec, &["3"]).await, expected, "{mode:?}");
    };
    check(Instances::One, "1\n2\n3\nexit 0").await;
    check(Instances::Pool, "1\n2\n3\nexit 0").await;
    check(Instances::PerCall, "1\n1\n1\nexit 0").await;
}

fn greeting(host: &Host, greeter: &str) -> AppSpec {
    app(
        host,
        &["greet-caller", greeter],
        &[("acme:greet/greeter", greeter)],
    )
}

#[tokio::test]
async fn a_callee_that_fails_fails_the_call_and_the_cause_is_told() {
    let host = host();
    let said = run(&host, greeting(&host, "trap-callee"), &["ann", "trap"]).await;
    let expected = "hello, ann\na call from `greet-caller` failed: `trap-callee` trapped: ";
    assert!(said.starts_with(expected), "{said}");
}

#[tokio::test]
async fn a_callee_is_held_to_its_own_deadline_and_to_its_callers() {
    let host = host();
    let mut spec = greeting(&host, "slow-callee");
    spec.components.get_mut("slow-callee").unwrap().limits.call =
        Some(Span(Duration::from_secs(1)));
    let said = run(&host, spec, &["1", "60000"]).await;
    let expected = "slept 1 ms\na call from `greet-caller` failed: `slow-callee` was ended after 1 s, the limit for one call";
    assert_eq!(said, expected);

    let mut spec = greeting(&host, "slow-callee");
    spec.components.get_mut("greet-caller").unwrap().limits.call =
        Some(Span(Duration::from_millis(100)));
    let said = run(&host, spec, &["60000"]).await;
    assert!(said.contains("was ended after"), "{said}");
}

#[tokio::test]
async fn components_that_need_each_other_are_refused() {
    let host = host();
    let provide = [
        ("acme:cycle/ping", "cycle-ping"),
        ("acme:cycle/pong", "cycle-pong"),
    ];
    let said = run(
        &host,
        app(&host, &["cycle-ping", "cycle-pong"], &provide),
        &[],
    )
    .await;
    let expected = "not linked: components need each other: cycle-ping -> cycle-pong -> cycle-ping";
    assert_eq!(said, expected);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_runs() {
    let host = host();
    let said = run(
        &host,
        app(
            &host,
            &["greet-caller"],
            &[("acme:greet/greeter", "nobody")],
        ),
        &[],
    )
    .await;
    assert_eq!(said, "not linked: the app has no component `nobody`");
    let spec = app(
        &host,
        &["greet-caller", "counter"],
        &[("acme:greet/greeter", "counter")],
    );
    let said = run(&host, spec, &[]).await;
    assert!(
        said.starts_with("not linked: `counter` is to provide `acme:greet/greeter")
            && said.ends_with("and does not export it"),
        "{said}"
    );
    let spec = app(
        &host,
        &["async-caller", "async-export"],
        &[("acme:later/work", "async-export")],
    );
    let said = run(&host, spec, &[]).await;
    assert!(
        said.starts_with("not linked: `acme:later/work")
            && said.ends_with("can only be provided natively"),
        "{said}"
    );
}

#[tokio::test]
async fn another_interface_of_the_same_name_is_not_called() {
    let host = host();
    let said = run(&host, greeting(&host, "greeter-other"), &["ann"]).await;
    let expected = "not linked: `greet-caller` has an import that nothing satisfies";
    assert_eq!(said, expected);
}

#[tokio::test]
async fn values_that_are_too_large_do_not_cross() {
    let host = host();
    let said = run(&host, greeting(&host, "big-callee"), &["1000"]).await;
    assert!(said.ends_with("exit 0"), "{}", said.len());
    let said = run(&host, greeting(&host, "big-callee"), &["134217728"]).await;
    assert_eq!(
        said,
        "a call from `greet-caller` failed: a call of `big-callee` could not be passed on: a message is too large"
    );
    let mut spec = greeting(&host, "big-callee");
    spec.components.get_mut("big-callee").unwrap().limits.body = ByteSize(2 << 20);
    let said = run(&host, spec, &["4000000"]).await;
    assert_eq!(
        said,
        "a call from `greet-caller` failed: `big-callee` was ended at its limit `body` of 2 MiB"
    );
}
