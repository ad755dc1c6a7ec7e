//! The host: what all apps of a process share.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustls::RootCertStore;

use crate::app::{App, AppSpec, Providers};
use crate::cache::Cache;
use crate::component::{self, Component};
use crate::engine::{Allocation, Compiler, Engines};
use crate::error::{HostError, LinkError, LoadError};
use crate::net::Tls;
use crate::observer::{Observer, Silent};
use crate::provider::{ErasedProvider, Provider};

/// Loads components and links them to apps. Cheap to clone; clones are the same host.
#[derive(Clone, Debug)]
pub struct Host(pub(crate) Arc<Shared>);

/// What is shared by everything that a host makes.
pub(crate) struct Shared {
    pub(crate) engines: Engines,
    pub(crate) cache: Option<Cache>,
    pub(crate) providers: Vec<Arc<dyn ErasedProvider>>,
    /// Those among them that serve where `provide` names nobody.
    pub(crate) standard: Vec<Arc<dyn ErasedProvider>>,
    pub(crate) observer: Arc<dyn Observer>,
    /// What is trusted of servers, if it is not what the web trusts.
    pub(crate) tls: Option<Tls>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("engines", &self.engines)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Begins a host that knows WASI and `loop:core`, and nothing else.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Loads a component from a file. Its name is the file's, without the ending.
    ///
    /// # Errors
    /// See [`Host::load`]; and [`LoadError::Read`] if the file cannot be read.
    pub fn load_file(&self, path: &Path, options: LoadOptions) -> Result<Component, LoadError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        self.load(&name, component::read(path)?, options)
    }

    /// Loads a component: checks it and compiles it, or takes what was compiled before from the cache.
    ///
    /// Compiling keeps all cores busy, for some ten milliseconds per 100 KB.
    ///
    /// # Errors
    /// [`LoadError::Shape`] if the bytes are not a valid component, [`LoadError::Compile`] if the compiler
    /// refuses them for a reason of its own, [`LoadError::Host`] if there is no engine to run it.
    pub fn load(
        &self,
        name: &str,
        bytes: impl Into<Bytes>,
        options: LoadOptions,
    ) -> Result<Component, LoadError> {
        let shared = &*self.0;
        component::load(
            &shared.engines,
            shared.cache.as_ref(),
            name,
            bytes.into(),
            options.fuel,
        )
    }

    /// Puts an app together: every import of every component is connected to what satisfies it.
    ///
    /// Nothing of the app runs yet.
    ///
    /// # Errors
    /// A [`LinkError`] says what does not fit, for all imports of the first component for which something does not.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a spec is made for one app, and what it holds is let go here"
    )]
    pub fn link(&self, spec: AppSpec) -> Result<App, LinkError> {
        App::link(Arc::clone(&self.0), &spec, Providers::Prepare)
    }

    /// Says whether an app could be put together. Providers look at their settings and grants, and open nothing: it may be running meanwhile.
    ///
    /// # Errors
    /// As [`Host::link`], but for what a provider finds out when it opens something.
    #[expect(clippy::needless_pass_by_value, reason = "as `link` takes it")]
    pub fn check(&self, spec: AppSpec) -> Result<(), LinkError> {
        App::link(Arc::clone(&self.0), &spec, Providers::Check).map(drop)
    }
}

/// How a component is loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// Whether its instructions are counted, as `limits.fuel` needs.
    pub fuel: bool,
}

/// Builds a [`Host`].
#[must_use]
pub struct HostBuilder {
    compiler: Compiler,
    allocation: Allocation,
    cache: Option<PathBuf>,
    providers: Vec<Arc<dyn ErasedProvider>>,
    standard: Vec<Arc<dyn ErasedProvider>>,
    observer: Arc<dyn Observer>,
    authorities: Option<Vec<Vec<u8>>>,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            compiler: Compiler::default(),
            allocation: Allocation::default(),
            cache: None,
            providers: Vec::new(),
            standard: Vec::new(),
            observer: Arc::new(Silent),
            authorities: None,
        }
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder")
            .field("compiler", &self.compiler)
            .finish_non_exhaustive()
    }
}

impl HostBuilder {
    /// Which compiler to use.
    pub fn compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = compiler;
        self
    }

    /// Where instances get their memory from.
    pub fn allocation(mut self, allocation: Allocation) -> Self {
        self.allocation = allocation;
        self
    }

    /// Keeps compiled code in a folder, which is made if it is not there. It must be this user's alone:
    /// otherwise, and by default, nothing is kept.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Adds a provider. An app uses it if it names one of its interfaces under `provide`, and only then.
    pub fn provider(mut self, provider: impl Provider) -> Self {
        self.providers.push(Arc::new(provider));
        self
    }

    /// Adds a provider that also serves where `provide` names nobody: every component that imports one of its interfaces gets
    /// it, with no settings and no grants of the provider's own. For providers that give a component nothing but what it is granted itself.
    pub fn standard_provider(mut self, provider: impl Provider) -> Self {
        let provider: Arc<dyn ErasedProvider> = Arc::new(provider);
        self.standard.push(Arc::clone(&provider));
        self.providers.push(provider);
        self
    }

    /// Tells what happens in the host's apps.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Trusts these authorities, each a certificate in DER, where a component connects to a server by TLS. Without, those are trusted
    /// that browsers trust; with it, none of them.
    pub fn authorities(mut self, certificates: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.authorities = Some(certificates.into_iter().collect());
        self
    }

    /// Makes the host. Engines are made when the first component that needs them is loaded.
    ///
    /// # Errors
    /// [`HostError::ProviderTwice`] if two providers have the same name, [`HostError::Authority`] if a certificate is none.
    pub fn build(self) -> Result<Host, HostError> {
        let mut names = std::collections::BTreeSet::new();
        if let Some(twice) = self
            .providers
            .iter()
            .find(|provider| !names.insert(provider.name()))
        {
            return Err(HostError::ProviderTwice {
                name: twice.name().to_owned(),
            });
        }
        let tls = self.authorities.map(|certificates| {
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                roots
                    .add(certificate.into())
                    .map_err(HostError::Authority)?;
            }
            Ok(Tls::trusting(roots))
        });
        Ok(Host(Arc::new(Shared {
            engines: Engines::new(self.compiler, self.allocation),
            cache: self.cache.as_deref().and_then(Cache::open),
            providers: self.providers,
            standard: self.standard,
            observer: self.observer,
            tls: tls.transpose()?,
        })))
    }
}
