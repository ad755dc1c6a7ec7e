//! The native providers of the capability packages: what components import beyond WASI and `loop:core`.
//!
//! Each package is a module and a cargo feature of the same name, and the module's one public type is a [`loop_host::Provider`]:
//!
//! ```no_run
//! # fn main() -> Result<(), loop_host::HostError> {
//! use loop_host::Host;
//! use loop_providers::{Fsx, Netx};
//!
//! let host = Host::builder()
//!     .standard_provider(Fsx)
//!     .standard_provider(Netx)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! The WIT, in `wit/`, says what the functions do: read there first. What a component may do is decided by its grants, at the host's
//! gate; nothing here decides, and no module names another. Work that blocks is done by the module `work`, for all of them; `stream` carries
//! bytes for what uses WASI 0.3, and `settings` reads what an app says of a provider that it names.
//!
//! # Adding one
//!
//! 1. `wit/<name>`: the package, with a world `imports` of all its interfaces, and `imports-async` where some are for WASI 0.3: those are linked by
//!    `Provider::link_concurrent`.
//! 2. A row of `PACKAGES` in `build.rs`, which writes the traits, and a feature in `Cargo.toml`, which is one of `default`.
//! 3. `src/<name>.rs`: the type, its `impl Provider`, and files of its own in `src/<name>/`, of which `bindings.rs` includes the traits.
//! 4. `loop-cli`: the feature, and a line in `commands::host`. It is a `standard_provider` if it gives a component nothing but what is
//!    granted to the component itself; if it needs settings or grants of its own it is a `provider`, which an app names under `provide`.
//!    What a component that imports it could need to be granted stands in `loop-host`'s `shape::needs`.
//! 5. `providers/<name>-memory`, or whatever the variant is that is itself a component (`netx-replay`), with a line in `providers/README.md`.
//! 6. `tests/guests/<name>-suite`: what all providers of the package do alike, as cases of the crate `suite`. `tests/providers/<name>/suite.rs` runs it
//!    over this one and over the component; other files there hold what only this one has.

#[cfg(feature = "blobstore")]
mod blobstore;
#[cfg(feature = "fsx")]
mod fsx;
#[cfg(feature = "keyvalue")]
mod keyvalue;
#[cfg(feature = "netx")]
mod netx;
#[cfg(feature = "process")]
mod process;
#[cfg(any(feature = "blobstore", feature = "keyvalue"))]
mod settings;
#[cfg(any(feature = "fsx", feature = "process"))]
mod stream;
#[cfg(any(
    feature = "blobstore",
    feature = "fsx",
    feature = "keyvalue",
    feature = "process"
))]
mod work;

#[cfg(feature = "blobstore")]
pub use blobstore::Blobstore;
#[cfg(feature = "fsx")]
pub use fsx::Fsx;
#[cfg(feature = "keyvalue")]
pub use keyvalue::Keyvalue;
#[cfg(feature = "keyvalue-redis")]
pub use keyvalue::KeyvalueRedis;
#[cfg(feature = "netx")]
pub use netx::Netx;
#[cfg(feature = "process")]
pub use process::Process;
