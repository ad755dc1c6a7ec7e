//! Many keys at once: `wasi:keyvalue/batch`. Each batch happens entirely or not at all, which is more than the WIT asks for.

use wasmtime::component::Resource;

use crate::keyvalue::View;
use crate::keyvalue::bindings::wasi::keyvalue::batch::Host;
use crate::keyvalue::bucket::{Bucket, Gives, told};

impl Host for View<'_> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Gives<Vec<Option<(String, Vec<u8>)>>> {
        let values = self.bucket(&bucket)?.get_many(&keys).await;
        Ok(told(values.map(|values| {
            let entries = keys.into_iter().zip(values);
            let entries = entries.map(|(key, value)| value.map(|value| (key, value)));
            entries.collect()
        })))
    }

    async fn set_many(
        &mut self,
        bucket: Resource<Bucket>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> Gives<()> {
        Ok(told(self.bucket(&bucket)?.set(key_values).await))
    }

    async fn delete_many(&mut self, bucket: Resource<Bucket>, keys: Vec<String>) -> Gives<()> {
        Ok(told(self.bucket(&bucket)?.delete(keys).await))
    }
}
