//! `wasi:blobstore`: containers of objects, in a folder that is granted to the provider.
//!
//! A container is a folder, and an object a file in it; [`names`] says how they are called. An object is written beside its place and
//! moved there when it is whole, so whoever looks finds the old one, the new one or none. A value that was got keeps the object that
//! was there ([`incoming`]), and one that is given up leaves nothing ([`outgoing`]).
//!
//! Values are read and written by streams of `wasi:io`, which are the host's own. So no component can serve this package to another: it has no
//! way to make such a stream.

mod bindings;
pub(crate) mod container;
mod error;
pub(crate) mod incoming;
mod names;
pub(crate) mod outgoing;
mod place;
mod service;

use std::sync::Arc;

use loop_core::limits::ByteSize;
use loop_core::name::InterfaceName;
use loop_host::{AppContext, Folder, InstanceContext, Provider, ProviderError, State};
use wasmtime::component::{HasData, Linker, ResourceTable};

use crate::blobstore::bindings::wasi::blobstore as wit;
use crate::blobstore::error::{Failure, Result};
use crate::blobstore::place::Place;
use crate::settings::{Names, Settings};

/// The most bytes of all objects, where no setting says it: 10 GiB. An app that needs more knows it, and a component that writes for
/// ever does not fill the disk.
const SIZE_DEFAULT: ByteSize = ByteSize::mib(10 << 10);

/// The most values of an instance at once, to be read and to be written together. Each has an open file, and a process usually may have
/// some thousand.
const VALUES_MAX: usize = 128;

/// The version of the package.
const VERSION: &str = "0.2.0-draft";

/// Serves `wasi:blobstore` from a folder that is granted to it.
///
/// It needs a tokio runtime. What several hosts do in one folder at once is done in some order, and each counts the bytes that it wrote itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blobstore;

impl Provider for Blobstore {
    type App = App;
    type Instance = Opened;

    fn name(&self) -> &'static str {
        "blobstore"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        let names = ["blobstore", "container", "types"].into_iter();
        let names = names.map(|name| format!("wasi:blobstore/{name}@{VERSION}"));
        names.filter_map(|name| name.parse().ok()).collect()
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        fn view(state: &mut State) -> View<'_> {
            let (opened, table) = state.of_with_table::<Blobstore>();
            View { opened, table }
        }
        wit::types::add_to_linker::<State, Serves>(linker, view)?;
        wit::container::add_to_linker::<State, Serves>(linker, view)?;
        wit::blobstore::add_to_linker::<State, Serves>(linker, view)
    }

    fn app(&self, context: &AppContext<'_>) -> std::result::Result<App, ProviderError> {
        let (folder, size, containers) = said(context)?;
        let place = Place::open(&folder.path, size)?;
        Ok(App {
            place: Arc::new(place),
            containers,
        })
    }

    fn check(&self, context: &AppContext<'_>) -> std::result::Result<(), ProviderError> {
        said(context).map(drop)
    }

    fn instance(
        &self,
        app: &Arc<App>,
        context: &InstanceContext<'_>,
    ) -> std::result::Result<Opened, ProviderError> {
        Ok(Opened {
            app: Arc::clone(app),
            component: context.component.into(),
            values: Arc::default(),
        })
    }
}

/// What an app says of its folder.
fn said<'a>(
    context: &AppContext<'a>,
) -> std::result::Result<(&'a Folder, u64, Names), ProviderError> {
    let known = ["folder", "size", "containers", "per-component"];
    let settings = Settings::new(context.config, &known)?;
    let size = settings.read::<ByteSize>("size", "a size such as `10 GiB`")?;
    let containers = settings.names("containers")?;
    let folder = settings.folder(context)?;
    Ok((folder, size.unwrap_or(SIZE_DEFAULT).0, containers))
}

/// Where the objects of an app are, and which containers it has.
#[derive(Debug)]
pub struct App {
    place: Arc<Place>,
    containers: Names,
}

/// What an instance has.
#[derive(Debug)]
pub struct Opened {
    app: Arc<App>,
    component: Arc<str>,
    /// Each value has a clone of it: there are as many as there are clones.
    values: Arc<()>,
}

impl Opened {
    /// What the place calls a container that the component calls so.
    fn container(&self, name: &str) -> Result<String> {
        Ok(self.app.containers.find(&self.component, name)?)
    }

    /// A share of the values that there may be.
    fn value(&self) -> Result<Arc<()>> {
        if Arc::strong_count(&self.values) > VALUES_MAX {
            return Err(Failure::TooMany);
        }
        Ok(Arc::clone(&self.values))
    }
}

/// What the functions work on.
pub(crate) struct View<'a> {
    opened: &'a mut Opened,
    table: &'a mut ResourceTable,
}

/// Ties the generated functions to [`View`].
struct Serves;

impl HasData for Serves {
    type Data<'a> = View<'a>;
}
