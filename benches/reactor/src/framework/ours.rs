//! loop-reactor.

use loop_reactor::{Computed, Cx, Graph, Signal, Stop};

use crate::framework::{Framework, Value};

#[derive(Clone, Copy)]
pub(crate) struct Ours;

impl Framework for Ours {
    const NAME: &'static str = "loop-reactor";
    type World = Graph;
    type Cx = Cx;
    type Stop = Stop;
    type Signal<T: Value> = Signal<T>;
    type Computed<T: Value> = Computed<T>;

    fn world<R: 'static>(work: impl FnOnce(&mut Graph) -> R + 'static) -> R {
        work(&mut Graph::new())
    }

    fn signal<T: Value>(world: &mut Graph, value: T) -> Signal<T> {
        world.signal(value)
    }

    fn computed<T: Value>(
        world: &mut Graph,
        f: impl Fn(&mut Cx) -> Result<T, Stop> + 'static,
    ) -> Computed<T> {
        world.computed(f)
    }

    fn effect(world: &mut Graph, f: impl Fn(&mut Cx) -> Result<(), Stop> + 'static) {
        world.effect(f);
    }

    #[inline]
    fn set<T: Value>(world: &mut Graph, signal: Signal<T>, value: T) {
        world.set(signal, value).expect("the signal is alive");
    }

    fn batch(world: &mut Graph, writes: impl FnOnce(&mut Graph)) {
        let written = world.tick(|world| {
            writes(world);
            Ok::<(), Stop>(())
        });
        written.expect("the closure gives no error");
    }

    #[inline]
    fn signal_value<T: Value>(cx: &mut Cx, signal: Signal<T>) -> Result<T, Stop> {
        cx.get(signal)
    }

    #[inline]
    fn computed_value<T: Value>(cx: &mut Cx, computed: Computed<T>) -> Result<T, Stop> {
        cx.get(computed)
    }

    fn peek<T: Value>(world: &mut Graph, computed: Computed<T>) -> T {
        world.get(computed).expect("the computed has a value")
    }
}
