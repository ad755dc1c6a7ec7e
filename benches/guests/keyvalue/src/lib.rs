//! Gets and sets many times in a row, so that the host can time it without timing the way in.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-keyvalue-0.2.0-draft2", "wit"],
    world: "bench:keyvalue/keyvalue",
    generate_all,
});

use std::cell::RefCell;

use crate::wasi::keyvalue::batch;
use crate::wasi::keyvalue::store::{self, Bucket};

const VALUE: [u8; 100] = [7; 100];

struct Keyvalue;

fn bucket() -> Bucket {
    store::open("default").expect("the bucket opens")
}

thread_local! {
    /// The batch, made once: its making is not what is measured.
    static ENTRIES: RefCell<Vec<(String, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

fn keys(count: u32) -> Vec<String> {
    (0..count)
        .map(|number| format!("key-{number:05}"))
        .collect()
}

impl exports::bench::keyvalue::run::Guest for Keyvalue {
    fn set_batch(count: u32) {
        ENTRIES.with_borrow_mut(|entries| {
            if entries.is_empty() {
                let keys = keys(count).into_iter();
                entries.extend(keys.map(|key| (key, VALUE.to_vec())));
            }
            batch::set_many(&bucket(), entries).expect("the batch is set");
        });
    }

    fn get(times: u32, count: u32) -> u64 {
        let (bucket, keys) = (bucket(), keys(count));
        let asked = keys.iter().cycle().take(times as usize);
        asked
            .map(|key| match bucket.get(key) {
                Ok(Some(value)) => value.len() as u64,
                other => panic!("{other:?}"),
            })
            .sum()
    }
}

export!(Keyvalue);
