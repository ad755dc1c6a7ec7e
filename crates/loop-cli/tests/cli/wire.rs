//! Components that are called from other processes: served at an address, and named by it.

use insta::assert_snapshot;
use loop_test::NatsServer;
use rustix::process::Signal;

use crate::sandbox::Running;
use crate::{Sandbox, guest};

/// Starts a guest that others may call at an address.
pub(crate) fn serve(
    sandbox: &Sandbox,
    name: &str,
    address: &str,
    grant: &str,
) -> (Running, String) {
    let guest = guest(name);
    let args = ["run", &guest, "--listen", address, "--grant", grant];
    let mut running = Running::start(&mut sandbox.command(&args));
    let line = running.wait_for("serving ");
    let (_, rest) = line.split_once(" at ").unwrap();
    let address = rest.split(' ').next().unwrap().to_owned();
    (running, address)
}

/// An app whose greeter is at an address.
fn calling(address: &str) -> Sandbox {
    Sandbox::with_manifest(&format!(
        "[app.caller.component.caller]\nuse = \"{}\"\n\n[app.caller.provide.\"acme:greet/greeter\"]\nendpoint = \"{address}\"\n",
        guest("greet-caller")
    ))
}

#[test]
fn one_process_calls_another() {
    let here = Sandbox::new();
    let socket = here.path("greeter.sock");
    for scheme in ["loop+unix", "wrpc+unix", "loop+shm", "wrpc+shm"] {
        let wanted = format!("{scheme}://{}", socket.display());
        let (running, address) = serve(&here, "greeter", &wanted, "env = []");
        assert_eq!(address, wanted);
        let caller = calling(&address);
        let shown = caller.run(&["run", "--", "ann", "bob"]);
        assert_eq!(shown, "exit code 0\n--- stdout\nhello, ann\nhello, bob\n");
        running.signal(Signal::INT);
        let output = running.finish();
        assert_eq!(output.status.code(), Some(0), "{}", Sandbox::show(&output));
        assert!(!socket.exists(), "the socket is gone with its server");
    }
    let nats = NatsServer::start();
    for (scheme, at) in [
        ("loop+tcp", "127.0.0.1:0"),
        ("wrpc+tcp", "127.0.0.1:0"),
        ("loop+http2", "127.0.0.1:0"),
        ("wrpc+http2", "127.0.0.1:0"),
        ("loop+nats", &format!("{}/greeter", nats.address)),
        ("wrpc+nats", &format!("{}/greeter", nats.address)),
    ] {
        let wanted = format!("{scheme}://{at}");
        let (running, address) = serve(&here, "greeter", &wanted, "net.listen = [\"127.0.0.1:*\"]");
        assert!(!address.ends_with(":0"), "{address}");
        let shown = calling(&address).run(&["run", "--", "ann"]);
        assert_eq!(shown, "exit code 0\n--- stdout\nhello, ann\n");
        running.signal(Signal::TERM);
        running.finish();
    }
}

#[test]
fn nobody_is_there() {
    let sandbox = calling("loop+unix:///nowhere/greeter.sock");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["run", "--", "ann"]), @r"
        exit code 116
        --- stderr
        error: a call from `caller` failed
          caused by: a call to loop+unix:///nowhere/greeter.sock failed
          caused by: the peer cannot be reached: No such file or directory (os error 2)
        hint: is the provider running? `endpoint` in loop.toml says where it is
        ");
    });
}

#[test]
fn who_is_there_serves_something_else() {
    let here = Sandbox::new();
    let wanted = format!("loop+unix://{}", here.path("s").display());
    let (_running, address) = serve(&here, "counter", &wanted, "env = []");
    let shown = calling(&address).run(&["run", "--", "ann"]);
    let shown = shown.replace(&address, "[address]");
    assert_snapshot!(shown, @r"
    exit code 116
    --- stderr
    error: a call from `caller` failed
      caused by: a call to [address] failed
      caused by: `acme:greet/greeter#greet` is not served
    hint: the provider there does not serve this function
    ");
}

#[test]
fn what_cannot_be_listened_on() {
    let sandbox = Sandbox::new();
    let (greeter, hello) = (guest("greeter"), guest("hello"));
    sandbox.filtered(|| {
        for (guest, address) in [
            (&greeter, "loop+unix:relative"),
            (&greeter, "loop+carrier-pigeon://coop:1"),
            (&greeter, "loop+stdio:"),
            (&greeter, "loop+quic://127.0.0.1:1"),
            (&greeter, "loop+nats://127.0.0.1:1/greeter"),
            (&greeter, "loop+tcp://127.0.0.1:1"),
            (&greeter, "loop+unix:///nowhere/at/all.sock"),
            (&hello, "loop+unix:///tmp/never-made.sock"),
        ] {
            let name = address.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            let shown = sandbox.run(&["run", guest, "--listen", address]);
            assert_snapshot!(format!("listen-{name}"), shown);
        }
    });
}

#[test]
fn an_endpoint_that_is_no_address() {
    for (name, address) in [("no-scheme", "/run/store.sock"), ("stdio", "loop+stdio:")] {
        let sandbox = calling(address);
        sandbox.filtered(|| {
            assert_snapshot!(format!("endpoint-{name}"), sandbox.run(&["check"]));
        });
    }
}
