//! What kind of place an address is: the whole world's, this machine, a private network, or none to speak to.
//!
//! The tables follow the registries of special-purpose addresses (IANA, RFC 6890) and name the document of
//! each block. Metadata addresses are not in any registry: each names the cloud that answers there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// Reachable from anywhere.
    Public,
    /// This machine.
    Loopback,
    /// A private network: RFC 1918, shared address space, unique local and site-local addresses.
    Private,
    /// The network that the machine is plugged into, and no further.
    LinkLocal,
    /// Where a cloud tells its machines their credentials.
    Metadata,
    /// Many machines at once.
    Multicast,
    /// All machines of a network at once.
    Broadcast,
    /// No address: `0.0.0.0` and `::`.
    Unspecified,
    /// For examples in documents.
    Documentation,
    /// Anything else that is not for the public: benchmarking, protocol use, never assigned.
    Reserved,
}

impl AddressClass {
    /// The class of an address, after [`canonical`].
    pub fn of(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if METADATA_V4.contains(&address) {
            return Self::Metadata;
        }
        BLOCKS_V4
            .iter()
            .find(|block| block.holds(address))
            .map_or(Self::Public, |block| block.class)
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if METADATA_V6.contains(&address) {
            return Self::Metadata;
        }
        // A translator takes these to the IPv4 address inside, so they are as far away as that.
        if let Some(inner) = translated(address) {
            return Self::of_v4(inner);
        }
        let global = address.segments()[0] & 0xe000 == 0x2000;
        match BLOCKS_V6.iter().find(|block| block.holds(address)) {
            Some(block) => block.class,
            // All that is public lies in 2000::/3 (RFC 4291); the rest was never assigned.
            None if global => Self::Public,
            None => Self::Reserved,
        }
    }

    /// Whether a wide range does not speak for addresses of this class.
    fn is_special(self) -> bool {
        matches!(
            self,
            Self::Metadata
                | Self::Unspecified
                | Self::LinkLocal
                | Self::Multicast
                | Self::Broadcast
        )
    }

    /// Words for a message: `a loopback address`.
    pub fn described(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "an address of a private network",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "the metadata address of a cloud",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Unspecified => "the unspecified address",
            Self::Documentation => "an address for documentation",
            Self::Reserved => "a reserved address",
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.described())
    }
}

/// The address that is really meant: an IPv4 address in IPv6 clothes is the IPv4 address.
///
/// IPv4-mapped (`::ffff:a.b.c.d`, RFC 4291) reaches the IPv4 address; IPv4-compatible (`::a.b.c.d`, deprecated by
/// the same) is judged as if it did.
pub fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0, high, low] => IpAddr::V4(v4_of(high, low)),
        _ => address,
    }
}

/// An address that is asked for, in its canonical form. Its class is looked up where an answer hangs on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination {
    pub(crate) ip: IpAddr,
}

impl Destination {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self {
            ip: canonical(address),
        }
    }

    pub(crate) fn class(self) -> AddressClass {
        AddressClass::of(self.ip)
    }

    /// How long the prefix of the block is that gave the address its class. A range that holds the address and has a
    /// prefix at least as long lies in the block.
    fn block_prefix(self) -> Option<u8> {
        match self.ip {
            IpAddr::V4(ip) => BLOCKS_V4
                .iter()
                .find(|block| block.holds(ip))
                .map(|block| block.prefix),
            IpAddr::V6(ip) => BLOCKS_V6
                .iter()
                .find(|block| block.holds(ip))
                .map(|block| block.prefix),
        }
    }
}

/// A range of addresses that a grant names.
///
/// A wide range is meant for ordinary machines. It says nothing about the addresses that answer only because of
/// where the machine stands: for link-local, multicast and broadcast addresses the range must lie within their
/// block, and a metadata address must be named by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    net: IpNet,
    /// Whether it holds ordinary machines alone. Most do, and then there is nothing to look up.
    ordinary: bool,
}

impl Range {
    pub(crate) fn new(net: IpNet) -> Self {
        let holds_some = |first: IpAddr, prefix: u8| {
            // Of two ranges that meet, one holds the other, and its first address.
            net.contains(&first)
                || IpNet::new(first, prefix).is_ok_and(|block| block.contains(&net.network()))
        };
        let special = match net {
            IpNet::V4(_) => {
                METADATA_V4.iter().any(|one| holds_some((*one).into(), 32))
                    || BLOCKS_V4.iter().any(|block| {
                        block.class.is_special() && holds_some(block.first.into(), block.prefix)
                    })
            }
            IpNet::V6(_) => {
                METADATA_V6.iter().any(|one| holds_some((*one).into(), 128))
                    || TRANSLATED
                        .iter()
                        .any(|(first, prefix)| holds_some((*first).into(), *prefix))
                    || BLOCKS_V6.iter().any(|block| {
                        block.class.is_special() && holds_some(block.first.into(), block.prefix)
                    })
            }
        };
        Self {
            net,
            ordinary: !special,
        }
    }

    /// Whether the address lies in it.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match (self.net, address) {
            (IpNet::V4(net), IpAddr::V4(ip)) => {
                (net.addr().to_bits() ^ ip.to_bits()) & net.netmask().to_bits() == 0
            }
            (IpNet::V6(net), IpAddr::V6(ip)) => {
                (net.addr().to_bits() ^ ip.to_bits()) & net.netmask().to_bits() == 0
            }
            _ => false,
        }
    }

    /// Whether a grant for the range speaks for the address.
    pub(crate) fn speaks_for(&self, destination: Destination) -> bool {
        if !self.holds(destination.ip) {
            return false;
        }
        if self.ordinary {
            return true;
        }
        match destination.class() {
            AddressClass::Metadata | AddressClass::Unspecified => false,
            AddressClass::LinkLocal | AddressClass::Multicast | AddressClass::Broadcast => {
                destination
                    .block_prefix()
                    .is_some_and(|prefix| self.net.prefix_len() >= prefix)
            }
            AddressClass::Public
            | AddressClass::Loopback
            | AddressClass::Private
            | AddressClass::Documentation
            | AddressClass::Reserved => true,
        }
    }
}

/// The IPv4 address that a translator takes `address` to: NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(v4_of(high, low)),
        _ => None,
    }
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Where such addresses lie, with the length of the prefix.
const TRANSLATED: [(Ipv6Addr, u8); 2] = [
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

const METADATA_V4: [Ipv4Addr; 7] = [
    Ipv4Addr::new(169, 254, 169, 254), // AWS, Azure, Google, DigitalOcean, OpenStack and most others
    Ipv4Addr::new(169, 254, 170, 2),   // AWS ECS: credentials of a task
    Ipv4Addr::new(169, 254, 170, 23),  // AWS EKS: credentials of a pod
    Ipv4Addr::new(169, 254, 0, 23),    // Tencent Cloud
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba Cloud
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle Cloud
    Ipv4Addr::new(168, 63, 129, 16),   // Azure: the wire server
];

const METADATA_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS EKS
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), // Oracle Cloud
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),   // Scaleway
];

/// The addresses that begin with the same bits. Invariant: the prefix is not 0.
struct Block<A> {
    first: A,
    prefix: u8,
    class: AddressClass,
}

impl Block<Ipv4Addr> {
    fn holds(&self, address: Ipv4Addr) -> bool {
        (self.first.to_bits() ^ address.to_bits()) >> (32 - u32::from(self.prefix)) == 0
    }
}

impl Block<Ipv6Addr> {
    fn holds(&self, address: Ipv6Addr) -> bool {
        (self.first.to_bits() ^ address.to_bits()) >> (128 - u32::from(self.prefix)) == 0
    }
}

const fn v4(first: [u8; 4], prefix: u8, class: AddressClass) -> Block<Ipv4Addr> {
    let [a, b, c, d] = first;
    Block {
        first: Ipv4Addr::new(a, b, c, d),
        prefix,
        class,
    }
}

const fn v6(first: [u16; 3], prefix: u8, class: AddressClass) -> Block<Ipv6Addr> {
    let [a, b, c] = first;
    Block {
        first: Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0),
        prefix,
        class,
    }
}

/// The first block that an address lies in says its class.
const BLOCKS_V4: [Block<Ipv4Addr>; 17] = [
    v4([0, 0, 0, 0], 32, AddressClass::Unspecified), // RFC 1122
    v4([0, 0, 0, 0], 8, AddressClass::Reserved),     // RFC 791, "this network"
    v4([127, 0, 0, 0], 8, AddressClass::Loopback),   // RFC 1122
    v4([10, 0, 0, 0], 8, AddressClass::Private),     // RFC 1918
    v4([172, 16, 0, 0], 12, AddressClass::Private),  // RFC 1918
    v4([192, 168, 0, 0], 16, AddressClass::Private), // RFC 1918
    v4([100, 64, 0, 0], 10, AddressClass::Private),  // RFC 6598, carrier-grade NAT
    v4([169, 254, 0, 0], 16, AddressClass::LinkLocal), // RFC 3927
    v4([224, 0, 0, 0], 4, AddressClass::Multicast),  // RFC 5771
    v4([255, 255, 255, 255], 32, AddressClass::Broadcast), // RFC 919
    v4([192, 0, 2, 0], 24, AddressClass::Documentation), // RFC 5737
    v4([198, 51, 100, 0], 24, AddressClass::Documentation), // RFC 5737
    v4([203, 0, 113, 0], 24, AddressClass::Documentation), // RFC 5737
    v4([192, 0, 0, 0], 24, AddressClass::Reserved),  // RFC 6890, protocol assignments
    v4([192, 88, 99, 0], 24, AddressClass::Reserved), // RFC 7526, once 6to4 relays
    v4([198, 18, 0, 0], 15, AddressClass::Reserved), // RFC 2544, benchmarking
    v4([240, 0, 0, 0], 4, AddressClass::Reserved),   // RFC 1112
];

const BLOCKS_V6: [Block<Ipv6Addr>; 10] = [
    v6([0, 0, 0], 128, AddressClass::Unspecified), // RFC 4291
    Block {
        first: Ipv6Addr::LOCALHOST,
        prefix: 128,
        class: AddressClass::Loopback,
    }, // RFC 4291
    v6([0xfe80, 0, 0], 10, AddressClass::LinkLocal), // RFC 4291
    v6([0xff00, 0, 0], 8, AddressClass::Multicast), // RFC 4291
    v6([0xfc00, 0, 0], 7, AddressClass::Private),  // RFC 4193, unique local
    v6([0xfec0, 0, 0], 10, AddressClass::Private), // RFC 3879, site-local
    v6([0x64, 0xff9b, 1], 48, AddressClass::Private), // RFC 8215, translation within a network
    v6([0x2001, 0xdb8, 0], 32, AddressClass::Documentation), // RFC 3849
    v6([0x3fff, 0, 0], 20, AddressClass::Documentation), // RFC 9637
    v6([0x2001, 0, 0], 23, AddressClass::Reserved), // RFC 2928: Teredo, ORCHID, benchmarking
];

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{BLOCKS_V4, BLOCKS_V6, Destination, METADATA_V4, METADATA_V6, Range, TRANSLATED};
    use ipnet::IpNet;

    /// The addresses at which something begins, and those beside them.
    fn edges() -> Vec<IpAddr> {
        let v4 = METADATA_V4.into_iter().chain(BLOCKS_V4.map(|b| b.first));
        let v6 = METADATA_V6.into_iter().chain(BLOCKS_V6.map(|b| b.first));
        let v6 = v6.chain(TRANSLATED.map(|(first, _)| first));
        let beside = |bits: u32| [bits.wrapping_sub(1), bits, bits.wrapping_add(1)];
        let v4 = v4.flat_map(|ip| beside(ip.to_bits()).map(|bits| IpAddr::V4(bits.into())));
        // 6to4 and NAT64 carry an IPv4 address: a link-local and a public one.
        let carried = ["2002:a9fe:101::", "64:ff9b::e000:1", "64:ff9b::808:808"];
        let v6 = v6.map(IpAddr::V6);
        v4.chain(v6)
            .chain(carried.map(|ip| ip.parse().unwrap()))
            .collect()
    }

    #[test]
    fn ordinary_ranges_answer_as_those_that_look_everything_up() {
        let (edges, mut ordinary) = (edges(), 0);
        for first in &edges {
            for prefix in 0..=if first.is_ipv4() { 32 } else { 128 } {
                let range = Range::new(IpNet::new(*first, prefix).unwrap().trunc());
                let slow = Range {
                    ordinary: false,
                    ..range
                };
                ordinary += u32::from(range.ordinary);
                for ip in &edges {
                    assert_eq!(
                        range.holds(*ip),
                        range.net.contains(ip),
                        "{ip} in {range:?}"
                    );
                    let to = Destination::of(*ip);
                    assert_eq!(
                        range.speaks_for(to),
                        slow.speaks_for(to),
                        "{ip} in {range:?}"
                    );
                }
            }
        }
        assert!(ordinary > 100, "{ordinary}");
    }
}
