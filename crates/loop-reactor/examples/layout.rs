//! A layout that is gathered: each box says how large it is, a fold stacks them, and who is above gets the size of all.

#![expect(clippy::print_stdout, reason = "what an example is for")]

use loop_reactor::{Computed, Graph, Signal, Stop};

/// How much room something takes.
#[derive(Clone, Copy, PartialEq)]
struct Size {
    wide: u32,
    high: u32,
}

const NOTHING: Size = Size { wide: 0, high: 0 };

/// A text in lines of a fixed height, as large as it must be.
fn text(graph: &mut Graph, text: Signal<String>) -> Computed<Size> {
    graph.computed(move |cx| {
        let lines = cx.read(text)?.lines();
        Ok(lines.fold(NOTHING, |size, line| Size {
            wide: size
                .wide
                .max(8 * u32::try_from(line.len()).unwrap_or(u32::MAX / 8)),
            high: size.high + 12,
        }))
    })
}

fn main() -> Result<(), Stop> {
    let mut graph = Graph::new();
    // One upon the other: as wide as the widest, as high as all of them.
    let column = graph.fold(NOTHING, |a, b| Size {
        wide: a.wide.max(b.wide),
        high: a.high + b.high,
    });
    let texts: Vec<Signal<String>> = ["a title", "two\nlines", "and again\ntwo lines.."]
        .map(|text| graph.signal(text.to_owned()))
        .into();
    for (at, words) in texts.iter().enumerate() {
        let size = text(&mut graph, *words);
        column.insert(&mut graph, at, size)?;
    }
    let total = column.total();
    graph.effect(move |cx| {
        let size = cx.get(total)?;
        println!("{} high, {} wide", size.high, size.wide);
        Ok(())
    });

    let [title, two, ..] = texts.as_slice() else {
        return Ok(());
    };
    graph.set(*two, "now\nthree\nlines".to_owned())?;
    graph.set(*title, "a longer title.".to_owned())?;
    // As large as before: nothing is drawn.
    graph.set(*two, "all\nother\nwords".to_owned())?;
    column.remove(&mut graph, 2)?;
    Ok(())
}
