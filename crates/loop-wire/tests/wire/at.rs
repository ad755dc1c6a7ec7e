//! Every transport by its address alone.

use std::time::Duration;

use bytes::Bytes;
use loop_wire::transport::{Keys, Listener};
use loop_wire::{Address, Call, Client, Code, Handler, Meta, Protocol, Server, Target};
use tokio::time::timeout;

use crate::wire::certificates;
use loop_test::NatsServer;

/// Longer than anything here takes; a case that waits so long hangs.
const LONG: Duration = Duration::from_secs(20);

struct Echo;

impl Handler for Echo {
    async fn call(&self, mut call: Call) {
        let params = call.params.collect(usize::MAX).await.unwrap();
        call.reply(params).await.unwrap();
    }
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_address_is_enough_to_listen_and_to_call() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().display();
    let nats = &NatsServer::shared().address;
    let keys = certificates::keys("localhost");
    for place in [
        format!("unix://{folder}/unix"),
        format!("shm://{folder}/shm"),
        "tcp://localhost:0".to_owned(),
        "tls://localhost:0".to_owned(),
        "quic://localhost:0".to_owned(),
        "http2://localhost:0".to_owned(),
        format!("nats://{nats}/test.at.{}", std::process::id()),
        format!("nats://{nats}/test.at.{}?sticky", std::process::id()),
    ] {
        let asked = address(&format!("loop+{place}"));
        let listener = Listener::at(&asked, &keys).await.unwrap();
        let mut at = listener.address().clone();
        assert!(!at.to_string().ends_with(":0"), "{at} can be called");
        let serving = tokio::spawn(async { Server::new(Echo).serve(listener).await });
        for protocol in [Protocol::Envelope, Protocol::Plain] {
            at.protocol = protocol;
            let client = Client::at(&at, &keys).unwrap();
            let target = Target::new("test:wire/echo", "echo").unwrap();
            let (meta, params) = (Meta::default(), Bytes::from_static(b"value"));
            let called = timeout(LONG, client.call(&target, &meta, params.clone()));
            assert_eq!(called.await.unwrap(), Ok(params), "{at}");
        }
        serving.abort();
    }
}

#[tokio::test]
async fn what_an_address_needs_beside_it_is_said() {
    let mut said = Vec::new();
    let keys = Keys::default();
    for text in [
        "loop+tls://localhost:0",
        "loop+quic://localhost:0",
        "loop+stdio:",
    ] {
        let error = Listener::at(&address(text), &keys).await.unwrap_err();
        said.push(format!("{text}: {error}"));
    }
    for text in ["loop+stdio:", "loop+tls://store..example.com:443"] {
        let error = Client::at(&address(text), &keys).unwrap_err();
        said.push(format!("{text}: {:?}: {}", error.code, error.message));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    loop+tls://localhost:0: listening with encryption needs a certificate: it goes into `Keys::callee`
    loop+quic://localhost:0: listening with encryption needs a certificate: it goes into `Keys::callee`
    loop+stdio:: the standard streams are one stream: attach the server to `transport::stdio::inherit`
    loop+stdio:: Unsupported: no client can be made for `loop+stdio:`: the standard streams are there already: `transport::stdio` makes a stream of them
    loop+tls://store..example.com:443: Unsupported: no client can be made for `loop+tls://store..example.com:443`: invalid dns name
    ");
}

#[tokio::test]
async fn without_keys_a_server_is_trusted_only_if_the_web_trusts_it() {
    let keys = certificates::keys("localhost");
    for text in ["loop+tls://localhost:0", "loop+quic://localhost:0"] {
        let listener = Listener::at(&address(text), &keys).await.unwrap();
        let client = Client::at(listener.address(), &Keys::default()).unwrap();
        let serving = tokio::spawn(async { Server::new(Echo).serve(listener).await });
        let target = Target::new("test:wire/echo", "echo").unwrap();
        let meta = Meta::default();
        let called = timeout(LONG, client.call(&target, &meta, Bytes::new()));
        let error = called.await.unwrap().unwrap_err();
        assert_eq!(error.code, Code::Unreachable);
        assert!(error.message.contains("UnknownIssuer"), "{}", error.message);
        serving.abort();
    }
}
