//! Calls any exported function, with arguments and results as text.

use wasm_wave::untyped::UntypedFuncCall;
use wasm_wave::wasm::DisplayFunc;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Val};

use crate::app::outside;
use crate::error::CallError;
use crate::instances::Instances;

/// The longest text of a call that is read: a megabyte of arguments is a file, not a command line.
const CALL_BYTES_MAX: usize = 1 << 20;

/// Calls the function that `text` names, and gives its results as text.
pub(crate) async fn invoke(root: &Instances, text: &str) -> Result<String, CallError> {
    let linked = &*root.linked;
    let component = linked.pre.component();
    let bad =
        |message: String, signature: Option<String>| CallError::Arguments { message, signature };
    if text.len() > CALL_BYTES_MAX {
        return Err(bad(
            format!("the call is longer than {CALL_BYTES_MAX} bytes"),
            None,
        ));
    }
    let (interface, rest) = match text.split_once('#') {
        Some((interface, rest)) if !interface.contains('(') => (Some(interface), rest),
        _ => (None, text),
    };
    let parsed = UntypedFuncCall::parse(rest).map_err(|error| {
        bad(
            format!("`{rest}` is not a call, which looks like `add(1, 2)`: {error}"),
            None,
        )
    })?;
    let name = parsed.name();

    let no_export = || CallError::NoExport {
        component: linked.name.to_string(),
        wanted: match interface {
            Some(interface) => format!("function `{interface}#{name}`"),
            None => format!("function `{name}`"),
        },
        exports: exports(component),
    };
    let (index, ty) = find(component, interface, name).ok_or_else(no_export)?;
    let signature = signature(name, &ty);
    let types: Vec<_> = ty.params().map(|(_, ty)| ty).collect();
    let params: Vec<Val> = parsed.to_wasm_params(&types).map_err(|error| {
        bad(
            format!("the arguments of `{name}` cannot be read: {error}"),
            Some(signature.clone()),
        )
    })?;
    if params.len() != types.len() {
        let message = format!(
            "`{name}` takes {} arguments, and {} were given",
            types.len(),
            params.len()
        );
        return Err(bad(message, Some(signature)));
    }
    let count = ty.results().len();
    let call = outside().within(linked.call_limit());
    let results = root
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
        .await?;
    let texts = results
        .iter()
        .map(Val::to_wave)
        .collect::<Result<Vec<_>, _>>();
    let texts = texts.map_err(|source| CallError::Host {
        component: linked.name.to_string(),
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
) -> Option<(wasmtime::component::ComponentExportIndex, ComponentFunc)> {
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
