//! `loop run`.

mod listen;
mod outcome;

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::Arc;

use loop_build::Profile;
use loop_core::Grants;
use loop_core::limits::Span;
use loop_host::core::otlp::Otlp;
use loop_host::core::{CoreOptions, LogSink};
use loop_host::{Allocation, App, AppSpec, Compiler, Component, Host, ResolverRef, Stdio};

use crate::commands;
use crate::endpoint;
use crate::error::{self, CliError, Kind};
use crate::interrupt::Interrupt;
use crate::logs::{Filter, Format, Lines};
use crate::plan::{Extras, Plan};
use crate::sniff;
use crate::target;
use crate::ui::{self, Ui, safe};
use crate::vars;
use crate::watch::{Audit, Learned, Watch};

/// Run an app, a component's folder or a .wasm file, built first where it is stale
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An app, a folder or a .wasm file [default: the only app of the workspace]
    target: Option<String>,
    /// Arguments of the command, after `--`
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<String>,
    /// Which app, where a folder has several
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Call an exported function instead, and print what it returns: 'acme:math/calc#add(1, 2)'
    #[arg(long, value_name = "CALL", conflicts_with = "arguments")]
    invoke: Option<String>,
    /// Serve HTTP on this address [default: the first that is granted]; or, at an address such as loop+unix:///run/store.sock
    /// or wrpc+tcp://127.0.0.1:7761, have other processes call what the root exports
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["invoke", "arguments"])]
    listen: Option<String>,
    /// Build fast rather than small and fast components
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    grants: GrantArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    records: RecordArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Grants")]
struct GrantArgs {
    /// Grant the root something, as loop.toml would after `grants.`, such as `net.connect = ["10.0.0.1:80"]`
    #[arg(long = "grant", value_name = "TOML")]
    grants: Vec<String>,
    /// Give the root an environment variable
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Trust the root, as loop.toml would with `trusted = true`
    #[arg(long)]
    trusted: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits and engine")]
struct LimitArgs {
    /// The longest that a call of the root may take: 500ms, 10s, 2min
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    timeout: Option<Span>,
    /// How many instructions a call may take, in units of fuel
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(u64).range(1..))]
    fuel: Option<u64>,
    /// Compile with Winch: quicker to start, slower to run
    #[arg(long)]
    winch: bool,
    /// Make random numbers the same on every run, except those that must be secure
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Neither use nor keep compiled code
    #[arg(long)]
    no_cache: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is shown and written")]
struct RecordArgs {
    /// Show the least grants that the run would have needed, or write them to a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    learn: Option<PathBuf>,
    /// Write every decision to a file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Write the metrics of the app to a file when it ends, in Prometheus' text format
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Send logs, traces and metrics to an OpenTelemetry collector: http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
    /// Which records are shown: a level, or warn,web=debug [default: info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// How records are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: Format,
}

fn parse_time(text: &str) -> Result<Span, String> {
    text.parse()
}

/// Runs it, and gives the command's own exit code.
pub(crate) fn run(ui: &Ui, args: &Args) -> Result<u8, CliError> {
    let extras = args.grants.extras()?;
    let filter = Filter::chosen(args.records.log.as_deref())?;
    let target = target::resolve(args.target.as_deref(), args.app.as_deref())?.or_its_app()?;
    let mut plan = Plan::new(&target, extras).feasible()?;
    args.limits.apply(&mut plan);
    let interrupt = Interrupt::install();
    let profile = if args.dev {
        Profile::Dev
    } else {
        Profile::Release
    };
    let files = plan.files(ui, &interrupt, profile)?;

    let exposed = args.exposed_at();
    let serves = args.invoke.is_none()
        && (exposed.is_some()
            || files
                .get(&plan.root)
                .is_some_and(|file| sniff::serves_http(file)));
    let watch = args.records.watch(ui, &plan)?;
    let host = args.limits.host(serves, Arc::clone(&watch))?;
    let mut components = plan.load(&host, &files)?;
    if let Some(root) = components.get_mut(&plan.root) {
        root.exposed = exposed.is_some();
    }
    let goal = args.goal(components.get(&plan.root).map(|spec| &spec.component));
    let runtime = runtime(serves)?;
    let otlp = {
        let _within = runtime.enter();
        args.records.otlp(&plan)?
    };
    let mut sinks: Vec<Arc<dyn LogSink>> = vec![Arc::new(Lines::new(
        *ui,
        args.records.log_format,
        filter.clone(),
    ))];
    sinks.extend(otlp.as_ref().map(Otlp::sink));
    let spec = AppSpec {
        name: plan.name.clone(),
        root: plan.root.clone(),
        components,
        provide: plan.provide.clone(),
        stdio: Stdio::inherit(),
        core: CoreOptions {
            seed: args.limits.seed,
            level: filter.lowest(),
            sinks,
        },
        resolver: ResolverRef::default(),
    };
    // Streams of the process are made within the runtime.
    let outcome = runtime.block_on(async {
        let app = host.link(spec).map_err(|error| error::link(&error))?;
        if let Some(otlp) = &otlp {
            otlp.watch(app.telemetry().metrics().clone()).await;
        }
        let outcome = start(ui, goal, &plan, &app, &interrupt).await;
        let written = args.records.write(ui, &plan, &app, &watch);
        // The process ends soon, and the system takes all of it back at once: to free it piece by piece would only delay that. But a
        // provider that the app names may have something open, which it closes in order.
        let _host = ManuallyDrop::new(host);
        let app = ManuallyDrop::new(app);
        if plan.has_native_providers() {
            drop(ManuallyDrop::into_inner(app));
        }
        outcome.and_then(|code| written.map(|()| code))
    });
    watch.finish();
    if let Some(otlp) = otlp {
        let sent = runtime.block_on(otlp.shutdown());
        if sent.lost > 0 {
            let lost = sent.lost;
            ui.warning(&format!(
                "records and spans that did not reach the collector: {lost}"
            ));
        }
    }
    // A thread that still reads from a terminal would keep the process alive.
    runtime.shutdown_background();
    outcome
}

/// What to do with the root.
#[derive(Clone, Copy, Debug)]
enum Goal<'a> {
    /// Call a function.
    Invoke(&'a str),
    /// Serve HTTP, on this address if one was typed.
    Serve(Option<&'a str>),
    /// Serve what it exports to other processes, at this address of the wire.
    Expose(&'a str),
    /// Run the component as a command with these arguments.
    Command(&'a [String]),
}

/// Does it, until it ends or a signal comes.
async fn start(
    ui: &Ui,
    goal: Goal<'_>,
    plan: &Plan,
    app: &App,
    interrupt: &Interrupt,
) -> Result<u8, CliError> {
    let _stoppable = interrupt.stoppable();
    let call = async {
        match goal {
            Goal::Serve(address) => listen::serve(ui, plan, app, address, interrupt).await,
            Goal::Expose(address) => listen::expose(ui, plan, app, address, interrupt).await,
            Goal::Invoke(call) => {
                let returned = app
                    .invoke(call)
                    .await
                    .map_err(|error| error::call(&error))?;
                if !returned.is_empty() {
                    ui::data(safe(&returned))?;
                }
                Ok(0)
            }
            Goal::Command(args) => match app.run(args).await {
                Ok(exit) => Ok(outcome::exited(exit)),
                Err(error) => Err(outcome::failed(&error)),
            },
        }
    };
    if let Goal::Serve(_) | Goal::Expose(_) = goal {
        // It ends in order by itself.
        return call.await;
    }
    tokio::select! {
        outcome = call => outcome,
        signal = interrupt.wait() => Err(CliError::said(Kind::Stopped(signal))),
    }
}

/// Whether a component is a server of HTTP or WebSockets, and no command.
fn is_server(component: &Component) -> bool {
    let exports = component.exports();
    let has = |start: &str| exports.iter().any(|export| export.starts_with(start));
    (has("wasi:http/incoming-handler@")
        || has("wasi:http/handler@")
        || has("loop:netx/websocket-handler@"))
        && !has("wasi:cli/run@")
}

/// Commands need one thread and a quick start; servers need all processors.
fn runtime(serves: bool) -> Result<tokio::runtime::Runtime, CliError> {
    let mut builder = if serves {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder
        .enable_all()
        .build()
        .map_err(|error| CliError::threads(&error))
}

impl Args {
    /// The address of the wire at which the root is served, if there is one.
    fn exposed_at(&self) -> Option<&str> {
        let listen = self.listen.as_deref();
        listen.filter(|address| endpoint::is_address(address))
    }

    fn goal(&self, root: Option<&Component>) -> Goal<'_> {
        if let Some(address) = self.exposed_at() {
            return Goal::Expose(address);
        }
        match (&self.invoke, &self.listen) {
            (Some(call), _) => Goal::Invoke(call),
            (None, Some(address)) => Goal::Serve(Some(address)),
            (None, None) if root.is_some_and(is_server) => Goal::Serve(None),
            (None, None) => Goal::Command(&self.arguments),
        }
    }
}

impl GrantArgs {
    fn extras(&self) -> Result<Extras, CliError> {
        let mut grants = Grants::default();
        for text in &self.grants {
            let more =
                Grants::parse_fragment(text).map_err(|found| CliError::grant(text, &found))?;
            grants = grants.merged(&more);
        }
        let mut variables = BTreeMap::new();
        for text in &self.variables {
            let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty())
            else {
                let message = format!("`--env {text}` is not NAME=VALUE");
                return Err(CliError::usage(message).hint(format!(
                    "to let it read the variable as it is: --grant 'env = [\"{text}\"]'"
                )));
            };
            variables.insert(name.to_owned(), value.to_owned());
        }
        Ok(Extras {
            grants,
            variables,
            trusted: self.trusted,
        })
    }
}

impl LimitArgs {
    fn apply(&self, plan: &mut Plan) {
        if let Some(fuel) = self.fuel {
            for part in plan.parts.values_mut() {
                part.limits.fuel = Some(fuel);
            }
        }
        if let (Some(timeout), Some(root)) = (self.timeout, plan.parts.get_mut(&plan.root)) {
            root.limits.call = Some(timeout);
        }
    }

    fn host(&self, serves: bool, watch: Arc<Watch>) -> Result<Host, CliError> {
        let compiler = if self.winch {
            Compiler::Winch
        } else {
            Compiler::Cranelift
        };
        let allocation = if serves {
            Allocation::Pooling
        } else {
            Allocation::OnDemand
        };
        let mut builder = commands::host()
            .compiler(compiler)
            .allocation(allocation)
            .observer(watch);
        if let (false, Some(cache)) = (self.no_cache, vars::cache()) {
            builder = builder.cache(cache.join("compiled"));
        }
        builder.build().map_err(|error| error::host(&error))
    }
}

impl RecordArgs {
    fn watch(&self, ui: &Ui, plan: &Plan) -> Result<Arc<Watch>, CliError> {
        let audit = self.audit.as_deref().map(Audit::open).transpose()?;
        let granted = || {
            plan.parts
                .iter()
                .map(|(name, part)| (name.clone(), part.grants.clone()))
                .collect()
        };
        let learned = self.learn.as_ref().map(|_| Learned::new(granted()));
        Ok(Watch::new(*ui, plan.advice(), audit, learned))
    }

    /// Begins to send what is written. Within a runtime only.
    fn otlp(&self, plan: &Plan) -> Result<Option<Otlp>, CliError> {
        let start = |url| Otlp::start(url, &plan.name).map_err(|error| error::collector(&error));
        self.otlp.as_deref().map(start).transpose()
    }

    /// Writes what was asked for at the end of a run.
    fn write(&self, ui: &Ui, plan: &Plan, app: &App, watch: &Watch) -> Result<(), CliError> {
        if let (Some(file), Some(learned)) = (&self.learn, watch.learned()) {
            let text = learned.to_toml(&plan.name);
            if file.as_os_str() == "-" {
                ui.learned(&text);
            } else {
                std::fs::write(file, text)
                    .map_err(|error| CliError::file("write", file, &error))?;
            }
        }
        if let Some(file) = &self.metrics {
            let text = app.telemetry().metrics().to_prometheus();
            std::fs::write(file, text).map_err(|error| CliError::file("write", file, &error))?;
        }
        Ok(())
    }
}
