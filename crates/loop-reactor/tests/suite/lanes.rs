//! Guesses that are confirmed, done over or dropped.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use loop_reactor::graph::{LANES_MAX, Unguessed};
use loop_reactor::{Failure, Graph, Lane, Lanes, Signal, Stop};

use crate::chance::Chance;

/// Why an action of these tests fails.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

fn refused() -> Failure {
    Failure::Program(Box::new(Refused))
}

/// What an effect saw, in order.
type Watched = Rc<RefCell<Vec<i32>>>;

/// Two signals with lanes over them, and what an effect saw of the first.
fn watched() -> (Lanes, Signal<i32>, Signal<i32>, Watched) {
    let mut graph = Graph::new();
    let (a, b) = (graph.signal(0), graph.signal(0));
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shown = seen.clone();
    graph.effect(move |cx| {
        shown.borrow_mut().push(cx.get(a)?);
        Ok(())
    });
    (Lanes::new(graph), a, b, seen)
}

#[test]
fn a_guess_that_was_right_is_seen_once() {
    let (mut lanes, a, _, seen) = watched();
    let lane = lanes
        .guess(move |graph| graph.update(a, |a| *a += 1))
        .unwrap();
    assert_eq!(lanes.open(), [lane]);
    lanes.settle(&[lane], |graph| graph.set(a, 1)).unwrap();
    assert_eq!(lanes.open(), []);
    assert_eq!(*seen.borrow(), [0, 1]);
    assert_eq!(lanes.into_graph().get(a).unwrap(), 1);
}

#[test]
fn a_guess_that_is_taken_back_leaves_nothing() {
    let (mut lanes, a, _, seen) = watched();
    let first = lanes
        .guess(move |graph| graph.update(a, |a| *a += 1))
        .unwrap();
    let second = lanes
        .guess(move |graph| graph.update(a, |a| *a *= 10))
        .unwrap();
    assert_eq!(lanes.get(a).unwrap(), 10);
    lanes.settle(&[first], |_| Ok::<(), Stop>(())).unwrap();
    assert_eq!(lanes.get(a).unwrap(), 0);
    lanes.settle(&[second], |_| Ok::<(), Stop>(())).unwrap();
    assert_eq!(lanes.read(a).unwrap(), &0);
    assert_eq!(*seen.borrow(), [0, 1, 10, 0]);
}

#[test]
fn facts_go_beneath_what_is_still_a_guess() {
    let (mut lanes, a, b, seen) = watched();
    lanes
        .guess(move |graph| graph.update(a, |a| *a += 1))
        .unwrap();
    // A fact about something else: the guess is done over, and nobody sees that.
    lanes.settle(&[], |graph| graph.set(b, 5)).unwrap();
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (1, 5));
    assert_eq!(*seen.borrow(), [0, 1]);
    lanes.settle(&[], |graph| graph.set(a, 100)).unwrap();
    assert_eq!(*seen.borrow(), [0, 1, 101]);
}

#[test]
fn facts_that_fail_change_nothing() {
    let (mut lanes, a, b, seen) = watched();
    let lane = lanes
        .guess(move |graph| {
            graph.update(a, |a| *a += 1)?;
            graph.update(b, |b| *b += 1)
        })
        .unwrap();
    let twice = lanes.settle(&[], |graph| {
        let twice = graph.computed(move |cx| Ok(cx.get(a)? * 2));
        Ok::<_, Failure>(twice)
    });
    let twice = twice.unwrap().value;
    assert_eq!(lanes.get(twice).unwrap(), 2);
    let failed = lanes.settle(&[lane], |graph| {
        // Without the guess it is nothing.
        assert_eq!(graph.get(twice).unwrap(), 0);
        graph.set(a, 50)?;
        assert_eq!(graph.get(twice).unwrap(), 100);
        Err::<(), _>(refused())
    });
    assert!(failed.is_err());
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (1, 1));
    assert_eq!(lanes.get(twice).unwrap(), 2);
    assert_eq!(lanes.open(), [lane]);
    lanes.settle(&[lane], |_| Ok::<(), Stop>(())).unwrap();
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (0, 0));
    assert_eq!(seen.borrow().last(), Some(&0));
}

#[test]
fn a_guess_that_cannot_be_done_over_is_refused() {
    let (mut lanes, a, _, _) = watched();
    let take = move |graph: &mut Graph| {
        let left = graph.get(a).map_err(|_| refused())?;
        if left < 3 {
            Err(refused())
        } else {
            graph.set(a, left - 3)
        }
    };
    assert!(matches!(lanes.guess(take), Err(Unguessed::Failed(_))));
    assert_eq!(lanes.open(), []);
    lanes.settle(&[], |graph| graph.set(a, 6)).unwrap();
    let first = lanes.guess(take).unwrap();
    let second = lanes.guess(take).unwrap();
    let settled = lanes.settle(&[], |graph| graph.set(a, 5)).unwrap();
    let names: Vec<Lane> = settled.refused.iter().map(|(lane, _)| *lane).collect();
    assert_eq!(names, [second]);
    assert_eq!(lanes.open(), [first]);
    assert_eq!(lanes.get(a).unwrap(), 2);
}

#[test]
fn what_a_guess_makes_and_ends_is_undone_with_it() {
    let (mut lanes, a, b, _) = watched();
    let made: Rc<RefCell<Vec<Signal<i32>>>> = Rc::default();
    let list = made.clone();
    let lane = lanes
        .guess(move |graph| {
            let (_, signal) = graph.scope(|graph| graph.signal(7));
            list.borrow_mut().push(signal);
            graph.dispose(b);
            graph.update(a, |a| *a += 1)
        })
        .unwrap();
    assert!(lanes.get(b).is_err());
    assert_eq!(lanes.get(made.borrow()[0]).unwrap(), 7);
    lanes.settle(&[], |graph| graph.set(b, 3)).unwrap();
    assert!(lanes.get(b).is_err(), "it is gone again");
    assert!(
        lanes.get(made.borrow()[0]).is_err(),
        "that was the guess as it was done first"
    );
    assert_eq!(lanes.get(made.borrow()[1]).unwrap(), 7);
    lanes.settle(&[lane], |_| Ok::<(), Stop>(())).unwrap();
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (0, 3));
    assert_eq!(lanes.into_graph().nodes(), 3);
}

#[test]
fn lanes_that_touch_are_found_and_merged() {
    let (mut lanes, a, b, seen) = watched();
    let add = |signal: Signal<i32>, most: i32| {
        move |graph: &mut Graph| match graph.get(signal) {
            Ok(value) if value < most => graph.set(signal, value + 1),
            _ => Err(refused()),
        }
    };
    let first = lanes.guess(add(a, 100)).unwrap();
    let other = lanes.guess(add(b, 100)).unwrap();
    let second = lanes.guess(add(a, 10)).unwrap();
    assert_eq!(lanes.touching(first), [second]);
    assert_eq!(lanes.touching(other), []);
    lanes.merge(first, second);
    lanes.merge(second, other); // which is not open any more
    assert_eq!(lanes.open(), [first, other]);
    assert_eq!(lanes.touching(first), []);
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (2, 1));

    // Done over as one.
    lanes.settle(&[], |graph| graph.set(a, 5)).unwrap();
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (7, 1));
    // Refused as one, though the first part could be done.
    let settled = lanes.settle(&[], |graph| graph.set(a, 9)).unwrap();
    let gone: Vec<Lane> = settled.refused.iter().map(|(lane, _)| *lane).collect();
    assert_eq!(gone, [first]);
    assert_eq!((lanes.get(a).unwrap(), lanes.get(b).unwrap()), (9, 1));
    assert_eq!(*seen.borrow(), [0, 1, 2, 7, 9]);

    // And settled as one.
    let [third, fourth] = [(); 2].map(|()| lanes.guess(add(a, 100)).unwrap());
    lanes.merge(third, fourth);
    lanes.settle(&[third], |_| Ok::<(), Stop>(())).unwrap();
    assert_eq!(lanes.open(), [other]);
    assert_eq!(lanes.get(a).unwrap(), 9);
}

#[test]
fn there_are_only_so_many_lanes() {
    let (mut lanes, a, _, _) = watched();
    for _ in 0..LANES_MAX {
        lanes
            .guess(move |graph| graph.update(a, |a| *a += 1))
            .unwrap();
    }
    let more = lanes.guess(|_| Ok(()));
    assert_eq!(
        more.unwrap_err().to_string(),
        "1000 guesses wait for an answer already"
    );
    lanes
        .settle(&lanes.open(), |graph| graph.set(a, 1))
        .unwrap();
    lanes.guess(|_| Ok(())).unwrap();
}

/// An action on one of a few signals, for the engine and for the model.
#[derive(Clone, Copy, Debug)]
enum Action {
    Add(usize, i64),
    Copy(usize, usize),
    /// Refused where there is less.
    Take(usize, i64),
}

const SIGNALS: usize = 4;

impl Action {
    fn new(chance: &mut Chance) -> Self {
        let (from, to) = (chance.below(SIGNALS), chance.below(SIGNALS));
        let value = i64::try_from(chance.below(4)).unwrap();
        match chance.below(3) {
            0 => Self::Add(from, value),
            1 => Self::Copy(from, to),
            _ => Self::Take(from, value),
        }
    }

    fn model(self, state: &mut [i64]) -> bool {
        match self {
            Self::Add(place, value) => state[place] += value,
            Self::Copy(from, to) => state[to] = state[from],
            Self::Take(place, value) if state[place] >= value => state[place] -= value,
            Self::Take(..) => return false,
        }
        true
    }

    fn engine(self, graph: &mut Graph, signals: &[Signal<i64>]) -> Result<(), Failure> {
        match self {
            Self::Add(place, value) => graph.update(signals[place], |signal| *signal += value),
            Self::Copy(from, to) => {
                let value = graph.get(signals[from]).map_err(|_| refused())?;
                graph.set(signals[to], value)
            }
            Self::Take(place, value) => {
                if graph.get(signals[place]).map_err(|_| refused())? < value {
                    return Err(refused());
                }
                graph.update(signals[place], |signal| *signal -= value)
            }
        }
    }
}

/// Guesses, facts and failures by chance, against a model that does all lanes over from the facts.
#[test]
fn lanes_by_chance_are_as_the_model_says() {
    for seed in 0..2000 {
        let mut chance = Chance::new(seed);
        let mut graph = Graph::new();
        let signals: Vec<Signal<i64>> = (0..SIGNALS).map(|_| graph.signal(2)).collect();
        let all = signals.clone();
        let runs = Rc::new(RefCell::new(Vec::new()));
        let shown = runs.clone();
        graph.effect(move |cx| {
            let mut seen = Vec::new();
            for signal in &all {
                seen.push(cx.get(*signal)?);
            }
            shown.borrow_mut().push(seen);
            Ok(())
        });
        let mut lanes = Lanes::new(graph);
        let mut facts = vec![2; SIGNALS];
        let mut guesses: Vec<(Lane, Action)> = Vec::new();
        for _ in 0..40 {
            let action = Action::new(&mut chance);
            if chance.below(2) == 0 {
                let signals = signals.clone();
                if let Ok(lane) = lanes.guess(move |graph| action.engine(graph, &signals)) {
                    guesses.push((lane, action));
                }
            } else {
                if chance.below(4) == 0 && !guesses.is_empty() {
                    let (lane, _) = guesses[chance.below(guesses.len())];
                    let (other, _) = guesses[chance.below(guesses.len())];
                    lanes.merge(lane, other);
                    let of_other = guesses.iter_mut().filter(|(own, _)| *own == other);
                    of_other.for_each(|guess| guess.0 = lane);
                }
                let mut names = lanes.open();
                names.retain(|_| chance.below(3) == 0);
                let mut kept = guesses.clone();
                kept.retain(|(lane, _)| !names.contains(lane));
                let fails = chance.below(4) == 0;
                let settled = lanes.settle(&names, |graph| {
                    action.engine(graph, &signals)?;
                    if fails { Err(refused()) } else { Ok(()) }
                });
                let mut next = facts.clone();
                if action.model(&mut next) && !fails {
                    facts = next;
                    let gone: Vec<Lane> = settled
                        .unwrap()
                        .refused
                        .iter()
                        .map(|(lane, _)| *lane)
                        .collect();
                    guesses = kept;
                    guesses.retain(|(lane, _)| !gone.contains(lane));
                } else {
                    assert!(settled.is_err(), "seed {seed}");
                }
            }
            let mut expected = facts.clone();
            for (_, guess) in &guesses {
                assert!(
                    guess.model(&mut expected),
                    "seed {seed}: it should be refused"
                );
            }
            let mut names: Vec<Lane> = Vec::new();
            for (lane, _) in &guesses {
                if !names.contains(lane) {
                    names.push(*lane);
                }
            }
            assert_eq!(lanes.open(), names, "seed {seed}");
            let seen: Vec<i64> = signals
                .iter()
                .map(|signal| lanes.get(*signal).unwrap())
                .collect();
            assert_eq!(seen, expected, "seed {seed}");
        }
        // The effect ran for what differed, and for nothing else.
        let runs = runs.borrow();
        assert!(
            runs.windows(2).all(|pair| pair[0] != pair[1]),
            "seed {seed}"
        );
    }
}
