//! Help, versions, completions, and what makes no sense.

use insta::assert_snapshot;

use crate::Sandbox;

#[test]
fn the_short_help() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["-h"]), @"
    exit code 0
    --- stdout
    Builds and runs apps made of WebAssembly components, each of which may do what it is granted and
    nothing else

    Usage: loop [OPTIONS] <COMMAND>

    Commands:
      new          Make a workspace in a new folder
      component    Make components
      build        Build what is stale, and nothing else
      run          Run an app, a component's folder or a .wasm file, built first where it is stale
      check        Say all that an app will miss when it runs, without running it
      inspect      Show what a component is: what it is for, what it imports and exports, which engine
                   it needs, what made it
      grants       Show the least that a component's imports could need to be granted
      schema       Print the JSON Schema of loop.toml, for editors
      doctor       Show what builds components on this machine, what is missing and how to get it
      host         Make hosts of your own on loop-host
      bench        Measure what things cost on this machine
      completions  Print a script that completes the arguments of `loop` in a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help (see more with '--help')
      -V, --version  Print version

    Talk:
          --color <WHEN>  When to use colours [default: auto] [possible values: auto, always, never]
      -q, --quiet         Say nothing but errors
    "));
}

#[test]
fn the_long_help_tells_variables_and_exit_codes() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["--help"]);
    for text in [
        "Environment variables:",
        "LOOP_CACHE",
        "Exit codes:",
        "  113      a file is no component",
    ] {
        assert!(shown.contains(text), "`{text}` is missing:\n{shown}");
    }
}

#[test]
fn the_help_of_run() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| assert_snapshot!(sandbox.run(&["run", "-h"]), @r#"
    exit code 0
    --- stdout
    Run an app, a component's folder or a .wasm file, built first where it is stale

    Usage: loop run [OPTIONS] [TARGET] [-- <ARGS>...]

    Arguments:
      [TARGET]   An app, a folder or a .wasm file [default: the only app of the workspace]
      [ARGS]...  Arguments of the command, after `--`

    Options:
          --app <NAME>        Which app, where a folder has several
          --invoke <CALL>     Call an exported function instead, and print what it returns:
                              'acme:math/calc#add(1, 2)'
          --listen <ADDRESS>  Serve HTTP on this address [default: the first that is granted]; or, at an
                              address such as loop+unix:///run/store.sock or wrpc+tcp://127.0.0.1:7761,
                              have other processes call what the root exports
          --dev               Build fast rather than small and fast components
      -h, --help              Print help (see more with '--help')

    Grants:
          --grant <TOML>      Grant the root something, as loop.toml would after `grants.`, such as
                              `net.connect = ["10.0.0.1:80"]`
          --env <NAME=VALUE>  Give the root an environment variable
          --trusted           Trust the root, as loop.toml would with `trusted = true`

    Limits and engine:
          --timeout <TIME>  The longest that a call of the root may take: 500ms, 10s, 2min
          --fuel <UNITS>    How many instructions a call may take, in units of fuel
          --winch           Compile with Winch: quicker to start, slower to run
          --seed <NUMBER>   Make random numbers the same on every run, except those that must be secure
          --no-cache        Neither use nor keep compiled code

    What is shown and written:
          --learn[=<FILE>]       Show the least grants that the run would have needed, or write them to
                                 a file
          --audit <FILE>         Write every decision to a file, as a line of JSON
          --metrics <FILE>       Write the metrics of the app to a file when it ends, in Prometheus'
                                 text format
          --otlp <URL>           Send logs, traces and metrics to an OpenTelemetry collector:
                                 http://127.0.0.1:4318
          --log <FILTER>         Which records are shown: a level, or warn,web=debug [default: info]
          --log-format <FORMAT>  How records are shown [default: text] [possible values: text, json]

    Talk:
          --color <WHEN>  When to use colours [default: auto] [possible values: auto, always, never]
      -q, --quiet         Say nothing but errors
    "#));
}

#[test]
fn every_command_has_help() {
    let sandbox = Sandbox::new();
    for command in [
        "new",
        "host new",
        "component new",
        "build",
        "check",
        "inspect",
        "grants",
        "schema",
        "doctor",
        "bench",
        "bench transports",
        "bench serve",
        "completions",
    ] {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.push("--help");
        let shown = sandbox.run(&args);
        assert!(
            shown.starts_with("exit code 0\n--- stdout\n"),
            "{command}: {shown}"
        );
        assert!(
            shown.contains(&format!("Usage: loop {command}")),
            "{command}: {shown}"
        );
    }
}

#[test]
fn the_version() {
    let sandbox = Sandbox::new();
    let expected = format!(
        "exit code 0\n--- stdout\nloop {}\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(sandbox.run(&["--version"]), expected);
}

#[test]
fn what_makes_no_sense() {
    let sandbox = Sandbox::new();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.run(&["biuld"]), @"
        exit code 2
        --- stderr
        error: unrecognized subcommand 'biuld'

          tip: a similar subcommand exists: 'build'

        Usage: loop [OPTIONS] <COMMAND>

        For more information, try '--help'.
        ");
        assert_snapshot!(sandbox.run(&["run", "--gran", "x"]), @"
        exit code 2
        --- stderr
        error: unexpected argument '--gran' found

          tip: a similar argument exists: '--grant'
          tip: to pass '--gran' as a value, use '-- --gran'

        Usage: loop run --grant <TOML> [TARGET] [-- <ARGS>...]

        For more information, try '--help'.
        ");
        assert_snapshot!(sandbox.run(&["component", "new", "a"]), @"
        exit code 2
        --- stderr
        error: the following required arguments were not provided:
          --lang <LANGUAGE>

        Usage: loop component new --lang <LANGUAGE> <NAME>

        For more information, try '--help'.
        ");
    });
}

#[test]
fn completions_for_every_shell() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let shown = sandbox.run(&["completions", shell]);
        assert!(
            shown.starts_with("exit code 0\n--- stdout\n"),
            "{shell}: {shown}"
        );
        assert!(shown.contains("inspect"), "{shell}: {shown}");
    }
}

#[test]
fn the_schema_is_json() {
    let sandbox = Sandbox::new();
    let output = sandbox.command(&["schema"]).output().unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["properties"]["app"].is_object(), "{schema:#}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let sandbox = Sandbox::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = sandbox
        .command(&["schema"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(Sandbox::show(&output), "exit code 0\n");
}
