//! A component of Python: built, unchanged, changed, and wrong. Making one takes ten seconds, so that this is one test.

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

    let app = workspace.read("src/app.py");
    workspace.write("src/app.py", "def x(:\n");
    assert!(workspace.is_stale());
    insta::assert_snapshot!("python-syntax", workspace.error());
    workspace.write("src/app.py", "class Other:\n    pass\n");
    insta::assert_snapshot!("python-no-export", workspace.error());
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
