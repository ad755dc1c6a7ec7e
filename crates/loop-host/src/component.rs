//! A loaded component: compiled, checked, and not yet linked to anything.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::cache::{self, Cache, Functions};
use crate::engine::{EngineKind, Engines};
use crate::error::LoadError;
use crate::host::Shared;
use crate::shape::{COMPONENT_BYTES_MAX, Check, Shape};
use crate::wasi::is_p3;

/// A component that is ready to be linked. Clones share the compiled code.
#[derive(Clone)]
pub struct Component {
    name: Arc<str>,
    pub(crate) code: wasmtime::component::Component,
    bytes: Bytes,
    kind: EngineKind,
}

impl Component {
    /// The name under which it was loaded.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same component with adapters in it, compiled for the same purpose.
    pub(crate) fn woven(&self, host: &Shared, bytes: Bytes) -> Result<Self, LoadError> {
        load(
            &host.engines,
            host.cache.as_ref(),
            &self.name,
            bytes,
            self.kind.fuel,
        )
    }

    /// Whether its engine knows `async`, `stream` and `future`.
    pub(crate) fn is_concurrent(&self) -> bool {
        self.kind.concurrent
    }

    /// The component as a file holds it.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The names of what it imports.
    pub fn imports(&self) -> Vec<String> {
        let ty = self.code.component_type();
        ty.imports(self.code.engine())
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// The names of what it exports.
    pub fn exports(&self) -> Vec<String> {
        let ty = self.code.component_type();
        ty.exports(self.code.engine())
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// Decodes its world: what it imports and exports, with all types.
    ///
    /// # Errors
    /// None for a component that was loaded, save for limits of [`Shape`] which loading does not have.
    pub fn shape(&self) -> Result<Shape, crate::shape::ShapeError> {
        Shape::decode(&self.bytes)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Reads a component's file.
pub(crate) fn read(path: &Path) -> Result<Bytes, LoadError> {
    let fail = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > COMPONENT_BYTES_MAX {
        let message = format!("it has {size} bytes, and at most {COMPONENT_BYTES_MAX} are read");
        return Err(fail(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            message,
        )));
    }
    std::fs::read(path).map(Bytes::from).map_err(fail)
}

/// Compiles a component, or takes what was compiled before from the cache.
pub(crate) fn load(
    engines: &Engines,
    cache: Option<&Cache>,
    name: &str,
    bytes: Bytes,
    fuel: bool,
) -> Result<Component, LoadError> {
    let digest = cache.map(|_| cache::digest(&bytes));
    // Whether the component needs concurrency is not known before it is decoded, which takes far longer
    // than a look into the cache. Most do not, so that engine is asked first.
    if let (Some(cache), Some(digest)) = (cache, &digest) {
        for concurrent in [false, true] {
            let kind = EngineKind { concurrent, fuel };
            if let Some(code) = cached(engines, cache, digest, kind)? {
                return Ok(Component {
                    name: name.into(),
                    code,
                    bytes,
                    kind,
                });
            }
        }
    }
    let shape_error = |source| LoadError::Shape {
        name: name.to_owned(),
        source,
    };
    // Function bodies are left to the compiler, which checks them anyway.
    let shape = Shape::decode_with(&bytes, Check::AllButCode).map_err(shape_error)?;
    // What is served of WASI 0.3 needs concurrency, also where a component uses none of it.
    let ids = shape.imported_interfaces();
    let p3 = ids.filter_map(|interface| interface.id.as_ref()).any(is_p3);
    let kind = EngineKind {
        concurrent: p3 || shape.needs_concurrency(),
        fuel,
    };
    let kept = match (cache, &digest) {
        (Some(cache), Some(digest)) => by_functions(engines, cache, digest, kind, &bytes)?,
        _ => None,
    };
    let code = match kept {
        Some(code) => code,
        None => compile(engines, cache.zip(digest.as_ref()), name, kind, &bytes)?,
    };
    Ok(Component {
        name: name.into(),
        code,
        bytes,
        kind,
    })
}

/// Compiles a component, and keeps it.
fn compile(
    engines: &Engines,
    cache: Option<(&Cache, &cache::ContentDigest)>,
    name: &str,
    kind: EngineKind,
    bytes: &[u8],
) -> Result<wasmtime::component::Component, LoadError> {
    let engine = engines.get(kind)?;
    let code = wasmtime::component::Component::from_binary(engine, bytes).map_err(|source| {
        LoadError::Compile {
            name: name.to_owned(),
            source,
        }
    })?;
    if let Some((cache, digest)) = cache {
        match code.serialize() {
            Ok(serialized) => cache.put(digest, engines.key(kind)?, &serialized),
            Err(error) => tracing::warn!(component = name, %error, "compiled code was not cached"),
        }
    }
    Ok(code)
}

/// Compiles a large component with what is known of its functions, and takes it from the cache then. Nothing if that
/// does not work, for whatever reason: it is compiled without then.
fn by_functions(
    engines: &Engines,
    cache: &Cache,
    digest: &cache::ContentDigest,
    kind: EngineKind,
    bytes: &[u8],
) -> Result<Option<wasmtime::component::Component>, LoadError> {
    if !engines.reuses_functions() {
        return Ok(None);
    }
    let key = engines.key(kind)?;
    let Some(functions) = Functions::of(cache, bytes, key) else {
        return Ok(None);
    };
    let Some(code) = engines.precompile(kind, bytes, &functions) else {
        return Ok(None);
    };
    functions.keep(cache);
    cache.put(digest, key, &code);
    cached(engines, cache, digest, kind)
}

fn cached(
    engines: &Engines,
    cache: &Cache,
    digest: &cache::ContentDigest,
    kind: EngineKind,
) -> Result<Option<wasmtime::component::Component>, LoadError> {
    let Some(file) = cache.get(digest, engines.key(kind)?) else {
        return Ok(None);
    };
    // SAFETY: the file holds what `Component::serialize` gave, and a trailer that no part of the code refers to.
    // `Cache::get` gives only entries that no other user can have written, in a folder no other user can write to,
    // and whose checksum says that they are whole; entries are written by `Cache::put` alone, which `compile` above calls
    // with that result and `by_functions` with that of `Engine::precompile_component`, which is the same; and it never
    // changes a file that stands there: it puts another in its place.
    #[expect(
        unsafe_code,
        reason = "wasmtime cannot check that compiled code is its own"
    )]
    let component =
        unsafe { wasmtime::component::Component::deserialize_file(engines.get(kind)?, file) };
    match component {
        Ok(component) => Ok(Some(component)),
        Err(error) => {
            tracing::warn!(%error, "an entry of the cache is not used");
            Ok(None)
        }
    }
}
