//! Tests of loop-core at its boundary: text and requests go in, decisions and diagnostics come out.
//!
//! What a function answers is kept in snapshots beside the tests. `INSTA_UPDATE=always cargo nextest run -p loop-core`
//! writes them anew; read the difference before it is committed.

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod diagnostics;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod requests;
