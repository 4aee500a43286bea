//! Keys of `[lifecycle]` and `[clv]`.

use super::text_format::{DATE_FORMAT, DECIMAL_MARK, SEPARATOR, THOUSANDS_MARK};
use super::{Choice, Key, Kind, Section, VERSION};
use crate::pipeline::{PurchaseModel, Season};

pub(in crate::pipeline) static LIFECYCLE: Section = Section {
    header: "[lifecycle]",
    keys: &[
        Key::optional(
            "as_of",
            Kind::Texts,
            "the run's own day",
            "Further days, `\"2024-07-01\"`, at which customers are looked at; what happened on a day or later is not seen then",
        ),
        Key::optional(
            "gap_days",
            Kind::Integer(1, 36_600),
            "180",
            "Days without purchase after which a relationship counts as ended",
        ),
        Key::optional(
            "window_days",
            Kind::Integer(1, 36_600),
            "30",
            "Days of an elapsed window since the first purchase, for cohorts",
        ),
        Key::optional(
            "by",
            Kind::Texts,
            "",
            "Attributes of [facts.customers] by which cohorts, survival and growth are broken down too",
        ),
        Key::optional(
            "wallet",
            Kind::Text,
            "",
            "The attribute of [facts.customers] that says what a customer spends per year in the category, with whomever",
        ),
        Key::optional(
            "channels",
            Kind::Texts,
            "",
            "Activities whose use tells that a customer uses a channel, for the breadth of the relationship",
        ),
        Key::optional("states", Kind::Table(&STATES), "", "Where the states of customers begin"),
        Key::optional("warning", Kind::Table(&WARNING), "", "When a customer is worth a warning"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static STATES: Section = Section {
    header: "[lifecycle.states]",
    keys: &[
        Key::optional(
            "new_days",
            Kind::Integer(1, 36_600),
            "30",
            "New: the first purchase is at most this many days ago",
        ),
        Key::optional(
            "active",
            Kind::Number,
            "1.5",
            "Active: the last purchase is at most this many times the customer's expected gap ago",
        ),
        Key::optional("at_risk", Kind::Number, "3", "At risk: likewise, this many times"),
        Key::optional(
            "dormant_days",
            Kind::Integer(1, 36_600),
            "365",
            "Dormant: the last purchase is at most this many days ago; lost beyond",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static WARNING: Section = Section {
    header: "[lifecycle.warning]",
    keys: &[
        Key::optional(
            "overdue",
            Kind::Number,
            "2",
            "The last purchase is this many times the customer's expected gap ago",
        ),
        Key::optional(
            "alive_below",
            Kind::Number,
            "0.5",
            "The probability alive, which [clv] gives, fell below this",
        ),
        Key::optional(
            "drop",
            Kind::Number,
            "0.5",
            "Contribution, orders or product groups per period fell by this share of their earlier average, or discount depth rose by it",
        ),
        Key::optional(
            "recent_periods",
            Kind::Integer(1, 1_200),
            "3",
            "Complete periods of the recent average",
        ),
        Key::optional(
            "earlier_periods",
            Kind::Integer(1, 1_200),
            "6",
            "Complete periods before them, of the earlier average",
        ),
        Key::optional(
            "holdout_days",
            Kind::Integer(1, 36_600),
            "90",
            "Warnings are made once more as of this many days earlier, and measured on what followed",
        ),
    ],
    choice: Choice::Free,
};

/// The words of the models that customers may be valued by.
const VALUING: &[&str] = &[
    "auto",
    PurchaseModel::BgNbd.word(),
    PurchaseModel::MbgNbd.word(),
    PurchaseModel::MbgCnbdK.word(),
    PurchaseModel::ParetoNbd.word(),
    PurchaseModel::BgBb.word(),
];

/// The words of the seasons by which purchases may be timed.
const SEASONS: &[&str] = &["auto", Season::None.word(), Season::Month.word(), Season::Week.word()];

pub(in crate::pipeline) static CLV: Section = Section {
    header: "[clv]",
    keys: &[
        Key::optional(
            "models",
            Kind::Texts,
            "[\"mbg_nbd\", \"pareto_nbd\"]",
            "Purchase models that are fitted, reported and back-tested: `bg_nbd`, `mbg_nbd`, `mbg_cnbd_k` (buys regularly, k by the rhythm of the base), `pareto_nbd`, `bg_bb` (one opportunity to buy per period, for donors and members)",
        ),
        Key::optional(
            "model",
            Kind::Words(VALUING),
            "\"auto\"",
            "The model that customers are valued by; `auto` takes the best on the holdout and keeps it until `--reselect`",
        ),
        Key::optional(
            "season",
            Kind::Words(SEASONS),
            "\"none\"",
            "Seasons of the year by which purchases are timed: a clock that runs faster where customers buy more; `auto` takes months where they do better on the holdout than the calendar, and keeps what it took until `--reselect`",
        ),
        Key::optional(
            "contextual_factors",
            Kind::Table(&CONTEXTUAL_FACTORS),
            "",
            "What varies by day for all customers alike and may time their purchases too; every model is back-tested with and without, the holdout chooses, and what it took is kept until `--reselect`",
        ),
        Key::optional(
            "margin",
            Kind::Words(&["avoidable", "full", "revenue"]),
            "\"avoidable\"",
            "What a purchase is valued at: gross margin less the avoidable or the full cost of the customer, or net revenue",
        ),
        Key::optional(
            "spend",
            Kind::Words(&["shrunken", "gamma_gamma"]),
            "\"shrunken\"",
            "A customer's value per purchase: its mean, shrunken towards the base's, or Gamma-Gamma revenue times the margin rate",
        ),
        Key::optional(
            "discount_rate_annual",
            Kind::Number,
            "0.10",
            "Effective rate per year by which later money counts less",
        ),
        Key::optional(
            "horizons",
            Kind::Texts,
            "[\"1 year\"]",
            "How far ahead purchases are expected: counts of days, weeks, months or years",
        ),
        Key::optional(
            "segment",
            Kind::Text,
            "",
            "The attribute of [facts.customers] whose values are fitted apart",
        ),
        Key::optional(
            "covariates",
            Kind::Texts,
            "",
            "Attributes of [facts.customers] by whose values customers buy and lapse at other rates within one model; every model is back-tested with and without them and the holdout chooses, but a declared `model` is taken with them",
        ),
        Key::optional(
            "calibration",
            Kind::Texts,
            "two thirds of the history",
            "Days from which on rows are held out of the back-test's fits",
        ),
        Key::optional(
            "drift_from",
            Kind::Text,
            "",
            "The release whose parameters the drift is measured against",
        ),
        Key::optional(
            "lifetime_periods",
            Kind::Number,
            "",
            "Lifetime of a relationship in periods, 1 or more, for the formulas of segments that have lost nobody yet",
        ),
        Key::optional(
            "churn_rate",
            Kind::Number,
            "",
            "The same as a churn rate: relationships lost per period lived, above 0 up to 1",
        ),
    ],
    choice: Choice::AtMostOneOf(&["lifetime_periods", "churn_rate"]),
};

pub(in crate::pipeline) static CONTEXTUAL_FACTORS: Section = Section {
    header: "[clv.contextual_factors]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet or text files (CSV), one row per day from which on its values hold, until the next row; the first row is of the first day of the history or earlier",
        ),
        VERSION,
        Key::optional(
            "day_column",
            Kind::Text,
            "\"day\"",
            "Column of the day from which on the values of a row hold",
        ),
        Key::required(
            "columns",
            Kind::Texts,
            "Columns of the factors, up to 8: numbers of at most 9 digits after the point, such as a price index, or 0 and 1",
        ),
        Key { default: "that under which the head has the columns", ..SEPARATOR },
        Key { default: "\".\"", ..DECIMAL_MARK },
        THOUSANDS_MARK,
        DATE_FORMAT,
    ],
    choice: Choice::Free,
};
