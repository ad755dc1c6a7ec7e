//! `cargo xtask demo`: builds `loop`, builds `examples/site` with it, and serves this repository's docs.

mod reload;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use loop_build::Environment;

use crate::http::{self, Page};
use crate::repo::Repo;
use crate::setup;
use crate::steps::{self, Outcome, Steps};

/// The example that is the demo.
const SITE: &str = "examples/site";

/// One of its apps.
struct App {
    name: &'static str,
    /// Of what it consists.
    components: &'static [&'static str],
}

/// The whole one.
const WHOLE: App = App {
    name: "site",
    components: &["web", "render", "highlight", "words"],
};

/// The one that is all in Rust.
const PLAIN: App = App {
    name: "plain",
    components: &["web", "render", "plain"],
};

impl App {
    /// The one that can be built on this machine.
    fn buildable() -> &'static Self {
        if setup::program_answers("npm") && setup::python_has_venv() {
            return &WHOLE;
        }
        println!(
            "node with npm, or python3 with venv, is missing: code is not highlighted. `loop doctor` says where to get them"
        );
        &PLAIN
    }
}

/// How long the server may take until it listens: compiling its components without optimised
/// dependencies takes seconds.
const START_LIMIT: Duration = Duration::from_mins(2);

/// How often a server that starts is asked whether it listens.
const START_POLL: Duration = Duration::from_millis(50);

/// The port that is tried first, so that a page that was left open in a browser works again.
const PORT: u16 = 8080;

/// A page that the demo must serve.
struct Expected {
    path: &'static str,
    status: u16,
    /// Texts that stand in the page.
    with: &'static [&'static str],
    /// A text that does not.
    without: Option<&'static str>,
    /// What a correct answer shows.
    shows: &'static str,
}

/// What `--check` fetches, in this order: the last page counts the requests before it.
const PAGES: &[Expected] = &[
    Expected {
        path: "/",
        status: 200,
        with: &["<h1>", "href=\"/page/glossary\""],
        without: None,
        shows: "the index of the docs",
    },
    Expected {
        path: "/page/glossary",
        status: 200,
        with: &["<article>", "<table>", "policy"],
        without: None,
        shows: "a page, rendered from Markdown",
    },
    Expected {
        path: "/page/no-such-page",
        status: 404,
        with: &["<h1>"],
        without: Some("<article>"),
        shows: "a page that is not there",
    },
    Expected {
        path: "/search?q=grant",
        status: 200,
        with: &["<mark>", "/page/glossary"],
        without: None,
        shows: "a search finds pages",
    },
    Expected {
        path: "/search?q=nothinghasthisword",
        status: 200,
        with: &["<h1>"],
        without: Some("<mark>"),
        shows: "a search finds nothing",
    },
    Expected {
        path: "/outside",
        status: 200,
        with: &["refused: "],
        without: Some("did not hold"),
        shows: "files outside the grant are refused",
    },
    Expected {
        path: "/status",
        status: 200,
        with: &["requests_total", "view=search", "request_duration_seconds"],
        without: None,
        shows: "metrics and logs by loop:core",
    },
];

/// Serves the docs until it is interrupted.
pub(crate) fn run(repo: &Repo, port: Option<u16>) -> Result<ExitCode> {
    let (environment, _) = setup::components(repo)?;
    let app = App::buildable();
    if let Outcome::Failed(why) = build(repo, &environment, app)? {
        bail!(why);
    }
    let address = match port {
        Some(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        None => free_address(PORT).or_else(|_| free_address(0))?,
    };
    let mut server = Server::start(looped(repo, &environment), app, address)?;
    println!("\nthe docs are served at http://{address}/ (end with Ctrl-C)");
    let status = server.0.wait().context("wait for the server")?;
    if !status.success() {
        bail!("the server ended with {status}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Serves the docs, checks what matters, and stops.
pub(crate) fn run_check(repo: &Repo) -> Result<ExitCode> {
    let (environment, _) = setup::components(repo)?;
    let mut steps = Steps::default();
    for (name, check) in CHECKS {
        steps.run(name, || check(repo, &environment));
    }
    Ok(steps.finish())
}

/// A step: what it checks.
type Check = fn(&Repo, &Environment) -> Result<Outcome>;

/// All of [`run_check`], for another task too.
pub(crate) const CHECKS: [(&str, Check); 2] =
    [("demo", check), ("demo in a browser", reload::check)];

/// Fetches the pages that matter.
fn check(repo: &Repo, environment: &Environment) -> Result<Outcome> {
    let app = App::buildable();
    let built = build(repo, environment, app)?;
    if built != Outcome::Passed {
        return Ok(built);
    }
    let address = free_address(0)?;
    let _server = Server::start(looped(repo, environment), app, address)?;
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

/// Builds `loop` and, with it, the components of an app.
fn build(repo: &Repo, environment: &Environment, app: &App) -> Result<Outcome> {
    let built = steps::run(&mut repo.programs(&["loop"]))?;
    if built != Outcome::Passed {
        return Ok(built);
    }
    steps::run(looped(repo, environment).arg("build").args(app.components))
}

/// The `loop` that was built here, in the folder of the site.
fn looped(repo: &Repo, environment: &Environment) -> Command {
    let name = format!("loop{}", std::env::consts::EXE_SUFFIX);
    let mut command = environment.command(&repo.target().join("debug").join(name));
    command.current_dir(repo.path(SITE));
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
        for text in self.with {
            if !page.body.contains(text) {
                bail!("`{text}` does not stand in the page");
            }
        }
        if let Some(text) = self.without
            && page.body.contains(text)
        {
            bail!("`{text}` stands in the page");
        }
        Ok(())
    }
}

/// A running site, stopped when it is dropped.
struct Server(Child);

impl Server {
    /// Returns when the site of the command's folder listens.
    fn start(mut command: Command, app: &App, address: SocketAddr) -> Result<Server> {
        // The example's own grant names one port; another needs a grant, like anything else.
        let grant = format!("net.listen = [\"{address}\"]");
        command.args([
            "run",
            app.name,
            "--listen",
            &address.to_string(),
            "--grant",
            &grant,
        ]);
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

/// An address of this machine that nothing listened on a moment ago; port 0 stands for any.
fn free_address(port: u16) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).context("find a free port")?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Expected = Expected {
        path: "/",
        status: 200,
        with: &["one", "two"],
        without: Some("three"),
        shows: "numbers",
    };

    #[test]
    fn a_page_is_compared() {
        let page = |status, body: &str| Page {
            status,
            body: body.into(),
        };
        assert!(EXPECTED.compare(&page(200, "one two")).is_ok());
        for (wrong, message) in [
            (page(404, "one two"), "status 404, not 200: one two"),
            (page(200, "one"), "`two` does not stand in the page"),
            (page(200, "one two three"), "`three` stands in the page"),
        ] {
            assert_eq!(EXPECTED.compare(&wrong).unwrap_err().to_string(), message);
        }
    }
}
