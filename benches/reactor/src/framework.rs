//! What a workload asks of a library of signals, so that each runs the very same closures.

pub(crate) mod alien;
pub(crate) mod leptos;
pub(crate) mod ours;
pub(crate) mod samara;
pub(crate) mod sycamore;

use std::fmt::Debug;

/// What a signal of the workloads holds.
pub(crate) trait Value: Clone + Debug + PartialEq + Send + Sync + 'static {}

impl<T: Clone + Debug + PartialEq + Send + Sync + 'static> Value for T {}

/// A library of signals.
pub(crate) trait Framework: Copy + 'static {
    const NAME: &'static str;
    /// Whether an effect runs once for each write, as it must.
    const ONCE: bool = true;
    /// What makes nodes and writes signals.
    type World;
    /// What a computation reads through.
    type Cx;
    /// Why a read may fail; uninhabited where none does.
    type Stop: Debug;
    type Signal<T: Value>: Copy + 'static;
    type Computed<T: Value>: Copy + 'static;

    /// Runs `work` in a new world, and disposes of it.
    fn world<R: 'static>(work: impl FnOnce(&mut Self::World) -> R + 'static) -> R;

    fn signal<T: Value>(world: &mut Self::World, value: T) -> Self::Signal<T>;

    fn computed<T: Value>(
        world: &mut Self::World,
        f: impl Fn(&mut Self::Cx) -> Result<T, Self::Stop> + 'static,
    ) -> Self::Computed<T>;

    fn effect(
        world: &mut Self::World,
        f: impl Fn(&mut Self::Cx) -> Result<(), Self::Stop> + 'static,
    );

    fn set<T: Value>(world: &mut Self::World, signal: Self::Signal<T>, value: T);

    fn batch(world: &mut Self::World, writes: impl FnOnce(&mut Self::World));

    /// Reads within a computation.
    fn signal_value<T: Value>(cx: &mut Self::Cx, signal: Self::Signal<T>) -> Result<T, Self::Stop>;

    /// Reads within a computation.
    fn computed_value<T: Value>(
        cx: &mut Self::Cx,
        computed: Self::Computed<T>,
    ) -> Result<T, Self::Stop>;

    /// Reads from outside.
    fn peek<T: Value>(world: &mut Self::World, computed: Self::Computed<T>) -> T;
}

/// A signal or a computed.
pub(crate) enum Source<F: Framework, T: Value> {
    Signal(F::Signal<T>),
    Computed(F::Computed<T>),
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "a derive would ask that the library be `Clone`"
)]
impl<F: Framework, T: Value> Clone for Source<F, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F: Framework, T: Value> Copy for Source<F, T> {}

impl<F: Framework, T: Value> Source<F, T> {
    #[inline]
    pub(crate) fn get(self, cx: &mut F::Cx) -> Result<T, F::Stop> {
        match self {
            Self::Signal(signal) => F::signal_value(cx, signal),
            Self::Computed(computed) => F::computed_value(cx, computed),
        }
    }
}
