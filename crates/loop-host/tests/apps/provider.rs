//! A provider of an embedder's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loop_core::name::InterfaceName;
use loop_host::wasmtime::component::Linker;
use loop_host::{
    AppContext, AppSpec, ComponentSpec, Host, HostError, InstanceContext, LinkError, LoadOptions,
    NativeSpec, Provider, ProviderError, RouteSpec, State,
};

use crate::support::{app, cache, grants, load, run};

/// Greets as its configuration says, or a file `greeting` in a folder that is granted to it, or else as it is used to; and
/// counts its instances.
#[derive(Default)]
struct Polite {
    instances: Arc<AtomicUsize>,
    habit: Option<&'static str>,
}

impl Provider for Polite {
    type App = String;
    type Instance = Arc<String>;

    fn name(&self) -> &'static str {
        "polite"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        let names = ["acme:greet/greeter", "acme:greet/second"];
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn link(&self, linker: &mut Linker<State>) -> loop_host::wasmtime::Result<()> {
        for interface in self.interfaces() {
            linker.instance(&interface.to_string())?.func_wrap(
                "greet",
                |mut store, (name,): (String,)| {
                    let greeting = State::of::<Self>(store.data_mut());
                    Ok((format!("{greeting}, {name}"),))
                },
            )?;
        }
        Ok(())
    }

    fn app(&self, context: &AppContext<'_>) -> Result<String, ProviderError> {
        if let Some(greeting) = context.config.get("greeting") {
            return Ok(greeting.clone());
        }
        if let [folder] = context.folders {
            return Ok(std::fs::read_to_string(folder.path.join("greeting"))?);
        }
        let habit = self.habit.ok_or("`greeting` is not configured")?;
        Ok(habit.to_owned())
    }

    fn instance(
        &self,
        app: &Arc<String>,
        _: &InstanceContext<'_>,
    ) -> Result<Arc<String>, ProviderError> {
        self.instances.fetch_add(1, Ordering::Relaxed);
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
    let provider = Polite {
        instances: Arc::clone(&instances),
        habit: None,
    };
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
    let host = Host::builder()
        .cache(cache())
        .provider(Polite::default())
        .build()
        .unwrap();
    let said = run(&host, spec(&host, NativeSpec::default()), &["ann"]).await;
    let expected =
        "not linked: the provider `polite` cannot serve the app: `greeting` is not configured";
    assert_eq!(said, expected);
    let checked = host.check(spec(&host, NativeSpec::default()));
    assert!(
        matches!(checked, Err(LinkError::Provider { .. })),
        "{checked:?}"
    );
    host.check(spec(&host, configured("salut"))).unwrap();
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

#[tokio::test]
async fn it_reads_the_folder_that_is_granted_to_it() {
    let host = Host::builder()
        .cache(cache())
        .provider(Polite::default())
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let native = || NativeSpec {
        grants: grants(r#"fs = [{ name = "words", path = "words" }]"#),
        base: folder.path().to_owned(),
        ..NativeSpec::default()
    };
    let said = run(&host, spec(&host, native()), &["ann"]).await;
    let words = folder.path().join("words");
    let expected = format!(
        "not linked: the folder `{}`, granted to `polite` as `words`, cannot be opened: No such file or directory (os error 2)",
        words.display()
    );
    assert_eq!(said, expected);
    std::fs::create_dir(&words).unwrap();
    std::fs::write(words.join("greeting"), "ahoy").unwrap();
    let said = run(&host, spec(&host, native()), &["ann"]).await;
    assert_eq!(said, "ahoy, ann\nexit 0");
}

fn host_with_standard() -> Host {
    let provider = Polite {
        habit: Some("hello there"),
        ..Polite::default()
    };
    Host::builder()
        .cache(cache())
        .standard_provider(provider)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_standard_one_serves_where_nobody_is_named() {
    let host = host_with_standard();
    let alone = AppSpec::single(load(&host, "greet-caller"));
    let said = run(&host, alone, &["ann"]).await;
    assert_eq!(said, "hello there, ann\nexit 0");
    let said = run(&host, spec(&host, configured("salut")), &["ann"]).await;
    assert_eq!(said, "salut, ann\nexit 0");
    let provided = [("acme:greet/greeter", "greeter")];
    let said = run(
        &host,
        app(&host, &["greet-caller", "greeter"], &provided),
        &["ann"],
    )
    .await;
    assert_eq!(said, "hello, ann\nexit 0");
}

/// Imports the function `greet` twice.
fn importing(host: &Host, interfaces: [&str; 2]) -> AppSpec {
    let imports = interfaces.map(|name| {
        format!(r#"(import "{name}" (instance (export "greet" (func (param "name" string) (result string)))))"#)
    });
    let component = wat::parse_str(format!("(component {})", imports.concat())).unwrap();
    let component = host.load("two", component, LoadOptions::default()).unwrap();
    AppSpec::single(ComponentSpec::new(component))
}

#[test]
fn one_that_serves_two_interfaces_is_set_up_once() {
    let host = Host::builder().provider(Polite::default()).build().unwrap();
    let names = ["acme:greet/greeter", "acme:greet/second"];
    let link = |settings: [NativeSpec; 2]| {
        let mut spec = importing(&host, names);
        for (name, native) in names.iter().zip(settings) {
            let route = RouteSpec::Native(native);
            spec.provide.insert(name.parse().unwrap(), route);
        }
        host.link(spec).map(drop).map_err(|error| error.to_string())
    };
    let by_name = NativeSpec {
        provider: Some("polite".to_owned()),
        ..configured("salut")
    };
    assert_eq!(link([configured("salut"), by_name]), Ok(()));
    assert_eq!(
        link([configured("salut"), configured("bonjour")]),
        Err("`two` takes interfaces from the provider `polite` with different settings".to_owned())
    );
}

/// What is missing beside it is told without it.
#[test]
fn a_standard_one_is_not_told_as_missing() {
    let host = host_with_standard();
    let error = host.link(importing(&host, ["acme:greet/greeter", "acme:other/thing"]));
    let Err(LinkError::Missing { missing, .. }) = error else {
        panic!("it was linked: {error:?}");
    };
    let wanted: Vec<_> = missing.iter().map(|missing| &*missing.wanted).collect();
    assert_eq!(wanted, ["acme:other/thing"]);
}

#[test]
fn names_of_providers_are_unique() {
    let twice = Host::builder()
        .provider(Polite::default())
        .provider(Polite::default());
    assert!(matches!(
        twice.build(),
        Err(HostError::ProviderTwice { .. })
    ));
}
