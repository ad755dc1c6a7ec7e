//! Names and their addresses: who may resolve what, by whom it is resolved, and what came out of it.
//!
//! wasmtime-wasi allows all lookups or none, so `wasi:sockets/ip-name-lookup` is served from here, in
//! [`add_to_linker_p2`] and [`add_to_linker_p3`]. The `wasi:http` client resolves here as well, so
//! there is one place in the host that asks a [`Resolver`].
//!
//! The answers given to a component are kept in [`Resolved`]: when it connects to one of them, the
//! policy is told which names it came from. The answers themselves are not judged here, since an address
//! does nothing until it is used.

mod p2;
mod p3;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use loop_core::policy::Request;
use tokio::sync::Semaphore;
use wasmtime::component::{HasData, ResourceTable};

use crate::gate::Gate;

pub(crate) use p2::add_to_linker_p2;
pub(crate) use p3::add_to_linker_p3;

/// Turns names into addresses.
///
/// The host's own is [`SystemResolver`]; an embedder gives an app another to answer names itself.
/// It need not judge anything: what it returns is judged when it is used.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of the name, the preferred one first.
    ///
    /// The name is in ASCII and lower case, without a dot at its end, and is never an address or a name of
    /// this machine.
    ///
    /// # Errors
    /// Any error is told to the component as a name that does not resolve.
    ///
    /// Dropped before it ends when the host itself ends; otherwise it is left to run.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system, so that `/etc/hosts`, search domains and the like count.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0))
            .await?
            .map(|address| address.ip())
            .collect())
    }
}

/// How long a lookup may take. The system's own resolver gives up on a dead server after 5 s, and most
/// machines have two.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Lookups of one instance that run at once. Each takes a thread of the host while the system works on
/// it, and can't be stopped; the others wait in turn.
const LOOKUPS_MAX: usize = 8;

/// Addresses that are passed on from one answer. Large services have about ten.
const ADDRESSES_MAX: usize = 64;

/// Characters of a name: DNS has no longer ones.
const NAME_MAX: usize = 253;

/// The lookups of one instance.
#[derive(Clone)]
pub(crate) struct Lookup(Arc<Inner>);

struct Inner {
    gate: Gate,
    resolver: Arc<dyn Resolver>,
    resolved: Resolved,
    turns: Arc<Semaphore>,
}

/// Why a lookup gave no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The policy refused.
    #[error("the lookup is not granted")]
    Denied,
    /// It is neither a name nor an address.
    #[error("not a name")]
    Invalid,
    /// There is no such name, or the resolver failed.
    #[error("the name does not resolve")]
    NotFound,
    /// It was not answered in 10 s.
    #[error("the lookup took too long")]
    TimedOut,
}

impl Lookup {
    pub(crate) fn new(gate: Gate, resolver: Arc<dyn Resolver>) -> Self {
        let turns = Arc::new(Semaphore::new(LOOKUPS_MAX));
        Self(Arc::new(Inner {
            gate,
            resolver,
            resolved: Resolved::default(),
            turns,
        }))
    }

    /// What was resolved for the component so far, for the check of its sockets.
    pub(crate) fn resolved(&self) -> &Resolved {
        &self.0.resolved
    }

    /// Reads what the component wants to resolve, and asks whether it may.
    ///
    /// An address is its own answer and needs no grant: nobody is asked about it.
    ///
    /// # Errors
    /// [`LookupError::Invalid`] or [`LookupError::Denied`].
    fn ask(&self, name: &str) -> Result<Host, LookupError> {
        let host = Host::parse(name)?;
        if let Host::Name(name) = &host {
            let request = Request::Lookup { name };
            self.0.gate.ask(&request).map_err(|_| LookupError::Denied)?;
        }
        Ok(host)
    }

    /// Asks whether the component may resolve a name, and does.
    ///
    /// # Errors
    /// Any [`LookupError`].
    pub(crate) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, LookupError> {
        self.answer(self.ask(name)?).await
    }

    /// Answers a lookup that was asked, and remembers the answer.
    async fn answer(&self, host: Host) -> Result<Vec<IpAddr>, LookupError> {
        let addresses = self.addresses(&host).await?;
        if let Host::Name(name) = &host {
            self.0.resolved.record(name, &addresses);
        }
        Ok(addresses)
    }

    /// The addresses of a host that something else than a lookup was granted for. At least one.
    ///
    /// # Errors
    /// [`LookupError::NotFound`] or [`LookupError::TimedOut`].
    pub(crate) async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, LookupError> {
        let name = match host {
            Host::Address(address) => return Ok(vec![*address]),
            Host::Name(name) if is_localhost(name) => return Ok(LOOPBACK.to_vec()),
            Host::Name(name) => name.clone(),
        };
        let Inner {
            resolver, turns, ..
        } = &*self.0;
        let (resolver, turns) = (Arc::clone(resolver), Arc::clone(turns));
        // A task of its own, which is not aborted: the turn is given back when the system is done with
        // the lookup, not when the component stops waiting for it.
        let lookup = tokio::spawn(async move {
            let _turn = turns.acquire_owned().await.ok()?;
            resolver.addresses(&name).await.ok()
        });
        match tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await {
            Err(_) => Err(LookupError::TimedOut),
            Ok(Ok(Some(found))) if !found.is_empty() => Ok(tidied(found)),
            Ok(_) => Err(LookupError::NotFound),
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup")
            .field("gate", &self.0.gate)
            .finish_non_exhaustive()
    }
}

/// Whether a name stands for this machine whatever a resolver says, as RFC 6761 asks for.
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// What such a name resolves to. IPv4 comes first, since most local servers listen on it alone.
const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// Each address once, IPv4 as IPv4, at most [`ADDRESSES_MAX`].
fn tidied(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for address in found {
        let address = address.to_canonical();
        if addresses.len() < ADDRESSES_MAX && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// The host part of what a component wants to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name in ASCII and lower case, without a dot at its end.
    Name(String),
    /// An address, IPv4 also where it was written as IPv6.
    Address(IpAddr),
}

impl Host {
    /// Reads a name or an address, in any spelling that a resolver would understand: `127.1` and
    /// `0x7f000001` are addresses, and must not get to a resolver as names.
    ///
    /// # Errors
    /// [`LookupError::Invalid`] if it is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, LookupError> {
        if text.len() > NAME_MAX {
            return Err(LookupError::Invalid);
        }
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self::address(address.into()));
        }
        match url::Host::parse(text).map_err(|_| LookupError::Invalid)? {
            url::Host::Domain(name) => Self::from_url(&url::Host::Domain(name.as_str())),
            url::Host::Ipv4(address) => Ok(Self::address(address.into())),
            url::Host::Ipv6(address) => Ok(Self::address(address.into())),
        }
    }

    /// The same for the host of a URL.
    ///
    /// # Errors
    /// [`LookupError::Invalid`] if the name is empty or too long.
    pub(crate) fn from_url(host: &url::Host<&str>) -> Result<Self, LookupError> {
        let name = match *host {
            url::Host::Ipv4(address) => return Ok(Self::address(address.into())),
            url::Host::Ipv6(address) => return Ok(Self::address(address.into())),
            url::Host::Domain(name) => name,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() || name.len() > NAME_MAX {
            return Err(LookupError::Invalid);
        }
        Ok(Self::Name(name.to_ascii_lowercase()))
    }

    fn address(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The names from which each address came, for one instance. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved(Arc<Mutex<Answers>>);

#[derive(Debug, Default)]
struct Answers {
    names: HashMap<IpAddr, Vec<String>>,
    /// The addresses in the order in which they first came.
    order: VecDeque<IpAddr>,
}

/// Addresses remembered for one instance; the oldest is forgotten. A component connects to what it resolved
/// soon after.
const RESOLVED_MAX: usize = 1024;

/// Names remembered for one address; the oldest is forgotten. A shared server has many names, but one
/// component uses few of them.
const NAMES_MAX: usize = 16;

impl Resolved {
    /// The names that resolved to the address, the newest last.
    pub(crate) fn names(&self, address: IpAddr) -> Vec<String> {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.names.get(&address).cloned().unwrap_or_default()
    }

    /// Remembers an answer.
    pub(crate) fn record(&self, name: &str, addresses: &[IpAddr]) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Answers { names, order } = &mut *answers;
        for address in addresses {
            let known = names.entry(*address).or_insert_with(|| {
                order.push_back(*address);
                Vec::new()
            });
            known.retain(|other| other != name);
            known.push(name.to_owned());
            if known.len() > NAMES_MAX {
                known.remove(0);
            }
            if order.len() > RESOLVED_MAX
                && let Some(oldest) = order.pop_front()
            {
                names.remove(&oldest);
            }
        }
    }
}

/// The store data of an instance that resolves names.
pub(crate) trait LookupView: Send {
    /// What the interface works on.
    fn lookup(&mut self) -> LookupCtxView<'_>;
}

/// What `wasi:sockets/ip-name-lookup` works on.
pub(crate) struct LookupCtxView<'a> {
    /// The lookups of the instance.
    pub(crate) lookup: &'a Lookup,
    /// Its handles.
    pub(crate) table: &'a mut ResourceTable,
}

/// Ties [`LookupCtxView`] to the linker.
struct HasLookup;

impl HasData for HasLookup {
    type Data<'a> = LookupCtxView<'a>;
}
