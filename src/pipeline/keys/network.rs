//! Keys of `[[costing.services]]` and `[[costing.bill]]`.

use super::{Choice, Key, Kind, Section};

pub(super) static SERVICES: Section = Section {
    header: "[[costing.services]]",
    keys: &[
        Key::required(
            "method",
            Kind::Words(&["reciprocal", "step-down", "direct"]),
            "Simultaneous equations, solved exactly; each gives to the members after it only; or members give each other nothing",
        ),
        Key::required(
            "members",
            Kind::Texts,
            "2 to 50 resources or activities; for `step-down` in the order in which they give",
        ),
    ],
    choice: Choice::Free,
};

pub(super) static BILL: Section = Section {
    header: "[[costing.bill]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique: what the bill is of"),
        Key::optional(
            "on",
            Kind::Text,
            "\"transactions\"",
            "The source its SQL speaks of: an event source's name, or `acquisitions`",
        ),
        Key::required("driver", Kind::Driver, "How many units a customer took in a period"),
        Key::required(
            "of",
            Kind::NumberByName,
            "What one unit asks of activities, `{ weld = 2, paint = 0.5 }`: added to their driver volumes",
        ),
    ],
    choice: Choice::Free,
};
