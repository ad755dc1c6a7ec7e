//! Makes apps of the components in `tests/guests`, and says how they ended.

use std::sync::{Arc, Mutex};

use loop_core::Grants;
use loop_host::{
    App, AppSpec, Buffer, ComponentSpec, Event, Host, LoadOptions, Observer, Output, RouteSpec,
};

/// A host with a cache that all tests share, so that each guest is compiled once.
pub(crate) fn host() -> Host {
    Host::builder().cache(cache()).build().unwrap()
}

pub(crate) fn cache() -> std::path::PathBuf {
    loop_test::target_dir().join("compiled")
}

pub(crate) fn load(host: &Host, guest: &str) -> ComponentSpec {
    let path = loop_test::guest(guest);
    ComponentSpec::new(host.load_file(&path, LoadOptions::default()).unwrap())
}

pub(crate) fn grants(text: &str) -> Grants {
    Grants::parse_fragment(text).unwrap()
}

/// What is collected of an app's output.
#[derive(Default)]
pub(crate) struct Printed {
    pub(crate) stdout: Buffer,
    pub(crate) stderr: Buffer,
}

impl Printed {
    pub(crate) fn catch(&self, app: &mut AppSpec) {
        app.stdio.stdout = Output::Buffer(self.stdout.clone());
        app.stdio.stderr = Output::Buffer(self.stderr.clone());
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout.contents()).into_owned()
    }
}

/// An app of several guests. The first is the root; each of `provide` names an interface and the guest that serves it.
pub(crate) fn app(host: &Host, guests: &[&str], provide: &[(&str, &str)]) -> AppSpec {
    let mut spec = AppSpec::single(load(host, guests[0]));
    for guest in &guests[1..] {
        spec.components
            .insert((*guest).to_owned(), load(host, guest));
    }
    for (interface, guest) in provide {
        let route = RouteSpec::Component((*guest).to_owned());
        spec.provide.insert(interface.parse().unwrap(), route);
    }
    spec
}

/// Runs a command, and gives what it printed and how it ended as one text.
pub(crate) async fn run(host: &Host, mut spec: AppSpec, args: &[&str]) -> String {
    let printed = Printed::default();
    printed.catch(&mut spec);
    let args: Vec<String> = args.iter().map(ToString::to_string).collect();
    let app = match host.link(spec) {
        Ok(app) => app,
        Err(error) => return format!("not linked: {}", chain(&error)),
    };
    let ended = match app.run(&args).await {
        Ok(exit) => format!("exit {}", exit.code),
        Err(error) => chain(&error),
    };
    format!("{}{ended}", printed.out())
}

/// Runs a command of one guest to which something is granted.
pub(crate) async fn run_one(guest: &str, granted: &str, args: &[&str]) -> String {
    let host = host();
    let mut spec = load(&host, guest);
    spec.grants = grants(granted);
    run(&host, AppSpec::single(spec), args).await
}

pub(crate) fn link(host: &Host, spec: AppSpec) -> App {
    host.link(spec)
        .unwrap_or_else(|error| panic!("not linked: {}", chain(&error)))
}

/// An error with its causes, as a shell would print it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Keeps what the host tells, a line for each event.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Told {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Decision {
                component,
                decision,
                ..
            } => format!("{component}: {decision:?}"),
            Event::Route {
                caller,
                interface,
                provider,
                placement,
            } => {
                format!("{caller} -> {interface} -> {provider} ({placement:?})")
            }
            Event::Limit { component, limit } => format!("{component} reached {limit}"),
            Event::Failed { component, error } => format!("{component} failed: {}", chain(*error)),
            _ => String::new(),
        };
        self.0.lock().unwrap().push(line);
    }
}
