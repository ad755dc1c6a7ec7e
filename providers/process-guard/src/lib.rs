//! `loop:process` for components that are not trusted: a component that is stands between them and the programs.
//!
//! Those who call it need no grant. What they may start is what this component is granted under `process`, and its app trusts this one
//! alone. It logs each command, by `loop:core`. All who call it share one instance: they take turns, so a call that waits
//! keeps the others waiting, no longer than `call` under its `limits` says; and they have 32 children together.

mod bindings {
    #![allow(
        clippy::all,
        clippy::pedantic,
        clippy::restriction,
        reason = "generated from wit/process"
    )]

    loop_guest::wit_bindgen::generate!({
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/process"],
        inline: "
            package loop:process-guard;
            world guard {
                import loop:process/children@0.1.0;
                export loop:process/children@0.1.0;
            }
        ",
        generate_all,
        runtime_path: "loop_guest::wit_bindgen::rt",
        // What it is asked is what it asks.
        merge_structurally_equal_types: true,
    });

    pub(crate) use exports::loop_::process::children as served;
    pub(crate) use loop_::process::children as used;
}

use loop_guest::log;

use crate::bindings::{served, used};

/// As many arguments as a record of the log shows.
const ARGUMENTS_SHOWN_MAX: usize = 20;

struct Guard;

/// A child of the host's, handed on.
struct Child(used::Child);

impl served::Guest for Guard {
    type Child = Child;

    fn any(
        children: Vec<served::ChildBorrow<'_>>,
        timeout: Option<served::Duration>,
    ) -> Result<Vec<u32>, served::AnyError> {
        let children: Vec<&used::Child> = children
            .iter()
            .map(|child| &child.get::<Child>().0)
            .collect();
        used::any(&children, timeout)
    }

    fn exec(
        command: served::Command,
        input: Vec<u8>,
        timeout: Option<served::Duration>,
    ) -> Result<served::Finished, served::ExecError> {
        let done = used::exec(&command, &input, timeout);
        note(&command, done.as_ref().map(drop));
        done
    }
}

impl served::GuestChild for Child {
    fn spawn(
        command: served::Command,
        streams: served::Streams,
    ) -> Result<served::Child, served::SpawnError> {
        let child = used::Child::spawn(&command, streams);
        note(&command, child.as_ref().map(drop));
        child.map(|child| served::Child::new(Self(child)))
    }

    fn write(&self, bytes: Vec<u8>) -> Result<u32, ()> {
        self.0.write(&bytes)
    }

    fn close_stdin(&self) {
        self.0.close_stdin();
    }

    fn next(&self, timeout: Option<served::Duration>) -> Result<served::Event, served::NextError> {
        self.0.next(timeout)
    }

    fn signal(&self, signal: served::Signal) {
        self.0.signal(signal);
    }

    fn kill(&self) {
        self.0.kill();
    }
}

bindings::export!(Guard with_types_in bindings);

/// Tells what was started, or why it was not.
fn note<E: std::fmt::Debug>(command: &served::Command, done: Result<(), &E>) {
    let program = command.program.as_str();
    let shown = command.arguments.get(..ARGUMENTS_SHOWN_MAX);
    let arguments = shown.unwrap_or(&command.arguments).join(" ");
    match done {
        Ok(()) => log::info!(program = program, arguments = arguments.as_str(); "started"),
        Err(error) => {
            log::warn!(program = program, arguments = arguments.as_str(); "not started: {error:?}");
        }
    }
}
