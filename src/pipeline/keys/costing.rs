//! Keys of `[costing]` and `[[costing.resource]]`.

use super::activity::ACTIVITY;
use super::network::{BILL, SERVICES};
use super::take::TAKE;
use super::text_format::{DATE_FORMAT, DECIMAL_MARK, SEPARATOR, THOUSANDS_MARK};
use super::{Choice, Key, Kind, Section, VERSION};

pub(super) static COSTING: Section = Section {
    header: "[costing]",
    keys: &[
        Key::optional("resource", Kind::Tables(&RESOURCE), "", "A pool of money per period"),
        Key::optional(
            "services",
            Kind::Tables(&SERVICES),
            "",
            "Resources or activities that serve each other",
        ),
        Key::optional(
            "activity",
            Kind::Tables(&ACTIVITY),
            "",
            "Something done for customers that takes resources",
        ),
        Key::optional("bill", Kind::Tables(&BILL), "", "What one unit of something asks of activities"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static RESOURCE: Section = Section {
    header: "[[costing.resource]]",
    keys: &[
        Key::required("name", Kind::Text, "Unique; what takes of it refers to it"),
        Key::optional("amount", Kind::Number, "", "The same money in every period"),
        Key::optional(
            "amounts",
            Kind::NumberByDay,
            "",
            "Money by any day of its period, `{ \"2024-01-01\" = 1_000.50 }`; a period not listed has 0",
        ),
        Key::optional("ledger", Kind::Table(&LEDGER), "", "Money from rows of a ledger file"),
        Key::optional(
            "every_period",
            Kind::Flag,
            "false",
            "A period of the run without any row of its accounts in the ledger is an error; else it has 0",
        ),
        Key::optional(
            "from",
            Kind::Takes(&TAKE),
            "",
            "What it takes of other resources and activities, beside or in place of money of its own",
        ),
        Key::optional(
            "fixed",
            Kind::Number,
            "0",
            "Share of its money, from 0 to 1, that fixed shares spread; quantities spread the rest",
        ),
        Key::optional("capacity", Kind::Table(&CAPACITY), "", "Makes the resource time-driven"),
    ],
    choice: Choice::AtMostOneOf(&["amount", "amounts", "ledger"]),
};

pub(in crate::pipeline) static LEDGER: Section = Section {
    header: "ledger",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet or text files (CSV), relative to this file's folder",
        ),
        VERSION,
        Key::required(
            "account",
            Kind::Texts,
            "The account or accounts this resource claims, `[\"6100\", \"6110\"]`",
        ),
        Key::optional("account_column", Kind::Text, "\"account\"", "Column of the account"),
        Key::optional("period_column", Kind::Text, "\"period\"", "Column of the date: any day of the period"),
        Key::optional("amount_column", Kind::Text, "\"amount\"", "Column of the amount"),
        SEPARATOR,
        DECIMAL_MARK,
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static CAPACITY: Section = Section {
    header: "capacity",
    keys: &[
        Key::optional(
            "practical_minutes",
            Kind::Number,
            "",
            "Minutes per period at practical capacity, above 0",
        ),
        Key::optional("practical_hours", Kind::Number, "", "The same in hours"),
        Key::optional("people", Kind::Number, "", "The same as people × `hours` × `practical_share`"),
        Key::optional("hours", Kind::Number, "", "Hours each of the `people` is paid for per period"),
        Key::optional(
            "practical_share",
            Kind::Number,
            "1",
            "Share of the paid `hours`, above 0 and up to 1, in which work is done; about 0.8 is usual",
        ),
        Key::optional(
            "minutes_by_period",
            Kind::NumberByDay,
            "",
            "Practical minutes of single periods, by any day of the period; the others have the above",
        ),
        Key::optional(
            "standard_rate",
            Kind::Ratio,
            "money ÷ practical minutes",
            "Money per minute that takers are charged, above 0; what it leaves over or under is a variance",
        ),
        Key::optional(
            "unused",
            Kind::Words(&["keep", "proportional", "customer", "product", "channel", "facility"]),
            "\"keep\"",
            "To whom unused minutes are charged: to no one, to customers in proportion to the minutes they took, as a line of its own, or to the level that decided on the capacity",
        ),
        Key::optional("step", Kind::Table(&STEP), "", "The steps in which capacity is bought, for budgets"),
    ],
    choice: Choice::OneOf(&["practical_minutes", "practical_hours", "people"]),
};

static STEP: Section = Section {
    header: "step",
    keys: &[
        Key::optional("minutes", Kind::Number, "", "Minutes one step supplies per period, above 0"),
        Key::optional("hours", Kind::Number, "", "The same in hours"),
        Key::required("cost", Kind::Number, "Money one step costs per period"),
    ],
    choice: Choice::OneOf(&["minutes", "hours"]),
};
