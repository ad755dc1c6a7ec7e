//! Prints numbers from `loop:core/randomness`: streams, which are the same again, and what is known of secure ones.

use loop_guest::random::{self, Rng};

fn main() {
    let own = Rng::seeded(42);
    println!("seeded {:016x} {:016x}", own.number(), own.number());
    println!("bytes {:02x?}", Rng::seeded(42).bytes(11));
    println!(
        "below {:?}",
        (0..8).map(|_| own.below(6)).collect::<Vec<_>>()
    );
    println!("zero {} {}", own.below(0), own.below(1));
    println!("fraction {:.6}", own.fraction());
    println!("run {:016x}", random::run_seed());
    println!(
        "named {:016x} {:016x}",
        Rng::named("dice").number(),
        Rng::named("cards").number()
    );
    println!("again {:016x}", Rng::named("dice").number());
    println!("too many {:?}", random::bytes(65_537).map(drop));
    println!("secure differ {}", random::number() != random::number());
    println!(
        "secure {:?}",
        random::bytes(65_536).map(|bytes| bytes.len())
    );
}
