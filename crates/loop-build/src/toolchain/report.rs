//! What stands on this machine for building components, for people to read.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::build::TOOLS;
use crate::environment::Environment;
use crate::event::Cancel;
use crate::process;
use crate::toolchain::pinned::{COMPONENTIZE_JS, COMPONENTIZE_PY, COMPONENTIZE_QJS, Pinned};
use crate::toolchain::{ASK_LIMIT, NODE_HINT, Origin, PYTHON_HINT, RustTarget, TARGET, apt};

/// The tools that builds need, as they were found.
#[derive(Clone, Debug, Serialize)]
pub struct Toolchains {
    /// The tools, in the order in which builds need them.
    pub tools: Vec<Tool>,
}

/// One tool, or one part of a toolchain.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// What it is called: `cargo`, `wasm32-wasip2`.
    pub name: String,
    /// What it is for, in a few words.
    pub purpose: String,
    /// Where it was found, if it was.
    pub found: Option<Found>,
    /// Whether builds fail without it.
    pub required: bool,
    /// How to get it, where it was not found.
    pub hint: Option<String>,
}

/// Where a tool was found.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The program or folder.
    pub path: PathBuf,
    /// What it calls itself, when it says so.
    pub version: Option<String>,
    /// For the target: whether it was installed or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

impl Toolchains {
    /// Looks at what is there for builds in this folder. Nothing is changed, and nothing is fetched.
    pub fn detect(environment: &Environment, folder: &Path) -> Self {
        let cancel = Cancel::new();
        let rust = "install Rust with rustup: https://rustup.rs";
        let mut tools = vec![
            program(
                environment,
                &cancel,
                "cargo",
                "builds Rust components",
                true,
                rust,
            ),
            program(environment, &cancel, "rustc", "compiles Rust", true, rust),
            target(environment, folder, &cancel),
            program(
                environment,
                &cancel,
                "cc",
                "links the build scripts and macros that a component uses",
                true,
                "install a C compiler: `apt-get install gcc` on Debian",
            ),
        ];
        let has_target = tools
            .iter()
            .any(|tool| tool.name == TARGET && tool.found.is_some());
        tools.push(program(
            environment,
            &cancel,
            "rustup",
            "adds the target",
            !has_target,
            if has_target {
                "not needed: the target is there"
            } else {
                rust
            },
        ));
        for (name, purpose, hint) in [
            (
                "node",
                "builds components of JavaScript and TypeScript",
                NODE_HINT,
            ),
            (
                "npm",
                "fetches what makes components of JavaScript",
                NODE_HINT,
            ),
            ("python3", "builds components of Python", PYTHON_HINT),
        ] {
            tools.push(program(environment, &cancel, name, purpose, false, hint));
        }
        for (tool, purpose) in [
            (&COMPONENTIZE_QJS, "makes components of JavaScript"),
            (
                &COMPONENTIZE_JS,
                "makes components of JavaScript that ask for it",
            ),
            (&COMPONENTIZE_PY, "makes components of Python"),
        ] {
            tools.push(fetched(tool, purpose, folder));
        }
        Self { tools }
    }

    /// Whether all that builds need is there.
    pub fn complete(&self) -> bool {
        self.tools
            .iter()
            .all(|tool| tool.found.is_some() || !tool.required)
    }
}

fn program(
    environment: &Environment,
    cancel: &Cancel,
    name: &str,
    purpose: &str,
    required: bool,
    hint: &str,
) -> Tool {
    let found = environment.find(name).map(|path| {
        let mut command = environment.command(&path);
        command.arg("--version").env("RUSTUP_AUTO_INSTALL", "0");
        let version = process::capture(command, ASK_LIMIT, cancel)
            .ok()
            .filter(|finished| finished.status.success())
            .map(|finished| finished.first_line().to_owned());
        Found {
            path,
            version,
            origin: None,
        }
    });
    let hint = found.is_none().then(|| hint.to_owned());
    Tool {
        name: name.to_owned(),
        purpose: purpose.to_owned(),
        found,
        required,
        hint,
    }
}

/// A tool that the first build fetches which needs it, into the workspace.
fn fetched(tool: &Pinned, purpose: &str, folder: &Path) -> Tool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let found = folder
        .ancestors()
        .find_map(|above| tool.find(&above.join(TOOLS)))
        .map(|path| Found {
            path,
            version: Some(tool.id.to_owned()),
            origin: None,
        });
    let hint = found
        .is_none()
        .then(|| "the first build that needs it fetches it".to_owned());
    Tool {
        name: tool.name().to_owned(),
        purpose: purpose.to_owned(),
        found,
        required: false,
        hint,
    }
}

fn target(environment: &Environment, folder: &Path, cancel: &Cancel) -> Tool {
    let (found, hint) = match RustTarget::find(environment, folder, cancel) {
        Ok(target) => {
            let found = Found {
                path: target.sysroot.clone(),
                version: Some(target.version.clone()),
                origin: Some(target.origin),
            };
            (Some(found), None)
        }
        Err(_) => (None, Some(target_hint(environment, cancel))),
    };
    Tool {
        name: TARGET.to_owned(),
        purpose: "the Rust target of components".to_owned(),
        found,
        required: true,
        hint,
    }
}

/// How to get the target: rustup's way, and what Debian's needs besides `loop build` itself.
fn target_hint(environment: &Environment, cancel: &Cancel) -> String {
    let mut hint = format!("run `rustup target add {TARGET}`");
    if environment.find("apt-get").is_none() {
        return hint;
    }
    hint.push_str("; where rustup cannot fetch it, ");
    match apt::missing_packages(environment, cancel) {
        Ok(missing) if !missing.is_empty() => {
            let install = apt::install_command(&missing);
            hint.extend(["run `sudo ", &install, "`, and the next build makes it"]);
        }
        _ => hint.push_str("the next build makes it from Debian's packages"),
    }
    hint
}
