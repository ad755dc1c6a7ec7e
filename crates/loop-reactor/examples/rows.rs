//! Rows with keys: each row is a scope with state of its own, and keeps it when the rows are put in another order.

#![expect(clippy::print_stdout, reason = "what an example is for")]

use std::collections::BTreeMap;

use loop_reactor::{Fold, Graph, Scope, Signal, Stop};

/// What is shown, with the rows that are there.
struct List {
    line: Fold<String>,
    rows: BTreeMap<&'static str, Row>,
    order: Vec<&'static str>,
}

struct Row {
    scope: Scope,
    count: Signal<u32>,
}

impl List {
    /// Shows rows with these keys, in this order. A row that was there keeps its count, and one that is not any more ends.
    fn show(&mut self, graph: &mut Graph, keys: &[&'static str]) -> Result<(), Stop> {
        graph.tick(|graph| {
            for (at, key) in keys.iter().enumerate() {
                match self.order.iter().position(|there| there == key) {
                    Some(from) => {
                        let text = self.line.remove(graph, from)?;
                        self.line.insert(graph, at, text)?;
                        let key = self.order.remove(from);
                        self.order.insert(at, key);
                    }
                    None => self.add(graph, at, key)?,
                }
            }
            for key in self.order.split_off(keys.len()) {
                self.line.remove(graph, keys.len())?;
                if let Some(row) = self.rows.remove(key) {
                    graph.dispose_scope(row.scope);
                }
            }
            Ok(())
        })
    }

    fn add(&mut self, graph: &mut Graph, at: usize, key: &'static str) -> Result<(), Stop> {
        let (scope, (count, text)) = graph.scope(|graph| {
            let count = graph.signal(1);
            let text = graph.computed(move |cx| Ok(format!("{key} {}", cx.get(count)?)));
            (count, text)
        });
        self.line.insert(graph, at, text)?;
        self.order.insert(at, key);
        self.rows.insert(key, Row { scope, count });
        Ok(())
    }

    fn count(&self, graph: &mut Graph, key: &str, count: u32) -> Result<(), Stop> {
        match self.rows.get(key) {
            Some(row) => Ok(graph.set(row.count, count)?),
            None => Ok(()),
        }
    }
}

fn main() -> Result<(), Stop> {
    let mut graph = Graph::new();
    let line = graph.fold(String::new(), |a, b| format!("{a}, {b}"));
    let mut list = List {
        line,
        rows: BTreeMap::new(),
        order: Vec::new(),
    };
    graph.tick(|graph| {
        list.show(graph, &["bread", "milk"])?;
        list.count(graph, "bread", 2)
    })?;
    let total = list.line.total();
    graph.effect(move |cx| {
        println!("{}", cx.read(total)?);
        Ok(())
    });
    list.count(&mut graph, "milk", 3)?;
    list.show(&mut graph, &["milk", "bread", "salt"])?;
    list.show(&mut graph, &["milk", "salt"])
}
