//! The difference of two texts, line by line.

use crate::link_report::Line;

/// The most lines on a side that are matched with each other. Beyond that, which no type in WASI comes near, all
/// lines count as different; the table of the search grows with the square.
const MATCHED_LINES_MAX: usize = 400;

/// The lines of `wanted` and `offered`, those that stand on both sides once.
pub(crate) fn difference(wanted: &str, offered: &str) -> Vec<Line> {
    let wanted: Vec<&str> = wanted.lines().collect();
    let offered: Vec<&str> = offered.lines().collect();
    if wanted.len().max(offered.len()) > MATCHED_LINES_MAX {
        let minus = wanted.iter().map(|line| Line::Wanted((*line).to_owned()));
        return minus
            .chain(offered.iter().map(|line| Line::Offered((*line).to_owned())))
            .collect();
    }
    let table = common_lengths(&wanted, &offered);
    let length = |w: usize, o: usize| {
        table
            .get(w)
            .and_then(|row| row.get(o))
            .copied()
            .unwrap_or(0)
    };
    let mut lines = Vec::new();
    let (mut w, mut o) = (0, 0);
    loop {
        match (wanted.get(w), offered.get(o)) {
            (Some(ours), Some(theirs)) if ours == theirs => {
                lines.push(Line::Same((*ours).to_owned()));
                w += 1;
                o += 1;
            }
            (Some(ours), theirs) if theirs.is_none() || length(w + 1, o) >= length(w, o + 1) => {
                lines.push(Line::Wanted((*ours).to_owned()));
                w += 1;
            }
            (_, Some(theirs)) => {
                lines.push(Line::Offered((*theirs).to_owned()));
                o += 1;
            }
            (_, None) => return lines,
        }
    }
}

/// For each pair of places, how many lines the rests from there on have in common, in order.
fn common_lengths(wanted: &[&str], offered: &[&str]) -> Vec<Vec<u32>> {
    let mut below = vec![0; offered.len() + 1];
    let mut table = vec![below.clone()];
    for ours in wanted.iter().rev() {
        let mut row = vec![0];
        let mut right = 0;
        // From the last column to the first, so `right` is the cell to the right of the one being filled.
        for (theirs, pair) in offered.iter().zip(below.windows(2)).rev() {
            let [under, diagonal] = pair else { continue };
            right = if ours == theirs {
                diagonal + 1
            } else {
                right.max(*under)
            };
            row.push(right);
        }
        row.reverse();
        below.clone_from(&row);
        table.push(row);
    }
    table.reverse();
    table
}
