//! A layout that is gathered: each box yields its size, they are stacked on the way up, and the frame gets the size of all.

#![expect(clippy::print_stdout, reason = "what an example is for")]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]

use loop_reactor::fiber::Act;
use loop_reactor::{Computed, Failure, Fiber, Graph, Signal, Stop};

/// How much room something takes.
#[derive(Clone, Copy, PartialEq)]
struct Size {
    wide: usize,
    high: usize,
}

const NOTHING: Size = Size { wide: 0, high: 0 };

/// One upon the other: as wide as the widest, as high as all of them.
fn stacked(a: &Size, b: &Size) -> Size {
    Size {
        wide: a.wide.max(b.wide),
        high: a.high + b.high,
    }
}

fn page(f: &mut Fiber<'_>, texts: &[Signal<String>; 3]) -> Result<(), Stop> {
    let [title, text, end] = *texts;
    let size = f.map_reduce(
        |f| {
            f.child(boxed, title);
            // A box in the text's margin is measured with it, however deep it lies.
            f.child(indented, text);
            f.child(boxed, end);
            Ok(())
        },
        |size: Size| size,
        NOTHING,
        stacked,
    )?;
    f.child(frame, size);
    Ok(())
}

/// What comes up from below is made wider on its way.
fn indented(f: &mut Fiber<'_>, text: &Signal<String>) -> Result<(), Stop> {
    let inner = f.fence::<Size, Size>(|f| {
        f.child(boxed, *text);
        Ok(())
    })?;
    f.child(margin, inner);
    Ok(())
}

fn margin(f: &mut Fiber<'_>, inner: &Computed<Size>) -> Result<(), Stop> {
    let Size { wide, high } = f.get(*inner)?;
    f.yields(Size {
        wide: wide + 16,
        high,
    });
    Ok(())
}

/// A text in lines of a fixed height, as large as it must be.
fn boxed(f: &mut Fiber<'_>, text: &Signal<String>) -> Result<(), Stop> {
    let lines = f.read(*text)?.lines();
    let lines = lines.map(|line| Size {
        wide: 8 * line.len(),
        high: 12,
    });
    let size = lines.fold(NOTHING, |size, line| stacked(&size, &line));
    f.yields(size);
    Ok(())
}

fn frame(f: &mut Fiber<'_>, size: &Computed<Size>) -> Result<(), Stop> {
    let size = f.get(*size)?;
    f.effect("frame", size);
    Ok(())
}

fn main() -> Result<(), Failure> {
    let mut graph = Graph::new();
    let texts = ["a title", "two\nlines", "and again\ntwo lines.."];
    let texts = texts.map(|text| graph.signal(text.to_owned()));
    graph.mount(page, texts);
    let [title, two, _] = texts;
    for (text, words) in [
        (two, "two\nlines"),
        (two, "now\nthree\nlines of text"),
        (title, "a longer title......."),
        // As large as before: nothing is told.
        (two, "all\nother\nwords of text"),
        (two, ""),
    ] {
        graph.set(text, words.to_owned())?;
        for command in graph.take_commands() {
            if let (Act::SetUp, Some(size)) = (command.act, command.value::<Size>()) {
                println!("{} high, {} wide", size.high, size.wide);
            }
        }
    }
    Ok(())
}
