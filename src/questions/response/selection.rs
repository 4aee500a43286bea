//! The orders and customers that a change of a scenario is about.

use super::super::recalled::Recalled;
use crate::customers::grouping::{Grouping, Unlabelled};
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::facts::schema::OrderFacts;
use crate::pipeline::{Condition, Placement, SelectedBy};
use std::collections::BTreeSet;

/// Conditions, all of which hold.
pub(super) struct Selection {
    customers: Vec<OfCustomers>,
    /// Ranks of single customers, ascending; none: all.
    single: Option<Vec<u32>>,
    /// (Dimension, names of members that are meant).
    orders: Vec<(usize, Vec<String>)>,
}

/// Customers with some values of an attribute.
struct OfCustomers {
    groups: Grouping,
    /// By group.
    is_meant: Vec<bool>,
    /// Ranks that have the attribute at all.
    known: usize,
}

/// A selection in a period, whose members have codes of their own.
pub(super) struct InPeriod<'s> {
    selection: &'s Selection,
    /// (Dimension, by code).
    members: Vec<(usize, Vec<bool>)>,
}

impl Selection {
    /// Resolves conditions.
    ///
    /// # Errors
    /// A value that no order or customer has.
    pub(super) fn of(recalled: &Recalled<'_>, conditions: &[Condition]) -> Result<Self> {
        let mut selection = Self { customers: Vec::new(), single: None, orders: Vec::new() };
        for condition in conditions {
            match &condition.by {
                SelectedBy::Attribute(name) => {
                    selection.customers.push(OfCustomers::of(recalled, condition, name)?);
                }
                SelectedBy::Placement(placement) => {
                    selection.customers.push(OfCustomers::placed(recalled, condition, *placement)?);
                }
                SelectedBy::Customer => selection.single = Some(ranks(recalled, condition)?),
                SelectedBy::Dimension(name) => {
                    let dimension = recalled.facts.dimensions.iter().position(|known| known == name);
                    let dimension = dimension.expect("dimensions of the definition are kept");
                    check_members(recalled, condition, name)?;
                    selection.orders.push((dimension, condition.values.clone()));
                }
            }
        }
        Ok(selection)
    }

    /// Looks up the members of a period.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub(super) fn in_period(&self, facts: &FactSet, period: usize) -> Result<InPeriod<'_>> {
        let names = if self.orders.is_empty() { Vec::new() } else { facts.members(period)? };
        let meant = |(dimension, values): &(usize, Vec<String>)| {
            (*dimension, names.iter().map(|name| values.contains(name)).collect())
        };
        Ok(InPeriod { selection: self, members: self.orders.iter().map(meant).collect() })
    }

    /// Whether it is about this customer.
    pub(super) fn has_customer(&self, rank: u32) -> bool {
        let is_single = self.single.as_ref().is_none_or(|ranks| ranks.binary_search(&rank).is_ok());
        let rank = rank as usize;
        is_single && self.customers.iter().all(|of| rank < of.known && of.is_meant[of.groups.group(rank)])
    }
}

impl InPeriod<'_> {
    /// Whether it is about this order.
    pub(super) fn has_order(&self, orders: &OrderFacts, order: usize) -> bool {
        let mut members = self.members.iter();
        members.all(|(dimension, is_meant)| is_meant[orders.members[*dimension][order] as usize])
            && self.selection.has_customer(orders.ranks[order])
    }
}

impl OfCustomers {
    fn of(recalled: &Recalled<'_>, condition: &Condition, name: &str) -> Result<Self> {
        let master = recalled.facts.master.as_ref();
        let values = master.and_then(|master| master.attributes.iter().find(|(known, _)| known == name));
        let (_, values) = values
            .ok_or_else(|| Error::internal(format!("what-if: the facts have no attribute '{name}'")))?;
        let groups = Grouping::by_values(values, Unlabelled::Last)?;
        let labels: BTreeSet<&str> = groups.labels.iter().flatten().map(String::as_str).collect();
        check_values(recalled, condition, "customer", name, &labels)?;
        Ok(Self::of_groups(condition, (groups, values.len())))
    }

    fn placed(recalled: &Recalled<'_>, condition: &Condition, placement: Placement) -> Result<Self> {
        let found =
            recalled.placed.and_then(|placed| Some((placed.of(placement)?.clone(), placed.customers)));
        let name = placement.name();
        let groups =
            found.ok_or_else(|| Error::internal(format!("what-if: the {name} of customers was not read")))?;
        // Tiers and treatments are those of the definition: who is none on a day selects nobody.
        Ok(Self::of_groups(condition, groups))
    }

    fn of_groups(condition: &Condition, (groups, known): (Grouping, usize)) -> Self {
        let is_meant =
            |label: &Option<String>| label.as_ref().is_some_and(|of| condition.values.contains(of));
        Self { is_meant: groups.labels.iter().map(is_meant).collect(), known, groups }
    }
}

fn ranks(recalled: &Recalled<'_>, condition: &Condition) -> Result<Vec<u32>> {
    let rank = |key: &String| {
        recalled.facts.customers.rank_of(key).ok_or_else(|| {
            let place = recalled.definition.place(condition.at);
            let known = recalled.facts.customers.keys.len();
            let message = format!("{place}: no customer has the key '{key}'; {known} customers have facts");
            Error::definition(message)
        })
    };
    let mut ranks = condition.values.iter().map(rank).collect::<Result<Vec<_>>>()?;
    ranks.sort_unstable();
    Ok(ranks)
}

fn check_members(recalled: &Recalled<'_>, condition: &Condition, name: &str) -> Result<()> {
    let periods = 0..recalled.facts.periods.len();
    let members = periods.map(|period| recalled.facts.members(period)).collect::<Result<Vec<_>>>()?;
    // Names of all dimensions together: a value of another one selects nothing here, but is no misspelling.
    let known: BTreeSet<&str> = members.iter().flatten().map(String::as_str).collect();
    check_values(recalled, condition, "order", name, &known)
}

/// A value that nothing has is a misspelling rather than a wish.
fn check_values(
    recalled: &Recalled<'_>,
    condition: &Condition,
    what: &str,
    name: &str,
    known: &BTreeSet<&str>,
) -> Result<()> {
    let Some(missing) = condition.values.iter().find(|value| !known.contains(value.as_str())) else {
        return Ok(());
    };
    let place = recalled.definition.place(condition.at);
    let shown: Vec<String> = known.iter().take(MOST_SHOWN).map(|value| format!("'{value}'")).collect();
    let more = if known.len() > MOST_SHOWN { " and others" } else { "" };
    Err(Error::definition(format!(
        "{place}: no {what} has the {name} '{missing}'; there are {}{more}",
        shown.join(", ")
    )))
}

/// Values that a message names.
const MOST_SHOWN: usize = 12;
