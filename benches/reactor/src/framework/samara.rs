//! samara-signals.

use std::convert::Infallible;

use samara_signals::{Computed, Signal, cleanup, effect, end_batch, memo, signal, start_batch};

use crate::framework::{Framework, Value};

#[derive(Clone, Copy)]
pub(crate) struct Samara;

impl Framework for Samara {
    const NAME: &'static str = "samara-signals";
    type World = ();
    type Cx = ();
    type Stop = Infallible;
    type Signal<T: Value> = Signal<T>;
    type Computed<T: Value> = Computed<T>;

    fn world<R: 'static>(work: impl FnOnce(&mut ()) -> R + 'static) -> R {
        let result = work(&mut ());
        cleanup();
        result
    }

    fn signal<T: Value>((): &mut (), value: T) -> Signal<T> {
        signal(value)
    }

    fn computed<T: Value>(
        (): &mut (),
        f: impl Fn(&mut ()) -> Result<T, Infallible> + 'static,
    ) -> Computed<T> {
        memo(move || {
            let Ok(value) = f(&mut ());
            value
        })
    }

    fn effect((): &mut (), f: impl Fn(&mut ()) -> Result<(), Infallible> + 'static) {
        effect(move || {
            let Ok(()) = f(&mut ());
        });
    }

    #[inline]
    fn set<T: Value>((): &mut (), signal: Signal<T>, value: T) {
        signal.set(value);
    }

    fn batch(world: &mut (), writes: impl FnOnce(&mut ())) {
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

    fn peek<T: Value>((): &mut (), computed: Computed<T>) -> T {
        computed.get()
    }
}
