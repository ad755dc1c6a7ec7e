//! Rows with keys: each row is a fiber with a state of its own, and keeps it when the rows are put in another order.

#![expect(clippy::print_stdout, reason = "what an example is for")]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "components take their props so"
)]

use std::collections::BTreeMap;

use loop_reactor::fiber::{Act, List};
use loop_reactor::{Computed, Fiber, Graph, Signal, Stop};

type Key = &'static str;

fn list(f: &mut Fiber<'_>, keys: &Signal<Vec<Key>>) -> Result<(), Stop> {
    let keys = f.get(*keys)?;
    let texts = f.gather::<String>(|f| {
        for key in keys {
            f.keyed(key, row, key);
        }
        Ok(())
    })?;
    // It comes after the rows, so it runs after them.
    f.child(line, texts);
    Ok(())
}

fn row(f: &mut Fiber<'_>, key: &Key) -> Result<(), Stop> {
    let count = f.state("count", || 1_u32);
    f.effect("count", (*key, count));
    let count = f.get(count)?;
    f.yields(format!("{key} {count}"));
    Ok(())
}

fn line(f: &mut Fiber<'_>, texts: &Computed<List<String>>) -> Result<(), Stop> {
    let texts: Vec<String> = f.get(*texts)?.iter().cloned().collect();
    f.effect("line", texts.join(", "));
    Ok(())
}

/// The host: prints lines, and knows the count of each row that is there.
#[derive(Default)]
struct Host {
    counts: BTreeMap<Key, Signal<u32>>,
}

impl Host {
    fn hear(&mut self, graph: &mut Graph) {
        for command in graph.take_commands() {
            match (command.act, command.value::<(Key, Signal<u32>)>()) {
                (Act::SetUp, Some((key, count))) => drop(self.counts.insert(key, *count)),
                (Act::CleanUp, Some((key, _))) => drop(self.counts.remove(key)),
                _ => {}
            }
            if let (Act::SetUp, Some(line)) = (command.act, command.value::<String>()) {
                println!("{line}");
            }
        }
    }

    fn count(&mut self, graph: &mut Graph, key: Key, count: u32) -> Result<(), Stop> {
        if let Some(signal) = self.counts.get(key) {
            graph.set(*signal, count)?;
        }
        self.hear(graph);
        Ok(())
    }
}

fn main() -> Result<(), Stop> {
    let mut graph = Graph::new();
    let mut host = Host::default();
    let keys = graph.signal(vec!["bread", "milk"]);
    graph.mount(list, keys);
    host.hear(&mut graph);
    host.count(&mut graph, "milk", 3)?;
    graph.set(keys, vec!["milk", "bread", "salt"])?;
    host.hear(&mut graph);
    host.count(&mut graph, "bread", 2)?;
    graph.set(keys, vec!["milk", "salt"])?;
    host.hear(&mut graph);
    println!("{} rows", host.counts.len());
    Ok(())
}
