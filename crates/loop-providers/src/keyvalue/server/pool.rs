//! The connections of an app.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::{ErrorKind, Value};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::keyvalue::error::{Failure, Result};
use crate::keyvalue::server::connection::{Connection, Most, Question};
use crate::keyvalue::server::parts::Fault;
use crate::keyvalue::server::refused;
use crate::keyvalue::server::target::Target;

/// Connections of an app at once: as many as it has instances, unless it is told to have more. Whoever finds none free waits.
const CONNECTIONS_MAX: usize = 16;

/// How long to connect may take: to the other side of the world it takes half a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an answer may take. A server that is asked for one entry and needs as long is stuck.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The connections of an app to its server.
pub(crate) struct Pool {
    target: Target,
    /// Those that nobody uses now, the newest last.
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
}

impl Pool {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            idle: Mutex::default(),
            turns: Semaphore::new(CONNECTIONS_MAX),
        }
    }

    /// Asks something that has an answer of at most so much.
    ///
    /// Nothing is asked twice: when a connection breaks, it is not known whether the server did it. Whoever is cut off meanwhile closes
    /// its connection, and does not know either.
    pub(crate) async fn ask(&self, question: &impl Question, most: Most) -> Result<Value> {
        let ending = |_| Failure::Broken("the host is ending".to_owned());
        let _turn = self.turns.acquire().await.map_err(ending)?;
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let Ok(answer) = timeout(ANSWER_TIMEOUT, connection.ask(question, most)).await else {
            return Err(self.lost("did not answer in time"));
        };
        let error = match (answer, connection.fault()) {
            (Ok(answer), _) => {
                self.give_back(connection);
                return Ok(answer);
            }
            (Err(_), Some(Fault::TooMany)) => {
                return Err(self.lost("sent a longer answer than there may be"));
            }
            (Err(_), Some(Fault::Strange)) => {
                return Err(self.lost("does not speak its language"));
            }
            (Err(error), None) => error,
        };
        match refused(&error) {
            Some(failure) => {
                self.give_back(connection);
                Err(failure)
            }
            None if error.kind() == ErrorKind::Parse => {
                Err(self.lost("does not speak its language"))
            }
            None => Err(self.lost("went away")),
        }
    }

    async fn connect(&self) -> Result<Connection> {
        let Ok(opened) = timeout(CONNECT_TIMEOUT, Connection::open(&self.target)).await else {
            return Err(self.lost("cannot be reached in time"));
        };
        let unreached = || self.lost("cannot be reached");
        opened.map_err(|error| refused(&error).unwrap_or_else(unreached))
    }

    /// What a component is told when a connection is lost. The host's log has where to.
    fn lost(&self, how: &str) -> Failure {
        tracing::warn!(server = %self.target.address, "the server of a key-value store {how}");
        Failure::Broken(format!("the store's server {how}"))
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Connection::is_open);
        idle.pop()
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }
}
