//! Watched folders that others change.

use std::fs;
use std::path::Path;
use std::time::Duration;

use loop_host::{Buffer, Output};

use crate::fsx::native::Place;
use crate::support::{Told, host};

/// Lets the guest watch, until there is a file `data/end`. `change` is called once it does, with the folder of `data` and with what waits for a
/// word of the guest.
async fn watch(place: &Place, path: &str, change: impl AsyncFnOnce(&Path, &Said)) -> String {
    let host = host(&Told::default());
    let mut app = place.app(&host);
    let said = Said(Buffer::default());
    app.stdio.stdout = Output::Buffer(said.0.clone());
    let app = host.link(app).unwrap();
    let until = if path == "." {
        "end".to_owned()
    } else {
        format!("{path}/end")
    };
    let args = ["watch", "data", path, &until].map(str::to_owned);
    let changing = async {
        said.wait_for("watching").await;
        change(place.folder.path(), &said).await;
        fs::write(place.data(path).join("end"), "").unwrap();
    };
    let (ended, ()) = tokio::join!(app.run(&args), changing);
    ended.unwrap();
    let all = said.text();
    all.lines().last().unwrap_or_default().to_owned()
}

/// What the guest has printed.
struct Said(Buffer);

impl Said {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.contents()).into_owned()
    }

    fn has(&self, word: &str) -> bool {
        self.text().lines().any(|line| line == word)
    }

    async fn wait_for(&self, word: &str) {
        while !self.has(word) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn changes_of_others_are_told() {
    let place = Place::new();
    fs::create_dir_all(place.data("a/b")).unwrap();
    for path in ["a/old", "a/b/moved", "removed"] {
        fs::write(place.data(path), "x").unwrap();
    }
    let told = watch(&place, ".", async |base, _| {
        let data = base.join("data");
        fs::write(data.join("a/old"), "other").unwrap();
        fs::rename(data.join("a/b"), data.join("c")).unwrap();
        fs::write(data.join("c/later"), "").unwrap();
        fs::remove_file(data.join("removed")).unwrap();
        fs::create_dir_all(data.join("d/e")).unwrap();
        fs::write(data.join("d/e/new"), "").unwrap();
        fs::write(data.join("brief"), "").unwrap();
        fs::remove_file(data.join("brief")).unwrap();
        std::os::unix::fs::symlink("../other", data.join("out")).unwrap();
        fs::write(base.join("other/secret"), "changed").unwrap();
    })
    .await;
    assert_eq!(
        told,
        "-a/b -removed a/old c c/later c/moved d d/e d/e/new out"
    );
}

#[tokio::test]
async fn what_was_moved_away_is_not_told() {
    let place = Place::new();
    fs::create_dir_all(place.data("a/b")).unwrap();
    let told = watch(&place, ".", async |base, _| {
        fs::rename(base.join("data/a"), base.join("other/a")).unwrap();
        fs::write(base.join("other/a/b/secret"), "").unwrap();
        fs::write(base.join("other/a/secret"), "").unwrap();
    })
    .await;
    assert_eq!(told, "-a");
}

#[tokio::test]
async fn a_watch_survives_its_root() {
    let place = Place::new();
    fs::create_dir(place.data("a")).unwrap();
    let told = watch(&place, ".", async |base, said| {
        let data = base.join("data");
        fs::remove_dir_all(&data).unwrap();
        said.wait_for("gone").await;
        fs::create_dir(&data).unwrap();
        said.wait_for("back").await;
        fs::create_dir(data.join("b")).unwrap();
        fs::write(data.join("b/file"), "").unwrap();
    })
    .await;
    let told = told.replace("-a ", "");
    assert_eq!(told, "gone back b b/file");
}

#[tokio::test]
async fn a_root_is_replaced_by_another() {
    let place = Place::new();
    let told = watch(&place, ".", async |base, said| {
        fs::rename(base.join("data"), base.join("old")).unwrap();
        fs::create_dir(base.join("data")).unwrap();
        said.wait_for("back").await;
        fs::write(base.join("old/secret"), "").unwrap();
    })
    .await;
    assert_eq!(told, "gone back");
}

#[tokio::test]
async fn a_folder_above_is_replaced() {
    let place = Place::new();
    fs::create_dir_all(place.data("a/b")).unwrap();
    let told = watch(&place, "a/b", async |base, said| {
        fs::rename(base.join("data/a"), base.join("data/old")).unwrap();
        said.wait_for("gone").await;
        fs::write(base.join("data/old/b/secret"), "").unwrap();
        fs::create_dir_all(base.join("data/a/b")).unwrap();
        said.wait_for("back").await;
    })
    .await;
    assert_eq!(told, "gone back");
}

#[tokio::test]
async fn the_watched_folder_becomes_a_link_that_leads_out() {
    let place = Place::new();
    fs::create_dir(place.data("a")).unwrap();
    let told = watch(&place, "a", async |base, said| {
        fs::remove_dir(base.join("data/a")).unwrap();
        std::os::unix::fs::symlink("../other", base.join("data/a")).unwrap();
        said.wait_for("gone").await;
        fs::write(base.join("other/secret"), "changed").unwrap();
        fs::remove_file(base.join("data/a")).unwrap();
        fs::create_dir(base.join("data/a")).unwrap();
        said.wait_for("back").await;
    })
    .await;
    assert_eq!(told, "gone back");
}

/// Has the guest open its root, and watch a folder in it after `change`.
async fn watch_after(path: &str, change: impl AsyncFnOnce(&Path)) -> String {
    let place = Place::new();
    fs::create_dir(place.data("a")).unwrap();
    fs::write(place.data("go"), "").unwrap();
    let host = host(&Told::default());
    let mut app = place.app(&host);
    let said = Said(Buffer::default());
    app.stdio.stdout = Output::Buffer(said.0.clone());
    let app = host.link(app).unwrap();
    let args = ["watch-after", "data", path, "go"].map(str::to_owned);
    let changing = async {
        said.wait_for("open").await;
        change(place.folder.path()).await;
    };
    let (ended, ()) = tokio::join!(app.run(&args), changing);
    ended.unwrap();
    said.text()
}

#[tokio::test]
async fn a_root_that_is_gone_before_it_is_watched() {
    for path in [".", "a"] {
        let told = watch_after(path, async |base| {
            fs::remove_dir_all(base.join("data")).unwrap();
        });
        assert_eq!(told.await, "open\nno-entry\n", "{path}");

        let told = watch_after(path, async |base| {
            fs::rename(base.join("data"), base.join("old")).unwrap();
            fs::remove_file(base.join("old/go")).unwrap();
        });
        assert_eq!(told.await, "open\nno-entry\n", "{path}, moved");

        let told = watch_after(path, async |base| {
            fs::rename(base.join("data"), base.join("old")).unwrap();
            fs::write(base.join("data"), "a file").unwrap();
            fs::remove_file(base.join("old/go")).unwrap();
        });
        assert_eq!(told.await, "open\nnot-directory\n", "{path}, a file now");
    }
}

#[tokio::test]
async fn a_hundred_thousand_changes_at_once() {
    let place = Place::new();
    // The guest would keep up with slow changes.
    fs::write(place.data("wait"), "").unwrap();
    let told = watch(&place, ".", async |base, said| {
        let data = base.join("data");
        let changing = tokio::task::spawn_blocking(move || {
            for folder in 0..100 {
                let folder = data.join(format!("{folder}"));
                fs::create_dir(&folder).unwrap();
                for file in 0..1_000 {
                    fs::write(folder.join(format!("{file}")), "").unwrap();
                }
            }
        });
        changing.await.unwrap();
        fs::remove_file(base.join("data/wait")).unwrap();
        said.wait_for("overflow").await;
        // A folder of which it lost the event is watched all the same. What is written too early is part of what is lost.
        while !said.has("99/late") {
            fs::write(base.join("data/99/late"), "").unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    assert!(told.starts_with("overflow"), "{told}");
}

#[tokio::test]
async fn a_tree_can_have_too_many_folders() {
    let place = Place::new();
    for folder in 0..16_384 {
        fs::create_dir(place.data(format!("{folder}"))).unwrap();
    }
    place
        .check("watch data . end", "Error::TooMany(16384)")
        .await;
    fs::remove_dir(place.data("0")).unwrap();
    let told = watch(&place, ".", async |_, _| {}).await;
    assert_eq!(told, "");
}
