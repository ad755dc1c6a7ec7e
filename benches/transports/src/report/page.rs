//! The page: plots drawn as SVG, and the table below them.

use std::fmt::Write as _;

use crate::row::Row;

/// The colours of the spans, and of transports in their order.
const COLOURS: [&str; 7] = [
    "#4c78a8", "#f58518", "#54a24b", "#b279a2", "#e45756", "#72b7b2", "#9d755d",
];

const STYLE: &str = include_str!("page.css");

/// Plots are this wide, and the names of rows take this much of it.
const WIDTH: f64 = 960.0;
const NAMES: f64 = 190.0;
const LINE: f64 = 22.0;

pub(super) fn page(rows: &[Row]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>Calls between processes</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Calls between processes</h1>\n<p>A component calls another one in a second process. The floor is two blocking processes that send as many bytes to and fro over the same kind of descriptor. Times are in microseconds.</p>\n"
    );
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for row in rows.iter().filter(|row| row.callers == 1) {
        let kind = (&*row.payload, row.placement);
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    if !seen.is_empty() {
        page.push_str("<h2>Where the time goes</h2>\n");
        legend(&mut page);
    }
    for (payload, placement) in seen {
        let rows: Vec<&Row> = rows
            .iter()
            .filter(|row| row.callers == 1 && row.payload == payload && row.placement == placement)
            .collect();
        let _ = writeln!(page, "<h3>{payload}, {placement}</h3>");
        spans(&mut page, &rows);
    }
    page.push_str("<h2>Calls in a second</h2>\n");
    for callers in [1, crate::plan::CALLERS] {
        let rows: Vec<&Row> = rows
            .iter()
            .filter(|row| row.callers == callers && row.payload == "64B")
            .collect();
        if !rows.is_empty() {
            let who = if callers == 1 {
                "one caller"
            } else {
                "64 callers"
            };
            let _ = writeln!(page, "<h3>64B, {who}</h3>");
            bars(&mut page, &rows, |row| row.calls_per_second);
        }
    }
    page.push_str("<h2>All figures</h2>\n");
    table(&mut page, rows);
    page.push_str("</body>\n</html>\n");
    page
}

fn legend(page: &mut String) {
    page.push_str("<p class=\"legend\">");
    let names = crate::Spans::default().named().map(|(name, _)| name);
    for (name, colour) in names.iter().zip(COLOURS) {
        let _ = write!(
            page,
            "<span><i style=\"background:{colour}\"></i>{name}</span> "
        );
    }
    page.push_str("<span><i class=\"floor\"></i>the floor, and the wire alone (thin)</span></p>\n");
}

/// A bar for each row, made of its spans, with marks at its floor and at the wire alone.
fn spans(page: &mut String, rows: &[&Row]) {
    let total = |row: &Row| {
        let spans = row.spans.unwrap_or_default();
        spans.named().iter().map(|(_, span)| span).sum::<f64>()
    };
    let most = |row: &&Row| total(row).max(row.p50).max(row.floor.unwrap_or(0.0));
    let most = rows.iter().map(most).fold(0.0, f64::max);
    let place = scale(most);
    begin(page, rows.len());
    for (number, row) in (0_u16..).zip(rows) {
        let y = f64::from(number) * LINE;
        name(page, y, &row.name);
        let mut x = 0.0;
        let named = row.spans.unwrap_or_default().named();
        for ((span, time), colour) in named.iter().zip(COLOURS) {
            let (from, to) = (place(x), place(x + time));
            let _ = writeln!(
                page,
                "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"><title>{}: {span} {time:.1} us</title></rect>",
                y + 4.0,
                to - from,
                LINE - 8.0,
                row.name
            );
            x += time;
        }
        for (value, class) in [(row.floor, "floor"), (row.wire, "wire")] {
            if let Some(value) = value {
                let x = place(value);
                let _ = writeln!(
                    page,
                    "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"><title>{class} {value:.1} us</title></line>",
                    y + 2.0,
                    y + LINE - 2.0
                );
            }
        }
        let _ = writeln!(
            page,
            "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{:.1}</text>",
            place(x.max(row.floor.unwrap_or(0.0)).max(row.wire.unwrap_or(0.0))) + 6.0,
            y + 15.0,
            row.p50
        );
    }
    page.push_str("</svg>\n");
}

fn bars(page: &mut String, rows: &[&Row], value: impl Fn(&Row) -> f64) {
    let most = rows.iter().map(|row| value(row)).fold(0.0, f64::max);
    let place = scale(most);
    begin(page, rows.len());
    for (number, row) in (0_u16..).zip(rows) {
        let y = f64::from(number) * LINE;
        name(page, y, &row.name);
        let (from, to) = (place(0.0), place(value(row)));
        let _ = writeln!(
            page,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
            y + 4.0,
            to - from,
            LINE - 8.0,
            COLOURS[0]
        );
        let _ = writeln!(
            page,
            "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{:.0}</text>",
            to + 6.0,
            y + 15.0,
            value(row)
        );
    }
    page.push_str("</svg>\n");
}

/// Where a value stands, between the names and room for a number.
fn scale(most: f64) -> impl Fn(f64) -> f64 {
    let width = WIDTH - NAMES - 80.0;
    move |value| NAMES + value / most.max(f64::MIN_POSITIVE) * width
}

fn begin(page: &mut String, rows: usize) {
    let height = f64::from(u16::try_from(rows).unwrap_or(u16::MAX)) * LINE;
    let _ = writeln!(page, "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">");
}

fn name(page: &mut String, y: f64, name: &str) {
    let _ = writeln!(
        page,
        "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
        NAMES - 8.0,
        y + 15.0
    );
}

fn table(page: &mut String, rows: &[Row]) {
    let heads = super::Report::TABLE_HEAD.lines().next().unwrap_or_default();
    page.push_str("<div class=\"wide\"><table>\n<tr>");
    for head in heads.trim_matches('|').split('|') {
        let _ = write!(page, "<th>{}</th>", head.trim());
    }
    page.push_str("</tr>\n");
    for row in rows {
        page.push_str("<tr>");
        for cell in row.cells() {
            let class = match &*cell {
                "met" | "missed" => cell.as_str(),
                _ => "",
            };
            let _ = write!(
                page,
                "<td class=\"{class}\">{}</td>",
                cell.trim_matches('`')
            );
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table></div>\n");
}
