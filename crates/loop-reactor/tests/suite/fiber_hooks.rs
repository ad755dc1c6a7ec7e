//! Hooks: what a fiber keeps, and when it ends.

use std::cell::Cell;
use std::rc::Rc;

use loop_reactor::fiber::{Ask, Load};
use loop_reactor::{Failure, Fiber, Graph, Signal, Stop};

use crate::fibers::{graph, ran, told};

/// Hooks that come only where the signal says so.
fn sometimes(f: &mut Fiber<'_>, which: &Signal<u8>) -> Result<(), Stop> {
    let which = f.get(*which)?;
    let mut states = Vec::new();
    if which & 1 != 0 {
        states.push(f.state("a", || 1));
    }
    if which & 2 != 0 {
        f.effect("shown", which.to_string());
    }
    if which & 4 != 0 {
        states.push(f.state("b", || 2));
    }
    f.effect("states", states);
    Ok(())
}

fn states(graph: &mut Graph) -> Vec<Signal<i32>> {
    let commands = graph.take_commands();
    let mut all = commands.iter().rev();
    all.find_map(|command| command.value().cloned()).unwrap()
}

#[test]
fn hooks_may_come_sometimes() {
    let mut graph = graph();
    let which = graph.signal(7_u8);
    graph.mount(sometimes, which);
    let before = states(&mut graph);
    assert_eq!(before.len(), 2);
    graph.set(before[1], 20).unwrap();

    graph.set(which, 4).unwrap();
    let now = states(&mut graph);
    assert_eq!(now, before[1..], "b is found by its name");
    assert_eq!(graph.get(now[0]).unwrap(), 20);
    assert!(graph.get(before[0]).is_err(), "a did not come, and ended");

    graph.set(which, 5).unwrap();
    let now = states(&mut graph);
    assert_eq!(graph.get(now[0]).unwrap(), 1, "a begins anew");
    assert_eq!(now[1], before[1]);
}

#[test]
fn nothing_is_left_when_a_tree_ends() {
    let mut graph = graph();
    let which = graph.signal(7_u8);
    let (nodes, edges) = (graph.nodes(), graph.edges());
    for _ in 0..3 {
        let root = graph.mount(sometimes, which);
        graph.set(which, 3).unwrap();
        graph.set(which, 7).unwrap();
        graph.dispose(root);
        assert_eq!(
            (graph.nodes(), graph.edges(), graph.fibers()),
            (nodes, edges, 0)
        );
    }
    let (scope, _) = graph.scope(|graph| graph.mount(sometimes, which));
    assert!(graph.fibers() > 0);
    graph.dispose_scope(scope);
    assert_eq!((graph.nodes(), graph.fibers()), (nodes, 0));
    let told = told(&mut graph);
    assert_eq!(told.matches('+').count(), told.matches('-').count());
}

type Pair = (Signal<i64>, Signal<i64>);

/// A memo of two signals, of which one is read through the other's props.
fn memoed(f: &mut Fiber<'_>, (a, b): &Pair) -> Result<(), Stop> {
    let factor = f.get(*a)?;
    let product = f.memo("product", (factor / 10, *b), |cx, (factor, b)| {
        Ok(factor * cx.get(*b)?)
    });
    let product = f.get(product)?;
    f.effect("product", product.to_string());
    Ok(())
}

#[test]
fn a_memo_follows_what_it_is_from_and_what_it_reads() {
    let mut graph = graph();
    let (a, b) = (graph.signal(20), graph.signal(3));
    graph.mount(memoed, (a, b));
    assert_eq!(told(&mut graph), "+6");
    graph.set(a, 25).unwrap();
    assert_eq!(told(&mut graph), "");
    graph.set(a, 30).unwrap();
    assert_eq!(told(&mut graph), "-6 +9");
    graph.set(b, 5).unwrap();
    assert_eq!(told(&mut graph), "-9 +15");
    ran(&mut graph);
    graph
        .tick(|graph| {
            graph.set(a, 50)?;
            graph.set(b, 3)
        })
        .unwrap();
    assert_eq!(told(&mut graph), "");
    assert_eq!(ran(&mut graph), ["0/0"]);
}

/// Counts its runs in something that it keeps.
fn counting(f: &mut Fiber<'_>, signal: &Signal<i64>) -> Result<(), Stop> {
    let runs = f.keep("runs", || Cell::new(0));
    runs.set(runs.get() + 1);
    f.get(*signal)?;
    f.effect("runs", runs.get().to_string());
    Ok(())
}

#[test]
fn what_is_kept_is_neither_undone_nor_read() {
    let mut graph = graph();
    let signal = graph.signal(0);
    graph.mount(counting, signal);
    graph.remember_ticks(4);
    graph.set(signal, 1).unwrap();
    assert_eq!(told(&mut graph), "+1 -1 +2");
    graph.go_to(graph.before().unwrap()).unwrap();
    // What was said then is back, and nothing runs for it.
    assert_eq!(told(&mut graph), "-2 +1");
    graph.set(signal, 7).unwrap();
    assert_eq!(told(&mut graph), "-1 +3");
}

#[derive(Clone, PartialEq)]
struct Colour(&'static str);

fn provider(f: &mut Fiber<'_>, colour: &Signal<&'static str>) -> Result<(), Stop> {
    let outer = f.get(*colour)?;
    f.provide(Colour(outer), |f| {
        f.child(between, ());
        f.provide(Colour("inner"), |f| {
            f.child(painted, "second");
            Ok(())
        })
    })?;
    f.child(painted, "third");
    Ok(())
}

fn between(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    f.child(painted, "first");
    Ok(())
}

fn painted(f: &mut Fiber<'_>, name: &&'static str) -> Result<(), Stop> {
    let text = match f.context::<Colour>() {
        Ok(colour) => format!("{name}:{}", colour.0),
        Err(stop) => {
            assert!(matches!(stop.failure(), Some(Failure::Unprovided { .. })));
            format!("{name}:none")
        }
    };
    f.effect("colour", text);
    Ok(())
}

#[test]
fn a_context_reaches_who_reads_it_and_runs_nothing_between() {
    let mut graph = graph();
    let colour = graph.signal("red");
    graph.mount(provider, colour);
    assert_eq!(told(&mut graph), "+first:red +second:inner +third:none");
    ran(&mut graph);
    graph.set(colour, "blue").unwrap();
    assert_eq!(told(&mut graph), "-first:red +first:blue");
    assert_eq!(ran(&mut graph), ["0/0", "0/0/0/0/0"]);
}

fn weather(f: &mut Fiber<'_>, town: &Signal<&'static str>) -> Result<(), Stop> {
    let town = f.get(*town)?;
    let weather = f.resource::<_, String>("weather", town);
    f.child(progress, weather.load());
    let text = f.latest("known", weather.value())?;
    f.effect("text", text);
    Ok(())
}

fn progress(f: &mut Fiber<'_>, load: &Signal<Load<String>>) -> Result<(), Stop> {
    if let Load::Waiting { done, of } = f.get(*load)? {
        f.effect("progress", format!("{done}/{}", of.unwrap_or_default()));
    }
    Ok(())
}

fn asked(graph: &mut Graph) -> Ask<&'static str, String> {
    let commands = graph.take_commands();
    let mut asks = commands.iter().rev();
    asks.find_map(|command| command.value().cloned()).unwrap()
}

#[test]
fn a_resource_is_asked_for_answered_and_given_up() {
    let mut graph = graph();
    let town = graph.signal("Oslo");
    graph.mount(weather, town);
    let ask = asked(&mut graph);
    assert_eq!(ask.question, "Oslo");
    // The fiber waits, so it has not said yet that its progress is to be shown.
    let half = Load::Waiting {
        done: 1,
        of: Some(2),
    };
    graph.set(ask.answer, half).unwrap();
    assert_eq!(told(&mut graph), "");
    graph
        .set(ask.answer, Load::Ready("snow".to_owned()))
        .unwrap();
    assert_eq!(told(&mut graph), "-?weather +snow");

    // Another question: what was known stays until it is answered, and nobody waits for the old answer.
    graph.set(town, "Rome").unwrap();
    let second = asked(&mut graph);
    assert_eq!(second.question, "Rome");
    assert!(matches!(
        graph.set(ask.answer, Load::Ready("late".to_owned())),
        Err(Failure::Gone { .. })
    ));
    let half = Load::Waiting {
        done: 1,
        of: Some(2),
    };
    graph.set(second.answer, half).unwrap();
    assert_eq!(told(&mut graph), "-0/0 +1/2");
    graph.set(town, "Bern").unwrap();
    assert_eq!(told(&mut graph), "-?weather -1/2 +?weather +0/0");
    graph.set(town, "Rome").unwrap();
    let third = asked(&mut graph);
    graph
        .set(third.answer, Load::Ready("sun".to_owned()))
        .unwrap();
    assert_eq!(told(&mut graph), "-?weather -snow -0/0 +sun");
}

#[test]
fn a_restore_asks_again_what_was_not_answered_then() {
    let mut graph = graph();
    let town = graph.signal("Oslo");
    graph.mount(weather, town);
    graph.remember_ticks(8);
    let before = graph.now();
    let ask = asked(&mut graph);
    graph
        .set(ask.answer, Load::Ready("snow".to_owned()))
        .unwrap();
    told(&mut graph);
    graph.go_to(before).unwrap();
    assert_eq!(told(&mut graph), "-snow +?weather");
    graph
        .set(ask.answer, Load::Ready("rain".to_owned()))
        .unwrap();
    assert_eq!(told(&mut graph), "-?weather +rain");
}

#[test]
fn an_answer_that_failed_stops_who_reads_it() {
    let mut graph = graph();
    let town = graph.signal("Oslo");
    let root = graph.mount(weather, town);
    assert!(matches!(graph.get(root.whole()), Err(Stop::Pending)));
    let ask = asked(&mut graph);
    graph
        .set(ask.answer, Load::Failed("no line".to_owned()))
        .unwrap();
    let stop = graph.get(root.whole()).unwrap_err();
    let Some(Failure::Program(error)) = stop.failure() else {
        panic!("{stop:?}");
    };
    assert_eq!(error.to_string(), "no line");
}

/// Reads a value and stops in the middle.
fn breaks(f: &mut Fiber<'_>, (value, made): &(Signal<i64>, Rc<Cell<u32>>)) -> Result<(), Stop> {
    f.state("state", || made.set(made.get() + 1));
    f.effect("before", "before".to_owned());
    if f.get(*value)? < 0 {
        return Err(Stop::Pending);
    }
    f.effect("after", "after".to_owned());
    Ok(())
}

#[test]
fn a_run_that_stops_says_nothing_and_keeps_its_hooks() {
    let mut graph = graph();
    let value = graph.signal(-1);
    let made = Rc::new(Cell::new(0));
    graph.mount(breaks, (value, made.clone()));
    assert_eq!((told(&mut graph).as_str(), made.get()), ("", 1));
    graph.set(value, -2).unwrap();
    assert_eq!((told(&mut graph).as_str(), made.get()), ("", 1));
    graph.set(value, 1).unwrap();
    assert_eq!(
        (told(&mut graph).as_str(), made.get()),
        ("+before +after", 1)
    );
    graph.set(value, -1).unwrap();
    assert_eq!((told(&mut graph).as_str(), made.get()), ("", 1));
}

fn twice(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    // Of other types, the same name stands for something else.
    f.state("name", || 0);
    f.state("name", || true);
    f.effect("name", 0);
    let again = f.state("name", || 1);
    f.get(again).map(|_| ())
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let mut graph = graph();
    let root = graph.mount(twice, ());
    let stop = graph.get(root.whole()).unwrap_err();
    assert!(matches!(stop.failure(), Some(Failure::Twice { name }) if name == "name"));
}
