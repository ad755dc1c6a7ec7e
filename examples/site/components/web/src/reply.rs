//! What goes back to the browser.

use loop_guest::log;
use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};

/// The most that one write of `wasi:io/streams` takes.
const WRITE_BYTES_MAX: usize = 4096;

/// Documents run no script but the site's own and load nothing from elsewhere, whatever is in them.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A response that is ready to be sent.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Reply {
    /// A document.
    pub fn html(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: "text/html; charset=utf-8",
            body,
        }
    }

    /// Sends the response, with its body or without. If the browser goes away meanwhile, that is only noted.
    pub fn send(self, out: ResponseOutparam, with_body: bool) {
        let response = OutgoingResponse::new(self.headers(with_body));
        if response.set_status_code(self.status).is_err() {
            log::error!(status = self.status; "this is not a status");
        }
        let body = response.body();
        ResponseOutparam::set(out, Ok(response));
        let Ok(body) = body else {
            return;
        };
        if with_body && !write(&body, self.body.as_bytes()) {
            log::debug!("the browser went away");
        }
        // Fails when the browser went away.
        let _ = OutgoingBody::finish(body, None);
    }

    fn headers(&self, with_body: bool) -> Fields {
        let length = self.body.len().to_string();
        let mut headers = vec![
            ("content-type", self.content_type),
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ];
        // The host holds a body to the length that is given.
        if with_body {
            headers.push(("content-length", &length));
        }
        let fields = Fields::new();
        for (name, value) in headers {
            if fields.append(name, value.as_bytes()).is_err() {
                log::error!(name = name; "cannot set a header");
            }
        }
        fields
    }
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> bool {
    let Ok(stream) = body.write() else {
        return false;
    };
    bytes
        .chunks(WRITE_BYTES_MAX)
        .all(|chunk| stream.blocking_write_and_flush(chunk).is_ok())
}
