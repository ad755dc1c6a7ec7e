//! `loop:core/randomness`.

use sha2::{Digest, Sha256};
use wasmtime::component::Resource;

use crate::core::CoreCtxView;
use crate::core::bindings::loop_::core::randomness as wit;
use crate::core::xoshiro::Xoshiro;

/// Bytes that are given at once: more than any key, and little enough to make room for.
const BYTES_MAX: u32 = 65_536;

/// So many zeros, if that is not too many.
fn zeros(count: u32) -> Result<Vec<u8>, wit::RandomError> {
    let within = usize::try_from(count).ok().filter(|_| count <= BYTES_MAX);
    within
        .map(|count| vec![0; count])
        .ok_or(wit::RandomError::TooMany(BYTES_MAX))
}

/// The seed of a named stream, as the WIT has it.
fn stream_seed(run: u64, component: &str, name: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(run.to_le_bytes())
        .chain_update(component)
        .chain_update([0])
        .chain_update(name)
        .finalize();
    let first = digest.iter().take(8).rev();
    first.fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

impl wit::Host for CoreCtxView<'_> {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Result<Vec<u8>, wit::RandomError>> {
        let mut bytes = match zeros(count) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        };
        getrandom::fill(&mut bytes)?;
        Ok(Ok(bytes))
    }

    fn number(&mut self) -> wasmtime::Result<u64> {
        Ok(getrandom::u64()?)
    }

    fn run_seed(&mut self) -> wasmtime::Result<u64> {
        Ok(self.ctx.app.seed())
    }
}

impl wit::HostGenerator for CoreCtxView<'_> {
    fn seeded(&mut self, seed: u64) -> wasmtime::Result<Resource<Xoshiro>> {
        Ok(self.table.push(Xoshiro::new(seed))?)
    }

    fn named(&mut self, name: String) -> wasmtime::Result<Resource<Xoshiro>> {
        let seed = stream_seed(self.ctx.app.seed(), &self.ctx.component, &name);
        Ok(self.table.push(Xoshiro::new(seed))?)
    }

    fn next(&mut self, this: Resource<Xoshiro>) -> wasmtime::Result<u64> {
        Ok(self.table.get_mut(&this)?.number())
    }

    fn next_bytes(
        &mut self,
        this: Resource<Xoshiro>,
        count: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, wit::RandomError>> {
        let stream = self.table.get_mut(&this)?;
        Ok(zeros(count).map(|mut bytes| {
            stream.fill(&mut bytes);
            bytes
        }))
    }

    fn below(&mut self, this: Resource<Xoshiro>, bound: u64) -> wasmtime::Result<u64> {
        Ok(self.table.get_mut(&this)?.below(bound))
    }

    fn fraction(&mut self, this: Resource<Xoshiro>) -> wasmtime::Result<f64> {
        Ok(self.table.get_mut(&this)?.fraction())
    }

    fn drop(&mut self, this: Resource<Xoshiro>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::stream_seed;

    /// The number comes from `printf '\x01\0\0\0\0\0\0\0web\0dice' | sha256sum`.
    #[test]
    fn a_stream_has_the_seed_that_the_wit_says() {
        assert_eq!(stream_seed(1, "web", "dice"), 0x5fae_a2a6_fc5a_6b7f);
        assert_ne!(stream_seed(1, "webd", "ice"), stream_seed(1, "web", "dice"));
    }
}
