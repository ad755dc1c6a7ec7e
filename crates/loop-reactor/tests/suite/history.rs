//! Going back and forth between moments.

use std::cell::RefCell;
use std::rc::Rc;

use loop_reactor::{Effect, Failure, Graph, Moment, Signal, Unreachable};

/// A signal in a graph that remembers, and what an effect saw of it.
fn watched(ticks: usize) -> (Graph, Signal<i32>, Rc<RefCell<Vec<i32>>>) {
    let mut graph = Graph::new();
    let signal = graph.signal(0);
    let seen = Rc::new(RefCell::new(Vec::new()));
    watch(&mut graph, signal, &seen);
    graph.remember_ticks(ticks);
    (graph, signal, seen)
}

fn watch(graph: &mut Graph, signal: Signal<i32>, seen: &Rc<RefCell<Vec<i32>>>) -> Effect {
    let seen = seen.clone();
    graph.effect(move |cx| {
        seen.borrow_mut().push(cx.get(signal)?);
        Ok(())
    })
}

#[test]
fn undo_and_redo() {
    let (mut graph, signal, seen) = watched(10);
    let start = graph.now();
    graph.set(signal, 1).unwrap();
    graph.set(signal, 2).unwrap();
    let end = graph.now();
    graph.go_to(graph.before().unwrap()).unwrap();
    assert_eq!(graph.get(signal).unwrap(), 1);
    graph.go_to(graph.before().unwrap()).unwrap();
    assert_eq!(graph.get(signal).unwrap(), 0);
    assert_eq!((graph.now(), graph.before()), (start, None));
    graph.go_to(graph.after()[0]).unwrap();
    assert_eq!(graph.get(signal).unwrap(), 1);
    graph.go_to(end).unwrap();
    assert_eq!(graph.get(signal).unwrap(), 2);
    assert_eq!(graph.after(), []);
    assert_eq!(*seen.borrow(), [0, 1, 2, 1, 0, 1, 2]);
}

#[test]
fn another_tick_from_an_earlier_moment_is_another_branch() {
    let (mut graph, signal, _) = watched(10);
    let start = graph.now();
    graph.set(signal, 1).unwrap();
    let one = graph.now();
    graph.set(signal, 2).unwrap();
    let two = graph.now();
    graph.go_to(one).unwrap();
    graph.set(signal, 3).unwrap();
    let three = graph.now();
    assert_eq!(graph.before(), Some(one));
    for (moment, value) in [
        (two, 2),
        (three, 3),
        (start, 0),
        (two, 2),
        (one, 1),
        (three, 3),
    ] {
        graph.go_to(moment).unwrap();
        assert_eq!(graph.get(signal).unwrap(), value);
        assert_eq!(graph.now(), moment);
    }
    graph.go_to(one).unwrap();
    assert_eq!(graph.after(), [two, three]);
}

#[test]
fn effects_see_where_it_ends_and_only_what_differs() {
    let (mut graph, a, seen) = watched(10);
    let b = graph.signal(0);
    let others = Rc::new(RefCell::new(Vec::new()));
    watch(&mut graph, b, &others);
    let start = graph.now();
    for value in 1..5 {
        graph.set(a, value).unwrap();
        graph.set(b, 1 - value % 2).unwrap();
    }
    let end = graph.now();
    seen.borrow_mut().clear();
    others.borrow_mut().clear();
    graph.go_to(start).unwrap();
    // `a` went from 4 to 0 in one go, and `b` was 1, 0, 1, 0 on the way from 1 to 0.
    assert_eq!((seen.take(), others.take()), (vec![0], vec![0]));
    graph.go_to(end).unwrap();
    assert_eq!((seen.take(), others.take()), (vec![4], vec![1]));
    graph.go_to(end).unwrap();
    assert_eq!((seen.take(), others.take()), (vec![], vec![]));
}

#[test]
fn what_is_beyond_the_limit_is_forgotten() {
    let (mut graph, signal, _) = watched(3);
    let mut moments = vec![graph.now()];
    for value in 1..=5 {
        graph.set(signal, value).unwrap();
        moments.push(graph.now());
    }
    for forgotten in &moments[..2] {
        assert_eq!(graph.go_to(*forgotten), Err(Unreachable::Forgotten));
        assert_eq!(graph.get(signal).unwrap(), 5);
    }
    for (value, moment) in moments.iter().enumerate().skip(2) {
        graph.go_to(*moment).unwrap();
        assert_eq!(graph.get(signal).unwrap(), i32::try_from(value).unwrap());
    }
    graph.go_to(moments[2]).unwrap();
    assert_eq!(graph.before(), None);
    // A branch that begins here leaves what came after to be forgotten first, for it is older.
    for value in 10..13 {
        graph.set(signal, value).unwrap();
        assert_eq!(graph.get(signal).unwrap(), value);
    }
    assert_eq!(graph.go_to(moments[5]), Err(Unreachable::Forgotten));
    graph.go_to(moments[2]).unwrap();
    assert_eq!(graph.get(signal).unwrap(), 2);
}

#[test]
fn without_a_history_there_is_nowhere_to_go() {
    let mut graph = Graph::new();
    let signal = graph.signal(0);
    let now = graph.now();
    graph.set(signal, 1).unwrap();
    assert_eq!(graph.now(), now);
    assert_eq!((graph.before(), graph.after()), (None, vec![]));
    graph.go_to(now).unwrap();
    assert_eq!(graph.get(signal).unwrap(), 1);
    graph.remember_ticks(5);
    graph.set(signal, 2).unwrap();
    let then = graph.now();
    graph.remember_ticks(0);
    assert_eq!(graph.go_to(then), Err(Unreachable::Forgotten));
    let in_tick: Result<(), Unreachable> = graph.tick(|graph| graph.go_to(now));
    assert_eq!(in_tick, Err(Unreachable::InTick));
}

#[test]
fn a_tick_that_fails_or_changes_nothing_is_no_moment() {
    let (mut graph, signal, _) = watched(5);
    let start = graph.now();
    graph.set(signal, 0).unwrap();
    let failed: Result<(), Failure> = graph.tick(|graph| {
        graph.set(signal, 1)?;
        let (scope, _) = graph.scope(|graph| graph.signal(1));
        graph.dispose_scope(scope);
        Err(Failure::Cycle { path: vec![] })
    });
    assert!(failed.is_err());
    graph.tick(|_| Ok::<(), Failure>(())).unwrap();
    assert_eq!(graph.now(), start);
    assert_eq!(graph.nodes(), 2);
}

#[test]
fn what_was_made_goes_and_what_was_disposed_of_comes_back() {
    let (mut graph, signal, seen) = watched(10);
    let start = graph.now();
    let (scope, twice) = graph
        .tick(|graph| {
            Ok::<_, Failure>(graph.scope(|graph| {
                let twice = graph.computed(move |cx| Ok(cx.get(signal)? * 2));
                let seen = seen.clone();
                graph.effect(move |cx| {
                    seen.borrow_mut().push(cx.get(twice)? + 100);
                    Ok(())
                });
                twice
            }))
        })
        .unwrap();
    let made = graph.now();
    graph.set(signal, 1).unwrap();
    graph.dispose_scope(scope);
    let ended = graph.now();
    let nodes = |graph: &Graph| (graph.nodes(), graph.edges());
    assert_eq!(nodes(&graph), (2, 1));
    assert!(graph.get(twice).is_err());
    seen.borrow_mut().clear();

    graph.go_to(made).unwrap();
    assert_eq!(graph.get(twice).unwrap(), 0);
    assert_eq!(nodes(&graph), (4, 3));
    graph.set(signal, 5).unwrap();
    assert_eq!(
        seen.take(),
        [100, 0, 5, 110],
        "the effect is set up again, and goes on"
    );

    graph.go_to(start).unwrap();
    assert!(graph.get(twice).is_err());
    assert_eq!(nodes(&graph), (2, 1));
    graph.go_to(ended).unwrap();
    assert!(graph.get(twice).is_err());
    assert_eq!(seen.take(), [0, 1]);
    // The scope is back as well, and can be ended from here.
    graph.go_to(made).unwrap();
    graph.dispose_scope(scope);
    assert_eq!(nodes(&graph), (2, 1));
    // Nothing is left of what is forgotten: its places are used again.
    graph.remember_ticks(0);
    let (_, next) = graph.scope(|graph| graph.signal(1));
    assert!(format!("{next:?}").contains('.'));
    assert!(graph.get(twice).is_err());
}

/// Who read something that was gone is asked again when it is back.
#[test]
fn readers_find_again_what_comes_back() {
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let b = graph.computed(move |cx| Ok(cx.get(a).unwrap_or(-1)));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shown = seen.clone();
    graph.effect(move |cx| {
        shown.borrow_mut().push(cx.get(b)?);
        Ok(())
    });
    graph.remember_ticks(5);
    let start = graph.now();
    graph.dispose(a);
    let end = graph.now();
    graph.go_to(start).unwrap();
    graph.go_to(end).unwrap();
    graph.go_to(start).unwrap();
    graph.set(a, 2).unwrap();
    assert_eq!(*seen.borrow(), [1, -1, 1, -1, 1, 2]);
}

#[test]
fn a_replay_shows_only_its_end() {
    let (mut graph, signal, seen) = watched(10);
    let start = graph.now();
    for step in [1, 2, 3] {
        graph.update(signal, |value| *value += step).unwrap();
    }
    assert_eq!(seen.take(), [0, 1, 3, 6]);
    let moments = graph.silently(|graph| {
        graph.go_to(start).unwrap();
        let mut moments = Vec::new();
        for step in [1, 20, 3] {
            graph.update(signal, |value| *value += step).unwrap();
            moments.push(graph.now());
        }
        moments
    });
    assert_eq!(seen.take(), [24]);
    graph.go_to(moments[0]).unwrap();
    assert_eq!(seen.take(), [1]);
}

/// The cost of a tick and of going back is that of what changed: here, of one signal among many.
#[test]
fn a_moment_takes_what_changed() {
    let mut graph = Graph::new();
    let signals: Vec<Signal<Vec<u8>>> = (0..1000).map(|_| graph.signal(vec![0; 1000])).collect();
    graph.remember_ticks(100_000);
    let start: Moment = graph.now();
    // As much as all signals together, a thousand times over, if each moment had a copy of all.
    for round in 0..20_000_usize {
        let signal = signals[round % signals.len()];
        graph
            .set(signal, vec![u8::try_from(round / 1000 + 1).unwrap(); 1])
            .unwrap();
    }
    graph.go_to(start).unwrap();
    for signal in &signals {
        assert_eq!(graph.read(*signal).unwrap().len(), 1000);
    }
}
