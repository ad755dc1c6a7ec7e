//! Paths of every shape for each function that takes one.

use suite::{fails, gives};

use crate::loop_::fsx::files::{Algorithm, Error, ErrorCode, Root};
use crate::loop_::fsx::files_async::{digest, digest_tree, read, save};
use crate::{Case, code};

pub(crate) const CASES: &[(&str, Case)] =
    &[("paths of every shape", |root| Box::pin(every_shape(root)))];

async fn every_shape(root: &Root) -> Result<(), String> {
    gives("create-folder", root.create_folder("inside/inner"))?;
    gives("write", root.write("file", b"x"))?;
    let (long, far) = ("x/".repeat(2_100), "../".repeat(40));
    for (path, why) in [
        ("..", ErrorCode::NotPermitted),
        ("../x", ErrorCode::NotPermitted),
        (&far, ErrorCode::NotPermitted),
        ("/", ErrorCode::NotPermitted),
        ("/etc/passwd", ErrorCode::NotPermitted),
        ("//x", ErrorCode::NotPermitted),
        ("./../x", ErrorCode::NotPermitted),
        ("inside/../../x", ErrorCode::NotPermitted),
        ("inside/inner/../../../data/x", ErrorCode::NotPermitted),
        ("a\0b", ErrorCode::Invalid),
        (&long, ErrorCode::NameTooLong),
        ("none/below", ErrorCode::NoEntry),
        ("file/below", ErrorCode::NotDirectory),
    ] {
        let refused = refuses(root, path, &code(why)).await;
        refused.map_err(|said| format!("{path}: {said}"))?;
    }
    Ok(())
}

async fn refuses(root: &Root, path: &str, expected: &Error) -> Result<(), String> {
    let path = || path.to_owned();
    fails("read", read(root, path(), 0).await, expected.clone())?;
    let digested = digest(root, path(), Algorithm::Blake3).await;
    fails("digest", digested, expected.clone())?;
    let digested = digest_tree(root, path(), Algorithm::Blake3).await;
    fails("digest-tree", digested, expected.clone())?;
    let temp = gives("create-temp", root.create_temp(""))?;
    fails("save", save(&temp, path()).await, expected.clone())
}
