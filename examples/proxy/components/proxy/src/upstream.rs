//! The server that is asked, as the settings say.

use std::fmt;
use std::time::Duration;

use loop_guest::config;
use loop_guest::http::{Client, Uri};

/// The upstream.
pub struct Upstream {
    /// The start of each URL, without the slash that paths begin with.
    base: String,
    /// How it is asked.
    pub client: Client,
}

/// The settings do not say which it is.
#[derive(Clone, Debug)]
pub struct Misconfigured(String);

impl Upstream {
    /// As `config` in `loop.toml` says.
    pub fn from_config() -> Result<Self, Misconfigured> {
        let setting =
            |key| config::get(key).ok_or_else(|| Misconfigured(format!("`{key}` is not set")));
        let base = setting("upstream")?.trim_end_matches('/').to_owned();
        let url: Uri = base
            .parse()
            .map_err(|error| Misconfigured(format!("`{base}` is not a URL: {error}")))?;
        if url.scheme().is_none() || url.query().is_some() {
            return Err(Misconfigured(format!(
                "`{base}` is not the URL of a server"
            )));
        }
        let patience = setting("patience")?;
        let seconds = patience
            .parse()
            .map_err(|_| Misconfigured(format!("`{patience}` is not a number of seconds")))?;
        let patience = Duration::from_secs(seconds);
        let client = Client::new()
            .connect_timeout(patience)
            .response_timeout(patience)
            .silence_timeout(patience);
        Ok(Self { base, client })
    }

    /// The URL for the path that was asked for. Nothing if it is not a path.
    pub fn url(&self, asked: &Uri) -> Option<Uri> {
        let path = asked.path_and_query()?.as_str();
        // Otherwise what was asked for could go on with the name of the server.
        if !path.starts_with('/') {
            return None;
        }
        format!("{}{path}", self.base).parse().ok()
    }
}

impl fmt::Display for Misconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy is set up wrongly: {}", self.0)
    }
}
