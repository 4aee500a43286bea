//! Why a customer is worth what it is: the waterfall, and every cost back to volume, rate and ledger account.

use super::books::Books;
use super::exact::Exact;
use super::left::{Leaving, leaving};
use super::origins::Trail;
use super::posting::{Posting, Row};
use super::recalled::Recalled;
use super::sources::{Flow, Source, add, borne};
use crate::costing::schema::{Rate, level_name};
use crate::error::{Error, Result};
use crate::facts::acquisition_of;
use crate::facts::schema::{CustomerFacts, CustomerMaster};
use crate::pipeline::Line;
use crate::profitability::schema::Acquisition;
use crate::profitability::schema::Lines;
use crate::profitability::schema::Values;
use crate::profitability::schema::key_text;
use crate::units::{Decimal, Period};
use rayon::prelude::*;
use serde::Serialize;

/// One customer's worth, explained. Amounts are exact decimal texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Key of the customer.
    pub customer: String,
    /// Of every amount.
    pub currency: String,
    /// Exclusive end of the history.
    pub as_of: String,
    /// Acquisition cost before the history, part of life and of no period.
    pub opening_acquisition_cost: Exact,
    /// Over the periods explained; over life when no period was asked for.
    pub waterfall: Vec<Step>,
    /// What its acquisition cost is made of.
    pub acquisition: Vec<Flow>,
    /// What would end over these periods if the customer were gone.
    pub if_left: Leaving,
    /// Periods in which the customer has facts or was won.
    pub periods: Vec<PeriodExplanation>,
}

/// One step of a waterfall.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// Name of the published column.
    pub step: String,
    /// Its value.
    pub amount: Exact,
}

/// One period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeriodExplanation {
    /// First day.
    pub period_start: String,
    /// The period's waterfall.
    pub waterfall: Vec<Step>,
    /// What the activities that the customer uses cost, and why, in the order declared.
    pub activities: Vec<ActivityExplanation>,
}

/// One activity in one period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActivityExplanation {
    /// Name of the activity.
    pub activity: String,
    /// Level of the cost hierarchy.
    pub level: &'static str,
    /// SQL of the driver.
    pub driver: String,
    /// Whether the fallback driver stands in for it.
    pub is_fallback: bool,
    /// What the volume is made of.
    pub terms: Vec<Term>,
    /// Driver volume of the customer.
    pub volume: Exact,
    /// `actual`, `standard`, `charge` or `imputed`.
    pub rate_kind: &'static str,
    /// Driver rate: as given, or the exact fraction money/volume; none where customers are not charged.
    pub rate_exact: Option<String>,
    /// The same, rounded.
    pub rate: Option<f64>,
    /// Cost borne by the customer.
    pub cost: Exact,
    /// Where that cost comes from, one step back; adds up to it.
    pub from: Vec<Flow>,
    /// The same through the whole network, back to ledger accounts; adds up to the cost.
    pub origins: Vec<Flow>,
    /// Unused capacity borne by the customer beside it, over the same volume.
    pub unused_charged: Exact,
    /// Where that comes from, back to ledger accounts; adds up to it.
    pub unused_origins: Vec<Flow>,
    /// Why no customer bears the activity's cost, if so.
    pub unassigned: Option<&'static str>,
}

/// coefficient × aggregate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// SQL of the aggregate.
    pub aggregate: String,
    /// Its value for the customer.
    pub value: Exact,
    /// What it counts for in the volume.
    pub coefficient: Exact,
}

/// Explains one customer in one period or over life. The key `unidentified` stands for the rows without customer.
///
/// # Errors
/// An unknown customer or period, a customer without facts in the period, unreadable state.
pub fn customer(recalled: &Recalled<'_>, key: &str, period: Option<Period>) -> Result<Explanation> {
    let account = Account::open(recalled, key)?;
    let asked = recalled.periods(period)?;
    let explained = asked.par_iter().map(|(index, _)| account.period(*index)).collect::<Vec<Result<_>>>();
    let explained: Vec<PeriodAccount> =
        explained.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
    if let (Some(period), true) = (period, explained.is_empty()) {
        return Err(Error::definition(format!(
            "customer {} has no facts in {period}; leave --period out to see its life",
            account.key
        )));
    }
    let mut books = Books::new(recalled.costing.activities.len());
    explained.iter().for_each(|period| books.add(&period.books));
    let opening = if period.is_none() { account.opening } else { 0 };
    books.acquisition += opening;
    Ok(Explanation {
        waterfall: account.steps(&books),
        acquisition: account.acquisition(&books),
        if_left: leaving(recalled, &books),
        customer: account.key,
        currency: recalled.definition.facts.currency.clone(),
        as_of: recalled.facts.as_of.to_string(),
        opening_acquisition_cost: recalled.money(opening),
        periods: explained.into_iter().map(|period| period.explanation).collect(),
    })
}

/// One customer's books.
struct Account<'r> {
    recalled: &'r Recalled<'r>,
    key: String,
    /// None for a customer whom only the customers source knows.
    rank: Option<u32>,
    /// Acquisition cost by period, and that before the history.
    acquired: Vec<i128>,
    opening: i128,
    lines: Lines,
}

struct PeriodAccount {
    explanation: PeriodExplanation,
    books: Books,
}

impl<'r> Account<'r> {
    fn open(recalled: &'r Recalled<'r>, key: &str) -> Result<Self> {
        let (facts, definition) = (recalled.facts, recalled.definition);
        let rank = recalled.rank(key);
        let listed = if rank.is_none() {
            Some(recalled.listed(key)?)
        } else {
            acquisition_of(definition, &facts.record, key)?
        };
        let (day, cost) = listed.unwrap_or((None, 0));
        let master = CustomerMaster {
            acquired_on: [day].into_iter().collect(),
            acquisition_cost: vec![cost],
            attributes: vec![],
        };
        let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
        let placed = Acquisition::place(Some(&master), &periods, facts.as_of);
        Ok(Self {
            recalled,
            key: rank.map_or_else(|| key.to_string(), |rank| key_text(&facts.customers, rank)),
            rank,
            acquired: placed.by_period,
            opening: placed.opening,
            lines: Lines::new(&recalled.costing.activities, recalled.is_unused_charged()),
        })
    }

    fn period(&self, index: usize) -> Result<Option<PeriodAccount>> {
        let acquired = self.acquired[index];
        let row_of = |facts: &CustomerFacts| facts.ranks.binary_search(&self.rank?).ok();
        let mut facts = match self.rank {
            Some(_) => self.recalled.facts.customer_facts(index, ..)?,
            None => CustomerFacts::default(),
        };
        let row = row_of(&facts);
        if row.is_none() && acquired == 0 {
            return Ok(None);
        }
        let activities = self.recalled.costing.activities.len();
        let mut books = Books { acquisition: acquired, ..Books::of(&facts, row, activities) };
        let aggregates: Vec<Values> =
            std::mem::take(&mut facts.aggregates).into_iter().map(Values::from).collect();
        let trail = Trail::new(self.recalled, index);
        let mut explained = Vec::new();
        for activity in (0..activities).filter(|_| row.is_some()) {
            let posting = Posting::new(self.recalled, index, activity, &aggregates, facts.ranks.len())?;
            let at = posting.row(row);
            books.costs[activity] = posting.costed.rate.map_or(0, |rate| at.at(rate));
            let unused = posting.unused_rate().map_or(0, |rate| at.at(rate));
            books.unused_charged += unused;
            if at.volume != 0 || books.costs[activity] != 0 {
                let terms = self.terms(index, activity, &aggregates, row);
                explained.push(self.activity(&trail, (index, activity), &posting, at, terms));
            }
        }
        let explanation = PeriodExplanation {
            period_start: self.recalled.costing.periods[index].period.to_string(),
            waterfall: self.steps(&books),
            activities: explained,
        };
        Ok(Some(PeriodAccount { explanation, books }))
    }

    fn activity(
        &self,
        trail: &Trail<'_>,
        (period, index): (usize, usize),
        posting: &Posting<'_>,
        at: Row,
        terms: Vec<Term>,
    ) -> ActivityExplanation {
        let (activity, costed) = (posting.activity, posting.costed);
        let money = |amount: i128| self.recalled.money(amount);
        let traced = |sources: &dyn Fn() -> Vec<Source>| match costed.rate {
            Some(rate) => self.parts(sources(), at, rate, costed.volume),
            None => vec![],
        };
        ActivityExplanation {
            activity: activity.name.clone(),
            level: level_name(activity.level),
            driver: activity.driver_text.clone(),
            is_fallback: costed.is_fallback,
            terms,
            volume: Exact::new(at.volume, activity.volume_scale()),
            rate_kind: self.recalled.rate_kind(index),
            rate_exact: costed.rate.map(|rate| self.recalled.rate_exact(index, rate)),
            rate: costed.rate_shown(activity, self.recalled.facts.money_scale),
            cost: money(costed.rate.map_or(0, |rate| at.at(rate))),
            from: traced(&|| borne(self.recalled, period, index)),
            origins: traced(&|| trail.accounts(index)),
            unused_origins: posting
                .unused_rate()
                .map_or(vec![], |rate| self.parts(trail.unused(index), at, rate, costed.volume)),
            unused_charged: money(posting.unused_rate().map_or(0, |rate| at.at(rate))),
            unassigned: costed.reason(),
        }
    }

    /// The customer's part of each source; adds up to its cost.
    fn parts(&self, sources: Vec<Source>, at: Row, rate: Rate, whole: i64) -> Vec<Flow> {
        let pools: Vec<i64> = sources.iter().map(|source| source.amount).collect();
        let mut flows = Vec::new();
        for (source, part) in sources.into_iter().zip(at.trace(rate, &pools, whole)) {
            let amount = i64::try_from(part).expect("a part of a pool fits 64 bits");
            add(&mut flows, &Source { amount, ..source }, self.recalled.facts.money_scale);
        }
        flows
    }

    fn terms(&self, period: usize, activity: usize, aggregates: &[Values], row: Option<usize>) -> Vec<Term> {
        let recalled = self.recalled;
        let known = &recalled.costing.activities[activity];
        let costed = &recalled.costing.periods[period].activities[activity];
        let driver = known.driver_of(costed);
        let term = |&(index, factor): &(usize, i64)| {
            let column = &recalled.facts.aggregates[index];
            let scale = driver.map_or(0, |driver| driver.scale) - column.scale;
            Term {
                aggregate: column.aggregate.to_string(),
                value: Exact::new(row.map_or(0, |row| aggregates[index][row]), column.scale),
                coefficient: Exact(Decimal { mantissa: i128::from(factor), scale }.normalised()),
            }
        };
        driver.iter().flat_map(|driver| &driver.terms).map(term).collect()
    }

    /// Of the customers source, and of activities.
    fn acquisition(&self, books: &Books) -> Vec<Flow> {
        let flow = |kind, name: &str, amount: i128| Flow {
            kind,
            name: name.to_string(),
            quantity: None,
            amount: self.recalled.money(amount),
        };
        let listed = flow("customers source", "imputed, no pool holds it", books.acquisition);
        let activities = self.recalled.costing.activities.iter().zip(&books.costs);
        let winning = activities.filter(|(activity, _)| activity.line == Some(Line::Acquisition));
        let winning = winning.map(|(activity, cost)| flow("activity", &activity.name, *cost));
        std::iter::once(listed).chain(winning).filter(|flow| !flow.amount.is_zero()).collect()
    }

    fn steps(&self, books: &Books) -> Vec<Step> {
        let steps = books.steps(&self.recalled.costing.activities, self.lines);
        steps.into_iter().map(|(step, amount)| Step { step, amount: self.recalled.money(amount) }).collect()
    }
}
