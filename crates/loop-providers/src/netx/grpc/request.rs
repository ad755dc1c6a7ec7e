//! What a component asks for, read once.

use http::Uri;
use http::header::HeaderName;
use http::uri::PathAndQuery;
use loop_host::net::{DialError, Target};
use tonic::metadata::{AsciiMetadataValue, BinaryMetadataValue, MetadataKey, MetadataMap};

use crate::netx::bindings::loop_::netx::grpc::{Metadata, StartError};

/// What metadata may have, in bytes of names and values with 32 for each as HTTP/2 counts them, and in names: as for the heads of `wasi:http`, within what servers
/// take.
pub(crate) const METADATA_BYTES_MAX: u32 = 16 << 10;
const METADATA_COUNT_MAX: usize = 100;
const METADATA_ENTRY_WEIGHT: usize = 32;

/// Names that HTTP/2 does not know, or that are the host's to set. So are those that begin with `grpc-`.
const OWN: [HeaderName; 9] = [
    http::header::HOST,
    http::header::TE,
    http::header::CONTENT_TYPE,
    http::header::CONTENT_LENGTH,
    http::header::CONNECTION,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A call that is to begin.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) target: Target,
    /// The URL without its path.
    pub(crate) origin: Uri,
    /// The method.
    pub(crate) path: PathAndQuery,
    pub(crate) metadata: MetadataMap,
}

impl Request {
    /// # Errors
    /// [`StartError::Invalid`].
    pub(crate) fn new(url: &str, metadata: Metadata) -> Result<Self, StartError> {
        let target = Target::parse(url, &["http", "https"])?;
        let invalid = || StartError::Invalid("the path is not one of a method".to_owned());
        let mut whole = target.absolute()?.into_parts();
        let path = whole.path_and_query.replace(PathAndQuery::from_static("/"));
        let path = path.ok_or_else(invalid)?;
        let parts: Vec<&str> = path.as_str().split('/').collect();
        let is_method =
            matches!(*parts, ["", service, method] if !service.is_empty() && !method.is_empty());
        if !is_method || path.query().is_some() {
            return Err(invalid());
        }
        Ok(Self {
            origin: Uri::from_parts(whole).map_err(|_| invalid())?,
            path,
            metadata: read(metadata)?,
            target,
        })
    }
}

fn read(entries: Metadata) -> Result<MetadataMap, StartError> {
    let mut metadata = MetadataMap::new();
    let mut bytes = 0;
    let too_much = entries.len() > METADATA_COUNT_MAX;
    for (name, value) in entries.into_iter().take(METADATA_COUNT_MAX) {
        // Bytes are sent in base64.
        let sent = if name.ends_with("-bin") {
            value.len().div_ceil(3) * 4
        } else {
            value.len()
        };
        bytes += name.len() + sent + METADATA_ENTRY_WEIGHT;
        if add(&mut metadata, &name, value).is_none() {
            let shown: String = name.chars().take(64).filter(|c| !c.is_control()).collect();
            return Err(StartError::Invalid(format!(
                "the metadata `{shown}` cannot be sent"
            )));
        }
    }
    if too_much || bytes > METADATA_BYTES_MAX as usize {
        return Err(StartError::Invalid("there is too much metadata".to_owned()));
    }
    Ok(metadata)
}

/// Nothing if it cannot be sent.
fn add(metadata: &mut MetadataMap, name: &str, value: Vec<u8>) -> Option<()> {
    let header = HeaderName::from_bytes(name.as_bytes()).ok()?;
    if header.as_str() != name || OWN.contains(&header) || name.starts_with("grpc-") {
        return None;
    }
    if name.ends_with("-bin") {
        let key = MetadataKey::from_bytes(name.as_bytes()).ok()?;
        metadata.append_bin(key, BinaryMetadataValue::from_bytes(&value));
    } else {
        let printed = value.iter().all(|byte| (b' '..=b'~').contains(byte));
        let value = AsciiMetadataValue::try_from(value)
            .ok()
            .filter(|_| printed)?;
        let key = MetadataKey::from_bytes(name.as_bytes()).ok()?;
        metadata.append(key, value);
    }
    Some(())
}

impl From<DialError> for StartError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Url => Self::Invalid("it is not a URL of `http` or `https`".to_owned()),
            DialError::UrlTooLong => Self::Invalid("the URL is too long".to_owned()),
            DialError::Denied | DialError::AddressDenied => Self::Denied,
            DialError::NameNotFound | DialError::NameTimedOut => Self::Unresolved,
            DialError::TimedOut => Self::TimedOut,
            DialError::Alert {
                code: NO_APPLICATION_PROTOCOL,
                ..
            } => Self::Protocol("the server does not speak HTTP/2".to_owned()),
            DialError::Certificate | DialError::Alert { .. } | DialError::Tls => Self::Untrusted,
            // Nobody listens, or the way there is closed.
            _ => Self::Unreachable,
        }
    }
}

/// The alert of TLS by which a server says that it knows none of the protocols that were offered: RFC 7301.
const NO_APPLICATION_PROTOCOL: u8 = 120;
