//! Writes that are shown before the server has answered, and what becomes of them.

#![expect(clippy::print_stdout, reason = "what an example is for")]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]

use loop_reactor::fiber::Act;
use loop_reactor::{Fiber, Graph, Lanes, Signal, Stop};

fn hall(f: &mut Fiber<'_>, seats: &Signal<i32>) -> Result<(), Stop> {
    let left = f.get(*seats)?;
    f.effect("sign", format!("{left} left"));
    Ok(())
}

fn show(lanes: &mut Lanes) {
    for command in lanes.take_commands() {
        if let (Act::SetUp, Some(sign)) = (command.act, command.value::<String>()) {
            println!("{sign}");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut graph = Graph::new();
    let seats = graph.signal(3);
    graph.mount(hall, seats);
    let mut lanes = Lanes::new(graph);
    show(&mut lanes);

    // Two bookings are shown at once.
    let book = move |graph: &mut Graph| graph.update(seats, |seats| *seats -= 1);
    let first = lanes.guess(book)?;
    show(&mut lanes);
    let second = lanes.guess(book)?;
    show(&mut lanes);

    // The server has the first. Nothing differs, so nothing is shown.
    lanes.settle(&[first], |graph| graph.set(seats, 2))?;
    show(&mut lanes);
    // Somebody else took seats meanwhile: the second booking is done over on what is left.
    lanes.settle(&[], |graph| graph.set(seats, 1))?;
    show(&mut lanes);
    // And is refused in the end.
    lanes.settle(&[second], |graph| graph.set(seats, 0))?;
    show(&mut lanes);
    println!("{} bookings are open", lanes.open().len());
    Ok(())
}
