//! Clients and servers that speak the envelope to each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use loop_wire::envelope::{CALLS_MIN, Resource, Settings};
use loop_wire::frame::{Frame, Path};
use loop_wire::transport::{Keys, Peer, unix};
use loop_wire::{
    Call, CallError, Client, Code, Dispatch, Handler, Meta, Protocol, Retry, Server, Target,
};
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// Does what the called function says.
struct Tester {
    running: Arc<AtomicUsize>,
    /// Told when a call that waits begins, and when it is dropped.
    events: mpsc::Sender<&'static str>,
    let_go: Arc<Notify>,
}

struct Guard(Arc<AtomicUsize>, mpsc::Sender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.try_send("dropped").unwrap();
    }
}

impl Handler for Tester {
    async fn call(&self, mut call: Call) {
        match call.target.function() {
            "echo" => {
                let params = call.params.collect(usize::MAX).await.unwrap();
                let _ = call.reply(params).await;
            }
            "echo-streams" => {
                while let Ok(Some(Frame { path, data })) = call.params.next().await {
                    call.results.send(&path, data).await.unwrap();
                }
                call.results.finish().await.unwrap();
            }
            "meta" => {
                let meta = format!("{:?} {:?}", call.meta.caller, call.meta.trace);
                let _ = call.reply(meta.into()).await;
            }
            "refuse" => {
                let wait = Duration::from_millis(70);
                call.fail(&CallError::new(Code::Busy, "later").retry(Retry::After(wait)));
            }
            "wait" => {
                self.running.fetch_add(1, Ordering::SeqCst);
                let _guard = Guard(Arc::clone(&self.running), self.events.clone());
                self.events.send("begun").await.unwrap();
                self.let_go.notified().await;
                let _ = call.reply(Bytes::from_static(b"waited")).await;
            }
            // A call that is dropped is a failed one.
            _ => {}
        }
    }

    fn dropped(&self, resource: Resource, peer: &Peer) {
        assert!(peer.process.is_some());
        assert_eq!(&resource.handle[..], b"handle");
        self.events.try_send("resource").unwrap();
    }
}

struct World {
    client: Client,
    server: Server<Tester>,
    serving: JoinHandle<std::io::Result<()>>,
    events: mpsc::Receiver<&'static str>,
    running: Arc<AtomicUsize>,
    let_go: Arc<Notify>,
    folder: TempDir,
}

fn world(dispatch: Dispatch) -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = unix::Listener::bind(&path).unwrap();
    let (sender, events) = mpsc::channel(1000);
    let (running, let_go) = (Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
    let tester = Tester {
        running: Arc::clone(&running),
        events: sender,
        let_go: Arc::clone(&let_go),
    };
    let server = Server::with_settings(tester, Settings::default(), dispatch);
    let accepting = server.clone();
    let serving = tokio::spawn(async move { accepting.serve(listener).await });
    let address = format!("loop+unix://{}", path.display());
    let client = Client::at(&address.parse().unwrap(), &Keys::default()).unwrap();
    assert_eq!(client.protocol(), Protocol::Envelope);
    World {
        client,
        server,
        serving,
        events,
        running,
        let_go,
        folder,
    }
}

fn target(function: &str) -> Target {
    Target::new("test:wire/tester", function).unwrap()
}

impl World {
    async fn call(&self, function: &str, params: impl Into<Bytes>) -> Result<Bytes, CallError> {
        self.client
            .call(&target(function), &Meta::default(), params.into())
            .await
    }
}

const BOTH: [Dispatch; 2] = [Dispatch::Task, Dispatch::Inline];

#[tokio::test]
async fn values_of_any_size_come_back() {
    for dispatch in BOTH {
        let world = world(dispatch);
        for size in [
            0, 1, 64, 4096, 65_536, 131_072, 131_073, 1_048_576, 5_000_000,
        ] {
            let params = Bytes::from(vec![7; size]);
            assert_eq!(
                world.call("echo", params.clone()).await,
                Ok(params),
                "{size} bytes"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_calls_share_a_stream() {
    for dispatch in BOTH {
        let world = Arc::new(world(dispatch));
        // More than the peer takes at once: the others wait.
        let tasks: Vec<_> = (0..3 * CALLS_MIN)
            .map(|number| {
                let world = Arc::clone(&world);
                tokio::spawn(async move {
                    for round in 0..5_usize {
                        let size = usize::try_from(number).unwrap() * 97 + round;
                        let params = Bytes::from(vec![u8::try_from(number % 256).unwrap(); size]);
                        assert_eq!(world.call("echo", params.clone()).await, Ok(params));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
}

#[tokio::test]
async fn streams_pass_through() {
    let world = world(Dispatch::Task);
    let started = world
        .client
        .start(&target("echo-streams"), &Meta::default())
        .await;
    let (mut outgoing, mut incoming) = started.unwrap();
    let stream = Path::new(&[0]).unwrap();
    let send = async {
        outgoing
            .send(&Path::root(), Bytes::from_static(b"\0"))
            .await
            .unwrap();
        for _ in 0..50 {
            outgoing
                .send(&stream, Bytes::from(vec![3; 60_000]))
                .await
                .unwrap();
        }
        outgoing.finish().await.unwrap();
    };
    let receive = async {
        let mut received = 0;
        while let Some(frame) = incoming.next().await.unwrap() {
            received += if frame.path == stream {
                frame.data.len()
            } else {
                0
            };
        }
        received
    };
    assert_eq!(tokio::join!(send, receive).1, 3_000_000);
}

#[tokio::test]
async fn what_travels_with_a_call_arrives() {
    let world = world(Dispatch::Task);
    let mut meta = Meta {
        caller: Some("notes/web".into()),
        ..Meta::default()
    };
    meta.trace = Some(
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            .parse()
            .unwrap(),
    );
    let told = world
        .client
        .call(&target("meta"), &meta, Bytes::new())
        .await
        .unwrap();
    let told = String::from_utf8(told.to_vec()).unwrap();
    assert_eq!(told, format!("{:?} {:?}", meta.caller, meta.trace));

    let long = Meta {
        caller: Some("x".repeat(5000).into()),
        ..Meta::default()
    };
    let refused = world
        .client
        .call(&target("meta"), &long, Bytes::new())
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::Limit);
}

#[tokio::test]
async fn failures_say_what_happened_and_whether_to_try_again() {
    for dispatch in BOTH {
        let world = world(dispatch);
        let refused = world.call("refuse", "").await.unwrap_err();
        assert_eq!(refused.code, Code::Busy);
        assert_eq!(refused.retry, Retry::After(Duration::from_millis(70)));
        assert_eq!(refused.message, "later");
        assert_eq!(
            world.call("nothing", "").await.unwrap_err().code,
            Code::Failed
        );
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_at_the_other_side() {
    for dispatch in BOTH {
        let mut world = world(dispatch);
        let client = world.client.clone();
        let call = tokio::spawn(async move {
            client
                .call(&target("wait"), &Meta::default(), Bytes::new())
                .await
        });
        assert_eq!(world.events.recv().await, Some("begun"));
        call.abort();
        assert_eq!(world.events.recv().await, Some("dropped"));
        assert_eq!(world.running.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_deadline_ends_a_call_at_both_sides() {
    for dispatch in BOTH {
        let mut world = world(dispatch);
        let meta = Meta {
            deadline: Some(Duration::from_millis(20)),
            ..Meta::default()
        };
        let ended = world
            .client
            .call(&target("wait"), &meta, Bytes::new())
            .await
            .unwrap_err();
        assert_eq!(ended.code, Code::Deadline);
        assert_eq!(world.events.recv().await, Some("begun"));
        assert_eq!(world.events.recv().await, Some("dropped"));
        assert_eq!(world.call("echo", "alive").await, Ok("alive".into()));
    }
}

#[tokio::test]
async fn a_deadline_ends_a_call_whose_peer_never_says_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _silent = tokio::net::UnixListener::bind(&path).unwrap();
    let client = Client::new(Protocol::Envelope, unix::Connector::new(path));
    let short = Meta {
        deadline: Some(Duration::from_millis(5)),
        ..Meta::default()
    };
    // The second finds the session there already, and its driver asleep.
    let target = target("wait");
    for _ in 0..2 {
        let call = client.call(&target, &short, Bytes::new());
        let ended = tokio::time::timeout(Duration::from_secs(10), call)
            .await
            .unwrap();
        assert_eq!(ended.unwrap_err().code, Code::Deadline);
    }
}

#[tokio::test]
async fn a_dropped_resource_is_told_of() {
    let mut world = world(Dispatch::Task);
    world.call("echo", "").await.unwrap();
    let resource = Resource {
        target: target("thing"),
        handle: Bytes::from_static(b"handle"),
    };
    world.client.drop_resource(&resource).unwrap();
    assert_eq!(world.events.recv().await, Some("resource"));
}

#[tokio::test]
async fn a_server_that_drains_answers_what_it_took() {
    let mut world = world(Dispatch::Task);
    let client = world.client.clone();
    let call = tokio::spawn(async move {
        client
            .call(&target("wait"), &Meta::default(), Bytes::new())
            .await
    });
    assert_eq!(world.events.recv().await, Some("begun"));
    let server = world.server.clone();
    let draining = tokio::spawn(async move { server.drain().await });
    // The listener is gone, so nobody can connect anew.
    world.serving.await.unwrap().unwrap();
    world.let_go.notify_one();
    assert_eq!(call.await.unwrap(), Ok("waited".into()));
    draining.await.unwrap();
    let refused = world
        .client
        .call(&target("echo"), &Meta::default(), Bytes::new())
        .await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused.code, Code::GoingAway | Code::Unreachable),
        "{refused:?}"
    );
    assert_eq!(refused.retry, Retry::Safe);
}

#[tokio::test]
async fn calls_fail_when_the_peer_is_gone_and_go_on_when_it_is_back() {
    let mut world = world(Dispatch::Task);
    let client = world.client.clone();
    let call = tokio::spawn(async move {
        client
            .call(&target("wait"), &Meta::default(), Bytes::new())
            .await
    });
    assert_eq!(world.events.recv().await, Some("begun"));
    // A peer that speaks nonsense takes its stream with it, and no other.
    let path = world.folder.path().join("socket");
    let mut stranger = tokio::net::UnixStream::connect(&path).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stranger, b"loop\x01\xff\xff\xff")
        .await
        .unwrap();
    assert_eq!(world.call("echo", "alive").await, Ok("alive".into()));
    world.let_go.notify_one();
    assert_eq!(call.await.unwrap(), Ok("waited".into()));
}
