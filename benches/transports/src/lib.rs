//! What a call between two processes costs: `loop bench transports`.
//!
//! [`run`] measures a component that calls another one in a second process, over every transport, and beside each figure
//! its floor: two blocking processes that send the same number of bytes to and fro over the same kind of descriptor. Both are
//! measured in turn, round by round, so that a machine that gets slower slows both. It gives a [`Report`], which
//! makes tables, files and a page of itself.
//!
//! The second process is the same program, started again: whoever calls [`run`] says how ([`Options::peer`]), and that process calls
//! [`peer`]. A server on another machine is made by [`serve`], and called with [`Options::endpoint`].
//!
//! Nothing is printed here. What is measured is the product as it ships: hosts, routes and the wire know nothing of this crate,
//! which looks at them from outside, through a provider, an observer and streams of its own.

mod callee;
mod caller;
mod certificate;
mod floor;
mod measure;
mod nats;
mod payload;
mod peer;
mod plan;
mod program;
mod report;
mod rings;
mod row;
mod stamps;
mod wire;

use std::ffi::OsString;

use loop_wire::Address;

pub use report::Report;
pub use row::{Row, Spans};

/// What to measure, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The command that starts the other process: it gives what follows to [`peer`].
    pub peer: Vec<OsString>,
    /// Only rows whose name holds one of these texts; all, if there are none.
    pub only: Vec<String>,
    /// How often each figure is measured, in turn with its floor.
    pub rounds: u32,
    /// A server elsewhere that was started by [`serve`]. It is called in place of processes on this machine, and there is no floor then.
    pub endpoint: Option<Address>,
}

/// What happens while it is measured.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A row begins to be measured.
    Begun(&'a str),
    /// A row was measured.
    Measured(&'a Row),
    /// A row could not be measured; the others go on.
    Failed {
        /// Its name.
        name: &'a str,
        /// Why.
        why: String,
    },
    /// Rows of a transport are left out, where its processes cannot be started.
    LeftOut {
        /// The transport.
        transport: &'static str,
        /// Why.
        why: String,
    },
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct BenchError {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Measures everything that the options name, and tells of each row.
///
/// It takes some three seconds for a row of five rounds, and blocks the thread. Processes that it starts end with it.
///
/// # Errors
/// If nobody answers at [`Options::endpoint`]. What cannot be measured here is [told](Progress) instead, and the rest goes on.
pub fn run(options: &Options, told: &mut dyn FnMut(Progress<'_>)) -> Result<Report, BenchError> {
    Ok(measure::all(options, told)?)
}

/// Serves calls at an address until the process ends, for a [`run`] elsewhere. `told` gets the address at which it listens.
///
/// # Errors
/// If it cannot listen there.
pub fn serve(address: &Address, told: &mut dyn FnMut(&Address)) -> Result<(), BenchError> {
    Ok(callee::serve_at(address, told)?)
}

/// Is the other process of a [`run`]: does what the arguments say, until standard input ends.
///
/// # Errors
/// If the arguments are not those that [`run`] gives, or the system refuses.
pub fn peer(arguments: &[String]) -> Result<(), BenchError> {
    Ok(peer::be(arguments)?)
}

impl From<anyhow::Error> for BenchError {
    fn from(error: anyhow::Error) -> Self {
        let message = error.to_string();
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        let source = (!causes.is_empty()).then(|| causes.join(": ").into());
        Self { message, source }
    }
}
