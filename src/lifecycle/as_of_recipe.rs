//! The recipe of `lifecycle` at an as-of date: a digest of all that its rows follow from. A date that lies behind has the same rows
//! every night, until something before it is restated, and its file is taken over.

use super::plan::Plan;
use super::profile_table::Known;
use crate::customers::history::CustomerHistory;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::error::Result;
use crate::units::Day;

/// Digests of what the customers source says of those who bought before each date; others have no row there, so that newcomers
/// change no digest of a date before them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MasterDigests<'r> {
    pub(crate) master: Known<'r>,
    pub(crate) dates: &'r [Day],
}

impl SliceOperator for MasterDigests<'_> {
    type Window = ();
    /// By date, the values of one customer after another.
    type Part = Vec<Vec<u8>>;
    type Total = Vec<blake3::Hasher>;

    fn begin(&self) -> Result<Vec<blake3::Hasher>> {
        Ok(vec![blake3::Hasher::new(); self.dates.len()])
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Vec<Vec<u8>>> {
        let mut found = vec![Vec::new(); self.dates.len()];
        for (rank, days) in customers.ranks.clone().zip(customers.days.customers()) {
            let Some(first) = days.purchases().next() else { continue };
            let values = self.master.bytes(rank);
            for (_, found) in self.dates.iter().zip(&mut found).filter(|(date, _)| first < date.0) {
                found.extend_from_slice(&values);
            }
        }
        Ok(found)
    }

    fn take(&self, total: &mut Vec<blake3::Hasher>, part: Vec<Vec<u8>>) -> Result<()> {
        for (hasher, values) in total.iter_mut().zip(part) {
            hasher.update(&values);
        }
        Ok(())
    }
}

impl Plan<'_> {
    /// By date; `master` are its digests of the customers source.
    pub(crate) fn recipes(&self, history: &CustomerHistory, master: &[blake3::Hasher]) -> Vec<String> {
        let dates = self.master_digests().dates.iter().zip(master);
        dates.map(|(date, master)| self.recipe(*date, history, master)).collect()
    }

    fn recipe(&self, date: Day, history: &CustomerHistory, master: &blake3::Hasher) -> String {
        let facts = self.facts;
        let used = self.channels().into_iter().flatten().map(|aggregate| &facts.aggregates[aggregate]);
        let mut recipe = format!(
            "{:?} {} {:?} {} {}",
            self.rules,
            self.definition.facts.currency,
            used.collect::<Vec<_>>(),
            // Of the run's own date the period that it cuts counts too.
            date == facts.as_of,
            master.finalize(),
        );
        let before = facts.periods.iter().enumerate().take_while(|(_, period)| period.period.start < date);
        for (index, period) in before {
            let until = period.period.end().min(facts.as_of);
            let (days, products) = (&history.recipes[index], facts.digest_of_products(index));
            recipe += &format!("\n{} {until} {days} {products}", period.period);
        }
        recipe
    }
}
