//! Runs a program many times in a row.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/process", "wit"],
    world: "bench:programs/programs",
    generate_all,
});

use crate::loop_::process::children::{Command, Status, exec};

struct Programs;

impl exports::bench::programs::run::Guest for Programs {
    fn programs(times: u32) -> u32 {
        let command = Command {
            program: "true".to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: None,
        };
        let succeeded = |_: &u32| {
            exec(&command, &[], None).is_ok_and(|done| matches!(done.status, Status::Exited(0)))
        };
        let count = (0..times).filter(succeeded).count();
        u32::try_from(count).unwrap_or_default()
    }
}

export!(Programs);
