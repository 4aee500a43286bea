//! Pictures of few kinds: bars, curves over two axes, and cells. They know values and names, and no table.

mod bar_rows;
mod heat_map;
mod legend;
mod plot;
mod scale;
mod svg;

pub(super) use bar_rows::{Bar, BarRow, bar_rows};
pub(super) use heat_map::{HeatCell, heat_map};
pub(super) use legend::legend;
pub(super) use plot::Plot;
pub(super) use scale::Scale;
pub(super) use svg::{Anchor, Svg};
