//! What components see of `loop:core`, on an engine without concurrency support, and what the host gets of it.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod case;
mod lines;
mod otlp;

use std::time::Duration;

use case::{Case, component, engine};
use loop_host::core::metrics::Reading;
use loop_host::core::{CancelReason, CoreOptions, Level, Reads, TraceContext};
use loop_host::limits::{OutputBudget, OutputSpent};

#[test]
fn a_component_imports_only_what_it_uses() {
    for (guest, expected) in [
        ("core-logging", vec!["logging"]),
        ("core-metrics", vec!["metrics"]),
        ("core-random", vec!["randomness"]),
        ("core-timers", vec!["clocks", "cancellation", "waiting"]),
    ] {
        let ty = component(guest).component_type();
        let mut imports: Vec<String> = ty
            .imports(engine())
            .map(|(name, _)| name.to_owned())
            .collect();
        imports.retain(|name| name.starts_with("loop:core/"));
        let expected: Vec<_> = expected
            .iter()
            .map(|name| format!("loop:core/{name}@0.1.0"))
            .collect();
        assert_eq!(imports, expected, "{guest}");
    }
}

#[tokio::test]
async fn records_reach_the_host_from_their_level_on() {
    let case = Case::new(CoreOptions::default());
    insta::assert_snapshot!(case.run("core-logging", &["records"]).await, @r"
    Level::Trace false
    Level::Info true
    ");
    insta::assert_snapshot!(case.records(), @r#"
    info served {"path":"/index.html","share":0.5,"cached":true} []
    warn odd thing {} []
    error broken {} []
    "#);

    let case = Case::new(CoreOptions {
        level: Level::Trace,
        ..CoreOptions::default()
    });
    case.run("core-logging", &["records"]).await;
    insta::assert_snapshot!(case.records(), @r#"
    trace step {} []
    debug detail {"count":3,"shift":-4} []
    info served {"path":"/index.html","share":0.5,"cached":true} []
    warn odd thing {} []
    error broken {} []
    "#);
}

#[tokio::test]
async fn spans_hold_records_and_each_other() {
    let mut case = Case::new(CoreOptions::default());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let caller = TraceContext::parse(parent, "").unwrap();
    case.trace = Some(caller.clone());
    case.run("core-logging", &["spans"]).await;
    insta::assert_snapshot!(case.records(), @r#"
    info in both {} ["outer", "inner"]
    info in outer {} ["outer"]
    info in none {} []
    info in inner, not entered {} ["outer", "inner"]
    "#);
    let (spans, records) = (
        case.kept.spans.lock().unwrap(),
        case.kept.records.lock().unwrap(),
    );
    let [inner, outer] = spans.as_slice() else {
        panic!("{spans:?}")
    };
    assert_eq!(
        (&*outer.name, outer.parent),
        ("outer", Some(caller.span_id))
    );
    assert_eq!((&*inner.name, inner.parent), ("inner", Some(outer.span_id)));
    assert_eq!(inner.failed.as_deref(), Some("it went wrong"));
    assert_eq!(inner.fields.len(), 1);
    assert!(outer.start_ns <= inner.start_ns && inner.start_ns <= inner.end_ns);
    assert!(!inner.unfinished && !outer.unfinished);
    assert!(spans.iter().all(|span| span.trace_id == caller.trace_id));
    let places: Vec<_> = records.iter().map(|record| record.span_id).collect();
    assert_eq!(
        places,
        [inner.span_id, outer.span_id, caller.span_id, inner.span_id]
    );
}

#[tokio::test]
async fn a_span_left_open_ends_with_its_instance() {
    let case = Case::new(CoreOptions::default());
    case.run("core-logging", &["leak"]).await;
    let spans = case.kept.spans.lock().unwrap();
    let [span] = spans.as_slice() else {
        panic!("{spans:?}")
    };
    assert!(span.unfinished && &*span.name == "left open");
}

#[tokio::test]
async fn a_trace_goes_on_through_the_component() {
    let mut case = Case::new(CoreOptions::default());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    case.trace = Some(TraceContext::parse(parent, "vendor=data").unwrap());
    let printed = case.run("core-tracing", &[]).await;
    let printed = case.with_span_names(&printed);
    insta::assert_snapshot!(printed, @r#"
    call 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=data
    span 00-0af7651916cd43dd8448eb211c80319c-[own]-01 vendor=data
    inside true
    inject [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-[own]-01"), ("tracestate", "vendor=data")]
    outside false
    hidden true
    received 00-0123456789abcdef0123456789abcdef-[received]-00 a=b
    invalid-traceparent
    invalid-tracestate
    "#);

    // Without a caller's place, each call is a trace of its own.
    case.trace = None;
    let (one, other) = (
        case.run("core-tracing", &[]).await,
        case.run("core-tracing", &[]).await,
    );
    let trace = |printed: &str| printed.split('-').nth(1).unwrap().to_owned();
    assert_ne!(trace(&one), trace(&other));
}

#[tokio::test]
async fn records_and_spans_reach_the_crate_tracing() {
    let mut case = Case::new(CoreOptions::default());
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    case.trace = Some(TraceContext::parse(parent, "").unwrap());
    case.run("core-logging", &["spans"]).await;
    insta::assert_snapshot!(case.with_span_names(&lines::text()), @r#"
    INFO core-logging: in both {} in [inner], /outer/inner
    INFO core-logging: in outer {} in [outer], /outer
    INFO core-logging: in none {} in b7ad6b7169203331, no span
    INFO core-logging: in inner, not entered {} in [inner], /outer/inner
    end of inner: {"pages":2} it went wrong
    end of outer: {"request":7} -
    "#);
}

#[tokio::test]
async fn what_is_too_long_is_cut() {
    let case = Case::new(CoreOptions::default());
    case.run("core-logging", &["long"]).await;
    let records = case.kept.records.lock().unwrap();
    let [record] = records.as_slice() else {
        panic!("{} records", records.len())
    };
    assert!(
        (8_000..=8_192).contains(&record.message.len()),
        "{}",
        record.message.len()
    );
    let [field] = record.fields.as_slice() else {
        panic!("{} fields", record.fields.len())
    };
    assert!(field.key.len() <= 64 && field.value.to_string().len() <= 1_024);
}

#[tokio::test]
async fn records_beyond_the_output_limit_end_the_component() {
    let mut case = Case::new(CoreOptions::default());
    case.output = 10_000;
    let error = case
        .try_run("core-logging", &["many", "1000"])
        .await
        .unwrap_err();
    assert!(error.is::<OutputSpent>(), "{error:?}");
    let written = case.kept.records.lock().unwrap().len();
    assert!((50..150).contains(&written), "{written}");
}

#[tokio::test]
async fn a_component_reads_back_its_own_records_unless_more_is_given() {
    let mut case = Case::new(CoreOptions::default());
    case.run("core-logging", &["records"]).await;
    let lines = case.run("core-logging", &["recent"]).await;
    insta::assert_snapshot!(lines, @r#"
    4 Level::Info core-logging kept ["index"] ["reading"]
    5 Level::Info core-logging kept ["index"] ["reading"]
    "#);
    assert_eq!(case.app.logs().recent(100, None).len(), 6);
    assert!(case.app.logs().recent(100, Some("another")).is_empty());

    // Another component of the app sees them only if the host says so.
    case.run("core-metrics", &["count"]).await;
    let own = case.run("core-metrics", &["flood", "1"]).await;
    assert!(own.starts_with("5 series"), "{own}");
    let other = case
        .app
        .context(&"page".into(), Reads::Own, OutputBudget::new(0));
    drop(other);
    case.reads = Reads::App;
    assert!(
        case.run("core-metrics", &["count"])
            .await
            .contains("core-metrics/requests_total")
    );
}

#[tokio::test]
async fn metrics_are_counted_and_read_back() {
    let case = Case::new(CoreOptions::default());
    insta::assert_snapshot!(case.run("core-metrics", &["count"]).await, @r#"
    core-metrics/page_bytes [] 4 5202 [(100.0, 2), (1000.0, 1)]
    core-metrics/queue_length [] 3.5
    core-metrics/requests_total ["method=GET"] 5
    core-metrics/requests_total ["method=PUT"] 1
    "#);
    // A series outlives the instance.
    case.run("core-metrics", &["count"]).await;
    let samples = case.app.metrics().snapshot(None);
    let get = samples
        .iter()
        .find(|sample| sample.labels.iter().any(|(_, value)| value == "GET"));
    assert_eq!(get.unwrap().reading, Reading::Total(10));
    let page = case.app.metrics().to_prometheus();
    assert!(
        page.contains("requests_total{component=\"core-metrics\",method=\"GET\"} 10\n"),
        "{page}"
    );
}

#[tokio::test]
async fn metrics_are_refused_with_the_reason() {
    let case = Case::new(CoreOptions::default());
    insta::assert_snapshot!(case.run("core-metrics", &["bad"]).await, @r#"
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
    "#);
}

#[tokio::test]
async fn labels_without_end_count_as_overflow() {
    let case = Case::new(CoreOptions::default());
    insta::assert_snapshot!(case.run("core-metrics", &["flood", "300"]).await, @"257 series, 1 of them overflow, 300 in all");
}

/// The clock is tokio's, which stands still while somebody works, so nothing depends on how busy the machine is.
#[tokio::test(start_paused = true)]
async fn timers_fire() {
    let case = Case::new(CoreOptions::default());
    insta::assert_snapshot!(case.run("core-timers", &["once"]).await, @r"
    ready false take 0
    early timed-out
    fired 1
    waited true
    again nothing-to-wait-for
    past 1
    date true
    ");
    insta::assert_snapshot!(case.run("core-timers", &["beat"]).await, @r"
    missed true
    kept true
    stopped nothing-to-wait-for
    ");
    insta::assert_snapshot!(case.run("core-timers", &["first"]).await, @r"
    none Err(AnyError::TimedOut)
    fast Ok([1])
    still Ok([1])
    taken 1
    late Err(AnyError::TimedOut)
    nothing Err(AnyError::NothingToWaitFor)
    dead Err(AnyError::NothingToWaitFor)
    ");
    insta::assert_snapshot!(case.run("core-timers", &["limits"]).await, @r"
    period Err(TimerError::PeriodTooShort(1000000))
    1024 timers, then TimerError::TooMany(1024)
    after dropping true
    ");
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_call() {
    let mut case = Case::new(CoreOptions::default());
    case.time = Some(Duration::from_millis(50));
    assert_eq!(case.run("core-timers", &["forever"]).await, "woken\n");
    assert_eq!(
        case.run("core-cancel", &["await"]).await,
        "Reason::Deadline\nNone cancelled\nErr(AnyError::Cancelled)\n"
    );

    case.time = None;
    let (run, cancel) = (case.run("core-cancel", &["await"]), async {
        tokio::task::yield_now().await;
        case.caller.cancel(&CancelReason::Caller);
    });
    let (printed, ()) = tokio::join!(run, cancel);
    assert!(printed.starts_with("Reason::Caller\n"), "{printed}");
}

#[tokio::test]
async fn a_component_that_works_sees_that_its_time_is_up() {
    let mut case = Case::new(CoreOptions::default());
    case.time = Some(Duration::from_millis(50));
    let printed = case.run("core-cancel", &["work"]).await;
    assert!(printed.starts_with("Some(Reason::Deadline)"), "{printed}");
}

#[tokio::test(start_paused = true)]
async fn tokens_cancel_what_is_below_them() {
    let case = Case::new(CoreOptions::default());
    insta::assert_snapshot!(case.run("core-cancel", &["tree"]).await, @r#"
    open false None None
    left true
    timed Reason::Deadline
    child timed-out
    parent Some(Reason::Requested("enough"))
    child Some(Reason::Requested("enough")) Reason::Requested("enough")
    timed Some(Reason::Deadline)
    late Some(Reason::Requested("enough"))
    above false false
    any Ok([1])
    call Some(Reason::Requested("all of it"))
    65 deep, then TokenError::TooDeep(64)
    "#);
    assert!(case.caller.reason().is_none());
}

#[tokio::test]
async fn streams_follow_from_the_seed_and_secrets_do_not() {
    let case = Case::new(CoreOptions {
        seed: Some(7),
        ..CoreOptions::default()
    });
    let first = case.run("core-random", &[]).await;
    insta::assert_snapshot!(first, @r"
    seeded 15780b2e0c2ec716 6104d9866d113a7e
    bytes Ok([16, c7, 2e, 0c, 2e, 0b, 78, 15, 7e, 3a, 11])
    below [4, 5, 5, 4, 4, 5, 4, 3]
    zero 0 0
    fraction 0.682453
    run 0000000000000007
    named d48ad83133e56671 435624ca035dad33
    again d48ad83133e56671
    too many Err(RandomError::TooMany(65536))
    secure differ true
    secure Ok(65536)
    ");
    let same = Case::new(CoreOptions {
        seed: Some(7),
        ..CoreOptions::default()
    });
    assert_eq!(same.run("core-random", &[]).await, first);
    let other = Case::new(CoreOptions {
        seed: Some(8),
        ..CoreOptions::default()
    });
    assert_ne!(other.run("core-random", &[]).await, first);
}
