//! Names.

use std::net::IpAddr;

use netx_recording::{Line, NoAddress};

use crate::Record;
use crate::bindings::exports::loop_::netx::dns::{Guest, IpAddress, ResolveError};
use crate::bindings::loop_::netx::dns;
use crate::file::note;

impl Guest for Record {
    fn resolve(name: String, timeout: Option<u64>) -> Result<Vec<IpAddress>, ResolveError> {
        let found = dns::resolve(&name, timeout);
        note(&match &found {
            Ok(addresses) => Line::Resolved {
                name,
                addresses: addresses.iter().map(address).collect(),
            },
            Err(error) => Line::Unresolved {
                name,
                why: match error {
                    ResolveError::Invalid => NoAddress::Invalid,
                    ResolveError::Denied => NoAddress::Denied,
                    ResolveError::Unresolved => NoAddress::Unresolved,
                    ResolveError::TimedOut => NoAddress::TimedOut,
                },
            },
        });
        found
    }
}

fn address(address: &IpAddress) -> IpAddr {
    match *address {
        IpAddress::Ipv4(parts) => IpAddr::from(<[u8; 4]>::from(parts)),
        IpAddress::Ipv6(parts) => IpAddr::from(<[u16; 8]>::from(parts)),
    }
}
