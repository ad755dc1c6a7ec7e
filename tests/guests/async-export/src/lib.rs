//! Exports `acme:later/work`, which has an `async func` and a `stream`.

wit_bindgen::generate!({
    path: ["../wit/later.wit", "../../../wit/vendor/wasi-0.3.0"],
    inline: "package test:async-export; world guest {
        import wasi:clocks/monotonic-clock@0.3.0;
        export acme:later/work;
    }",
    generate_all,
});

use wasi::clocks::monotonic_clock;
use wit_bindgen::StreamReader;

struct Work;

impl exports::acme::later::work::Guest for Work {
    async fn double_later(value: u32, millis: u32) -> u32 {
        monotonic_clock::wait_for(u64::from(millis) * 1_000_000).await;
        value.wrapping_mul(2)
    }

    async fn numbers(last: u32) -> StreamReader<u32> {
        let (mut sender, numbers) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            sender.write_all((1..=last).collect()).await;
        });
        numbers
    }
}

export!(Work);
