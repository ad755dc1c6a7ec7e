//! A complete host in one file, with a provider of its own.
//!
//! It runs a component that keeps visits in a store, `acme:store/kv`, which this host provides in memory. The component
//! may do nothing else: no grant is given to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use loop_host::wasmtime::component::Linker;
use loop_host::{
    AppContext, AppSpec, ComponentSpec, Host, InstanceContext, LoadOptions, NativeSpec, Provider,
    ProviderError, RouteSpec, Serves, State, Stdio,
};

mod bindings {
    loop_host::wasmtime::component::bindgen!({
        path: "wit",
        world: "visitor",
        wasmtime_crate: loop_host::wasmtime,
    });
}

use bindings::acme::store::kv;

/// Keeps texts under keys, in memory.
struct Memory;

/// What the provider keeps for an app: all its components see the same texts.
struct Texts {
    values: Mutex<BTreeMap<String, String>>,
    /// The most keys that an app may have: whatever a component can make grow has a limit.
    keys_max: usize,
}

/// What the provider keeps for an instance. Its functions are called on it.
struct Visitor {
    texts: Arc<Texts>,
}

impl kv::Host for Visitor {
    fn get(&mut self, key: String) -> Option<String> {
        let values = self
            .texts
            .values
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        values.get(&key).cloned()
    }

    fn set(&mut self, key: String, value: String) -> Result<(), kv::Error> {
        let mut values = self
            .texts
            .values
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if values.len() >= self.texts.keys_max && !values.contains_key(&key) {
            return Err(kv::Error::Full);
        }
        values.insert(key, value);
        Ok(())
    }
}

impl Provider for Memory {
    type App = Texts;
    type Instance = Visitor;

    fn name(&self) -> &'static str {
        "memory"
    }

    fn interfaces(&self) -> Vec<loop_core::name::InterfaceName> {
        "acme:store/kv@0.1.0".parse().into_iter().collect()
    }

    fn wit(&self) -> Option<&str> {
        Some(include_str!("../wit/store.wit"))
    }

    fn link(&self, linker: &mut Linker<State>) -> loop_host::wasmtime::Result<()> {
        kv::add_to_linker::<State, Serves<Self>>(linker, State::of::<Self>)
    }

    fn app(&self, context: &AppContext<'_>) -> Result<Texts, ProviderError> {
        let keys_max = match context.config.get("keys") {
            Some(keys) => keys
                .parse()
                .map_err(|_| format!("`keys` is `{keys}`, not a number"))?,
            None => 100,
        };
        Ok(Texts {
            values: Mutex::default(),
            keys_max,
        })
    }

    fn instance(
        &self,
        app: &Arc<Texts>,
        _: &InstanceContext<'_>,
    ) -> Result<Visitor, ProviderError> {
        Ok(Visitor {
            texts: Arc::clone(app),
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args
        .next()
        .context("usage: embed COMPONENT.wasm [NAME]...")?;

    let host = Host::builder().provider(Memory).build()?;
    let component = host.load_file(path.as_ref(), LoadOptions::default())?;

    let mut app = AppSpec::single(ComponentSpec::new(component));
    app.stdio = Stdio::inherit();
    let native = NativeSpec {
        config: BTreeMap::from([("keys".to_owned(), "3".to_owned())]),
        ..NativeSpec::default()
    };
    app.provide
        .insert("acme:store/kv".parse()?, RouteSpec::Native(native));

    let app = host.link(app)?;
    // Each run is an instance of its own; the store is the app's, so the next visitor finds it.
    for name in args {
        let exit = app.run(&[name]).await?;
        anyhow::ensure!(exit.code == 0, "the component reported a failure");
    }
    Ok(())
}
