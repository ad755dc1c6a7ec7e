//! Folds: what many values come to.

use std::cell::Cell;
use std::rc::Rc;

use loop_reactor::{Fold, Graph, Signal, Stop};

use crate::chance::Chance;

/// A fold that joins texts, and counts how often it does.
fn joined(graph: &mut Graph) -> (Fold<String>, Rc<Cell<usize>>) {
    let count = Rc::new(Cell::new(0));
    let counted = count.clone();
    let fold = graph.fold(String::new(), move |a, b| {
        counted.set(counted.get() + 1);
        format!("{a}{b}")
    });
    (fold, count)
}

#[test]
fn nothing_comes_to_the_empty_value_and_one_to_itself() {
    let mut graph = Graph::new();
    let (fold, count) = joined(&mut graph);
    assert_eq!(graph.get(fold.total()).unwrap(), "");
    let one = graph.signal("one".to_owned());
    fold.insert(&mut graph, 0, one).unwrap();
    assert_eq!(graph.get(fold.total()).unwrap(), "one");
    fold.remove(&mut graph, 0).unwrap();
    assert_eq!(graph.get(fold.total()).unwrap(), "");
    assert_eq!((count.get(), fold.length(&mut graph).unwrap()), (0, 0));
}

#[test]
fn a_place_that_is_not_there_is_refused() {
    let mut graph = Graph::new();
    let (fold, _) = joined(&mut graph);
    let one = graph.signal("one".to_owned());
    let refused = fold.insert(&mut graph, 1, one).unwrap_err();
    assert_eq!(refused.to_string(), "there is no place 1 among 0 values");
    fold.insert(&mut graph, 0, one).unwrap();
    let refused = fold.remove(&mut graph, 1).unwrap_err();
    assert_eq!(refused.to_string(), "there is no place 1 among 1 values");
}

/// What stops makes the total stop, and it goes on when there is a value again.
#[test]
fn a_total_waits_for_its_values() {
    let mut graph = Graph::new();
    let (fold, _) = joined(&mut graph);
    let answer: Signal<Option<String>> = graph.signal(None);
    let value = graph.computed(move |cx| cx.get(answer)?.ok_or(Stop::Pending));
    let other = graph.signal("b".to_owned());
    fold.insert(&mut graph, 0, value).unwrap();
    fold.insert(&mut graph, 1, other).unwrap();
    assert!(matches!(graph.get(fold.total()), Err(Stop::Pending)));
    graph.set(answer, Some("a".to_owned())).unwrap();
    assert_eq!(graph.get(fold.total()).unwrap(), "ab");
    graph.dispose(other);
    assert!(graph.get(fold.total()).is_err());
    fold.remove(&mut graph, 1).unwrap();
    assert_eq!(graph.get(fold.total()).unwrap(), "a");
}

#[test]
fn a_change_costs_the_logarithm_in_reductions() {
    let mut spent = Vec::new();
    for size in [100, 10_000] {
        let mut graph = Graph::new();
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        let sum = graph.fold(0, move |a, b| {
            counted.set(counted.get() + 1);
            a + b
        });
        let values: Vec<Signal<usize>> = (0..size).map(|value| graph.signal(value)).collect();
        for (at, value) in values.iter().enumerate() {
            sum.insert(&mut graph, at, *value).unwrap();
        }
        let total = size * (size - 1) / 2;
        assert_eq!(graph.get(sum.total()).unwrap(), total);
        let mut most = 0;
        for place in (0..size).step_by(size / 50) {
            count.set(0);
            graph.update(values[place], |value| *value += 1).unwrap();
            graph.get(sum.total()).unwrap();
            most = most.max(count.get());
        }
        // As when one is put in or taken out.
        count.set(0);
        sum.remove(&mut graph, size / 2).unwrap();
        graph.get(sum.total()).unwrap();
        sum.insert(&mut graph, size / 2, values[size / 2]).unwrap();
        graph.get(sum.total()).unwrap();
        assert!(count.get() <= 4 * most, "{} {most}", count.get());
        spent.push(most);
    }
    assert!(spent[0] <= 21 && spent[1] <= 42, "{spent:?}");
}

/// A fold keeps its nodes in the scope in which it was made, wherever values are put in.
#[test]
fn a_fold_outlives_the_scopes_of_its_values() {
    let mut graph = Graph::new();
    let (owner, (fold, _)) = graph.scope(joined);
    let mut scopes = Vec::new();
    for at in 0..50 {
        let (scope, ()) = graph.scope(|graph| {
            let value = graph.signal(format!("{at} "));
            fold.insert(graph, at, value).unwrap();
        });
        scopes.push(scope);
    }
    for scope in scopes.into_iter().rev().take(25) {
        let last = fold.length(&mut graph).unwrap() - 1;
        fold.remove(&mut graph, last).unwrap();
        graph.dispose_scope(scope);
    }
    let expected: Vec<String> = (0..25).map(|at| format!("{at} ")).collect();
    assert_eq!(graph.get(fold.total()).unwrap(), expected.concat());
    graph.dispose_scope(owner);
    assert_eq!((graph.nodes(), graph.edges()), (25, 0));
    let value = graph.signal(String::new());
    assert!(fold.insert(&mut graph, 0, value).is_err());
}

/// Values put in, taken out and changed by chance, in ticks that fail or not, with jumps to earlier moments: the total is that of a
/// plain list.
#[test]
fn folds_by_chance_are_as_a_list_says() {
    for seed in 0..300 {
        let mut chance = Chance::new(seed);
        let mut graph = Graph::new();
        let (fold, _) = joined(&mut graph);
        let values: Vec<Signal<String>> = (0..12)
            .map(|value| graph.signal(format!("{value},")))
            .collect();
        graph.remember_ticks(1000);
        let mut list: Vec<usize> = Vec::new();
        let mut moments = vec![(graph.now(), list.clone())];
        for _ in 0..60 {
            if chance.below(6) == 0 {
                let (moment, then) = moments[chance.below(moments.len())].clone();
                graph.go_to(moment).unwrap();
                list = then;
            } else {
                let before = list.clone();
                let fails = chance.below(5) == 0;
                let result = graph.tick(|graph| {
                    for _ in 0..=chance.below(12) {
                        if chance.below(5) < 3 || list.is_empty() {
                            let (at, value) = (chance.below(list.len() + 1), chance.below(12));
                            fold.insert(graph, at, values[value])?;
                            list.insert(at, value);
                        } else {
                            let at = chance.below(list.len());
                            fold.remove(graph, at)?;
                            list.remove(at);
                        }
                    }
                    if fails { Err(Stop::Pending) } else { Ok(()) }
                });
                assert_eq!(result.is_err(), fails);
                if fails {
                    list = before;
                }
                moments.push((graph.now(), list.clone()));
            }
            let expected: Vec<String> = list.iter().map(|value| format!("{value},")).collect();
            assert_eq!(
                graph.get(fold.total()).unwrap(),
                expected.concat(),
                "seed {seed}"
            );
            assert_eq!(fold.length(&mut graph).unwrap(), list.len());
        }
        // Where all is taken out, the tree is as small as it was.
        graph.remember_ticks(0);
        for _ in 0..list.len() {
            fold.remove(&mut graph, 0).unwrap();
        }
        assert_eq!(graph.nodes(), values.len() + 2, "seed {seed}");
    }
}
