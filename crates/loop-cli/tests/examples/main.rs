//! What the repository promises to who tries it: examples, scaffolds, and components of other tools.
//!
//! Each example is run as its README says, in a copy of it; and where it needs a grant, without it, and then with the
//! line that it was told pasted in. Nothing here writes into the repository.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

mod asked;
mod chat;
mod copy;
mod embed;
mod foreign;
mod grants;
mod proxy;
mod readme;
mod readmes;
mod scaffolds;
mod sdks;
mod served;
mod site;
mod talk;
