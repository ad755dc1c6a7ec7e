//! Names and their addresses.

use suite::{fails, gives, is};

use crate::loop_::netx::dns::{ResolveError, resolve};
use crate::wasi::sockets::network::IpAddress;
use crate::{Case, LONG};

/// The addresses of a name in a line.
fn addresses(name: &str) -> Result<String, String> {
    let found = gives(name, resolve(name, Some(LONG)))?;
    let shown = found.iter().map(|address| match *address {
        IpAddress::Ipv4((a, b, c, d)) => format!("{a}.{b}.{c}.{d}"),
        IpAddress::Ipv6(parts) => format!("{parts:?}"),
    });
    Ok(shown.collect::<Vec<_>>().join(" "))
}

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a name has addresses, in their order", |_| {
        let expected = "192.0.2.7 (8193, 3512, 0, 0, 0, 0, 0, 7) 10.0.0.7";
        is("known.test", addresses("known.test")?, expected.to_owned())?;
        is(
            "without a limit",
            gives("known.test", resolve("known.test", None))?.len(),
            3,
        )
    }),
    ("a name has several spellings", |_| {
        let known = addresses("known.test")?;
        for name in ["KNOWN.test", "known.test.", "ｋnown.test"] {
            is(name, addresses(name)?, known.clone())?;
        }
        Ok(())
    }),
    ("localhost is this machine", |_| {
        let this = "127.0.0.1 (0, 0, 0, 0, 0, 0, 0, 1)";
        is("the name", addresses("localhost")?, this.to_owned())
    }),
    ("an address is its own answer", |_| {
        for (text, expected) in [
            ("93.184.216.34", "93.184.216.34"),
            ("127.1", "127.0.0.1"),
            ("::1", "(0, 0, 0, 0, 0, 0, 0, 1)"),
            ("[::ffff:10.0.0.1]", "10.0.0.1"),
        ] {
            is(text, addresses(text)?, expected.to_owned())?;
        }
        Ok(())
    }),
    ("what is no name", |_| {
        let long = "a".repeat(254);
        for name in ["", ".", "a b", "known.test:80", "http://known.test", &long] {
            let got = resolve(name, Some(LONG));
            fails(name, got, ResolveError::Invalid)?;
        }
        Ok(())
    }),
    ("what is not granted", |_| {
        let got = resolve("example.com", Some(LONG));
        fails("example.com", got, ResolveError::Denied)
    }),
    ("what is not there", |_| {
        let got = resolve("unknown.test", Some(LONG));
        fails("unknown.test", got, ResolveError::Unresolved)
    }),
    ("who does not answer", |_| {
        let got = resolve("silent.test", Some(1_000_000));
        fails("silent.test", got, ResolveError::TimedOut)
    }),
];
