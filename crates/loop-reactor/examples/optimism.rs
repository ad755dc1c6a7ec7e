//! Writes that are shown before the server has answered, and what becomes of them.

#![expect(clippy::print_stdout, reason = "what an example is for")]

use loop_reactor::{Graph, Lanes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut graph = Graph::new();
    let seats = graph.signal(3);
    graph.effect(move |cx| {
        println!("{} left", cx.get(seats)?);
        Ok(())
    });
    let mut lanes = Lanes::new(graph);

    // Two bookings are shown at once.
    let book = move |graph: &mut Graph| graph.update(seats, |seats| *seats -= 1);
    let first = lanes.guess(book)?;
    let second = lanes.guess(book)?;

    // The server has the first. Nothing differs, so nothing is drawn.
    lanes.settle(&[first], |graph| graph.set(seats, 2))?;
    // Somebody else took seats meanwhile: the second booking is done over on what is left.
    lanes.settle(&[], |graph| graph.set(seats, 1))?;
    // And is refused in the end.
    lanes.settle(&[second], |graph| graph.set(seats, 0))?;
    println!("{} bookings are open", lanes.open().len());
    Ok(())
}
