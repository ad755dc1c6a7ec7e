//! Connections that a component opens.

use std::time::Duration;

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::header::{SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION};
use loop_host::net::{Connection, DialError, Dialer, Target};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_key};

use crate::netx::bindings::loop_::netx::websocket::{ConnectError, Options};
use crate::netx::websocket::drive;

/// The time until a connection is open, if the component sets none: as for `wasi:http`.
const TIME_DEFAULT: Duration = Duration::from_secs(30);

/// The longest that a component may set.
const TIME_MAX: Duration = Duration::from_mins(10);

/// Headers that the host sets, or that say how a request is framed.
const OWN: [HeaderName; 14] = [
    HOST,
    CONNECTION,
    UPGRADE,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION,
    http::header::SEC_WEBSOCKET_ACCEPT,
    http::header::SEC_WEBSOCKET_EXTENSIONS,
    http::header::CONTENT_LENGTH,
    http::header::TRANSFER_ENCODING,
    http::header::TE,
    http::header::TRAILER,
    http::header::PROXY_AUTHORIZATION,
    http::header::EXPECT,
];

/// What an open connection is made of.
pub(crate) type Open = (WebSocketStream<Box<dyn Connection>>, Option<String>);

/// Opens a connection, and gives it with the subprotocol that was agreed on.
pub(crate) async fn open(
    dialer: &Dialer,
    url: &str,
    options: Options,
) -> Result<Open, ConnectError> {
    let limit = options.timeout.map_or(TIME_DEFAULT, Duration::from_nanos);
    let opened = timeout(limit.min(TIME_MAX), async {
        let target = Target::parse(url, &["ws", "wss"])?;
        let request = request(&target, &options)?;
        let stream = dialer.dial("GET", &target).await?;
        let config = drive::config();
        let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (stream, response) = handshake.await.map_err(from_handshake)?;
        let protocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
        let protocol = protocol.and_then(|value| value.to_str().ok());
        Ok((stream, protocol.map(str::to_owned)))
    });
    opened.await.unwrap_or(Err(ConnectError::TimedOut))
}

fn request(target: &Target, options: &Options) -> Result<Request, ConnectError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &options.headers {
        let invalid =
            || ConnectError::Invalid(format!("the header `{}` cannot be sent", shown(name)));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        let value = HeaderValue::from_bytes(value).map_err(|_| invalid())?;
        if OWN.contains(&name) || headers.try_append(name, value).is_err() {
            return Err(invalid());
        }
    }
    let invalid = |what: &str| ConnectError::Invalid(what.to_owned());
    let mut set = |name, value: &str| {
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| invalid("the host or a protocol cannot be sent"))?;
        headers.insert(name, value);
        Ok::<_, ConnectError>(())
    };
    set(HOST, &target.authority())?;
    set(CONNECTION, "Upgrade")?;
    set(UPGRADE, "websocket")?;
    set(SEC_WEBSOCKET_VERSION, "13")?;
    set(SEC_WEBSOCKET_KEY, &generate_key())?;
    if !options.protocols.is_empty() {
        if options.protocols.iter().any(|name| !is_token(name)) {
            return Err(invalid("a protocol is not a name"));
        }
        set(SEC_WEBSOCKET_PROTOCOL, &options.protocols.join(", "))?;
    }
    let mut request = Request::new(());
    *request.uri_mut() = target.absolute()?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Whether this is one word of a list in a header: RFC 9110, section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(in_token)
}

/// As much of a component's text as a message repeats.
fn shown(text: &str) -> String {
    text.chars().take(64).filter(|c| !c.is_control()).collect()
}

impl From<DialError> for ConnectError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Url => Self::Invalid("it is not a URL of `ws` or `wss`".to_owned()),
            DialError::UrlTooLong => Self::Invalid("the URL is too long".to_owned()),
            DialError::Denied | DialError::AddressDenied => Self::Denied,
            DialError::NameNotFound | DialError::NameTimedOut => Self::Unresolved,
            DialError::TimedOut => Self::TimedOut,
            DialError::Certificate | DialError::Alert { .. } | DialError::Tls => Self::Untrusted,
            // Nobody listens, or the way there is closed.
            _ => Self::Unreachable,
        }
    }
}

fn from_handshake(error: Error) -> ConnectError {
    match error {
        Error::Http(response) => ConnectError::Refused(response.status().as_u16()),
        Error::Io(_) | Error::ConnectionClosed => ConnectError::Unreachable,
        Error::AttackAttempt => ConnectError::Protocol("the answer is too long".to_owned()),
        error => ConnectError::Protocol(error.to_string()),
    }
}
