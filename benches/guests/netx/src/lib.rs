//! Uses the network many times in a row, so that the host can time it without timing the way in.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, OutgoingRequest, Scheme};
use wasip2::io::streams::StreamError;

wit_bindgen::generate!({ path: "wit", world: "netx" });

/// What is read at once.
const CHUNK_BYTES: u64 = 256 << 10;

struct Netx;

impl exports::bench::netx::run::Guest for Netx {
    fn get(authority: String, path: String, times: u32) -> Result<u64, String> {
        let mut bytes = 0;
        for _ in 0..times {
            bytes += get(&authority, &path).map_err(|code| format!("{code:?}"))?;
        }
        Ok(bytes)
    }
}

fn get(authority: &str, path: &str) -> Result<u64, ErrorCode> {
    let failed = || ErrorCode::InternalError(None);
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_scheme(Some(&Scheme::Http))
        .map_err(|()| failed())?;
    request
        .set_authority(Some(authority))
        .map_err(|()| failed())?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| failed())?;
    let pending = outgoing_handler::handle(request, None)?;
    pending.subscribe().block();
    let response = pending.get().and_then(Result::ok).ok_or_else(failed)??;
    let body = response.consume().map_err(|()| failed())?;
    let stream = body.stream().map_err(|()| failed())?;
    let mut bytes = 0;
    loop {
        match stream.blocking_read(CHUNK_BYTES) {
            Ok(chunk) => bytes += chunk.len() as u64,
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(failed()),
        }
    }
}

export!(Netx);
