//! A counter: a signal, what follows from it, and a screen that is drawn when that has changed.

#![expect(clippy::print_stdout, reason = "what an example is for")]

use loop_reactor::{Failure, Graph};

fn main() -> Result<(), Failure> {
    let mut graph = Graph::new();
    let count = graph.signal(0);
    let text = graph.computed(move |cx| {
        Ok(match cx.get(count)? {
            0 => "nothing yet".to_owned(),
            1 => "once".to_owned(),
            more => format!("{more} times"),
        })
    });
    graph.effect(move |cx| {
        println!("{}", cx.read(text)?);
        Ok(())
    });

    graph.update(count, |count| *count += 1)?;
    // Both count together: the screen is drawn once.
    graph.tick(|graph| {
        graph.update(count, |count| *count += 1)?;
        graph.update(count, |count| *count += 1)
    })
}
