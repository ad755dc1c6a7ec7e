//! Undo, redo and another branch: a drawing of which each stroke is a tick.

#![expect(clippy::print_stdout, reason = "what an example is for")]

use loop_reactor::{Graph, Signal, Stop};

/// Adds a stroke.
fn draw(graph: &mut Graph, drawing: Signal<String>, stroke: char) -> Result<(), Stop> {
    Ok(graph.update(drawing, |drawing| drawing.push(stroke))?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut graph = Graph::new();
    let drawing = graph.signal(String::new());
    graph.effect(move |cx| {
        println!("[{}]", cx.read(drawing)?);
        Ok(())
    });
    // A hundred strokes can be undone. Each is remembered as what it changed.
    graph.remember_ticks(100);

    for stroke in "abc".chars() {
        draw(&mut graph, drawing, stroke)?;
    }
    let abc = graph.now();

    while let Some(before) = graph.before() {
        graph.go_to(before)?;
    }
    if let Some(redo) = graph.after().last() {
        graph.go_to(*redo)?;
    }
    // From here on, it is another drawing; the first is not lost.
    draw(&mut graph, drawing, 'z')?;
    graph.go_to(abc)?;
    Ok(())
}
