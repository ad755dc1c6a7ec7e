//! The same in WebAssembly: an example is built for `wasm32-unknown-unknown`, run by node, and must come to what it comes to here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TARGET: &str = "wasm32-unknown-unknown";

/// Prints what the exports say, as the example prints it itself.
const SCRIPT: &str = r#"
const module = require("fs").readFileSync(process.argv[1]);
WebAssembly.instantiate(module, {}).then(({ instance }) => {
  const word = (at) => (instance.exports.digest(2026, at) >>> 0).toString(16).padStart(8, "0");
  console.log(Array.from({ length: 8 }, (_, at) => word(at)).join(" "));
});
"#;

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What this machine lacks, if anything.
fn missing() -> Option<&'static str> {
    let rustc = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    let libraries = rustc.map(|output| String::from_utf8(output.stdout).unwrap());
    if !libraries.is_ok_and(|path| Path::new(path.trim()).is_dir()) {
        return Some("rustc has no wasm32-unknown-unknown: `rustup target add` it");
    }
    let node = Command::new("node").arg("--version").output();
    node.is_err().then_some("node is missing")
}

/// Builds the example into a folder of its own, where no other build is waited for.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasm");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--release", "--target", TARGET])
        .args(["--package", "loop-reactor", "--example", "replay"])
        .arg("--target-dir")
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    text(built);
    folder.join(TARGET).join("release/examples/replay.wasm")
}

#[test]
fn the_same_inputs_come_to_the_same_digest() {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    let here = text(
        Command::new(target.join("examples/replay"))
            .output()
            .unwrap(),
    );
    assert_eq!(here.split_whitespace().count(), 8);
    if let Some(missing) = missing() {
        println!("SKIPPED: {missing}");
        return;
    }
    let node = Command::new("node")
        .args(["-e", SCRIPT])
        .arg(build())
        .output();
    assert_eq!(text(node.unwrap()), here);
}
