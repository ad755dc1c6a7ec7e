use std::net::IpAddr;
use std::sync::Arc;

use crate::wasi::lookup::testing::{Decisions, Names, gate};
use crate::wasi::lookup::{
    ADDRESSES_MAX, Host, Lookup, LookupError, NAME_MAX, NAMES_MAX, RESOLVED_MAX, Resolved,
};

fn lookup(grants: &str, names: &[(&'static str, &[&str])]) -> (Lookup, Arc<Decisions>) {
    let (gate, decisions) = gate(grants);
    (Lookup::new(gate, Names::of(names)), decisions)
}

/// What a component gets for a name.
async fn resolve(lookup: &Lookup, name: &str) -> Result<String, LookupError> {
    let found = lookup.resolve(name).await?;
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    Ok(found.join(" "))
}

#[test]
fn hosts_have_one_form() {
    let name = |text: &str| Ok(Host::Name(text.to_owned()));
    let address = |text: &str| Ok(Host::Address(text.parse().unwrap()));
    let long = "a".repeat(NAME_MAX + 1);
    for (text, host) in [
        ("example.com", name("example.com")),
        ("EXAMPLE.com.", name("example.com")),
        ("bücher.example", name("xn--bcher-kva.example")),
        ("db", name("db")),
        ("127.0.0.1", address("127.0.0.1")),
        ("127.1", address("127.0.0.1")),
        ("2130706433", address("127.0.0.1")),
        ("0x7f.1", address("127.0.0.1")),
        ("0177.0.0.1", address("127.0.0.1")),
        ("127.0.0.1.", address("127.0.0.1")),
        ("１２７.0.0.1", address("127.0.0.1")),
        ("::1", address("::1")),
        ("[::1]", address("::1")),
        ("::ffff:127.0.0.1", address("127.0.0.1")),
        ("[::ffff:7f00:1]", address("127.0.0.1")),
        ("", Err(LookupError::Invalid)),
        (".", Err(LookupError::Invalid)),
        ("a b", Err(LookupError::Invalid)),
        ("a/b", Err(LookupError::Invalid)),
        ("user@host", Err(LookupError::Invalid)),
        ("host:80", Err(LookupError::Invalid)),
        ("1.2.3.4.5", Err(LookupError::Invalid)),
        ("fe80::1%eth0", Err(LookupError::Invalid)),
        ("nul\0", Err(LookupError::Invalid)),
        (long.as_str(), Err(LookupError::Invalid)),
    ] {
        assert_eq!(Host::parse(text), host, "{text:?}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_only_if_it_is_granted() {
    let names: [(_, &[&str]); 1] = [("example.com", &["93.184.216.34"])];
    let (without, decisions) = lookup("", &names);
    assert_eq!(
        resolve(&without, "example.com").await,
        Err(LookupError::Denied)
    );
    assert_eq!(decisions.take(), "no: look up `example.com`");
    assert!(
        without
            .resolved()
            .names([93, 184, 216, 34].into())
            .is_empty()
    );

    let (with, _) = lookup(r#"net.connect = ["example.com:443"]"#, &names);
    assert_eq!(
        resolve(&with, "Example.COM.").await.as_deref(),
        Ok("93.184.216.34")
    );
    assert_eq!(
        with.resolved().names([93, 184, 216, 34].into()),
        ["example.com"]
    );
    assert_eq!(
        resolve(&with, "example.org").await,
        Err(LookupError::Denied)
    );
}

#[tokio::test]
async fn an_address_is_its_own_answer() {
    let (lookup, decisions) = lookup("", &[]);
    assert_eq!(
        resolve(&lookup, "::ffff:10.0.0.1").await.as_deref(),
        Ok("10.0.0.1")
    );
    assert_eq!(decisions.take(), "");
    assert!(lookup.resolved().names([10, 0, 0, 1].into()).is_empty());
}

#[tokio::test]
async fn localhost_is_this_machine_whatever_a_resolver_says() {
    let names: [(_, &[&str]); 2] = [
        ("localhost", &["93.184.216.34"]),
        ("a.localhost", &["93.184.216.34"]),
    ];
    let (lookup, _) = lookup(r#"net.lookup = ["localhost", "*.localhost"]"#, &names);
    assert_eq!(
        resolve(&lookup, "localhost").await.as_deref(),
        Ok("127.0.0.1 ::1")
    );
    assert_eq!(
        resolve(&lookup, "a.localhost").await.as_deref(),
        Ok("127.0.0.1 ::1")
    );
}

#[tokio::test]
async fn answers_are_tidied_and_bounded() {
    let all: Vec<String> = (0..=255).map(|last| format!("10.0.0.{last}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let names: [(_, &[&str]); 3] = [
        ("twice.test", &["::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"]),
        ("none.test", &[]),
        ("many.test", &all),
    ];
    let (lookup, _) = lookup(r#"net.lookup = ["*.test"]"#, &names);
    assert_eq!(
        resolve(&lookup, "twice.test").await.as_deref(),
        Ok("10.0.0.1 10.0.0.2")
    );
    assert_eq!(
        resolve(&lookup, "none.test").await,
        Err(LookupError::NotFound)
    );
    assert_eq!(
        resolve(&lookup, "unknown.test").await,
        Err(LookupError::NotFound)
    );
    let many = resolve(&lookup, "many.test").await.unwrap();
    assert_eq!(many.split(' ').count(), ADDRESSES_MAX);
}

#[test]
fn the_memory_of_answers_is_bounded() {
    let resolved = Resolved::default();
    let address = |index| IpAddr::from(u32::try_from(index).unwrap().to_be_bytes());
    for index in 0..=RESOLVED_MAX {
        resolved.record("a.test", &[address(index)]);
    }
    assert!(resolved.names(address(0)).is_empty());
    assert_eq!(resolved.names(address(1)), ["a.test"]);

    for index in 0..=NAMES_MAX {
        resolved.record(&format!("{index}.test"), &[address(1)]);
    }
    resolved.record("3.test", &[address(1)]);
    let names = resolved.names(address(1));
    assert_eq!(names.len(), NAMES_MAX);
    assert_eq!(names.last().map(String::as_str), Some("3.test"));
    assert!(!names.contains(&"a.test".to_owned()));
}
