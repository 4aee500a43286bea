//! Findings of the row checks over all files of a source: the table `data_mistake`, warnings and the error.

use super::record::Record;
use crate::error::{Error, Kind, Result};
use crate::facts::inputs::findings::Found;
use crate::pipeline::{FactsDef, Mistake, Policy};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::format_fixed;

/// What checks found of one kind in one source.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SourceMistake {
    /// Name of the source.
    pub source: String,
    /// The kind.
    pub kind: Mistake,
    /// The policy's word.
    pub policy: &'static str,
    /// Rows; customers, where the kind is one of customers.
    pub rows: u64,
    /// Sum of the amounts in question at `money_scale`, as text: JSON numbers end at 64 bits.
    pub money: String,
    /// Where the first such row lies; none where the kind is one of customers.
    pub place: Option<RowPlace>,
    /// Its values.
    pub example: String,
}

/// A row of a file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RowPlace {
    /// Path of the file.
    pub file: String,
    /// Row group, from 0.
    pub row_group: usize,
    /// Row in the row group, from 0.
    pub row: u64,
}

/// The findings of all files, by source and kind; the example is of the first file in path order.
pub(crate) fn by_source(facts: &FactsDef, record: &Record) -> Vec<SourceMistake> {
    let mut all: Vec<(&str, &str, Found)> = Vec::new();
    for account in &record.files {
        for found in &account.mistakes {
            let same = |known: &&mut (&str, &str, Found)| {
                known.0 == account.source && known.2.mistake == found.mistake
            };
            match all.iter_mut().find(same) {
                Some((_, _, known)) => known.count(found),
                None => all.push((&account.source, &account.file.path, found.clone())),
            }
        }
    }
    all.sort_by_key(|(_, _, found)| found.mistake);
    let of = |(source, file, found): (&str, &str, Found)| SourceMistake {
        source: source.to_owned(),
        kind: found.mistake,
        policy: facts.checks.policy(found.mistake).word(),
        rows: found.rows,
        money: found.money,
        place: Some(RowPlace { file: file.to_owned(), row_group: found.row_group, row: found.row }),
        example: found.example,
    };
    all.into_iter().map(of).collect()
}

/// Stops where something was found whose policy is `error`.
///
/// # Errors
/// Of kind `Check`, with a message per such kind.
pub fn refuse_mistakes(facts: &FactsDef, mistakes: &[SourceMistake]) -> Result<()> {
    let stops = mistakes.iter().filter(|mistake| mistake.policy == Policy::Error.word());
    let messages: Vec<String> = stops.map(|mistake| mistake.message(facts)).collect();
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Check, messages }) }
}

impl SourceMistake {
    /// Customers who returned more than they bought: how many, their returns at `money_scale`, and the first of them.
    pub fn of_customers(facts: &FactsDef, customers: u64, money: i128, example: String) -> Self {
        let kind = Mistake::UnboughtReturn;
        Self {
            source: "transactions".to_owned(),
            kind,
            policy: facts.checks.policy(kind).word(),
            rows: customers,
            money: money.to_string(),
            place: None,
            example,
        }
    }

    /// Whether a person is warned of it.
    pub fn warns(&self) -> bool {
        self.policy == Policy::Warn.word() || self.policy == Policy::Quarantine.word()
    }

    /// What was found and the first example.
    pub fn account(&self, facts: &FactsDef) -> String {
        let money = format_fixed(self.total().unwrap_or(0), facts.money_scale);
        let place = self.place.as_ref().map_or(String::new(), |RowPlace { file, row_group, row }| {
            format!("in {file} row group {row_group} row {row}: ")
        });
        let what = if self.place.is_some() { "row" } else { "customer" };
        let plural = if self.rows == 1 { "" } else { "s" };
        format!(
            "{}: {} {what}{plural}, {}, {money} {} together; the first: {place}{}",
            self.kind.name(),
            self.rows,
            self.kind.meaning(),
            facts.currency,
            self.example
        )
    }

    fn total(&self) -> Option<i128> {
        self.money.parse().ok()
    }

    /// The account with what became of the rows and the way out.
    pub fn message(&self, facts: &FactsDef) -> String {
        let name = self.kind.name();
        let (fate, other) = match self.policy {
            "quarantine" => ("they are quarantined", "warn"),
            "error" => ("nothing is published", "warn"),
            _ if self.place.is_some() => ("they are used unless another check leaves them out", "allow"),
            _ => ("they are used", "allow"),
        };
        let (way_out, section) = (self.kind.way_out(), self.kind.section());
        format!(
            "{}: {}; {fate}; {way_out}, or say {name} = \"{other}\" in {section}",
            self.source,
            self.account(facts)
        )
    }
}

/// The published table `data_mistake`.
pub fn sheet(format: TableFormat<'_>, mistakes: &[SourceMistake]) -> Sheet {
    let grain = "source and kind of contradiction in its rows";
    let mut draft = format.draft("data_mistake", grain, None, mistakes);
    draft.name("source", "Name of the source", |mistake| &mistake.source);
    let meaning = "Key of [facts.transactions.checks] or [facts.customers.checks]";
    draft.name("kind", meaning, |mistake| mistake.kind.name());
    let meaning = "What became of the rows: quarantine, warn or allow";
    draft.name("policy", meaning, |mistake| mistake.policy);
    let meaning = "Rows of the kind, quarantined ones among them; customers, where it is unbought_return";
    draft.count("rows", "rows", meaning, |mistake| mistake.rows);
    let meaning = "Sum of the amounts in question: cost, discount, discount beyond list value, list value, returns or acquisition cost";
    draft.total("money", meaning, |mistake| mistake.total().expect("a sum of amounts is a number"));
    let meaning = "File of the first such row; null where customers are counted";
    draft.name("example_file", meaning, |mistake| Some(&mistake.place.as_ref()?.file));
    let meaning = "Its row group in the file, from 0";
    draft.count("example_row_group", "", meaning, |mistake| Some(mistake.place.as_ref()?.row_group));
    let meaning = "Its row in the row group, from 0";
    draft.count("example_row", "", meaning, |mistake| Some(mistake.place.as_ref()?.row));
    draft.text("example", "Its values", |mistake| &mistake.example);
    draft.finish()
}
