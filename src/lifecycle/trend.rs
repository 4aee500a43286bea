//! The recent and the earlier average of what facts keep by period: product groups, discounts and returns.

use super::period_facts::PeriodFacts;
use crate::customers::calendar::Calendar;
use crate::error::{Error, Result};
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

    /// Whether the period is one of them.
    pub(crate) fn contains(&self, period: usize) -> bool {
        self.recent.contains(&period) || self.earlier.contains(&period)
    }

    fn can_be_averaged(&self) -> bool {
        !self.recent.is_empty() && !self.earlier.is_empty()
    }
}

/// Sums of one customer over the recent and the earlier periods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Trend {
    /// Product groups with a sale line, counted in every period anew.
    pub(crate) product_groups: [u32; 2],
    pub(crate) discount: [i64; 2],
    pub(crate) returns: [i64; 2],
    pub(crate) list_revenue: [i64; 2],
}

/// Adds the periods up for each customer of a slice, by place in it.
///
/// # Errors
/// Sums beyond 64 bits.
pub(crate) fn trends(
    periods: &TrendPeriods,
    facts: &PeriodFacts,
    ranks: &Range<usize>,
) -> Result<Vec<Trend>> {
    let mut trends = vec![Trend::default(); ranks.len()];
    for (which, periods) in [&periods.recent, &periods.earlier].into_iter().enumerate() {
        for period in periods.clone() {
            let rows = facts.of_slice(period, ranks);
            rows.bought().for_each(|(customer, _)| trends[customer].product_groups[which] += 1);
            for (customer, prices) in rows.prices() {
                let trend = &mut trends[customer];
                add(&mut trend.discount[which], prices.discount)?;
                add(&mut trend.returns[which], prices.returns)?;
                add(&mut trend.list_revenue[which], prices.list_revenue)?;
            }
        }
    }
    Ok(trends)
}

fn add(sum: &mut i64, more: i64) -> Result<()> {
    *sum = sum.checked_add(more).ok_or_else(too_large)?;
    Ok(())
}

fn too_large() -> Error {
    Error::check(
        "lifecycle: the discount, returns or list revenue of a customer overflow; lower facts.money_scale",
    )
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
