//! The recent and the earlier average of what facts keep by period: product groups and discounts.

use super::calendar::Calendar;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::pipeline::WarningDef;
use crate::units::Day;
use std::ops::Range;

/// Complete periods before a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrendPeriods {
    /// The last ones.
    pub(crate) recent: Range<usize>,
    /// Those before them.
    pub(crate) earlier: Range<usize>,
}

impl TrendPeriods {
    /// None where the history before the date has too few complete periods.
    pub(crate) fn before(day: Day, calendar: &Calendar, warning: &WarningDef) -> Option<Self> {
        let ended = calendar.ended_by(day);
        let recent = ended.checked_sub(warning.recent_periods as usize)?;
        let earlier = recent.checked_sub(warning.earlier_periods as usize)?;
        Some(Self { recent: recent..ended, earlier: earlier..recent }).filter(Self::can_be_averaged)
    }

    fn can_be_averaged(&self) -> bool {
        !self.recent.is_empty() && !self.earlier.is_empty()
    }
}

/// Sums by rank over the recent and the earlier periods.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trends {
    /// Product groups with a sale line, counted in every period anew.
    pub(crate) product_groups: [Vec<u32>; 2],
    pub(crate) discount: [Vec<i64>; 2],
    pub(crate) list_revenue: [Vec<i64>; 2],
}

impl Trends {
    /// Adds the periods up.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub(crate) fn gather(facts: &FactSet, periods: &TrendPeriods) -> Result<Self> {
        let known = facts.customers.keys.len();
        let zeros = || [vec![0; known], vec![0; known]];
        let product_groups = [vec![0; known], vec![0; known]];
        let mut trends = Self { product_groups, discount: zeros(), list_revenue: zeros() };
        for (which, periods) in [&periods.recent, &periods.earlier].into_iter().enumerate() {
            for period in periods.clone() {
                trends.add(which, facts, period)?;
            }
        }
        Ok(trends)
    }

    fn add(&mut self, which: usize, facts: &FactSet, period: usize) -> Result<()> {
        let rows = facts.product_facts(period)?;
        for (rank, _) in rows.ranks.iter().zip(&rows.lines).filter(|(_, lines)| **lines > 0) {
            // The unidentified cost object, beyond the customers, is left out here and below.
            if let Some(groups) = self.product_groups[which].get_mut(*rank as usize) {
                *groups += 1;
            }
        }
        let rows = facts.customer_facts(period)?;
        let columns = [(&mut self.discount, &rows.discount), (&mut self.list_revenue, &rows.list_revenue)];
        for (sums, values) in columns {
            for (rank, value) in rows.ranks.iter().zip(values) {
                if let Some(sum) = sums[which].get_mut(*rank as usize) {
                    *sum = sum.checked_add(*value).ok_or_else(too_large)?;
                }
            }
        }
        Ok(())
    }
}

fn too_large() -> Error {
    Error::check("lifecycle: the discount or list revenue of a customer overflows; lower facts.money_scale")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::tests::{definition, months};

    #[test]
    fn trends_need_enough_complete_periods() {
        let calendar = months("2024-01-01", 12, "2024-12-15");
        let before = |day: &str| TrendPeriods::before(day.parse().unwrap(), &calendar, &definition().warning);
        assert_eq!(before("2024-12-15"), Some(TrendPeriods { recent: 8..11, earlier: 2..8 }));
        assert_eq!(before("2024-10-01"), Some(TrendPeriods { recent: 6..9, earlier: 0..6 }));
        assert_eq!(before("2024-09-30"), None);
    }
}
