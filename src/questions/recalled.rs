//! What questions are asked of: a release's facts and costing.

use super::exact::Exact;
use super::placed::PlacedCustomers;
use crate::costing::schema::{Costing, PeriodCosting, Rate};
use crate::error::{Error, Result};
use crate::facts::{Acquired, FactSet, acquisition_of};
use crate::pipeline::{Definition, Level, RateDef, Ratio, UnusedCapacity, did_you_mean};
use crate::units::{Decimal, Period};

/// A release's facts, and their costing by a definition: the release's own, or a scenario of it.
#[derive(Debug, Clone, Copy)]
pub struct Recalled<'r> {
    /// By which the facts are costed.
    pub definition: &'r Definition,
    /// Kept facts.
    pub facts: &'r FactSet,
    /// Their costing.
    pub costing: &'r Costing,
    /// Where customers are placed, if scenarios that are asked about select by it.
    pub placed: Option<&'r PlacedCustomers>,
}

impl<'r> Recalled<'r> {
    /// A release as it was recalled, costed by its own definition.
    pub fn of(release: &'r crate::recall::Recalled, definition: &'r Definition) -> Self {
        Self { definition, facts: release.facts(), costing: release.costing(), placed: None }
    }

    pub(super) fn money(&self, amount: impl Into<i128>) -> Exact {
        Exact::new(amount, self.facts.money_scale)
    }

    /// Index and costing of the asked period, or of all.
    pub(super) fn periods(&self, asked: Option<Period>) -> Result<Vec<(usize, &'r PeriodCosting)>> {
        let indices = match asked {
            None => 0..self.costing.periods.len(),
            Some(period) => {
                let index = self.position(period)?;
                index..index + 1
            }
        };
        Ok(indices.map(|index| (index, &self.costing.periods[index])).collect())
    }

    /// Index of a period.
    ///
    /// # Errors
    /// The release has no such period; the message names those it has.
    pub(super) fn position(&self, period: Period) -> Result<usize> {
        let periods: Vec<Period> = self.facts.periods.iter().map(|known| known.period).collect();
        periods.binary_search(&period).map_err(|_| {
            let known = match (periods.first(), periods.last()) {
                (Some(first), Some(last)) => format!("the release has {first} to {last}"),
                _ => "the release has none".to_string(),
            };
            Error::definition(format!("period {period} has no facts; {known}"))
        })
    }

    /// Index of an activity, by its name or column.
    pub(super) fn activity(&self, name: &str) -> Result<usize> {
        let known = &self.costing.activities;
        let found = known.iter().position(|activity| activity.name == name || activity.column == name);
        found.ok_or_else(|| unknown("activity", name, known.iter().map(|activity| &*activity.name)))
    }

    /// Index of a resource, by its name.
    pub(super) fn resource(&self, name: &str) -> Result<usize> {
        let known = &self.costing.resources;
        let found = known.iter().position(|resource| resource == name);
        found.ok_or_else(|| unknown("resource", name, known.iter().map(|resource| &**resource)))
    }

    /// Index of a product group, by its name.
    pub(super) fn group(&self, name: &str) -> Result<usize> {
        let known = &self.facts.groups;
        let found = known.iter().position(|group| group == name);
        found.ok_or_else(|| unknown("product group", name, known.iter().map(|group| &**group)))
    }

    /// The rank of a customer with facts; `unidentified` stands for the rows without customer.
    pub(super) fn rank(&self, key: &str) -> Option<u32> {
        let customers = &self.facts.customers;
        let unidentified = || {
            let is_it = customers.has_unidentified && key == "unidentified";
            is_it.then(|| u32::try_from(customers.keys.len()).expect("ranks fit 32 bits"))
        };
        customers.rank_of(key).or_else(unidentified)
    }

    /// Day and cost of winning a customer without facts.
    ///
    /// # Errors
    /// The customers source does not know it either; unreadable files.
    pub(super) fn listed(&self, key: &str) -> Result<Acquired> {
        acquisition_of(self.definition, &self.facts.record, key)?.ok_or_else(|| {
            let known = self.facts.customers.keys.len();
            Error::definition(format!(
                "customer '{key}' is in no source of the release; {known} customers have facts"
            ))
        })
    }

    /// A rate as given, such as `0.1/365`; an actual one as the fraction money/volume.
    pub(super) fn rate_exact(&self, activity: usize, rate: Rate) -> String {
        let scale = self.costing.activities[activity].volume_scale();
        match self.definition.costing.as_ref().map(|costing| costing.activities[activity].rate) {
            None | Some(RateDef::Actual) => {
                format!("{}/{}", self.money(rate.money), Exact::new(rate.volume, scale))
            }
            Some(RateDef::Charge | RateDef::Deducted | RateDef::Exchange) => "1".to_string(),
            Some(RateDef::Standard(given) | RateDef::Imputed(given)) => as_given(given),
        }
    }

    /// How the activity at this index is rated.
    pub(super) fn rate_kind(&self, activity: usize) -> &'static str {
        match self.definition.costing.as_ref().map(|costing| costing.activities[activity].rate) {
            None | Some(RateDef::Actual) => "actual",
            Some(RateDef::Standard(_)) => "standard",
            Some(RateDef::Charge) => "charge",
            Some(RateDef::Imputed(_)) => "imputed",
            Some(RateDef::Deducted) => "price component",
            Some(RateDef::Exchange) => "exchange difference",
        }
    }

    /// Whether customers bear unused capacity of some resource.
    pub(super) fn is_unused_charged(&self) -> bool {
        let mut resources = self.definition.costing.iter().flat_map(|costing| &costing.resources);
        resources.any(|resource| {
            let policy = resource.capacity.as_ref().map(|capacity| capacity.unused);
            policy == Some(UnusedCapacity::Proportional)
        })
    }

    /// Activities of a product group's own level, by index.
    pub(super) fn sustaining(&self, group: &str) -> impl Iterator<Item = usize> {
        let activities = self.costing.activities.iter().enumerate();
        let own = activities.filter(move |(_, activity)| {
            activity.level == Level::Product && activity.member.as_deref() == Some(group)
        });
        own.map(|(index, _)| index)
    }
}

/// A ratio as it was written.
pub(super) fn as_given(ratio: Ratio) -> String {
    match (ratio.numerator.normalised(), ratio.denominator.normalised()) {
        (numerator, Decimal::ONE) => numerator.to_string(),
        (numerator, denominator) => format!("{numerator}/{denominator}"),
    }
}

/// A name that the release does not know, with the one most like it, or with all there are.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> Error {
    let all = || {
        let names: Vec<String> = known.clone().map(|name| format!("'{name}'")).collect();
        match names.is_empty() {
            true => format!("the pipeline has no {what}"),
            false => format!("known are {}", names.join(", ")),
        }
    };
    Error::definition(format!("unknown {what} '{name}'; {}", did_you_mean(name, known.clone(), all)))
}
