//! Builds the component in the folder that it is given: the other process of `suite/interrupted.rs`, which is killed meanwhile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use loop_build::{BuildOptions, Cancel, Environment, build_component};

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap());
    build_component(
        &Environment::new(std::env::vars_os()),
        &BuildOptions::new(&folder),
        &folder,
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap();
}
