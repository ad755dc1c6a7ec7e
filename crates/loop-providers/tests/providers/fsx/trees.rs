//! Copies, moves and removals of what only real folders have.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use crate::fsx::native::Place;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn links_are_copied_as_they_are() {
    let place = Place::new();
    fs::create_dir(place.data("a")).unwrap();
    symlink("../other", place.data("a/out")).unwrap();
    symlink("nothing", place.data("a/broken")).unwrap();
    symlink("a", place.data("link")).unwrap();
    place
        .check("copy data a data b", "3 entries, 0 bytes")
        .await;
    for (link, target) in [("b/out", "../other"), ("b/broken", "nothing")] {
        assert_eq!(fs::read_link(place.data(link)).unwrap(), Path::new(target));
    }
    place
        .check("copy data link data link-too", "1 entries, 0 bytes")
        .await;
    assert_eq!(
        fs::read_link(place.data("link-too")).unwrap(),
        Path::new("a")
    );
    // A slash at the end stands for the folder that it leads to.
    place
        .check("copy data link/ data c", "3 entries, 0 bytes")
        .await;
    assert!(fs::symlink_metadata(place.data("c")).unwrap().is_dir());
    place.check("copy data a data link/in", "invalid").await;
    symlink("/etc/passwd", place.data("far")).unwrap();
    place
        .check("copy data far data far-too", "not-permitted")
        .await;
    place
        .check("move data far data far-too", "1 entries, 0 bytes")
        .await;
}

#[tokio::test]
async fn a_link_is_removed_and_what_it_leads_to_is_not() {
    let place = Place::new();
    fs::create_dir_all(place.data("a/b")).unwrap();
    fs::write(place.data("kept"), "").unwrap();
    symlink("../../other", place.data("a/out")).unwrap();
    symlink("../kept", place.data("a/kept")).unwrap();
    symlink("../..", place.data("a/b/up")).unwrap();
    symlink("a", place.data("link")).unwrap();
    place.check("remove data link/", "not-directory").await;
    place.check("remove data link", "1 entries, 0 bytes").await;
    place.check("remove data a", "5 entries, 0 bytes").await;
    assert!(place.data("kept").exists());
    assert!(place.folder.path().join("other/secret").exists());
    place.check("glob data **", "kept [0 left out]").await;
}

#[tokio::test]
async fn what_is_no_file_is_not_copied() {
    let place = Place::new();
    fs::create_dir(place.data("a")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.data("a/socket")).unwrap();
    place.check("copy data a data b", "unsupported").await;
    place
        .check("copy data a/socket data b2", "unsupported")
        .await;
    place
        .check("move data a data c", "1 entries, 0 bytes")
        .await;
    place.check("remove data c", "2 entries, 0 bytes").await;
}

#[tokio::test]
async fn names_that_are_not_utf_8_are_copied_and_removed() {
    let place = Place::new();
    let name = OsStr::from_bytes(b"\xff");
    fs::create_dir_all(place.data("a").join(name)).unwrap();
    fs::write(place.data("a").join(name).join(name), "x").unwrap();
    place
        .check("copy data a data b", "3 entries, 1 bytes")
        .await;
    let copied = place.data("b").join(name).join(name);
    assert_eq!(fs::read(copied).unwrap(), b"x");
    place.check("remove data a", "3 entries, 0 bytes").await;
    assert!(!place.data("a").exists());
}

#[tokio::test]
async fn permissions_are_copied() {
    let place = Place::new();
    fs::create_dir_all(place.data("a/private")).unwrap();
    fs::write(place.data("a/private/run"), "").unwrap();
    for (path, mode) in [
        ("a/private/run", 0o4751),
        ("a/private", 0o500),
        ("a", 0o711),
    ] {
        fs::set_permissions(place.data(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    place
        .check("copy data a data b", "3 entries, 0 bytes")
        .await;
    assert_eq!(mode(&place.data("b")), 0o711);
    assert_eq!(mode(&place.data("b/private")), 0o500);
    assert_eq!(
        mode(&place.data("b/private/run")),
        0o751,
        "but not whose it is"
    );
}

#[tokio::test]
async fn no_half_file_is_left() {
    let place = Place::new();
    fs::create_dir(place.data("a")).unwrap();
    fs::write(place.data("a/large"), vec![b'x'; 20 << 20]).unwrap();
    // The folder, the beginning of the file, and two steps of it.
    place.check("begin data a b 3", "16777216 bytes").await;
    assert!(place.data("b").is_dir());
    assert!(!place.data("b/large").exists());
    place
        .check("copy data a data c", "2 entries, 20971520 bytes")
        .await;
    assert_eq!(fs::metadata(place.data("c/large")).unwrap().len(), 20 << 20);
}

#[tokio::test]
async fn a_tree_is_as_deep_as_a_path_is_long() {
    let place = Place::new();
    let mut deep = place.data("a");
    let name = "x".repeat(200);
    for _ in 0..18 {
        deep.push(&name);
    }
    fs::create_dir_all(&deep).unwrap();
    place
        .check("copy data a data b", "19 entries, 0 bytes")
        .await;
    // Deeper than any path: made from the middle.
    let (middle, low) = (place.data("c"), place.data("low"));
    fs::create_dir_all(low.join(&name).join(&name).join(&name)).unwrap();
    fs::rename(place.data("a"), &middle).unwrap();
    let bottom = middle.join(deep.strip_prefix(place.data("a")).unwrap());
    fs::rename(&low, bottom.join("low")).unwrap();
    place.check("copy data c data d", "name-too-long").await;
    place.check("remove data c", "name-too-long").await;
    assert!(middle.exists());
}

#[tokio::test]
async fn a_tree_is_moved_to_another_file_system() {
    let mut place = Place::new();
    let Ok(other) = tempfile::tempdir_in("/dev/shm") else {
        println!("SKIPPED: there is no /dev/shm here");
        return;
    };
    if fs::metadata(other.path()).unwrap().dev() == fs::metadata(place.data(".")).unwrap().dev() {
        println!("SKIPPED: /dev/shm is on the same file system as the folder for temporary files");
        return;
    }
    place.granted = format!(
        r#"fs = [
            {{ name = "data", path = "data", access = "read-write" }},
            {{ name = "far", path = "{}", access = "read-write" }},
        ]"#,
        other.path().display()
    );
    fs::create_dir_all(place.data("a/b")).unwrap();
    fs::write(place.data("a/b/file"), "content").unwrap();
    symlink("b", place.data("a/link")).unwrap();
    place
        .check("move data a far moved", "8 entries, 7 bytes")
        .await;
    assert_eq!(
        fs::read(other.path().join("moved/link/file")).unwrap(),
        b"content"
    );
    assert!(!place.data("a").exists());
    place
        .check("move far moved data a", "8 entries, 7 bytes")
        .await;
    assert_eq!(fs::read(place.data("a/b/file")).unwrap(), b"content");
    // What cannot be copied stays where it is.
    let _socket = std::os::unix::net::UnixListener::bind(place.data("a/socket")).unwrap();
    place.check("move data a far again", "unsupported").await;
    assert_eq!(fs::read(place.data("a/b/file")).unwrap(), b"content");
}
