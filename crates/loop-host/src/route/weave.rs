//! What a component becomes before it is linked: adapters are put into it, so that its calls are bytes.

use std::sync::Arc;

use loop_codec::adapter::{self, AdaptError};
use loop_codec::{Plan, PlanError};

use crate::component::Component;
use crate::error::{LinkError, LoadError};
use crate::host::Shared;
use crate::route::provider::Served;
use crate::shape::{self, Interface};

/// A component as it will run.
pub(crate) struct Woven {
    pub(crate) component: Component,
    /// The interfaces that it calls through routes.
    pub(crate) calls: Calls,
    /// What it serves to others.
    pub(crate) served: Option<Served>,
}

/// The interfaces that a component calls through routes, in two parts.
#[derive(Default)]
pub(crate) struct Calls {
    /// Those whose calls an adapter turns into bytes.
    pub(crate) by_adapter: Option<Arc<Plan>>,
    /// Those whose calls come as dynamic values.
    pub(crate) by_values: Option<Arc<Plan>>,
}

/// Puts adapters into a component for the imports that routes serve and the exports that others call, each by the name that
/// the component has for it. Interfaces with resources, and components that no adapter fits, are called with dynamic values:
/// nobody notices but in speed.
pub(crate) fn weave(
    host: &Shared,
    component: &Component,
    imports: &[&str],
    exports: &[&str],
) -> Result<Woven, LinkError> {
    let mut woven = Woven {
        component: component.clone(),
        calls: Calls::default(),
        served: None,
    };
    if imports.is_empty() && exports.is_empty() {
        return Ok(woven);
    }
    let name = component.name();
    let load_error = |source| LinkError::Load {
        component: name.to_owned(),
        source,
    };
    let shape = component.shape().map_err(|source| {
        let name = name.to_owned();
        load_error(LoadError::Shape { name, source })
    })?;
    let imports = named(shape.imported_interfaces(), imports);
    let exports = named(shape.exported_interfaces(), exports);
    let mut adapted = None;
    let calls = split(&imports, |plan| {
        adapted = fitting(adapter::caller(component.bytes(), plan), name);
        adapted.is_some()
    })?;
    let serves = split(&exports, |plan| {
        let bytes = adapted.as_deref().unwrap_or(component.bytes());
        let fitted = fitting(adapter::provider(bytes, plan), name);
        let fits = fitted.is_some();
        adapted = fitted.or(adapted.take());
        fits
    })?;
    if let Some(adapted) = adapted {
        woven.component = component.woven(host, adapted.into()).map_err(load_error)?;
    }
    woven.calls = Calls {
        by_adapter: calls.0.map(Arc::new),
        by_values: calls.1.map(Arc::new),
    };
    woven.served = Served::new(&woven.component.code, serves.0, serves.1);
    Ok(woven)
}

fn named<'a>(
    interfaces: impl Iterator<Item = &'a Interface>,
    names: &[&str],
) -> Vec<&'a Interface> {
    interfaces
        .filter(|interface| names.contains(&&*interface.name))
        .collect()
}

/// The plans of interfaces: of those for which `adapt` makes an adapter, and of the others.
fn split(
    interfaces: &[&Interface],
    adapt: impl FnOnce(&Plan) -> bool,
) -> Result<(Option<Plan>, Option<Plan>), LinkError> {
    let Some(all) = plan(interfaces)? else {
        return Ok((None, None));
    };
    let with_resources = all.interfaces_by_values();
    let numbered = || interfaces.iter().copied().enumerate();
    let without: Vec<_> = numbered()
        .filter(|(number, _)| !with_resources.contains(number))
        .map(|(_, interface)| interface)
        .collect();
    let Some(plain) = plan(&without)? else {
        return Ok((None, Some(all)));
    };
    if !adapt(&plain) {
        return Ok((None, Some(all)));
    }
    let with: Vec<_> = numbered()
        .filter(|(number, _)| with_resources.contains(number))
        .map(|(_, interface)| interface)
        .collect();
    Ok((Some(plain), plan(&with)?))
}

/// The plan of interfaces. `None` if there are none.
fn plan(interfaces: &[&Interface]) -> Result<Option<Plan>, LinkError> {
    if interfaces.is_empty() {
        return Ok(None);
    }
    let (resolve, ids) = shape::resolve(interfaces);
    let names = interfaces.iter().map(|interface| &*interface.name);
    match Plan::new(&resolve, names.zip(ids)) {
        Ok(plan) => Ok(Some(plan)),
        Err(PlanError::Refused { reasons }) => Err(LinkError::NotCrossable {
            interface: reasons
                .first()
                .map_or_else(String::new, |reason| reason.interface.clone()),
            reasons: reasons
                .iter()
                .map(|reason| format!("`{}` {}", reason.function, reason.why))
                .collect(),
        }),
        Err(error) => Err(LinkError::NotCrossable {
            interface: interfaces
                .first()
                .map_or_else(String::new, |interface| interface.name.clone()),
            reasons: vec![error.to_string()],
        }),
    }
}

/// The adapted component, if an adapter fits.
fn fitting(adapted: Result<Vec<u8>, AdaptError>, component: &str) -> Option<Vec<u8>> {
    adapted
        .inspect_err(|error| tracing::debug!(component, %error, "calls go through dynamic values"))
        .ok()
}
