//! Reads `[contracts]`.

use super::contract::{Contract, Fate};
use crate::error::Result;
use crate::facts::{
    FactSet, Holds, NO_CODE, NO_DAY, RowColumn, RowRule, RowSource, SourceView, Values, check_rows,
};
use crate::pipeline::{ContractsDef, Definition, KeyType, Scalar};
use crate::units::{Day, format_fixed};
use std::ops::Range;

/// The end of a span that has none yet.
pub(super) const RUNS: i32 = i32::MAX;

/// The longest term, in months.
const MOST_MONTHS: u16 = 1_200;

/// Digits after the point that terms are read with, to see whether they are whole.
const TERM_SCALE: u8 = 6;

/// All contracts.
#[derive(Debug, Default)]
pub struct Contracts {
    /// Sorted by customer, contract and start; those of one contract do not overlap.
    spans: Vec<Span>,
    /// Keys of contracts, sorted as text.
    pub(super) keys: Vec<String>,
    /// Names of plans, sorted; none where no plan is declared.
    pub(super) plans: Option<Vec<String>>,
    /// Rows that another row of the same contract overlaps.
    pub(super) overlapping: u64,
}

/// A span of a contract with one price: a row of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) who: u32,
    /// Place among the keys.
    pub(super) contract: u32,
    pub(super) started: i32,
    /// The first day that is not covered, `RUNS` where it is not known.
    pub(super) ended: i32,
    pub(super) term_months: u16,
    /// Place among the plans; `NO_CODE` of none.
    pub(super) plan: u32,
    /// Per term, in smallest units of money.
    pub(super) price: i64,
    pub(super) cost: i64,
}

/// Reads the source, where it is declared; rows that break the row contract join the quarantine of the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted.
pub fn read(definition: &Definition, facts: &mut FactSet) -> Result<Contracts> {
    let Some(def) = &definition.contracts else { return Ok(Contracts::default()) };
    let source = source(def, definition.facts.money_scale);
    let mut columns = facts.read_rows(definition, &source)?.into_iter();
    let (
        Some(Values::Ranks(who)),
        Some(Values::Names(keys, contract)),
        Some(Values::Days(started)),
        Some(Values::Days(ended)),
        Some(Values::Numbers(term_months)),
        Some(Values::Numbers(price)),
    ) = (columns.next(), columns.next(), columns.next(), columns.next(), columns.next(), columns.next())
    else {
        panic!("a customer, a key, two days and two numbers were wanted");
    };
    let mut cost = None;
    let mut plans = None;
    for column in columns {
        match column {
            Values::Numbers(numbers) => cost = Some(numbers),
            Values::Names(names, codes) => plans = Some((names, codes)),
            _ => panic!("costs are numbers and plans are names"),
        }
    }
    let required = "the row contract requires it";
    let span = |row: usize| Span {
        who: who[row],
        contract: contract[row],
        started: started[row],
        ended: if ended[row] == NO_DAY { RUNS } else { ended[row] },
        term_months: term_months.get(row).and_then(whole_months).expect(required),
        plan: plans.as_ref().map_or(NO_CODE, |(_, codes)| codes[row]),
        price: price.get(row).expect(required),
        cost: cost.as_ref().map_or(0, |cost| cost.get(row).expect(required)),
    };
    let mut spans: Vec<Span> = (0..who.len()).map(span).collect();
    let overlapping = settle(&mut spans);
    if overlapping > 0 {
        let place = definition.place(def.at);
        facts.warnings.push(format!(
            "{place}: contracts: {overlapping} rows overlap the next row of their contract, and count until that begins; give each \
             price the day on which it ended, or contracts keys of their own"
        ));
    }
    facts.warnings.extend(doubt(definition, def, &spans, facts.as_of));
    facts.warnings.extend(doubt_of_ends(definition, def, &spans, facts.as_of));
    Ok(Contracts { spans, keys, plans: plans.map(|(names, _)| names), overlapping })
}

/// What a person should know of a declared calibration date: contracts began before it, and renewals came due after it.
fn doubt(definition: &Definition, def: &ContractsDef, spans: &[Span], as_of: Day) -> Option<String> {
    let (day, first) = (def.calibration?, spans.iter().map(|span| Day(span.started)).min()?);
    let is_within = first < day && day < as_of;
    (!is_within).then(|| {
        format!(
            "{}: contracts.calibration {day} is left out, so that no model is held against renewals: contracts are known from \
             {first} until {as_of}",
            definition.place(def.at)
        )
    })
}

/// Contracts expected to be lost of whom none was, from which on ends seem to be missing: by chance that has a probability of 10⁻⁶.
const MISSING: f64 = 14.0;

/// What a person should know of the ends that the rows have: those before the first one seem to be missing; those before the day from
/// which on all are said to be there tell nothing.
fn doubt_of_ends(definition: &Definition, def: &ContractsDef, spans: &[Span], as_of: Day) -> Option<String> {
    let place = definition.place(def.at);
    let contracts = || spans.chunk_by(Span::goes_on).map(|spans| Contract { spans });
    let ends = contracts().filter_map(|contract| contract.ended().filter(|ended| *ended < as_of.0));
    if let Some(day) = def.observed_from {
        let early = ends.filter(|ended| *ended < day.0).count();
        return (early > 0).then(|| {
            format!(
                "{place}: contracts: {early} contracts ended before contracts.observed_from {day}, and tell nothing of how long \
                 contracts last; leave the key out if those that ended earlier are all there"
            )
        });
    }
    let first = ends.min()?;
    let (mut early, mut later, mut lost) = (0_u64, 0_u64, 0_u64);
    for contract in contracts() {
        let Some(seen) = contract.seen(as_of) else { continue };
        let is_lost = seen.fate == Fate::Lost;
        let due = seen.renewals + u32::from(is_lost);
        let before = contract.renewals_before(first).min(due);
        early += u64::from(before);
        later += u64::from(due - before);
        lost += u64::from(is_lost);
    }
    let expected = early as f64 * lost as f64 / later as f64;
    (expected > MISSING).then(|| {
        format!(
            "{place}: contracts: none ended before {first}, although {early} renewals came due by then and about {expected:.0} contracts \
             would have been lost: rows of contracts that ended earlier seem to be missing, which makes contracts look longer-lived \
             than they are; set contracts.observed_from to the day from which on all ends are there",
            first = Day(first)
        )
    })
}

/// Brings rows in order and ends each where the next one of its contract begins. Of rows that begin on one day the one that lasts
/// longest counts. Returns how many overlapped: one without an end has none to overlap with.
fn settle(spans: &mut Vec<Span>) -> u64 {
    spans.sort_unstable();
    let mut overlapping = 0;
    spans.dedup_by(|next, last| {
        if !last.is_of_contract(next) {
            return false;
        }
        if last.started == next.started {
            overlapping += 1;
            *last = *next;
            return true;
        }
        if last.ended > next.started {
            overlapping += u64::from(last.ended != RUNS);
            last.ended = next.started;
        }
        false
    });
    overlapping
}

/// Opens the source and checks columns and types; reads no row. Gives name, files and rows, where it is declared.
///
/// # Errors
/// All faults of the source.
pub fn check(definition: &Definition, keys: Option<KeyType>) -> Result<Option<SourceView>> {
    let source = definition.contracts.as_ref().map(|def| source(def, definition.facts.money_scale));
    source.map(|source| check_rows(definition, &source, keys)).transpose()
}

/// Places of columns among those wanted.
const STARTED: usize = 2;
const ENDED: usize = 3;
const TERM: usize = 4;
const PRICE: usize = 5;

fn source(def: &ContractsDef, money_scale: u8) -> RowSource<'_> {
    fn column<'d>(key: &'static str, scalar: &'d Scalar, holds: Holds, required: bool) -> RowColumn<'d> {
        RowColumn { key, scalar, holds, required }
    }
    let money = Holds::Number(money_scale);
    let mut columns = vec![
        column("customer", &def.customer, Holds::Customer, true),
        column("contract", &def.contract, Holds::Id, true),
        column("started_on", &def.started_on, Holds::At, true),
        column("ended_on", &def.ended_on, Holds::Day, false),
        column("term_months", &def.term_months, Holds::Number(TERM_SCALE), true),
        column("price", &def.price, money, true),
    ];
    columns.extend(def.cost.as_ref().map(|cost| column("cost", cost, money, true)));
    columns.extend(def.plan.as_ref().map(|plan| column("plan", plan, Holds::Name, false)));
    let rule: RowRule = |row| rule(row).or_else(|| price_rule(row));
    RowSource { name: "contracts", files: &def.files, filter: def.filter.as_ref(), columns, rule: Some(rule) }
}

/// Recurring revenue of a contract is never negative: it would grow by losing customers.
fn price_rule(row: &[Option<i64>]) -> Option<String> {
    (row[PRICE]? < 0).then(|| {
        "price is below 0; a contract that is free costs 0, credits belong to the transactions or are left out by 'where'".to_owned()
    })
}

/// What is wrong with a row whose values are right one by one.
fn rule(row: &[Option<i64>]) -> Option<String> {
    let day = |column: usize| Some(Day(i32::try_from(row[column]?).expect("a day fits 32 bits")));
    if let (Some(started), Some(ended)) = (day(STARTED), day(ENDED))
        && ended < started
    {
        return Some(format!("ended_on {ended} is before started_on {started}"));
    }
    let term = row[TERM]?;
    let shown = || format_fixed(i128::from(term), TERM_SCALE);
    let is_term = whole_months(term).is_some_and(|months| (1..=MOST_MONTHS).contains(&months));
    (!is_term).then(|| {
        let shown = shown();
        let shown = shown.trim_end_matches('0').trim_end_matches('.');
        format!("term_months is {shown}, expected a whole number from 1 to {MOST_MONTHS}")
    })
}

/// A term as months; none where it has a fraction.
fn whole_months(term: i64) -> Option<u16> {
    let unit = 10_i64.pow(u32::from(TERM_SCALE));
    (term % unit == 0).then(|| u16::try_from(term / unit).ok()).flatten()
}

impl Span {
    fn is_of_contract(&self, other: &Self) -> bool {
        (self.who, self.contract) == (other.who, other.contract)
    }

    /// Whether the next span goes on with the same contract: at once, or on the day after where ends are last days, and by the
    /// same term, for renewals are counted in terms.
    fn goes_on(&self, next: &Self) -> bool {
        self.is_of_contract(next)
            && self.term_months == next.term_months
            && next.started <= self.ended.saturating_add(1)
    }
}

impl Contracts {
    /// Contracts of these customers, each as its spans.
    pub(super) fn of(&self, ranks: &Range<usize>) -> impl Iterator<Item = &[Span]> {
        let place = |bound: usize| self.spans.partition_point(|span| (span.who as usize) < bound);
        self.spans[place(ranks.start)..place(ranks.end)].chunk_by(Span::goes_on)
    }

    /// The plan of a place; none of contracts without one.
    pub(super) fn plan(&self, plan: u32) -> Option<&str> {
        self.plans.as_ref()?.get(plan as usize).map(String::as_str)
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> u64 {
        let keys: usize = self.keys.iter().map(|key| size_of::<String>() + key.capacity()).sum();
        (size_of_val(&self.spans[..]) + keys) as u64
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A span of the only contract of a customer, by the month.
    pub(in crate::contracts) fn span(who: u32, started: i32, ended: i32, price: i64) -> Span {
        Span { who, contract: 0, started, ended, term_months: 1, plan: NO_CODE, price, cost: 0 }
    }

    pub(in crate::contracts) fn contracts(mut spans: Vec<Span>) -> Contracts {
        let overlapping = settle(&mut spans);
        Contracts { spans, keys: vec!["a".to_owned(), "b".to_owned()], plans: None, overlapping }
    }

    #[test]
    fn a_row_lasts_until_the_next_of_its_contract() {
        let found = contracts(vec![
            span(1, 50, RUNS, 12),
            span(1, 10, RUNS, 10), // open until the price changes: no overlap
            span(2, 10, 60, 7),
            span(2, 40, 80, 8), // begins before the end of the last
            span(3, 10, 20, 5),
            span(3, 10, 30, 6), // stands twice; the one that lasts longer counts
        ]);
        let ends = |rank: usize| found.of(&(rank..rank + 1)).map(<[Span]>::to_vec).collect::<Vec<_>>();
        assert_eq!(ends(1), [[span(1, 10, 50, 10), span(1, 50, RUNS, 12)]]);
        assert_eq!(ends(2), [[span(2, 10, 40, 7), span(2, 40, 80, 8)]]);
        assert_eq!(ends(3), [[span(3, 10, 30, 6)]]);
        assert_eq!(found.overlapping, 2);
    }

    #[test]
    fn a_pause_or_another_term_begins_a_new_contract() {
        let yearly = Span { term_months: 12, ..span(1, 300, RUNS, 100) };
        let other = Span { contract: 1, ..span(1, 0, RUNS, 3) };
        let found = contracts(vec![
            span(1, 10, 40, 10),
            span(1, 41, 100, 10), // ends are last days: it goes on
            span(1, 110, 300, 10),
            yearly,
            other,
        ]);
        let lengths: Vec<usize> = found.of(&(0..2)).map(<[Span]>::len).collect();
        assert_eq!((lengths, found.overlapping), (vec![2, 1, 1, 1], 0));
        assert_eq!(found.of(&(2..9)).count(), 0);
    }

    #[test]
    fn rows_that_contradict_themselves_are_refused() {
        let row = |started, ended, months: i64| {
            rule(&[None, None, Some(started), ended, Some(1_000_000 * months), Some(1)])
        };
        let part = rule(&[None, None, Some(10), None, Some(1_500_000), Some(1)]).unwrap();
        assert_eq!(part, "term_months is 1.5, expected a whole number from 1 to 1200");
        assert_eq!(row(10, Some(10), 1), None);
        assert_eq!(row(10, None, 1_200), None);
        assert!(row(10, Some(9), 1).unwrap().contains("is before started_on"));
        assert!(row(10, None, 0).unwrap().contains("is 0, expected a whole number"));
    }
}
