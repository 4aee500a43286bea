//! A figure that is not on the page.

/// A figure for which the release has no rows.
pub struct LeftOut {
    /// Its title.
    pub title: &'static str,
    /// What of the pipeline file would make it.
    pub comes_with: &'static str,
}
