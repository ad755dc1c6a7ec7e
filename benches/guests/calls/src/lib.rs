//! Calls its imports many times in a row, so that the host can time a call without timing the way in.

wit_bindgen::generate!({ path: "wit", world: "calls" });

struct Calls;

impl exports::bench::calls::run::Guest for Calls {
    fn nothing() {}

    fn add(times: u32) -> u32 {
        (0..times).fold(0, bench::calls::host::add)
    }

    fn echo(times: u32, size: u32) -> u64 {
        let bytes = vec![7; size as usize];
        (0..times)
            .map(|_| bench::calls::host::echo(&bytes).len() as u64)
            .sum()
    }
}

export!(Calls);
