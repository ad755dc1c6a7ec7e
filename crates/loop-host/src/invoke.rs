//! Exported functions, called by name: with values, or with arguments and results as text.

use std::fmt;
use std::sync::Arc;

use wasm_wave::untyped::UntypedFuncCall;
use wasm_wave::wasm::DisplayFunc;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, Type, Val};

use crate::app::outside;
use crate::error::CallError;
use crate::instances::Instances;

/// The longest text of a call that is read: a megabyte of arguments is a file, not a command line.
const CALL_BYTES_MAX: usize = 1 << 20;

/// An exported function of an app's root. Made by [`crate::App::function`].
#[derive(Clone)]
pub struct Function {
    root: Arc<Instances>,
    index: ComponentExportIndex,
    signature: String,
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
        let component = linked.pre.component();
        let (index, ty) = find(component, interface, name).ok_or_else(|| CallError::NoExport {
            component: linked.name.to_string(),
            wanted: match interface {
                Some(interface) => format!("function `{interface}#{name}`"),
                None => format!("function `{name}`"),
            },
            exports: exports(component),
        })?;
        Ok(Self {
            root: Arc::clone(root),
            index,
            signature: signature(name, &ty),
            params: ty.params().map(|(_, ty)| ty).collect(),
            results: ty.results().len(),
        })
    }

    /// What it takes and gives, as WAVE writes it: `add: func(a: u32, b: u32) -> u32`.
    pub fn signature(&self) -> &str {
        &self.signature
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
            .field("signature", &self.signature)
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
    let signature = || Some(function.signature.clone());
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

/// The functions that a component exports, as `invoke` wants them written.
pub(crate) fn exports(component: &Component) -> Vec<String> {
    let engine = component.engine();
    let mut names = Vec::new();
    for (name, item) in component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(function) => names.push(signature(name, &function)),
            ComponentItem::ComponentInstance(instance) => {
                for (function, item) in instance.exports(engine) {
                    if let ComponentItem::ComponentFunc(ty) = item.ty {
                        names.push(format!("{name}#{}", signature(function, &ty)));
                    }
                }
            }
            _ => {}
        }
    }
    names
}

fn find(
    component: &Component,
    interface: Option<&str>,
    name: &str,
) -> Option<(ComponentExportIndex, ComponentFunc)> {
    let engine = component.engine();
    let ty = component.component_type();
    let Some(interface) = interface else {
        let index = component.get_export_index(None, name)?;
        let ComponentItem::ComponentFunc(function) = ty.get_export(engine, name)?.ty else {
            return None;
        };
        return Some((index, function));
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
    let instance = component.get_export_index(None, export)?;
    Some((component.get_export_index(Some(&instance), name)?, function))
}

fn signature(name: &str, ty: &ComponentFunc) -> String {
    format!("{name}: {}", DisplayFunc(ty.clone()))
}
