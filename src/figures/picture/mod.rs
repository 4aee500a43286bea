//! Pictures of few kinds: bars, curves over two axes, and cells. They know values and names, and no table.

mod anchor;
mod bar;
mod bar_row;
mod bar_rows;
mod heat_cell;
mod heat_map;
mod legend;
mod plot;
mod scale;
mod svg;

pub(super) use anchor::Anchor;
pub(super) use bar::Bar;
pub(super) use bar_row::BarRow;
pub(super) use bar_rows::bar_rows;
pub(super) use heat_cell::HeatCell;
pub(super) use heat_map::heat_map;
pub(super) use legend::legend;
pub(super) use plot::Plot;
pub(super) use scale::Scale;
pub(super) use svg::Svg;
