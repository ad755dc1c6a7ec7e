use std::net::SocketAddr;

use futures::FutureExt as _;
use wasmtime_wasi::sockets::SocketAddrUse::{
    self, TcpAccept, TcpBind, TcpConnect, TcpListen, UdpBind, UdpReceive, UdpSend,
};

use crate::wasi::lookup::Resolved;
use crate::wasi::lookup::testing::gate;
use crate::wasi::sockets::socket_check;

/// Uses addresses one after the other under these grants. Each use comes with whether it is let through, and with the
/// decisions that it took.
fn check(grants: &str, uses: &[(SocketAddrUse, &str, bool, &str)]) {
    let (gate, decisions) = gate(grants);
    let resolved = Resolved::default();
    resolved.record("db.example.com", &["93.184.216.34".parse().unwrap()]);
    resolved.record("evil.example.com", &["127.0.0.9".parse().unwrap()]);
    let allows = socket_check(gate, resolved);
    for (purpose, address, allowed, asked) in uses {
        let address: SocketAddr = address.parse().unwrap();
        let answer = allows(address, *purpose).now_or_never().unwrap();
        let seen = (answer, decisions.take());
        assert_eq!(
            seen,
            (*allowed, (*asked).to_owned()),
            "{purpose:?} {address}"
        );
    }
}

#[test]
fn nothing_is_reached_without_a_grant() {
    check(
        "",
        &[
            (TcpBind, "0.0.0.0:0", true, ""),
            (
                TcpConnect,
                "127.0.0.1:80",
                false,
                "no: connect to 127.0.0.1:80 over tcp",
            ),
            (
                TcpListen,
                "0.0.0.0:0",
                false,
                "no: listen on 0.0.0.0:0 over tcp",
            ),
            (
                TcpBind,
                "[::1]:8080",
                false,
                "no: listen on [::1]:8080 over tcp",
            ),
            (UdpBind, "0.0.0.0:0", true, ""),
            (
                UdpSend,
                "127.0.0.1:53",
                false,
                "no: send to 127.0.0.1:53 over udp",
            ),
            (UdpReceive, "127.0.0.1:53", false, ""),
            (
                UdpBind,
                "127.0.0.1:0",
                false,
                "no: listen on 127.0.0.1:0 over udp",
            ),
        ],
    );
}

#[test]
fn connections_are_asked_each_time_and_datagrams_once_for_each_peer() {
    let by = r#"net.connect = ["10.0.0.1:53"]"#;
    check(
        by,
        &[
            (TcpConnect, "10.0.0.1:53", true, by),
            (TcpConnect, "10.0.0.1:53", true, by),
            (UdpSend, "10.0.0.1:53", true, by),
            (UdpSend, "10.0.0.1:53", true, ""),
            (
                UdpSend,
                "10.0.0.1:54",
                false,
                "no: send to 10.0.0.1:54 over udp",
            ),
            (
                UdpSend,
                "10.0.0.1:54",
                false,
                "no: send to 10.0.0.1:54 over udp",
            ),
        ],
    );
}

#[test]
fn only_peers_answer_a_sender() {
    let by = r#"net.connect = ["10.0.0.1:53"]"#;
    check(
        by,
        &[
            (UdpReceive, "10.0.0.1:53", false, ""),
            (UdpSend, "10.0.0.1:53", true, by),
            (UdpReceive, "10.0.0.1:53", true, ""),
            (UdpReceive, "10.0.0.1:54", false, ""),
            (UdpReceive, "10.0.0.2:53", false, ""),
        ],
    );
}

#[test]
fn a_listener_is_asked_for_the_port_that_was_wanted() {
    let any = r#"net.listen = ["127.0.0.1:0"]"#;
    check(
        any,
        &[
            (TcpBind, "127.0.0.1:0", true, ""),
            (TcpListen, "127.0.0.1:40404", true, any),
            (TcpAccept, "127.0.0.1:50505", true, ""),
            (
                TcpBind,
                "127.0.0.1:8080",
                false,
                "no: listen on 127.0.0.1:8080 over tcp",
            ),
            (
                TcpListen,
                "0.0.0.0:40405",
                false,
                "no: listen on 0.0.0.0:0 over tcp",
            ),
        ],
    );
    let one = r#"net.listen = ["127.0.0.1:8080"]"#;
    check(
        one,
        &[
            (TcpBind, "127.0.0.1:8080", true, one),
            (TcpListen, "127.0.0.1:8080", true, ""),
            (
                TcpListen,
                "127.0.0.1:8081",
                false,
                "no: listen on 127.0.0.1:0 over tcp",
            ),
        ],
    );
}

#[test]
fn a_listener_for_datagrams_hears_strangers() {
    let one = r#"net.listen = ["127.0.0.1:5353"]"#;
    check(
        one,
        &[
            (UdpBind, "127.0.0.1:5353", true, one),
            (UdpReceive, "10.0.0.1:53", true, ""),
        ],
    );
    let all = r#"net.listen = ["0.0.0.0:*"]"#;
    check(
        all,
        &[
            (UdpBind, "0.0.0.0:0", true, ""),
            (UdpReceive, "10.0.0.1:53", true, all),
            (UdpReceive, "10.0.0.1:53", true, ""),
        ],
    );
}

#[test]
fn a_granted_name_stands_for_the_public_addresses_it_resolved_to() {
    let by = r#"net.connect = ["*.example.com:443"]"#;
    let refused = "no: connect to 127.0.0.9:443 (evil.example.com) over tcp";
    check(
        by,
        &[
            (TcpConnect, "93.184.216.34:443", true, by),
            (
                TcpConnect,
                "93.184.216.35:443",
                false,
                "no: connect to 93.184.216.35:443 over tcp",
            ),
            (TcpConnect, "127.0.0.9:443", false, refused),
            (TcpConnect, "[::ffff:127.0.0.9]:443", false, refused),
        ],
    );
}

#[test]
fn metadata_and_the_unspecified_address_are_in_no_range() {
    check(
        r#"net.connect = ["0.0.0.0/0:*"]"#,
        &[
            (
                TcpConnect,
                "169.254.169.254:80",
                false,
                "no: connect to 169.254.169.254:80 over tcp",
            ),
            (
                UdpSend,
                "0.0.0.0:80",
                false,
                "no: send to 0.0.0.0:80 over udp",
            ),
        ],
    );
}
