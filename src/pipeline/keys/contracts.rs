//! Keys of `[contracts]`.

use super::{Choice, Key, Kind, Section, VERSION};
use crate::pipeline::RetentionModel;

/// The words of the models by which renewals may be forecast.
const MODELS: &[&str] = &[
    "auto",
    RetentionModel::ShiftedBetaGeometric.word(),
    RetentionModel::Hazards.word(),
    RetentionModel::Geometric.word(),
];

pub(in crate::pipeline) static CONTRACTS: Section = Section {
    header: "[contracts]",
    keys: &[
        Key::required(
            "files",
            Kind::Files,
            "The Parquet files, one row per contract, or several where its price or plan changes",
        ),
        VERSION,
        Key::optional(
            "where",
            Kind::Sql,
            "every row",
            "Rows for which it is not true are excluded, and counted",
        ),
        Key::required("customer", Kind::Sql, "Whose contract: a customer of the facts"),
        Key::required(
            "contract",
            Kind::Sql,
            "The contract's own key; rows of one customer and contract that follow each other are one contract",
        ),
        Key::required(
            "started_on",
            Kind::Sql,
            "The first day that the row covers: a date or timestamp; from the as-of date on it is not seen",
        ),
        Key::required(
            "ended_on",
            Kind::Sql,
            "The day it ended; null, or not before the as-of date: it runs. An end within a term counts at the renewal that ends the term",
        ),
        Key::required(
            "term_months",
            Kind::Sql,
            "Months from one renewal to the next, 1 to 1200: a number, as `\"12\"`, or a column",
        ),
        Key::required("price", Kind::Sql, "What the customer pays per term"),
        Key::optional(
            "cost",
            Kind::Sql,
            "0",
            "Cost per term that ends with the contract, such as `\"0.4 * price\"`; a renewal is valued at price − cost",
        ),
        Key::optional(
            "plan",
            Kind::Sql,
            "",
            "Kind of contract, text: renewals are counted and forecast by plan, too",
        ),
        Key::optional(
            "model",
            Kind::Words(MODELS),
            "\"auto\"",
            "By what renewals are forecast: churn that differs between contracts (Fader and Hardie 2007), the share observed at each renewal, or one churn rate; `auto` takes the best on the holdout, and keeps it until `--reselect`",
        ),
        Key::optional(
            "calibration",
            Kind::Day,
            "two thirds of the history",
            "The day from which on renewals are held out of the back-test's fits",
        ),
        Key::optional(
            "observed_from",
            Kind::Day,
            "all contracts there were",
            "The day from which on the files have every contract: those that had ended before are missing, and older ones count from the first term since (left truncation)",
        ),
    ],
    choice: Choice::Free,
};
