//! Every limit ends a component that reaches it, and says so.

use std::time::{Duration, Instant};

use bytes::Bytes;
use loop_core::Limits;
use loop_core::limits::{ByteSize, Span};
use loop_host::{AppSpec, Input, LoadOptions};

use crate::support::{host, load, run, run_one};

/// Runs a guest under limits, and gives how it ended.
async fn ended(guest: &str, args: &[&str], limits: Limits) -> String {
    let host = host();
    let options = LoadOptions {
        fuel: limits.fuel.is_some(),
    };
    let mut component = load(&host, guest);
    component.component = host.load_file(&loop_test::guest(guest), options).unwrap();
    component.limits = limits;
    let printed = run(&host, AppSpec::single(component), args).await;
    printed.lines().last().unwrap_or_default().to_owned()
}

fn call(millis: u64) -> Limits {
    Limits {
        call: Some(Span(Duration::from_millis(millis))),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_deadline_ends_loops_and_waits_alike() {
    for guest in ["spin", "sleep-ms"] {
        let started = Instant::now();
        let expected = format!("`{guest}` was ended after 200 ms, the limit for one call");
        assert_eq!(ended(guest, &["60000"], call(200)).await, expected);
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{guest} was ended late"
        );
    }
}

#[tokio::test]
async fn a_host_call_that_blocks_for_ever_is_ended_too() {
    let expected = "`block-forever` was ended after 200 ms, the limit for one call";
    assert_eq!(ended("block-forever", &[], call(200)).await, expected);
}

#[tokio::test]
async fn memory_beyond_the_limit_is_refused() {
    let limits = Limits {
        memory: ByteSize::mib(16),
        ..Limits::default()
    };
    let expected = "`eat-memory` was ended at its limit `memory` of 16 MiB";
    let said = ended("eat-memory", &[], limits).await;
    // The guest may notice the refusal by itself and end well.
    assert!(said == expected || said == "exit 0", "{said}");
}

#[tokio::test]
async fn output_without_end_is_ended() {
    let limits = Limits {
        output: ByteSize(10_000),
        ..Limits::default()
    };
    let expected = "`flood-output` was ended at its limit `output` of 10000 B";
    let host = host();
    let mut component = load(&host, "flood-output");
    component.limits = limits;
    let printed = run(&host, AppSpec::single(component), &[]).await;
    assert!(
        printed.ends_with(expected),
        "{}",
        &printed[printed.len().saturating_sub(200)..]
    );
    assert!(
        printed.len() <= 10_000 + expected.len(),
        "{} bytes were written",
        printed.len()
    );
}

#[tokio::test]
async fn fuel_runs_out() {
    let limits = Limits {
        fuel: Some(1_000_000),
        ..Limits::default()
    };
    let expected = "`spin` was ended at its limit `fuel` of 1000000";
    assert_eq!(ended("spin", &[], limits).await, expected);
    let plenty = Limits {
        fuel: Some(1_000_000_000),
        ..Limits::default()
    };
    assert_eq!(ended("hello", &[], plenty).await, "exit 0");
}

#[tokio::test]
async fn a_stack_overflow_and_a_trap_are_told_apart() {
    let said = run_one("stack-overflow", "", &[]).await;
    assert!(
        said.ends_with("`stack-overflow` trapped: its stack overflowed"),
        "{said}"
    );
    let said = run_one("trap", "", &[]).await;
    assert!(said.contains("`trap` trapped: "), "{said}");
}

#[tokio::test]
async fn handles_are_counted() {
    let limits = Limits {
        handles: 50,
        ..Limits::default()
    };
    let said = ended("many-handles", &["1000"], limits).await;
    assert_eq!(
        said,
        "`many-handles` was ended at its limit `handles` of 50"
    );
}

#[tokio::test]
async fn a_reader_waits_for_input_no_longer_than_its_deadline() {
    let host = host();
    let mut component = load(&host, "cli-p3");
    component.limits = call(2000);
    let mut spec = AppSpec::single(component);
    spec.stdio.stdin = Input::Bytes(Bytes::from_static(b"end"));
    assert!(run(&host, spec, &[]).await.ends_with("exit 0"));
}
