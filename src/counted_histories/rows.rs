//! Reads `[counted_histories]`, and adds up rows of the same history.

use crate::clv::models::bg_bb::History;
use crate::error::Result;
use crate::facts::{FactSet, Holds, Numbers, RowColumn, RowSource, SourceView, Values, check_rows};
use crate::pipeline::{CountedHistoriesDef, Definition, Scalar};
use crate::units::{format_fixed, pow10};
use std::collections::BTreeMap;

/// The most opportunities of a history.
const MOST: i64 = 1_200;

/// Digits after the point that counts are read with, to see whether they are whole.
const COUNT_SCALE: u8 = 6;

/// All rows of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedHistories {
    /// By history.
    pub(super) rows: BTreeMap<History, Counted>,
}

/// Customers with one history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) customers: u64,
    /// Σ over customers of the contribution of a purchase, in smallest units of money.
    pub(super) contribution: i128,
}

/// Reads the source, where it is declared; rows that break the row contract join the quarantine of the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted.
pub fn read(definition: &Definition, facts: &mut FactSet) -> Result<CountedHistories> {
    let Some(def) = &definition.counted_histories else { return Ok(CountedHistories::default()) };
    let columns = facts.read_rows(definition, &source(def, definition.facts.money_scale))?;
    let numbers = |column: &Values| match column {
        Values::Numbers(numbers) => numbers.clone(),
        _ => panic!("numbers were wanted"),
    };
    let mut columns: Vec<Numbers> = columns.iter().map(numbers).collect();
    let contribution = def.contribution.as_ref().and_then(|_| columns.pop());
    let customers = def.customers.as_ref().and_then(|_| columns.pop());
    let [purchases, last, opportunities] = &columns[..] else { panic!("three numbers were wanted") };
    let mut found = CountedHistories::default();
    for row in 0..purchases.iter().count() {
        let count = |column: &Numbers| column.get(row).and_then(whole).expect("the row contract requires it");
        let narrow = |column: &Numbers| u32::try_from(count(column)).expect("opportunities are few");
        let customers = customers.as_ref().map_or(1, count);
        let history = History {
            purchases: narrow(purchases),
            last_purchase: narrow(last),
            opportunities: narrow(opportunities),
        };
        let contribution = contribution.as_ref().and_then(|column| column.get(row)).unwrap_or(0);
        let counted = found.rows.entry(history).or_default();
        counted.customers += u64::try_from(customers).expect("the row contract says so");
        counted.contribution += i128::from(contribution) * i128::from(customers);
    }
    found.rows.retain(|_, counted| counted.customers > 0);
    Ok(found)
}

/// Opens the source and checks columns and types; reads no row. Gives name, files and rows, where it is declared.
///
/// # Errors
/// All faults of the source.
pub fn check(definition: &Definition) -> Result<Option<SourceView>> {
    let declared = definition.counted_histories.as_ref();
    let source = declared.map(|def| source(def, definition.facts.money_scale));
    source.map(|source| check_rows(definition, &source, None)).transpose()
}

/// Places of columns among those wanted.
const PURCHASES: usize = 0;
const LAST: usize = 1;
const OPPORTUNITIES: usize = 2;

fn source(def: &CountedHistoriesDef, money_scale: u8) -> RowSource<'_> {
    fn column<'d>(key: &'static str, scalar: &'d Scalar, scale: u8) -> RowColumn<'d> {
        RowColumn { key, scalar, holds: Holds::Number(scale), required: true }
    }
    let mut columns = vec![
        column("purchases", &def.purchases, COUNT_SCALE),
        column("last_purchase", &def.last_purchase, COUNT_SCALE),
        column("opportunities", &def.opportunities, COUNT_SCALE),
    ];
    columns.extend(def.customers.as_ref().map(|scalar| column("customers", scalar, COUNT_SCALE)));
    columns.extend(def.contribution.as_ref().map(|scalar| column("contribution", scalar, money_scale)));
    let rule: fn(&[Option<i64>]) -> Option<String> =
        if def.customers.is_some() { counted_rule } else { history_rule };
    RowSource {
        name: "counted_histories",
        files: &def.files,
        filter: def.filter.as_ref(),
        columns,
        rule: Some(rule),
    }
}

/// The same of rows that say how many customers they are about.
fn counted_rule(row: &[Option<i64>]) -> Option<String> {
    let customers = row[OPPORTUNITIES + 1]?;
    let is_count = whole(customers).is_some_and(|customers| customers >= 0);
    if !is_count {
        return Some(format!("customers is {}, expected a whole number from 0", shown(customers)));
    }
    history_rule(row)
}

/// What is wrong with a row whose values are right one by one.
fn history_rule(row: &[Option<i64>]) -> Option<String> {
    for (key, column) in [("purchases", PURCHASES), ("last_purchase", LAST), ("opportunities", OPPORTUNITIES)]
    {
        let count = row[column]?;
        if !whole(count).is_some_and(|count| (0..=MOST).contains(&count)) {
            return Some(format!("{key} is {}, expected a whole number from 0 to {MOST}", shown(count)));
        }
    }
    let [x, last, n] =
        [PURCHASES, LAST, OPPORTUNITIES].map(|column| row[column].and_then(whole).unwrap_or(0));
    if last > n {
        return Some(format!("last_purchase {last} comes after the last of {n} opportunities"));
    }
    if x > last {
        return Some(format!("{x} purchases do not fit in {last} opportunities, up to last_purchase"));
    }
    (x == 0 && last > 0)
        .then(|| format!("last_purchase is {last} of a history without purchases, expected 0"))
}

fn whole(count: i64) -> Option<i64> {
    let unit = i64::try_from(pow10(COUNT_SCALE)).expect("few digits");
    (count % unit == 0).then_some(count / unit)
}

fn shown(count: i64) -> String {
    let shown = format_fixed(i128::from(count), COUNT_SCALE);
    shown.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl CountedHistories {
    /// Bytes of memory.
    pub fn bytes(&self) -> u64 {
        (self.rows.len() * size_of::<(History, Counted)>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_cannot_be_is_named() {
        let rule = |x: i64, last: i64, n: i64| history_rule(&[x, last, n].map(|count| Some(count * 500_000)));
        assert_eq!(rule(0, 0, 12), None);
        assert_eq!(rule(4, 8, 12), None);
        for (row, expected) in [
            (rule(1, 4, 12), "purchases is 0.5, expected a whole number from 0 to 1200"),
            (rule(-2, 4, 12), "purchases is -1, expected a whole number from 0 to 1200"),
            (rule(2, 4, 2402), "opportunities is 1201, expected a whole number from 0 to 1200"),
            (rule(2, 14, 12), "last_purchase 7 comes after the last of 6 opportunities"),
            (rule(6, 4, 12), "3 purchases do not fit in 2 opportunities, up to last_purchase"),
            (rule(0, 4, 12), "last_purchase is 2 of a history without purchases, expected 0"),
        ] {
            assert_eq!(row.as_deref(), Some(expected));
        }
        assert_eq!(
            counted_rule(&[Some(0), Some(0), Some(0), Some(-1_000_000)]).as_deref(),
            Some("customers is -1, expected a whole number from 0")
        );
    }
}
