//! Names and their addresses, by `loop:netx/dns`. With the feature `dns`.
//!
//! ```no_run
//! # fn main() -> Result<(), loop_guest::dns::ResolveError> {
//! for address in loop_guest::dns::resolve("example.com")? {
//!     println!("{address}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A name needs an entry under `net.lookup`, `net.connect` or `net.http`. That an address came does not say that it may be connected to: `wit/netx` says the
//! rest.

use std::net::IpAddr;
use std::time::Duration;

use crate::time::to_nanos;

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated from wit/netx"
)]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package loop:guest-dns;
            world imports {
                import loop:netx/dns@0.1.0;
            }
        ",
        path: ["../../wit/vendor/wasi-0.2.12", "../../wit/netx"],
        generate_all,
    });
}

use bindings::loop_::netx::dns;
use bindings::wasi::sockets::network::IpAddress;

pub use dns::ResolveError;

/// Gives the addresses of a name, the preferred one first: at least one, and at most 64. An address is its own answer. Blocks until they are known, for
/// 10 s at most.
///
/// # Errors
/// Why there are none.
pub fn resolve(name: &str) -> Result<Vec<IpAddr>, ResolveError> {
    answer(dns::resolve(name, None))
}

/// As [`resolve`], and waits for this long at most.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_within(name: &str, timeout: Duration) -> Result<Vec<IpAddr>, ResolveError> {
    answer(dns::resolve(name, Some(to_nanos(timeout))))
}

fn answer(found: Result<Vec<IpAddress>, ResolveError>) -> Result<Vec<IpAddr>, ResolveError> {
    let addresses = found?.into_iter().map(|address| match address {
        IpAddress::Ipv4(parts) => IpAddr::from(<[u8; 4]>::from(parts)),
        IpAddress::Ipv6(parts) => IpAddr::from(<[u16; 8]>::from(parts)),
    });
    Ok(addresses.collect())
}
