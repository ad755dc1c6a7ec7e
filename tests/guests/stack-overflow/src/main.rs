//! Calls itself until the stack is used up.

use std::hint::black_box;

#[expect(unconditional_recursion, reason = "this is what the guest is for")]
fn deeper(depth: u64) -> u64 {
    black_box(deeper(black_box(depth) + 1)) + 1
}

fn main() {
    println!("{}", deeper(0));
}
