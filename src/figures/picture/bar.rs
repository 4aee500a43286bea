//! A bar.

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
