//! Lanes: writes that are shown before it is known whether they will count.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;

use crate::fiber::Command;
use crate::graph::Graph;
use crate::graph::journal::{Step, Way};
use crate::handle::Source;
use crate::stop::{Failure, Stop};

/// How many lanes may be open at once.
///
/// Each settlement does all open ones over. What a person does while an answer is awaited is a few dozen actions; a thousand means
/// that no answer comes, and that somebody should be told.
pub const LANES_MAX: usize = 1000;

/// A graph with lanes over it: what it shows is the facts, and what was guessed on top of them.
///
/// A guess is an action that is done at once, though whoever decides has not answered yet. When an answer comes, all lanes are taken
/// back, the facts are written beneath them, the lanes that are settled by it are dropped, and the others are done over on what is
/// there now: each as one, in the order in which they were guessed. All of that is one tick, so effects see what differs in the end,
/// and nothing where the answer was as guessed.
///
/// ```
/// use loop_reactor::{Failure, Graph, Lanes};
///
/// let mut graph = Graph::new();
/// let likes = graph.signal(10);
/// let mut lanes = Lanes::new(graph);
///
/// let lane = lanes.guess(move |graph| graph.update(likes, |likes| *likes += 1)).unwrap();
/// assert_eq!(lanes.get(likes).unwrap(), 11);
///
/// // Somebody else was faster, and our own is in the number already.
/// lanes.settle(&[lane], |graph| graph.set(likes, 14))?;
/// assert_eq!(lanes.get(likes).unwrap(), 14);
/// # Ok::<(), Failure>(())
/// ```
///
/// Lanes that touch the same things need no care: nobody sees a mixture, for all of them are done over within one tick, and one that
/// builds on another is done over on what remains without it. It can then come to another value, or fail, and then it is dropped as
/// well, and [`Settled::refused`] tells. Lanes that are to stand or fall together are [merged](Lanes::merge), and
/// [`Lanes::touching`] finds those of which that may be so.
///
/// There is no way to the graph but through guesses and settlements, since a write beside them would be neither a fact nor a guess.
/// The graph of lanes has no [history](Graph::remember_ticks): what was remembered is forgotten.
pub struct Lanes {
    graph: Graph,
    open: Vec<Open>,
    next: u64,
}

/// One of the open lanes of a [`Lanes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(u64);

/// What came of a settlement.
#[derive(Debug)]
pub struct Settled<R> {
    /// What the facts gave.
    pub value: R,
    /// The lanes that could not be done over, with the reasons. They are closed.
    pub refused: Vec<(Lane, Failure)>,
}

/// Why a guess was not made. Nothing has happened then.
#[derive(Debug, thiserror::Error)]
pub enum Unguessed {
    /// [`LANES_MAX`] are open.
    #[error("{LANES_MAX} guesses wait for an answer already")]
    TooMany,
    /// The action failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

struct Open {
    lane: Lane,
    action: Action,
    /// What the action did, on top of the facts and the lanes before it.
    steps: Vec<Step>,
}

/// A part of a lane was done, and another was refused.
struct InPart;

fn has(refused: &[(Lane, Failure)], lane: Lane) -> bool {
    refused.iter().any(|(other, _)| *other == lane)
}

/// What a lane does, each time it is done.
type Action = Box<dyn Fn(&mut Graph) -> Result<(), Failure>>;

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes")
            .field("graph", &self.graph)
            .field("open", &self.open())
            .finish_non_exhaustive()
    }
}

impl Lanes {
    /// No lanes yet over a graph, which forgets its history.
    pub fn new(mut graph: Graph) -> Self {
        graph.remember_ticks(0);
        Self {
            graph,
            open: Vec::new(),
            next: 0,
        }
    }

    /// The graph as it is with what was guessed, which counts from now on.
    pub fn into_graph(mut self) -> Graph {
        for open in self.open {
            for step in &open.steps {
                self.graph.forget(step, Way::Forth);
            }
        }
        self.graph
    }

    /// The graph as it is with what was guessed, to describe it or to save it.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What the host is to do since this was last asked: [`Graph::take_commands`].
    pub fn take_commands(&mut self) -> Vec<Command> {
        self.graph.take_commands()
    }

    /// The open lanes, in the order in which they are done.
    pub fn open(&self) -> Vec<Lane> {
        let mut known = HashSet::new();
        let lanes = self.open.iter().map(|open| open.lane);
        lanes.filter(|lane| known.insert(*lane)).collect()
    }

    /// The value with what was guessed, copied or cloned.
    pub fn get<S: Source>(&mut self, of: S) -> Result<S::Value, Stop>
    where
        S::Value: Clone,
    {
        self.graph.get(of)
    }

    /// The value with what was guessed, to look at.
    pub fn read<S: Source>(&mut self, of: S) -> Result<&S::Value, Stop> {
        self.graph.read(of)
    }

    /// The open lanes that changed something that this one changed as well: a signal, or what a fiber says.
    pub fn touching(&self, lane: Lane) -> Vec<Lane> {
        let wrote = |open: &Open| {
            let steps = open.steps.iter();
            steps
                .filter_map(|step| match step {
                    Step::Wrote(write) => Some(write.index),
                    _ => None,
                })
                .collect::<Vec<u32>>()
        };
        let of_lane = self.open.iter().filter(|open| open.lane == lane);
        let of_lane: HashSet<u32> = of_lane.flat_map(wrote).collect();
        let mut others = self.open();
        others.retain(|other| {
            let mut of_other = self.open.iter().filter(|open| open.lane == *other);
            *other != lane && of_other.any(|open| wrote(open).iter().any(|at| of_lane.contains(at)))
        });
        others
    }

    /// Makes another lane a part of this one: from now on they are confirmed, done over, and dropped as one.
    ///
    /// What they do keeps its place in the order of guesses. If a part of a lane cannot be done over, none of it is. Nothing
    /// happens if one of them is not open.
    pub fn merge(&mut self, lane: Lane, other: Lane) {
        if self.open.iter().any(|open| open.lane == lane) {
            for open in &mut self.open {
                if open.lane == other {
                    open.lane = lane;
                }
            }
        }
    }

    /// Does something at once, in a lane of its own. If it fails, nothing has happened.
    ///
    /// It will be done over with each settlement until it is settled itself, so it should say what is meant (one more than there is)
    /// and not what comes out of it (eleven).
    pub fn guess(
        &mut self,
        action: impl Fn(&mut Graph) -> Result<(), Failure> + 'static,
    ) -> Result<Lane, Unguessed> {
        if self.open.len() >= LANES_MAX {
            return Err(Unguessed::TooMany);
        }
        let action: Action = Box::new(action);
        let steps = self.graph.tick(|graph| {
            graph.act(&action)?;
            graph.mark_now();
            Ok::<_, Failure>(std::mem::take(&mut graph.tick.steps))
        })?;
        let lane = Lane(self.next);
        self.next += 1;
        self.open.push(Open {
            lane,
            action,
            steps,
        });
        Ok(lane)
    }

    /// Writes facts beneath the open lanes, drops those that are `done`, and does the others over.
    ///
    /// A lane is confirmed by facts that hold what it guessed, and refused by facts that do not: in both cases it is done with. With no
    /// facts, it is taken back.
    ///
    /// If `facts` fails, nothing has happened.
    pub fn settle<R, E>(
        &mut self,
        done: &[Lane],
        facts: impl FnOnce(&mut Graph) -> Result<R, E>,
    ) -> Result<Settled<R>, E> {
        let mut open = std::mem::take(&mut self.open);
        let Ok(result) = self.graph.tick(|graph| {
            let mut refused = Vec::new();
            let result = graph.over(&mut open, done, facts, &mut refused);
            Ok::<_, Infallible>(result.map(|value| Settled { value, refused }))
        });
        self.open = open;
        result
    }
}

impl Graph {
    /// Settles, within a tick.
    fn over<R, E>(
        &mut self,
        open: &mut Vec<Open>,
        done: &[Lane],
        facts: impl FnOnce(&mut Graph) -> Result<R, E>,
        refused: &mut Vec<(Lane, Failure)>,
    ) -> Result<R, E> {
        let lengths: Vec<usize> = open.iter().map(|open| open.steps.len()).collect();
        for open in open.iter_mut().rev() {
            self.uncover(&mut open.steps);
        }
        if self.cx.fibers > 0 {
            // They run on the facts, and after each lane.
            self.mark_now();
        }
        let value = match self.tick(facts) {
            Ok(value) => value,
            Err(error) => {
                // What the tick has done so far is what undoes the lanes, the last step of it for the first of theirs.
                for (open, length) in open.iter_mut().zip(lengths) {
                    open.steps = self.cover(length);
                }
                return Err(error);
            }
        };
        self.settle_tree();
        open.retain(|open| !done.contains(&open.lane));
        let starts = loop {
            if let Ok(starts) = self.tick(|graph| graph.act_all(open, refused)) {
                break starts;
            }
        };
        open.retain(|open| !has(refused, open.lane));
        self.mark_now();
        // What each lane did belongs to it; the rest is the tick's.
        for (open, start) in open.iter_mut().zip(starts).rev() {
            open.steps = self.tick.steps.split_off(start);
        }
        Ok(value)
    }

    /// Does what lanes do; where the steps of each begin. If one is refused of which a part was done, nothing has happened, and it has
    /// to be tried without it.
    fn act_all(
        &mut self,
        open: &[Open],
        refused: &mut Vec<(Lane, Failure)>,
    ) -> Result<Vec<usize>, InPart> {
        let (mut starts, mut begun) = (Vec::new(), HashSet::new());
        for open in open {
            if has(refused, open.lane) {
                continue;
            }
            let start = self.tick.steps.len();
            match self.tick(|graph| graph.act(&open.action)) {
                Ok(()) => {
                    starts.push(start);
                    begun.insert(open.lane);
                }
                Err(failure) => {
                    refused.push((open.lane, failure));
                    if begun.contains(&open.lane) {
                        return Err(InPart);
                    }
                }
            }
        }
        Ok(starts)
    }

    /// Does what a lane does, and ends what it disposed of, so that this is among its steps.
    fn act(&mut self, action: &Action) -> Result<(), Failure> {
        let before = self.tick.doomed.len();
        action(self)?;
        for doomed in self.tick.doomed.split_off(before) {
            self.end(doomed);
        }
        // What fibers make of it belongs to the lane as well.
        self.settle_tree();
        Ok(())
    }

    /// Marks what follows from the tick's writes before some of its steps are taken away from it.
    fn mark_now(&mut self) {
        self.mark_writes();
        self.tick.marked = true;
    }

    /// Takes a lane's steps back, as steps of the tick.
    fn uncover(&mut self, steps: &mut Vec<Step>) {
        while let Some(mut step) = steps.pop() {
            self.take(&mut step, Way::Back);
            self.tick.steps.push(step.inverse());
        }
    }

    /// Takes back the last steps of the tick, which took back those of a lane, and gives the lane's.
    fn cover(&mut self, length: usize) -> Vec<Step> {
        let start = self.tick.steps.len() - length;
        let steps = self.tick.steps.split_off(start).into_iter().rev();
        steps
            .map(|mut step| {
                self.take_back(&mut step);
                step.inverse()
            })
            .collect()
    }
}
