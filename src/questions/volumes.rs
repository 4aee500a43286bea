//! Driver volumes of all customers in one period, as rates are charged on them.

use super::recalled::Recalled;
use crate::costing::schema::VolumeFault;
use crate::error::{Error, Result};
use crate::profitability::schema::Values;
use crate::units::{TooManyDigits, format_fixed};

impl Recalled<'_> {
    /// The volume of every row, after the policy for negative volumes.
    ///
    /// # Errors
    /// A volume that a scenario's driver makes negative or longer than 18 digits.
    pub(super) fn volumes(
        &self,
        period: usize,
        activity: usize,
        aggregates: &[Values],
        rows: usize,
    ) -> Result<Values> {
        let known = &self.costing.activities[activity];
        let costed = &self.costing.periods[period];
        known.volumes(&costed.activities[activity], aggregates, rows).map_err(|fault| {
            let found = match fault {
                VolumeFault::TooLarge => TooManyDigits.to_string(),
                VolumeFault::Negative { volume, .. } => {
                    let volume = format_fixed(i128::from(volume), known.volume_scale());
                    format!("is {volume}, expected 0 or more; declare what `negative` volumes mean")
                }
            };
            Error::check(format!("costing: a volume of '{}' in {} {found}", known.name, costed.period))
        })
    }

    /// The aggregates of a period, one row per customer with facts in it, and the customers' ranks.
    pub(super) fn rows(&self, period: usize) -> Result<(Vec<u32>, Vec<Values>)> {
        let facts = self.facts.customer_facts(period, ..)?;
        Ok((facts.ranks, facts.aggregates.into_iter().map(Values::from).collect()))
    }
}
