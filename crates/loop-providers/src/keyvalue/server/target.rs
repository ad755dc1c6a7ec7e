//! Which server, under which grants.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use loop_core::policy::{Denial, Protocol, Request};
use loop_host::AppContext;
use loop_host::gate::Gate;
use redis::RedisConnectionInfo;

use crate::settings::{Settings, SettingsError, is_name};

/// The longest name of a server: DNS has no longer ones.
const NAME_BYTES_MAX: usize = 253;

/// Why an app has no server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A variable is granted and has no value.
    #[error("the variable `{name}`, which `password-variable` names, is not set")]
    NotSet {
        /// Its name.
        name: String,
    },
}

impl From<Box<Denial>> for TargetError {
    fn from(denial: Box<Denial>) -> Self {
        Self::Settings(denial.into())
    }
}

/// A server, and what an app is to it.
pub(crate) struct Target {
    pub(crate) address: Address,
    /// What the server's keys begin with.
    pub(crate) prefix: String,
    pub(crate) gate: Gate,
    /// The number of its database, and who we are there.
    pub(crate) login: RedisConnectionInfo,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    At(SocketAddr),
    Named(String, u16),
}

impl Target {
    /// The server that the settings name. What can be asked of the policy now is asked.
    pub(crate) fn find(
        settings: Settings<'_>,
        context: &AppContext<'_>,
    ) -> Result<Self, TargetError> {
        const ADDRESS: &str = "where the server is, such as `127.0.0.1:6379`";
        const PREFIX: &str =
            "a word that no other app on the server has: letters, digits, `-`, `_` and `.`";
        let address = settings.needed("address", ADDRESS)?;
        let address =
            Address::parse(address).ok_or_else(|| Settings::form("address", address, ADDRESS))?;
        let prefix = settings.needed("prefix", PREFIX)?;
        if !is_name(prefix) {
            return Err(Settings::form("prefix", prefix, PREFIX).into());
        }
        let database = settings.read::<u16>("database", "the number of a database")?;
        let mut login = RedisConnectionInfo::default()
            .set_db(database.unwrap_or(0).into())
            .set_skip_set_lib_name();
        if let Some(user) = settings.get("user") {
            login = login.set_username(user);
        }
        if let Some(name) = settings.get("password-variable") {
            login = login.set_password(password(name, context)?);
        }
        address.ask(context.gate)?;
        Ok(Self {
            address,
            prefix: prefix.to_owned(),
            gate: context.gate.clone(),
            login,
        })
    }
}

fn password<'a>(name: &str, context: &'a AppContext<'_>) -> Result<&'a str, TargetError> {
    if let Some((_, value)) = context.variables.iter().find(|(known, _)| known == name) {
        return Ok(value);
    }
    context.gate.ask(&Request::Variable { name })?;
    let name = name.to_owned();
    Err(TargetError::NotSet { name })
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::At(address));
        }
        let (name, port) = text.rsplit_once(':')?;
        let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(right);
        is_name.then_some(Self::Named(name.to_ascii_lowercase(), port.parse().ok()?))
    }

    /// Asks what can be asked before there is an address.
    fn ask(&self, gate: &Gate) -> Result<(), Box<Denial>> {
        match self {
            Self::At(address) => gate.ask(&connect(*address, &[])),
            Self::Named(name, _) => gate.ask(&Request::Lookup { name }),
        }
    }

    /// The addresses that may be connected to, of those that it has now.
    pub(crate) async fn granted(&self, gate: &Gate) -> std::io::Result<Vec<SocketAddr>> {
        let (name, port) = match self {
            Self::At(address) => return Ok(vec![*address]),
            Self::Named(name, port) => (name, *port),
        };
        let found: Vec<SocketAddr> = if name == "localhost" {
            // It stands for this machine, whatever a resolver says.
            let own = [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                Ipv6Addr::LOCALHOST.into(),
            ];
            own.map(|own| SocketAddr::new(own, port)).to_vec()
        } else {
            tokio::net::lookup_host((&**name, port)).await?.collect()
        };
        let names = [name.clone()];
        let may = |address: &SocketAddr| gate.ask(&connect(*address, &names)).is_ok();
        Ok(found.into_iter().filter(may).collect())
    }
}

fn connect(address: SocketAddr, resolved_from: &[String]) -> Request<'_> {
    Request::Connect {
        protocol: Protocol::Tcp,
        address,
        resolved_from,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Named(name, port) => write!(f, "{name}:{port}"),
        }
    }
}
