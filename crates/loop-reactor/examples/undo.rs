//! Undo, redo and another branch: a drawing of which each stroke is a tick, and a fiber for each stroke.

#![expect(clippy::print_stdout, reason = "what an example is for")]
#![expect(
    clippy::unnecessary_wraps,
    clippy::trivially_copy_pass_by_ref,
    reason = "what components are"
)]

use loop_reactor::fiber::Act;
use loop_reactor::{Fiber, Graph, Signal, Stop};

fn drawing(f: &mut Fiber<'_>, strokes: &Signal<String>) -> Result<(), Stop> {
    for stroke in f.get(*strokes)?.chars() {
        f.child(line, stroke);
    }
    Ok(())
}

fn line(f: &mut Fiber<'_>, stroke: &char) -> Result<(), Stop> {
    f.effect("line", *stroke);
    Ok(())
}

/// The host draws what is new, and wipes what is not there any more: it need not know that time went back.
fn host(graph: &mut Graph) {
    let commands = graph.take_commands();
    let acts = commands.iter().filter_map(|command| {
        let line: &char = command.value()?;
        Some(match command.act {
            Act::SetUp => format!("+{line}"),
            Act::CleanUp => format!("-{line}"),
        })
    });
    println!("{}", acts.collect::<Vec<_>>().join(" "));
}

fn draw(graph: &mut Graph, strokes: Signal<String>, stroke: char) -> Result<(), Stop> {
    graph.update(strokes, |strokes| strokes.push(stroke))?;
    host(graph);
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut graph = Graph::new();
    let strokes = graph.signal(String::new());
    graph.mount(drawing, strokes);
    // A hundred strokes can be undone. Each is remembered as what it changed.
    graph.remember_ticks(100);

    for stroke in "abc".chars() {
        draw(&mut graph, strokes, stroke)?;
    }
    let abc = graph.now();

    while let Some(before) = graph.before() {
        graph.go_to(before)?;
        host(&mut graph);
    }
    if let Some(redo) = graph.after().last() {
        graph.go_to(*redo)?;
        host(&mut graph);
    }
    // From here on, it is another drawing; the first is not lost.
    draw(&mut graph, strokes, 'z')?;
    graph.go_to(abc)?;
    host(&mut graph);
    Ok(())
}
