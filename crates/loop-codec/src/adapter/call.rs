//! The core functions of the caller's adapter: what the component calls in place of its imports.

use wasm_encoder::ValType;

use crate::MESSAGE_BYTES_MAX;
use crate::adapter::body::{Body, Local, at};
use crate::adapter::component::AdaptError;
use crate::adapter::module::{BUSY, Builder, END, Guest, Routine, START, Signature, TOP};
use crate::adapter::wire::{BASE, RETURNED};
use crate::fault::FaultKind;
use crate::plan::{FLAT_PARAMS_MAX, Flat, Plan, Ty};

const I32: ValType = ValType::I32;

/// The module of the adapter, which exports each function under its number.
pub(crate) fn module(
    plan: &Plan,
    guest: Guest,
    functions: &[usize],
    interfaces: &[usize],
) -> Result<wasm_encoder::Module, AdaptError> {
    let invoke: Signature = (vec![I32; 4], vec![]);
    let host: Vec<(String, Signature)> = interfaces
        .iter()
        .map(|interface| (interface.to_string(), invoke.clone()))
        .collect();
    let roots = u32::try_from(functions.len()).unwrap_or(u32::MAX);
    let mut builder = Builder::new(plan, guest, roots, plan.headroom(), &host);
    for number in functions {
        let Some(function) = plan.functions().get(*number) else {
            continue;
        };
        let shape = CallShape::new(plan, function)?;
        let position = interfaces.iter().position(|i| *i == function.interface);
        let invoke = builder.host() + u32::try_from(position.unwrap_or(0)).unwrap_or(0);
        let number = u32::try_from(*number).unwrap_or(u32::MAX);
        let (signature, _) = shape.imported();
        let (mut body, args) = Body::new(&signature);
        call_body(&mut builder, &mut body, &args, &shape, number, invoke)?;
        builder.root(&number.to_string(), shape.imported(), body.finish());
    }
    builder.finish()
}

/// How the arguments and the result of a function pass between core functions.
#[derive(Clone, Debug)]
pub(crate) struct CallShape {
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Option<Ty>,
    /// The arguments, or `None` if they pass through memory.
    pub(crate) flat_params: Option<Vec<Flat>>,
    /// The result, or `None` if it passes through memory.
    pub(crate) flat_result: Option<Vec<Flat>>,
}

impl CallShape {
    pub(crate) fn new(plan: &Plan, function: &crate::Function) -> Result<Self, AdaptError> {
        let (_, params) = plan
            .members(&function.params)
            .map_err(|_| AdaptError::TooComplex)?;
        let flat_result = match function.result {
            Some(ty) => plan
                .node(ty)
                .layout
                .flat
                .clone()
                .filter(|flat| flat.len() <= 1),
            None => Some(Vec::new()),
        };
        Ok(Self {
            params: function.params.clone(),
            result: function.result,
            flat_params: params.flat.filter(|flat| flat.len() <= FLAT_PARAMS_MAX),
            flat_result,
        })
    }

    /// What a component that imports the function calls.
    fn imported(&self) -> Signature {
        let mut params = self.params_signature();
        let Some(flat) = &self.flat_result else {
            params.push(I32);
            return (params, Vec::new());
        };
        (params, flat.iter().map(Into::into).collect())
    }

    /// What a component that exports the function is called by.
    pub(crate) fn exported(&self) -> Signature {
        let results = match &self.flat_result {
            Some(flat) => flat.iter().map(Into::into).collect(),
            None => vec![I32],
        };
        (self.params_signature(), results)
    }

    fn params_signature(&self) -> Vec<ValType> {
        match &self.flat_params {
            Some(flat) => flat.iter().map(Into::into).collect(),
            None => vec![I32],
        }
    }
}

/// The function that the component calls: writes the arguments, makes the call, reads the result.
fn call_body(
    builder: &mut Builder<'_>,
    body: &mut Body,
    args: &[Local],
    shape: &CallShape,
    number: u32,
    invoke: u32,
) -> Result<(), AdaptError> {
    builder.check_idle(body);
    body.ops().i32_const(1).global_set(BUSY);
    let cursor = body.local(I32);
    body.i32(BASE);
    body.ops().local_tee(cursor.index).i64_const(0);
    builder.call(body, Routine::Reserve);

    match (&shape.flat_params, args.first()) {
        (Some(flat), _) => {
            let flat = args.get(..flat.len()).unwrap_or_default();
            builder.encode_members(body, &shape.params, flat, cursor)?;
        }
        (None, Some(pointer)) => {
            let members = builder.plan.members(&shape.params);
            let (offsets, _) = members.map_err(|_| AdaptError::TooComplex)?;
            for (ty, offset) in shape.params.iter().zip(offsets) {
                body.still_short()?;
                builder.encode_memory(body, *ty, *pointer, offset, cursor)?;
            }
        }
        (None, None) => return Err(AdaptError::TooComplex),
    }
    builder.check_length(body, cursor);

    // What comes back takes the place of what goes out, which the engine has read by then.
    body.i32(BASE);
    body.ops().global_set(TOP);
    body.i32(number);
    body.i32(BASE);
    body.get(cursor);
    body.i32(BASE);
    body.ops().i32_sub();
    body.i32(RETURNED);
    body.ops().call(invoke);
    let wire = builder.wire();
    body.ops()
        .i32_const(0)
        .i32_load(at(wire, RETURNED, 4))
        .local_tee(cursor.index)
        .global_set(START);
    body.get(cursor);
    body.ops()
        .i32_const(0)
        .i32_load(at(wire, RETURNED + 4, 4))
        .i32_add()
        .global_set(END);

    let mut returned = Vec::new();
    match (shape.result, &shape.flat_result) {
        (Some(ty), Some(flat)) => {
            returned = body.flat_locals(flat);
            builder.decode_flat(body, ty, &returned, cursor)?;
        }
        (Some(ty), None) => {
            let pointer = *args.last().ok_or(AdaptError::TooComplex)?;
            builder.decode_memory(body, ty, pointer, 0, cursor)?;
        }
        (None, _) => {}
    }
    builder.check_all_read(body, cursor);
    body.ops().i32_const(0).global_set(BUSY);
    for local in returned {
        body.get(local);
    }
    Ok(())
}

impl Builder<'_> {
    /// Ends the component if the message that was written is too long: what is written without asking for room may be that.
    pub(crate) fn check_length(&mut self, body: &mut Body, cursor: Local) {
        body.get(cursor);
        body.i32(BASE + MESSAGE_BYTES_MAX);
        body.ops().i32_gt_u();
        body.if_();
        self.fail_own(body, FaultKind::TooLarge);
        body.end();
    }

    /// Ends the component unless the message has been read to its end.
    pub(crate) fn check_all_read(&mut self, body: &mut Body, cursor: Local) {
        body.get(cursor);
        body.ops().global_get(END).i32_ne();
        body.if_();
        self.fail_at(body, FaultKind::Trailing, cursor);
        body.end();
    }
}

impl Plan {
    /// Refuses interfaces that define resources: their handles are only for the plan's own reader and writer.
    pub(crate) fn only_bytes(&self, interfaces: &[usize]) -> Result<(), AdaptError> {
        let mut functions = self.functions().iter();
        // Streams are only in the types of such functions.
        if let Some(found) =
            functions.find(|function| function.is_async && interfaces.contains(&function.interface))
        {
            let name = &found.name;
            return Err(AdaptError::unsupported(format!(
                "`{name}` is an `async func`"
            )));
        }
        let mut resources = self.resources().iter();
        let Some(found) = resources.find(|resource| interfaces.contains(&resource.interface))
        else {
            return Ok(());
        };
        let interface = self.interfaces().get(found.interface);
        let interface = interface.map_or("", String::as_str);
        let name = &found.name;
        Err(AdaptError::unsupported(format!(
            "{interface} defines the resource `{name}`"
        )))
    }

    /// How many bytes may be written between two times that room is asked for: see `encode.rs`.
    pub(crate) fn headroom(&self) -> u32 {
        let functions = self.functions().iter();
        let messages = functions.flat_map(|function| {
            let params = self.wire_size_of_members(&function.params).most;
            [
                params,
                function.result.map_or(0, |ty| self.node(ty).wire.most),
            ]
        });
        let elements = self.elements().map(|ty| self.node(ty).wire.most);
        // Flags are written four bytes at a time, counts have at most five.
        messages.chain(elements).max().unwrap_or(0) + 16
    }
}
