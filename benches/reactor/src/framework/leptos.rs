//! reactive_graph, the signals of Leptos, with effects that run at once. It shares nodes between threads, so its closures
//! must be fit for that; those of the workloads are wrapped, which costs it a comparison of thread ids for each run.
//!
//! Its writes are not batched: in 0.2.16, an effect that reads a memo does not run at the end of a batch. So an effect with several
//! ways to a signal runs once for each.

use std::convert::Infallible;

use reactive_graph::computed::Memo;
use reactive_graph::effect::ImmediateEffect;
use reactive_graph::owner::Owner;
use reactive_graph::signal::RwSignal;
use reactive_graph::traits::{Get, GetUntracked, Set};
use send_wrapper::SendWrapper;

use crate::framework::{Framework, Value};

#[derive(Clone, Copy)]
pub(crate) struct Leptos;

impl Framework for Leptos {
    const NAME: &'static str = "reactive_graph";
    const ONCE: bool = false;
    type World = Vec<ImmediateEffect>;
    type Cx = ();
    type Stop = Infallible;
    type Signal<T: Value> = RwSignal<T>;
    type Computed<T: Value> = Memo<T>;

    fn world<R: 'static>(work: impl FnOnce(&mut Self::World) -> R + 'static) -> R {
        let owner = Owner::new();
        let result = owner.with(|| work(&mut Vec::new()));
        owner.cleanup();
        result
    }

    fn signal<T: Value>(_: &mut Self::World, value: T) -> RwSignal<T> {
        RwSignal::new(value)
    }

    fn computed<T: Value>(
        _: &mut Self::World,
        f: impl Fn(&mut ()) -> Result<T, Infallible> + 'static,
    ) -> Memo<T> {
        let f = SendWrapper::new(f);
        Memo::new(move |_| {
            let Ok(value) = f(&mut ());
            value
        })
    }

    fn effect(world: &mut Self::World, f: impl Fn(&mut ()) -> Result<(), Infallible> + 'static) {
        let f = SendWrapper::new(f);
        world.push(ImmediateEffect::new_isomorphic(move || {
            let Ok(()) = f(&mut ());
        }));
    }

    #[inline]
    fn set<T: Value>(_: &mut Self::World, signal: RwSignal<T>, value: T) {
        signal.set(value);
    }

    fn batch(world: &mut Self::World, writes: impl FnOnce(&mut Self::World)) {
        writes(world);
    }

    #[inline]
    fn signal_value<T: Value>((): &mut (), signal: RwSignal<T>) -> Result<T, Infallible> {
        Ok(signal.get())
    }

    #[inline]
    fn computed_value<T: Value>((): &mut (), computed: Memo<T>) -> Result<T, Infallible> {
        Ok(computed.get())
    }

    fn peek<T: Value>(_: &mut Self::World, computed: Memo<T>) -> T {
        computed.get_untracked()
    }
}
