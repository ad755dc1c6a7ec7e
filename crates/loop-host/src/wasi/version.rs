//! The versions of WASI that this host serves.

/// The versions that wasmtime serves, that ours are put in the place of, and that `wit/vendor` describes. An update of wasmtime
/// may change them: a test below says so.
macro_rules! version {
    (p2) => {
        "0.2.12"
    };
    (p3) => {
        "0.3.0"
    };
}

pub(crate) use version;

#[cfg(test)]
mod tests {
    use wasmtime::component::Linker;
    use wasmtime::{Config, Engine};

    use crate::state::State;
    use crate::wasi::folders;

    /// Otherwise they would stand beside wasmtime's, and a component would get one or the other as its version has it.
    #[test]
    fn ours_have_the_names_of_those_that_they_replace() {
        let mut config = Config::new();
        config.wasm_component_model_async(true);
        let engine = Engine::new(&config).unwrap();
        let taken = |error: wasmtime::Error| {
            let text = format!("{error:?}");
            assert!(text.contains("defined twice"), "{text}");
        };
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        taken(folders::add_to_linker_p2(&mut linker).unwrap_err());
        wasmtime_wasi::p3::add_to_linker(&mut linker).unwrap();
        taken(folders::add_to_linker_p3(&mut linker).unwrap_err());
    }
}
