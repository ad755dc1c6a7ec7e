//! sycamore-reactive.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use sycamore_reactive::{
    ReadSignal, Signal, batch, create_effect, create_root, create_selector, create_signal,
};

use crate::framework::{Framework, Value};

#[derive(Clone, Copy)]
pub(crate) struct Sycamore;

impl Framework for Sycamore {
    const NAME: &'static str = "sycamore-reactive";
    type World = ();
    type Cx = ();
    type Stop = Infallible;
    type Signal<T: Value> = Signal<T>;
    type Computed<T: Value> = ReadSignal<T>;

    fn world<R: 'static>(work: impl FnOnce(&mut ()) -> R + 'static) -> R {
        let result = Rc::new(Cell::new(None));
        let inner = result.clone();
        let root = create_root(move || inner.set(Some(work(&mut ()))));
        root.dispose();
        result.take().expect("the root runs its closure")
    }

    fn signal<T: Value>((): &mut (), value: T) -> Signal<T> {
        create_signal(value)
    }

    fn computed<T: Value>(
        (): &mut (),
        f: impl Fn(&mut ()) -> Result<T, Infallible> + 'static,
    ) -> ReadSignal<T> {
        create_selector(move || {
            let Ok(value) = f(&mut ());
            value
        })
    }

    fn effect((): &mut (), f: impl Fn(&mut ()) -> Result<(), Infallible> + 'static) {
        create_effect(move || {
            let Ok(()) = f(&mut ());
        });
    }

    #[inline]
    fn set<T: Value>((): &mut (), signal: Signal<T>, value: T) {
        signal.set(value);
    }

    fn batch(world: &mut (), writes: impl FnOnce(&mut ())) {
        batch(|| writes(world));
    }

    #[inline]
    fn signal_value<T: Value>((): &mut (), signal: Signal<T>) -> Result<T, Infallible> {
        Ok(signal.get_clone())
    }

    #[inline]
    fn computed_value<T: Value>((): &mut (), computed: ReadSignal<T>) -> Result<T, Infallible> {
        Ok(computed.get_clone())
    }

    fn peek<T: Value>((): &mut (), computed: ReadSignal<T>) -> T {
        computed.get_clone_untracked()
    }
}
