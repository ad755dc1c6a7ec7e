//! What is stale is built, and nothing else.

use std::path::Path;
use std::time::{Duration, Instant};

use loop_build::{
    BuildError, BuildOptions, Cancel, Event, Profile, build_component, build_components,
    fresh_component,
};

use crate::support::{Fixture, environment, without_tools};

const HELLO: &str = "fn main() { println!(\"hello\"); }\n";

#[test]
fn a_component_is_stale_when_what_it_is_made_of_changed_and_only_then() {
    let fixture = Fixture::program(HELLO);
    let main = fixture.path().join("src/main.rs");
    let built = fixture.build(&environment()).unwrap();
    assert!(!built.fresh);
    let first = std::fs::read(&built.wasm).unwrap();

    // Nothing changed, or only times did: no tool is needed.
    let fresh = || {
        fixture
            .build(&without_tools())
            .is_ok_and(|built| built.fresh)
    };
    assert!(fresh());
    let write = |name: &str, content: &str| fixture.write(name, content);
    write("src/main.rs", HELLO);
    assert!(fresh(), "the same content was written again");
    let content = std::fs::read(&main).unwrap();
    std::fs::remove_file(&main).unwrap();
    std::fs::write(&main, content).unwrap();
    assert!(fresh(), "another file with the same content");
    write("README.md", "not for the compiler");
    assert!(fresh(), "a file that is no input");

    // Each of these is noticed, and forgotten when it is taken back.
    let stale = || fresh_component(&without_tools(), &fixture.options(), fixture.path());
    let stale = || stale().unwrap().is_none();
    let check = |name: &str, content: &str| {
        let path = fixture.path().join(name);
        let before = std::fs::read(&path).ok();
        write(name, content);
        assert!(stale(), "{name} changed");
        if let Some(before) = before {
            std::fs::write(&path, before).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
            // A folder that came with it goes with it; others are not empty.
            let _ = std::fs::remove_dir(path.parent().unwrap());
        }
        assert!(fresh(), "{name} is as it was");
    };
    check("src/main.rs", "fn main() {}\n");
    check("src/another.rs", "");
    check("Cargo.toml", "[package]\nname = \"a\"\n");
    check("Cargo.lock", "");
    check("wit/world.wit", "package a:b;\n");
    check("rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n");
    check(".cargo/config.toml", "[build]\nincremental = true\n");

    // And what changed is built.
    write("src/main.rs", "fn main() { println!(\"bye\"); }\n");
    let second = fixture.build(&environment()).unwrap();
    assert!(!second.fresh);
    assert_ne!(first, std::fs::read(&second.wasm).unwrap());
    write("src/main.rs", HELLO);
    let third = fixture.build(&environment()).unwrap();
    assert!(!third.fresh);
    assert_eq!(first, std::fs::read(&third.wasm).unwrap());
}

#[test]
fn variables_that_the_source_or_cargo_reads_count_too() {
    let fixture =
        Fixture::program("fn main() { println!(\"{:?}\", option_env!(\"GREETING\")); }\n");
    fixture.build(&environment()).unwrap();
    let fresh = |environment| {
        fresh_component(&environment, &fixture.options(), fixture.path())
            .unwrap()
            .is_some()
    };
    assert!(fresh(without_tools()));
    assert!(fresh(without_tools().with("UNRELATED", "1")));
    assert!(!fresh(without_tools().with("GREETING", "hi")));
    assert!(!fresh(without_tools().with("RUSTFLAGS", "-Copt-level=1")));
    assert!(!fresh(
        without_tools().with("CARGO_PROFILE_RELEASE_DEBUG", "true")
    ));
}

#[test]
fn what_a_build_script_reads_counts_too() {
    let fixture = Fixture::program("fn main() { println!(env!(\"TEXT\")); }\n");
    fixture.write(
        "build.rs",
        "fn main() {
            let text = std::fs::read_to_string(\"data/text\").unwrap();
            println!(\"cargo::rustc-env=TEXT={}\", text.trim());
            println!(\"cargo::rerun-if-env-changed=SWITCH\");
            println!(\"cargo::rerun-if-changed=data/text\");
        }",
    );
    fixture.write("data/text", "one");
    fixture.build(&environment()).unwrap();
    let fresh = |environment| {
        fresh_component(&environment, &fixture.options(), fixture.path())
            .unwrap()
            .is_some()
    };
    assert!(fresh(without_tools()));
    assert!(!fresh(without_tools().with("SWITCH", "on")));
    fixture.write("data/text", "two");
    assert!(!fresh(without_tools()));
}

#[test]
fn a_library_on_this_machine_is_watched_with_what_uses_it() {
    let fixture = Fixture::program("fn main() { helper::help(); }\n");
    fixture.write(
        "Cargo.toml",
        "[package]\nname = \"a\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
         [dependencies]\nhelper = { path = \"helper\" }\n",
    );
    fixture.write(
        "helper/Cargo.toml",
        "[package]\nname = \"helper\"\nversion = \"0.0.0\"\nedition = \"2021\"\n",
    );
    fixture.write("helper/src/lib.rs", "pub fn help() {}\n");
    fixture.build(&environment()).unwrap();
    assert!(fixture.build(&without_tools()).unwrap().fresh);
    fixture.write(
        "helper/src/lib.rs",
        "pub fn help() { println!(\"help\"); }\n",
    );
    assert!(!fixture.build(&environment()).unwrap().fresh);
}

#[test]
fn an_artifact_that_was_removed_or_damaged_is_built_again() {
    let fixture = Fixture::program(HELLO);
    let wasm = fixture.build(&environment()).unwrap().wasm;
    let good = std::fs::read(&wasm).unwrap();
    std::fs::remove_file(&wasm).unwrap();
    assert!(!fixture.build(&environment()).unwrap().fresh);
    std::fs::write(&wasm, &good[..good.len() / 2]).unwrap();
    assert!(!fixture.build(&environment()).unwrap().fresh);
    assert_eq!(good, std::fs::read(&wasm).unwrap());
    std::fs::write(wasm.with_extension("json"), "{ \"format\": 1, \"files\"").unwrap();
    assert!(!fixture.build(&environment()).unwrap().fresh);
    assert!(fixture.build(&without_tools()).unwrap().fresh);
}

#[test]
fn looking_costs_less_than_five_milliseconds() {
    let fixture = Fixture::program(HELLO);
    fixture.build(&environment()).unwrap();
    let environment = without_tools();
    let quickest = (0..20)
        .map(|_| {
            let started = Instant::now();
            assert!(fixture.build(&environment).unwrap().fresh);
            started.elapsed()
        })
        .min();
    assert!(quickest < Some(Duration::from_millis(5)), "{quickest:?}");
}

#[test]
fn a_build_that_fails_says_what_the_compiler_says_and_keeps_the_last_good_artifact() {
    let fixture = Fixture::program(HELLO);
    let wasm = fixture.build(&environment()).unwrap().wasm;
    let good = std::fs::read(&wasm).unwrap();
    fixture.write("src/main.rs", "fn main() { hello }\n");
    for _ in 0..2 {
        let error = fixture.build(&environment()).unwrap_err();
        assert_eq!(error.to_string(), "a does not build");
        let output = error.output().unwrap();
        assert!(
            output.starts_with("error[E0425]: cannot find value `hello`"),
            "{output}"
        );
        assert_eq!(good, std::fs::read(&wasm).unwrap());
    }
    fixture.write("src/main.rs", HELLO);
    fixture.build(&environment()).unwrap();
    assert!(fixture.build(&without_tools()).unwrap().fresh);
}

#[test]
fn the_profiles_do_not_disturb_each_other() {
    let fixture = Fixture::program(HELLO);
    let build = |environment: &_, profile| {
        let options = BuildOptions {
            profile,
            ..fixture.options()
        };
        build_component(
            environment,
            &options,
            fixture.path(),
            &Cancel::new(),
            &mut |_| {},
        )
        .unwrap()
    };
    let release = build(&environment(), Profile::Release);
    let dev = build(&environment(), Profile::Dev);
    assert_ne!(release.wasm, dev.wasm);
    assert!(build(&without_tools(), Profile::Release).fresh);
    assert!(build(&without_tools(), Profile::Dev).fresh);
}

#[test]
fn components_of_one_cargo_workspace_are_built_by_one_cargo() {
    let fixture = Fixture::program(HELLO);
    std::fs::remove_dir_all(fixture.path().join("src")).unwrap();
    fixture.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"components/*\"]\n",
    );
    for name in ["one", "two"] {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n");
        fixture.write(&format!("components/{name}/Cargo.toml"), &manifest);
        fixture.write(&format!("components/{name}/src/main.rs"), HELLO);
    }
    let folders = ["one", "two"].map(|name| fixture.path().join("components").join(name));
    let mut events = Vec::new();
    let built = build_components(
        &environment(),
        &fixture.options(),
        &folders,
        &Cancel::new(),
        &mut |event| {
            events.push(event);
        },
    )
    .unwrap();
    assert_eq!(built.len(), 2);
    let finished = |event: &&Event| matches!(event, Event::Output { line } if line.trim_start().starts_with("Finished"));
    assert_eq!(events.iter().filter(finished).count(), 1, "{events:?}");
    assert!(
        built[0]
            .wasm
            .ends_with(Path::new(".loop/build/release/components/one.wasm"))
    );

    fixture.write("components/two/src/main.rs", "fn main() {}\n");
    let mut events = Vec::new();
    build_components(
        &environment(),
        &fixture.options(),
        &folders,
        &Cancel::new(),
        &mut |event| {
            events.push(event);
        },
    )
    .unwrap();
    assert!(
        events.contains(&Event::Fresh {
            component: "one".to_owned()
        }),
        "{events:?}"
    );
    assert!(
        events.contains(&Event::Building {
            component: "two".to_owned()
        }),
        "{events:?}"
    );
    assert!(
        !events.contains(&Event::Building {
            component: "one".to_owned()
        }),
        "{events:?}"
    );
}

#[test]
fn folders_that_make_no_component_are_refused_with_a_way_out() {
    let check = |fixture: &Fixture, expected: &str| {
        let error = fixture.build(&environment()).unwrap_err();
        let text = error
            .to_string()
            .replace(fixture.path().to_str().unwrap(), "FOLDER");
        let hint = error.hint().unwrap_or_default();
        assert_eq!(format!("{text} | {hint}"), expected);
    };
    let fixture = Fixture::program(HELLO);
    std::fs::remove_file(fixture.path().join("Cargo.toml")).unwrap();
    check(
        &fixture,
        "FOLDER is not a folder with a Cargo.toml, a package.json or a pyproject.toml | `loop component new NAME --lang rust` makes such a folder; the language can be `js`, `ts` and `python` too",
    );
    fixture.write("Cargo.toml", "[workspace]\n");
    check(
        &fixture,
        "the Cargo.toml in FOLDER describes no package | name the folder of one of its packages",
    );
    fixture.write("Cargo.toml", "not toml");
    check(&fixture, "cargo cannot read FOLDER/Cargo.toml | ");

    // `.loop` is there by then, and matches the glob.
    let fixture = Fixture::program(HELLO);
    fixture.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n",
    );
    std::fs::create_dir(fixture.path().join(".loop")).unwrap();
    check(
        &fixture,
        "cargo cannot read FOLDER/Cargo.toml | \
         add `exclude = [\".loop\"]` under [workspace] in the workspace's Cargo.toml",
    );

    let fixture = Fixture::program(HELLO);
    fixture.write("src/bin/other.rs", HELLO);
    check(
        &fixture,
        "the package `a` makes several components: a, other | \
         set `default-run` under [package] to one of its programs, or make a package of each",
    );
    let fixture = Fixture::program(HELLO);
    std::fs::rename(
        fixture.path().join("src/main.rs"),
        fixture.path().join("src/lib.rs"),
    )
    .unwrap();
    check(
        &fixture,
        "the package `a` makes no component | \
         give it a src/main.rs, or a library with `crate-type = [\"cdylib\"]` under [lib]",
    );
}

#[test]
fn without_tools_or_a_place_for_outputs_the_message_says_so() {
    let fixture = Fixture::program(HELLO);
    let mut nothing = without_tools();
    nothing.cache = Some(fixture.path().join("cache"));
    let error = fixture.build(&nothing).unwrap_err();
    assert!(matches!(error, BuildError::Toolchain(_)), "{error}");
    assert!(error.hint().is_some());

    // A file stands where the folder for outputs would be: for root, too, that is a place that cannot be used.
    let fixture = Fixture::program(HELLO);
    fixture.write(".loop", "");
    let error = fixture.build(&environment()).unwrap_err();
    assert!(
        matches!(&error, BuildError::Io { path, .. } if path.ends_with(".loop/build")),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_workspace_is_named_with_a_hint() {
    let fixture = Fixture::program(HELLO);
    let options = BuildOptions::new("/proc/sys");
    let error = build_component(
        &environment(),
        &options,
        fixture.path(),
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap_err();
    assert_eq!(error.to_string(), "/proc/sys/.loop/build cannot be used");
}
