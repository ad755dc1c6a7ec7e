//! The provider's adapter: messages become calls of a component's exports.

use wasm_encoder::{
    BlockType, CanonicalOption as Option_, ExportKind, InstanceType, PrimitiveValType, ValType,
};

use crate::adapter::body::{Body, Local, at};
use crate::adapter::call::CallShape;
use crate::adapter::component::{AdaptError, Writer, call_type, declare_fail};
use crate::adapter::exports::{Exports, Lifted};
use crate::adapter::module::{Builder, END, Guest, Routine, START, Signature, TOP};
use crate::adapter::wire::{BASE, RETURNED, WIRE, Wire};
use crate::adapter::{FAULT, SERVE};
use crate::fault::FaultKind;
use crate::plan::Plan;

const I32: ValType = ValType::I32;

/// Gives a component that also serves the plan's interfaces by messages.
///
/// # Errors
/// When the bytes are no component, it lacks one of the interfaces, or it is made in a way that an adapter does not fit: its
/// exports are those of components inside it, its texts are not UTF-8, or its functions are asynchronous.
pub fn provider(component: &[u8], plan: &Plan) -> Result<Vec<u8>, AdaptError> {
    let exports = Exports::read(component)?;
    let all: Vec<usize> = (0..plan.interfaces().len()).collect();
    plan.only_bytes(&all)?;
    let mut lifted = Vec::new();
    for function in plan.functions() {
        let interface = plan.interfaces().get(function.interface);
        let interface = interface.map_or("", String::as_str);
        lifted.push(exports.lifted(interface, &function.name)?);
    }
    let mut writer = Writer {
        counts: exports.counts().clone(),
        ..Writer::default()
    };
    serve(&mut writer, plan, &lifted)?;
    // What is added comes after all that is there, so nothing changes its number.
    let added = writer.component.finish();
    let header = wasm_encoder::Component::HEADER.len();
    let mut adapted = component.to_vec();
    adapted.extend_from_slice(added.get(header..).unwrap_or_default());
    Ok(adapted)
}

fn serve(writer: &mut Writer, plan: &Plan, lifted: &[Lifted]) -> Result<(), AdaptError> {
    let mut fault = InstanceType::new();
    declare_fail(&mut fault);
    let fault = writer.ty(|types| {
        types.instance(&fault);
    });
    let fault = writer.import(FAULT, fault);
    let fail = writer.export_of(fault, "fail");
    let fail = writer.lower(fail, &[]);
    let wire = Wire::make(writer, fail);

    let memory = one(lifted.iter().map(|lifted| lifted.memory))?;
    let realloc = one(lifted.iter().map(|lifted| lifted.realloc))?;
    let guest = Guest {
        memory: memory.is_some(),
        realloc: realloc.is_some(),
    };
    let module = module(plan, guest, lifted)?;
    let module = writer.module(&module);

    let names: Vec<(String, String)> = (0..lifted.len())
        .map(|number| (format!("call {number}"), format!("after {number}")))
        .collect();
    let mut functions = Vec::new();
    for ((call, after), lifted) in names.iter().zip(lifted) {
        functions.push((call.as_str(), ExportKind::Func, lifted.function));
        if let Some(post_return) = lifted.post_return {
            functions.push((after.as_str(), ExportKind::Func, post_return));
        }
    }
    let host = writer.bundle(&functions);
    let mut args = vec![(WIRE, wire.instance), ("host", host)];
    let mut items = Vec::new();
    items.extend(memory.map(|memory| ("memory", ExportKind::Memory, memory)));
    items.extend(realloc.map(|realloc| ("realloc", ExportKind::Func, realloc)));
    if !items.is_empty() {
        args.push(("guest", writer.bundle(&items)));
    }
    let instance = writer.instantiate(module, &args);
    let function = writer.core_export(instance, ExportKind::Func, "serve");
    let bytes = writer.ty(|types| types.defined_type().list(PrimitiveValType::U8));
    let ty = writer.ty(|types| call_type(bytes, types.function()));
    let options: [Option_; 2] = wire.options();
    let function = writer.lift(function, ty, &options);
    writer.export(SERVE, &[("serve", function)]);
    Ok(())
}

/// What those that name something agree on.
fn one(mut named: impl Iterator<Item = Option<u32>>) -> Result<Option<u32>, AdaptError> {
    named.try_fold(None, |known: Option<u32>, next| match (known, next) {
        (Some(known), Some(next)) if known != next => Err(AdaptError::unsupported(
            "the component's exports are in more than one memory",
        )),
        _ => Ok(known.or(next)),
    })
}

fn module(
    plan: &Plan,
    guest: Guest,
    lifted: &[Lifted],
) -> Result<wasm_encoder::Module, AdaptError> {
    let shapes = plan
        .functions()
        .iter()
        .map(|function| CallShape::new(plan, function))
        .collect::<Result<Vec<_>, _>>()?;
    let mut host: Vec<(String, Signature)> = Vec::new();
    // Where in `host` each function is.
    let mut places = Vec::new();
    for ((number, shape), lifted) in shapes.iter().enumerate().zip(lifted) {
        let signature = shape.exported();
        let after = (signature.1.clone(), Vec::new());
        places.push(u32::try_from(host.len()).unwrap_or(u32::MAX));
        host.push((format!("call {number}"), signature));
        if lifted.post_return.is_some() {
            host.push((format!("after {number}"), after));
        }
    }
    let roots = u32::try_from(shapes.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let mut builder = Builder::new(plan, guest, roots, plan.headroom(), &host);

    let (mut body, args) = Body::new(&[I32; 3]);
    serve_body(&mut builder, &mut body, &args, roots - 1);
    builder.root("serve", (vec![I32; 3], vec![I32]), body.finish());
    for ((number, shape), (place, lifted)) in
        shapes.iter().enumerate().zip(places.iter().zip(lifted))
    {
        let (mut body, args) = Body::new(&[I32]);
        let call = builder.host() + place;
        let after = lifted.post_return.map(|_| call + 1);
        function_body(&mut builder, &mut body, &args, shape, call, after)?;
        builder.root(&number.to_string(), (vec![I32], vec![]), body.finish());
    }
    builder.finish()
}

/// `(function, pointer, bytes) -> returned`: jumps to the function with that number.
fn serve_body(builder: &mut Builder<'_>, body: &mut Body, args: &[Local], functions: u32) {
    let [function, pointer, bytes] = args else {
        return;
    };
    body.get(*pointer);
    body.ops().global_set(START);
    body.get(*pointer);
    body.get(*bytes);
    body.ops().i32_add().global_set(END);
    for _ in 0..=functions {
        body.ops().block(BlockType::Empty);
    }
    body.get(*function);
    body.ops().br_table(0..functions, functions).end();
    for number in 0..functions {
        let callee = builder.root_number(number + 1);
        body.get(*pointer);
        body.ops()
            .call(callee)
            .i32_const(RETURNED.cast_signed())
            .return_()
            .end();
    }
    builder.fail_at(body, FaultKind::Function, *pointer);
}

/// `(pointer)`: reads the arguments, makes the call, writes the result.
fn function_body(
    builder: &mut Builder<'_>,
    body: &mut Body,
    args: &[Local],
    shape: &CallShape,
    call: u32,
    after: Option<u32>,
) -> Result<(), AdaptError> {
    let [cursor] = args else {
        return Err(AdaptError::TooComplex);
    };
    let params = if let Some(flat) = &shape.flat_params {
        let params = body.flat_locals(flat);
        builder.decode_members(body, &shape.params, &params, *cursor)?;
        params
    } else {
        let members = builder.plan.members(&shape.params);
        let (offsets, layout) = members.map_err(|_| AdaptError::TooComplex)?;
        let (bytes, pointer) = (body.local(I32), body.local(I32));
        body.i32(layout.size);
        body.set(bytes);
        builder.allocate(body, bytes, layout.align)?;
        body.set(pointer);
        for (ty, offset) in shape.params.iter().zip(offsets) {
            body.still_short()?;
            builder.decode_memory(body, *ty, pointer, offset, *cursor)?;
        }
        vec![pointer]
    };
    builder.check_all_read(body, *cursor);
    for param in params {
        body.get(param);
    }
    body.ops().call(call);
    let returned: Vec<Local> = shape
        .exported()
        .1
        .iter()
        .map(|ty| body.local(*ty))
        .collect();
    for local in &returned {
        body.set(*local);
    }

    // The arguments have been read, and their place is used again.
    body.i32(BASE);
    body.ops().local_tee(cursor.index).i64_const(0);
    builder.call(body, Routine::Reserve);
    match (shape.result, &shape.flat_result, returned.first()) {
        (Some(ty), Some(_), _) => builder.encode_flat(body, ty, &returned, *cursor)?,
        (Some(ty), None, Some(pointer)) => {
            builder.encode_memory(body, ty, *pointer, 0, *cursor)?;
        }
        _ => {}
    }
    builder.check_length(body, *cursor);
    if let Some(after) = after {
        for local in &returned {
            body.get(*local);
        }
        body.ops().call(after);
    }
    let wire = builder.wire();
    body.ops()
        .i32_const(0)
        .i32_const(BASE.cast_signed())
        .i32_store(at(wire, RETURNED, 4));
    body.ops().i32_const(0);
    body.get(*cursor);
    body.i32(BASE);
    body.ops().i32_sub().i32_store(at(wire, RETURNED + 4, 4));
    // The next message takes the place of this one, which the engine has read by then.
    body.i32(BASE);
    body.ops().global_set(TOP);
    Ok(())
}
