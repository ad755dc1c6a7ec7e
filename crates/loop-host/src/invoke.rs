//! Exported functions, called by name: with values, or with arguments and results as text.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{ComponentExportIndex, Type, Val};

use crate::app::outside;
use crate::error::CallError;
use crate::instances::Instances;
use crate::linked::Linked;
use crate::shape::{Check, Item, Shape};

/// The longest text of a call that is read: a megabyte of arguments is a file, not a command line.
const CALL_BYTES_MAX: usize = 1 << 20;

/// Exported functions that an error shows with their types: nobody reads more, and a hostile component can have a million.
const SIGNATURES_MAX: usize = 64;

/// What errors tell of a component's exports: their types where the component was kept as its file holds it, and names
/// elsewhere. A server need not keep megabytes for an error that it never meets.
pub(crate) struct Signatures(pub(crate) Option<Bytes>);

impl Signatures {
    /// The component's shape. It was checked when it was compiled.
    fn shape(&self) -> Option<Shape> {
        Shape::decode_with(self.0.as_ref()?, Check::AllButCode).ok()
    }
}

/// An exported function of an app's root. Made by [`crate::App::function`].
#[derive(Clone)]
pub struct Function {
    root: Arc<Instances>,
    index: ComponentExportIndex,
    /// The export that it stands in, unless that is the component itself.
    interface: Option<String>,
    name: String,
    params: Vec<Type>,
    results: usize,
}

impl Function {
    pub(crate) fn find(
        root: &Arc<Instances>,
        interface: Option<&str>,
        name: &str,
    ) -> Result<Self, CallError> {
        let linked = &*root.linked;
        let (index, interface, ty) =
            find(linked.pre.component(), interface, name).ok_or_else(|| CallError::NoExport {
                component: linked.name.to_string(),
                wanted: match interface {
                    Some(interface) => format!("function `{interface}#{name}`"),
                    None => format!("function `{name}`"),
                },
                exports: exports(linked),
            })?;
        Ok(Self {
            root: Arc::clone(root),
            index,
            interface,
            name: name.to_owned(),
            params: ty.params().map(|(_, ty)| ty).collect(),
            results: ty.results().len(),
        })
    }

    /// What it takes and gives, as WIT writes it: `add: func(a: u32, b: u32) -> u32`.
    ///
    /// The component is decoded for it, which takes a millisecond where it is small, and a second where it is very large.
    pub fn signature(&self) -> String {
        let shape = self.root.linked.signatures.shape();
        let written = shape.and_then(|shape| match &self.interface {
            Some(name) => {
                let mut interfaces = shape.exported_interfaces();
                let interface = interfaces.find(|interface| interface.name == *name)?;
                Some(interface.signature(interface.function(&self.name)?))
            }
            None => shape.exports.iter().find_map(|item| match item {
                Item::Function(function) if function.name == self.name => {
                    Some(shape.signature(function))
                }
                _ => None,
            }),
        });
        written.unwrap_or_else(|| self.name.clone())
    }

    /// Calls it, on an instance as the component's mode says. Dropping the future ends the call where it is.
    ///
    /// # Errors
    /// [`CallError::Host`] if the values are not of the function's types; otherwise how the call was ended.
    pub async fn call(&self, params: &[Val]) -> Result<Vec<Val>, CallError> {
        let (index, count) = (self.index, self.results);
        let params = params.to_vec();
        let call = outside().within(self.root.linked.call_limit());
        self.root
            .with(&call, move |live| {
                Box::pin(async move {
                    let function = live
                        .instance
                        .get_func(&mut live.store, index)
                        .ok_or_else(|| wasmtime::format_err!("the export is not a function"))?;
                    let mut results = vec![Val::Bool(false); count];
                    function
                        .call_async(&mut live.store, &params, &mut results)
                        .await?;
                    Ok(results)
                })
            })
            .await
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("interface", &self.interface)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The interface and the function of `acme:math/calc#add`, or the function alone.
pub(crate) fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('#') {
        Some((interface, rest)) if !interface.contains('(') => (Some(interface), rest),
        _ => (None, text),
    }
}

/// Calls the function that `text` names, and gives its results as text.
pub(crate) async fn invoke(root: &Arc<Instances>, text: &str) -> Result<String, CallError> {
    let bad = |message, signature| CallError::Arguments { message, signature };
    if text.len() > CALL_BYTES_MAX {
        let message = format!("the call is longer than {CALL_BYTES_MAX} bytes");
        return Err(bad(message, None));
    }
    let (interface, rest) = split(text);
    let parsed = UntypedFuncCall::parse(rest).map_err(|error| {
        let message = format!("`{rest}` is not a call, which looks like `add(1, 2)`: {error}");
        bad(message, None)
    })?;
    let name = parsed.name();
    let function = Function::find(root, interface, name)?;
    let signature = || Some(function.signature());
    let params: Vec<Val> = parsed.to_wasm_params(&function.params).map_err(|error| {
        bad(
            format!("the arguments of `{name}` cannot be read: {error}"),
            signature(),
        )
    })?;
    let (given, wanted) = (params.len(), function.params.len());
    if given != wanted {
        let message = format!("`{name}` takes {wanted} arguments, and {given} were given");
        return Err(bad(message, signature()));
    }
    let results = function.call(&params).await?;
    let texts = results
        .iter()
        .map(Val::to_wave)
        .collect::<Result<Vec<_>, _>>();
    let component = || root.linked.name.to_string();
    let texts = texts.map_err(|source| CallError::Host {
        component: component(),
        source,
    })?;
    Ok(texts.join(", "))
}

/// The functions that a component exports: the first ones as `invoke` wants them written, of the rest the names.
pub(crate) fn exports(linked: &Linked) -> Vec<String> {
    let Some(shape) = linked.signatures.shape() else {
        let code = linked.pre.component();
        let exports = code.component_type();
        let exports = exports.exports(code.engine());
        return exports.map(|(name, _)| name.to_owned()).collect();
    };
    let functions = shape.exports.iter().flat_map(|item| match item {
        Item::Function(function) => vec![(None, function)],
        Item::Interface(interface) => {
            let functions = interface.functions.iter();
            functions.map(|each| (Some(interface), each)).collect()
        }
        Item::Type(_) | Item::Other { .. } => Vec::new(),
    });
    let written = functions.enumerate().map(|(at, (interface, function))| {
        let short = at >= SIGNATURES_MAX;
        match interface {
            Some(interface) if short => format!("{}#{}", interface.name, function.spoken_name()),
            Some(interface) => format!("{}#{}", interface.name, interface.signature(function)),
            None if short => function.spoken_name().to_owned(),
            None => shape.signature(function),
        }
    });
    written.collect()
}

/// A function, and the full name of the export that it stands in.
fn find(
    code: &wasmtime::component::Component,
    interface: Option<&str>,
    name: &str,
) -> Option<(ComponentExportIndex, Option<String>, ComponentFunc)> {
    let engine = code.engine();
    let ty = code.component_type();
    let Some(interface) = interface else {
        let index = code.get_export_index(None, name)?;
        let ComponentItem::ComponentFunc(function) = ty.get_export(engine, name)?.ty else {
            return None;
        };
        return Some((index, None, function));
    };
    let (export, item) = ty.exports(engine).find(|(export, _)| {
        *export == interface
            || export
                .split_once('@')
                .is_some_and(|(bare, _)| bare == interface)
    })?;
    let ComponentItem::ComponentInstance(instance) = item.ty else {
        return None;
    };
    let ComponentItem::ComponentFunc(function) = instance.get_export(engine, name)?.ty else {
        return None;
    };
    let instance = code.get_export_index(None, export)?;
    let index = code.get_export_index(Some(&instance), name)?;
    Some((index, Some(export.to_owned()), function))
}
