//! `budget`, `budget_by` and `[segments.response.NAME]`.

use super::{plus, positive};
use crate::pipeline::keys::SEGMENTS;
use crate::pipeline::read::number::from_zero;
use crate::pipeline::read::or_default::word_or;
use crate::pipeline::read::table::{Entry, Table, compare};
use crate::pipeline::read::wording::{did_you_mean, quoted};
use crate::pipeline::{CellDef, Grouping, Response, ResponseDef, TEN_SEGMENTS, TierDef};
use crate::units::Decimal;

/// A budget with the curves it follows.
pub(super) struct Spread {
    pub(super) budget: Option<Decimal>,
    pub(super) by: Grouping,
    pub(super) responses: Vec<ResponseDef>,
}

/// Reads the budget and the response curves; `None` if an entry is faulty.
pub(super) fn spread(table: Table<'_>, cells: &[CellDef], tiers: &[TierDef]) -> Option<Spread> {
    let word = word_or(Some(table), &SEGMENTS, "budget_by");
    let by = Grouping::ALL.iter().find(|(name, _)| *name == word).map(|(_, grouping)| *grouping)?;
    let treatments = table.tables("treatment");
    let known: Vec<&str> = match by {
        Grouping::Treatment => treatments.iter().filter_map(|treatment| treatment.text("name")).collect(),
        Grouping::Rfm if cells.is_empty() => TEN_SEGMENTS.to_vec(),
        Grouping::Rfm => cells.iter().map(|cell| cell.name.as_str()).collect(),
        Grouping::Tier => tiers.iter().map(|tier| tier.name.as_str()).collect(),
        Grouping::Size => vec!["large", "medium", "small"],
    };
    let entries = table.entries_of("response");
    let responses: Vec<Option<ResponseDef>> =
        entries.iter().map(|entry| response(*entry, word, &known)).collect();
    check_pair(table, entries.first().copied());
    if by == Grouping::Treatment {
        check_kept(table, &treatments, &entries);
    }
    let budget = match table.entry("budget") {
        Some(entry) => Some(cents(entry)?),
        None => None,
    };
    Some(Spread { budget, by, responses: responses.into_iter().collect::<Option<_>>()? })
}

fn check_pair(table: Table<'_>, response: Option<Entry<'_>>) {
    match (table.entry("budget"), response) {
        (Some(budget), None) => {
            let way_out = "declare what spending brings with [segments.response.NAME]";
            budget.reading.fault(budget.key_offset, format!("'budget' has no curve to follow; {way_out}"));
        }
        (None, Some(response)) => {
            let message = format!("response {} has no money to spread; add 'budget'", quoted(response.key));
            response.reading.fault(response.key_offset, message);
        }
        _ => {}
    }
}

/// Treatments with a curve keep the budget they declare, so together they may not have more than there is.
fn check_kept(table: Table<'_>, treatments: &[Table<'_>], responses: &[Entry<'_>]) {
    let Some(budget) = table.entry("budget") else { return };
    let has_curve = |treatment: &&Table<'_>| {
        treatment.text("name").is_some_and(|name| responses.iter().any(|response| response.key == name))
    };
    let declared = treatments.iter().filter(has_curve).filter_map(|treatment| treatment.entry("budget"));
    let kept = declared.filter_map(Entry::number).fold(Decimal::ZERO, plus).normalised();
    if budget.number().is_some_and(|whole| compare(whole, kept).is_lt()) {
        budget.fault(format!(
            "'budget' is less than the {kept} that treatments with a response curve declare for themselves; raise it, or \
             lower theirs"
        ));
    }
}

/// Money from 0 in whole cents: it is spread to the cent.
fn cents(entry: Entry<'_>) -> Option<Decimal> {
    from_zero(entry)?;
    entry.money(Some(2))
}

fn response(entry: Entry<'_>, by: &str, known: &[&str]) -> Option<ResponseDef> {
    if !known.contains(&entry.key) {
        let otherwise = || {
            let known: Vec<String> = known.iter().map(|name| quoted(name)).collect();
            if known.is_empty() {
                format!("there is no {by}")
            } else {
                format!("there are {}", known.join(", "))
            }
        };
        let way_out = did_you_mean(entry.key, known.iter().copied(), otherwise);
        let message = format!("response of unknown {by} {}; {way_out}", quoted(entry.key));
        entry.reading.fault(entry.key_offset, message);
    }
    let table = entry.table()?;
    let scale = positive(table, "scale")?;
    let curve = match table.entry("k") {
        Some(_) => Response::Saturating { scale, k: positive(table, "k")? },
        None => Response::Power { scale, elasticity: elasticity(table.entry("elasticity")?)? },
    };
    Some(ResponseDef { name: entry.key.to_owned(), curve, at: table.at() })
}

fn elasticity(entry: Entry<'_>) -> Option<Decimal> {
    let number = entry.number()?;
    let is_right = number.mantissa > 0 && compare(number, Decimal::ONE).is_lt();
    if !is_right {
        entry.fault(format!("'{}' is {number}, expected a number between 0 and 1", entry.key));
    }
    is_right.then_some(number)
}
