//! The containers of an app: `wasi:blobstore/blobstore`.

use std::sync::Arc;

use wasmtime::component::Resource;

use crate::blobstore::bindings::wasi::blobstore::blobstore::{Host, ObjectId};
use crate::blobstore::container::Container;
use crate::blobstore::error::{Failure, Result, told};
use crate::blobstore::place::Place;
use crate::blobstore::{Opened, View};
use crate::work::{Stop, blocking};

/// What a function of the WIT gives.
pub(crate) type Gives<T> = wasmtime::Result<std::result::Result<T, String>>;

impl Opened {
    /// Does something with the place, on a thread for that.
    pub(crate) async fn placed<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Place>, &Stop) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let place = Arc::clone(&self.app.place);
        let done = blocking(move |stop| work(&place, stop)).await;
        done.unwrap_or(Err(Failure::Ended))
    }

    /// The name of a container, after something was done with it.
    async fn named<R: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Place, &str) -> Result<R> + Send + 'static,
    ) -> Result<(String, R)> {
        let container = self.container(name)?;
        self.placed(move |place, _| {
            let done = work(place, &container)?;
            Ok((container, done))
        })
        .await
    }
}

impl View<'_> {
    /// A handle of a container.
    fn handle(&mut self, shown: String, found: Result<(String, ())>) -> Gives<Resource<Container>> {
        match found {
            Ok((name, ())) => Ok(Ok(self.table.push(Container::new(shown, name))?)),
            Err(failure) => Ok(told(Err(failure))),
        }
    }
}

impl Host for View<'_> {
    async fn create_container(&mut self, name: String) -> Gives<Resource<Container>> {
        let created = self.opened.named(&name, Place::create).await;
        self.handle(name, created)
    }

    async fn get_container(&mut self, name: String) -> Gives<Resource<Container>> {
        let found = self
            .opened
            .named(&name, |place, name| place.about(name).map(drop));
        let found = found.await;
        self.handle(name, found)
    }

    async fn delete_container(&mut self, name: String) -> Gives<()> {
        let removed = self.opened.named(&name, Place::remove).await;
        Ok(told(removed.map(drop)))
    }

    async fn container_exists(&mut self, name: String) -> Gives<bool> {
        let exists = self.opened.named(&name, Place::exists).await;
        Ok(told(exists.map(|(_, exists)| exists)))
    }

    async fn copy_object(&mut self, src: ObjectId, dest: ObjectId) -> Gives<()> {
        let opened = &*self.opened;
        let copied = async {
            let from = opened.container(&src.container)?;
            let to = opened.container(&dest.container)?;
            opened
                .placed(move |place, stop| {
                    place.copy((&from, &src.object), (&to, &dest.object), stop)
                })
                .await
        };
        Ok(told(copied.await))
    }

    async fn move_object(&mut self, src: ObjectId, dest: ObjectId) -> Gives<()> {
        let opened = &*self.opened;
        let moved = async {
            let from = opened.container(&src.container)?;
            let to = opened.container(&dest.container)?;
            opened
                .placed(move |place, _| place.rename((&from, &src.object), (&to, &dest.object)))
                .await
        };
        Ok(told(moved.await))
    }
}
