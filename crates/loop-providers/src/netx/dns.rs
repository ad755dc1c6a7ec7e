//! Names: the functions of `loop:netx/dns`.

use std::net::IpAddr;
use std::time::Duration;

use loop_host::net::LookupError;
use tokio::time::timeout;

use crate::netx::NetworkView;
use crate::netx::bindings::loop_::netx::dns::{Host, ResolveError};
use crate::netx::bindings::wasi::sockets::network::IpAddress;

impl Host for NetworkView<'_> {
    async fn resolve(
        &mut self,
        name: String,
        limit: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<IpAddress>, ResolveError>> {
        // The longest time is the host's own.
        let limit = limit.map_or(Duration::MAX, Duration::from_nanos);
        let found = timeout(limit, self.network.dialer.resolve(&name)).await;
        Ok(match found {
            Ok(Ok(found)) => Ok(found.into_iter().map(address).collect()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(ResolveError::TimedOut),
        })
    }
}

fn address(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

impl From<LookupError> for ResolveError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Invalid => Self::Invalid,
            LookupError::Denied => Self::Denied,
            LookupError::NotFound => Self::Unresolved,
            LookupError::TimedOut => Self::TimedOut,
        }
    }
}
