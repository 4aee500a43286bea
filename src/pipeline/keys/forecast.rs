//! Keys of `[forecast]`.

use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static FORECAST: Section = Section {
    header: "[forecast]",
    keys: &[Key::optional(
        "periods",
        Kind::Integer(1, 520),
        "12",
        "How many periods after the last complete one are forecast",
    )],
    choice: Choice::Free,
};
