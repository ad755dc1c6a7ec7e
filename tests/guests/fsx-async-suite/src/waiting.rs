//! What waits or works, beside what else the instance does.

use std::pin::pin;

use suite::{begun, both, fails, gives, is};

use crate::loop_::fsx::files::{Algorithm, ErrorCode, Event, Reach, Root};
use crate::loop_::fsx::files_async::{digest, digest_tree, next_events, next_matches, save, work};
use crate::{Case, code, numbered};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a watch waits while something is written", |root| {
        Box::pin(watched(root))
    }),
    ("a watch that is given up takes nothing", |root| {
        Box::pin(given_up(root))
    }),
    ("a watch waits so long", |root| Box::pin(so_long(root))),
    ("matches", |root| Box::pin(matches(root))),
    ("digests", |root| Box::pin(digests(root))),
    ("several digests at once", |root| Box::pin(several(root))),
    ("trees", |root| Box::pin(trees(root))),
    ("a place in another folder", |root| Box::pin(places(root))),
];

fn changed(event: &Event, at: &str) -> bool {
    matches!(event, Event::Changed(path) if path == at)
}

async fn watched(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("watched"))?;
    let watch = gives("watch", root.watch("watched", Reach::Folder))?;
    let mut waiting = pin!(next_events(&watch, 9, None));
    is("waits", begun(waiting.as_mut()).await.is_none(), true)?;
    gives("write", root.write("watched/a", b"x"))?;
    let events = gives("next-events", waiting.await)?;
    match &events[..] {
        [event] if changed(event, "watched/a") => Ok(()),
        _ => Err(format!("{events:?}")),
    }
}

async fn given_up(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("kept-on"))?;
    let watch = gives("watch", root.watch("kept-on", Reach::Folder))?;
    {
        let mut waiting = pin!(next_events(&watch, 9, None));
        is("waits", begun(waiting.as_mut()).await.is_none(), true)?;
    }
    gives("write", root.write("kept-on/a", b"x"))?;
    let events = gives("next-events", next_events(&watch, 9, None).await)?;
    match &events[..] {
        [event] if changed(event, "kept-on/a") => Ok(()),
        _ => Err(format!("{events:?}")),
    }
}

async fn so_long(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("silent"))?;
    let watch = gives("watch", root.watch("silent", Reach::Folder))?;
    for timeout in [0, 1_000_000, 100_000_000] {
        let events = next_events(&watch, 9, Some(timeout)).await;
        is("events", gives("next-events", events)?.len(), 0)?;
    }
    Ok(())
}

async fn matches(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("found"))?;
    for number in 0..30 {
        gives("write", root.write(&format!("found/{number:02}"), b""))?;
    }
    let matches = gives("glob", root.glob("found/*"))?;
    {
        let mut given_up = pin!(next_matches(&matches, 12));
        is("waits", begun(given_up.as_mut()).await.is_none(), true)?;
    }
    let mut sizes = Vec::new();
    while sizes.last() != Some(&0) {
        sizes.push(gives("next-matches", next_matches(&matches, 12).await)?.len());
    }
    is("pages", sizes, vec![12, 12, 6, 0])
}

async fn digests(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("digested"))?;
    gives("write", root.write("digested/a", &numbered(500_000)))?;
    for algorithm in [Algorithm::Blake3, Algorithm::Sha256] {
        let a = digest(root, "digested/a".into(), algorithm).await;
        let expected = gives("digest", root.digest("digested/a", algorithm))?;
        is("a file", gives("digest", a)?, expected)?;
        let tree = digest_tree(root, "digested".into(), algorithm).await;
        let expected = gives("digest-tree", root.digest_tree("digested", algorithm))?;
        is("a tree", gives("digest-tree", tree)?, expected)?;
    }
    let none = digest(root, "absent".into(), Algorithm::Blake3).await;
    fails("absent", none, code(ErrorCode::NoEntry))?;
    let out = digest_tree(root, "../".into(), Algorithm::Blake3).await;
    fails("outside", out, code(ErrorCode::NotPermitted))
}

async fn several(root: &Root) -> Result<(), String> {
    gives("write", root.write("large", &numbered(4_000_000)))?;
    let expected = gives("digest", root.digest("large", Algorithm::Sha256))?;
    let all: Vec<_> = (0..4)
        .map(|_| Box::pin(digest(root, "large".into(), Algorithm::Sha256)))
        .collect();
    // All are begun before one is done.
    let mut good = 0;
    let mut waiting = Vec::new();
    for mut one in all {
        match begun(one.as_mut()).await {
            Some(done) => good += usize::from(done.is_ok_and(|digest| digest == expected)),
            None => waiting.push(one),
        }
    }
    for one in waiting {
        good += usize::from(one.await.is_ok_and(|digest| digest == expected));
    }
    is("good", good, 4)
}

async fn trees(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("tree/below"))?;
    gives("write", root.write("tree/below/a", b"abc"))?;
    let one = gives("copy-tree", root.copy_tree("tree", root, "tree-1"))?;
    let other = gives("copy-tree", root.copy_tree("tree", root, "tree-2"))?;
    let (one, other) = both(work(&one, None), work(&other, None)).await;
    for progress in [gives("work", one)?, gives("work", other)?] {
        let got = (progress.entries, progress.bytes, progress.done);
        is("progress", got, (3, 3, true))?;
    }
    let away = gives("remove-tree", root.remove_tree("tree-1"))?;
    while !gives("work", work(&away, Some(0)).await)?.done {}
    fails("after", root.stat("tree-1"), code(ErrorCode::NoEntry))
}

async fn places(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("place"))?;
    let temp = gives("create-temp", root.create_temp(""))?;
    let out = save(&temp, "../out".into()).await;
    fails("outside", out, code(ErrorCode::NotPermitted))?;
    let folder = save(&temp, "place".into()).await;
    fails("a folder", folder, code(ErrorCode::IsDirectory))?;
    gives("save", save(&temp, "place/it".into()).await)
}
