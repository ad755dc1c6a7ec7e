//! What ends children, seen from outside.

use std::time::Duration;

use loop_core::limits::Span;
use loop_host::{Buffer, Output};
use loop_test::Process;

use crate::process::{guarded, trusted};
use crate::support::{Told, host, run};

const GRANTS: &str = r#"process = ["sh"]"#;

/// Prints the numbers of a process in the background, of one that left its group as servers do, and its own, in a line; then it
/// waits.
const FAMILY: &str = "trap '' HUP INT TERM; sleep 600 & \
    away=$(setsid sh -c 'sleep 600 > /dev/null 2>&1 & echo $!'); echo $! $away $$; wait; sleep 600";

/// The processes whose numbers stand in the first line.
fn family(said: &str) -> Vec<Process> {
    let line = said.lines().next().unwrap_or_default();
    let family: Vec<Process> = line.split(' ').map(Process::of).collect();
    assert_eq!(family.len(), 3, "{said}");
    family
}

/// Waits until all of them have ended. The host is not kept from its work meanwhile.
async fn all_end(family: Vec<Process>) {
    let ends = tokio::task::spawn_blocking(move || family.iter().for_each(Process::ends));
    ends.await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_instance() {
    for app in [trusted, guarded] {
        let host = host(&Told::default());
        let folder = tempfile::tempdir().unwrap();
        let mut app = app(&host, "process-try", folder.path(), GRANTS);
        let printed = Buffer::default();
        app.stdio.stdout = Output::Buffer(printed.clone());
        let app = host.link(app).unwrap();
        let args = ["abandon", "sh", "-c", FAMILY].map(str::to_owned);
        let ended = app.run(&args).await;
        assert!(ended.is_err(), "{ended:?}");
        // The app is still there, with the instances of its other components.
        all_end(family(std::str::from_utf8(&printed.contents()).unwrap())).await;
    }
}

#[tokio::test]
async fn the_end_of_the_time_for_a_call() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    for function in ["hold", "exec"] {
        let mut app = trusted(&host, "process-try", folder.path(), GRANTS);
        for spec in app.components.values_mut() {
            spec.limits.call = Some(Span(Duration::from_secs(2)));
        }
        let file = folder.path().join("numbers");
        let family_in_file = FAMILY.replace("$$;", &format!("$$ | tee {};", file.display()));
        let said = run(&host, app, &[function, "sh", "-c", &family_in_file]).await;
        assert!(said.contains("2 s"), "{said}");
        let numbers = std::fs::read_to_string(&file).unwrap();
        all_end(family(&numbers)).await;
    }
}

#[tokio::test]
async fn the_end_of_the_handle_while_the_host_goes_on() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let mut app = trusted(&host, "process-try", folder.path(), GRANTS);
    let printed = Buffer::default();
    app.stdio.stdout = Output::Buffer(printed.clone());
    let app = host.link(app).unwrap();
    let args = ["drop", "sh", "-c", FAMILY].map(str::to_owned);
    let running = tokio::spawn(async move { app.run(&args).await });
    let said = loop {
        let said = String::from_utf8_lossy(&printed.contents()).into_owned();
        if said.ends_with("dropped\n") {
            break said;
        }
        assert!(!running.is_finished(), "{said}");
        tokio::task::yield_now().await;
    };
    all_end(family(&said)).await;
    assert!(!running.is_finished());
    running.abort();
}
