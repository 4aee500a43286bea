//! Bars one below the other: the name above each bar at the left, its value at the right, so that both are read on any
//! width. Bars of negative values go to the left of zero.

use super::legend::{Key, legend};
use super::scale::Scale;
use super::svg::{Anchor, Svg};

/// A row of the figure: a name, its value as text, and its bars.
pub(crate) struct BarRow {
    pub(crate) name: String,
    pub(crate) shown: String,
    pub(crate) bars: Vec<Bar>,
}

/// A bar from one value to another.
pub(crate) struct Bar {
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Class of its colour.
    pub(crate) class: &'static str,
    /// What is said of it where each bar is a row of the numbers, and not the bars of a name together.
    pub(crate) title: Option<String>,
}

impl Bar {
    /// A bar that is part of a row.
    pub(crate) fn of(class: &'static str, from: f64, to: f64) -> Self {
        Self { from, to, class, title: None }
    }

    /// From zero: good above it, bad below.
    pub(crate) fn from_zero(value: f64) -> Self {
        Self::of(if value < 0.0 { "bad" } else { "good" }, 0.0, value)
    }
}

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
