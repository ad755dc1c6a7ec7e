//! `loop:netx/websocket-async`, beside its suite.

use loop_host::AppSpec;

use crate::netx::peer::Peer;
use crate::netx::serving::Served;
use crate::support::{Told, host, load, run};

const SHOWN: &str = r#"Event::Message(Message::Text("hello"))
Err(WaitError { code: 0, name: "timed-out", message: "The timeout passed." })
30 MiB, sum 435
Err(SendError { code: 1, name: "too-large", message: "The message has more than 1,048,576 bytes." })
at once: None
Event::Message(Message::Text("still there"))
Message::Text("1")
Message::Text("2")
Message::Text("3")
Ok(Event::Closed(Closing { code: 4000, reason: "enough" }))
Err(SendError { code: 0, name: "closed", message: "The connection has ended, or is being closed." })
Err(ConnectError::Denied)
exit 0"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_does_what_it_says() {
    let peer = Peer::start().await;
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let grants = format!(r#"net.http = ["ws://{}"]"#, peer.address);
    let guest = loop_test::guest("netx-async-sdk");
    let guest = load(&host, &guest, folder.path(), &grants);
    let url = format!("ws://{}", peer.address);
    let said = run(&host, AppSpec::single(guest), &[&url]).await;
    assert_eq!(said, SHOWN);
}

/// A component that serves WebSockets and pages may connect elsewhere meanwhile, and send to those who are connected when they read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_instance_serves_and_connects() {
    let peer = Peer::start().await;
    let urls = format!("\"ws://{}\"", peer.address);
    let served = Served::of("ws-serve-async", &urls, "").await;
    let echo = format!("ws://{}/echo", peer.address);
    assert_eq!(served.page("/").await, "0 are connected");
    let mut client = served.open("/", "").await.ok().unwrap();
    client.says("hello").await;
    assert_eq!(client.hears().await, "hello");
    assert_eq!(served.page("/").await, "1 are connected");
    assert_eq!(served.page(&format!("/ask?{echo}")).await, "one, other");
    let denied = served.page("/ask?ws://192.0.2.1/").await;
    assert_eq!(denied, "ConnectError::Denied, ConnectError::Denied");

    // More than is queued for one who does not read.
    let mut other = served.open("/", "").await.ok().unwrap();
    let (flooded, ()) = tokio::join!(served.page("/flood?40"), async {
        for client in [&mut client, &mut other] {
            for _ in 0..40 {
                assert_eq!(client.hears().await, "262144 bytes");
            }
        }
    });
    assert_eq!(flooded, "80 messages");

    client.says("fits hello").await;
    assert_eq!(client.hears().await, "hello");
    // What is called with a message is no `async` function, and must not wait by one.
    client.says(&format!("ask {echo} hello")).await;
    assert_eq!(client.hears().await, "closed 1011 the server failed");
    assert_eq!(served.page("/").await, "0 are connected");
}
