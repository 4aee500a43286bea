//! `planned` of a scenario: driver volumes of activities, and units of bills, which ask volumes of theirs.

use super::activity::Activity;
use super::bill::BillPart;
use super::names::Names;
use super::number::from_zero;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::Node;
use crate::units::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What plans speak of.
#[derive(Clone, Copy)]
pub(super) struct Plannable<'c, 'a> {
    pub(super) names: Names<'a>,
    pub(super) activities: &'c [Activity<'a>],
    pub(super) bills: &'c [BillPart<'a>],
}

impl<'a> Plannable<'_, 'a> {
    /// Planned volume by index of the activity; `None` if an entry is faulty. A volume planned by name and what planned
    /// bills ask add up.
    pub(super) fn read(self, table: Table<'a>) -> Option<BTreeMap<usize, Decimal>> {
        let entries = table.entries_of("planned");
        let named: BTreeSet<&str> = entries.iter().map(|entry| entry.key).collect();
        // Every entry is looked at before a faulty one ends the reading, so that all faults are reported.
        let parts: Vec<Option<_>> = entries.into_iter().map(|entry| self.entry(entry, &named)).collect();
        let parts: Option<Vec<Vec<_>>> = parts.into_iter().collect();
        let mut planned = BTreeMap::new();
        for (entry, activity, volume) in parts?.into_iter().flatten() {
            let sum = planned.entry(activity).or_insert(Decimal::ZERO);
            *sum = plus(*sum, volume).or_else(|| too_large(entry))?;
        }
        Some(planned)
    }

    /// The activities that an entry plans, with their volumes.
    fn entry(self, entry: Entry<'a>, named: &BTreeSet<&str>) -> Option<Vec<(Entry<'a>, usize, Decimal)>> {
        let of_bill = || self.bills.iter().filter(|part| part.bill == Some(entry.key));
        if self.names.has_activity(entry.key) || of_bill().next().is_none() {
            let (activity, volume) = (self.activity(entry), from_zero(entry));
            return Some(vec![(entry, activity?, volume?)]);
        }
        let units = from_zero(entry)?;
        let asked = |part: &BillPart<'a>| {
            self.check_whole(entry, part.activity, named)?;
            let factor = part.part.as_ref()?.factor;
            let volume = times(units, factor).or_else(|| too_large(entry))?;
            Some((entry, part.activity, volume))
        };
        of_bill().map(asked).collect()
    }

    fn activity(self, entry: Entry<'_>) -> Option<usize> {
        let activity = self.names.activity(entry, entry.key)?;
        let read = &self.activities[activity];
        if read.measures.entry.is_none() && !read.is_billed {
            let subject = self.names.subject(Node::Activity(activity));
            let message = format!("{subject} has no driver, so it has no volume to plan");
            entry.reading.fault(entry.key_offset, message);
        }
        Some(activity)
    }

    /// A planned bill is only part of the volume of an activity that has other drivers: these need a plan too.
    fn check_whole(self, entry: Entry<'_>, activity: usize, named: &BTreeSet<&str>) -> Option<()> {
        let node = Node::Activity(activity);
        let is_named = self.names.table(node).text("name").is_some_and(|name| named.contains(name));
        let bills = self.bills.iter().filter(|part| part.activity == activity);
        let unplanned = bills.filter_map(|part| part.bill).find(|bill| !named.contains(bill));
        let has_driver = self.activities[activity].measures.entry.is_some();
        if is_named || (unplanned.is_none() && !has_driver) {
            return Some(());
        }
        let of =
            unplanned.map_or("a driver of its own".to_owned(), |bill| format!("the bill {}", quoted(bill)));
        let (bill, subject) = (quoted(entry.key), self.names.subject(node));
        let message = format!(
            "{subject} has volume of {of} beside the bill {bill}; plan that too: name the activity with the rest of its volume"
        );
        entry.reading.fault(entry.key_offset, message);
        None
    }
}

fn plus(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale.max(b.scale);
    Some(Decimal { mantissa: a.at_scale(scale)?.checked_add(b.at_scale(scale)?)?, scale }.normalised())
}

fn times(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale.checked_add(b.scale)?;
    Some(Decimal { mantissa: a.mantissa.checked_mul(b.mantissa)?, scale }.normalised())
}

fn too_large<T>(entry: Entry<'_>) -> Option<T> {
    entry.fault(format!("{} plans a volume of too many digits; give it fewer", quoted(entry.key)));
    None
}
