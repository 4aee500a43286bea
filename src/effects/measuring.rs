//! What customers did after and before a contact, counted by treatment, segment and arm: an operator over slices.

use super::arms::Arm;
use super::contacts::{Contact, Contacts};
use super::control::ControlGroup;
use crate::customers::days::CustomerDaysView;
use crate::customers::grouping::Grouping;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::customers::outcome::{Measure, outcome};
use crate::error::Result;
use crate::facts::schema::Customers;
use crate::pipeline::EffectsDef;
use crate::units::Day;
use std::collections::BTreeMap;

/// Of a treatment, a division of the customers, and a group of it.
pub(super) type Cell = (u32, usize, usize);

/// Those treated, those held out.
pub(super) type Arms = [Arm; 2];

/// What is counted, and how.
pub(super) struct Measuring<'r> {
    pub(super) def: &'r EffectsDef,
    pub(super) contacts: &'r Contacts,
    pub(super) customers: &'r Customers,
    pub(super) control: Option<ControlGroup>,
    /// The first is all customers together.
    pub(super) divisions: &'r [(String, Grouping)],
    pub(super) as_of: Day,
}

impl SliceOperator for Measuring<'_> {
    type Window = ();
    type Part = BTreeMap<Cell, Arms>;
    type Total = BTreeMap<Cell, Arms>;

    fn begin(&self) -> Result<Self::Total> {
        Ok(BTreeMap::new())
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Self::Part> {
        let mut found = BTreeMap::new();
        let mut contacts = self.contacts.of(&customers.ranks).iter().peekable();
        for (rank, days) in customers.ranks.clone().zip(customers.days.customers()) {
            while let Some(contact) = contacts.next_if(|contact| contact.who as usize == rank) {
                self.add(&mut found, rank, days, contact)?;
            }
        }
        Ok(found)
    }

    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
        for (cell, arms) in part {
            for (sum, more) in total.entry(cell).or_default().iter_mut().zip(&arms) {
                sum.merge(more)?;
            }
        }
        Ok(())
    }
}

impl Measuring<'_> {
    fn add(
        &self,
        found: &mut BTreeMap<Cell, Arms>,
        rank: usize,
        days: CustomerDaysView<'_>,
        contact: &Contact,
    ) -> Result<()> {
        let by_hash = || self.control.is_some_and(|control| control.holds(self.customers, contact.who));
        let arm = usize::from(contact.is_control.unwrap_or_else(by_hash));
        let outcome = self.outcome(days, contact.day);
        for (number, (_, groups)) in self.divisions.iter().enumerate() {
            let cell = (contact.treatment, number, groups.group(rank));
            found.entry(cell).or_default()[arm].add(outcome)?;
        }
        Ok(())
    }

    /// What a customer did from the contact on and before it, by measure; none where the window has not ended.
    fn outcome(&self, days: CustomerDaysView<'_>, at: i32) -> Option<[[i128; 2]; Measure::ALL.len()]> {
        let window = |days: u32| i32::try_from(days).expect("at most a century");
        let until = at + window(self.def.window_days);
        if until > self.as_of.0 {
            return None;
        }
        let after = outcome(days, Day(at)..Day(until));
        let before = outcome(days, Day(at - window(self.def.baseline_days))..Day(at));
        Some(std::array::from_fn(|measure| [after[measure], before[measure]]))
    }
}
