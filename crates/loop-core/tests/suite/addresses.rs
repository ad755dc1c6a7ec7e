//! The class of every kind of address, and what a range and a name do with it.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use loop_core::Grants;
use loop_core::address::{AddressClass, canonical};
use loop_core::policy::{Decision, Protocol, Request, Trust, decide};

const ADDRESSES: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "1.1.1.1",
    "9.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.63.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "128.0.0.0",
    "168.63.129.16",
    "169.253.255.255",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.15.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "172.32.0.0",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.169.0.0",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "223.255.255.255",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::7f00:1",
    "::ffff:1.1.1.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "64:ff9b::1.1.1.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:4860:4860::8888",
    "2002:0a00:0001::",
    "2002:0101:0101::",
    "2606:4700::1111",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fec0::1",
    "ff02::fb",
];

#[test]
fn each_address_has_a_class() {
    let allows = |entry: &str, address: IpAddr, resolved_from: &[String]| {
        let grants = Grants::parse_fragment(&format!("net.connect = [\"{entry}\"]")).unwrap();
        let address = SocketAddr::new(address, 80);
        let request = Request::Connect {
            protocol: Protocol::Tcp,
            address,
            resolved_from,
        };
        match decide(&grants, Trust::Untrusted, &request) {
            Decision::Allow { .. } => 'A',
            Decision::Deny(_) => '.',
        }
    };
    let named = ["example.com".to_owned()];
    let local = ["localhost".to_owned()];
    let mut table = String::new();
    writeln!(
        table,
        "A: let through by a name, by `localhost`, by all ranges, by an entry of its own\n"
    )
    .unwrap();
    for text in ADDRESSES {
        let address: IpAddr = text.parse().unwrap();
        let own = SocketAddr::new(address, 80).to_string();
        let wide = if canonical(address).is_ipv4() {
            "0.0.0.0/0:80"
        } else {
            "[::/0]:80"
        };
        let cells: String = [
            allows("example.com:80", address, &named),
            allows("localhost:80", address, &local),
            allows(wide, address, &[]),
            allows(&own, address, &[]),
        ]
        .into_iter()
        .collect();
        writeln!(table, "{text:26} {cells}  {}", AddressClass::of(address)).unwrap();
    }
    insta::assert_snapshot!("addresses", table);
}

#[test]
fn a_range_within_a_block_speaks_for_it() {
    let check = |range: &str, address: &str, expected: bool| {
        let grants = Grants::parse_fragment(&format!("net.connect = [\"{range}:*\"]")).unwrap();
        let address: SocketAddr = address.parse().unwrap();
        let request = Request::Connect {
            protocol: Protocol::Udp,
            address,
            resolved_from: &[],
        };
        let decision = decide(&grants, Trust::Untrusted, &request);
        assert_eq!(
            matches!(decision, Decision::Allow { .. }),
            expected,
            "{address} in {range}"
        );
    };
    check("169.254.0.0/16", "169.254.1.1:80", true);
    check("169.254.1.0/24", "169.254.1.1:80", true);
    check("169.254.0.0/15", "169.254.1.1:80", false);
    check("169.254.0.0/16", "169.254.169.254:80", false);
    check("169.254.169.254/32", "169.254.169.254:80", true);
    check("[fe80::/10]", "[fe80::1]:80", true);
    check("[fe80::/9]", "[fe80::1]:80", false);
    check("224.0.0.0/4", "224.0.0.251:5353", true);
    check("128.0.0.0/1", "224.0.0.251:5353", false);
    check("[ff00::/8]", "[ff02::fb]:5353", true);
    check("240.0.0.0/4", "255.255.255.255:67", false);
    check("255.255.255.255", "255.255.255.255:67", true);
    check(
        "fd00::/8".replace("fd00::/8", "[fd00::/8]").as_str(),
        "[fd00:ec2::254]:80",
        false,
    );
}
