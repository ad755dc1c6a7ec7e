//! Which functions can be called from one component to another.

use std::collections::HashMap;

use crate::shape::{Definitions, ERROR_CONTEXT, Function, Interface, Type, TypeId, TypeKind};

/// Whether every function of an interface can be called by one component and served by another.
///
/// What crosses are values. A handle, stream or future belongs to the component that has it, and an `async
/// func` to the tasks of one component.
///
/// # Errors
/// One sentence for each function that cannot cross.
pub fn crossable(interface: &Interface) -> Result<(), Vec<String>> {
    let mut search = Search {
        wit: &interface.wit,
        known: HashMap::new(),
    };
    let sentences: Vec<String> = interface
        .functions
        .iter()
        .filter_map(|function| search.function(function))
        .collect();
    if sentences.is_empty() {
        Ok(())
    } else {
        Err(sentences)
    }
}

struct Search<'a> {
    wit: &'a Definitions,
    /// For each type that was looked at, what in it cannot cross.
    known: HashMap<TypeId, Option<String>>,
}

impl Search<'_> {
    fn function(&mut self, function: &Function) -> Option<String> {
        let name = function.spoken_name();
        if let Some(resource) = function.kind.resource() {
            return Some(format!(
                "`{name}` belongs to the resource `{resource}`, and resources stay in their component"
            ));
        }
        if function.is_async {
            return Some(format!(
                "`{name}` is an async func, and its task stays in its component"
            ));
        }
        for (param, ty) in &function.params {
            if let Some(what) = self.obstacle(*ty) {
                return Some(format!(
                    "`{name}` takes {what} in `{param}`, which stays in its component"
                ));
            }
        }
        let what = self.obstacle(function.result?)?;
        Some(format!(
            "`{name}` returns {what}, which stays in its component"
        ))
    }

    /// What within `ty` cannot cross.
    fn obstacle(&mut self, ty: Type) -> Option<String> {
        let id = match ty {
            Type::Primitive(ERROR_CONTEXT) => return Some("an error-context".to_owned()),
            Type::Primitive(_) => return None,
            Type::Defined(id) => self.wit.base(id),
        };
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let found = match self.wit.get(id).kind {
            TypeKind::Own(resource) | TypeKind::Borrow(resource) => {
                let resource = self.wit.get(self.wit.base(resource)).name.as_deref();
                Some(format!(
                    "a handle to the resource `{}`",
                    resource.unwrap_or("_")
                ))
            }
            TypeKind::Stream(_) => Some("a stream".to_owned()),
            TypeKind::Future(_) => Some("a future".to_owned()),
            _ => self
                .wit
                .parts(id)
                .into_iter()
                .find_map(|part| self.obstacle(part)),
        };
        self.known.insert(id, found.clone());
        found
    }
}
