//! Uses files many times in a row, so that the host can time it without timing the way in. What fails ends the instance.

wit_bindgen::generate!({
    path: ["../../../wit/vendor/wasi-0.2.12", "../../../wit/fsx", "wit"],
    world: "bench:fsx/fsx",
    generate_all,
});

use crate::loop_::fsx::files::{Algorithm, Root};

struct Fsx;

fn data() -> Root {
    Root::open("data").unwrap()
}

impl exports::bench::fsx::run::Guest for Fsx {
    fn read(path: String, times: u32) -> u64 {
        let data = data();
        let read = (0..times).map(|_| data.read(&path).unwrap().len() as u64);
        read.sum()
    }

    fn write(path: String, bytes: u32, times: u32) -> u64 {
        let (data, content) = (data(), vec![7; bytes as usize]);
        for _ in 0..times {
            data.write(&path, &content).unwrap();
        }
        u64::from(bytes) * u64::from(times)
    }

    fn glob(pattern: String) -> u64 {
        let matches = data().glob(&pattern).unwrap();
        let mut count = 0;
        loop {
            match matches.next(u32::MAX).unwrap().len() {
                0 => return count,
                more => count += more as u64,
            }
        }
    }

    fn digest(path: String) -> u64 {
        let digest = data().digest(&path, Algorithm::Blake3).unwrap();
        u64::from(digest[0])
    }
}

export!(Fsx);
