//! The keys of a pipeline file: one entry per key, from which follow the checks of its shape, its JSON Schema
//! and the reference tables of `pipelines/README.md`.

mod acquisition;
mod activity;
mod contracts;
mod costing;
mod counted_histories;
mod customer_base;
mod defaults;
mod effects;
mod facts;
mod forecast;
mod hierarchy;
mod kind;
mod needs;
mod network;
mod perception;
mod plan;
mod programme;
mod scenario;
mod segments;
mod settings;
mod take;
#[cfg(test)]
mod tests;
mod text_format;

pub(super) use acquisition::ACQUISITION;
pub(super) use activity::{ACTIVITY, WEIGHTS};
pub(super) use costing::{CAPACITY, LEDGER, RESOURCE};
pub(super) use counted_histories::COUNTED_HISTORIES;
pub(super) use customer_base::{CLV, CONTEXTUAL_FACTORS, LIFECYCLE, STATES, WARNING};
pub(super) use effects::{CONTROL, EFFECTS};
pub(super) use facts::{CHECKS, CUSTOMER_CHECKS, EXCHANGE_RATES, FACTS, TRANSACTIONS};
pub(super) use forecast::FORECAST;
pub(super) use kind::Kind;
pub(super) use needs::NEEDS;
pub(super) use perception::{DELIVERED, EXCHANGE, PERCEPTION};
pub(super) use plan::{PLAN_ACTIVITIES, PLAN_RESOURCES, PLAN_SALES};
pub(super) use programme::MATCHING;
pub(super) use scenario::{DROP, FEE, PRICE, SCENARIO, SENSITIVITY};
pub(super) use segments::{LOYALTY, PYRAMID, RFM, SEGMENTS, SIZE};
pub(super) use settings::{EXPECT, PROFITABILITY, PUBLISH};

/// The file itself.
pub(super) static FILE: Section = Section {
    header: "the file",
    keys: &[
        Key::optional("about", Kind::Text, "", "What the pipeline is for, in a sentence or two"),
        Key::required("facts", Kind::Table(&facts::FACTS), "What is read, and at which grain"),
        Key::optional(
            "costing",
            Kind::Table(&costing::COSTING),
            "",
            "Resource pools and activities; its presence turns costing on",
        ),
        Key::optional(
            "profitability",
            Kind::Table(&settings::PROFITABILITY),
            "",
            "Where the classes of customers and product groups begin",
        ),
        Key::optional(
            "plan",
            Kind::Table(&plan::PLAN),
            "",
            "What was planned: budget against actual with variances; its presence turns the stage on",
        ),
        Key::optional(
            "forecast",
            Kind::Table(&forecast::FORECAST),
            "",
            "Driver volumes and capacity of the coming periods; its presence turns the stage on",
        ),
        Key::optional(
            "lifecycle",
            Kind::Table(&customer_base::LIFECYCLE),
            "",
            "Recency, cohorts, survival, states and warnings; its presence turns the stage on",
        ),
        Key::optional(
            "clv",
            Kind::Table(&customer_base::CLV),
            "",
            "Lifetime value; its presence turns the stage on",
        ),
        Key::optional(
            "contracts",
            Kind::Table(&contracts::CONTRACTS),
            "",
            "Contracts and subscriptions: renewals, survival, what they are still going to bring; its presence turns the stage on",
        ),
        Key::optional(
            "counted_histories",
            Kind::Table(&counted_histories::COUNTED_HISTORIES),
            "",
            "Histories of purchases at discrete opportunities that come counted, as donors' files do; its presence turns the stage on",
        ),
        Key::optional(
            "segments",
            Kind::Table(&segments::SEGMENTS),
            "",
            "RFM, pyramid, value matrices, treatments, migration; its presence turns the stage on",
        ),
        Key::optional(
            "effects",
            Kind::Table(&effects::EFFECTS),
            "",
            "Whether treatments worked: contacts and control groups; its presence turns the stage on",
        ),
        Key::optional(
            "hierarchy",
            Kind::Table(&hierarchy::HIERARCHY),
            "",
            "Groups of customers, such as parents and households, level by level; its presence turns the stage on",
        ),
        Key::optional(
            "acquisition",
            Kind::Table(&acquisition::ACQUISITION),
            "",
            "What winning customers cost and brought, by channel and cohort; its presence turns the stage on",
        ),
        Key::optional(
            "programme",
            Kind::Table(&programme::PROGRAMME),
            "",
            "A loyalty programme: points as liability and cost, members against matched customers; its presence turns the stage on",
        ),
        Key::optional(
            "perception",
            Kind::Table(&perception::PERCEPTION),
            "",
            "Surveys, complaints, referrals: the value customers get; its presence turns the stage on",
        ),
        Key::optional(
            "needs",
            Kind::Table(&needs::NEEDS),
            "",
            "Segments of customers by what matters to them; its presence turns the stage on",
        ),
        Key::optional(
            "scenario",
            Kind::NamedTables(&scenario::SCENARIO),
            "",
            "What-ifs: the same facts with some numbers of the costing changed",
        ),
        Key::optional(
            "sensitivity",
            Kind::Table(&scenario::SENSITIVITY),
            "",
            "What moves when an estimate of the costing is off; its presence turns the stage on",
        ),
        Key::optional("run", Kind::Table(&settings::RUN), "", "What a run may take of the machine"),
        Key::optional("publish", Kind::Table(&settings::PUBLISH), "", "Where and how to publish"),
        Key::optional("expect", Kind::Tables(&settings::EXPECT), "", "Control totals and data checks"),
    ],
    choice: Choice::Free,
};

/// One table of a pipeline file.
pub(super) struct Section {
    /// As a message names it: `[facts]`, `[[costing.resource]]`; `NAME` stands for a name of the user's choice.
    pub(super) header: &'static str,
    /// In the order a reader should meet them.
    pub(super) keys: &'static [Key],
    /// Which of its keys exclude each other.
    pub(super) choice: Choice,
}

/// Keys that exclude each other.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    /// All keys may stand together.
    Free,
    /// Exactly one of these must be given.
    OneOf(&'static [&'static str]),
    /// At most one of these may be given.
    AtMostOneOf(&'static [&'static str]),
}

impl Choice {
    /// The keys that exclude each other.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Choice::Free => &[],
            Choice::OneOf(keys) | Choice::AtMostOneOf(keys) => keys,
        }
    }
}

impl Section {
    /// The entry of this key, if there is one.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// This section and all below it, in reading order.
    pub(super) fn with_descendants(&'static self) -> Vec<&'static Section> {
        let below = self.keys.iter().filter_map(|key| key.kind.section());
        std::iter::once(self).chain(below.flat_map(Section::with_descendants)).collect()
    }
}

/// One key of a section.
pub(super) struct Key {
    /// As written in the file.
    pub(super) name: &'static str,
    /// What its value must look like.
    pub(super) kind: Kind,
    /// Whether the section is wrong without it.
    pub(super) required: bool,
    /// What holds without it, as TOML where that is possible; empty when nothing does.
    pub(super) default: &'static str,
    /// Its meaning, without full stop.
    pub(super) doc: &'static str,
}

impl Key {
    const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, required: true, default: "", doc }
    }

    const fn optional(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Self {
        Self { name, kind, required: false, default, doc }
    }
}

/// `'a', 'b' or 'c'`.
pub(super) fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} or {last}", firsts.join(", ")),
    }
}

/// Beside every `files`.
const VERSION: Key = Key::optional(
    "version",
    Kind::Integer(0, i64::MAX),
    "the newest",
    "Which version of a Delta table, where `files` is one",
);
