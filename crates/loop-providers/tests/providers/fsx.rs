//! `loop:fsx`.

mod full_disk;
mod native;
mod suite;
mod trees;
mod watch;
