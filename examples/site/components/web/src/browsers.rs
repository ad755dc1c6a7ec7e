//! Tells browsers when to load a page anew: `loop:netx/websocket-handler`.
//!
//! A document carries the revision that it was made of, and its script connects to `/changes?since=REVISION`. So a change is told whether it came
//! before the connection or after it, and one that was told of before a restart is not told again.

use std::collections::BTreeMap;
use std::time::Duration;

use loop_guest::websocket::{Closing, Handler, Message, Peers, Refused, Request, wake};

use crate::site::pages::pages;

/// What a script connects to, with the revision behind it.
const TARGET: &str = "/changes?since=";

/// How often changes are looked for while a browser is there. That takes some microseconds, and is the time in which nobody minds waiting.
const POLL: Duration = Duration::from_millis(250);

/// The browsers that wait, with the revisions that they show: none if there were no pages to show.
#[derive(Default)]
pub struct Browsers(BTreeMap<u64, Option<u64>>);

impl Handler for Browsers {
    fn opened(
        &mut self,
        peers: &Peers,
        id: u64,
        request: &Request,
    ) -> Result<Option<String>, Refused> {
        let Some(since) = request.target.strip_prefix(TARGET) else {
            return Err(Refused {
                status: 404,
                text: "nothing is told here\n".to_owned(),
            });
        };
        self.0.insert(id, u64::from_str_radix(since, 16).ok());
        self.tell(peers);
        Ok(None)
    }

    fn received(&mut self, _: &Peers, _: u64, _: Message) {}

    fn closed(&mut self, _: &Peers, id: u64, _: &Closing) {
        self.0.remove(&id);
    }

    fn woken(&mut self, peers: &Peers) {
        self.tell(peers);
    }
}

impl Browsers {
    /// Tells each that shows another revision, once, and has it done again as long as some wait.
    fn tell(&mut self, peers: &Peers) {
        // While the pages cannot be read there is nothing to load.
        if let Ok(now) = pages::revision() {
            self.0.retain(|id, shown| {
                let waits = *shown == Some(now);
                if !waits {
                    // Fails if it has gone away.
                    let _ = peers.send(*id, "reload");
                }
                waits
            });
        }
        if !self.0.is_empty() {
            wake(POLL);
        }
    }
}
