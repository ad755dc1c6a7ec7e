//! Compiled code is kept, and never trusted further than it deserves.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use loop_host::{AppSpec, ComponentSpec, Host, LoadOptions};

use crate::support::{link, run};

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

/// A component with a quarter of a mebibyte of code, in functions that differ, which answers what stands in its data.
fn large(answer: u8) -> Vec<u8> {
    let mut functions = String::new();
    for index in 0..1000 {
        let body = format!("i32.const {index} i32.load offset=4 i32.add ").repeat(48);
        writeln!(
            functions,
            "(func (param i32) (result i32) local.get 0 {body})"
        )
        .unwrap();
    }
    let component = format!(
        r#"(component
            (core module $m
                (memory 1)
                (data (i32.const 0) "\{answer:02x}")
                (func (export "answer") (result i32) i32.const 0 i32.load)
                {functions})
            (core instance $i (instantiate $m))
            (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#
    );
    wat::parse_str(component).unwrap()
}

#[tokio::test]
async fn functions_are_kept_for_components_that_change_in_their_data() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let answers = async |answer: u8| {
        let host = Host::builder().cache(&cache).build().unwrap();
        let component = host
            .load("large", large(answer), LoadOptions::default())
            .unwrap();
        let app = link(&host, AppSpec::single(ComponentSpec::new(component)));
        assert_eq!(app.invoke("answer()").await.unwrap(), answer.to_string());
    };
    let of_kind = |end: &str| {
        let mut found = entries(&cache);
        found.retain(|path| path.to_str().unwrap().ends_with(end));
        found
    };
    answers(1).await;
    let [functions] = of_kind(".functions").try_into().unwrap();
    answers(2).await;
    assert_eq!(of_kind(".cwasm").len(), 2);
    assert_eq!(of_kind(".functions"), std::slice::from_ref(&functions));

    // Damage costs time, and is mended.
    let whole = fs::read(&functions).unwrap();
    for (answer, damage) in [(3, 0), (4, whole.len() / 2)] {
        fs::write(&functions, &whole[..damage]).unwrap();
        answers(answer).await;
        assert!(fs::metadata(&functions).unwrap().len() > whole.len() as u64 / 2);
    }
    fs::set_permissions(&functions, fs::Permissions::from_mode(0o666)).unwrap();
    answers(5).await;
}
