//! WASI 0.2 and 0.3, under the policy.
//!
//! wasmtime-wasi and wasmtime-wasi-http implement the interfaces. This module decides what an instance's contexts
//! hold, and puts the policy where those crates ask: docs/security.md lists each place.

mod folders;
pub(crate) mod hop;
mod http_client;
mod interfaces;
mod lookup;
mod sockets;
mod version;

use std::sync::Arc;

use loop_core::grants::Access;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};
use wasmtime_wasi_config::WasiConfigVariables;
use wasmtime_wasi_http::WasiHttpCtx;

use crate::chain::Current;
use crate::error::LinkError;
use crate::limits::OutputBudget;
use crate::linked::Linked;
use crate::serve::ToComponent;
use crate::stdio::Spent;

pub(crate) use folders::Folders;
pub(crate) use http_client::{HttpHooks, HttpRoute, Origin, Pool};
pub(crate) use interfaces::{is_p3, linker};
pub(crate) use lookup::{Host, Lookup, LookupCtxView, LookupView};
pub use lookup::{LookupError, Resolver, SystemResolver};
pub(crate) use version::version;

/// What is made for an instance, apart from its limits.
pub(crate) struct Parts {
    pub(crate) wasi: WasiCtx,
    pub(crate) http: WasiHttpCtx,
    pub(crate) hooks: HttpHooks,
    pub(crate) lookup: Lookup,
    pub(crate) folders: Folders,
    pub(crate) config: WasiConfigVariables,
    pub(crate) table: wasmtime::component::ResourceTable,
}

/// Makes the parts of an instance whose arguments are `args`.
pub(crate) fn parts(
    linked: &Linked,
    args: &[String],
    lookup: Lookup,
    budget: &OutputBudget,
    spent: &Spent,
    current: &Current,
) -> Result<Parts, LinkError> {
    let route = linked.http_server.as_ref().map(|server| {
        let server = Arc::clone(server);
        let (call, caller) = (current.clone(), Arc::clone(&linked.name));
        Arc::new(ToComponent {
            server,
            call,
            caller,
        }) as Arc<dyn HttpRoute>
    });
    let mut config = WasiConfigVariables::new();
    for (key, value) in &linked.config {
        config.insert(key, value);
    }
    let mut table = wasmtime::component::ResourceTable::new();
    table.set_max_capacity(linked.limits.handles as usize);
    Ok(Parts {
        wasi: context(linked, args, &lookup, budget, spent)?,
        http: WasiHttpCtx::new(),
        hooks: HttpHooks::new(
            linked.gate.clone(),
            lookup.clone(),
            linked.limits.body,
            route,
            linked.pool.clone(),
            linked.host.tls.clone(),
            linked
                .core
                .context(&linked.name, linked.reads, budget.clone()),
        ),
        lookup,
        folders: Folders::new(linked.gate.clone()),
        config,
        table,
    })
}

fn context(
    linked: &Linked,
    args: &[String],
    lookup: &Lookup,
    budget: &OutputBudget,
    spent: &Spent,
) -> Result<WasiCtx, LinkError> {
    let mut builder = WasiCtxBuilder::new();
    builder.args(args).envs(&linked.variables);
    let stdio = &linked.stdio;
    builder.stdin(stdio.stdin.stream());
    builder.stdout(stdio.stdout.stream(budget, spent));
    builder.stderr(stdio.stderr.stream(budget, spent));
    for folder in &linked.folders {
        let perms = match folder.access {
            Access::Read => FsPerms::ReadOnly,
            Access::ReadWrite => FsPerms::ReadWrite,
        };
        builder
            .preopened_dir(&folder.path, &folder.name, perms)
            .map_err(|error| LinkError::Folder {
                component: linked.name.to_string(),
                name: folder.name.clone(),
                path: folder.path.clone(),
                source: std::io::Error::other(error),
            })?;
    }
    // The check is asked for each address only where the protocol as such is allowed.
    builder.allow_tcp(true).allow_udp(true);
    builder.socket_addr_check(sockets::socket_check(
        linked.gate.clone(),
        lookup.resolved().clone(),
    ));
    if let Some(seed) = linked.seed {
        builder.insecure_random_seed(seed.into());
    }
    Ok(builder.build())
}
