//! A headless Chromium, asked by its DevTools protocol: messages of JSON over two pipes, each with a zero byte at its end.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long an answer may take. A browser that starts on a busy machine takes some seconds.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// How often a document is asked for what it shows.
const POLL: Duration = Duration::from_millis(50);

/// A browser with one document, stopped when it is dropped.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
    session: Option<String>,
    asked: u64,
}

impl Browser {
    /// Starts it, with its data in this folder, and opens a document.
    pub(crate) fn open(program: &Path, data: &Path, url: &str) -> Result<Self> {
        // Chromium reads from the descriptor 3 and writes to 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 <&- >&2", "sh"]);
        command.arg(program);
        command.args([
            "--headless",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-gpu",
            "--disable-background-networking",
            // It needs rights that containers seldom give, and is shown nothing but our own pages.
            "--no-sandbox",
        ]);
        let mut folder = OsString::from("--user-data-dir=");
        folder.push(data);
        command.arg(folder).stdin(Stdio::piped());
        // What it says is of no use to anyone.
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("start the browser")?;
        let (input, output) = child
            .stdin
            .take()
            .zip(child.stdout.take())
            .context("no pipes")?;
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let messages = BufReader::new(output).split(0).map_while(Result::ok);
            // Until nobody listens any more.
            let _ = messages
                .map(|message| sender.send(message))
                .find(Result::is_err);
        });
        let mut browser = Self {
            child,
            input,
            output: receiver,
            session: None,
            asked: 0,
        };
        let target = browser.ask("Target.createTarget", &json!({ "url": url }))?;
        let attach = json!({ "targetId": target.get("targetId"), "flatten": true });
        let attached = browser.ask("Target.attachToTarget", &attach)?;
        let session = attached.get("sessionId").and_then(Value::as_str);
        browser.session = Some(session.context("no session")?.to_owned());
        Ok(browser)
    }

    /// Waits until this text stands in the document.
    pub(crate) fn wait_for(&mut self, text: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let evaluate =
                json!({ "expression": "document.body?.innerText", "returnByValue": true });
            // Fails while one document takes the place of another.
            let shown = self.ask("Runtime.evaluate", &evaluate).ok();
            let shown =
                shown.and_then(|shown| Some(shown.pointer("/result/value")?.as_str()?.to_owned()));
            let shown = shown.unwrap_or_default();
            if shown.contains(text) {
                return Ok(());
            }
            if start.elapsed() > ANSWER_LIMIT {
                bail!("the browser does not show `{text}`, but `{shown}`");
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks for something, and gives the answer. Events that come before it are passed over.
    fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.asked += 1;
        let request = Request {
            id: self.asked,
            method,
            params,
            session: self.session.as_deref(),
        };
        let mut message = serde_json::to_vec(&request)?;
        message.push(0);
        self.input.write_all(&message)?;
        loop {
            let message = self.output.recv_timeout(ANSWER_LIMIT);
            let message =
                message.with_context(|| format!("the browser does not answer {method}"))?;
            let answer: Answer = serde_json::from_slice(&message)?;
            if answer.id == Some(self.asked) {
                return match answer.error {
                    Some(error) => bail!("{method}: {error}"),
                    None => Ok(answer.result),
                };
            }
        }
    }
}

/// A message to the browser.
#[derive(Serialize)]
struct Request<'a> {
    id: u64,
    method: &'a str,
    params: &'a Value,
    /// The document that it is about.
    #[serde(rename = "sessionId", skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

/// A message of the browser. An event has no number.
#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    error: Option<Value>,
    #[serde(default)]
    result: Value,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
