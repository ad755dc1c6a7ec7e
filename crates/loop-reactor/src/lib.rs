//! The reactor's engine: a tree of components, the values that they follow from, and what is to happen outside when they change.
//!
//! A program describes what is there as a function of its state, and the engine runs again what a change concerns, and nothing
//! else. A user interface, a scene, a plan of work or a document can be described so. There are two layers, and both are open.
//!
//! **The graph** holds values. A [`Signal`] is written from outside. A [`Computed`] follows from others, and runs when it is read and
//! something that it read before has changed. An [`Effect`] runs by itself at the end of a tick in which something that it read has
//! changed. A program holds handles, which are small and are copied freely; the [`Graph`] holds the rest.
//!
//! **Fibers** are a tree over the graph. A component is a function that is run as a [`Fiber`]: props come down to it, values are
//! yielded up from it, hooks keep what is its own, and what is to happen outside is told to the host as data when the tick has ended.
//! The page of module [`fiber`] is their manual.
//!
//! ```
//! use loop_reactor::{Fiber, Graph, Signal, Stop};
//!
//! /// What is on the bill, and what it comes to.
//! fn bill(f: &mut Fiber<'_>, prices: &Signal<Vec<u32>>) -> Result<(), Stop> {
//!     let prices = f.get(*prices)?;
//!     let total = f.map_reduce(
//!         |f| {
//!             for (place, price) in prices.iter().enumerate() {
//!                 f.keyed(place, line, *price);
//!             }
//!             Ok(())
//!         },
//!         |price: u32| price,
//!         0,
//!         |a, b| a + b,
//!     )?;
//!     f.child(sum, total);
//!     Ok(())
//! }
//!
//! /// A line shows its price to the host, and passes it up.
//! fn line(f: &mut Fiber<'_>, price: &u32) -> Result<(), Stop> {
//!     f.effect("line", format!("{price} cents"));
//!     f.yields(*price);
//!     Ok(())
//! }
//!
//! fn sum(f: &mut Fiber<'_>, total: &loop_reactor::Computed<u32>) -> Result<(), Stop> {
//!     let total = f.get(*total)?;
//!     f.effect("sum", format!("{total} in all"));
//!     Ok(())
//! }
//!
//! let mut graph = Graph::new();
//! let prices = graph.signal(vec![250, 120]);
//! graph.mount(bill, prices);
//! let show = |graph: &mut Graph| -> Vec<String> {
//!     let commands = graph.take_commands();
//!     let line = |command: &loop_reactor::fiber::Command| {
//!         Some(format!("{:?} {}", command.act, command.value::<String>()?))
//!     };
//!     commands.iter().filter_map(line).collect()
//! };
//! assert_eq!(show(&mut graph), ["SetUp 250 cents", "SetUp 120 cents", "SetUp 370 in all"]);
//!
//! graph.update(prices, |prices| prices[1] = 80)?;
//! assert_eq!(
//!     show(&mut graph),
//!     ["CleanUp 120 cents", "CleanUp 370 in all", "SetUp 80 cents", "SetUp 330 in all"],
//! );
//! # Ok::<(), loop_reactor::Failure>(())
//! ```
//!
//! The graph alone:
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
//! **Depth takes no stack.** A chain of a million computeds, a fan of a million effects and a million fibers below or beside each
//! other are brought up to date, and ended, by loops.
//! Computations that meet each other for the first time do nest, [`NESTED_MAX`] deep; beyond that the engine gives
//! up the computeds in between, runs what they were about to read, and runs them again. A computed must therefore do nothing but
//! compute. An effect is never given up.
//!
//! **The order is fixed.** The same calls give the same runs in the same order, on every machine: fibers in the order of their tree,
//! effects in the order in which the change reaches them.
//!
//! **Effects are data.** Nothing outside happens in a run of a fiber. The host is told what to [set up and clean up](fiber::Act) when
//! the tick has ended, and only what differs from what it was told before.
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
//! For fibers it is the same: their state, what they said, and which of them there are belong to the tick in which they ran. After
//! going back, the host is told what to clean up and what to set up again.
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
//! everywhere, so [`Graph::digest`] tells whether two graphs agree. Fibers have slots too ([`Fiber::saved`]), named by their path: a
//! program that was changed loads what the one before it saved, fiber by fiber, and is told which slots only one of them has. A type says how it becomes bytes, and how it reads what its earlier
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
//! A fiber takes some 400 bytes, and its hooks and effects some 200 each. A run that says what the run before said costs a few dozen
//! comparisons beside the component itself. What is listed in the same order as before is compared and not copied; a list in another
//! order is paid with a map of its keys. A value that is yielded costs, on each level up to who takes it, reductions that grow as the
//! logarithm of the number of siblings. A write that concerns one of ten thousand fibers does not touch the others.
//!
//! Going back costs the values that were written on the way, and no fiber runs for it, except those that come back or had read other
//! things. A tick's part of the history takes as much as the values that it replaced. docs/perf.md of the repository has figures, beside those of other
//! libraries.
//!
//! A computed that was read once stays in the lists of what it read, and is marked by a write whether somebody still
//! reads it or not: once, until it is read again. It ends when it is [disposed of](Graph::dispose), by itself or with its [scope](Graph::scope).
//!
//! The programs in `examples` show a counter, rows with keys, a layout that is gathered, undo with branches, and optimistic writes, a
//! page each; `replay` comes to the same digest here and in WebAssembly.
//!
//! # What it refuses
//!
//! It has no clock, no threads and no I/O, uses no unsafe code, and runs in a browser, a guest and a host alike. A computation can
//! read, and nothing else: it gets a [`Cx`], which has no way to write or to make nodes. What it depends on without reading it
//! through the `Cx` (a variable that it captured, say) does not make it run. A component captures nothing at all, and writes nothing:
//! that is for the host, with a tick.
//!
//! It knows no UI, no network and no WebAssembly; collections that are joined and grouped bit by bit are not in it yet. A graph belongs to one
//! thread. It cannot be copied, for it holds closures; what a copy would be for is a [branch](Graph::go_to) of its history, or what was
//! [saved](Graph::save), loaded into another graph.
//!
//! # Limits
//!
//! | limit | of what | beyond it |
//! |---|---|---|
//! | [`NESTED_MAX`] | computeds that meet for the first time within each other | they are given up and run again |
//! | [`FIBERS_MAX`](fiber::FIBERS_MAX), or [less](Graph::limit_fibers) | fibers of a graph | the run that would make more comes to nothing |
//! | [`AGAIN_MAX`](fiber::AGAIN_MAX) | runs of a fiber within one tick | it is a cycle, with names |
//! | [`LANES_MAX`](graph::LANES_MAX) | guesses that wait for an answer | the next is refused |
//! | [`NAME_MAX`](graph::NAME_MAX) | bytes of a slot's name | the slot is refused |
//! | [`SAVED_MAX`](graph::SAVED_MAX) | bytes of a saved state | it is not read |
//! | [`DEPTH_MAX`](portable::DEPTH_MAX) | values within each other in it | it is not read |
//! | [`EVENTS_MAX`](graph::EVENTS_MAX) | events that nobody has taken | the oldest are dropped |
//!
//! What is remembered is limited by the program, in [ticks](Graph::remember_ticks). Beyond four thousand million nodes or edges, the engine panics.

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
