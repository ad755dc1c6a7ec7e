//! Ours: a client and a server of the envelope.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use loop_wire::envelope::Settings;
use loop_wire::transport::{Keys, Listener};
use loop_wire::{Call, Client, Dispatch, Handler, Meta, Server, Target, VALUE_BYTES_MAX};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::runtime::{Builder, Runtime};

use crate::nats::NatsServer;
use crate::peer::{Peer, Placement, Role, say};
use crate::row::median;
use crate::transport::Transport;

/// The name in the certificate of a server.
const NAME: &str = "127.0.0.1";

/// A client, and the process that answers it.
pub(crate) struct Ours {
    runtime: Runtime,
    client: Client,
    target: Target,
    callers: usize,
    _peer: Peer,
    _nats: Option<NatsServer>,
}

impl Ours {
    pub(crate) fn start(
        transport: Transport,
        placement: Placement,
        callers: usize,
    ) -> anyhow::Result<Self> {
        let nats = (transport == Transport::Nats)
            .then(NatsServer::start)
            .transpose()?;
        let through = nats.as_ref().map_or("", |server| &server.address);
        let peer = Peer::start("serve", transport, placement, through)?;
        placement.take(Role::Caller)?;
        let runtime = runtime()?;
        let client = client(&peer.address)?;
        let target = Target::new("acme:store/kv@1.0.0", "echo")?;
        Ok(Self {
            runtime,
            client,
            target,
            callers,
            _peer: peer,
            _nats: nats,
        })
    }

    /// The median time of a call where one calls, or the time for each call where many do, in microseconds.
    pub(crate) fn round(&mut self, bytes: usize, time: Duration) -> anyhow::Result<f64> {
        let params = Bytes::from(vec![7; bytes]);
        let (client, target) = (&self.client, &self.target);
        let started = Instant::now();
        let call_on = async || -> anyhow::Result<Vec<f64>> {
            let mut times = Vec::new();
            while started.elapsed() < time {
                let before = Instant::now();
                let results = client
                    .call(target, &Meta::default(), params.clone())
                    .await?;
                times.push(before.elapsed().as_secs_f64() * 1e6);
                anyhow::ensure!(results.len() == bytes, "the answer has another size");
            }
            Ok(times)
        };
        let callers = (0..self.callers).map(|_| call_on());
        let mut times = self
            .runtime
            .block_on(futures::future::try_join_all(callers))?
            .concat();
        if self.callers == 1 {
            return Ok(median(&mut times));
        }
        let calls = u32::try_from(times.len())?;
        Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(calls))
    }
}

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// A client of who said where it listens, and, where there is encryption, which certificate it shows.
fn client(said: &str) -> anyhow::Result<Client> {
    let mut keys = Keys::default();
    let address = match said.split_once(' ') {
        None => said,
        Some((address, certificate)) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(std::fs::read(certificate)?))?;
            let config = ClientConfig::builder_with_protocol_versions(&[&TLS13])
                .with_root_certificates(roots)
                .with_no_client_auth();
            keys.caller = Some(Arc::new(config));
            address
        }
    };
    Ok(Client::at(&address.parse()?, &keys)?)
}

/// Sends back what it is given.
struct Echo;

impl Handler for Echo {
    async fn call(&self, mut call: Call) {
        match call.params.collect(VALUE_BYTES_MAX).await {
            // A caller that is gone needs no answer.
            Ok(params) => drop(call.reply(params).await),
            Err(error) => call.fail(&error),
        }
    }
}

/// The other process: answers calls until it is ended.
pub(crate) fn serve(transport: Transport, nats: &str) -> anyhow::Result<()> {
    let server = Server::with_settings(Echo, Settings::default(), Dispatch::Inline);
    let folder = tempfile::tempdir()?;
    let folder = folder.path().display();
    let mut keys = Keys::default();
    let mut certificate = String::new();
    let place = match transport {
        Transport::Unix | Transport::Shm => format!("//{folder}/socket"),
        Transport::Tcp | Transport::Http2 => "//127.0.0.1:0".to_owned(),
        Transport::Quic | Transport::Tls => {
            let certified = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
            let der = CertificateDer::from(certified.cert.der().to_vec());
            let path = format!("{folder}/certificate");
            std::fs::write(&path, &der)?;
            certificate = format!(" {path}");
            let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())
                .map_err(anyhow::Error::msg)?;
            let config = ServerConfig::builder_with_protocol_versions(&[&TLS13])
                .with_no_client_auth()
                .with_single_cert(vec![der], key)?;
            keys.callee = Some(Arc::new(config));
            "//127.0.0.1:0".to_owned()
        }
        Transport::Nats => format!("//{nats}/bench"),
    };
    let address = format!("loop+{}:{place}", transport.name()).parse()?;
    runtime()?.block_on(async {
        let listener = Listener::at(&address, &keys).await?;
        say(&format!("{}{certificate}", listener.address()))?;
        Ok(server.serve(listener).await?)
    })
}
