//! The process that is called: a component that is served as any other, and beside it an echo without a component.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use loop_host::{AppSpec, ComponentSpec, Exposed, Host, LoadOptions};
use loop_wire::envelope::Resource;
use loop_wire::transport::{Keys, Listener, Peer};
use loop_wire::{Address, Call, CallError, Code, Handler, Server, VALUE_BYTES_MAX};
use tokio::runtime::{Builder, Runtime};

use crate::peer::{SOCKET, say};
use crate::plan::Transport;
use crate::stamps::{Noting, Stamp, Stamps, What};
use crate::{certificate, program};

/// The interface of what no component serves.
pub(crate) const BESIDE: &str = "bench:transports/beside";

/// Serves at an address that somebody chose.
pub(crate) fn serve_at(address: &Address, told: &mut dyn FnMut(&Address)) -> anyhow::Result<()> {
    serve(address, &Keys::default(), |address| {
        told(address);
        Ok(())
    })
}

/// The other process: serves calls until it is ended.
pub(crate) fn be(transport: Transport, folder: &Path, nats: &str) -> anyhow::Result<()> {
    let mut keys = Keys::default();
    if transport.is_encrypted() {
        keys.callee = Some(certificate::make(folder)?);
    }
    let place = match transport {
        Transport::Unix | Transport::Shm => format!("//{}", folder.join(SOCKET).display()),
        Transport::Tcp | Transport::Http2 | Transport::Tls | Transport::Quic => {
            "//127.0.0.1:0".to_owned()
        }
        Transport::Nats => format!("//{nats}/bench"),
    };
    let address = format!("loop+{}:{place}", transport.name()).parse()?;
    serve(&address, &keys, |address| say(&address.to_string()))
}

fn serve(
    address: &Address,
    keys: &Keys,
    told: impl FnOnce(&Address) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let host = Host::builder().build()?;
    let component = host.load("callee", program::callee()?, LoadOptions::default())?;
    let mut spec = ComponentSpec::new(component);
    spec.exposed = true;
    let exposed = host.link(AppSpec::single(spec))?.expose(None)?;
    let stamps = Stamps::new();
    let server = Server::new(Served {
        exposed,
        stamps: Arc::clone(&stamps),
    });
    runtime()?.block_on(async {
        let transport = Listener::at(address, keys).await?;
        told(transport.address())?;
        let listener = Noting { transport, stamps };
        Ok(server.serve(listener).await?)
    })
}

/// Both processes have a runtime of one thread: another would be woken for what is done in microseconds.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Answers with the component, and notes when.
struct Served {
    exposed: Exposed,
    stamps: Arc<Stamps>,
}

impl Handler for Served {
    async fn call(&self, call: Call) {
        if call.target.instance() == BESIDE {
            return self.beside(call).await;
        }
        self.stamps.take(What::Handle);
        self.exposed.call(call).await;
        self.stamps.take(What::Done);
    }

    fn dropped(&self, resource: Resource, peer: &Peer) {
        self.exposed.dropped(resource, peer);
    }
}

impl Served {
    /// What no component does: an echo, and stamps.
    async fn beside(&self, mut call: Call) {
        let params = match call.params.collect(VALUE_BYTES_MAX).await {
            Ok(params) => params,
            Err(error) => return call.fail(&error),
        };
        let answer = match call.target.function() {
            "echo" => params,
            "begin" => {
                self.stamps.begin();
                Bytes::new()
            }
            "end" => encode(&self.stamps.end()),
            _ => return call.fail(&CallError::new(Code::NotFound, "there is no such function")),
        };
        // A caller that is gone needs no answer.
        drop(call.reply(answer).await);
    }
}

/// The handler's stamps and those of reading, which are all that is asked for.
fn encode(stamps: &[Stamp]) -> Bytes {
    let mut bytes = Vec::with_capacity(stamps.len() * 9);
    for (what, time) in stamps {
        let code = match what {
            What::Read => 0,
            What::Handle => 1,
            What::Done => 2,
            _ => continue,
        };
        bytes.push(code);
        bytes.extend(time.to_le_bytes());
    }
    bytes.into()
}

/// Reads what [`encode`] wrote. What is of another form is left out.
pub(crate) fn decode(bytes: &[u8]) -> Vec<Stamp> {
    let stamps = bytes.as_chunks::<9>().0.iter().filter_map(|chunk| {
        let (code, time) = chunk.split_first_chunk::<1>()?;
        let what = match code {
            [0] => What::Read,
            [1] => What::Handle,
            _ => What::Done,
        };
        Some((what, u64::from_le_bytes(time.try_into().ok()?)))
    });
    stamps.collect()
}
