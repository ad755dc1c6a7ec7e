//! What is made from templates, and that it builds.

use std::path::{Path, PathBuf};

use loop_build::scaffold::{self, Kind, Language, ScaffoldError};
use loop_build::{BuildOptions, Cancel, build_components, sdk};

use crate::support::{environment, lasting_target, tree, without_tools};

/// An empty workspace called `w`.
fn workspace(folder: &Path) -> PathBuf {
    scaffold::new_workspace(&folder.join("w")).unwrap().folder
}

#[test]
fn a_new_workspace_with_a_component_of_each_kind_reads_well_and_builds() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    insta::assert_snapshot!("workspace", tree(&workspace));
    for kind in Kind::ALL {
        let name = format!("my-{}", kind.name());
        scaffold::new_component(&workspace, &name, Language::Rust, kind).unwrap();
        let made = workspace.join("components").join(&name);
        insta::assert_snapshot!(format!("component-{}", kind.name()), tree(&made));
    }
    let manifest = std::fs::read_to_string(workspace.join("loop.toml")).unwrap();
    insta::assert_snapshot!("loop.toml", manifest);

    let folders = Kind::ALL.map(|kind| workspace.join(format!("components/my-{}", kind.name())));
    let options = BuildOptions {
        target_dir: Some(lasting_target()),
        ..BuildOptions::new(&workspace)
    };
    let build = |environment: &_| {
        build_components(environment, &options, &folders, &Cancel::new(), &mut |_| {})
    };
    let outcome = build(&environment()).map_err(|error| format!("{error}: {:?}", error.output()));
    assert_eq!(outcome.unwrap().len(), 3);
    assert!(
        build(&without_tools())
            .unwrap()
            .iter()
            .all(|built| built.fresh)
    );

    // A clone of the workspace has no SDK. The next build puts it there.
    std::fs::remove_dir_all(workspace.join(".loop")).unwrap();
    build(&environment()).unwrap();
    assert!(workspace.join(sdk::PLACE).join("Cargo.toml").is_file());
}

#[test]
fn a_component_needs_no_cargo_workspace_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    std::fs::remove_file(workspace.join("Cargo.toml")).unwrap();
    let made = scaffold::new_component(&workspace, "a", Language::Rust, Kind::Command).unwrap();
    let options = BuildOptions {
        target_dir: Some(lasting_target()),
        ..BuildOptions::new(&workspace)
    };
    build_components(
        &environment(),
        &options,
        &[made.folder],
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap();
}

#[test]
fn languages_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let new = |name: &str, language| {
        scaffold::new_component(&workspace, name, language, Kind::Library)
            .map(|made| made.folder)
            .map_err(|error| error.to_string())
    };
    new("js", Language::JavaScript).unwrap();
    let rust = new("rust", Language::Rust).unwrap();
    new("py", Language::Python).unwrap();
    let cargo = workspace.join("Cargo.toml");
    let text = std::fs::read_to_string(&cargo).unwrap();
    assert!(
        text.contains("exclude = [\".loop\", \"components/js\", \"components/py\"]\n"),
        "{text}"
    );
    let options = BuildOptions {
        target_dir: Some(lasting_target()),
        ..BuildOptions::new(&workspace)
    };
    let build = || {
        let folders = [rust.clone()];
        build_components(
            &environment(),
            &options,
            &folders,
            &Cancel::new(),
            &mut |_| {},
        )
    };
    build().unwrap();
    // As one that was copied there.
    std::fs::write(&cargo, text.replace(", \"components/js\"", "")).unwrap();
    std::fs::write(rust.join("src/lib.rs"), "").unwrap();
    let hint = build().unwrap_err().hint().unwrap();
    assert!(hint.contains("goes into `exclude`"), "{hint}");

    let check = |exclude: &str, expected: &str| {
        let list = format!("[workspace]\nmembers = [\"components/*\"]\n{exclude}\n[profile]\n");
        std::fs::write(&cargo, list).unwrap();
        std::fs::write(workspace.join("loop.toml"), "[workspace]\nname = \"w\"\n").unwrap();
        let _ = std::fs::remove_dir_all(workspace.join("components/x"));
        let made = new("x", Language::TypeScript);
        let text = std::fs::read_to_string(&cargo).unwrap();
        assert!(text.contains(expected), "{made:?} {text}");
        made.is_ok()
    };
    assert!(check("exclude = []", "exclude = [\"components/x\"]\n"));
    assert!(check(
        "exclude = [\n  \"a\",\n] # b",
        "\"a\", \"components/x\"\n] # b\n"
    ));
    assert!(!check("exclude = [\n  \"a\" # b\n]", "\"a\" # b\n]\n"));
    assert!(check(
        "exclude = [\"components/x/\"]",
        "[\"components/x/\"]\n"
    ));
    assert!(!check("", "members"), "there is no list to add it to");
}

#[test]
fn a_workspace_file_keeps_what_its_author_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    let text = "# mine\n[workspace]\nname   =   \"w\"  # spaced\nmembers=[\"components/*\"]";
    std::fs::write(workspace.join("loop.toml"), text).unwrap();
    scaffold::new_component(&workspace, "a", Language::Rust, Kind::Command).unwrap();
    insta::assert_snapshot!(std::fs::read_to_string(workspace.join("loop.toml")).unwrap(), @r#"
    # mine
    [workspace]
    name   =   "w"  # spaced
    members=["components/*"]

    [app.a]
    root = "a"

    [app.a.component.a]
    use = "components/a"
    "#);
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = workspace(folder.path());
    scaffold::new_component(&workspace, "there", Language::Rust, Kind::Command).unwrap();
    let check = |expected: &str, name: &str| {
        let before = tree(folder.path());
        let made = scaffold::new_component(&workspace, name, Language::Rust, Kind::Command);
        let error = made.unwrap_err();
        let text = error.to_string().replace(workspace.to_str().unwrap(), "W");
        assert_eq!(text, expected);
        assert!(error.hint().is_some(), "{error}");
        assert_eq!(before, tree(folder.path()));
    };
    check("`My App` is not a name: it is not in kebab-case", "My App");
    check("`../a` is not a name: it is not in kebab-case", "../a");
    check(
        "`fn` is not a name: Rust or Cargo keeps that word for itself",
        "fn",
    );
    check("W/components/there is there already", "there");
    let file = workspace.join("loop.toml");
    let good = std::fs::read_to_string(&file).unwrap();

    std::fs::rename(
        workspace.join("components/there"),
        workspace.join("components/moved"),
    )
    .unwrap();
    check("the workspace has an app `there` already", "there");

    std::fs::write(&file, "[workspace]\nname = 3\n").unwrap();
    check("W/loop.toml is not right as it is", "new");

    let inline = "app = { x = { root = \"x\", component = { x = { use = \"components/x\" } } } }\n";
    std::fs::write(&file, inline).unwrap();
    check("nothing can be added at the end of W/loop.toml", "new");
    std::fs::write(&file, good).unwrap();

    std::fs::write(
        workspace.join("Cargo.toml"),
        "[workspace]\nmembers = [\"apps/*\"]\n",
    )
    .unwrap();
    check(
        "W/Cargo.toml does not say `members = [\"components/*\"]` under [workspace]",
        "new",
    );
    std::fs::write(
        workspace.join("Cargo.toml"),
        "[workspace]\nmembers = [\"components/*\"]\n",
    )
    .unwrap();
    check(
        "W/Cargo.toml does not say `exclude = [\".loop\"]` under [workspace]",
        "new",
    );
}

#[test]
fn a_place_that_is_taken_or_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    workspace(folder.path());
    let error = scaffold::new_workspace(&folder.path().join("w")).unwrap_err();
    assert!(matches!(error, ScaffoldError::Exists { .. }), "{error}");
    let error = scaffold::new_workspace(&folder.path().join("no/such/w")).unwrap_err();
    assert!(
        matches!(error, ScaffoldError::Io { .. }) && error.hint().is_some(),
        "{error}"
    );
    let error = scaffold::new_component(folder.path(), "a", Language::Rust, Kind::Command);
    assert!(matches!(error, Err(ScaffoldError::NoWorkspace { .. })));
    let within = folder.path().join("w/components");
    assert_eq!(
        scaffold::find_workspace(&within),
        Some(folder.path().join("w"))
    );
    assert_eq!(scaffold::find_workspace(folder.path()), None);
}

#[test]
fn a_host_is_the_example_with_dependencies_that_hold_outside() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let error = scaffold::new_host(&folder.path().join("my-host"), folder.path()).unwrap_err();
    assert!(matches!(error, ScaffoldError::NoLoopKit { .. }), "{error}");

    let host = scaffold::new_host(&folder.path().join("my-host"), &repository).unwrap();
    let example = std::fs::read(repository.join("examples/embed/src/main.rs")).unwrap();
    assert_eq!(
        example,
        std::fs::read(host.folder.join("src/main.rs")).unwrap()
    );
    let manifest = std::fs::read_to_string(host.folder.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    let path = Path::new(dependencies["loop-host"]["path"].as_str().unwrap());
    assert!(path.join("Cargo.toml").is_file());
    assert!(
        dependencies
            .values()
            .all(|value| value.get("workspace").is_none())
    );
}

#[test]
fn the_sdk_is_written_when_it_is_missing_or_another_one() {
    let folder = tempfile::tempdir().unwrap();
    sdk::unpack(folder.path()).unwrap();
    let manifest = folder.path().join(sdk::PLACE).join("Cargo.toml");
    let written = std::fs::read(&manifest).unwrap();
    assert!(folder.path().join(".loop/wit/core").is_dir());

    // What is there is left alone, so that builds find it unchanged.
    std::fs::write(&manifest, "mine").unwrap();
    sdk::unpack(folder.path()).unwrap();
    assert_eq!(std::fs::read(&manifest).unwrap(), b"mine");
    std::fs::write(folder.path().join(".loop/sdk/stamp"), "another").unwrap();
    sdk::unpack(folder.path()).unwrap();
    assert_eq!(std::fs::read(&manifest).unwrap(), written);
    let ignored = std::fs::read_to_string(folder.path().join(".loop/.gitignore")).unwrap();
    assert_eq!(ignored, "*\n");
}
