//! A figure of the page.

use super::cells::Tables;
use super::drawn::Drawn;
use crate::error::Result;

/// What a figure is about, and how it is drawn.
pub(crate) struct Figure {
    /// Its anchor in the page.
    pub(crate) id: &'static str,
    pub(crate) chapter: &'static str,
    pub(crate) title: &'static str,
    /// How the picture is read, in a sentence or two of fixed text.
    pub(crate) reading: &'static str,
    /// What of the pipeline file makes its tables, and what else it needs.
    pub(crate) comes_with: &'static str,
    /// Draws it; none where the release has no rows for it.
    pub(crate) draw: fn(&Tables<'_>) -> Result<Option<Drawn>>,
}
