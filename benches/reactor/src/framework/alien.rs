//! alien-signals: its nodes stand in a global that is never freed; what is disposed of are the effects, one by one, since whatever
//! is read within an effect scope of its own would be linked to the scope.

use std::convert::Infallible;

use alien_signals::{Computed, Effect, Signal, end_batch, start_batch};

use crate::framework::{Framework, Value};

#[derive(Clone, Copy)]
pub(crate) struct Alien;

impl Framework for Alien {
    const NAME: &'static str = "alien-signals";
    type World = Vec<Effect>;
    type Cx = ();
    type Stop = Infallible;
    type Signal<T: Value> = Signal<T>;
    type Computed<T: Value> = Computed<T>;

    fn world<R: 'static>(work: impl FnOnce(&mut Self::World) -> R + 'static) -> R {
        let mut effects = Vec::new();
        let result = work(&mut effects);
        effects.into_iter().for_each(Effect::dispose);
        result
    }

    fn signal<T: Value>(_: &mut Self::World, value: T) -> Signal<T> {
        Signal::new(value)
    }

    fn computed<T: Value>(
        _: &mut Self::World,
        f: impl Fn(&mut ()) -> Result<T, Infallible> + 'static,
    ) -> Computed<T> {
        Computed::new(move |_| {
            let Ok(value) = f(&mut ());
            value
        })
    }

    fn effect(world: &mut Self::World, f: impl Fn(&mut ()) -> Result<(), Infallible> + 'static) {
        world.push(Effect::new(move || {
            let Ok(()) = f(&mut ());
        }));
    }

    #[inline]
    fn set<T: Value>(_: &mut Self::World, signal: Signal<T>, value: T) {
        signal.set(value);
    }

    fn batch(world: &mut Self::World, writes: impl FnOnce(&mut Self::World)) {
        start_batch();
        writes(world);
        end_batch();
    }

    #[inline]
    fn signal_value<T: Value>((): &mut (), signal: Signal<T>) -> Result<T, Infallible> {
        Ok(signal.get())
    }

    #[inline]
    fn computed_value<T: Value>((): &mut (), computed: Computed<T>) -> Result<T, Infallible> {
        Ok(computed.get())
    }

    fn peek<T: Value>(_: &mut Self::World, computed: Computed<T>) -> T {
        computed.get()
    }
}
