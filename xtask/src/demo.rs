//! `cargo xtask demo`: builds `loop`, builds `examples/site` with it, and serves this repository's docs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use loop_build::{Environment, RustTarget};

use crate::http::{self, Page};
use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome, Steps};

/// The example that is the demo.
const SITE: &str = "examples/site";

/// How long the server may take until it listens: compiling its components without optimised
/// dependencies takes seconds.
const START_LIMIT: Duration = Duration::from_mins(2);

/// How often a server that starts is asked whether it listens.
const START_POLL: Duration = Duration::from_millis(50);

/// A page that the demo must serve.
struct Expected {
    path: &'static str,
    status: u16,
    /// Text that stands in the page.
    text: &'static str,
    /// What a correct answer shows.
    shows: &'static str,
}

/// What `--check` fetches, in this order: the last page counts the requests before it.
const PAGES: &[Expected] = &[
    Expected {
        path: "/",
        status: 200,
        text: "<h1",
        shows: "the index, rendered from Markdown",
    },
    Expected {
        path: "/search?q=grant",
        status: 200,
        text: "grant",
        shows: "a search finds pages",
    },
    Expected {
        path: "/outside",
        status: 403,
        text: "refused",
        shows: "a file outside the grant is refused",
    },
    Expected {
        path: "/status",
        status: 200,
        text: "requests",
        shows: "logs and metrics by loop:core",
    },
];

/// Serves the docs until it is interrupted.
pub(crate) fn run(repo: &Repo, port: Option<u16>) -> Result<ExitCode> {
    let (environment, target) = setup::components(repo)?;
    if let Outcome::Failed(why) = build(repo, &environment, &target)? {
        bail!(why);
    }
    let address = match port {
        Some(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        None => free_address()?,
    };
    let mut server = Server::start(repo, &environment, address)?;
    println!("\nthe docs are served at http://{address}/ (end with Ctrl-C)");
    let status = server.0.wait().context("wait for the server")?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves the docs, fetches the pages that matter, and stops.
pub(crate) fn run_check(repo: &Repo) -> Result<ExitCode> {
    let (environment, target) = setup::components(repo)?;
    let mut steps = Steps::default();
    steps.run("demo", || check(repo, &environment, &target));
    Ok(steps.finish())
}

/// As [`run_check`], as a step of another task.
pub(crate) fn check(
    repo: &Repo,
    environment: &Environment,
    target: &RustTarget,
) -> Result<Outcome> {
    let built = build(repo, environment, target)?;
    if built != Outcome::Passed {
        return Ok(built);
    }
    let address = free_address()?;
    let _server = Server::start(repo, environment, address)?;
    let mut wrong = 0;
    for expected in PAGES {
        let found = http::get(address, expected.path).and_then(|page| expected.compare(&page));
        match found {
            Ok(()) => println!("  {}: {}", expected.path, expected.shows),
            Err(error) => {
                eprintln!("  {}: {error:#}", expected.path);
                wrong += 1;
            }
        }
    }
    Ok(match wrong {
        0 => Outcome::Passed,
        _ => Outcome::Failed(format!("{wrong} of {} pages are wrong", PAGES.len())),
    })
}

/// Builds `loop` and, with it, the site.
fn build(repo: &Repo, environment: &Environment, _target: &RustTarget) -> Result<Outcome> {
    let built = steps::run(&mut repo.cargo(&["build", "--locked", "--package", "loop-cli"]))?;
    if built != Outcome::Passed {
        return Ok(built);
    }
    steps::run(looped(repo, environment).args(["build", SITE]))
}

/// The `loop` that was built here.
fn looped(repo: &Repo, environment: &Environment) -> Command {
    let name = format!("loop{}", std::env::consts::EXE_SUFFIX);
    let mut command = environment.command(&repo.target().join("debug").join(name));
    command.current_dir(repo.root());
    command
}

impl Expected {
    fn compare(&self, page: &Page) -> Result<()> {
        if page.status != self.status {
            bail!(
                "status {}, not {}: {}",
                page.status,
                self.status,
                page.body.trim()
            );
        }
        if !page.body.contains(self.text) {
            bail!("`{}` does not stand in the page", self.text);
        }
        Ok(())
    }
}

/// A running site, stopped when it is dropped.
struct Server(Child);

impl Server {
    /// Returns when the site listens.
    fn start(repo: &Repo, environment: &Environment, address: SocketAddr) -> Result<Server> {
        let mut command = looped(repo, environment);
        command.args(["run", SITE, "--listen", &address.to_string()]);
        command.stdin(Stdio::null());
        let mut server = Server(command.spawn().context("start `loop`")?);
        let start = Instant::now();
        loop {
            if TcpStream::connect_timeout(&address, START_POLL).is_ok() {
                return Ok(server);
            }
            if let Some(status) = server.0.try_wait()? {
                bail!("the server ended with {status} before it listened on {address}");
            }
            if start.elapsed() > START_LIMIT {
                bail!(
                    "nothing listens on {address} after {} s",
                    START_LIMIT.as_secs()
                );
            }
            std::thread::sleep(START_POLL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Either fails only if the server has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An address of this machine that nothing listened on a moment ago.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
    Ok(listener.local_addr()?)
}
