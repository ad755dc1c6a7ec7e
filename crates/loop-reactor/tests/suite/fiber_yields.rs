//! Yields: what comes up, in which order, and at which cost.

use std::rc::Rc;

use loop_reactor::fiber::{AGAIN_MAX, List, Root};
use loop_reactor::graph::What;
use loop_reactor::{Computed, Failure, Fiber, Graph, Handle, Id, Signal, Stop};

use crate::fibers::{graph, ran, told};

type Keys = Signal<Rc<Vec<u32>>>;

/// A row that yields its key, and its state where that is not zero.
fn row(f: &mut Fiber<'_>, key: &u32) -> Result<(), Stop> {
    let state = f.state("state", || 0_u32);
    f.effect("state", state);
    f.yields(*key);
    match f.get(state)? {
        0 => {}
        state => f.yields(state),
    }
    Ok(())
}

fn rows(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    for key in f.get(*keys)?.iter() {
        f.keyed(*key, row, *key);
    }
    Ok(())
}

fn gathered(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    let keys = *keys;
    let all = f.gather::<u32>(|f| {
        f.child(rows, keys);
        Ok(())
    })?;
    f.child(shown, all);
    Ok(())
}

fn shown(f: &mut Fiber<'_>, all: &Computed<List<u32>>) -> Result<(), Stop> {
    let text: Vec<String> = f.get(*all)?.iter().map(u32::to_string).collect();
    f.effect("all", text.join(","));
    Ok(())
}

fn states(graph: &mut Graph) -> Vec<Signal<u32>> {
    let commands = graph.take_commands();
    let states = commands.iter().filter_map(|command| command.value());
    states.copied().collect()
}

/// What the host was told last that was a text.
fn last(graph: &mut Graph) -> String {
    let commands = graph.take_commands();
    let mut texts = commands.iter().rev().filter_map(|command| command.value());
    texts.next().cloned().unwrap_or_default()
}

#[test]
fn what_is_gathered_is_in_the_order_of_the_tree() {
    let mut graph = graph();
    let keys = graph.signal(Rc::new(vec![1, 2, 3]));
    graph.mount(gathered, keys);
    let states = states(&mut graph);
    graph.set(states[1], 22).unwrap();
    assert_eq!(last(&mut graph), "1,2,22,3");
    for order in [
        &[3, 2, 1][..],
        &[2],
        &[],
        &[5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
        &[5, 6, 7, 8, 9, 2, 10, 11, 12, 13, 14],
        &[5, 6, 7, 8, 9, 10, 11, 12, 13],
        &[14, 5, 6, 7, 8, 9, 10, 11, 12, 13],
    ] {
        graph.set(keys, Rc::new(order.to_vec())).unwrap();
        let expected: Vec<String> = order.iter().map(u32::to_string).collect();
        let expected = expected.join(",").replace("3,2,1", "3,2,22,1");
        let expected = if order == [2] { "2,22" } else { &expected };
        assert_eq!(last(&mut graph), expected);
    }
}

#[test]
fn a_change_among_siblings_reduces_a_logarithm_of_them() {
    const ROWS: u32 = 4096;
    let mut graph = graph();
    let keys = graph.signal(Rc::new((0..ROWS).collect::<Vec<_>>()));
    graph.mount(gathered, keys);
    let states = states(&mut graph);
    let runs = |graph: &mut Graph| {
        let events = graph.take_events();
        events
            .iter()
            .filter(|event| event.what != What::Kept)
            .count()
    };
    assert!(runs(&mut graph) < 3 * ROWS as usize);
    graph.set(states[1000], 7).unwrap();
    // The row, the list's total and its folds up to the root, and who shows it.
    assert!(runs(&mut graph) <= 14);

    let mut others: Vec<u32> = (0..ROWS).collect();
    others.remove(17);
    graph.set(keys, Rc::new(others.clone())).unwrap();
    assert!(runs(&mut graph) <= 20);
    others.insert(3000, 17);
    others.push(ROWS);
    graph.set(keys, Rc::new(others)).unwrap();
    assert!(runs(&mut graph) <= 3 * ROWS as usize);
}

/// Two types at once, and one that is fenced.
fn several(f: &mut Fiber<'_>, value: &Signal<i64>) -> Result<(), Stop> {
    let value = *value;
    let (numbers, texts) = f.gather_all::<(i64, &'static str)>(|f| {
        f.child(both, value);
        let below = f.fence::<i64, List<i64>>(|f| {
            f.child(both, value);
            f.child(both, value);
            Ok(())
        })?;
        f.child(doubled, below);
        f.child(both, value);
        Ok(())
    })?;
    f.child(shown_both, (numbers, texts));
    Ok(())
}

fn both(f: &mut Fiber<'_>, value: &Signal<i64>) -> Result<(), Stop> {
    let value = f.get(*value)?;
    f.yields(value);
    f.yields(if value % 2 == 0 { "even" } else { "odd" });
    f.yields(2.5_f64); // which nobody hears
    Ok(())
}

fn doubled(f: &mut Fiber<'_>, below: &Computed<List<i64>>) -> Result<(), Stop> {
    for value in &f.get(*below)? {
        f.yields(2 * value);
    }
    Ok(())
}

type Both = (Computed<List<i64>>, Computed<List<&'static str>>);

fn shown_both(f: &mut Fiber<'_>, (numbers, texts): &Both) -> Result<(), Stop> {
    let text = format!("{:?} {:?}", f.get(*numbers)?, f.get(*texts)?);
    f.effect("both", text);
    Ok(())
}

#[test]
fn several_types_are_gathered_at_once_and_one_is_fenced() {
    let mut graph = graph();
    let value = graph.signal(1);
    graph.mount(several, value);
    let odd = r#"["odd", "odd", "odd", "odd"]"#;
    assert_eq!(last(&mut graph), format!("[1, 2, 2, 1] {odd}"));
    ran(&mut graph);
    graph.set(value, 3).unwrap();
    assert_eq!(last(&mut graph), format!("[3, 6, 6, 3] {odd}"));
    assert_eq!(
        ran(&mut graph),
        [
            "0/0/0/0",
            "0/0/0/1/0",
            "0/0/0/1/1",
            "0/0/0/2",
            "0/0/0/3",
            "0/0/1"
        ]
    );
}

fn unfenced(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    f.fence::<i64, i64>(|_| Ok(())).map(|_| ())
}

#[test]
fn a_fence_needs_somebody_to_keep_things_from() {
    let mut graph = graph();
    let root = graph.mount(unfenced, ());
    let stop = graph.get(root.whole()).unwrap_err();
    assert!(matches!(stop.failure(), Some(Failure::Unprovided { .. })));
}

/// What comes up goes down again, to one that yields that many more.
fn round(f: &mut Fiber<'_>, most: &Signal<u32>) -> Result<(), Stop> {
    let most = *most;
    let kept = f.state("total", || None::<Computed<u32>>);
    f.effect("kept", kept);
    let known = match f.get(kept)? {
        Some(total) => f.get(total)?,
        None => 0,
    };
    let total = f.map_reduce(
        |f| {
            f.child(more, (known, most));
            Ok(())
        },
        |value: u32| value,
        0,
        |a, b| a + b,
    )?;
    f.effect("total", total);
    Ok(())
}

fn more(f: &mut Fiber<'_>, (known, most): &(u32, Signal<u32>)) -> Result<(), Stop> {
    let most = f.get(*most)?;
    f.yields(most.min(known + 1));
    Ok(())
}

fn in_the_round(graph: &mut Graph, most: Signal<u32>) -> (Root, Computed<u32>) {
    let root = graph.mount(round, most);
    let commands = graph.take_commands();
    let kept: &Signal<Option<Computed<u32>>> = commands[0].value().unwrap();
    let total: &Computed<u32> = commands[1].value().unwrap();
    graph.set(*kept, Some(*total)).unwrap();
    (root, *total)
}

#[test]
fn what_goes_round_and_comes_to_rest_is_no_cycle() {
    let mut graph = graph();
    let most = graph.signal(5);
    let (root, total) = in_the_round(&mut graph, most);
    assert_eq!(graph.get(total).unwrap(), 5);
    graph.get(root.whole()).unwrap();
    graph.set(most, 9).unwrap();
    assert_eq!(graph.get(total).unwrap(), 9);
}

#[test]
fn what_goes_round_for_ever_is_a_cycle_with_names() {
    let mut graph = graph();
    let most = graph.signal(u32::MAX);
    let (root, total) = in_the_round(&mut graph, most);
    let stop = graph.get(root.whole()).unwrap_err();
    let Some(Failure::Cycle { path }) = stop.failure() else {
        panic!("{stop:?}");
    };
    let names: Vec<String> = path.iter().map(|id| graph.path(*id).unwrap()).collect();
    assert_eq!(names, ["0/0", "0/0/0/0", "0/0"]);
    let runs = ran(&mut graph);
    let often = runs.iter().filter(|path| *path == "0/0").count();
    assert!(often <= AGAIN_MAX as usize + 2, "{often}");
    // It is stopped, and runs again when something changes.
    graph.set(most, 3).unwrap();
    graph.get(root.whole()).unwrap();
    assert_eq!(graph.get(total).unwrap(), 3);
}

/// The name of a second tree.
struct Sounds;

fn scene(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    let keys = *keys;
    f.reconcile::<Sounds>(|f| {
        f.child(noisy_rows, keys);
        Ok(())
    })
}

fn noisy_rows(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    for key in f.get(*keys)?.iter() {
        f.keyed(*key, noisy, *key);
    }
    Ok(())
}

fn noisy(f: &mut Fiber<'_>, key: &u32) -> Result<(), Stop> {
    let loud = f.state("loud", || 0_u32);
    let volume = f.get(loud)?;
    f.effect("loud", loud);
    f.quote::<Sounds, _, _>("sound", sound, (*key, volume));
    Ok(())
}

fn sound(f: &mut Fiber<'_>, (key, volume): &(u32, u32)) -> Result<(), Stop> {
    let since = f.state("since", || ());
    f.effect("since", (*key, since.id()));
    f.effect("sound", format!("{key}:{volume}"));
    Ok(())
}

/// Which state each sound has.
fn sounds(graph: &mut Graph) -> Vec<(u32, Id)> {
    let commands = graph.take_commands();
    let since = commands.iter().filter_map(|command| command.value());
    since.copied().collect()
}

#[test]
fn a_second_tree_has_the_order_of_the_first() {
    let mut graph = graph();
    let keys = graph.signal(Rc::new(vec![1, 2, 3]));
    graph.mount(scene, keys);
    assert_eq!(
        ran(&mut graph)[5..],
        [
            "0/0/1",
            "0/0/1/(0/0/0/0/#1:sound)",
            "0/0/1/(0/0/0/0/#2:sound)",
            "0/0/1/(0/0/0/0/#3:sound)"
        ]
    );
    let loud = states(&mut graph);
    graph.set(loud[1], 5).unwrap();
    assert_eq!(told(&mut graph), "-2:0 +2:5");
    assert_eq!(ran(&mut graph).len(), 3);

    // Moves keep the state on both sides.
    graph.set(keys, Rc::new(vec![3, 1, 2])).unwrap();
    assert_eq!(told(&mut graph), "");
    graph.set(keys, Rc::new(vec![3, 2])).unwrap();
    assert_eq!(told(&mut graph), "-?loud -1:0 -?since");
    graph.set(keys, Rc::new(vec![4, 3, 2])).unwrap();
    let came = sounds(&mut graph);
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].0, 4);
    let runs = ran(&mut graph);
    assert!(runs.last().unwrap().ends_with("#4:sound)"), "{runs:?}");
}

#[test]
fn a_thousand_quotes_are_reordered_alike() {
    let mut graph = graph();
    let before: Vec<u32> = (0..1000).collect();
    let keys = graph.signal(Rc::new(before.clone()));
    graph.mount(scene, keys);
    let mut after = before;
    after.reverse();
    after.rotate_left(300);
    ran(&mut graph);
    graph.take_commands();
    graph.set(keys, Rc::new(after.clone())).unwrap();
    assert_eq!(graph.take_commands().len(), 0);
    assert_eq!(ran(&mut graph), ["0/0/0/0", "0/0/1"]);
    let mut paths: Vec<(Vec<u32>, String)> = Vec::new();
    for description in graph.describe() {
        if let Some(path) = graph.path(description.node)
            && path.ends_with("sound)")
        {
            paths.push((graph.order(description.node).unwrap(), path));
        }
    }
    paths.sort();
    let order: Vec<String> = paths.into_iter().map(|(_, path)| path).collect();
    let expected: Vec<String> = after
        .iter()
        .map(|key| format!("0/0/1/(0/0/0/0/#{key}:sound)"))
        .collect();
    assert!(order == expected);
}

/// A way of its own, for those far below that want to be known.
#[derive(Clone, PartialEq)]
struct Shortcut(u32);

fn window(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    let keys = *keys;
    let shortcuts = f.gather::<Shortcut>(|f| {
        // These take other things, and let it through.
        f.boundary(|f| {
            let sum = f.map_reduce(
                |f| {
                    f.child(menu, keys);
                    Ok(())
                },
                |size: u32| size,
                0,
                |a, b| a + b,
            )?;
            f.child(menu_size, sum);
            Ok(())
        })?;
        Ok(())
    })?;
    f.child(listener, shortcuts);
    Ok(())
}

fn menu(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    for key in f.get(*keys)?.iter() {
        f.keyed(*key, entry, *key);
    }
    Ok(())
}

fn entry(f: &mut Fiber<'_>, key: &u32) -> Result<(), Stop> {
    f.yields(1_u32);
    // Few of them want to be known.
    if key.is_multiple_of(10) {
        f.yields(Shortcut(*key));
    }
    Ok(())
}

fn menu_size(f: &mut Fiber<'_>, sum: &Computed<u32>) -> Result<(), Stop> {
    let sum = f.get(*sum)?;
    f.effect("size", sum);
    Ok(())
}

fn listener(f: &mut Fiber<'_>, all: &Computed<List<Shortcut>>) -> Result<(), Stop> {
    let all: Vec<String> = f.get(*all)?.iter().map(|key| key.0.to_string()).collect();
    f.effect("shortcuts", all.join(","));
    Ok(())
}

#[test]
fn a_type_of_its_own_reaches_over_parts_that_take_others() {
    let mut graph = graph();
    let keys = graph.signal(Rc::new((0..50).collect::<Vec<_>>()));
    graph.mount(window, keys);
    assert_eq!(last(&mut graph), "0,10,20,30,40");
    ran(&mut graph);
    // In the order of the tree, whoever it comes from; and who did not change does not run.
    graph.set(keys, Rc::new((0..51).rev().collect())).unwrap();
    assert_eq!(last(&mut graph), "50,40,30,20,10,0");
    assert_eq!(
        ran(&mut graph).len(),
        4,
        "the menu, the new entry, both readers"
    );
}

/// A tree in which things are measured, for who asks.
struct Lab;

#[derive(Clone, PartialEq)]
struct Unit(&'static str);

fn office(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    let keys = *keys;
    let answers = f.gather::<String>(|f| {
        f.reconcile::<Lab>(|f| {
            f.provide(Unit("cm"), |f| {
                f.child(clerks, keys);
                Ok(())
            })
        })
    })?;
    f.child(report, answers);
    Ok(())
}

fn clerks(f: &mut Fiber<'_>, keys: &Keys) -> Result<(), Stop> {
    for key in f.get(*keys)?.iter() {
        f.keyed(*key, clerk, *key);
    }
    Ok(())
}

fn clerk(f: &mut Fiber<'_>, key: &u32) -> Result<(), Stop> {
    f.yields(format!("{key}?"));
    f.quote_returning::<Lab, _, _>("measure", measure, *key);
    Ok(())
}

fn measure(f: &mut Fiber<'_>, key: &u32) -> Result<(), Stop> {
    let length = f.state("length", || 10 * *key);
    f.effect("length", length);
    assert!(f.context::<Unit>().is_err(), "it is not below the clerk");
    if f.get(length)? > 0 {
        f.child(assistant, length);
    }
    Ok(())
}

fn assistant(f: &mut Fiber<'_>, length: &Signal<u32>) -> Result<(), Stop> {
    let length = f.get(*length)?;
    f.unquote::<Lab, _, _>("answer", answer, length);
    f.unquote::<Sounds, _, _>("nowhere", answer, length);
    Ok(())
}

fn answer(f: &mut Fiber<'_>, length: &u32) -> Result<(), Stop> {
    let since = f.state("since", || ());
    f.effect("since", (*length, since.id()));
    let unit = f.context::<Unit>()?;
    f.yields(format!("{length}{}", unit.0));
    Ok(())
}

fn report(f: &mut Fiber<'_>, answers: &Computed<List<String>>) -> Result<(), Stop> {
    let answers: Vec<String> = f.get(*answers)?.iter().cloned().collect();
    f.effect("report", answers.join(" "));
    Ok(())
}

#[test]
fn what_is_unquoted_stands_where_it_was_quoted() {
    let mut graph = graph();
    graph.remember_ticks(8);
    let keys = graph.signal(Rc::new(vec![1, 2]));
    graph.mount(office, keys);
    let start = graph.now();
    let commands = graph.take_commands();
    let lengths: Vec<Signal<u32>> = commands.iter().filter_map(|c| c.value().copied()).collect();
    let report = commands.iter().rev().find_map(|c| c.value::<String>());
    assert_eq!(report.unwrap(), "1? 10cm 2? 20cm");

    // The order of who asked; and no answer is another one for it.
    graph.set(keys, Rc::new(vec![2, 1])).unwrap();
    assert_eq!(told(&mut graph), "-1? 10cm 2? 20cm +2? 20cm 1? 10cm");
    ran(&mut graph);
    graph.set(lengths[0], 11).unwrap();
    assert_eq!(last(&mut graph), "2? 20cm 1? 11cm");
    // Who measured, the assistant, where it is put, the answer, the report; and nobody of the other.
    let runs = ran(&mut graph);
    assert!(runs.iter().all(|path| !path.contains("#2")), "{runs:?}");
    graph.set(lengths[0], 0).unwrap();
    assert_eq!(last(&mut graph), "2? 20cm 1?");
    graph.set(keys, Rc::new(vec![3])).unwrap();
    assert_eq!(last(&mut graph), "3? 30cm");
    graph.go_to(start).unwrap();
    assert_eq!(last(&mut graph), "1? 10cm 2? 20cm");
    graph.set(lengths[1], 7).unwrap();
    assert_eq!(last(&mut graph), "1? 10cm 2? 7cm");
}
