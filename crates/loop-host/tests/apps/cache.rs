//! Compiled code is kept, and never trusted further than it deserves.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use loop_host::{AppSpec, ComponentSpec, Host, LoadOptions};

use crate::support::run;

async fn says_hello(cache: &Path) {
    let host = Host::builder().cache(cache).build().unwrap();
    let component = host
        .load_file(&loop_test::guest("hello"), LoadOptions::default())
        .unwrap();
    let spec = AppSpec::single(ComponentSpec::new(component));
    assert_eq!(run(&host, spec, &["ann"]).await, "hello, ann\nexit 0");
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[tokio::test]
async fn an_entry_is_used_again_and_a_damaged_or_foreign_one_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    says_hello(&cache).await;
    let [entry] = entries(&cache).try_into().unwrap();
    let whole = fs::read(&entry).unwrap();
    let written = fs::metadata(&entry).unwrap().len();

    says_hello(&cache).await;
    assert_eq!(entries(&cache).len(), 1);

    for damage in [
        b"".to_vec(),
        b"garbage".to_vec(),
        whole[..whole.len() - 1].to_vec(),
    ] {
        fs::write(&entry, damage).unwrap();
        says_hello(&cache).await;
        assert_eq!(
            fs::metadata(&entry).unwrap().len(),
            written,
            "the entry was not made anew"
        );
    }

    fs::set_permissions(&entry, fs::Permissions::from_mode(0o666)).unwrap();
    says_hello(&cache).await;
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_nothing_but_speed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    says_hello(&file.join("compiled")).await;
}
