//! Every environment variable that `loop` reads by itself, in one place.
//!
//! A component sees none of these unless it is granted; tools that are started for a build see the whole environment.

use std::ffi::OsString;
use std::path::PathBuf;

use loop_build::Environment;

/// An environment variable.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does, for the reference.
    pub(crate) about: &'static str,
}

impl Variable {
    /// Its value, unless it is unset or empty.
    pub(crate) fn get(&self) -> Option<OsString> {
        std::env::var_os(self.name).filter(|value| !value.is_empty())
    }

    /// Its value where it is text.
    pub(crate) fn text(&self) -> Option<String> {
        self.get().and_then(|value| value.into_string().ok())
    }

    fn absolute(&self) -> Option<PathBuf> {
        self.get()
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }
}

/// Where toolchains that were made and compiled code are kept.
pub(crate) const LOOP_CACHE: Variable = Variable {
    name: "LOOP_CACHE",
    about: "the folder for compiled code and for toolchains that were made; an absolute path, in place of `$XDG_CACHE_HOME/loop`",
};

/// What is logged.
pub(crate) const LOOP_LOG: Variable = Variable {
    name: "LOOP_LOG",
    about: "which records of components are shown, as for `--log`: `debug`, or `warn,web=debug` (default `info`)",
};

/// What the host itself logs.
pub(crate) const LOOP_TRACE: Variable = Variable {
    name: "LOOP_TRACE",
    about: "which events of the host itself are shown, for who works on it: a filter of tracing-subscriber, such as `loop_host=debug`",
};

/// Whether there are colours.
pub(crate) const NO_COLOR: Variable = Variable {
    name: "NO_COLOR",
    about: "no colours, whatever its value (`--color` goes before it)",
};

/// What the terminal can do.
pub(crate) const TERM: Variable = Variable {
    name: "TERM",
    about: "`dumb`: no colours, and progress as plain lines",
};

/// How wide the terminal is, where it cannot be asked.
pub(crate) const COLUMNS: Variable = Variable {
    name: "COLUMNS",
    about: "the width that progress and help are cut to, where the terminal does not tell",
};

/// Where caches stand.
pub(crate) const XDG_CACHE_HOME: Variable = Variable {
    name: "XDG_CACHE_HOME",
    about: "where the cache folder `loop` stands (default `~/.cache`)",
};

/// The user's folder.
pub(crate) const HOME: Variable = Variable {
    name: "HOME",
    about: "where `.cache` is, if `XDG_CACHE_HOME` is not set; without both nothing is cached",
};

/// All of them, as `docs/cli.md` lists them.
pub(crate) const ALL: [&Variable; 8] = [
    &LOOP_CACHE,
    &LOOP_LOG,
    &LOOP_TRACE,
    &NO_COLOR,
    &TERM,
    &COLUMNS,
    &XDG_CACHE_HOME,
    &HOME,
];

/// The folder for what is worth keeping between runs.
pub(crate) fn cache() -> Option<PathBuf> {
    LOOP_CACHE.absolute().or_else(|| {
        let base = XDG_CACHE_HOME.absolute();
        let base = base.or_else(|| HOME.absolute().map(|home| home.join(".cache")))?;
        Some(base.join("loop"))
    })
}

/// The environment that builds see: all of ours.
pub(crate) fn build_environment() -> Environment {
    let mut environment = Environment::new(std::env::vars_os());
    if let Some(cache) = LOOP_CACHE.absolute() {
        environment.cache = Some(cache);
    }
    environment
}

/// A variable that an app grants to one of its components.
pub(crate) fn granted(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Where a program is that an app grants to one of its components: on the `PATH`, unless its path is granted.
pub(crate) fn program(granted: &str) -> Option<PathBuf> {
    let path = PathBuf::from(granted);
    if path.is_absolute() {
        return path.is_file().then_some(path);
    }
    Environment::new(std::env::vars_os()).find(granted)
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn the_reference_lists_every_variable() {
        let reference = include_str!("../../../docs/cli.md");
        for variable in ALL {
            let row = format!("| `{}` | {} |", variable.name, variable.about);
            assert!(reference.contains(&row), "docs/cli.md lacks the row\n{row}");
        }
    }
}
