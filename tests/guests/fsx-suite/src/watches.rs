//! Watched folders.

use suite::{fails, gives, is};

use crate::Case;
use crate::loop_::fsx::files::{Error, Event, Reach, Root, Watch};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what is written is told", written),
    ("a tree is told with what is below", trees),
    ("a temporary file is told when it has its place", temps),
    ("paths begin as the watched one was written", prefixes),
    ("what happens before and elsewhere is not told", elsewhere),
    ("a batch comes in parts", parts),
    ("more than is kept is told as one event", overflow),
    ("waiting ends", waiting),
    ("it outlives its root", outlives),
    ("there are not too many", too_many),
];

/// Longer than anything here takes, in nanoseconds.
const LONG: u64 = 20_000_000_000;

/// What is told until there is something at this path, by and by: the paths in their order, those where nothing is any more with a `-`.
fn told(watch: &Watch, until: &str) -> Result<String, String> {
    let mut all = std::collections::BTreeSet::new();
    loop {
        // Some come back with nothing in between.
        for event in gives("next", watch.next(u32::MAX, Some(LONG)))? {
            all.insert(match event {
                Event::Changed(path) if path == until => {
                    let all: Vec<String> = all.into_iter().collect();
                    return Ok(all.join(" "));
                }
                Event::Changed(path) => path,
                Event::Removed(path) => format!("-{path}"),
                Event::Overflow => "overflow".to_owned(),
                Event::Gone => "gone".to_owned(),
                Event::Back => "back".to_owned(),
            });
        }
    }
}

fn folder(root: &Root, path: &str) -> Result<(), String> {
    gives("create-folder", root.create_folder(path))
}

fn write(root: &Root, path: &str) -> Result<(), String> {
    gives("write", root.write(path, b"x"))
}

fn watch(root: &Root, path: &str, reach: Reach) -> Result<Watch, String> {
    gives("watch", root.watch(path, reach))
}

fn written(root: &Root) -> Result<(), String> {
    folder(root, "told")?;
    let watch = watch(root, "told", Reach::Folder)?;
    write(root, "told/b")?;
    write(root, "told/a")?;
    write(root, "told/a")?;
    write(root, "told/z")?;
    is("told", &*told(&watch, "told/z")?, "told/a told/b")?;
    write(root, "told/a")?;
    write(root, "told/zz")?;
    is("again", &*told(&watch, "told/zz")?, "told/a")
}

fn trees(root: &Root) -> Result<(), String> {
    folder(root, "below/is")?;
    let tree = watch(root, "below", Reach::Tree)?;
    let only = watch(root, "below", Reach::Folder)?;
    write(root, "below/is/a")?;
    folder(root, "below/new/deep")?;
    write(root, "below/new/deep/b")?;
    write(root, "below/z")?;
    is(
        "the tree",
        &*told(&tree, "below/z")?,
        "below/is/a below/new below/new/deep below/new/deep/b",
    )?;
    is("the folder", &*told(&only, "below/z")?, "below/new")
}

fn temps(root: &Root) -> Result<(), String> {
    folder(root, "quiet")?;
    let watch = watch(root, "quiet", Reach::Tree)?;
    let temp = gives("create-temp", root.create_temp("quiet"))?;
    gives("append", temp.append(b"x"))?;
    drop(gives("another", root.create_temp("quiet"))?);
    write(root, "quiet/a")?;
    is("before", &*told(&watch, "quiet/a")?, "")?;
    gives("save", temp.save("quiet/b"))?;
    write(root, "quiet/z")?;
    is("after", &*told(&watch, "quiet/z")?, "quiet/b")
}

fn prefixes(root: &Root) -> Result<(), String> {
    folder(root, "named/x")?;
    let check = |path: &str, begins: &str| {
        let watch = watch(root, path, Reach::Tree)?;
        write(root, "named/x/a")?;
        is(path, &*told(&watch, &format!("{begins}x/a"))?, "")
    };
    check("named", "named/")?;
    check("named/", "named/")?;
    check("./named", "./named/")?;
    check("named/x/..", "named/x/../")?;
    for path in [".", ""] {
        let watch = watch(root, path, Reach::Folder)?;
        write(root, "at-the-top")?;
        is(path, &*told(&watch, "at-the-top")?, "")?;
    }
    Ok(())
}

fn elsewhere(root: &Root) -> Result<(), String> {
    folder(root, "here")?;
    folder(root, "here-not")?;
    write(root, "here/before")?;
    let watch = watch(root, "here", Reach::Tree)?;
    write(root, "here-not/a")?;
    write(root, "here/z")?;
    is("told", &*told(&watch, "here/z")?, "")
}

fn parts(root: &Root) -> Result<(), String> {
    folder(root, "parts-told")?;
    let watch = watch(root, "parts-told", Reach::Tree)?;
    for name in 0..5 {
        write(root, &format!("parts-told/{name}"))?;
    }
    let mut all = Vec::new();
    while all.len() < 5 {
        let some = gives("next", watch.next(2, Some(LONG)))?;
        is("no more than asked for", some.len() <= 2, true)?;
        all.extend(some.into_iter().map(|event| format!("{event:?}")));
    }
    is("no room", gives("next", watch.next(0, Some(0)))?.len(), 0)?;
    is("no more", gives("next", watch.next(9, Some(0)))?.len(), 0)?;
    let expected = (0..5).map(|name| format!("Event::Changed(\"parts-told/{name}\")"));
    is("all", all, expected.collect())
}

fn overflow(root: &Root) -> Result<(), String> {
    folder(root, "flood")?;
    let watch = watch(root, "flood", Reach::Tree)?;
    for name in 0..4_200 {
        folder(root, &format!("flood/{name}"))?;
    }
    // Until it is told, all else stands for what is lost as well.
    let mut events = Vec::new();
    while events.is_empty() {
        events = gives("next", watch.next(9, Some(LONG)))?;
    }
    is(
        "lost",
        format!("{events:?}"),
        "[Event::Overflow]".to_owned(),
    )?;
    write(root, "flood/z")?;
    is("after", &*told(&watch, "flood/z")?, "")
}

fn waiting(root: &Root) -> Result<(), String> {
    folder(root, "still")?;
    let watch = watch(root, "still", Reach::Tree)?;
    for timeout in [0, 1, 30_000_000] {
        is(
            "nothing",
            gives("next", watch.next(9, Some(timeout)))?.len(),
            0,
        )?;
    }
    // Looking again and again is enough, too.
    write(root, "still/a")?;
    loop {
        let events = gives("next", watch.next(9, Some(0)))?;
        if !events.is_empty() {
            return is(
                "events",
                format!("{events:?}"),
                "[Event::Changed(\"still/a\")]".to_owned(),
            );
        }
    }
}

fn outlives(root: &Root) -> Result<(), String> {
    folder(root, "outlives")?;
    let other = gives("open", Root::open("data"))?;
    let watch = watch(&other, "outlives", Reach::Tree)?;
    drop(other);
    write(root, "outlives/a")?;
    is("told", &*told(&watch, "outlives/a")?, "")
}

fn too_many(root: &Root) -> Result<(), String> {
    let mut watches = Vec::new();
    for _ in 0..8 {
        watches.push(watch(root, ".", Reach::Folder)?);
    }
    let one_more = root.watch(".", Reach::Folder).map(drop);
    fails("one more", one_more, Error::TooMany(8))?;
    watches.pop();
    watches.push(watch(root, ".", Reach::Folder)?);
    drop(watches);
    watch(root, ".", Reach::Folder).map(drop)
}
