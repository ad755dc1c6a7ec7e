//! A component of Python: built, unchanged, changed, and wrong. Making one takes ten seconds, so that most of it is one test.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use loop_build::scaffold::{Kind, Language};

use crate::javascript::{Workspace, can_build};
use crate::support::{environment, without_tools};

#[test]
fn a_component_is_built_and_what_is_wrong_is_said() {
    let workspace = Workspace::new(Language::Python, Kind::Library);
    if !can_build(&workspace) {
        return;
    }
    assert!(workspace.build(&without_tools()).unwrap().fresh);
    let stub = workspace.path("w/.loop/types/components/a/wit_world/exports/__init__.py");
    assert!(
        std::fs::read_to_string(stub)
            .unwrap()
            .contains("def greet(self, name: str) -> str:")
    );

    let sdk = workspace.path("w/.loop/types/components/a/loop_guest/fsx.py");
    assert!(sdk.is_file());

    let app = workspace.read("src/app.py");
    workspace.write("src/app.py", "def x(:\n");
    assert!(workspace.is_stale());
    insta::assert_snapshot!("python-syntax", workspace.error());
    workspace.write("src/app.py", "class Other:\n    pass\n");
    insta::assert_snapshot!("python-no-export", workspace.error());
    workspace.write("src/app.py", "from loop_guest import fsx\n");
    insta::assert_snapshot!("python-no-interface-for-a-module", workspace.error());
    workspace.write("src/app.py", &app);
    assert!(!workspace.is_stale());
    workspace.write("src/words.py", "");
    assert!(workspace.is_stale(), "a new module");
    std::fs::remove_file(workspace.path("w/components/a/src/words.py")).unwrap();
    workspace.write("pyproject.toml", "[tool.loop]\nmodule = \"none\"\n");
    insta::assert_snapshot!("python-no-module", workspace.error());
    workspace.write("pyproject.toml", "[tool.loop]\nmodul = \"none\"\n");
    insta::assert_snapshot!("python-wrong-key", workspace.error());
}

#[test]
fn without_python_and_without_a_registry() {
    let workspace = Workspace::without_tools(Language::Python, Kind::Library);
    let error = workspace.build(&without_tools()).unwrap_err();
    insta::assert_snapshot!(error, @"there is no `python3` on the PATH, which builds components of Python");
    if environment().find("python3").is_none() {
        return;
    }
    let environment = environment().with("PIP_INDEX_URL", "http://127.0.0.1:9/");
    let error = workspace.build(&environment).unwrap_err();
    insta::assert_snapshot!(error, @"componentize-py-0.25.1 could not be fetched");
    assert!(!error.output().unwrap().is_empty());
}

#[test]
fn a_componentizer_that_crashes() {
    let workspace = Workspace::without_tools(Language::Python, Kind::Library);
    if environment().find("python3").is_none() {
        eprintln!("SKIPPED: there is no Python");
        return;
    }
    // The tool is there, and its Python is a script.
    let id = "componentize-py-0.25.1";
    let tool = workspace.path("w/.loop/tools").join(id);
    let python = tool.join("bin/python");
    std::fs::create_dir_all(tool.join("bin")).unwrap();
    std::fs::write(tool.join("loop-whole"), id).unwrap();
    let crashing = |script: &str| {
        std::fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&python, Permissions::from_mode(0o755)).unwrap();
        workspace.error()
    };
    let said = crashing("kill -9 $$");
    assert!(
        said.contains("ended with signal: 9 (SIGKILL) and said nothing"),
        "{said}"
    );
    let said = crashing("echo it is broken >&2; exit 3");
    assert!(said.contains("it is broken"), "{said}");
    // What makes stubs for editors, and something that is no component. The second argument says where.
    let behind =
        |word: &str| format!(r#""$(printf %s "$2" | sed 's/.*"{word}","\([^"]*\)".*/\1/')""#);
    let (stubs, component) = (behind("bindings"), behind("--output"));
    let said = crashing(&format!(
        "case $2 in *--output*) echo no > {component};; *) mkdir -p {stubs};; esac"
    ));
    assert!(said.contains("is not a component"), "{said}");
}
