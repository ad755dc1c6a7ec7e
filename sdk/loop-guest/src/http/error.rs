//! What goes wrong with a request.

use std::fmt;
use std::io;

use wasip2::http::types::ErrorCode;

/// Why there is no answer, or not all of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The request cannot be sent as it is: its URL is not one of `http` or `https`, or a header is the host's to set. With what is wrong.
    Invalid(String),
    /// The component is not granted it. The host tells the user which grant is missing.
    Denied,
    /// There is no such host, or its name could not be resolved.
    UnknownHost,
    /// Nobody listens there, or the way there is closed.
    Unreachable,
    /// It took longer than it may, to connect or to answer.
    TimedOut,
    /// The other side is not who it should be, or does not speak TLS.
    Tls,
    /// The connection ended in the middle.
    BrokenOff,
    /// The body has more bytes than this.
    TooLarge(u64),
    /// The body is not text.
    NotText,
    /// Something could not be read or written that is not of the network, such as a file that was to be sent.
    Io(io::Error),
    /// Something else, by its name in `wasi:http`.
    Other(ErrorCode),
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Self::Denied,
            ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
                Self::UnknownHost
            }
            ErrorCode::ConnectionRefused
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpUnroutable => Self::Unreachable,
            ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::HttpResponseTimeout => Self::TimedOut,
            ErrorCode::TlsProtocolError
            | ErrorCode::TlsCertificateError
            | ErrorCode::TlsAlertReceived(_) => Self::Tls,
            ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => Self::BrokenOff,
            ErrorCode::HttpRequestBodySize(max) | ErrorCode::HttpResponseBodySize(max) => {
                Self::TooLarge(max.unwrap_or_default())
            }
            ErrorCode::HttpRequestUriInvalid => Self::Invalid("this is not a URL".to_owned()),
            other => Self::Other(other),
        }
    }
}

impl From<Error> for ErrorCode {
    /// What whoever asks by `wasi:http` makes the same error of again.
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(_) => Self::HttpRequestUriInvalid,
            Error::Denied => Self::HttpRequestDenied,
            Error::UnknownHost => Self::DestinationNotFound,
            Error::Unreachable => Self::ConnectionRefused,
            Error::TimedOut => Self::HttpResponseTimeout,
            Error::Tls => Self::TlsCertificateError,
            Error::BrokenOff => Self::HttpResponseIncomplete,
            Error::TooLarge(max) => Self::HttpResponseBodySize(Some(max)),
            Error::Other(code) => code,
            Error::NotText | Error::Io(_) => Self::InternalError(Some(error.to_string())),
        }
    }
}

impl From<io::Error> for Error {
    /// Takes out the error of this kind that a [`Body`](crate::http::Body) put in.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(what) => f.write_str(what),
            Self::Denied => f.write_str("the host did not allow it"),
            Self::UnknownHost => f.write_str("there is no such host"),
            Self::Unreachable => f.write_str("nobody listens there"),
            Self::TimedOut => f.write_str("it took too long"),
            Self::Tls => f.write_str("the connection cannot be trusted"),
            Self::BrokenOff => f.write_str("the connection ended in the middle"),
            Self::TooLarge(max) => write!(f, "the body has more than {max} bytes"),
            Self::NotText => f.write_str("the body is not text"),
            Self::Io(error) => error.fmt(f),
            Self::Other(code) => {
                let name = format!("{code:?}");
                f.write_str(name.strip_prefix("ErrorCode::").unwrap_or(&name))
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
