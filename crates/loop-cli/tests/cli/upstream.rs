//! Apps and programs that were made with the Bytecode Alliance's own crates of wRPC: both ends as users have them.

use insta::assert_snapshot;
use rustix::process::Signal;
use tokio::net::{TcpListener, UnixListener};

use crate::wire::serve;
use crate::{Sandbox, guest};

mod program;

/// A caller of every function of `acme:math/calc`, which is provided so.
fn calling(provided: &str) -> Sandbox {
    Sandbox::with_manifest(&format!(
        "[app.math.component.caller]\nuse = \"{}\"\n\n{provided}",
        guest("calc-caller")
    ))
}

fn endpoint(address: &str) -> String {
    format!("[app.math.provide.\"acme:math/calc\"]\nendpoint = \"{address}\"\n")
}

/// What the caller prints where a component of the same app serves it.
fn expected() -> String {
    let provided = format!(
        "[app.math.provide.\"acme:math/calc\"]\nuse = \"{}\"\n",
        guest("calc")
    );
    let said = calling(&provided).run(&["run"]);
    assert!(
        said.starts_with("exit code 0\n--- stdout\nadd 5\n"),
        "{said}"
    );
    said
}

/// It is called by programs of this process, while this thread waits for the command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_calls_a_program() {
    let expected = expected();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("wrpc+tcp://{}", listener.local_addr().unwrap());
    let _program = program::serve_tcp(listener).await;
    assert_eq!(calling(&endpoint(&address)).run(&["run"]), expected);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _program = program::serve_unix(UnixListener::bind(&path).unwrap()).await;
    let address = format!("wrpc+unix://{}", path.display());
    assert_eq!(calling(&endpoint(&address)).run(&["run"]), expected);
}

#[test]
fn only_where_it_is_granted() {
    let sandbox = calling("");
    sandbox.filtered(|| {
        let said = sandbox.run(&["check"]);
        let lines: Vec<&str> = said.lines().take(4).collect();
        assert_snapshot!(lines.join("\n"), @r"
        exit code 1
        --- stderr
        error: `caller` has an import that nothing satisfies
          nobody offers `acme:math/calc`
        ");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_calls_an_app() {
    let here = Sandbox::new();
    let granted = "net.listen = [\"127.0.0.1:*\"]";
    let (running, address) = serve(&here, "calc", "wrpc+tcp://127.0.0.1:0", granted);
    let address = address.strip_prefix("wrpc+tcp://").unwrap().to_owned();
    program::call(&wrpc_transport::tcp::Client::from(address)).await;
    running.signal(Signal::INT);
    running.finish();

    let socket = here.path("flow.sock");
    let wanted = format!("wrpc+unix://{}", socket.display());
    let (_running, _) = serve(&here, "flow", &wanted, "env = []");
    program::call_streams(&wrpc_transport::unix::Client::from(socket)).await;
}
