//! Tests of loop-reactor at its boundary: writes go in, values and events come out.

#![cfg_attr(
    test,
    expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        reason = "what components are"
    )
)]

#[cfg(test)]
mod chance;
#[cfg(test)]
mod cycles;
#[cfg(test)]
mod depth;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fiber_hooks;
#[cfg(test)]
mod fiber_life;
#[cfg(test)]
mod fiber_model;
#[cfg(test)]
mod fiber_yields;
#[cfg(test)]
mod fibers;
#[cfg(test)]
mod fold;
#[cfg(test)]
mod history;
#[cfg(test)]
mod lanes;
#[cfg(test)]
mod life;
#[cfg(test)]
mod model;
#[cfg(test)]
mod rewind;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod saved;
#[cfg(test)]
mod ticks;
#[cfg(test)]
mod wasm;
