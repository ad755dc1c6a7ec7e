//! Statuses and metadata, as a component sees them.

use tonic::metadata::{KeyAndValueRef, MetadataMap};
use tonic::{Code as From, Status as Failed};

use crate::netx::bindings::loop_::netx::grpc::{Code, Metadata, Status};

pub(crate) fn status(failed: &Failed) -> Status {
    Status {
        code: code(failed.code()),
        message: failed.message().to_owned(),
        details: failed.details().to_vec(),
        metadata: metadata(failed.metadata()),
    }
}

/// What a server sent, without what belongs to gRPC itself. A value that should be base64 and is not is left out.
pub(crate) fn metadata(sent: &MetadataMap) -> Metadata {
    let entries = sent.iter().filter_map(|entry| match entry {
        KeyAndValueRef::Ascii(name, value) => {
            Some((name.as_str().to_owned(), value.as_encoded_bytes().to_vec()))
        }
        KeyAndValueRef::Binary(name, value) => {
            Some((name.as_str().to_owned(), value.to_bytes().ok()?.to_vec()))
        }
    });
    let is_own = |name: &str| name.starts_with("grpc-") || name == "content-type";
    entries.filter(|(name, _)| !is_own(name)).collect()
}

fn code(code: From) -> Code {
    match code {
        From::Cancelled => Code::Cancelled,
        From::InvalidArgument => Code::InvalidArgument,
        From::DeadlineExceeded => Code::DeadlineExceeded,
        From::NotFound => Code::NotFound,
        From::AlreadyExists => Code::AlreadyExists,
        From::PermissionDenied => Code::PermissionDenied,
        From::ResourceExhausted => Code::ResourceExhausted,
        From::FailedPrecondition => Code::FailedPrecondition,
        From::Aborted => Code::Aborted,
        From::OutOfRange => Code::OutOfRange,
        From::Unimplemented => Code::Unimplemented,
        From::Internal => Code::Internal,
        From::Unavailable => Code::Unavailable,
        From::DataLoss => Code::DataLoss,
        From::Unauthenticated => Code::Unauthenticated,
        // A status of success is none that a call fails with.
        From::Unknown | From::Ok => Code::Unknown,
    }
}
