//! Which end of a text its place is.

/// Which end of a text its place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    /// For a label at some per cent of the width: one at an end does not stick out of it.
    pub(crate) fn at(x: f64) -> Self {
        match x {
            ..5.0 => Self::Start,
            95.0.. => Self::End,
            _ => Self::Middle,
        }
    }
}
