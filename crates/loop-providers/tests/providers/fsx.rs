//! `loop:fsx`.

mod concurrent;
mod full_disk;
mod native;
mod sdk;
mod suite;
mod trees;
mod watch;
