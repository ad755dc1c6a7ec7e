//! What the socket calls of WASI ask the policy, for 0.2 and 0.3 alike.
//!
//! wasmtime-wasi calls one function before each use of an address: with the address that a component
//! binds, listens on, connects to, sends to, or hears from. [`socket_check`] makes that function.
//!
//! | use | asked | why |
//! |---|---|---|
//! | connect TCP | `Connect`, each time | |
//! | send UDP | `Connect`, for the first datagram to an address | the grants of an instance do not change |
//! | bind TCP to a port | `Listen` | it takes the port from others |
//! | bind TCP to port 0 | nothing | it reaches nothing until it connects or listens, and both are asked |
//! | listen TCP | `Listen`, if binding did not ask; with port 0 if the system picked the port | |
//! | accept TCP | nothing | who may listen may be called by anyone |
//! | bind UDP | `Listen`, except port 0 of the wildcard address, which every sender binds | |
//! | receive UDP | nothing, but see below | a stranger's datagram is not a request of the component |
//!
//! The check is not told which socket a datagram came in on. It is let through if the component has sent
//! to that peer, or if it may listen for datagrams; anything else is dropped before the component sees it.
//!
//! Sockets that a component was given are not judged again: this module sees addresses, never data.

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loop_core::policy::{Protocol, Request};
use wasmtime_wasi::sockets::SocketAddrUse;

use crate::gate::Gate;
use crate::wasi::lookup::Resolved;

/// The answer to one check, in the form that `WasiCtxBuilder::socket_addr_check` wants.
pub(crate) type Checked = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;

/// Makes the check of one instance. TCP and UDP have to be allowed in its `WasiCtx` for the check to be
/// asked at all: without a grant every address is refused here, and the refusal is seen.
pub(crate) fn socket_check(
    gate: Gate,
    resolved: Resolved,
) -> impl Fn(SocketAddr, SocketAddrUse) -> Checked + Send + Sync + 'static {
    let sockets = Sockets {
        gate,
        resolved,
        memory: Arc::default(),
    };
    move |address, purpose| Box::pin(std::future::ready(sockets.allows(address, purpose)))
}

/// The most addresses of each kind that are remembered for an instance. A server with more peers than
/// this at a time listens, and then no peer needs to be remembered.
const REMEMBERED_MAX: usize = 1024;

struct Sockets {
    gate: Gate,
    resolved: Resolved,
    memory: Arc<Mutex<Memory>>,
}

/// What was allowed so far.
#[derive(Default)]
struct Memory {
    /// Ports that were asked for when a TCP socket was bound to them.
    bound: Recent<SocketAddr>,
    /// Where datagrams were sent.
    peers: Recent<SocketAddr>,
    /// Whether the component may listen for datagrams; none before that was asked.
    hears_strangers: Option<bool>,
}

impl Sockets {
    fn allows(&self, address: SocketAddr, purpose: SocketAddrUse) -> bool {
        let address = judged(address);
        match purpose {
            SocketAddrUse::TcpConnect => self.connect(Protocol::Tcp, address),
            SocketAddrUse::TcpBind => self.bind_tcp(address),
            SocketAddrUse::TcpListen => self.listen_tcp(address),
            SocketAddrUse::TcpAccept => true,
            SocketAddrUse::UdpBind => self.bind_udp(address),
            SocketAddrUse::UdpSend => self.send_udp(address),
            SocketAddrUse::UdpReceive => self.receive_udp(address),
        }
    }

    fn bind_tcp(&self, address: SocketAddr) -> bool {
        if address.port() == 0 {
            return true;
        }
        let allowed = self.listen(Protocol::Tcp, address);
        if allowed {
            self.memory().bound.insert(address);
        }
        allowed
    }

    fn listen_tcp(&self, address: SocketAddr) -> bool {
        if self.memory().bound.contains(&address) {
            return true;
        }
        // The system picked the port, so what the component asked for was port 0.
        self.listen(Protocol::Tcp, SocketAddr::new(address.ip(), 0))
    }

    fn bind_udp(&self, address: SocketAddr) -> bool {
        if address == any_port(address) {
            return true;
        }
        let allowed = self.listen(Protocol::Udp, address);
        if allowed {
            self.memory().hears_strangers = Some(true);
        }
        allowed
    }

    fn send_udp(&self, address: SocketAddr) -> bool {
        if self.memory().peers.contains(&address) {
            return true;
        }
        let allowed = self.connect(Protocol::Udp, address);
        if allowed {
            self.memory().peers.insert(address);
        }
        allowed
    }

    fn receive_udp(&self, from: SocketAddr) -> bool {
        let known = {
            let memory = self.memory();
            if memory.peers.contains(&from) {
                Some(true)
            } else {
                memory.hears_strangers
            }
        };
        if let Some(known) = known {
            return known;
        }
        // The socket is bound to port 0 of the wildcard address, which was not asked. It is asked now, once,
        // and only for a component that has such a grant at all: a datagram that a stranger happened to
        // send must not make the host tell the user of a missing grant.
        let allowed =
            !self.gate.grants().net.listen.is_empty() && self.listen(Protocol::Udp, any_port(from));
        self.memory().hears_strangers = Some(allowed);
        allowed
    }

    fn connect(&self, protocol: Protocol, address: SocketAddr) -> bool {
        let resolved_from = &self.resolved.names(address.ip());
        self.gate
            .ask(&Request::Connect {
                protocol,
                address,
                resolved_from,
            })
            .is_ok()
    }

    fn listen(&self, protocol: Protocol, address: SocketAddr) -> bool {
        self.gate
            .ask(&Request::Listen { protocol, address })
            .is_ok()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address that the system will use, in the one form the policy knows: IPv4 in IPv6 is IPv4, and
/// the flow label and the scope, which say nothing about who is reached, are left out.
fn judged(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Port 0 of the wildcard address of the same family.
fn any_port(address: SocketAddr) -> SocketAddr {
    let wildcard = match address.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(wildcard, 0)
}

/// A set that forgets what was put into it longest ago.
struct Recent<T> {
    order: VecDeque<T>,
    set: HashSet<T>,
}

impl<T: Copy + Eq + Hash> Recent<T> {
    fn contains(&self, item: &T) -> bool {
        self.set.contains(item)
    }

    fn insert(&mut self, item: T) {
        if !self.set.insert(item) {
            return;
        }
        self.order.push_back(item);
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            set: HashSet::new(),
        }
    }
}
