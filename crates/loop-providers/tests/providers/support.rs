//! Makes apps of guests, and says how they ended.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loop_core::Grants;
use loop_core::policy::Decision;
use loop_host::{AppSpec, Buffer, ComponentSpec, Event, Host, LoadOptions, Observer, Output};
use tokio::time::timeout;

/// Long enough for whatever happens on one machine.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// The denials that were told, each with what would allow it.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Told {
    fn event(&self, event: &Event<'_>) {
        if let Event::Decision {
            decision: Decision::Deny(denial),
            ..
        } = event
        {
            let line = format!("{}: {}", denial.request, denial.missing.to_toml_line());
            self.0.lock().unwrap().push(line);
        }
    }
}

/// A host with the providers of all packages, as `loop` has them.
pub(crate) fn host(told: &Told) -> Host {
    let builder = Host::builder()
        .cache(loop_test::target_dir().join("compiled"))
        .observer(Arc::new(told.clone()));
    #[cfg(feature = "fsx")]
    let builder = builder.standard_provider(loop_providers::Fsx);
    #[cfg(feature = "process")]
    let builder = builder.standard_provider(loop_providers::Process::default());
    #[cfg(feature = "blobstore")]
    let builder = builder.provider(loop_providers::Blobstore);
    #[cfg(feature = "keyvalue")]
    let builder = builder.provider(loop_providers::Keyvalue::default());
    #[cfg(feature = "keyvalue-redis")]
    let builder = builder.provider(loop_providers::KeyvalueRedis);
    #[cfg(feature = "netx")]
    let builder = builder.standard_provider(loop_providers::Netx);
    builder.build().unwrap()
}

/// A component with these grants, whose paths are below `base`.
pub(crate) fn load(host: &Host, file: &Path, base: &Path, granted: &str) -> ComponentSpec {
    let component = host.load_file(file, LoadOptions::default()).unwrap();
    let mut spec = ComponentSpec::new(component);
    spec.grants = Grants::parse_fragment(granted).unwrap();
    base.clone_into(&mut spec.base);
    spec
}

/// Runs a conformance suite, which is the root of the app.
pub(crate) async fn conforms(host: &Host, app: AppSpec, args: &[&str]) {
    let said = run(host, app, args).await;
    let good = said.strip_suffix(" cases went well, 0 failed\nexit 0");
    let good = good.and_then(|count| count.parse::<u32>().ok());
    assert!(good.is_some_and(|count| count > 0), "{said}");
}

/// Runs a command, and gives what it printed and how it ended as one text.
pub(crate) async fn run(host: &Host, spec: AppSpec, args: &[&str]) -> String {
    run_printing(host, spec, args, &Buffer::default()).await
}

/// The same, with what it prints to be read meanwhile.
pub(crate) async fn run_printing(
    host: &Host,
    mut spec: AppSpec,
    args: &[&str],
    printed: &Buffer,
) -> String {
    spec.stdio.stdout = Output::Buffer(printed.clone());
    spec.stdio.stderr = Output::Buffer(printed.clone());
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let app = match host.link(spec) {
        Ok(app) => app,
        Err(error) => return format!("not linked: {}", chain(&error)),
    };
    let ended = match app.run(&args).await {
        Ok(exit) => format!("exit {}", exit.code),
        Err(error) => chain(&error),
    };
    let printed = String::from_utf8_lossy(&printed.contents()).into_owned();
    format!("{printed}{ended}")
}

/// Waits until a line was printed that begins so.
pub(crate) async fn prints(printed: &Buffer, line: &str) {
    let shown = timeout(LONG, async {
        loop {
            let printed = printed.contents();
            let printed = String::from_utf8_lossy(&printed);
            if printed.lines().any(|printed| printed.starts_with(line)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(shown.await.is_ok(), "`{line}` was not printed");
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Where the small disk is. A test starts itself again where it can mount one, which it learns from this variable.
const DISK: &str = "LOOP_TEST_SMALL_DISK";

/// The small disk, with a folder `data`, if this process was started on one.
pub(crate) fn small_disk() -> Option<PathBuf> {
    let disk = std::env::var_os(DISK)?;
    println!("small disk: begun");
    Some(disk.into())
}

/// Runs a test of this program again, by its full name, where there is a disk of so many bytes. It uses these guests.
pub(crate) fn start_on_small_disk(test: &str, bytes: &str, guests: &[&str]) {
    for guest in guests {
        // Built here, since there is no other disk to build on there.
        loop_test::guest(guest);
    }
    let folder = tempfile::tempdir().unwrap();
    // A mount that only this command and what it starts can see.
    let script =
        r#"mount -t tmpfs -o "size=$1" small "$0" && mkdir "$0/data" && shift && exec "$@""#;
    let started = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(bytes)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DISK, folder.path())
        .output();
    let said = match started {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&said).into_owned()
        }
        Err(error) => error.to_string(),
    };
    if said.contains("small disk: ") {
        assert!(said.contains("1 passed"), "{said}");
    } else {
        println!("SKIPPED: no small disk can be mounted here: {said}");
    }
}
