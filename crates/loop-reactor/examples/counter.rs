//! A counter: a fiber with a state, and a button that the host is told to show.

#![expect(clippy::print_stdout, reason = "what an example is for")]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]

use loop_reactor::fiber::Act;
use loop_reactor::{Failure, Fiber, Graph, Signal, Stop};

/// What the host is to show, and what to count up when it is pressed.
#[derive(Clone, PartialEq)]
struct Button {
    text: String,
    count: Signal<u32>,
}

fn counter(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    let count = f.state("count", || 0);
    let text = match f.get(count)? {
        0 => "nothing yet".to_owned(),
        1 => "once".to_owned(),
        more => format!("{more} times"),
    };
    f.effect("button", Button { text, count });
    Ok(())
}

/// The host: does what it is told, and remembers the button.
fn show(graph: &mut Graph) -> Option<Button> {
    let mut shown = None;
    for command in graph.take_commands() {
        if let (Act::SetUp, Some(button)) = (command.act, command.value::<Button>()) {
            println!("[{}]", button.text);
            shown = Some(button.clone());
        }
    }
    shown
}

fn main() -> Result<(), Failure> {
    let mut graph = Graph::new();
    graph.mount(counter, ());
    let Some(Button { count, .. }) = show(&mut graph) else {
        return Ok(());
    };

    graph.update(count, |count| *count += 1)?;
    show(&mut graph);
    // Both count together: the button is shown once.
    graph.tick(|graph| {
        graph.update(count, |count| *count += 1)?;
        graph.update(count, |count| *count += 1)
    })?;
    show(&mut graph);
    Ok(())
}
