//! A name with its bars.

use super::bar::Bar;

/// A name, its value as text, and its bars.
pub(crate) struct BarRow {
    pub(crate) name: String,
    pub(crate) shown: String,
    pub(crate) bars: Vec<Bar>,
}
