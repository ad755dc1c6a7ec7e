//! `policy/decision`: what it costs to be asked, in calls of a native function.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use loop_core::Grants;
use loop_core::policy::{Protocol, Request, Trust};
use loop_host::Silent;
use loop_host::gate::Gate;

use crate::row::{Row, median, nanoseconds};

const ROUNDS: usize = 21;
const TIMES: u32 = 100_000;

/// Compares a decision with a call that took `scalar` nanoseconds.
pub(crate) fn decision(scalar: f64) -> anyhow::Result<Row> {
    let grants = "net.connect = [\"db.example.com:5432\", \"10.0.0.0/8:80\", \"192.0.2.7:443\"]\n\
                  net.http = [\"https://api.example.com/v1/\"]\nenv = [\"LANG\"]";
    let grants = Grants::parse_fragment(grants).map_err(|error| anyhow::anyhow!(error.message))?;
    let gate = Gate::new("bench", grants, Trust::Untrusted, Arc::new(Silent));
    let address: SocketAddr = "10.1.2.3:80".parse()?;
    let request = Request::Connect {
        protocol: Protocol::Tcp,
        address,
        resolved_from: &[],
    };
    let mut values = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..TIMES {
            anyhow::ensure!(
                gate.ask(black_box(&request)).is_ok(),
                "the address is granted"
            );
        }
        values.push(nanoseconds(started.elapsed()) / f64::from(TIMES));
    }
    Ok(Row::new(
        "policy/decision",
        "ns",
        median(&mut values),
        scalar,
        0.2,
    ))
}
