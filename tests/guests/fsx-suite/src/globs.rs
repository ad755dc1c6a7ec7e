//! Patterns.

use suite::{fails, gives, is};

use crate::loop_::fsx::files::{DescriptorType, Error, Root};
use crate::{Case, found};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("what patterns match", patterns),
    ("what is no pattern", no_patterns),
    ("pages", pages),
    ("kinds", kinds),
    ("there are not too many", too_many),
];

const FILES: [&str; 9] = [
    "g/.hidden",
    "g/B.txt",
    "g/a-b/x.rs",
    "g/a.txt",
    "g/a/b/deep.rs",
    "g/a/x.rs",
    "g/star*.txt",
    "g/z.jpg",
    "g/z.png",
];

fn make(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("g/a/b"))?;
    gives("create-folder", root.create_folder("g/a-b"))?;
    gives("create-folder", root.create_folder("g/none"))?;
    FILES
        .iter()
        .try_for_each(|path| gives(path, root.write(path, b"")))
}

fn patterns(root: &Root) -> Result<(), String> {
    make(root)?;
    let check = |pattern: &str, expected: &str| {
        is(
            pattern,
            found(root, pattern)?.join(" "),
            expected.to_owned(),
        )
    };
    check("g", "g")?;
    check("g/a.txt", "g/a.txt")?;
    check("g/*.txt", "g/B.txt g/a.txt g/star*.txt")?;
    check("g/?.txt", "g/B.txt g/a.txt")?;
    check("g/[a-z].txt", "g/a.txt")?;
    check("g/[!a-z].txt", "g/B.txt")?;
    check("g/z.{jpg,png}", "g/z.jpg g/z.png")?;
    check("g/{a,a-b}/x.rs", "g/a/x.rs g/a-b/x.rs")?;
    check("g/{a/x,{z,y}}.{rs,jpg}", "g/a/x.rs g/z.jpg")?;
    check("g/star\\*.txt", "g/star*.txt")?;
    check("g/.*", "g/.hidden")?;
    check("g/*/*.rs", "g/a/x.rs g/a-b/x.rs")?;
    check("g/**/*.rs", "g/a/b/deep.rs g/a/x.rs g/a-b/x.rs")?;
    gives("create-folder", root.create_folder("accents"))?;
    gives("write", root.write("accents/\u{e9}", b""))?;
    check("accents/?", "")?;
    check("accents/??", "accents/\u{e9}")?;
    check("accents/\u{e9}", "accents/\u{e9}")?;
    check("g/a/**", "g/a/b g/a/b/deep.rs g/a/x.rs")?;
    check("**/deep.rs", "g/a/b/deep.rs")?;
    check("g/none/*", "")?;
    check("g/absent/*", "")?;
    check("g/a.txt/*", "")?;
    check("G/*", "")?;
    check(
        "g/*",
        "g/.hidden g/B.txt g/a g/a-b g/a.txt g/none g/star*.txt g/z.jpg g/z.png",
    )
}

fn no_patterns(root: &Root) -> Result<(), String> {
    for pattern in [
        "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "./a", "[a", "{a", "a}", "a\0b",
        "[z-a]", "\\",
    ] {
        match root.glob(pattern).map(drop) {
            Err(Error::InvalidPattern(why)) if !why.is_empty() => {}
            got => return Err(format!("{pattern:?} gave {got:?}")),
        }
    }
    let long = root.glob(&"*".repeat(1_025)).map(drop);
    fails("long", long, Error::TooLarge(1_024))?;
    gives("as long as it may be", root.glob(&"?".repeat(1_024)))?;
    gives(
        "many alternatives",
        root.glob(&format!("{{{}x}}", "a,".repeat(500))),
    )?;
    Ok(())
}

fn pages(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("pages"))?;
    for number in 0..30 {
        gives("write", root.write(&format!("pages/{number:02}"), b""))?;
    }
    let matches = gives("glob", root.glob("pages/*"))?;
    let mut sizes = Vec::new();
    loop {
        let page = gives("next", matches.next(12))?;
        sizes.push(page.len());
        if page.is_empty() {
            break;
        }
    }
    is("pages", sizes, vec![12, 12, 6, 0])?;
    is("after the end", gives("next", matches.next(12))?.len(), 0)?;
    is("left out", matches.left_out(), 0)?;
    let matches = gives("glob", root.glob("pages/*"))?;
    is("no room", gives("next", matches.next(0))?.len(), 0)?;
    is("all", gives("next", matches.next(u32::MAX))?.len(), 30)
}

fn kinds(root: &Root) -> Result<(), String> {
    make(root)?;
    let matches = gives("glob", root.glob("g/{a,a.txt}"))?;
    let kinds: Vec<_> = gives("next", matches.next(9))?
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    let expected = vec![DescriptorType::Directory, DescriptorType::RegularFile];
    is("kinds", kinds, expected)
}

fn too_many(root: &Root) -> Result<(), String> {
    let mut searches = Vec::new();
    for _ in 0..64 {
        searches.push(gives("glob", root.glob("*"))?);
    }
    fails("one more", root.glob("*").map(drop), Error::TooMany(64))?;
    searches.pop();
    searches.push(gives("after one is gone", root.glob("*"))?);
    drop(searches);
    gives("after all are gone", root.glob("*").map(drop))
}
