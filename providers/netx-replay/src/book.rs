//! The recording, by what is asked for.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::rc::Rc;

use netx_recording::{
    BYTES_MAX, Bytes, Line, Metadata, NoAddress, NoAnswer, NoCall, NoConnection, Status, Text,
};

use crate::bindings::wasi::config::store;

/// What was recorded of a name.
pub(crate) type Resolved = Result<Vec<IpAddr>, NoAddress>;

/// What was recorded of connecting.
pub(crate) type Connected = Result<Rc<Track<Told>>, NoConnection>;

/// What was recorded of beginning a call.
pub(crate) type Begun = Result<Rc<Track<Happened>>, NoCall>;

/// What was recorded of a request.
pub(crate) type Answered = Result<Answer, NoAnswer>;

/// A response.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Text)>,
    pub(crate) body: Bytes,
    pub(crate) broken: bool,
}

/// What happened on a connection, or in a call.
pub(crate) struct Track<T> {
    pub(crate) protocol: Option<String>,
    /// What the component did.
    pub(crate) own: Vec<Own>,
    /// What it was told, each after so many steps of its own.
    pub(crate) told: Vec<(usize, T)>,
}

pub(crate) enum Own {
    Sent(Bytes),
    Closing,
}

/// What a connection is told.
pub(crate) enum Told {
    Received(Bytes),
    Closed(u16, String),
}

/// What happens in a call.
#[derive(Clone)]
pub(crate) enum Happened {
    Answered(Metadata),
    Received(Bytes),
    Ended(Metadata),
    Failed(Status),
}

/// All that was recorded and has not been asked for.
#[derive(Default)]
struct Book {
    names: Shelf<String, Resolved>,
    connections: Shelf<String, Connected>,
    answers: Shelf<(String, String), Answered>,
    calls: Shelf<String, Begun>,
}

/// What is alike, in its order.
struct Shelf<K, V>(HashMap<K, VecDeque<V>>);

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: std::hash::Hash + Eq, V: Clone> Shelf<K, V> {
    fn add(&mut self, key: K, value: V) {
        self.0.entry(key).or_default().push_back(value);
    }

    /// The next; the last stays.
    fn take(&mut self, key: &K) -> Option<V> {
        let all = self.0.get_mut(key)?;
        if all.len() > 1 {
            all.pop_front()
        } else {
            all.front().cloned()
        }
    }
}

thread_local! {
    static BOOK: RefCell<Option<Book>> = const { RefCell::new(None) };
}

/// What was recorded of a name, if anything was.
///
/// # Errors
/// Why the recording cannot be read; likewise below.
pub(crate) fn name(name: &str) -> Result<Option<Resolved>, String> {
    with(|book| book.names.take(&name.to_owned()))
}

/// What was recorded of connecting to a URL.
pub(crate) fn connection(url: &str) -> Result<Option<Connected>, String> {
    with(|book| book.connections.take(&url.to_owned()))
}

/// What was recorded of a request.
pub(crate) fn answer(method: &str, url: &str) -> Result<Option<Answered>, String> {
    with(|book| book.answers.take(&(method.to_owned(), url.to_owned())))
}

/// What was recorded of calling a method.
pub(crate) fn call(url: &str) -> Result<Option<Begun>, String> {
    with(|book| book.calls.take(&url.to_owned()))
}

fn with<R>(work: impl FnOnce(&mut Book) -> R) -> Result<R, String> {
    BOOK.with_borrow_mut(|book| {
        if book.is_none() {
            *book = Some(Book::open()?);
        }
        book.as_mut().map(work).ok_or_else(String::new)
    })
}

impl Book {
    fn open() -> Result<Self, String> {
        let path = store::get("file").ok().flatten();
        let path = path.ok_or("`file` is not among the settings of this provider")?;
        let in_file = |why: &dyn std::fmt::Display| format!("{path}: {why}");
        let mut text = String::new();
        File::open(&path)
            .and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text))
            .map_err(|error| in_file(&error))?;
        if text.len() as u64 > BYTES_MAX {
            return Err(in_file(&format!("it has more than {BYTES_MAX} bytes")));
        }
        let lines = netx_recording::read(&text).map_err(|why| in_file(&why))?;
        Self::of(lines).map_err(|why| in_file(&why))
    }

    fn of(lines: Vec<Line>) -> Result<Self, String> {
        let mut book = Self::default();
        let mut connections = Tracks::new("connection");
        let mut calls = Tracks::new("call");
        for line in lines {
            match line {
                Line::Resolved { name, addresses } => book.names.add(name, Ok(addresses)),
                Line::Unresolved { name, why } => book.names.add(name, Err(why)),
                Line::Answered {
                    method,
                    url,
                    status,
                    headers,
                    body,
                    broken,
                } => {
                    let answer = Answer {
                        status,
                        headers,
                        body,
                        broken,
                    };
                    book.answers.add((method, url), Ok(answer));
                }
                Line::Unanswered { method, url, why } => {
                    book.answers.add((method, url), Err(why));
                }
                Line::Connected {
                    connection,
                    url,
                    protocol,
                } => connections.begin(connection, url, protocol)?,
                Line::Unconnected { url, why } => connections.order.push((url, Err(why))),
                Line::Sent {
                    connection,
                    message,
                } => connections.of(connection)?.own.push(Own::Sent(message)),
                Line::Closing { connection } => connections.of(connection)?.own.push(Own::Closing),
                Line::Received {
                    connection,
                    message,
                } => connections.of(connection)?.tell(Told::Received(message)),
                Line::Closed {
                    connection,
                    code,
                    reason,
                } => connections.of(connection)?.tell(Told::Closed(code, reason)),
                Line::CallBegun { call, url } => calls.begin(call, url, None)?,
                Line::CallNotBegun { url, why } => calls.order.push((url, Err(why))),
                Line::CallSent { call, message } => calls.of(call)?.own.push(Own::Sent(message)),
                Line::CallFinished { call } => calls.of(call)?.own.push(Own::Closing),
                Line::CallAnswered { call, metadata } => {
                    calls.of(call)?.tell(Happened::Answered(metadata));
                }
                Line::CallReceived { call, message } => {
                    calls.of(call)?.tell(Happened::Received(message));
                }
                Line::CallEnded { call, metadata } => {
                    calls.of(call)?.tell(Happened::Ended(metadata));
                }
                Line::CallFailed { call, status } => {
                    calls.of(call)?.tell(Happened::Failed(status));
                }
            }
        }
        connections.put(&mut book.connections);
        calls.put(&mut book.calls);
        Ok(book)
    }
}

/// What is read of connections or calls, by their numbers, and in which order they began or did not.
struct Tracks<T, E> {
    what: &'static str,
    all: HashMap<u64, Track<T>>,
    order: Vec<(String, Result<u64, E>)>,
}

impl<T, E: Clone> Tracks<T, E> {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            all: HashMap::new(),
            order: Vec::new(),
        }
    }

    fn begin(&mut self, number: u64, url: String, protocol: Option<String>) -> Result<(), String> {
        let track = Track {
            protocol,
            own: Vec::new(),
            told: Vec::new(),
        };
        if self.all.insert(number, track).is_some() {
            return Err(format!("two {}s have the number {number}", self.what));
        }
        self.order.push((url, Ok(number)));
        Ok(())
    }

    fn of(&mut self, number: u64) -> Result<&mut Track<T>, String> {
        let track = self.all.get_mut(&number);
        track.ok_or_else(|| format!("no {} has the number {number}", self.what))
    }

    fn put(mut self, on: &mut Shelf<String, Result<Rc<Track<T>>, E>>) {
        for (url, begun) in self.order {
            match begun {
                // Each stands there once.
                Ok(number) => {
                    if let Some(track) = self.all.remove(&number) {
                        on.add(url, Ok(Rc::new(track)));
                    }
                }
                Err(why) => on.add(url, Err(why)),
            }
        }
    }
}

impl<T> Track<T> {
    fn tell(&mut self, told: T) {
        self.told.push((self.own.len(), told));
    }
}
