//! Components of JavaScript: what is stale is built, and what is wrong is said.
//!
//! The tools are fetched once, below Cargo's target folder. Where there is no Node.js, a test says so and is done; a registry
//! that does not deliver is a failure.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use loop_build::scaffold::{self, Kind, Language};
use loop_build::{
    BuildError, BuildOptions, BuiltComponent, Cancel, Environment, Event, ToolchainError,
    build_component, fresh_component,
};

use crate::support::{environment, lasting_tools, without_tools};

/// A workspace with one component called `a`.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

impl Workspace {
    pub(crate) fn new(language: Language, kind: Kind) -> Self {
        let workspace = Self::without_tools(language, kind);
        lasting_tools(&workspace.path("w"));
        workspace
    }

    pub(crate) fn without_tools(language: Language, kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = scaffold::new_workspace(&folder.path().join("w")).unwrap();
        scaffold::new_component(&workspace.folder, "a", language, kind).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path("w/components/a").join(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path("w/components/a").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn options(&self) -> BuildOptions {
        BuildOptions::new(self.path("w"))
    }

    pub(crate) fn build(&self, environment: &Environment) -> Result<BuiltComponent, BuildError> {
        self.build_with(environment, &Cancel::new(), &mut |_| {})
    }

    fn build_with(
        &self,
        environment: &Environment,
        cancel: &Cancel,
        events: &mut dyn FnMut(Event),
    ) -> Result<BuiltComponent, BuildError> {
        let folder = self.path("w/components/a");
        build_component(environment, &self.options(), &folder, cancel, events)
    }

    pub(crate) fn is_stale(&self) -> bool {
        let folder = self.path("w/components/a");
        fresh_component(&without_tools(), &self.options(), &folder)
            .unwrap()
            .is_none()
    }

    /// The error of a build, with what the tool said.
    pub(crate) fn error(&self) -> String {
        let error = self.build(&environment()).unwrap_err();
        let output = error.output().unwrap_or_default();
        let text = format!("{error}\n{output}{}", error.hint().unwrap_or_default());
        text.replace(
            &self
                .path("w/")
                .canonicalize()
                .unwrap()
                .display()
                .to_string(),
            "[W]",
        )
    }
}

/// Whether this machine has what the language needs: the first build says it.
pub(crate) fn can_build(workspace: &Workspace) -> bool {
    match workspace.build(&environment()) {
        Err(BuildError::Toolchain(
            error @ (ToolchainError::NoNode { .. } | ToolchainError::NoPython),
        )) => {
            eprintln!("SKIPPED: {error}");
            false
        }
        built => {
            built
                .map_err(|error| format!("{error}: {:?}", error.output()))
                .unwrap();
            true
        }
    }
}

#[test]
fn a_component_is_stale_when_what_it_is_made_of_changed_and_only_then() {
    let workspace = Workspace::new(Language::JavaScript, Kind::Library);
    if !can_build(&workspace) {
        return;
    }
    assert!(workspace.build(&without_tools()).unwrap().fresh);
    let check = |name: &str, text: &str| {
        let path = workspace.path("w/components/a").join(name);
        let before = std::fs::read_to_string(&path).ok();
        workspace.write(name, text);
        assert!(workspace.is_stale(), "{name} changed");
        match before {
            Some(before) => std::fs::write(&path, before).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        assert!(!workspace.is_stale(), "{name} is as it was");
    };
    check("src/main.js", "");
    check("src/another.js", "");
    check("package.json", "{}");
    check("tsconfig.json", "{}");
    check("wit/world.wit", "");
    check("wit/more.wit", "");
    workspace.write("README.md", "not for the tools");
    assert!(!workspace.is_stale());
    let wasm = workspace.path("w/.loop/build/release/components/a.wasm");
    std::fs::remove_file(workspace.path("w/.loop/tools")).unwrap();
    assert!(!workspace.is_stale(), "tools are for builds");
    std::fs::write(wasm, "").unwrap();
    assert!(workspace.is_stale(), "the artifact was damaged");
}

#[test]
fn sources_of_several_files_and_types() {
    let workspace = Workspace::new(Language::TypeScript, Kind::Library);
    workspace.write("src/words.ts", "export const word: string = \"hello\";\n");
    let main = workspace.read("src/main.ts");
    workspace.write(
        "src/main.ts",
        &format!(
            "import {{ word }} from \"./words\";\n{}",
            main.replace("hello", "${word}")
        ),
    );
    if !can_build(&workspace) {
        return;
    }
    let types = std::fs::read_to_string(workspace.path("w/.loop/types/components/a/world.d.ts"));
    insta::assert_snapshot!("types", types.unwrap());
    let sdk = workspace.path("w/.loop/types/components/a/loop-guest.d.ts");
    assert!(
        std::fs::read_to_string(sdk)
            .unwrap()
            .contains("declare module \"loop-guest/fsx\"")
    );
    assert!(!workspace.is_stale());
    workspace.write("src/words.ts", "export const word = \"bye\";\n");
    assert!(workspace.is_stale(), "a file that is imported changed");
}

#[test]
fn componentize_js_by_choice() {
    let workspace = Workspace::new(Language::JavaScript, Kind::Library);
    let package = workspace.read("package.json");
    let choose = |tool: &str| {
        let chosen = format!("{{ \"loop\": {{ \"tool\": \"{tool}\" }},");
        workspace.write("package.json", &package.replacen('{', &chosen, 1));
    };
    choose("componentize");
    let said = workspace.error();
    assert!(
        said.contains("expected `componentize-qjs` or `componentize-js`"),
        "{said}"
    );
    choose("componentize-js");
    let (main, world) = (
        workspace.read("src/main.js"),
        workspace.read("wit/world.wit"),
    );
    let counts = world.replace(
        "-> string;",
        "-> string;\n    count: func(of: option<u64>) -> list<u32>;",
    );
    assert_ne!(counts, world);
    workspace.write("wit/world.wit", &counts);
    let url = main.replace(
        "greet(name) {",
        "count(of) { return [Number(of)]; }, greet(name) { new URL(name); setTimeout(() => {});",
    );
    workspace.write("src/main.js", &url);
    if !can_build(&workspace) {
        return;
    }
    let types = std::fs::read_to_string(workspace.path("w/.loop/types/components/a/world.d.ts"));
    let types = types.unwrap();
    assert!(
        types.contains("count(of: bigint | undefined): Uint32Array;"),
        "{types}"
    );
    assert!(!workspace.is_stale());

    workspace.write("wit/world.wit", &world);
    workspace.write(
        "src/main.js",
        &format!("\nfunction f() {{ null.x; }}\nf();\n{main}"),
    );
    insta::assert_snapshot!("throws-of-componentize-js", workspace.error());
    workspace.write("src/main.js", &main);
    workspace.write("wit/world.wit", &world.replace(": func", ": async func"));
    insta::assert_snapshot!("async-of-componentize-js", workspace.error());
}

#[test]
fn http_of_wasi_0_2() {
    let workspace = Workspace::new(Language::JavaScript, Kind::Command);
    workspace.write(
        "wit/world.wit",
        "package local:a;
        world proxy {
            import wasi:cli/stdout@0.2.12;
            import wasi:cli/stderr@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }",
    );
    let source = "import { handle } from \"wasi:http/outgoing-handler@0.2.12\";
        export const incomingHandler = { handle(request, out) { console.log(handle); } };";
    workspace.write("src/main.js", source);
    if !can_build(&workspace) {
        return;
    }
    let wasm = std::fs::read(workspace.path("w/.loop/build/release/components/a.wasm")).unwrap();
    // Not if two imports had one name.
    let features = wasmparser::WasmFeatures::all();
    let mut validator = wasmparser::Validator::new_with_features(features);
    let types = validator.validate_all(&wasm).unwrap();
    let types = types.as_ref();
    let exported = "wasi:http/incoming-handler@0.2.12";
    assert!(types.component_item_for_export(exported).is_some());
    for imported in ["outgoing-handler", "types"] {
        let name = format!("wasi:http/{imported}@0.2.12");
        assert!(types.component_item_for_import(&name).is_some(), "{name}");
    }
    let early = "import { Fields } from \"wasi:http/types@0.2.12\";\nnew Fields();\n";
    workspace.write("src/main.js", &format!("{early}{source}"));
    insta::assert_snapshot!(workspace.error(), @"
    a does not build
    `wasi:http/types@0.2.12#[constructor]fields` is called at the top of a module, which runs while the component is made: call it in a function
    ");
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_the_tool() {
    let workspace = Workspace::new(Language::JavaScript, Kind::Library);
    if !can_build(&workspace) {
        return;
    }
    let (main, world) = (
        workspace.read("src/main.js"),
        workspace.read("wit/world.wit"),
    );
    let source = |text: &str| {
        workspace.write("src/main.js", text);
        workspace.error()
    };
    insta::assert_snapshot!("syntax", source("export const greeting = ;\n"));
    insta::assert_snapshot!("no-such-file", source("import \"./nowhere.js\";\n"));
    insta::assert_snapshot!(
        "no-such-import",
        source("import { x } from \"a:b/c\";\nx();\n")
    );
    insta::assert_snapshot!(
        "no-such-module",
        source("import { x } from \"loop-guest/x\";\nx();\n")
    );
    insta::assert_snapshot!(
        "no-interface-for-a-module",
        source("import { open } from \"loop-guest/fsx\";\nopen();\n")
    );
    insta::assert_snapshot!("no-export", source("export const other = {};\n"));
    insta::assert_snapshot!("no-function", source("export const greeting = {};\n"));
    insta::assert_snapshot!(
        "throws",
        source("\nfunction f() { null.x; }\nf();\nexport const greeting = { greet() {} };\n")
    );
    workspace.write(
        "wit/world.wit",
        &world.replace("export", "import loop:core/clocks@0.1.0;\n    export"),
    );
    let early = format!("import {{ now }} from \"loop-guest/time\";\nnow();\n{main}");
    insta::assert_snapshot!("called-too-early", source(&early));
    workspace.write("src/main.js", &main);
    workspace.write("wit/world.wit", "package a:b;\nworld x { import c:d/e; }\n");
    insta::assert_snapshot!("no-such-package", workspace.error());
    workspace.write(
        "wit/world.wit",
        "package a:b;\nworld x { export f: func( }\n",
    );
    insta::assert_snapshot!("wrong-wit", workspace.error());
    std::fs::remove_dir_all(workspace.path("w/components/a/wit")).unwrap();
    insta::assert_snapshot!("no-wit", workspace.error());
    workspace.write("wit/world.wit", &world);
    workspace.write("package.json", "{ \"loop\": { \"wurld\": \"x\" } }");
    insta::assert_snapshot!("wrong-key", workspace.error());
    workspace.write("package.json", "{ \"main\": \"src/none.js\" }");
    insta::assert_snapshot!("no-main", workspace.error());
    workspace.write("package.json", "{ \"loop\": { \"world\": \"none\" } }");
    insta::assert_snapshot!("no-world", workspace.error());
    workspace.write("package.json", "{}");
    workspace.build(&environment()).unwrap();
}

#[test]
fn without_node_and_without_a_registry() {
    let workspace = Workspace::without_tools(Language::JavaScript, Kind::Library);
    let error = workspace.build(&without_tools()).unwrap_err();
    insta::assert_snapshot!(error, @"there is no `node` on the PATH, which builds components of JavaScript");
    assert!(error.hint().unwrap().contains("nodejs.org"));
    if environment().find("npm").is_none() {
        return;
    }
    // A port that nothing listens on.
    let environment = environment()
        .with("npm_config_registry", "http://127.0.0.1:9/")
        .with("npm_config_cache", workspace.path("cache"));
    for _ in 0..2 {
        let error = workspace.build(&environment).unwrap_err();
        assert_eq!(
            error.to_string(),
            "componentize-qjs-0.4.5 could not be fetched"
        );
        assert!(
            error.output().unwrap().contains("ECONNREFUSED"),
            "{:?}",
            error.output()
        );
        assert!(error.hint().unwrap().contains("npm config set registry"));
    }
    let whole = workspace.path("w/.loop/tools/componentize-qjs-0.4.5/loop-whole");
    assert!(!Path::new(&whole).exists());
}

#[test]
fn interfaces_that_a_workspace_shares() {
    let workspace = Workspace::new(Language::JavaScript, Kind::Library);
    if !can_build(&workspace) {
        return;
    }
    let shared = |name: &str, text: &str| {
        let path = workspace.path("w/wit").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let world = "package local:a;\n\nworld library {\n    export acme:greet/greeting;\n}\n";
    workspace.write("wit/world.wit", world);
    assert!(workspace.error().contains("acme:greet"));
    let greet = "package acme:greet;\n\ninterface greeting {\n    use acme:names/types.{name};\n    greet: func(name: name) -> string;\n}\n";
    shared("greet.wit", greet);
    let names = "package acme:names;\n\ninterface types {\n    type name = string;\n}\n";
    shared("deps/names.wit", names);
    workspace.build(&environment()).unwrap();
    assert!(!workspace.is_stale());
    shared("deps/names.wit", &names.replace("string", "u32"));
    assert!(workspace.is_stale(), "what a shared interface uses changed");
    workspace.build(&environment()).unwrap();
    shared("more.wit", "package acme:other;\n");
    assert!(workspace.is_stale(), "a file was added");
    insta::assert_snapshot!("wrong-shared-wit", workspace.error());
    // A component's own copy comes first, whatever stands in the workspace.
    std::fs::remove_file(workspace.path("w/wit/more.wit")).unwrap();
    workspace.write("wit/deps/greet.wit", "package acme:greet;\n\ninterface greeting {\n    greet: func(name: string) -> string;\n}\n");
    shared("deps/names.wit", "");
    workspace.build(&environment()).unwrap();
}

/// A registry that takes connections and never answers.
fn silent_registry(workspace: &Workspace) -> (TcpListener, Environment) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let environment = environment()
        .with("npm_config_registry", format!("http://{address}/"))
        .with("npm_config_cache", workspace.path("cache"));
    (listener, environment)
}

#[test]
fn a_fetch_that_is_cancelled_leaves_nothing_that_is_used() {
    let workspace = Workspace::without_tools(Language::JavaScript, Kind::Library);
    let (listener, silent) = silent_registry(&workspace);
    if silent.find("npm").is_none() {
        return;
    }
    let cancel = Cancel::new();
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            // The first request is there: the fetch is under way.
            let connection = listener.accept().unwrap();
            cancel.cancel();
            connection
        });
        workspace.build_with(&silent, &cancel, &mut |_| {})
    });
    let error = error.unwrap_err();
    assert!(
        matches!(
            error,
            BuildError::Toolchain(ToolchainError::Cancelled) | BuildError::Cancelled
        ),
        "{error:?}"
    );
    let whole = workspace.path("w/.loop/tools/componentize-qjs-0.4.5/loop-whole");
    assert!(!whole.exists());
    // The next build begins the fetch anew.
    assert!(can_build(&workspace));
    assert!(whole.exists());
}

#[test]
fn builds_at_once_fetch_a_tool_once() {
    let workspaces =
        [(); 2].map(|()| Workspace::without_tools(Language::JavaScript, Kind::Library));
    if environment().find("npm").is_none() {
        return;
    }
    let tools = tempfile::tempdir().unwrap();
    let events = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for workspace in &workspaces {
            std::os::unix::fs::symlink(tools.path(), workspace.path("w/.loop/tools")).unwrap();
            scope.spawn(|| {
                let mut note = |event| events.lock().unwrap().push(event);
                workspace
                    .build_with(&environment(), &Cancel::new(), &mut note)
                    .unwrap();
            });
        }
    });
    let events = events.into_inner().unwrap();
    let count = |is: fn(&Event) -> bool| events.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Installing { .. })), 1);
    assert_eq!(count(|event| matches!(event, Event::Built { .. })), 2);
}

#[test]
fn a_componentizer_that_crashes() {
    let workspace = Workspace::new(Language::JavaScript, Kind::Library);
    if !can_build(&workspace) {
        return;
    }
    // The same tools, but for the one that makes components.
    let (tools, id) = (workspace.path("w/.loop/tools"), "componentize-qjs-0.4.5");
    let real = tools.canonicalize().unwrap().join(id);
    std::fs::remove_file(&tools).unwrap();
    let modules = tools.join(id).join("node_modules");
    std::fs::create_dir_all(modules.join("componentize-qjs")).unwrap();
    std::fs::write(tools.join(id).join("loop-whole"), id).unwrap();
    for name in ["esbuild", "@esbuild"] {
        std::os::unix::fs::symlink(real.join("node_modules").join(name), modules.join(name))
            .unwrap();
    }
    let crashing = |source: &str| {
        std::fs::write(modules.join("componentize-qjs/index.js"), source).unwrap();
        workspace.write(
            "src/main.js",
            &format!("{}\n", workspace.read("src/main.js")),
        );
        workspace.error()
    };
    let said = crashing("process.kill(process.pid, 'SIGKILL');");
    assert!(
        said.contains("node ended with signal: 9 (SIGKILL) and said nothing"),
        "{said}"
    );
    let said = crashing("throw new Error('it is broken');");
    assert!(said.contains("it is broken"), "{said}");
    // What makes something that is no component.
    let said = crashing("exports.componentize = async () => ({ component: Buffer.from('no') });");
    assert!(said.contains("is not a component"), "{said}");
}
