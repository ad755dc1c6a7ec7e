//! What only the store in a file has.

use loop_host::{App, Host, RouteSpec};
use tempfile::TempDir;

use crate::keyvalue::{DATA, app, native, tried};
use crate::support::{Told, host};

/// A folder with an empty folder `data`.
fn place() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    folder
}

fn file(place: &TempDir, config: &[(&str, &str)]) -> RouteSpec {
    native("keyvalue", place.path(), DATA, config)
}

#[tokio::test]
async fn what_was_set_outlives_the_app_and_the_host() {
    let place = place();
    let check = async |args: &str, expected: &str| {
        let host = host(&Told::default());
        assert_eq!(
            tried(&host, file(&place, &[]), args).await,
            expected,
            "{args}"
        );
    };
    check("set default a 1", "done").await;
    check("get default a", "1").await;
    check("count default n 3", "3").await;
    check("delete default a", "done").await;
    check("keys default", "n").await;
    let files = std::fs::read_dir(place.path().join("data")).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["keyvalue.redb"]);
}

#[tokio::test]
async fn settings_are_checked() {
    let place = place();
    let check = async |granted: &str, config: &[(&str, &str)], expected: &str| {
        let told = Told::default();
        let host = host(&told);
        let route = native("keyvalue", place.path(), granted, config);
        let said = tried(&host, route, "get default a").await;
        let place = place.path().display().to_string();
        let said = said.replace(&place, "PLACE");
        let said = said.strip_prefix("not linked: the provider `keyvalue` cannot serve the app: ");
        assert_eq!(said.unwrap_or("served"), expected, "{granted} {config:?}");
        told.lines()
    };
    check(DATA, &[], "served").await;
    let said = "`config` has no setting `fil`: did you mean `file`?";
    check(DATA, &[("fil", "a")], said).await;
    let said = "`config` has no setting `path`: known are `folder`, `file`, `size`, `buckets` and `per-component`";
    check(DATA, &[("path", "a")], said).await;
    let said = "the setting `size` is `big`, and should be a size such as `1 GiB`";
    check(DATA, &[("size", "big")], said).await;
    let said = "the setting `buckets` is `a/b c`, and should be names with spaces between them, of letters, digits, `-`, `_` and `.`";
    check(DATA, &[("buckets", "a/b c")], said).await;
    let said = "the setting `per-component` is `yes`, and should be `true` or `false`";
    check(DATA, &[("per-component", "yes")], said).await;

    let said = "no folder is granted to it to keep things in: write `grants = { fs = [{ name = \"data\", path = \"./data\", access = \"read-write\" }] }` under its entry of `provide`";
    check("", &[], said).await;
    let two = r#"fs = [{ name = "a", path = "data", access = "read-write" }, { name = "b", path = "data", access = "read-write" }]"#;
    let said = "several folders are granted to it: let the setting `folder` name one of them";
    check(two, &[], said).await;
    check(two, &[("folder", "b")], "served").await;
    let said = "it may not open the folder `c` to read and write: `fs` has no folder of that name";
    let told = check(two, &[("folder", "c")], said).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let read = r#"fs = [{ name = "data", path = "data" }]"#;
    let said =
        "it may not open the folder `data` to read and write: `fs` grants it to be read only";
    let told = check(read, &[], said).await;
    let missing = r#"open the folder `data` to read and write: grants = { fs = [{ name = "data", path = "data", access = "read-write" }] }"#;
    assert_eq!(told, [missing]);
}

/// To check an app opens nothing: it may be running.
#[tokio::test]
async fn checking_makes_no_file() {
    let place = place();
    let host = host(&Told::default());
    let check = |config| host.check(app(&host, "keyvalue-try", file(&place, config)));
    check(&[]).unwrap();
    check(&[("fil", "a")]).unwrap_err();
    assert!(!place.path().join("data/keyvalue.redb").exists());
}

#[tokio::test]
async fn the_file_is_in_the_folder() {
    let place = place();
    std::fs::create_dir(place.path().join("other")).unwrap();
    std::fs::create_dir(place.path().join("data/inner")).unwrap();
    std::os::unix::fs::symlink("../other", place.path().join("data/out")).unwrap();
    let host = host(&Told::default());
    let check = async |name: &str, expected: &str| {
        let said = tried(&host, file(&place, &[("file", name)]), "set default a 1").await;
        let at = format!(
            "the file `{}/data/{name}` cannot be opened: ",
            place.path().display()
        );
        let said = said
            .strip_prefix("not linked: the provider `keyvalue` cannot serve the app: ")
            .map_or(&*said, |said| said.strip_prefix(&at).unwrap_or(said));
        assert!(said.contains(expected), "{name}: {said}");
    };
    check("inner/a.redb", "done").await;
    check("nowhere/a.redb", "No such file").await;
    check("../other/a.redb", "led outside").await;
    check("out/a.redb", "led outside").await;
    check("/etc/a.redb", "led outside").await;
    check("inner", "Is a directory").await;
    let made = std::process::Command::new("mkfifo")
        .arg(place.path().join("data/pipe"))
        .status();
    assert!(made.unwrap().success());
    check("pipe", "not a regular file").await;
    assert_eq!(
        std::fs::read_dir(place.path().join("other"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn an_app_has_the_buckets_that_its_settings_name() {
    let place = place();
    let host = host(&Told::default());
    let only = [("buckets", "pages sessions")];
    let check = async |args: &str, expected: &str| {
        assert_eq!(
            tried(&host, file(&place, &only), args).await,
            expected,
            "{args}"
        );
    };
    check("set pages a 1", "done").await;
    check("open sessions", "opened").await;
    check("open default", "access-denied").await;
    check("open a/b", "no-such-store").await;
}

/// The components of an app share its buckets, unless its settings say otherwise.
#[tokio::test]
async fn components_share_or_do_not() {
    let place = place();
    let host = host(&Told::default());
    let check = async |config: &[(&str, &str)], component: &str, args: &[&str], expected: &str| {
        let mut app = app(&host, "keyvalue-try", file(&place, config));
        let guest = app.components.remove(&app.root).unwrap();
        app.components.insert(component.to_owned(), guest);
        app.root = component.to_owned();
        let said = crate::support::run(&host, app, args).await;
        assert_eq!(said, format!("{expected}\nexit 0"), "{component} {args:?}");
    };
    let own = [("per-component", "true")];
    check(&[], "one", &["set", "default", "a", "shared"], "done").await;
    check(&[], "other", &["get", "default", "a"], "shared").await;
    check(&own, "one", &["get", "default", "a"], "none").await;
    check(&own, "one", &["set", "default", "a", "of one"], "done").await;
    check(&own, "other", &["get", "default", "a"], "none").await;
    check(&own, "other", &["keys", "default"], "").await;
    check(&own, "one", &["get", "default", "a"], "of one").await;
    check(&[], "one", &["get", "default", "a"], "shared").await;
}

fn link(host: &Host, route: RouteSpec) -> App {
    host.link(app(host, "keyvalue-try", route)).unwrap()
}

async fn ran(app: &App, args: &str) -> i32 {
    let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
    app.run(&args).await.unwrap().code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apps_of_a_host_share_a_file_and_nothing_is_lost() {
    let place = place();
    let host = host(&Told::default());
    let apps: Vec<App> = (0..4).map(|_| link(&host, file(&place, &[]))).collect();
    let counting = apps.iter().flat_map(|app| {
        ["count default n 25", "cas default m 25"].map(|args| {
            let app = app.clone();
            tokio::spawn(async move { ran(&app, args).await })
        })
    });
    let counting: Vec<_> = counting.collect();
    for counted in counting {
        assert_eq!(counted.await.unwrap(), 0);
    }
    drop(apps);
    for key in ["n", "m"] {
        let said = tried(&host, file(&place, &[]), &format!("get default {key}")).await;
        assert_eq!(said, "100");
    }
}

/// One lets go of the file while another asks for it.
#[tokio::test]
async fn apps_of_a_host_follow_each_other() {
    let place = place();
    let host = host(&Told::default());
    let mut app = link(&host, file(&place, &[]));
    for _ in 0..200 {
        let end = std::thread::spawn(move || drop(app));
        app = link(&host, file(&place, &[]));
        end.join().unwrap();
    }
}

#[tokio::test]
async fn another_process_is_refused() {
    let place = place();
    let (ours, theirs) = (host(&Told::default()), host(&Told::default()));
    let app = link(&ours, file(&place, &[]));
    assert_eq!(ran(&app, "set default a 1").await, 0);
    // To a lock, another host is another process.
    let at = place.path().join("data/keyvalue.redb");
    let said = tried(&theirs, file(&place, &[]), "get default a").await;
    let expected = format!(
        "not linked: the provider `keyvalue` cannot serve the app: the file `{}` is in use by another process",
        at.display()
    );
    assert_eq!(said, expected);
    assert_eq!(ran(&app, "set default b 2").await, 0);
    drop(app);
    assert_eq!(
        tried(&theirs, file(&place, &[]), "keys default").await,
        "a b"
    );
}

/// The provider keeps entries open from one `get` to the next.
#[tokio::test]
async fn each_get_sees_what_was_set_and_no_page_is_lost_to_it() {
    let place = place();
    let host = host(&Told::default());
    // Another app, so that the file stays open while none of the others runs.
    let _open = link(&host, file(&place, &[]));
    let check = async |args: &str, expected: &str| {
        let said = tried(&host, file(&place, &[]), args).await;
        assert_eq!(said, expected, "{args}");
    };
    for bytes in 500_000..500_040 {
        check(&format!("fill b k {bytes}"), "done").await;
        check("size b k", &bytes.to_string()).await;
        check("exists b k", "true").await;
    }
    check("delete b k", "done").await;
    check("exists b k", "false").await;
    // Forty values have 20 MB.
    let file = std::fs::metadata(place.path().join("data/keyvalue.redb")).unwrap();
    assert!(file.len() < 10_000_000, "{} bytes", file.len());
}

#[tokio::test]
async fn a_store_does_not_outgrow_its_size() {
    let place = place();
    let host = host(&Told::default());
    let check = async |size: &str, args: &str, expected: &str| {
        let route = file(&place, &[("size", size)]);
        assert_eq!(tried(&host, route, args).await, expected, "{size} {args}");
    };
    let full = |bytes: u32| {
        format!(
            "other: the store has at most 102400 bytes of keys and values, and would have {bytes}"
        )
    };
    // A name has the bucket's, a byte between, and the key's.
    check("100 KiB", "fill b k 102396", "done").await;
    check("100 KiB", "fill b k 102397", "done").await;
    check("100 KiB", "fill b k 102398", &full(102_401)).await;
    check("100 KiB", "size b k", "102397").await;
    check("100 KiB", "set b l 1", &full(102_404)).await;
    check("100 KiB", "fill b k 100000", "done").await;
    check(
        "100 KiB",
        "flood b 9 1000",
        &format!("2: {}", full(103_012)),
    )
    .await;
    // A batch is there entirely or not at all.
    check("100 KiB", "batch c 9 1000", &full(111_036)).await;
    check("100 KiB", "keys c", "").await;
    // What is larger than a new setting says may become smaller.
    let smaller =
        "other: the store has at most 10240 bytes of keys and values, and would have 102013";
    check("10 KiB", "set b 2 1", smaller).await;
    check("10 KiB", "fill b k 90000", "done").await;
    check("10 KiB", "delete b k", "done").await;
    check("10 KiB", "set b 2 1", "done").await;
}

/// What an interface defines is the others' too, so one of them brings them all; and several that say the same are one store.
#[tokio::test]
async fn interfaces_may_be_named_one_by_one() {
    let place = place();
    let host = host(&Told::default());
    for interfaces in [&["store"][..], &["store", "atomics", "batch"]] {
        let mut app = app(&host, "keyvalue-try", file(&place, &[]));
        app.provide.clear();
        for interface in interfaces {
            let import = format!("wasi:keyvalue/{interface}");
            app.provide
                .insert(import.parse().unwrap(), file(&place, &[]));
        }
        let said = crate::support::run(&host, app, &["count", "default", interfaces[0], "2"]).await;
        assert!(said.ends_with("exit 0"), "{said}");
    }
    let said = tried(&host, file(&place, &[]), "get default store").await;
    assert_eq!(said, "4");
}
