//! The process that calls: a component whose import is served by the other process.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use loop_core::Limits;
use loop_core::name::InterfaceName;
use loop_host::wasmtime::component::{Linker, Val};
use loop_host::{
    App, AppContext, AppSpec, ComponentSpec, Host, InstanceContext, Instances, LoadOptions,
    NativeSpec, Provider, ProviderError, RemoteSpec, RouteSpec, State, wasmtime,
};
use loop_wire::Client;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;

use crate::plan::{CALLERS, Payload};
use crate::program::{self, CLOCK, ECHO, RUN};
use crate::row::Spans;
use crate::stamps::{Stamps, What};
use crate::wire::Wire;

/// Calls that are looked at for spans.
const SPANS_CALLS: u32 = 3000;

/// Marks that an instance has room for before it has to ask for more.
const MARKS: usize = 1 << 14;

/// An app whose root calls.
pub(crate) struct Caller {
    app: App,
    stamps: Arc<Stamps>,
    running: Arc<Running>,
}

/// What the callers of one round share.
struct Running {
    /// Where they wait for each other.
    start: Mutex<Arc<Barrier>>,
    marks: Mutex<Vec<Vec<u64>>>,
}

/// What a round gave, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// How long each call took.
    pub(crate) times: Vec<u64>,
    /// How long all of them took together, by however many callers.
    pub(crate) whole: u64,
}

impl Caller {
    pub(crate) fn new(
        client: &Client,
        address: &str,
        stamps: &Arc<Stamps>,
    ) -> anyhow::Result<Self> {
        let running = Arc::new(Running::new());
        let clock = Clock {
            stamps: Arc::clone(stamps),
            running: Arc::clone(&running),
        };
        let host = Host::builder()
            .provider(clock)
            .observer(Arc::clone(stamps) as _)
            .build()?;
        let component = host.load("caller", program::caller()?, LoadOptions::default())?;
        let mut spec = ComponentSpec::new(component);
        // Each measurement has an instance of its own, so that many can call at once.
        spec.instances = Some(Instances::PerCall);
        spec.limits.pool = u32::try_from(CALLERS)?;
        let mut spec = AppSpec::single(spec);
        let remote = RemoteSpec {
            address: address.to_owned(),
            client: client.clone(),
            call: Limits::CALL_DEFAULT,
        };
        spec.provide
            .insert(ECHO.parse()?, RouteSpec::Remote(remote));
        let clock = RouteSpec::Native(NativeSpec::default());
        spec.provide.insert(CLOCK.parse()?, clock);
        Ok(Self {
            app: host.link(spec)?,
            stamps: Arc::clone(stamps),
            running,
        })
    }

    /// So many calls by each of so many callers, which begin at once.
    pub(crate) fn round(
        &self,
        runtime: &Runtime,
        payload: Payload,
        value: &Val,
        callers: usize,
        times: u32,
    ) -> anyhow::Result<Round> {
        let function = self
            .app
            .function(&format!("{RUN}#{}", payload.function()))?;
        let params = [Val::U32(times.max(1)), value.clone()];
        *lock(&self.running.start) = Arc::new(Barrier::new(callers));
        let calls = (0..callers).map(|_| function.call(&params));
        runtime.block_on(futures::future::try_join_all(calls))?;
        let marks = std::mem::take(&mut *lock(&self.running.marks));
        Ok(Round::of(&marks))
    }

    /// Where the time of a call goes.
    pub(crate) fn spans(
        &self,
        runtime: &Runtime,
        wire: &Wire,
        payload: Payload,
        value: &Val,
        most: u32,
    ) -> anyhow::Result<Spans> {
        wire.beside(runtime, "begin")?;
        self.stamps.begin();
        let done = self.round(runtime, payload, value, 1, SPANS_CALLS.min(most));
        let ours = self.stamps.end();
        done?;
        let theirs = crate::callee::decode(&wire.beside(runtime, "end")?);
        Spans::between(&ours, &theirs).context("the stamps of a call are not whole")
    }
}

/// Tells the caller's component the time, which is what it is measured by.
struct Clock {
    stamps: Arc<Stamps>,
    running: Arc<Running>,
}

/// The marks of one instance.
struct Marks {
    stamps: Arc<Stamps>,
    taken: Vec<u64>,
    running: Arc<Running>,
}

impl Provider for Clock {
    type App = ();
    type Instance = Marks;

    fn name(&self) -> &'static str {
        "clock"
    }

    fn interfaces(&self) -> Vec<InterfaceName> {
        CLOCK.parse().into_iter().collect()
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        let mut clock = linker.instance(CLOCK)?;
        clock.func_wrap_async("begin", |mut store, ()| {
            let marks = State::of::<Self>(store.data_mut());
            let start = Arc::clone(&lock(&marks.running.start));
            Box::new(async move {
                start.wait().await;
                Ok(())
            })
        })?;
        clock.func_wrap("mark", |mut store, ()| {
            let marks = State::of::<Self>(store.data_mut());
            let now = marks.stamps.mark(What::Mark);
            marks.taken.push(now);
            Ok(())
        })
    }

    fn app(&self, _: &AppContext<'_>) -> Result<(), ProviderError> {
        Ok(())
    }

    fn instance(&self, _: &Arc<()>, _: &InstanceContext<'_>) -> Result<Marks, ProviderError> {
        Ok(Marks {
            stamps: Arc::clone(&self.stamps),
            taken: Vec::with_capacity(MARKS),
            running: Arc::clone(&self.running),
        })
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        lock(&self.running.marks).push(std::mem::take(&mut self.taken));
    }
}

impl Running {
    fn new() -> Self {
        Self {
            start: Mutex::new(Arc::new(Barrier::new(1))),
            marks: Mutex::default(),
        }
    }
}

impl Round {
    fn of(marks: &[Vec<u64>]) -> Self {
        let pairs = |marks: &Vec<u64>| {
            let pairs = marks.iter().zip(marks.iter().skip(1));
            pairs.map(|(before, after)| after - before).collect()
        };
        let times: Vec<Vec<u64>> = marks.iter().map(pairs).collect();
        let first = marks.iter().filter_map(|marks| marks.first()).min();
        let last = marks.iter().filter_map(|marks| marks.last()).max();
        Self {
            times: times.concat(),
            whole: first.zip(last).map_or(0, |(first, last)| last - first),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
