//! `memory/million-signals`: by how much a process grows when it makes a million signals of numbers. Each library gets a process.

use std::hint::black_box;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::framework::Framework;
use crate::framework::alien::Alien;
use crate::framework::leptos::Leptos;
use crate::framework::ours::Ours;
use crate::framework::samara::Samara;
use crate::framework::sycamore::Sycamore;

const MILLION: i64 = 1_000_000;

/// Starts this program again, to measure one library; bytes for each signal.
pub(crate) fn sample<F: Framework>() -> anyhow::Result<f64> {
    let program = std::env::current_exe().context("this program's path")?;
    let output = Command::new(program).args(["--memory", F::NAME]).output()?;
    let text = String::from_utf8(output.stdout)?;
    text.trim()
        .parse()
        .with_context(|| format!("the figure of {}: {text:?}", F::NAME))
}

/// What the started process does.
pub(crate) fn measure(name: &str) -> anyhow::Result<f64> {
    match name {
        Ours::NAME => grown::<Ours>(),
        Alien::NAME => grown::<Alien>(),
        Samara::NAME => grown::<Samara>(),
        Leptos::NAME => grown::<Leptos>(),
        Sycamore::NAME => grown::<Sycamore>(),
        _ => bail!("there is no {name}"),
    }
}

fn grown<F: Framework>() -> anyhow::Result<f64> {
    F::world(|world| {
        black_box(F::signal(world, -1_i64));
        let before = resident()?;
        for value in 0..MILLION {
            black_box(F::signal(world, value));
        }
        Ok((resident()? - before) / MILLION as f64)
    })
}

/// Resident memory, in bytes.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kibibytes: f64 = kibibytes.context("a line VmRSS")?.trim().parse()?;
    Ok(kibibytes * 1024.0)
}
