//! The reactor's engine: values that are written, values that follow from them, and what is to happen when they change.
//!
//! A [`Graph`] holds three kinds of nodes. A [`Signal`] is written from outside. A [`Computed`] follows from others, and runs when
//! it is read and something that it read before has changed. An [`Effect`] runs by itself at the end of a tick in which something
//! that it read has changed. A program holds handles, which are small and are copied freely; the graph holds the rest.
//!
//! ```
//! use std::cell::RefCell;
//! use std::rc::Rc;
//!
//! use loop_reactor::{Graph, Stop};
//!
//! let shown = Rc::new(RefCell::new(Vec::new()));
//!
//! let mut graph = Graph::new();
//! let price = graph.signal(4);
//! let count = graph.signal(1);
//! let total = graph.computed(move |cx| Ok(cx.get(price)? * cx.get(count)?));
//! let screen = shown.clone();
//! graph.effect(move |cx| {
//!     screen.borrow_mut().push(cx.get(total)?);
//!     Ok(())
//! });
//!
//! graph.set(count, 2)?;
//! graph.tick(|graph| {
//!     graph.set(price, 8)?;
//!     graph.set(count, 1)
//! })?; // both count together, and the total is 8 as before
//! assert_eq!(*shown.borrow(), [4, 8]);
//! # Ok::<(), loop_reactor::Failure>(())
//! ```
//!
//! # What it promises
//!
//! **No glitch.** Whoever reads sees values that belong together: those that would come out if everything were computed anew.
//!
//! **Nothing runs that need not.** A computation runs when something that it read in its last run has another value now, judged
//! by `==` in the order in which it read, and at most once a tick. A computed that nobody reads does not run at all. The
//! [events](Graph::take_events) tell what ran and why, and the tests of this crate hold it against a model.
//!
//! **A tick counts whole or not at all.** What is written in [`Graph::tick`] takes effect when it ends. If it ends with an error,
//! every signal is what it was, and what was made in it is gone. A single [`Graph::set`] is a tick of its own. Ticks can lie
//! within each other; an inner one that fails undoes what it did itself.
//!
//! **Depth takes no stack.** A chain of a million computeds and a fan of a million effects are brought up to date by loops.
//! Computations that meet each other for the first time do nest, [`NESTED_MAX`] deep; beyond that the engine gives
//! up the computeds in between, runs what they were about to read, and runs them again. A computed must therefore do nothing but
//! compute. An effect is never given up.
//!
//! **The order is fixed.** The same calls give the same runs in the same order, on every machine.
//!
//! # Many values
//!
//! A [`Fold`] is a list of values, in order, and what they come to: a sum, a layout, whatever can be reduced two by two. When one
//! of ten thousand changes, some thirty reductions bring the total up to date.
//!
//! # Reading can stop
//!
//! A read gives a `Result`, and `?` is how computations are written. An `Err` says that there is [no value yet](Stop::Pending), or
//! that there is none and [why](Failure): the node was disposed of, the value depends on itself, or the program's own error
//! ([`Stop::failed`]). A computed that stops keeps the reason in place of its value and hands it to each reader; when something
//! that it read changes, it runs again like any other. A cycle is found when it closes, and names the nodes on it:
//!
//! ```
//! use std::cell::Cell;
//! use std::rc::Rc;
//!
//! use loop_reactor::{Computed, Failure, Graph};
//!
//! let mut graph = Graph::new();
//! let later: Rc<Cell<Option<Computed<i32>>>> = Rc::default();
//! let seen = later.clone();
//! let a = graph.computed(move |cx| seen.get().map_or(Ok(0), |b| cx.get(b)));
//! let b = graph.computed(move |cx| Ok(cx.get(a)? + 1));
//! later.set(Some(b));
//!
//! let stop = graph.get(a).unwrap_err();
//! assert!(matches!(stop.failure(), Some(Failure::Cycle { path }) if path.len() == 3));
//! ```
//!
//! An effect that stops is told by [`Graph::take_stopped`].
//!
//! # Going back
//!
//! A tick keeps what undoes it: the value that each signal had, what it made, what it ended. That list is the only way in which this
//! crate goes back, and everything that goes back uses it.
//!
//! - A tick that fails takes its list back.
//! - A graph that [remembers](Graph::remember_ticks) keeps the lists of past ticks, as a tree. [`Graph::go_to`] walks from one
//!   [`Moment`] to another, which is undo, redo, time travel and branches in one. It costs what was changed on the way, and a
//!   moment takes what its tick changed. What was made since is gone and its handles find nothing; what was ended is back, under
//!   the handles that it had, and effects that are back run.
//! - [`Graph::silently`] lets a program go back and do several ticks over while effects see only the end.
//! - [`Lanes`] show writes before it is known whether they will count, and do them over when that is known.
//!
//! Computeds are in none of these lists. They follow.
//!
//! ```
//! use loop_reactor::Graph;
//!
//! let mut graph = Graph::new();
//! let text = graph.signal("a".to_owned());
//! graph.remember_ticks(100);
//!
//! graph.update(text, |text| text.push('b'))?;
//! let end = graph.now();
//! if let Some(before) = graph.before() {
//!     graph.go_to(before)?; // undo
//! }
//! assert_eq!(graph.read(text)?, "a");
//! graph.go_to(end)?; // redo
//! assert_eq!(graph.read(text)?, "ab");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Saving
//!
//! A [slot](Graph::slot) is a signal with a name. [`Graph::save`] turns the slots of a graph into bytes, and [`Graph::load`] writes
//! them in another run, another program or on another machine; what follows from them follows there too. The bytes are the same
//! everywhere, so [`Graph::digest`] tells whether two graphs agree. A type says how it becomes bytes, and how it reads what its earlier
//! versions wrote: [`Portable`](portable::Portable).
//!
//! ```
//! use loop_reactor::Graph;
//!
//! let mut graph = Graph::new();
//! let count = graph.slot("count", 1)?;
//! let text = graph.computed(move |cx| Ok(format!("{} times", cx.get(count)?)));
//! graph.set(count, 7)?;
//! let saved = graph.save();
//!
//! graph.set(count, 8)?;
//! graph.load(&saved)?;
//! assert_eq!(graph.get(text)?, "7 times");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it costs
//!
//! A node takes 64 bytes, an edge 24, a value that is no number and a closure with captures a box each. A write marks what follows
//! from it, once: marking ends at what is marked already. A read of what is up to date costs a comparison or two. Bringing a node
//! up to date costs what it read and what of that was stale. Reading the same things in the same order as in the run before
//! costs least; one more or one less in between is found at once; another order is paid with new edges.
//!
//! A computed that was read once stays in the lists of what it read, and is marked by a write whether somebody still
//! reads it or not: once, until it is read again. It ends when it is [disposed of](Graph::dispose), by itself or with its [scope](Graph::scope).
//!
//! The programs in `examples` show a counter, rows with keys, a layout that is gathered, undo with branches, and optimistic writes, a
//! page each.
//!
//! # What it refuses
//!
//! It has no clock, no threads and no I/O, uses no unsafe code, and runs in a browser, a guest and a host alike. A computation can
//! read, and nothing else: it gets a [`Cx`], which has no way to write or to make nodes. What it depends on without reading it
//! through the `Cx` (a variable that it captured, say) does not make it run.

#![forbid(unsafe_code)]

pub mod fiber;
pub mod graph;
mod handle;
pub mod portable;
mod stop;

pub use fiber::Fiber;
pub use graph::{Cx, Fold, Graph, Lane, Lanes, Moment, NESTED_MAX, Scope, Unreachable};
pub use handle::{Computed, Effect, Handle, Id, Signal, Source};
pub use stop::{Failure, Stop};
