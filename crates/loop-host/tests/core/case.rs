//! An app of one component after the other, on a store of the tests' own.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::lines;
use loop_host::core::{
    CallScope, CancelToken, CoreApp, CoreCtx, CoreCtxView, CoreOptions, CoreView, LogSink, Reads,
    Record, SpanRecord, TraceContext,
};
use loop_host::limits::OutputBudget;
use loop_host::wasmtime::component::{Component, Linker, ResourceTable};
use loop_host::wasmtime::{self, Config, Engine, Store};
use tokio::time::Instant;
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

struct Data {
    wasi: WasiCtx,
    core: CoreCtx,
    table: ResourceTable,
}

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl CoreView for Data {
    fn core(&mut self) -> CoreCtxView<'_> {
        CoreCtxView {
            ctx: &mut self.core,
            table: &mut self.table,
        }
    }
}

/// Keeps what components write.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) records: Mutex<Vec<Record>>,
    pub(crate) spans: Mutex<Vec<SpanRecord>>,
}

impl LogSink for Kept {
    fn record(&self, record: &Record) {
        self.records.lock().unwrap().push(record.clone());
    }

    fn span(&self, span: &SpanRecord) {
        self.spans.lock().unwrap().push(span.clone());
    }
}

/// An app in which guests run one after the other.
pub(crate) struct Case {
    pub(crate) app: CoreApp,
    pub(crate) kept: Arc<Kept>,
    /// Whoever makes the calls.
    pub(crate) caller: CancelToken,
    /// The caller's place in its trace.
    pub(crate) trace: Option<TraceContext>,
    /// How long a call may take.
    pub(crate) time: Option<Duration>,
    pub(crate) output: u64,
    pub(crate) reads: Reads,
}

impl Case {
    pub(crate) fn new(mut options: CoreOptions) -> Self {
        lines::listen();
        let kept = Arc::<Kept>::default();
        options.sinks.push(kept.clone());
        let app = CoreApp::new(options);
        Self {
            app,
            kept,
            caller: CancelToken::new(),
            trace: None,
            time: None,
            output: 1 << 20,
            reads: Reads::Own,
        }
    }

    /// Runs a guest and gives what it printed.
    pub(crate) async fn run(&self, guest: &str, args: &[&str]) -> String {
        self.try_run(guest, args).await.unwrap()
    }

    pub(crate) async fn try_run(&self, guest: &str, args: &[&str]) -> wasmtime::Result<String> {
        let component = component(guest);
        let mut linker = Linker::<Data>::new(engine());
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        loop_host::core::add_to_linker(&mut linker)?;
        let printed = MemoryOutputPipe::new(1 << 20);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(printed.clone()).inherit_stderr().arg(guest);
        for arg in args {
            wasi.arg(arg);
        }
        let budget = OutputBudget::new(self.output);
        let core = self.app.context(&guest.into(), self.reads, budget);
        let data = Data {
            wasi: wasi.build(),
            core,
            table: ResourceTable::new(),
        };
        let mut store = Store::new(engine(), data);
        let command = Command::instantiate_async(&mut store, &component, &linker).await?;
        let call = CallScope {
            deadline: self.time.map(|time| Instant::now() + time),
            token: Some(self.caller.clone()),
            trace: self.trace.clone(),
        };
        store.data_mut().core.begin(call);
        let ended = command.wasi_cli_run().call_run(&mut store).await?;
        assert_eq!(ended, Ok(()), "{guest} failed");
        drop(store);
        Ok(String::from_utf8(printed.contents().to_vec()).unwrap())
    }

    /// The text with names in place of the ids of spans.
    pub(crate) fn with_span_names(&self, text: &str) -> String {
        let spans = self.kept.spans.lock().unwrap();
        spans.iter().fold(text.to_owned(), |text, span| {
            text.replace(&span.span_id.to_string(), &format!("[{}]", span.name))
        })
    }

    /// The records, a line each.
    pub(crate) fn records(&self) -> String {
        let line = |record: &Record| {
            let fields = loop_host::core::Json(&record.fields);
            format!(
                "{} {} {fields} {:?}\n",
                record.level, record.message, record.spans
            )
        };
        self.kept.records.lock().unwrap().iter().map(line).collect()
    }
}

pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new().concurrency_support(false)).unwrap())
}

pub(crate) fn component(guest: &str) -> Component {
    Component::from_file(engine(), loop_test::guest(guest)).unwrap()
}
