//! One pass over the bytes of a file with the validator, before anything else looks at them.

use std::collections::BTreeSet;

use wasmparser::component_types::ComponentItem;
use wasmparser::types::Types;
use wasmparser::{
    BinaryReader, Chunk, ComponentNameSectionReader, Encoding, FuncValidatorAllocations, Parser,
    Payload, ProducersSectionReader, ValidPayload, Validator, WasmFeatures,
};

use crate::shape::error::{LooksLike, ModuleFlavour, ShapeError, cut};
use crate::shape::work::{TooMuch, Work};
use crate::shape::{Check, VALIDATION_PARTS_MAX};

/// The names of tools that are kept, per kind: real files have up to ten.
const TOOLS_MAX: usize = 32;

/// The most of a tool's name and version that is kept, in bytes: `wit-bindgen-rust 0.61.1` has 23.
const TOOL_BYTES_MAX: usize = 100;

/// The magic number at the beginning of every WebAssembly file.
const MAGIC: &[u8] = b"\0asm";

/// What only an engine with concurrency support accepts. wasmtime draws the same line: it refuses these
/// features when `Config::concurrency_support` is off.
const CONCURRENCY: WasmFeatures = WasmFeatures::CM_ASYNC
    .union(WasmFeatures::CM_ASYNC_STACKFUL)
    .union(WasmFeatures::CM_MORE_ASYNC_BUILTINS)
    .union(WasmFeatures::CM_THREADING)
    .union(WasmFeatures::CM_ERROR_CONTEXT);

/// What the pass finds in a component.
pub(crate) struct Raw {
    /// The types of the outermost component.
    pub(crate) types: Types,
    /// Imports in their order.
    pub(crate) imports: Vec<(String, ComponentItem)>,
    /// Exports in their order.
    pub(crate) exports: Vec<(String, ComponentItem)>,
    /// Whether only an engine with concurrency support accepts it.
    pub(crate) concurrency: bool,
    /// Programming languages it was written in.
    pub(crate) languages: BTreeSet<String>,
    /// Tools that made it.
    pub(crate) tools: BTreeSet<String>,
    /// The name in its name section.
    pub(crate) debug_name: Option<String>,
}

/// Reads a component.
pub(crate) fn read(bytes: &[u8], check: Check) -> Result<Raw, ShapeError> {
    header(bytes)?;
    // Trying without concurrency first is how the need for it is found: the answer is the validator's own,
    // also for built-ins that no type shows.
    let plain = WasmFeatures::default().difference(CONCURRENCY);
    match pass(bytes, plain, check) {
        Ok(raw) => Ok(raw),
        Err(Failure::Wasm(_)) => {
            let full = WasmFeatures::default().union(CONCURRENCY);
            let raw = pass(bytes, full, check).map_err(|failure| failure.explained(bytes))?;
            Ok(Raw {
                concurrency: true,
                ..raw
            })
        }
        Err(failure) => Err(failure.explained(bytes)),
    }
}

/// Why a pass stopped.
enum Failure {
    /// The file ends in the part that begins at this byte.
    Ends(usize),
    /// The file is a core module.
    Core,
    /// Validating it is more work than the limit allows.
    TooMuch,
    /// The parser or the validator objects.
    Wasm(wasmparser::Error),
}

impl From<wasmparser::Error> for Failure {
    fn from(error: wasmparser::Error) -> Self {
        Self::Wasm(error)
    }
}

impl From<TooMuch> for Failure {
    fn from(_: TooMuch) -> Self {
        Self::TooMuch
    }
}

impl Failure {
    fn explained(self, bytes: &[u8]) -> ShapeError {
        match self {
            Self::Ends(part) => ShapeError::Truncated {
                size: bytes.len(),
                part,
            },
            Self::TooMuch => ShapeError::TooComplex {
                what: "uses large types more often than can be checked",
                limit: VALIDATION_PARTS_MAX,
            },
            Self::Core => ShapeError::CoreModule {
                made_for: flavour(bytes),
            },
            Self::Wasm(error) => {
                let (message, offset) = (cut(error.message()), error.offset());
                match error.missing_wasm_feature() {
                    Some(_) => ShapeError::Unsupported { message, offset },
                    None => ShapeError::Invalid { message, offset },
                }
            }
        }
    }
}

/// Checks the first eight bytes, which say what kind of file it is.
fn header(bytes: &[u8]) -> Result<(), ShapeError> {
    if bytes.is_empty() {
        return Err(ShapeError::Empty);
    }
    if !bytes.starts_with(MAGIC) {
        if MAGIC.starts_with(bytes) {
            return Err(ShapeError::Truncated {
                size: bytes.len(),
                part: 0,
            });
        }
        return Err(ShapeError::NotWasm {
            looks_like: LooksLike::guess(bytes),
        });
    }
    let Some(&[v0, v1, l0, l1]) = bytes.get(4..8) else {
        return Err(ShapeError::Truncated {
            size: bytes.len(),
            part: 0,
        });
    };
    match (u16::from_le_bytes([v0, v1]), u16::from_le_bytes([l0, l1])) {
        (1, 0) | (0xd, 1) => Ok(()),
        (version, layer) => Err(ShapeError::UnknownVersion { version, layer }),
    }
}

/// Parses and validates the whole file with `features`.
fn pass(bytes: &[u8], features: WasmFeatures, check: Check) -> Result<Raw, Failure> {
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    let mut parser = Parser::new(0);
    parser.set_features(features);
    // The modules and components around the one that is being read, with where each ends.
    let mut outer = Vec::new();
    let mut end = bytes.len();
    let mut rest = bytes;
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    let mut notes = Notes::default();
    let mut work = Work::default();
    loop {
        let depth = outer.len();
        let position = bytes.len() - rest.len();
        let (payload, consumed) = match parser.parse(rest, position == end)? {
            Chunk::NeedMoreData(_) => return Err(Failure::Ends(position)),
            Chunk::Parsed { payload, consumed } => (payload, consumed),
        };
        rest = rest.get(consumed..).unwrap_or_default();
        if let Payload::Version {
            encoding: Encoding::Module,
            ..
        } = payload
            && depth == 0
        {
            return Err(Failure::Core);
        }
        if let Some(types) = validator.types(0) {
            work.add(&payload, types)?;
        }
        let done = match validator.payload(&payload)? {
            ValidPayload::Func(function, body) if check == Check::Everything => {
                let mut function = function.into_validator(allocations);
                function.validate(&body)?;
                allocations = function.into_allocations();
                None
            }
            ValidPayload::End(types) => Some(types),
            ValidPayload::Func(..) | ValidPayload::Ok | ValidPayload::Parser(_) => None,
        };
        match payload {
            Payload::ModuleSection {
                parser: inner,
                unchecked_range,
            }
            | Payload::ComponentSection {
                parser: inner,
                unchecked_range,
            } => {
                if unchecked_range.end > end {
                    return Err(Failure::Ends(position));
                }
                outer.push((
                    std::mem::replace(&mut parser, inner),
                    std::mem::replace(&mut end, unchecked_range.end),
                ));
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let name = import?.name.name;
                    let item = validator
                        .types(0)
                        .and_then(|types| types.component_item_for_import(name));
                    imports.extend(item.map(|item| (name.to_owned(), item.clone())));
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let name = export?.name.name;
                    let item = validator
                        .types(0)
                        .and_then(|types| types.component_item_for_export(name));
                    exports.extend(item.map(|item| (name.to_owned(), item.clone())));
                }
            }
            Payload::CustomSection(section) => {
                notes.read(depth, section.name(), section.data());
            }
            Payload::End(_) => match (outer.pop(), done) {
                (Some(outer), _) => (parser, end) = outer,
                (None, Some(types)) => {
                    let Notes {
                        languages,
                        tools,
                        debug_name,
                    } = notes;
                    return Ok(Raw {
                        types,
                        imports,
                        exports,
                        concurrency: false,
                        languages,
                        tools,
                        debug_name,
                    });
                }
                (None, None) => return Err(Failure::Ends(bytes.len())),
            },
            _ => {}
        }
    }
}

/// What custom sections tell. They are not validated, so whatever cannot be read is left out.
#[derive(Default)]
struct Notes {
    languages: BTreeSet<String>,
    tools: BTreeSet<String>,
    debug_name: Option<String>,
}

impl Notes {
    fn read(&mut self, depth: usize, section: &str, data: &[u8]) {
        match section {
            "producers" => self.producers(data),
            "component-name" if depth == 0 => {
                let names = ComponentNameSectionReader::new(BinaryReader::new(data, 0));
                for name in names.into_iter().flatten() {
                    if let wasmparser::ComponentName::Component { name, .. } = name {
                        self.debug_name = Some(short(name));
                    }
                }
            }
            _ => {}
        }
    }

    fn producers(&mut self, data: &[u8]) {
        let Ok(fields) = ProducersSectionReader::new(BinaryReader::new(data, 0)) else {
            return;
        };
        for field in fields.into_iter().flatten() {
            let set = if field.name == "language" {
                &mut self.languages
            } else {
                &mut self.tools
            };
            for value in field.values.into_iter().flatten().take(TOOLS_MAX) {
                if set.len() < TOOLS_MAX {
                    set.insert(short(format!("{} {}", value.name, value.version).trim()));
                }
            }
        }
    }
}

fn short(text: &str) -> String {
    let mut short = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if short.len() + c.len_utf8() > TOOL_BYTES_MAX {
            break;
        }
        short.push(c);
    }
    short
}

/// Looks at the imports and custom sections of a core module to say what it was made for.
fn flavour(bytes: &[u8]) -> ModuleFlavour {
    let mut found = ModuleFlavour::Plain;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ImportSection(section)) => {
                for import in section.into_imports().flatten() {
                    found = match import.module {
                        "wasi_snapshot_preview1" | "wasi_unstable" => ModuleFlavour::Wasi01,
                        "__wbindgen_placeholder__" | "wbg" => ModuleFlavour::Bindgen,
                        "env" if import.name.starts_with("emscripten_") => {
                            ModuleFlavour::Emscripten
                        }
                        _ => continue,
                    };
                }
            }
            Ok(Payload::CustomSection(section)) if section.name().starts_with("component-type") => {
                // One with WASI 0.1 imports as well needs the adapter, which is the better hint.
                if found == ModuleFlavour::Plain {
                    found = ModuleFlavour::Componentizable;
                }
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    found
}
