//! Runs WebAssembly components under grants.
