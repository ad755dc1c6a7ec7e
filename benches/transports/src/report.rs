//! What was measured, in the forms in which people and programs read it.

use std::fmt::Write as _;

use crate::row::Row;

mod page;

/// All rows of a run, in the order in which they were measured.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The rows.
    pub rows: Vec<Row>,
}

impl Report {
    /// The head of the table. Times are in microseconds.
    pub const TABLE_HEAD: &str = "| row | p50 | p99 | p99.9 | calls/s | MB/s | lift, encode | queue | kernel | dispatch | handler | return | wire | floor | ratio | goal | |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|";

    /// Everything, as JSON: a list of objects.
    pub fn json(&self) -> String {
        // Rows are numbers and texts, which always become JSON.
        serde_json::to_string_pretty(&self.rows).unwrap_or_default() + "\n"
    }

    /// Everything, as a table with commas, with a line for each row after that of the names.
    pub fn csv(&self) -> String {
        let mut text = "name,transport,payload,bytes,placement,callers,p50_us,p99_us,p999_us,calls_per_second,bytes_per_second,encode_us,queue_us,kernel_us,dispatch_us,handler_us,return_us,wire_us,floor_us,ratio,wire_ratio,goal\n".to_owned();
        for row in &self.rows {
            let Row {
                name,
                transport,
                payload,
                bytes,
                placement,
                callers,
                p50,
                p99,
                p999,
                calls_per_second,
                bytes_per_second,
                ..
            } = row;
            let _ = write!(
                text,
                "{name},{transport},{payload},{bytes},{placement},{callers},{p50:.3},{p99:.3},{p999:.3},{calls_per_second:.1},{bytes_per_second:.1}"
            );
            let spans = row
                .spans
                .map(|spans| spans.named().map(|(_, span)| Some(span)));
            let rest = [row.wire, row.floor, row.ratio, row.wire_ratio, row.goal];
            for value in spans.unwrap_or_default().into_iter().chain(rest) {
                let _ = match value {
                    Some(value) => write!(text, ",{value:.3}"),
                    None => write!(text, ","),
                };
            }
            text.push('\n');
        }
        text
    }

    /// One page with the table and plots, which needs nothing but a browser.
    pub fn html(&self) -> String {
        page::page(&self.rows)
    }
}

impl Row {
    /// A line of the table whose head is [`Report::TABLE_HEAD`].
    pub fn line(&self) -> String {
        format!("| {} |", self.cells().join(" | "))
    }

    fn cells(&self) -> Vec<String> {
        let time = |time: f64| format!("{time:.1}");
        let some = |value: Option<f64>| value.map(time).unwrap_or_default();
        let mut cells = vec![
            format!("`{}`", self.name),
            time(self.p50),
            time(self.p99),
            time(self.p999),
            format!("{:.0}", self.calls_per_second),
            time(self.bytes_per_second / 1e6),
        ];
        let spans = self
            .spans
            .map(|spans| spans.named().map(|(_, span)| time(span)));
        cells.extend(spans.unwrap_or_default());
        cells.extend([
            some(self.wire),
            some(self.floor),
            self.ratio
                .map(|ratio| format!("{ratio:.2}"))
                .unwrap_or_default(),
            self.goal.map(|goal| goal.to_string()).unwrap_or_default(),
            self.verdict().to_owned(),
        ]);
        cells
    }

    fn verdict(&self) -> &'static str {
        match (self.ratio, self.goal) {
            (Some(ratio), Some(goal)) if ratio <= goal => "met",
            (Some(_), Some(_)) => "missed",
            _ => "",
        }
    }
}
