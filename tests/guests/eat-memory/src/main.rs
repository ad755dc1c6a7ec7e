//! Allocates one mebibyte after another until it is refused, and says how many it got.

const MEBIBYTE: usize = 1 << 20;

fn main() {
    let mut blocks: Vec<Vec<u8>> = Vec::with_capacity(4096);
    while blocks.len() < blocks.capacity() {
        let mut block = Vec::new();
        if block.try_reserve_exact(MEBIBYTE).is_err() {
            break;
        }
        // Written, so that the host has to find real memory for it.
        block.resize(MEBIBYTE, 1);
        blocks.push(block);
    }
    println!("refused after {} MiB", blocks.len());
}
