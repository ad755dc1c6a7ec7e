//! Calls without components: what the wire takes by itself.

use std::time::Instant;

use bytes::Bytes;
use loop_wire::{Client, Meta, Target};
use tokio::runtime::Runtime;

use crate::callee::BESIDE;
use crate::stamps::nanoseconds;

/// A client of what is served beside the component.
pub(crate) struct Wire {
    client: Client,
    echo: Target,
}

impl Wire {
    pub(crate) fn new(client: Client) -> anyhow::Result<Self> {
        let echo = Target::new(BESIDE, "echo")?;
        Ok(Self { client, echo })
    }

    /// How long each of so many calls took, in nanoseconds.
    pub(crate) fn round(
        &self,
        runtime: &Runtime,
        message: &Bytes,
        times: u32,
    ) -> anyhow::Result<Vec<u64>> {
        let meta = Meta::default();
        runtime.block_on(async {
            let mut taken = Vec::new();
            for _ in 0..times {
                let began = Instant::now();
                let call = self.client.call(&self.echo, &meta, message.clone());
                let answer = call.await?;
                taken.push(nanoseconds(began));
                anyhow::ensure!(answer.len() == message.len(), "the answer has another size");
            }
            Ok(taken)
        })
    }

    /// Calls a function of the other process that is no component's.
    pub(crate) fn beside(&self, runtime: &Runtime, function: &str) -> anyhow::Result<Bytes> {
        let target = Target::new(BESIDE, function)?;
        let meta = Meta::default();
        let call = self.client.call(&target, &meta, Bytes::new());
        Ok(runtime.block_on(call)?)
    }
}
