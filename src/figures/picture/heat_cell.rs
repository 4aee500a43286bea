//! A cell of a heat map.

/// A cell of a row and a column.
pub(crate) struct HeatCell {
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// Class of its colour.
    pub(crate) class: &'static str,
    /// From 0 to 1.
    pub(crate) strength: f64,
    /// What stands in it; nothing where cells are narrow.
    pub(crate) text: String,
    /// What is said of it when it is pointed at.
    pub(crate) title: String,
}
