//! A figure that was drawn.

use super::cells::Rows;

/// A figure as the page takes it.
pub(crate) struct Drawn {
    /// What is seen, made from the numbers: HTML.
    pub(crate) seen: String,
    /// SVG, and a legend where there are several colours.
    pub(crate) picture: String,
    /// The numbers, a mark of the picture or a point of each of its lines for every row.
    pub(crate) rows: Rows,
}
