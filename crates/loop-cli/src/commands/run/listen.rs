//! Serving HTTP, or what the root exports to other processes: on which address, and until when.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use loop_core::Grants;
use loop_host::{App, ServeError};
use loop_wire::Server;

use crate::endpoint::Served;
use crate::error::{self, CliError, Kind, Problem};
use crate::interrupt::Interrupt;
use crate::plan::{Plan, listen_example};
use crate::ui::Ui;

/// How long calls that are under way may take once the server is to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves the root until a signal comes, and lets the requests that are being served finish.
pub(super) async fn serve(
    ui: &Ui,
    plan: &Plan,
    app: &App,
    flag: Option<&str>,
    interrupt: &Interrupt,
) -> Result<u8, CliError> {
    let address = address(plan, flag)?;
    let server = app.listen(address).await;
    let server = server.map_err(|error| refused(ui, plan, &error))?;
    ui.say(&format!(
        "serving http://{}/ (end with Ctrl-C)",
        server.address()
    ));
    let stop = async {
        interrupt.wait().await;
    };
    server.run(stop).await;
    app.telemetry().shutdown();
    Ok(0)
}

/// Has other processes call what the root exports, at an address of the wire, until a signal comes; calls that are under way
/// are answered.
pub(super) async fn expose(
    ui: &Ui,
    plan: &Plan,
    app: &App,
    address: &str,
    interrupt: &Interrupt,
) -> Result<u8, CliError> {
    let served = Served::new(address).await?;
    let exposed = app.expose(served.at);
    let exposed = exposed.map_err(|error| refused(ui, plan, &error))?;
    let mut interfaces: Vec<_> = exposed.interfaces().map(str::to_owned).collect();
    interfaces.sort();
    let failed = |what: &str, error: &io::Error| {
        let mut problem = Problem::new(format!("{what} {address}"));
        problem.causes.push(error.to_string());
        CliError::new(Kind::System, problem)
    };
    let listener = served.listen().await;
    let listener = listener.map_err(|error| failed("cannot listen at", &error))?;
    let server = Server::new(exposed);
    let interfaces = interfaces.join(", ");
    ui.say(&format!(
        "serving {interfaces} at {} (end with Ctrl-C)",
        listener.address()
    ));
    tokio::select! {
        ended = server.serve(listener) => {
            ended.map_err(|error| failed("nothing more is accepted at", &error))?;
        }
        _ = interrupt.wait() => {}
    }
    // What does not end by itself ends with the process.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, server.drain()).await;
    app.telemetry().shutdown();
    Ok(0)
}

/// What to tell of an app that is not served.
fn refused(ui: &Ui, plan: &Plan, error: &ServeError) -> CliError {
    match error {
        // The denial was told when it was made, with the line to add.
        ServeError::Denied { .. } if !ui.is_quiet() => CliError::said(Kind::Denied),
        ServeError::Denied {
            component, denial, ..
        } => {
            let hint = plan
                .advice()
                .hint(component, &denial.missing, denial.needs_trust);
            hint.into_iter().fold(error::serve(error), CliError::hint)
        }
        error => error::serve(error),
    }
}

/// The address to listen on: what was typed, or the first that is granted.
fn address(plan: &Plan, flag: Option<&str>) -> Result<SocketAddr, CliError> {
    if let Some(text) = flag {
        return parse(text).ok_or_else(|| {
            CliError::usage(format!("`{text}` is not an address"))
                .hint("an address looks like 127.0.0.1:8080 or :8080")
        });
    }
    let none = Grants::default();
    let root = &plan.root;
    let grants = plan.parts.get(root).map_or(&none, |part| &part.grants);
    if let Some(address) = grants
        .net
        .listen
        .iter()
        .find_map(|entry| entry.parse().ok())
    {
        return Ok(address);
    }
    if let Some(entry) = grants.net.listen.first() {
        let message = format!("`{root}` may listen on `{entry}`, which leaves the port open");
        return Err(CliError::usage(message).hint("name it: `--listen 127.0.0.1:8080`"));
    }
    let problem = Problem::new(format!(
        "`{root}` serves HTTP, and is granted no address to listen on"
    ));
    let hint = plan.advice().hint(root, &listen_example(), false);
    Err(CliError::new(
        Kind::Denied,
        hint.into_iter().fold(problem, Problem::hint),
    ))
}

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`. Without an address it is this machine's own.
fn parse(text: &str) -> Option<SocketAddr> {
    let text = text
        .strip_prefix("http://")
        .map_or(text, |rest| rest.trim_end_matches('/'));
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let port = text.strip_prefix("localhost").unwrap_or(text);
    let port = port.strip_prefix(':').unwrap_or(port).parse().ok()?;
    Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_address_may_be_short() {
        for (text, expected) in [
            ("0.0.0.0:80", Some("0.0.0.0:80")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            (":8080", Some("127.0.0.1:8080")),
            ("8080", Some("127.0.0.1:8080")),
            ("http://127.0.0.1:8080/", Some("127.0.0.1:8080")),
            ("example.com:80", None),
            ("127.0.0.1", None),
            ("99999", None),
        ] {
            assert_eq!(
                parse(text).map(|address| address.to_string()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
