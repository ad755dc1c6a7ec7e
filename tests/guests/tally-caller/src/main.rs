//! Imports `acme:math/tally`, which has a resource. For each number that it is given it makes a running sum, adds to all that
//! there are, and prints the totals. The argument `drop` drops those that there are and prints how many are left, `many` makes as many as it can.

wit_bindgen::generate!({
    path: "../calc/wit",
    inline: "package test:tally-caller; world caller { import acme:math/tally; }",
    world: "test:tally-caller/caller",
    generate_all,
});

use acme::math::tally::RunningSum;

fn main() {
    let mut sums = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "drop" => {
                sums.clear();
                println!("{} left", RunningSum::living());
            }
            "many" => sums.extend((0..100_000).map(RunningSum::new)),
            number => {
                let number = number.parse().expect("a number");
                for sum in &sums {
                    RunningSum::add(sum, number);
                }
                sums.push(RunningSum::new(number));
            }
        }
        let totals: Vec<i64> = sums.iter().map(RunningSum::total).collect();
        println!("{totals:?}");
    }
}
