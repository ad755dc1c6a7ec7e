//! A container and its objects: `wasi:blobstore/container`.

use std::iter::Peekable;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::Resource;

use crate::blobstore::View;
use crate::blobstore::bindings::wasi::blobstore::container::{
    ContainerMetadata, Host, HostContainer, HostStreamObjectNames, ObjectMetadata,
};
use crate::blobstore::error::{Failure, Result, told};
use crate::blobstore::incoming::IncomingValue;
use crate::blobstore::outgoing::OutgoingValue;
use crate::blobstore::service::Gives;
use crate::work::{Stop, blocking};

/// The most names that are given at once: with the longest ones, a quarter of a mebibyte.
const NAMES_MAX: u64 = 1000;

/// The most objects that are deleted at once by name.
const DELETED_MAX: usize = 10_000;

/// A container, by its name: it may be deleted while somebody has a handle, and made again.
#[expect(
    unreachable_pub,
    reason = "the generated code gives it another name, which is public there"
)]
#[derive(Clone, Debug)]
pub struct Container {
    /// What the component calls it.
    shown: String,
    /// What the place calls it.
    name: Arc<str>,
}

impl Container {
    pub(crate) fn new(shown: String, name: String) -> Self {
        let name = name.into();
        Self { shown, name }
    }
}

/// The names of a container's objects, found while they are asked for.
#[expect(unreachable_pub, reason = "as for `Container`")]
pub struct ObjectNames(Arc<Mutex<Found>>);

type Found = Peekable<Box<dyn Iterator<Item = Result<String>> + Send>>;

impl ObjectNames {
    /// Takes the next ones, and says whether they were the last.
    fn take(&self, count: u64, stop: &Stop, mut each: impl FnMut(String)) -> Result<bool> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..count {
            stop.check()?;
            match found.next() {
                Some(name) => each(name?),
                None => return Ok(true),
            }
        }
        Ok(found.peek().is_none())
    }
}

impl View<'_> {
    fn container(&self, container: &Resource<Container>) -> wasmtime::Result<Container> {
        Ok(self.table.get(container)?.clone())
    }

    fn object_names(&self, names: &Resource<ObjectNames>) -> wasmtime::Result<ObjectNames> {
        Ok(ObjectNames(Arc::clone(&self.table.get(names)?.0)))
    }
}

impl Host for View<'_> {}

impl HostContainer for View<'_> {
    async fn name(&mut self, container: Resource<Container>) -> Gives<String> {
        Ok(Ok(self.container(&container)?.shown))
    }

    async fn info(&mut self, container: Resource<Container>) -> Gives<ContainerMetadata> {
        let Container { shown, name } = self.container(&container)?;
        let about = self.opened.placed(move |place, _| place.about(&name)).await;
        Ok(told(about.map(|about| ContainerMetadata {
            name: shown,
            created_at: about.created,
        })))
    }

    async fn get_data(
        &mut self,
        container: Resource<Container>,
        name: String,
        start: u64,
        end: u64,
    ) -> Gives<Resource<IncomingValue>> {
        let Container { name: within, .. } = self.container(&container)?;
        let opened = &*self.opened;
        let got = async {
            let share = opened.value()?;
            let (file, about) = opened
                .placed(move |place, _| place.object(&within, &name))
                .await?;
            IncomingValue::new(file, about.size, start..=end, share)
        };
        match got.await {
            Ok(value) => Ok(Ok(self.table.push(value)?)),
            Err(failure) => Ok(told(Err(failure))),
        }
    }

    async fn write_data(
        &mut self,
        container: Resource<Container>,
        name: String,
        data: Resource<OutgoingValue>,
    ) -> Gives<()> {
        let Container { name: within, .. } = self.container(&container)?;
        let looked = {
            let within = Arc::clone(&within);
            // That it cannot be written is known now, and not when all of it has come.
            self.opened.placed(move |place, _| place.about(&within))
        };
        if let Err(failure) = looked.await {
            return Ok(told(Err(failure)));
        }
        Ok(told(self.table.get_mut(&data)?.give(within, name)))
    }

    async fn list_objects(
        &mut self,
        container: Resource<Container>,
    ) -> Gives<Resource<ObjectNames>> {
        let Container { name, .. } = self.container(&container)?;
        let opened = &*self.opened;
        let found = async {
            let share = opened.value()?;
            let found = opened.placed(move |place, _| place.objects(&name)).await?;
            // The folder is open for as long.
            let found: Box<dyn Iterator<Item = _> + Send> = Box::new(found.inspect(move |_| {
                let _ = &share;
            }));
            Ok(ObjectNames(Arc::new(Mutex::new(found.peekable()))))
        };
        match found.await {
            Ok(names) => Ok(Ok(self.table.push(names)?)),
            Err(failure) => Ok(told(Err(failure))),
        }
    }

    async fn delete_object(&mut self, container: Resource<Container>, name: String) -> Gives<()> {
        self.delete_objects(container, vec![name]).await
    }

    async fn delete_objects(
        &mut self,
        container: Resource<Container>,
        names: Vec<String>,
    ) -> Gives<()> {
        let Container { name, .. } = self.container(&container)?;
        if names.len() > DELETED_MAX {
            return Ok(told(Err(Failure::TooManyNames(DELETED_MAX))));
        }
        let deleted = self
            .opened
            .placed(move |place, stop| place.delete(&name, &names, stop));
        Ok(told(deleted.await))
    }

    async fn has_object(&mut self, container: Resource<Container>, name: String) -> Gives<bool> {
        let Container { name: within, .. } = self.container(&container)?;
        let about = self
            .opened
            .placed(move |place, _| place.about_object(&within, &name));
        Ok(told(match about.await {
            Ok(_) => Ok(true),
            Err(Failure::NoObject) => Ok(false),
            Err(failure) => Err(failure),
        }))
    }

    async fn object_info(
        &mut self,
        container: Resource<Container>,
        name: String,
    ) -> Gives<ObjectMetadata> {
        let Container {
            shown,
            name: within,
        } = self.container(&container)?;
        let asked = name.clone();
        let about = self
            .opened
            .placed(move |place, _| place.about_object(&within, &asked));
        Ok(told(about.await.map(|about| ObjectMetadata {
            name,
            container: shown,
            created_at: about.created,
            size: about.size,
        })))
    }

    async fn clear(&mut self, container: Resource<Container>) -> Gives<()> {
        let Container { name, .. } = self.container(&container)?;
        Ok(told(
            self.opened
                .placed(move |place, stop| place.clear(&name, stop))
                .await,
        ))
    }

    async fn drop(&mut self, container: Resource<Container>) -> wasmtime::Result<()> {
        self.table.delete(container)?;
        Ok(())
    }
}

impl HostStreamObjectNames for View<'_> {
    /// Gives at most [`NAMES_MAX`].
    async fn read_stream_object_names(
        &mut self,
        names: Resource<ObjectNames>,
        len: u64,
    ) -> Gives<(Vec<String>, bool)> {
        let found = self.object_names(&names)?;
        let read = blocking(move |stop| {
            let mut names = Vec::new();
            let ended = found.take(len.min(NAMES_MAX), stop, |name| names.push(name))?;
            Ok((names, ended))
        });
        Ok(told(read.await?))
    }

    async fn skip_stream_object_names(
        &mut self,
        names: Resource<ObjectNames>,
        num: u64,
    ) -> Gives<(u64, bool)> {
        let found = self.object_names(&names)?;
        let skipped = blocking(move |stop| {
            let mut count = 0;
            let ended = found.take(num, stop, |_| count += 1)?;
            Ok((count, ended))
        });
        Ok(told(skipped.await?))
    }

    async fn drop(&mut self, names: Resource<ObjectNames>) -> wasmtime::Result<()> {
        self.table.delete(names)?;
        Ok(())
    }
}
