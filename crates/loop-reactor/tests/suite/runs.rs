//! What runs, when and why.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use loop_reactor::graph::{Kind, Record};
use loop_reactor::{Graph, Handle, Id, Signal, Source, Stop};

/// A graph that records from now on.
fn recording() -> Graph {
    let mut graph = Graph::new();
    graph.record(Record::Events);
    graph
}

/// What ran since this was last asked, as `name: what`, with the name of what made it run.
fn events(graph: &mut Graph) -> Vec<String> {
    let names = graph.describe();
    let name = |id: Id| {
        let found = names.iter().find(|node| node.node == id);
        found.map_or_else(|| id.to_string(), |node| node.name.clone())
    };
    let events = graph.take_events();
    let told = events.iter().map(|event| {
        let why = event
            .why
            .map_or(String::new(), |why| format!(" for {}", name(why)));
        format!("{} {:?}{why}", name(event.node), event.what)
    });
    told.collect()
}

#[test]
fn a_diamond_runs_each_node_once_and_sees_no_mixture() {
    let mut graph = recording();
    let head = graph.signal(1);
    let left = graph.computed(move |cx| Ok(cx.get(head)? * 2));
    let right = graph.computed(move |cx| Ok(cx.get(head)? * 3));
    let sum = graph.computed(move |cx| Ok((cx.get(left)?, cx.get(right)?)));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shown = seen.clone();
    let effect = graph.effect(move |cx| {
        shown.borrow_mut().push(cx.get(sum)?);
        Ok(())
    });
    graph.name(head, "head");
    graph.name(left, "left");
    graph.name(right, "right");
    graph.name(sum, "sum");
    graph.name(effect, "effect");
    graph.take_events();

    graph.set(head, 2).unwrap();
    // `sum` runs as soon as `left` is known to have changed, and brings `right` up to date from within.
    assert_eq!(
        events(&mut graph),
        [
            "left Changed for head",
            "right Changed for head",
            "sum Changed for left",
            "effect Same for sum"
        ]
    );
    assert_eq!(*seen.borrow(), [(2, 3), (4, 6)]);
}

#[test]
fn an_equal_value_goes_no_further() {
    let mut graph = recording();
    let number = graph.signal(3);
    let odd = graph.computed(move |cx| Ok(cx.get(number)? % 2 == 1));
    let text = graph.computed(move |cx| Ok(if cx.get(odd)? { "odd" } else { "even" }));
    let effect = graph.effect(move |cx| cx.get(text).map(|_| ()));
    graph.name(odd, "odd");
    graph.name(text, "text");
    graph.name(effect, "effect");
    graph.name(number, "number");
    graph.take_events();

    graph.set(number, 5).unwrap();
    assert_eq!(
        events(&mut graph),
        ["odd Same for number", "text Kept", "effect Kept"]
    );
    graph.set(number, 5).unwrap();
    assert_eq!(events(&mut graph), Vec::<String>::new());
}

#[test]
fn what_nobody_reads_does_not_run() {
    let mut graph = recording();
    let number = graph.signal(1);
    let runs = Rc::new(Cell::new(0));
    let counted = runs.clone();
    let twice = graph.computed(move |cx| {
        counted.set(counted.get() + 1);
        Ok(cx.get(number)? * 2)
    });
    graph.set(number, 2).unwrap();
    assert_eq!(runs.get(), 0);
    assert_eq!(graph.get(twice).unwrap(), 4);
    graph.set(number, 3).unwrap();
    graph.set(number, 4).unwrap();
    assert_eq!(runs.get(), 1);
    assert_eq!(graph.get(twice).unwrap(), 8);
    assert_eq!(graph.get(twice).unwrap(), 8);
    assert_eq!(runs.get(), 2);
}

#[test]
fn what_is_no_longer_read_does_not_run() {
    let mut graph = recording();
    let guard = graph.signal(true);
    let guarded = graph.computed(move |cx| cx.get(guard));
    let text = graph.signal("12".to_owned());
    let number = graph.computed(move |cx| cx.read(text)?.parse::<i32>().map_err(Stop::failed));
    let effect = graph.effect(move |cx| {
        if cx.get(guarded)? {
            cx.get(number)?;
        }
        Ok(())
    });
    graph.take_events();
    // Both change: the effect reads the guard first, so the text is never parsed.
    let wrong = graph.tick(|graph| {
        graph.set(text, "twelve".to_owned())?;
        graph.set(guard, false)
    });
    wrong.unwrap();
    let ran: Vec<Id> = graph.take_events().iter().map(|event| event.node).collect();
    assert_eq!(ran, [guarded.id(), effect.id()]);
    graph.set(text, "thirteen".to_owned()).unwrap();
    assert_eq!(graph.take_events(), []);
    assert!(graph.take_stopped().is_empty());
}

#[test]
fn reading_a_thing_again_makes_no_further_edge() {
    fn reads(graph: &Graph, node: Id) -> usize {
        let nodes = graph.describe();
        nodes
            .iter()
            .find(|found| found.node == node)
            .unwrap()
            .reads
            .len()
    }
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let b = graph.signal(2);
    let sum = graph.computed(move |cx| {
        let mut sum = 0;
        for _ in 0..10 {
            sum += cx.get(a)? + cx.get(b)? + cx.get(a)?;
        }
        Ok(sum)
    });
    assert_eq!(graph.get(sum).unwrap(), 40);
    assert_eq!(reads(&graph, sum.id()), 2);
    graph.set(a, 2).unwrap();
    assert_eq!(graph.get(sum).unwrap(), 60);
    assert_eq!(reads(&graph, sum.id()), 2);
}

#[test]
fn the_order_of_reads_may_change_with_each_run() {
    let mut graph = Graph::new();
    let seed = graph.signal(0_usize);
    let parts: Vec<Signal<usize>> = (0..7).map(|value| graph.signal(1 << value)).collect();
    let read = parts.clone();
    let sum = graph.computed(move |cx| {
        let seed = cx.get(seed)?;
        let mut sum = 0;
        for step in 0..seed % 11 {
            sum += cx.get(read[(seed * step + step * step) % 7])?;
        }
        Ok(sum)
    });
    let runs = Rc::new(Cell::new(0));
    let counted = runs.clone();
    graph.effect(move |cx| {
        counted.set(counted.get() + 1);
        cx.get(sum).map(|_| ())
    });
    for next in 0..200 {
        graph.set(seed, next).unwrap();
        let expected: usize = (0..next % 11)
            .map(|step| 1 << ((next * step + step * step) % 7))
            .sum();
        assert_eq!(graph.get(sum).unwrap(), expected, "{next}");
        let used: std::collections::BTreeSet<usize> = (0..next % 11)
            .map(|step| (next * step + step * step) % 7)
            .collect();
        for (place, part) in parts.iter().enumerate() {
            let before = runs.get();
            graph.set(*part, 0).unwrap();
            graph.set(*part, 1 << place).unwrap();
            let ran = if used.contains(&place) { 2 } else { 0 };
            assert_eq!(runs.get() - before, ran, "{next}, {place}");
        }
    }
}

/// Values of every kind that lies in a node, and of some that do not.
#[test]
fn values_of_any_type_are_kept() {
    fn check<T: Clone + PartialEq + std::fmt::Debug + 'static>(first: &T, second: &T) {
        let mut graph = Graph::new();
        let signal = graph.signal(first.clone());
        let copy = graph.computed(move |cx| cx.get(signal));
        assert_eq!(graph.read(copy).unwrap(), first);
        graph.set(signal, second.clone()).unwrap();
        assert_eq!(graph.read(copy).unwrap(), second);
        assert_eq!(graph.read(signal).unwrap(), second);
    }
    check(&true, &false);
    check(&'a', &'b');
    check(&1_u8, &2);
    check(&1_i32, &-2);
    check(&1_u32, &2);
    check(&1_i64, &-2);
    check(&1_u64, &2);
    check(&1_usize, &2);
    check(&1_f32, &2.5);
    check(&1_f64, &2.5);
    check(&1_i16, &-2);
    check(&(), &());
    check(&"a", &"b");
    check(&String::new(), &"text".to_owned());
    check(&vec![1], &vec![1, 2]);
    check(&Some(Box::new(1)), &None);
}

#[test]
fn an_update_is_a_write() {
    let mut graph = recording();
    let list = graph.signal(vec![1]);
    let length = graph.computed(move |cx| Ok(cx.read(list)?.len()));
    assert_eq!(graph.get(length).unwrap(), 1);
    graph.update(list, |list| list.push(2)).unwrap();
    assert_eq!(graph.get(length).unwrap(), 2);
    graph.take_events();
    graph.update(list, |list| list.push(3)).unwrap();
    graph.update(list, |list| list.truncate(2)).unwrap();
    assert_eq!(graph.get(length).unwrap(), 2);
    assert_eq!(events(&mut graph).len(), 1);
}

#[test]
fn a_graph_is_data() {
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let b = graph.computed(move |cx| cx.get(a));
    let c = graph.effect(move |cx| cx.get(b).map(|_| ()));
    let unread = graph.computed(move |cx| cx.get(b));
    graph.name(a, "a");
    let told: Vec<_> = graph
        .describe()
        .into_iter()
        .map(|node| (node.node, node.kind, node.name, node.stale, node.reads))
        .collect();
    assert_eq!(
        told,
        [
            (a.id(), Kind::Signal, "a".to_owned(), false, vec![]),
            (b.id(), Kind::Computed, String::new(), false, vec![a.id()]),
            (c.id(), Kind::Effect, String::new(), false, vec![b.id()]),
            (unread.id(), Kind::Computed, String::new(), true, vec![]),
        ]
    );
    assert_eq!((graph.nodes(), graph.edges()), (4, 2));
}

#[test]
fn a_recording_ends() {
    let mut graph = recording();
    let a = graph.signal(1);
    graph.effect(move |cx| cx.get(a).map(|_| ()));
    assert_eq!(graph.take_events().len(), 1);
    graph.record(Record::Nothing);
    graph.set(a, 2).unwrap();
    assert_eq!(graph.take_events(), []);
}

/// A handle can be passed on without its type's own methods.
#[test]
fn handles_are_uniform() {
    fn first<S: Source<Value = i32> + Handle>(graph: &mut Graph, of: S) -> (Id, i32) {
        (of.id(), graph.get(of).unwrap())
    }
    let mut graph = Graph::new();
    let a = graph.signal(1);
    let b = graph.computed(move |cx| Ok(cx.get(a)? + 1));
    assert_eq!(first(&mut graph, a), (a.id(), 1));
    assert_eq!(first(&mut graph, b), (b.id(), 2));
    assert_eq!(
        format!("{a:?} {b:?} {}", a.id()),
        "Signal(n1) Computed(n2) n1"
    );
}
