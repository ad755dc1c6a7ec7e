//! What a node runs.

use crate::graph::cx::Cx;
use crate::graph::node::NONE;
use crate::graph::value::Value;
use crate::stop::Stop;

/// What a run came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The value is another one than before.
    Changed,
    /// The value is equal to the one before.
    Same,
    /// The run was given up, to be done again when what it reads is up to date.
    Deferred,
}

/// The closure of a computed or an effect, with its type forgotten.
pub(crate) trait Body {
    /// Runs, and puts the result into the node.
    fn run(&mut self, cx: &mut Cx, index: u32) -> Outcome;
}

/// Of a computed whose readers run again when the value is not equal to the one before.
pub(crate) struct Compared<F>(pub(crate) F);

impl<F, T> Body for Compared<F>
where
    F: Fn(&mut Cx) -> Result<T, Stop>,
    T: PartialEq + 'static,
{
    fn run(&mut self, cx: &mut Cx, index: u32) -> Outcome {
        let result = (self.0)(cx);
        if cx.deferred != NONE {
            return Outcome::Deferred;
        }
        let slot = &mut cx.nodes[index].value;
        match (result, slot.get_mut::<T>()) {
            (Ok(new), Some(old)) if *old == new => Outcome::Same,
            (Ok(new), Some(old)) => {
                *old = new;
                Outcome::Changed
            }
            (Ok(new), None) => {
                *slot = Value::new(new);
                Outcome::Changed
            }
            (Err(stop), _) => stopped(slot, stop),
        }
    }
}

/// Of an effect.
pub(crate) struct Ran<F>(pub(crate) F);

impl<F> Body for Ran<F>
where
    F: FnMut(&mut Cx) -> Result<(), Stop>,
{
    fn run(&mut self, cx: &mut Cx, index: u32) -> Outcome {
        let result = (self.0)(cx);
        if cx.deferred != NONE {
            return Outcome::Deferred;
        }
        let slot = &mut cx.nodes[index].value;
        match result {
            Ok(()) if matches!(slot, Value::Empty) => {}
            Ok(()) => *slot = Value::Empty,
            Err(stop) => {
                if stopped(slot, stop) == Outcome::Changed {
                    let id = cx.nodes.id(index);
                    cx.stopped.push(id);
                }
            }
        }
        Outcome::Same
    }
}

fn stopped(slot: &mut Value, stop: Stop) -> Outcome {
    match slot {
        Value::Stopped(before) if before.same(&stop) => Outcome::Same,
        _ => {
            *slot = Value::Stopped(stop);
            Outcome::Changed
        }
    }
}
