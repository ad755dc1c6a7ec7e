//! `loop.toml`: what it says, and what is said of one that is wrong.

use std::fmt::Write as _;
use std::path::Path;

use loop_core::Manifest;
use loop_core::manifest::{self, Instances, MANIFEST_BYTES_MAX, Placement, ProvideTarget, Source};

/// A file that uses all there is.
pub(crate) const FULL: &str = r#"[workspace]
name = "notes"
members = ["components/*", "providers/*"]

[app.notes]
root = "web"

[app.notes.component.web]
use = "components/web"
grants = { net = { listen = ["127.0.0.1:8080"], http = ["https://api.example.com/v1/"] } }

[app.notes.component.index]
use = "acme:index@1.2"
grants = { fs = [{ name = "data", path = "./data", access = "read-write" }], env = ["LANG"], process = ["git", { program = "cargo", args = ["build", "--*", "**"], env = ["CARGO_HOME"] }] }
limits = { memory = "64 MiB", call = "5 s", pool = 4 }
instances = "per-call"

[app.notes.provide."acme:store/kv@0.1.0"]
use = "providers/kv"
placement = "sidecar"
transport = "unix"
grants = { fs = [{ name = "db", path = "./db", access = "read-write" }] }
config = { table = "notes" }

[app.notes.provide."acme:search/query"]
component = "index"

[app.notes.provide."wasi:keyvalue"]
placement = "native"
trusted = true

[app.tool.component.only]
use = "./tool.wasm"

[app.tool.component.only.grants.net]
connect = ["*.example.com:443", "10.0.0.0/8:*", "[fd00::/8]:443", "localhost:80"]
lookup = ["example.com"]
"#;

#[test]
fn a_full_file_says_what_it_says() {
    let manifest = Manifest::parse(FULL).unwrap();
    let workspace = manifest.workspace.as_ref().unwrap();
    assert_eq!(workspace.members, ["components/*", "providers/*"]);
    assert_eq!(&FULL[workspace.span.clone()], "[workspace]");

    let notes = &manifest.apps["notes"];
    assert_eq!(&FULL[notes.span.clone()], "[app.notes]");
    let index = &notes.components["index"];
    assert_eq!(index.source, Source::Package("acme:index@1.2".to_owned()));
    assert_eq!(index.instances, Some(Instances::PerCall));
    assert_eq!(index.limits.pool, 4);
    assert_eq!(&FULL[index.span.clone()], "[app.notes.component.index]");
    assert!(FULL[index.grants_span.clone().unwrap()].starts_with("{ fs = [{ name = \"data\""));

    let kv = &notes.provide[&"acme:store/kv@0.1.0".parse().unwrap()];
    assert_eq!(kv.placement, Placement::Sidecar);
    assert_eq!(kv.transport.as_deref(), Some("unix"));
    assert_eq!(
        kv.target,
        ProvideTarget::Source(Source::Path("providers/kv".into()))
    );
    let query = &notes.provide[&"acme:search/query".parse().unwrap()];
    assert_eq!(query.target, ProvideTarget::Component("index".to_owned()));
    assert_eq!(query.placement, Placement::Component);
    let store = &notes.provide[&"wasi:keyvalue".parse().unwrap()];
    assert_eq!(store.target, ProvideTarget::Native { provider: None });
    assert!(store.trusted);

    let tool = &manifest.apps["tool"];
    assert_eq!(tool.root, "only");
    let only = &tool.components["only"];
    assert_eq!(only.grants.net.lookup, ["example.com"]);
    assert_eq!(&FULL[only.grants_span.clone().unwrap()], "grants");
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let windows = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    let manifest = Manifest::parse(&windows).unwrap();
    assert_eq!(&windows[manifest.apps["notes"].span.clone()], "[app.notes]");
}

#[test]
fn where_a_component_comes_from_is_read_off_its_text() {
    let check = |text: &str, expected: Option<Source>| {
        let file = format!("[app.a.component.a]\nuse = \"{text}\"");
        let source = Manifest::parse(&file)
            .ok()
            .map(|manifest| manifest.apps["a"].components["a"].source.clone());
        assert_eq!(source, expected, "{text}");
    };
    let path = |text: &str| Some(Source::Path(Path::new(text).to_owned()));
    let package = |text: &str| Some(Source::Package(text.to_owned()));
    for text in [
        "web",
        "components/web",
        "./a:b",
        "../a:b@1",
        "/a:b",
        "web.wasm",
        "a/b/c.wasm",
        "a@b",
    ] {
        check(text, path(text));
    }
    for text in [
        "acme:notes",
        "acme:notes@1",
        "acme:notes@1.2",
        "acme:notes@1.2.3",
    ] {
        check(text, package(text));
    }
    for text in [
        "",
        "acme:",
        ":notes",
        "acme:notes@",
        "acme:notes@x",
        "c:/web",
        "https://a.example/b.wasm",
        "a:b:c",
    ] {
        check(text, None);
    }
}

/// Files that are wrong.
const WRONG: &[&str] = &[
    "",
    "# only a comment\n",
    "[workspce]\nname = \"a\"",
    "[workspace]",
    "[workspace]\nname = \"My App\"\nmembers = [\"../x\", \"/y\", \"\"]\ncolour = 1",
    "workspace = \"a\"",
    "[[workspace]]\nname = \"a\"",
    "[workspace]\nname = 5",
    "[app.a]",
    "[app]\na = 1",
    "[app.a]\nroot = \"b\"",
    "[app.a]\nroot = \"wen\"\n[app.a.component.web]\nuse = \"web\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.component.index]\nuse = \"index\"",
    "[app.My_App.component.\"a b\"]\nuse = \"web\"",
    "[app.a.component.web]\ngrants = {}",
    "[app.a.component.web]\nuse = \"\"",
    "[app.a.component.web]\nuse = \"https://example.com/a.wasm\"",
    "[app.a.component.web]\nuse = \"web\"\ngrant = {}\nlimts = {}\nzebra = 1",
    "[app.a.component.web]\nuse = \"web\"\nconnect = []\nmemory = \"1 MiB\"",
    "[app.a.component.web]\nuse = \"web\"\ninstances = \"percall\"",
    "[app.a.component.web]\nuse = \"web\"\ninstances = \"many\"",
    "[app.a.component.web]\nuse = \"web\"\ntrusted = \"yes\"",
    "[app.a.component.web]\nuse = \"web\"\nconfig = { port = 80, debug = true }",
    "[app.a.component.web]\nuse = \"web\"\nlimits = { memory = 64, call = \"5\", pool = 0, tables = -1, fuel = 0 }",
    "[app.a.component.web]\nuse = \"web\"\nlimits = { memory = \"0 B\", pool = 100000, handles = 5000000000, fuel = 99999999999999999999, instances = 1.5 }",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.component.web.grants]\nnet.connect = [\"a.example:80\", \"b.example\", 7]\nfs = [{ name = \"a\", path = \"a\" }, { name = \"a\", path = \"b\" }]\n",
    "[app.a.component.web]\nuse = \"web\"\ngrants = { fs = [{ name = \"a\", path = \"a\" }, { name = \"a/\", path = \"b\" }] }\n",
    "[app.a.component.web]\nuse = \"web\"\ngrants = { process = [\"git\", { program = \"git\", args = [\"**\", \"a\"] }, { program = \"tool/x\", args = [\"a**\"], environment = [] }, 1] }\n",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.kv]\nuse = \"kv\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/\"]\nuse = \"kv\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c@one\"]\nuse = \"kv\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\nuse = \"kv\"\ncomponent = \"web\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\nuse = \"kv\"\nprovider = \"kv\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\ncomponent = \"web\"\nprovider = \"kv\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\ncomponent = \"webb\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\ncomponent = \"web\"\ngrants = {}\ntrusted = true",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\ncomponent = \"web\"\nplacement = \"sidecar\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\nuse = \"kv\"\nplacement = \"native\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\nprovider = \"kv\"\nplacement = \"remote\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\nuse = \"kv\"\ntransport = \"tcp\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.provide.\"a:b/c\"]\nuse = \"kv\"\nplacement = \"sidcar\"\ntransport = \"carrier-pigeon\"",
    "[app.a.component.web]\nuse = web",
    "[app.a.component.web\nuse = \"web\"",
    "[app.a.component.web]\nuse = \"web",
    "[app.a.component.web]\nuse = \"web\"\nuse = \"web\"",
    "[app.a.component.web]\nuse = \"web\"\n[app.a.component.web]",
    "[app.a.component.web]\nuse =",
    "\u{feff}[app.a.component.web]\nuse = \"web\"\nx = 1",
    "\0asm\u{1}\0\0\0",
];

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let mut said = String::new();
    for text in WRONG {
        let found = Manifest::parse(text).unwrap_err();
        writeln!(said, "=== {}", text.escape_debug()).unwrap();
        for diagnostic in &found {
            crate::diagnostics::write(&mut said, text, diagnostic);
        }
        writeln!(said).unwrap();
    }
    insta::assert_snapshot!("manifests", said);
}

#[test]
fn a_file_has_limits() {
    let check = |text: &str, expected: &str| {
        let found = Manifest::parse(text).unwrap_err();
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains(expected), "{:?}", found[0]);
    };
    check(&"#".repeat(MANIFEST_BYTES_MAX + 1), "bytes");
    check(&format!("a = {}", "[".repeat(100_000)), "levels deep");
    check(&format!("a = {}", "{ a = ".repeat(100_000)), "levels deep");
    check(
        &format!("{}a = 1", "a.".repeat(MANIFEST_BYTES_MAX / 2 - 4)),
        "levels deep",
    );
    check(&format!("[{}a]", "a.".repeat(100_000)), "levels deep");
    check(
        &format!("\"\".{}a = 1", "'b' . ".repeat(100_000)),
        "levels deep",
    );
}

#[test]
fn a_file_that_is_wrong_everywhere_gets_a_few_answers() {
    let mut text = String::new();
    for number in 0..20_000 {
        writeln!(text, "key-{number} = 1").unwrap();
    }
    let found = Manifest::parse(&text).unwrap_err();
    assert_eq!(found.len(), loop_core::diagnostic::DIAGNOSTICS_MAX);
}

#[test]
fn the_largest_file_that_is_read_is_read() {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < MANIFEST_BYTES_MAX - 300 {
        writeln!(text, "[app.a{number}.component.web]\nuse = \"components/web\"\ngrants = {{ env = [\"LANG\"] }}\n")
            .unwrap();
        number += 1;
    }
    assert_eq!(Manifest::parse(&text).unwrap().apps.len(), number);
}

#[test]
fn the_schema_is_what_editors_get() {
    let schema = serde_json::to_string_pretty(&manifest::schema()).unwrap();
    insta::assert_snapshot!("schema", schema);
}
