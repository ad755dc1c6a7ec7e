//! Builds: what is stale and nothing else, and what stands in their way.

use insta::assert_snapshot;

use crate::Sandbox;
use crate::sandbox::Running;

const HELLO: &str = "fn main() {\n    println!(\"hello\");\n}\n";

/// A workspace with one component that needs nothing but a compiler.
fn workspace() -> Sandbox {
    let sandbox = Sandbox::with_manifest(
        r#"[workspace]
name = "w"
members = ["components/*"]

[app.hello]
root = "hello"

[app.hello.component.hello]
use = "components/hello"
"#,
    );
    sandbox.component("components/hello", HELLO);
    sandbox
}

#[test]
fn a_run_builds_what_is_stale_and_nothing_else() {
    let sandbox = workspace();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["run"]), @"
        exit code 0
        --- stdout
        hello
        --- stderr
        building hello
        built hello in [TIME]
        ");
        assert_snapshot!(sandbox.build(&["run"]), @"
        exit code 0
        --- stdout
        hello
        ");
    });
    let changed = HELLO.replace("hello", "good bye");
    sandbox.write("components/hello/src/main.rs", changed);
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["run", "hello"]), @"
        exit code 0
        --- stdout
        good bye
        --- stderr
        building hello
        built hello in [TIME]
        ");
        assert_snapshot!(sandbox.build(&["build"]), @"
        exit code 0
        --- stdout
        .loop/build/release/components/hello.wasm
        --- stderr
        1 component up to date
        ");
    });
}

#[test]
fn a_folder_runs_with_the_grants_of_its_app() {
    let sandbox = workspace();
    let main = "fn main() {\n    println!(\"{:?}\", std::env::var(\"LANG\"));\n}\n";
    sandbox.write("components/hello/src/main.rs", main);
    let text = sandbox.read("loop.toml") + "grants = { env = [\"LANG\"] }\n";
    sandbox.write("loop.toml", text);
    let run = |target: &str| {
        let mut command = sandbox.builder(&["run", target]);
        Sandbox::show(&command.env("LANG", "de").output().unwrap())
    };
    for target in ["hello", "components/hello", "."] {
        assert!(
            run(target).starts_with("exit code 0\n--- stdout\nOk(\"de\")\n"),
            "{target}"
        );
    }
}

#[test]
fn a_component_that_does_not_compile() {
    let sandbox = workspace();
    sandbox.write("components/hello/src/main.rs", "fn main() { missing() }\n");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["build"]), @r#"
        exit code 114
        --- stderr
        building hello
        error[E0425]: cannot find function `missing` in this scope
         --> src/main.rs:1:13
          |
        1 | fn main() { missing() }
          |             ^^^^^^^ not found in this scope
        For more information about this error, try `rustc --explain E0425`.
        error: could not compile `hello` (bin "hello") due to 1 previous error
        error: hello does not build
        "#);
        assert_snapshot!(sandbox.build(&["build", "--quiet"]), @r#"
        exit code 114
        --- stderr
        error: hello does not build
        error[E0425]: cannot find function `missing` in this scope
         --> src/main.rs:1:13
          |
        1 | fn main() { missing() }
          |             ^^^^^^^ not found in this scope

        For more information about this error, try `rustc --explain E0425`.
        error: could not compile `hello` (bin "hello") due to 1 previous error
        "#);
    });
}

#[test]
fn what_is_wrong_before_a_compiler_starts() {
    let sandbox = workspace();
    sandbox.write("components/hello/Cargo.toml", "[package\n");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["build"]), @"
    exit code 114
    --- stderr
    error: unclosed table, expected `]`
     --> Cargo.toml:1:9
      |
    1 | [package
      |         ^
    error: cargo cannot read [WORK]/components/hello/Cargo.toml
    ");
    });
    std::fs::remove_dir_all(sandbox.path("components/hello")).unwrap();
    sandbox.write("components/hello/package.json", "{}");
    sandbox.write("components/hello/src/main.js", "");
    sandbox.write(
        "components/hello/wit/a.wit",
        "package a:b;\nworld x { import c:d/e; }\n",
    );
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["build"]), @"
        exit code 114
        --- stderr
        package 'c:d' not found. known packages:
            a:b
             --> wit/a.wit:2:18
              |
            2 | world x { import c:d/e; }
              |                  ^--
        error: the WIT in [WORK]/components/hello/wit is wrong
        hint: these are there without a copy in wit/deps: loop:core@0.1.0, loop:fsx@0.1.0, loop:netx@0.1.0, loop:process@0.1.0, wasi:blobstore@0.2.0-draft, wasi:config@0.2.0-rc.1, wasi:io@0.2.2, wasi:keyvalue@0.2.0-draft2, and the packages of WASI 0.2.12 and 0.3.0
        ");
    });
}

#[test]
fn no_tool_on_the_path() {
    let sandbox = workspace();
    let empty = sandbox.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let output = sandbox
        .command(&["build"])
        .env("PATH", &empty)
        .env("LOOP_CACHE", &empty)
        .output()
        .unwrap();
    sandbox.filtered(|| {
        assert_snapshot!(Sandbox::show(&output), @"
    exit code 114
    --- stderr
    error: there is no Rust toolchain on the PATH (`cargo` and `rustc` were looked for)
    hint: install Rust with rustup: https://rustup.rs
    ");
    });
}

/// Nothing is built before it is known that everything can be.
#[test]
fn missing_tools_of_all_languages_are_told_first() {
    let sandbox = workspace();
    let component = |name: &str, file: &str, text: &str| {
        let folder = format!("components/{name}");
        sandbox.write(&format!("{folder}/{file}"), text);
        let wit = "package a:b;\nworld x { export f: func(); }\n";
        sandbox.write(&format!("{folder}/wit/a.wit"), wit);
    };
    component("script", "package.json", "{}");
    component("script", "src/main.js", "export function f() {}\n");
    component("snake", "pyproject.toml", "");
    component("snake", "src/app.py", "");
    // Only what Rust needs, where it is on this machine.
    let only = sandbox.path("only");
    std::fs::create_dir(&only).unwrap();
    let environment = loop_test::environment();
    for program in ["cargo", "rustc", "rustup", "cc", "ld", "as"] {
        if let Some(found) = environment.find(program) {
            std::os::unix::fs::symlink(found, only.join(program)).unwrap();
        }
    }
    let build = |path: &std::path::Path| {
        let mut command = sandbox.builder(&["build"]);
        Sandbox::show(&command.env("PATH", path).output().unwrap())
    };
    assert_snapshot!(build(&only), @"
    exit code 114
    --- stderr
    error: there is no `node` on the PATH, which builds components of JavaScript
    hint: install Node.js 20 or newer, with npm: https://nodejs.org, or `apt-get install nodejs npm` on Debian
    error: there is no `python3` on the PATH, which builds components of Python
    hint: install Python 3.10 or newer: https://python.org, or `apt-get install python3 python3-venv` on Debian
    ");
    assert!(!sandbox.path(".loop/build/release").exists());
    let empty = sandbox.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = sandbox.command(&["build"]);
    let output = command
        .env("PATH", &empty)
        .env("LOOP_CACHE", &empty)
        .output();
    assert_snapshot!(Sandbox::show(&output.unwrap()), @"
    exit code 114
    --- stderr
    error: there is no Rust toolchain on the PATH (`cargo` and `rustc` were looked for)
    hint: install Rust with rustup: https://rustup.rs
    error: there is no `node` on the PATH, which builds components of JavaScript
    hint: install Node.js 20 or newer, with npm: https://nodejs.org, or `apt-get install nodejs npm` on Debian
    error: there is no `python3` on the PATH, which builds components of Python
    hint: install Python 3.10 or newer: https://python.org, or `apt-get install python3 python3-venv` on Debian
    ");
}

#[test]
fn a_doctor_on_a_machine_without_tools() {
    let sandbox = Sandbox::new();
    let output = sandbox
        .command(&["doctor"])
        .env("PATH", sandbox.folder())
        .env("LOOP_CACHE", sandbox.folder())
        .output()
        .unwrap();
    sandbox.filtered(|| {
        assert_snapshot!(Sandbox::show(&output), @"
        exit code 1
        --- stdout
        cargo             missing
        rustc             missing
        wasm32-wasip2     missing
        cc                missing
        rustup            missing
        node              not there: install Node.js 20 or newer, with npm: https://nodejs.org, or `apt-get install nodejs npm` on Debian
        npm               not there: install Node.js 20 or newer, with npm: https://nodejs.org, or `apt-get install nodejs npm` on Debian
        python3           not there: install Python 3.10 or newer: https://python.org, or `apt-get install python3 python3-venv` on Debian
        componentize-qjs  not there: the first build that needs it fetches it
        componentize-js   not there: the first build that needs it fetches it
        componentize-py   not there: the first build that needs it fetches it
        --- stderr
        missing: cargo (builds Rust components)
        hint: install Rust with rustup: https://rustup.rs
        missing: rustc (compiles Rust)
        hint: install Rust with rustup: https://rustup.rs
        missing: wasm32-wasip2 (the Rust target of components)
        hint: run `rustup target add wasm32-wasip2`
        missing: cc (links the build scripts and macros that a component uses)
        hint: install a C compiler: `apt-get install gcc` on Debian
        missing: rustup (adds the target)
        hint: install Rust with rustup: https://rustup.rs
        ");
    });
}

#[test]
fn a_folder_without_sources() {
    let sandbox = workspace();
    std::fs::remove_dir_all(sandbox.path("components/hello")).unwrap();
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["run"]), @"
        exit code 114
        --- stderr
        error: [WORK]/components/hello is not a folder with a Cargo.toml, a package.json or a pyproject.toml
        hint: `loop component new NAME --lang rust` makes such a folder; the language can be `js`, `ts` and `python` too
        ");
    });
}

#[test]
fn nothing_to_build() {
    let sandbox = Sandbox::with_manifest("[workspace]\nname = \"w\"\nmembers = []\n");
    sandbox.filtered(|| {
        assert_snapshot!(sandbox.build(&["build"]), @"
        exit code 0
        --- stderr
        warning: . has nothing to build
        hint: `loop component new NAME --lang rust` makes a component there; the language can be `js`, `ts` and `python` too
        ");
    });
}

#[test]
fn two_runs_that_build_the_same_thing_at_once() {
    let sandbox = workspace();
    let runs: Vec<Running> = (0..2)
        .map(|_| Running::start(&mut sandbox.builder(&["run"])))
        .collect();
    let mut builds = 0;
    for run in runs {
        let output = run.finish();
        let shown = Sandbox::show(&output);
        assert!(
            shown.starts_with("exit code 0\n--- stdout\nhello\n"),
            "{shown}"
        );
        builds += shown.matches("built hello").count();
    }
    assert_eq!(builds, 1, "one builds, the other waits");
}
