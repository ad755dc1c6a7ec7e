//! Why a file is not a component, and what it is instead.

use std::fmt;

/// The most of a validator's message that is repeated, in bytes: two lines of a terminal.
pub const MESSAGE_BYTES_MAX: usize = 200;

/// Why a file is not a component that can be described.
///
/// Each message is a fragment that goes after the name of the file: "`x.wasm` is empty".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It is a file of another kind.
    #[error("is not a WebAssembly file: it looks like {looks_like}")]
    NotWasm {
        /// What the first bytes look like.
        looks_like: LooksLike,
    },
    /// It is a core module: code without the description that makes a component.
    #[error("is a core WebAssembly module, not a component{}", made_for.fragment())]
    CoreModule {
        /// What the module was made for.
        made_for: ModuleFlavour,
    },
    /// It is a WIT package in its binary form.
    #[error("is a WIT package: it describes interfaces and holds no code")]
    WitPackage,
    /// Its header names a version of the format that is not known here.
    #[error(
        "is a WebAssembly file of an unknown version (its header says {version:#x}, layer {layer})"
    )]
    UnknownVersion {
        /// The version in the header.
        version: u16,
        /// 0 for core modules, 1 for components.
        layer: u16,
    },
    /// It ends in the middle of something.
    #[error("ends too early: it is cut off at byte {size}, in the part that begins at byte {part}")]
    Truncated {
        /// The size of the file in bytes.
        size: usize,
        /// Where the part begins that is not complete.
        part: usize,
    },
    /// It breaks the rules of the format.
    #[error("is not a valid component: {message} (at byte {offset})")]
    Invalid {
        /// What the validator says, cut at [`MESSAGE_BYTES_MAX`].
        message: String,
        /// Where, in bytes from the beginning of the file.
        offset: usize,
    },
    /// It uses a part of WebAssembly that no engine of this host runs.
    #[error("uses a part of WebAssembly that this host does not run: {message} (at byte {offset})")]
    Unsupported {
        /// What the validator says, cut at [`MESSAGE_BYTES_MAX`].
        message: String,
        /// Where, in bytes from the beginning of the file.
        offset: usize,
    },
    /// It is larger than [`crate::shape::COMPONENT_BYTES_MAX`].
    #[error(
        "is too large for a component: {size} bytes, and the limit is {}",
        crate::shape::COMPONENT_BYTES_MAX
    )]
    TooLarge {
        /// The size of the file in bytes.
        size: usize,
    },
    /// Its interfaces and types are more than a limit allows: [`crate::shape::DESCRIPTION_UNITS_MAX`] or
    /// [`crate::shape::VALIDATION_PARTS_MAX`].
    #[error("is too complex: it {what}, and the limit is {limit}")]
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// How much of it there may be.
        limit: u64,
    },
}

impl ShapeError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Empty => {
                "an interrupted build or download leaves an empty file; build or fetch it again"
            }
            Self::NotWasm { looks_like } => return looks_like.hint().map(str::to_owned),
            Self::CoreModule { made_for } => made_for.hint(),
            Self::WitPackage => "name a component that implements it",
            Self::UnknownVersion { layer: 1, .. } => {
                "components made before 2024 have another format; build it again with current tools"
            }
            Self::Truncated { .. } => {
                "an interrupted build or download leaves a part of a file; build or fetch it again"
            }
            Self::Invalid { .. } => {
                "the file is damaged, or the tool that made it has a bug; build it again, or see what `wasm-tools validate` says"
            }
            Self::TooLarge { .. } => "strip debug information from it with `wasm-tools strip`",
            Self::UnknownVersion { .. } | Self::Unsupported { .. } | Self::TooComplex { .. } => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}

/// Cuts `message` at [`MESSAGE_BYTES_MAX`] and puts it on one line, without bytes that move a cursor.
pub(crate) fn cut(message: &str) -> String {
    let mut cut = String::new();
    for c in message.chars() {
        if cut.len() + c.len_utf8() > MESSAGE_BYTES_MAX {
            cut.push('…');
            break;
        }
        cut.push(if c.is_control() { ' ' } else { c });
    }
    cut
}

/// What a core module was made for, as far as its imports tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleFlavour {
    /// WASI 0.1, known as preview 1.
    Wasi01,
    /// It holds the description of a component, so a component can be made from it.
    Componentizable,
    /// JavaScript glue by wasm-bindgen.
    Bindgen,
    /// JavaScript glue by Emscripten.
    Emscripten,
    /// Nothing that is known here.
    Plain,
}

impl ModuleFlavour {
    fn fragment(self) -> &'static str {
        match self {
            Self::Wasi01 => " (it is made for WASI 0.1)",
            Self::Componentizable => " (a component can be made from it)",
            Self::Bindgen => " (it is made for JavaScript, by wasm-bindgen)",
            Self::Emscripten => " (it is made for JavaScript, by Emscripten)",
            Self::Plain => "",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Wasi01 => {
                "build it for wasm32-wasip2, or run `wasm-tools component new IN.wasm --adapt wasi_snapshot_preview1.command.wasm -o OUT.wasm`"
            }
            Self::Componentizable => "run `wasm-tools component new IN.wasm -o OUT.wasm`",
            Self::Bindgen | Self::Emscripten => {
                "build it for wasm32-wasip2, without the glue for JavaScript"
            }
            Self::Plain => {
                "build it for wasm32-wasip2, or make a component of it with `wasm-tools component new IN.wasm -o OUT.wasm`"
            }
        }
    }
}

/// What the first bytes of a file that is not WebAssembly look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LooksLike {
    /// WebAssembly in its text form.
    WasmText,
    /// A WIT file.
    Wit,
    /// An ELF, Mach-O or PE file.
    NativeProgram,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// A zip archive.
    Zip,
    /// A web page, often the error page of a download.
    Html,
    /// A pointer of Git LFS.
    LfsPointer,
    /// A script with a `#!` line.
    Script,
    /// JSON.
    Json,
    /// JavaScript or TypeScript.
    JavaScript,
    /// A `loop.toml` or another TOML file.
    Toml,
    /// Code compiled by wasmtime for one machine.
    Precompiled,
    /// Other text.
    Text,
    /// None of these.
    Unknown,
}

/// How much of a file is looked at to say what it is: headers and first statements are within it.
const SNIFF_BYTES: usize = 4096;

/// First bytes that say what a file is.
const MAGIC: [(&[u8], LooksLike); 12] = [
    (b"\x7fELF", LooksLike::NativeProgram),
    (b"MZ", LooksLike::NativeProgram),
    (b"\xcf\xfa\xed\xfe", LooksLike::NativeProgram),
    (b"\xce\xfa\xed\xfe", LooksLike::NativeProgram),
    (b"\xca\xfe\xba\xbe", LooksLike::NativeProgram),
    (b"\x1f\x8b", LooksLike::Gzip),
    (b"\x28\xb5\x2f\xfd", LooksLike::Zstd),
    (b"PK\x03\x04", LooksLike::Zip),
    (b"version https://git-lfs", LooksLike::LfsPointer),
    (b"#!", LooksLike::Script),
    (b"(module", LooksLike::WasmText),
    (b"(component", LooksLike::WasmText),
];

/// First words of a text, after comments and blanks, that say what it is.
const WORDS: [(&str, LooksLike); 20] = [
    ("(module", LooksLike::WasmText),
    ("(component", LooksLike::WasmText),
    ("package ", LooksLike::Wit),
    ("interface ", LooksLike::Wit),
    ("world ", LooksLike::Wit),
    ("<!doctype", LooksLike::Html),
    ("<!DOCTYPE", LooksLike::Html),
    ("<html", LooksLike::Html),
    ("<?xml", LooksLike::Html),
    ("import ", LooksLike::JavaScript),
    ("export ", LooksLike::JavaScript),
    ("const ", LooksLike::JavaScript),
    ("let ", LooksLike::JavaScript),
    ("var ", LooksLike::JavaScript),
    ("function ", LooksLike::JavaScript),
    ("async ", LooksLike::JavaScript),
    ("'use strict'", LooksLike::JavaScript),
    ("\"use strict\"", LooksLike::JavaScript),
    ("{", LooksLike::Json),
    ("[", LooksLike::Toml),
];

impl LooksLike {
    /// Guesses from the first bytes of a file.
    pub fn guess(bytes: &[u8]) -> Self {
        // wasmtime writes its compiled code as an ELF file whose section names say so.
        let head = bytes.get(..SNIFF_BYTES).unwrap_or(bytes);
        for (magic, kind) in MAGIC {
            if head.starts_with(magic) {
                let compiled = kind == Self::NativeProgram && contains(bytes, b".wasmtime.");
                return if compiled { Self::Precompiled } else { kind };
            }
        }
        let Some(text) = as_text(head) else {
            return Self::Unknown;
        };
        let code = skip_comments(text);
        for (word, kind) in WORDS {
            if code.starts_with(word) {
                return kind;
            }
        }
        Self::Text
    }

    fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::WasmText => "turn it into a binary with `wasm-tools parse IN.wat -o OUT.wasm`",
            Self::Wit => "name a component that implements it, built as a `.wasm` file",
            Self::NativeProgram => "build it for wasm32-wasip2",
            Self::Gzip | Self::Zstd | Self::Zip => "unpack it first",
            Self::Html => "a download may have given an error page; look into the file",
            Self::LfsPointer => "fetch the file itself with `git lfs pull`",
            Self::JavaScript => "make a component of it with componentize-js (`jco componentize`)",
            Self::Toml => "to run an app, name the folder that holds its `loop.toml`",
            Self::Precompiled => {
                "name the component it was compiled from; this host keeps a cache of its own"
            }
            Self::Script | Self::Json | Self::Text | Self::Unknown => return None,
        })
    }
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WasmText => "WebAssembly in its text form",
            Self::Wit => "a WIT file",
            Self::NativeProgram => "a native program",
            Self::Gzip => "gzip data",
            Self::Zstd => "zstd data",
            Self::Zip => "a zip archive",
            Self::Html => "a web page",
            Self::LfsPointer => "a pointer of Git LFS",
            Self::Script => "a script",
            Self::Json => "JSON",
            Self::JavaScript => "JavaScript",
            Self::Toml => "TOML",
            Self::Precompiled => "code that wasmtime compiled for one kind of machine",
            Self::Text => "text",
            Self::Unknown => "binary data of another kind",
        })
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The bytes as text, if they are text; a character that the cut went through is left off.
fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_text = !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'));
    is_text.then_some(text)
}

/// What follows the blanks and comments (`;;`, `//`, `/* */`, `#`) at the beginning of `text`.
fn skip_comments(text: &str) -> &str {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let after = if rest.starts_with("//") || rest.starts_with(";;") || rest.starts_with('#') {
            rest.split_once('\n').map(|(_, after)| after)
        } else if rest.starts_with("/*") {
            rest.split_once("*/").map(|(_, after)| after)
        } else {
            return rest;
        };
        let Some(after) = after else { return "" };
        rest = after.trim_start();
    }
}
