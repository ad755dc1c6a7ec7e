//! Names.

use std::net::IpAddr;

use loop_guest::log;
use netx_recording::NoAddress;

use crate::bindings::exports::loop_::netx::dns::{Guest, IpAddress, ResolveError};
use crate::{Replay, book};

impl Guest for Replay {
    fn resolve(name: String, _: Option<u64>) -> Result<Vec<IpAddress>, ResolveError> {
        match book::name(&name) {
            Ok(Some(Ok(addresses))) => Ok(addresses.into_iter().map(address).collect()),
            Ok(Some(Err(why))) => Err(match why {
                NoAddress::Invalid => ResolveError::Invalid,
                NoAddress::Denied => ResolveError::Denied,
                NoAddress::Unresolved => ResolveError::Unresolved,
                NoAddress::TimedOut => ResolveError::TimedOut,
            }),
            Ok(None) => {
                log::warn!("not recorded: the name `{name}`");
                Err(ResolveError::Unresolved)
            }
            Err(why) => {
                log::error!("{why}");
                Err(ResolveError::Unresolved)
            }
        }
    }
}

fn address(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}
