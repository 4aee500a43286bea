//! Keys that say how a text file is written, shared by ledgers and driver files.

use super::{Key, Kind};

pub(super) const SEPARATOR: Key = Key::optional(
    "separator",
    Kind::Words(&[",", ";", "|", "tab"]),
    "that under which the head has all three columns",
    "What stands between the columns of a text file",
);

pub(super) const DECIMAL_MARK: Key = Key::optional(
    "decimal_mark",
    Kind::Words(&[".", ","]),
    "the one that fits every amount",
    "What stands before the decimals of amounts in text",
);

pub(super) const THOUSANDS_MARK: Key = Key::optional(
    "thousands_mark",
    Kind::Words(&[".", ",", "'", "space"]),
    "any but the decimal mark",
    "What stands between groups of three digits of amounts in text",
);

pub(super) const DATE_FORMAT: Key = Key::optional(
    "date_format",
    Kind::Text,
    "ISO 8601: a day, a month or a timestamp",
    "How dates in text are written, in the letters of strftime: `\"%d.%m.%Y\"`, `\"%Y%m\"`",
);
