//! Which engine runs a component. This module alone knows that there is more than one.
//!
//! A component whose type uses `async`, `stream` or `future` needs an engine with support for concurrency.
//! All others run on an engine without it, where their calls are 3.5 times faster (docs/perf.md). Counting
//! fuel is compiled into the code too, so components with a fuel limit have engines of their own.
//!
//! Engines are made when they are first needed. One thread advances their epochs while anything runs.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

use crate::cache::Functions;
use crate::error::HostError;
use crate::ticker::Ticker;

/// The stack of an instance. Rust and C programs ask for 1 MiB by default, in linear memory; what wasm
/// frames take of the native stack beside that is far less.
pub const STACK_BYTES_MAX: usize = 1 << 20;

/// What the host's own functions may need on top of a guest's stack.
const HOST_STACK_BYTES: usize = 1 << 20;

/// Component instances of a pooling host at once. Each reserves 4 GiB of address space of the 128 TiB there are.
const POOL_INSTANCES_MAX: u32 = 1000;

/// Memory that a pooled slot keeps when it is given back, so that the next instance need not fault it in again.
const POOL_KEEP_BYTES: usize = 256 << 10;

/// How components are compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compiler {
    /// Cranelift: slower to compile, quicker to run. The default.
    #[default]
    Cranelift,
    /// Winch: compiles in one pass. For development.
    Winch,
}

/// Where instances get their memory from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Allocation {
    /// From the system, for each instance. Quick to start with: for commands. The default.
    #[default]
    OnDemand,
    /// From slots reserved when the engine is made. Quick for many short-lived instances: for servers.
    Pooling,
}

/// What tells one engine from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EngineKind {
    /// Whether it supports `async`, `stream` and `future`.
    pub(crate) concurrent: bool,
    /// Whether it counts fuel.
    pub(crate) fuel: bool,
}

impl EngineKind {
    const COUNT: usize = 4;

    fn index(self) -> usize {
        usize::from(self.concurrent) | usize::from(self.fuel) << 1
    }
}

/// The engines of a host.
pub(crate) struct Engines {
    compiler: Compiler,
    allocation: Allocation,
    made: [OnceLock<Engine>; EngineKind::COUNT],
    ticker: Ticker,
}

impl Engines {
    pub(crate) fn new(compiler: Compiler, allocation: Allocation) -> Self {
        Self {
            compiler,
            allocation,
            made: Default::default(),
            ticker: Ticker::default(),
        }
    }

    /// The engine of that kind, made now if there is none yet.
    pub(crate) fn get(&self, kind: EngineKind) -> Result<&Engine, HostError> {
        #[expect(
            clippy::indexing_slicing,
            reason = "the index of a kind is below their count"
        )]
        let slot = &self.made[kind.index()];
        if let Some(engine) = slot.get() {
            return Ok(engine);
        }
        let engine = Engine::new(&self.config(kind)).map_err(HostError::Engine)?;
        // Two threads may both get here; the second engine made is dropped again.
        let engine = slot.get_or_init(|| engine);
        self.ticker.advance(engine).map_err(HostError::Thread)?;
        Ok(engine)
    }

    /// Whether functions that were compiled before may be used again: Winch is as quick without them.
    pub(crate) fn reuses_functions(&self) -> bool {
        self.compiler == Compiler::Cranelift
    }

    /// Compiles a component for engines of that kind, with functions that were compiled before.
    ///
    /// Whatever goes wrong is left to be said by who compiles without them.
    pub(crate) fn precompile(
        &self,
        kind: EngineKind,
        component: &[u8],
        functions: &Arc<Functions>,
    ) -> Option<Vec<u8>> {
        let mut config = self.config(kind);
        // It runs nothing, so it needs no slots; what it compiles is the same.
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        config
            .enable_incremental_compilation(Arc::<Functions>::clone(functions))
            .ok()?;
        let engine = Engine::new(&config).ok()?;
        engine.precompile_component(component).ok()
    }

    /// Keeps epochs advancing as long as the guard lives: every call into a guest holds one.
    pub(crate) fn running(&self) -> crate::ticker::Running {
        self.ticker.running()
    }

    /// Identifies code compiled for engines of that kind: another kind, version or setting has another key.
    pub(crate) fn key(&self, kind: EngineKind) -> Result<u64, HostError> {
        let mut hasher = std::hash::DefaultHasher::new();
        self.get(kind)?
            .precompile_compatibility_hash()
            .hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn config(&self, kind: EngineKind) -> Config {
        let mut config = Config::new();
        config.concurrency_support(kind.concurrent);
        config.wasm_component_model_async(kind.concurrent);
        config.consume_fuel(kind.fuel);
        config.epoch_interruption(true);
        config.max_wasm_stack(STACK_BYTES_MAX);
        config.async_stack_size(STACK_BYTES_MAX + HOST_STACK_BYTES);
        config.strategy(match self.compiler {
            Compiler::Cranelift => Strategy::Cranelift,
            Compiler::Winch => Strategy::Winch,
        });
        if self.allocation == Allocation::Pooling {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_component_instances(POOL_INSTANCES_MAX);
            pool.total_core_instances(POOL_INSTANCES_MAX * 4);
            pool.total_memories(POOL_INSTANCES_MAX);
            pool.total_tables(POOL_INSTANCES_MAX * 4);
            pool.total_stacks(POOL_INSTANCES_MAX);
            pool.linear_memory_keep_resident(POOL_KEEP_BYTES);
            pool.table_keep_resident(POOL_KEEP_BYTES);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        config
    }
}

impl fmt::Debug for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engines")
            .field("compiler", &self.compiler)
            .field("allocation", &self.allocation)
            .finish_non_exhaustive()
    }
}
