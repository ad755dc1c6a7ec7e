//! What becomes of fibers: changed into others, run when told to, saved, guessed, and made in great numbers.

use std::rc::Rc;

use loop_reactor::fiber::{Act, List};
use loop_reactor::graph::{Loaded, Unloaded};
use loop_reactor::portable::{Damaged, Decoder, Encoder, Portable};
use loop_reactor::{Computed, Failure, Fiber, Graph, Lanes, Signal, Stop};

use crate::depth::{MILLION, on_a_small_stack};
use crate::fibers::{graph, ran, told, told_sorted};

/// A frame of one of two kinds, around something with a state.
fn framed(f: &mut Fiber<'_>, which: &Signal<(bool, u8)>) -> Result<(), Stop> {
    let (morphs, kind) = f.get(*which)?;
    match (morphs, kind) {
        (false, 0) => f.keyed("frame", round, ()),
        (false, _) => f.keyed("frame", square, kind),
        (true, 0) => f.morph("frame", round, ()),
        (true, _) => f.morph("frame", square, kind),
    }
    Ok(())
}

fn round(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    f.state("own", || 1);
    f.effect("frame", "round".to_owned());
    f.keyed("inner", inner, ());
    f.keyed("only round", inner, ());
    Ok(())
}

fn square(f: &mut Fiber<'_>, kind: &u8) -> Result<(), Stop> {
    f.effect("frame", format!("square{kind}"));
    f.keyed("inner", inner, ());
    Ok(())
}

fn inner(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    let state = f.state("state", || 0);
    f.effect("state", state);
    Ok(())
}

#[test]
fn another_component_is_another_fiber_unless_it_morphs() {
    let mut graph = graph();
    let which = graph.signal((false, 0));
    graph.mount(framed, which);
    assert_eq!(told(&mut graph), "+round +?state +?state");
    graph.set(which, (false, 1)).unwrap();
    assert_eq!(told(&mut graph), "-?state -?state -round +square1 +?state");
    graph.set(which, (false, 2)).unwrap();
    assert_eq!(told(&mut graph), "-square1 +square2");
    ran(&mut graph);

    graph.set(which, (true, 0)).unwrap();
    // What is in both keeps its state, and does not run.
    assert_eq!(told(&mut graph), "-square2 +round +?state");
    assert_eq!(
        ran(&mut graph),
        ["0/0", "0/0/frame", "0/0/frame/only round"]
    );
    graph.set(which, (true, 2)).unwrap();
    assert_eq!(told(&mut graph), "-round -?state +square2");
}

fn theatre(f: &mut Fiber<'_>, now: &Signal<u32>) -> Result<(), Stop> {
    let seen = f.gather::<u32>(|f| {
        f.detach("stage", stage, *now);
        Ok(())
    })?;
    f.child(audience, (seen, *now));
    Ok(())
}

fn stage(f: &mut Fiber<'_>, now: &Signal<u32>) -> Result<(), Stop> {
    f.effect("stage", f.id());
    f.child(actor, *now);
    Ok(())
}

fn actor(f: &mut Fiber<'_>, now: &Signal<u32>) -> Result<(), Stop> {
    let now = f.get(*now)?;
    f.yields(now);
    Ok(())
}

type Seen = (Computed<List<u32>>, Signal<u32>);

fn audience(f: &mut Fiber<'_>, (seen, now): &Seen) -> Result<(), Stop> {
    let text = format!("{:?} at {}", f.get(*seen)?, f.get(*now)?);
    f.effect("seen", text);
    Ok(())
}

#[test]
fn a_detached_fiber_runs_when_the_program_says_so() {
    let mut graph = graph();
    let now = graph.signal(0);
    graph.mount(theatre, now);
    assert_eq!(told(&mut graph), "+[] at 0");
    let stage = graph.describe().into_iter().map(|node| node.node);
    let stage = stage.filter(|node| {
        graph
            .path(*node)
            .is_some_and(|path| path.ends_with("stage"))
    });
    let stage = stage.last().unwrap();
    graph.catch_up(stage);
    assert_eq!(told(&mut graph), "-[] at 0 +?stage +[0] at 0");
    graph.set(now, 1).unwrap();
    graph.set(now, 2).unwrap();
    assert_eq!(told(&mut graph), "-[0] at 0 +[0] at 1 -[0] at 1 +[0] at 2");
    ran(&mut graph);
    graph.catch_up(stage);
    assert_eq!(told(&mut graph), "-[0] at 2 +[2] at 2");
    assert_eq!(ran(&mut graph).len(), 2);
    graph.catch_up(stage);
    assert!(ran(&mut graph).is_empty());
}

#[test]
fn a_limit_stops_the_run_that_would_pass_it() {
    fn endless(f: &mut Fiber<'_>, depth: &u32) -> Result<(), Stop> {
        f.child(endless, depth + 1);
        Ok(())
    }
    let mut graph = graph();
    graph.limit_fibers(1000);
    let root = graph.mount(endless, 0);
    assert_eq!(graph.fibers(), 1000);
    let stop = graph.get(root.whole()).unwrap_err();
    assert!(matches!(
        stop.failure(),
        Some(Failure::TooMany { most: 1000 })
    ));
    graph.dispose(root);
    assert_eq!((graph.fibers(), graph.nodes()), (0, 0));
}

/// One below another; the lowest yields.
fn chain(f: &mut Fiber<'_>, (left, value): &(usize, Signal<u64>)) -> Result<(), Stop> {
    if *left > 0 {
        f.child(chain, (left - 1, *value));
    } else {
        let value = f.get(*value)?;
        f.yields(value);
    }
    Ok(())
}

fn fan(f: &mut Fiber<'_>, (wide, value): &(usize, Signal<u64>)) -> Result<(), Stop> {
    for key in 0..*wide {
        f.keyed(key, chain, (0, *value));
    }
    Ok(())
}

fn summed<const DEEP: bool>(f: &mut Fiber<'_>, size: &(usize, Signal<u64>)) -> Result<(), Stop> {
    let sum = f.map_reduce(
        |f| {
            if DEEP {
                f.child(chain, *size);
            } else {
                f.child(fan, *size);
            }
            Ok(())
        },
        |value: u64| value,
        0,
        |a, b| a + b,
    )?;
    f.effect("sum", sum);
    Ok(())
}

/// Makes so many, has all or the lowest yield another value, and ends them.
fn sums_of<const DEEP: bool>(size: usize, expected: u64) {
    on_a_small_stack(move || {
        let mut graph = Graph::new();
        let value = graph.signal(1);
        let root = graph.mount(summed::<DEEP>, (size, value));
        let commands = graph.take_commands();
        let sum: &Computed<u64> = commands[0].value().unwrap();
        assert_eq!(graph.get(*sum).unwrap(), expected);
        graph.set(value, 3).unwrap();
        assert_eq!(graph.get(*sum).unwrap(), 3 * expected);
        assert!(graph.fibers() > size);
        graph.dispose(root);
        assert_eq!((graph.fibers(), graph.nodes()), (0, 1));
    });
}

#[test]
fn yields_come_up_a_long_way() {
    sums_of::<true>(100_000, 1);
}

#[test]
fn yields_come_up_from_many() {
    sums_of::<false>(100_000, 100_000);
}

/// Makes a million, has the last run once more, and ends them.
fn million<F>(component: F)
where
    F: Fn(&mut Fiber<'_>, &(usize, Signal<u64>)) -> Result<(), Stop> + Copy + Send + 'static,
{
    on_a_small_stack(move || {
        let mut graph = Graph::new();
        let value = graph.signal(1);
        let root = graph.mount(component, (MILLION, value));
        assert_eq!(graph.fibers(), MILLION + 2);
        graph.set(value, 3).unwrap();
        graph.get(root.whole()).unwrap();
        graph.dispose(root);
        assert_eq!((graph.fibers(), graph.nodes()), (0, 1));
    });
}

#[test]
fn a_chain_of_a_million_fibers() {
    million(chain);
}

#[test]
fn a_fan_of_a_million_fibers() {
    million(fan);
}

/// A list that is saved, with rows that are saved.
fn shelf(f: &mut Fiber<'_>, (): &()) -> Result<(), Stop> {
    let titles = f.saved("titles", || vec!["first".to_owned()]);
    f.effect("titles", titles);
    for title in f.get(titles)? {
        f.keyed(title.clone(), book, title);
    }
    Ok(())
}

fn book(f: &mut Fiber<'_>, title: &String) -> Result<(), Stop> {
    let page = f.saved("page", || Page(1));
    f.effect("page", page);
    let at = f.get(page)?.0;
    f.effect("book", format!("{title}@{at}"));
    Ok(())
}

/// A page, which was saved as a byte once.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Page(u32);

impl Portable for Page {
    const VERSION: u32 = 1;

    fn encode(&self, to: &mut Encoder) {
        self.0.encode(to);
    }

    fn decode(from: &mut Decoder<'_>, version: u32) -> Result<Self, Damaged> {
        let page = match version {
            0 => u8::decode(from, 0)?.into(),
            _ => u32::decode(from, 0)?,
        };
        match page {
            0 => Err(Damaged::Value("page")),
            page => Ok(Self(page)),
        }
    }
}

fn shelved() -> (Graph, Signal<Vec<String>>, Vec<Signal<Page>>) {
    let mut graph = graph();
    graph.mount(shelf, ());
    let commands = graph.take_commands();
    let titles = commands.iter().find_map(|command| command.value());
    let pages = commands.iter().filter_map(|command| command.value());
    (graph, *titles.unwrap(), pages.copied().collect())
}

fn titles(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn fibers_that_come_with_what_is_loaded_find_their_slots() {
    let (mut graph, list, _) = shelved();
    graph.set(list, titles(&["a/b", "second"])).unwrap();
    let mut commands = graph.take_commands();
    commands.retain(|command| command.act == Act::SetUp);
    let page = commands.iter().find_map(|command| command.value());
    graph.set(*page.unwrap(), Page(40)).unwrap();
    let saved = graph.save();
    let digest = graph.digest();

    let (mut other, _, pages) = shelved();
    assert_ne!(other.digest(), digest);
    other.set(pages[0], Page(7)).unwrap();
    told(&mut other);
    assert_eq!(other.load(&saved), Ok(Loaded::default()));
    assert_eq!(other.digest(), digest);
    assert_eq!(
        told_sorted(&mut other),
        "+?page +?page +a/b@40 +second@1 -?page -first@7"
    );
}

/// The shelf as an earlier version of it was: its pages were bytes.
fn old_shelf(f: &mut Fiber<'_>, page: &u8) -> Result<(), Stop> {
    f.saved("titles", || titles(&["x"]));
    f.keyed("x", old_book, *page);
    Ok(())
}

fn old_book(f: &mut Fiber<'_>, page: &u8) -> Result<(), Stop> {
    f.saved("page", || *page);
    f.saved("lent", || true);
    Ok(())
}

#[test]
fn what_an_earlier_version_saved_is_read_and_what_is_damaged_is_refused() {
    let saved_by = |page: u8| {
        let mut old = Graph::new();
        old.mount(old_shelf, page);
        old.save()
    };
    let (mut graph, ..) = shelved();
    let loaded = graph.load(&saved_by(9)).unwrap();
    assert_eq!(loaded.unknown, ["0/0/x:lent"]);
    assert_eq!(told_sorted(&mut graph), "+?page +x@9 -?page -first@1");

    let (mut graph, ..) = shelved();
    let before = graph.digest();
    let refused = graph.load(&saved_by(0));
    assert!(matches!(refused, Err(Unloaded::Slot { slot, .. }) if slot == "0/0/x:page"));
    assert_eq!(graph.digest(), before);
    assert_eq!(told(&mut graph), "");

    let (mut newer, list, _) = shelved();
    newer.set(list, titles(&["x"])).unwrap();
    let mut old = Graph::new();
    old.mount(old_shelf, 3);
    let refused = old.load(&newer.save());
    assert!(matches!(
        refused,
        Err(Unloaded::Newer {
            saved: 1,
            known: 0,
            ..
        })
    ));
}

fn list(f: &mut Fiber<'_>, items: &Signal<Rc<Vec<u32>>>) -> Result<(), Stop> {
    for item in f.get(*items)?.iter() {
        f.keyed(*item, entry, *item);
    }
    Ok(())
}

fn entry(f: &mut Fiber<'_>, item: &u32) -> Result<(), Stop> {
    let marks = f.state("marks", || 0);
    f.effect("marks", marks);
    let marks = f.get(marks)?;
    f.effect("entry", format!("{item}*{marks}"));
    Ok(())
}

fn add(items: Signal<Rc<Vec<u32>>>, item: u32) -> impl Fn(&mut Graph) -> Result<(), Failure> {
    move |graph| graph.update(items, |items| Rc::make_mut(items).push(item))
}

#[test]
fn guesses_make_fibers_and_settlements_end_them() {
    let mut graph = graph();
    let items = graph.signal(Rc::new(vec![1]));
    graph.mount(list, items);
    let commands = graph.take_commands();
    let marks: Signal<i32> = *commands[0].value().unwrap();
    let mut lanes = Lanes::new(graph);
    let first = lanes.guess(add(items, 2)).unwrap();
    let second = lanes
        .guess(move |graph| graph.update(marks, |marks| *marks += 1))
        .unwrap();
    assert_eq!(told(&mut lanes), "+?marks +2*0 -1*0 +1*1");

    // The guess was right. Nothing differs but that the fiber is there in earnest now.
    lanes.settle(&[first], add(items, 2)).unwrap();
    assert_eq!(told(&mut lanes), "-2*0 -?marks +?marks +2*0");
    // The other one was not, and comes to nothing with the fiber that it was for.
    let settled = lanes
        .settle(&[], |graph| graph.set(items, Rc::new(vec![2])))
        .unwrap();
    assert_eq!(settled.refused.len(), 1);
    assert_eq!(settled.refused[0].0, second);
    assert_eq!(told(&mut lanes), "-1*1 -?marks");
    // Facts that fail change nothing.
    let third = lanes.guess(add(items, 3)).unwrap();
    told(&mut lanes);
    let failed = lanes.settle(&[third], |graph| {
        graph.set(items, Rc::new(vec![])).unwrap();
        Err::<(), ()>(())
    });
    assert!(failed.is_err());
    assert_eq!(told(&mut lanes), "");
    assert_eq!(**lanes.read(items).unwrap(), [2, 3]);
}
