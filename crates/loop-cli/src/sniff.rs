//! Whether a component looks like a server of HTTP or WebSockets, before anything is loaded.
//!
//! Servers and commands are run differently (threads, where memory comes from), and that must be settled before the
//! engine is made. Decoding the component would take longer than running a small one, so this only goes from
//! section to section and looks at the names of the exports. A wrong guess costs speed and nothing else: what a component
//! really exports is asked once it is loaded.

use std::path::Path;

use loop_host::COMPONENT_BYTES_MAX;

/// The section of a component that holds exports.
const EXPORTS: u8 = 11;

/// The header: `\0asm`, a version and a layer.
const HEADER_BYTES: usize = 8;

/// Whether the component in a file exports a handler of HTTP or WebSockets and no command. One that cannot be read does not.
pub(crate) fn serves_http(file: &Path) -> bool {
    let small = std::fs::metadata(file).is_ok_and(|metadata| metadata.len() <= COMPONENT_BYTES_MAX);
    small && std::fs::read(file).is_ok_and(|component| exports_handler(&component))
}

fn exports_handler(component: &[u8]) -> bool {
    let exports: Vec<&[u8]> = sections(component)
        .filter(|(id, _)| *id == EXPORTS)
        .map(|(_, content)| content)
        .collect();
    let has = |name: &[u8]| {
        exports
            .iter()
            .any(|content| content.windows(name.len()).any(|window| window == name))
    };
    (has(b"wasi:http/incoming-handler@0.2.")
        || has(b"wasi:http/handler@0.3.")
        || has(b"loop:netx/websocket-handler@0.1."))
        && !has(b"wasi:cli/run@")
}

/// The sections at the top, with their ids. Ends at the first that cannot be.
fn sections(component: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = component.get(HEADER_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (&id, after) = rest.split_first()?;
        let (size, after) = leb128(after)?;
        let (content, after) = after.split_at_checked(size)?;
        rest = after;
        Some((id, content))
    })
}

/// A number of 32 bits, as WebAssembly writes it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::exports_handler;

    fn component(export: &str) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        // A custom section of 200 bytes that names a handler, which must not count.
        bytes.extend([0, 0xc8, 0x01]);
        bytes.extend(b"wasi:http/incoming-handler@0.2.0".iter().chain(&[0; 168]));
        bytes.push(11);
        bytes.push(u8::try_from(export.len()).unwrap());
        bytes.extend(export.as_bytes());
        bytes
    }

    #[test]
    fn only_exports_count() {
        for (export, expected) in [
            ("wasi:http/incoming-handler@0.2.3", true),
            ("wasi:http/handler@0.3.0", true),
            ("wasi:cli/run@0.2.3", false),
            ("acme:math/calc", false),
        ] {
            assert_eq!(exports_handler(&component(export)), expected, "{export}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_server() {
        let whole = component("wasi:http/handler@0.3.0");
        for size in 0..whole.len() {
            assert!(!exports_handler(&whole[..size]), "cut at {size}");
        }
    }
}
