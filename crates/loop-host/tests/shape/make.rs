//! Components made from text, so that a case shows all that it is about.

use loop_host::shape::Shape;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

/// The bytes of a component of the world `w` in `wit`. Its functions do nothing.
pub(crate) fn component(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("test.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mangling = ManglingAndAbi::Legacy(wit_parser::LiftLowerAbi::Sync);
    let mut module = dummy_module(&resolve, world, mangling);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap()
}

/// The same, described.
pub(crate) fn shape(wit: &str) -> Shape {
    Shape::decode(&component(wit)).unwrap()
}

/// What `wit-component` prints for a component.
pub(crate) fn wit_by_upstream(bytes: &[u8]) -> String {
    let decoded = wit_component::decode(bytes).unwrap();
    let resolve = decoded.resolve();
    let main = decoded.package();
    let others: Vec<_> = resolve
        .packages
        .iter()
        .map(|(id, _)| id)
        .filter(|id| *id != main)
        .collect();
    let mut printer = wit_component::WitPrinter::default();
    printer.print(resolve, main, &others).unwrap();
    printer.output.to_string()
}
