//! Bars one below the other: the name above each bar at the left, its value at the right, so that both are read on any
//! width. Bars of negative values go to the left of zero.

use super::anchor::Anchor;
use super::bar_row::BarRow;
use super::legend::{Key, legend};
use super::scale::Scale;
use super::svg::Svg;

/// Pixels of a name and its value, of a bar, and of the gap to the next name.
const TEXT: f64 = 20.0;
const BAR: f64 = 14.0;
const GAP: f64 = 14.0;

/// The picture of the rows.
pub(crate) fn bar_rows(rows: &[BarRow], keys: &[Key<'_>]) -> String {
    let ends = rows.iter().flat_map(|row| &row.bars).flat_map(|bar| [bar.from, bar.to]);
    let scale = Scale::with_zero(ends);
    let heights = rows.iter().map(|row| TEXT + BAR * row.bars.len() as f64 + GAP);
    let height: f64 = heights.sum();
    let mut svg = Svg::new(height);
    let mut y = 0.0;
    for row in rows {
        let is_one_mark = row.bars.iter().all(|bar| bar.title.is_none());
        if is_one_mark {
            svg.begin_mark(&format!("{}: {}", row.name, row.shown));
        }
        svg.name(y + TEXT - 6.0, &row.name);
        svg.text("value", 100.0, y + TEXT - 6.0, Anchor::End, &row.shown);
        y += TEXT;
        let zero = scale.at(0.0);
        svg.rule("zero", [zero, y - 2.0], [zero, y + BAR * row.bars.len() as f64]);
        for bar in &row.bars {
            let across = [scale.at(bar.from), scale.at(bar.to)];
            match &bar.title {
                Some(title) => {
                    svg.begin_mark(title);
                    svg.bar(bar.class, across, [y, BAR - 2.0]);
                    svg.end_mark();
                }
                None => svg.bar(bar.class, across, [y, BAR - 2.0]),
            }
            y += BAR;
        }
        if is_one_mark {
            svg.end_mark();
        }
        y += GAP;
    }
    legend(keys) + &svg.finish()
}
