//! A table of cells, coloured by their values; what there is no value for stays empty.

use super::anchor::Anchor;
use super::heat_cell::HeatCell;
use super::svg::Svg;
use crate::figures::html::cut;

/// Pixels of the labels of columns.
const HEAD: f64 = 22.0;
/// Characters of a row's label, which stands left of the picture.
const NAME: usize = 12;

/// The picture: labels of rows and columns, and the cells, so many pixels high. Where columns are many, one of `every` is
/// labelled.
pub(crate) fn heat_map(
    rows: &[String],
    columns: &[String],
    every: usize,
    cells: &[HeatCell],
    height: f64,
) -> String {
    let width = 100.0 / columns.len() as f64;
    let mut svg = Svg::new(HEAD + height * rows.len() as f64);
    for (place, name) in columns.iter().enumerate().step_by(every) {
        let middle = (place as f64 + 0.5) * width;
        svg.text("tick", middle, HEAD - 8.0, Anchor::Middle, name);
    }
    for (place, name) in rows.iter().enumerate() {
        let y = HEAD + (place as f64 + 0.5) * height + 4.0;
        svg.text("tick outside", 0.0, y, Anchor::End, &cut(name, NAME));
    }
    for cell in cells {
        let [x, y] = [cell.column as f64 * width, HEAD + cell.row as f64 * height];
        svg.begin_mark(&cell.title);
        svg.cell(cell.class, [x, x + width], [y, height], cell.strength);
        if !cell.text.is_empty() {
            svg.text("inside", x + width / 2.0, y + height / 2.0 + 4.0, Anchor::Middle, &cell.text);
        }
        svg.end_mark();
    }
    svg.finish_with_labels()
}
