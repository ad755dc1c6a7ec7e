//! Plans for the tests.

use loop_codec::random::{Chance, Ingredients, value, wit};
use loop_codec::{Plan, PlanError, Value};
use wit_parser::{InterfaceId, Resolve};

/// The interfaces of the last package in a text, in its order.
pub(crate) fn interfaces(text: &str) -> (Resolve, Vec<(String, InterfaceId)>) {
    let mut resolve = Resolve::new();
    let package = resolve
        .push_source("test.wit", text)
        .unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let found = resolve.packages[package].interfaces.clone();
    (resolve, found.into_iter().collect())
}

/// The plan of all of them.
pub(crate) fn try_plan(text: &str) -> Result<Plan, PlanError> {
    let (resolve, interfaces) = interfaces(text);
    Plan::new(
        &resolve,
        interfaces.iter().map(|(name, id)| (name.as_str(), *id)),
    )
}

/// A plan with one function `f` that takes a value of this type.
pub(crate) fn of_type(declarations: &str, ty: &str) -> Plan {
    try_plan(&format!(
        "package a:b; interface i {{ resource r; {declarations} f: func(p: {ty}); }}"
    ))
    .unwrap()
}

/// An interface made by chance, with its plan.
pub(crate) fn made(chance: &mut Chance, ingredients: Ingredients) -> (String, Plan) {
    let text = wit(chance, ingredients);
    let plan = try_plan(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, plan)
}

/// Arguments for a function, made by chance.
pub(crate) fn params(chance: &mut Chance, plan: &Plan, function: usize) -> Vec<Value> {
    let types = plan.functions()[function].params.clone();
    let mut handle =
        |resource: usize, owned| vec![u8::try_from(resource).unwrap(), u8::from(owned)];
    types
        .into_iter()
        .map(|ty| value(chance, plan, ty, &mut handle))
        .collect()
}

/// How many interfaces a test makes: as many as the environment asks for, or the usual number, which takes seconds.
pub(crate) fn rounds(usual: u64) -> u64 {
    let asked = std::env::var("LOOP_ROUNDS").ok();
    asked.map_or(usual, |asked| asked.parse().unwrap())
}
