//! Digests. The expected ones are those of b3sum and sha256sum, and of the bytes that the WIT gives for trees, made by hand.

use suite::{gives, is};

use crate::Case;
use crate::loop_::fsx::files::{Algorithm, Root};

pub(crate) const CASES: &[(&str, Case)] = &[
    ("files", files),
    ("trees", trees),
    ("a tree is the same wherever it stands", same),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn files(root: &Root) -> Result<(), String> {
    let check = |content: &[u8], blake3: &str, sha256: &str| {
        gives("write", root.write("digested", content))?;
        let digest = |algorithm| gives("digest", root.digest("digested", algorithm));
        is("blake3", &*hex(&digest(Algorithm::Blake3)?), blake3)?;
        is("sha256", &*hex(&digest(Algorithm::Sha256)?), sha256)
    };
    check(
        b"",
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    )?;
    check(
        b"abc",
        "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )
}

fn trees(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("tree/b"))?;
    gives("write", root.write("tree/a", b"abc"))?;
    gives("write", root.write("tree/b/c", b""))?;
    gives("write", root.write("tree/b-", b"abc"))?;
    let digest = gives("sha256", root.digest_tree("tree", Algorithm::Sha256))?;
    is(
        "sha256",
        &*hex(&digest),
        "6e414e03f84b7b1358f7388d5b3d564492b292ddfdd459b8b7030fc5585170d3",
    )?;
    gives("create-folder", root.create_folder("empty"))?;
    let digest = gives("sha256", root.digest_tree("empty", Algorithm::Sha256))?;
    is(
        "an empty one",
        &*hex(&digest),
        "24f6a09cf1ff733dbbc3a87435eb6097a46818777c9f31da45a3218b69d007f1",
    )
}

fn same(root: &Root) -> Result<(), String> {
    let digest = |path: &str| gives(path, root.digest_tree(path, Algorithm::Blake3));
    for top in ["one", "two/deeper"] {
        gives("create-folder", root.create_folder(&format!("{top}/x")))?;
        gives("write", root.write(&format!("{top}/x/y"), b"same"))?;
    }
    let before = digest("one")?;
    is("another place", digest("two/deeper")?, before.clone())?;
    is(
        "written another way",
        digest("./two/../one/")?,
        before.clone(),
    )?;
    gives("write", root.write("one/x/y", b"other"))?;
    is("a change", digest("one")? == before, false)?;
    gives("write", root.write("one/x/y", b"same"))?;
    gives("create-folder", root.create_folder("one/z"))?;
    is("a folder more", digest("one")? == before, false)
}
