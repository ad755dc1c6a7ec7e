//! Files that are cut short or damaged, and a disk that is full.

use std::path::{Path, PathBuf};

use crate::keyvalue::{DATA, app, native, tried};
use crate::support::{Told, host, small_disk, start_on_small_disk};

/// The files of a store with some entries: one that was closed, and the same as a crash would have left it.
async fn filled(place: &Path) -> [Vec<u8>; 2] {
    std::fs::create_dir(place.join("data")).unwrap();
    let host = host(&Told::default());
    let route = || native("keyvalue", place, DATA, &[]);
    let open = host.link(app(&host, "keyvalue-try", route())).unwrap();
    assert_eq!(
        tried(&host, route(), "batch default 2000 100").await,
        "done"
    );
    assert_eq!(tried(&host, route(), "set default a 1").await, "done");
    let crashed = std::fs::read(file(place)).unwrap();
    drop(open);
    [std::fs::read(file(place)).unwrap(), crashed]
}

fn file(place: &Path) -> PathBuf {
    place.join("data/keyvalue.redb")
}

/// What is said of a file with this content, which stays as it is.
async fn said_of(place: &Path, content: &[u8]) -> String {
    std::fs::write(file(place), content).unwrap();
    let host = host(&Told::default());
    let said = tried(&host, native("keyvalue", place, DATA, &[]), "get default a").await;
    if said != "1" {
        let left = std::fs::read(file(place)).unwrap();
        assert!(left == content, "the file was changed");
    }
    said
}

#[tokio::test]
async fn one_that_is_cut_short_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let files = filled(place).await;
    assert!(files[0] != files[1], "a crash leaves what closing leaves");
    let refused = format!(
        "not linked: the provider `keyvalue` cannot serve the app: the file `{}` is damaged, and was left as it is: ",
        file(place).display()
    );
    for whole in files {
        let lengths = [
            0,
            1,
            8,
            9,
            63,
            64,
            320,
            511,
            512,
            4096,
            8192,
            whole.len() / 2,
            whole.len() - 4096,
            whole.len() - 1,
        ];
        for length in lengths {
            let said = said_of(place, &whole[..length]).await;
            assert!(said.starts_with(&refused), "{length} bytes: {said}");
        }
        assert_eq!(said_of(place, &whole).await, "1");
    }
}

#[tokio::test]
async fn one_that_is_damaged_is_refused_or_has_what_it_had() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let files = filled(place).await;
    let mut refused = 0;
    let mut random = 1_u64;
    for whole in files.iter().cycle().take(60) {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let at = usize::try_from(random >> 33).unwrap() % (whole.len() - 64);
        let mut damaged = whole.clone();
        for byte in &mut damaged[at..at + 64] {
            *byte ^= 0xa5;
        }
        let said = said_of(place, &damaged).await;
        if said != "1" {
            assert!(
                said.contains("is damaged, and was left as it is"),
                "{at}: {said}"
            );
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused} were refused");
}

#[tokio::test]
async fn something_else_is_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    std::fs::create_dir(place.join("data")).unwrap();
    for content in ["notes", &"of mine\n".repeat(10_000)] {
        let said = said_of(place, content.as_bytes()).await;
        assert!(said.contains("is damaged, and was left as it is"), "{said}");
    }
    // A database of redb that is somebody else's.
    std::fs::remove_file(file(place)).unwrap();
    redb::Database::create(file(place)).unwrap();
    let host = host(&Told::default());
    let route = native("keyvalue", place, DATA, &[]);
    let said = tried(&host, route, "get default a").await;
    let expected = "is a database, and no key-value store of ours";
    assert!(said.ends_with(expected), "{said}");
}

#[tokio::test]
async fn a_full_disk_leaves_what_was_there() {
    match small_disk() {
        Some(disk) => on_small_disk(&disk).await,
        None => start_on_small_disk(
            "keyvalue::damage::a_full_disk_leaves_what_was_there",
            "4m",
            &["keyvalue-try"],
        ),
    }
}

async fn on_small_disk(disk: &Path) {
    let host = host(&Told::default());
    let check = async |args: &str, expected: &str| {
        let said = tried(&host, native("keyvalue", disk, DATA, &[]), args).await;
        assert!(said.contains(expected), "{args}: {said}");
    };
    let full = "other: there is no room left on the store's disk";
    check("set default a 1", "done").await;
    check("flood many 100 500000", full).await;
    check("get default a", "1").await;
    check("size many 0", "500000").await;
    check("batch more 10 400000", full).await;
    check("keys more", "").await;
    check("get default a", "1").await;
}
