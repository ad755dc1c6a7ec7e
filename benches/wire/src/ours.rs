//! Ours: a client and a server of the envelope.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use loop_wire::envelope::Settings;
use loop_wire::transport::{http2, quic, shm, tcp, unix};
use loop_wire::{Call, Client, Dispatch, Handler, Meta, Protocol, Server, Target, VALUE_BYTES_MAX};
use quinn::rustls::RootCertStore;
use quinn::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::runtime::{Builder, Runtime};

use crate::peer::{Peer, Placement, Role, say};
use crate::row::median;
use crate::transport::Transport;

/// The name in the certificate of the server over QUIC.
const NAME: &str = "bench.test";

/// A client, and the process that answers it.
pub(crate) struct Ours {
    runtime: Runtime,
    client: Client,
    target: Target,
    callers: usize,
    _peer: Peer,
}

impl Ours {
    pub(crate) fn start(
        transport: Transport,
        placement: Placement,
        callers: usize,
    ) -> anyhow::Result<Self> {
        let peer = Peer::start("serve", transport, placement, "")?;
        placement.take(Role::Caller)?;
        let runtime = runtime()?;
        let client = runtime.block_on(async { client(transport, &peer.address) })?;
        let target = Target::new("acme:store/kv@1.0.0", "echo")?;
        Ok(Self {
            runtime,
            client,
            target,
            callers,
            _peer: peer,
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

fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn client(transport: Transport, address: &str) -> anyhow::Result<Client> {
    Ok(match transport {
        Transport::Unix => Client::new(Protocol::Envelope, unix::Connector::new(address)),
        Transport::Shm => Client::new(Protocol::Envelope, shm::Connector::new(address)),
        Transport::Tcp => Client::new(Protocol::Envelope, tcp::Connector::new(address)),
        Transport::Http2 => Client::new(Protocol::Envelope, http2::Connector::new(address)),
        Transport::Quic => {
            let (address, certificate) =
                address.split_once(' ').context("it said a certificate")?;
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(std::fs::read(certificate)?))?;
            let here = SocketAddr::from(([127, 0, 0, 1], 0));
            let mut endpoint = quinn::Endpoint::client(here)?;
            let config = quinn::ClientConfig::with_root_certificates(Arc::new(roots))?;
            endpoint.set_default_client_config(config);
            let connector = quic::Connector::new(endpoint, address.parse()?, NAME);
            Client::new(Protocol::Envelope, connector)
        }
    })
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
pub(crate) fn serve(transport: Transport) -> anyhow::Result<()> {
    let server = Server::with_settings(Echo, Settings::default(), Dispatch::Inline);
    runtime()?.block_on(async {
        let folder = tempfile::tempdir()?;
        match transport {
            Transport::Unix => {
                let path = folder.path().join("socket");
                let listener = unix::Listener::bind(&path)?;
                say(&path.to_string_lossy())?;
                server.serve(listener).await?;
            }
            Transport::Shm => {
                let path = folder.path().join("socket");
                let listener = shm::Listener::bind(&path)?;
                say(&path.to_string_lossy())?;
                server.serve(listener).await?;
            }
            Transport::Tcp => {
                let listener = tcp::Listener::bind("127.0.0.1:0").await?;
                say(&listener.address()?.to_string())?;
                server.serve(listener).await?;
            }
            Transport::Http2 => {
                let listener = http2::Listener::bind("127.0.0.1:0").await?;
                say(&listener.address().to_string())?;
                server.serve(listener).await?;
            }
            Transport::Quic => {
                let certified = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
                let certificate = CertificateDer::from(certified.cert.der().to_vec());
                let path = folder.path().join("certificate");
                std::fs::write(&path, &certificate)?;
                let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())
                    .map_err(anyhow::Error::msg)?;
                let config = quinn::ServerConfig::with_single_cert(vec![certificate], key)?;
                let here = SocketAddr::from(([127, 0, 0, 1], 0));
                let listener = quic::Listener::new(quinn::Endpoint::server(config, here)?);
                say(&format!("{} {}", listener.address()?, path.display()))?;
                server.serve(listener).await?;
            }
        }
        Ok(())
    })
}
