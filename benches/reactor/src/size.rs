//! `size/wasm`: the example `counter`, built for the browser as small as it gets, and gzipped; beside a program that only prints.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// The least that prints a text and a number, as the counter does.
const PRINTS: &str = "fn main() { println!(\"[{} times]\", std::env::args().count()); }";

/// Whether the compiler has the target.
pub(crate) fn is_possible() -> bool {
    let rustc = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    rustc.is_ok_and(|output| {
        let folder = String::from_utf8(output.stdout).unwrap_or_default();
        Path::new(folder.trim()).is_dir()
    })
}

/// Gzipped bytes of the counter.
pub(crate) fn counter() -> anyhow::Result<f64> {
    let folder = std::env::temp_dir().join("loop-bench-reactor");
    let profile = [
        "opt-level=\"z\"",
        "lto=true",
        "codegen-units=1",
        "panic=\"abort\"",
        "strip=true",
    ];
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "--release", "--target", TARGET]);
    cargo.args(["--package", "loop-reactor", "--example", "counter"]);
    for setting in profile {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    cargo.arg("--target-dir").arg(&folder);
    run(cargo.current_dir(env!("CARGO_MANIFEST_DIR")))?;
    gzipped(&folder.join(TARGET).join("release/examples/counter.wasm"))
}

/// Gzipped bytes of the program that only prints.
pub(crate) fn prints() -> anyhow::Result<f64> {
    let folder = std::env::temp_dir().join("loop-bench-reactor");
    std::fs::create_dir_all(&folder)?;
    let source = folder.join("prints.rs");
    std::fs::write(&source, PRINTS)?;
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--target", TARGET]);
    rustc.args(["-Copt-level=z", "-Clto", "-Ccodegen-units=1"]);
    rustc.args(["-Cpanic=abort", "-Cstrip=symbols", "-o", "prints.wasm"]);
    run(rustc.arg(&source).current_dir(&folder))?;
    gzipped(&folder.join("prints.wasm"))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().context("start the compiler")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    Ok(())
}

fn gzipped(path: &Path) -> anyhow::Result<f64> {
    let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    Ok(gzip.finish()?.len() as f64)
}
