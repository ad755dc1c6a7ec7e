//! A provider of an embedder's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loop_core::name::InterfaceName;
use loop_host::wasmtime::component::Linker;
use loop_host::{
    AppContext, AppSpec, Host, HostError, InstanceContext, NativeSpec, Provider, ProviderError,
    RouteSpec, State,
};

use crate::support::{cache, load, run};

/// Greets in the language that its configuration says, and counts its instances.
struct Polite(Arc<AtomicUsize>);

impl Provider for Polite {
    type App = String;
    type Instance = Arc<String>;

    fn name(&self) -> &'static str {
        "polite"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        vec!["acme:greet/greeter".parse().unwrap()]
    }

    fn link(&self, linker: &mut Linker<State>) -> loop_host::wasmtime::Result<()> {
        linker.instance("acme:greet/greeter")?.func_wrap(
            "greet",
            |mut store, (name,): (String,)| {
                let greeting = State::of::<Self>(store.data_mut());
                Ok((format!("{greeting}, {name}"),))
            },
        )
    }

    fn app(&self, context: &AppContext<'_>) -> Result<String, ProviderError> {
        Ok(context
            .config
            .get("greeting")
            .ok_or("`greeting` is not configured")?
            .clone())
    }

    fn instance(
        &self,
        app: &Arc<String>,
        _: &InstanceContext<'_>,
    ) -> Result<Arc<String>, ProviderError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::clone(app))
    }
}

fn spec(host: &Host, native: NativeSpec) -> AppSpec {
    let mut spec = AppSpec::single(load(host, "greet-caller"));
    spec.provide.insert(
        "acme:greet/greeter".parse().unwrap(),
        RouteSpec::Native(native),
    );
    spec
}

fn configured(greeting: &str) -> NativeSpec {
    let config = BTreeMap::from([("greeting".to_owned(), greeting.to_owned())]);
    NativeSpec {
        config,
        ..NativeSpec::default()
    }
}

#[tokio::test]
async fn it_serves_the_apps_that_name_it_as_they_configure_it() {
    let instances = Arc::new(AtomicUsize::new(0));
    let provider = Polite(Arc::clone(&instances));
    let host = Host::builder()
        .cache(cache())
        .provider(provider)
        .build()
        .unwrap();
    let said = run(&host, spec(&host, configured("bonjour")), &["ann", "bob"]).await;
    assert_eq!(said, "bonjour, ann\nbonjour, bob\nexit 0");
    let said = run(&host, spec(&host, configured("salut")), &["ann"]).await;
    assert_eq!(said, "salut, ann\nexit 0");
    assert_eq!(instances.load(Ordering::Relaxed), 2);

    let said = run(
        &host,
        AppSpec::single(load(&host, "greet-caller")),
        &["ann"],
    )
    .await;
    assert!(
        said.starts_with("not linked: `greet-caller` has an import that nothing satisfies"),
        "{said}"
    );
}

#[tokio::test]
async fn what_it_refuses_is_told() {
    let provider = Polite(Arc::default());
    let host = Host::builder()
        .cache(cache())
        .provider(provider)
        .build()
        .unwrap();
    let said = run(&host, spec(&host, NativeSpec::default()), &["ann"]).await;
    let expected =
        "not linked: the provider `polite` cannot serve the app: `greeting` is not configured";
    assert_eq!(said, expected);
    let other = NativeSpec {
        provider: Some("rude".to_owned()),
        ..NativeSpec::default()
    };
    let said = run(&host, spec(&host, other), &["ann"]).await;
    assert_eq!(
        said,
        "not linked: this host has no native provider of `acme:greet/greeter`"
    );
}

#[test]
fn names_of_providers_are_unique() {
    let twice = Host::builder()
        .provider(Polite(Arc::default()))
        .provider(Polite(Arc::default()));
    assert!(matches!(
        twice.build(),
        Err(HostError::ProviderTwice { .. })
    ));
}
