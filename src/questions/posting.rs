//! An activity of a period posted to customers: what each row bears, and of which sources.
//!
//! A row's part of a source is the second difference of R(V_i·P_j/V), P_j the running source, V_i the running
//! volume and V all of it (see `costing::schema::trace`); of the last source it is what closes the row to
//! R(V_i·rate) − R(V_(i−1)·rate). So a row's parts add up to what it bears, and all rows' parts to each source.

use super::recalled::Recalled;
use crate::costing::schema::{Activity, ActivityCosting, Rate, post};
use crate::error::{Error, Result};
use crate::profitability::schema::Values;
use crate::units::round_ratio;

/// One activity in one period, with the volumes of all customers.
pub(super) struct Posting<'r> {
    pub(super) activity: &'r Activity,
    pub(super) costed: &'r ActivityCosting,
    pub(super) volumes: Values,
}

impl<'r> Posting<'r> {
    pub(super) fn new(
        recalled: &Recalled<'r>,
        period: usize,
        activity: usize,
        aggregates: &[Values],
        rows: usize,
    ) -> Result<Self> {
        Ok(Self {
            activity: &recalled.costing.activities[activity],
            costed: &recalled.costing.periods[period].activities[activity],
            volumes: recalled.volumes(period, activity, aggregates, rows)?,
        })
    }

    /// What every row bears of the activity's cost.
    pub(super) fn costs(&self) -> Result<Vec<i64>> {
        match self.costed.rate {
            Some(rate) => self.post(rate),
            None => Ok(vec![0; self.volumes.len()]),
        }
    }

    /// What every row bears of one of the sources: of those before it `running`, with it `running + source`.
    pub(super) fn parts(&self, sources: &[i64], of: usize) -> Result<Vec<i64>> {
        let Some(rate) = self.costed.rate else { return Ok(vec![0; self.volumes.len()]) };
        let until = |count: usize| match sources[..count].iter().sum::<i64>() {
            _ if count == sources.len() => self.post(rate),
            _ if self.costed.volume <= 0 => Ok(vec![0; self.volumes.len()]),
            money => self.post(Rate { money, volume: self.costed.volume }),
        };
        let (with, without) = (until(of + 1)?, until(of)?);
        Ok(with.iter().zip(&without).map(|(with, without)| with - without).collect())
    }

    /// One row of all customers: its volume and what lies before it.
    pub(super) fn row(&self, row: Option<usize>) -> Row {
        row.map_or(Row { before: 0, volume: 0 }, |row| Row {
            before: self.volumes[..row].iter().map(|volume| i128::from(*volume)).sum(),
            volume: self.volumes[row],
        })
    }

    pub(super) fn unused_rate(&self) -> Option<Rate> {
        let (money, volume) = (self.costed.unused_charged, self.costed.volume);
        (money != 0).then_some(Rate { money, volume })
    }

    fn post(&self, rate: Rate) -> Result<Vec<i64>> {
        post(rate, &self.volumes, 0).ok_or_else(|| {
            Error::too_many_digits(format!("costing: a customer's part of '{}'", self.activity.name))
        })
    }
}

/// A row's volume, and the running volume before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) before: i128,
    pub(super) volume: i64,
}

impl Row {
    /// What the row bears at a rate.
    pub(super) fn at(self, rate: Rate) -> i128 {
        let at = |volume| rate.at(volume).expect("money and volumes of 18 digits multiply within 128 bits");
        at(self.before + i128::from(self.volume)) - at(self.before)
    }

    /// The row's part of each source; the parts add up to `at(rate)`.
    pub(super) fn trace(self, rate: Rate, sources: &[i64], whole: i64) -> Vec<i128> {
        let after = self.before + i128::from(self.volume);
        let (mut running, mut seen) = (0_i128, 0_i128);
        let mut part_of = |(index, source): (usize, &i64)| {
            running += i128::from(*source);
            let until = match index + 1 == sources.len() {
                true => self.at(rate),
                // Without volume of all, only a standard rate charges anything, and its line closes last.
                false if whole <= 0 => 0,
                false => {
                    let at = |volume: i128| round_ratio(volume * running, i128::from(whole));
                    at(after) - at(self.before)
                }
            };
            let part = until - seen;
            seen = until;
            part
        };
        sources.iter().enumerate().map(&mut part_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_close_by_row_and_by_source_at_any_rate(
            sources in prop::collection::vec(-90_000..1_000_000_i64, 1..6),
            volumes in prop::collection::vec(0..50_i64, 1..40),
            standard in prop::option::of((1..5000_i64, 1..300_i64)),
        ) {
            let whole: i64 = volumes.iter().sum();
            prop_assume!(whole > 0);
            let cost: i64 = sources.iter().sum();
            let rate = standard.map_or(Rate { money: cost, volume: whole }, |(money, volume)| Rate { money, volume });
            let posted = i64::try_from(rate.at(i128::from(whole)).unwrap()).unwrap();
            let mut sources = sources;
            sources.push(posted - cost);
            let borne = post(rate, &volumes, 0).unwrap();
            let mut by_source = vec![0; sources.len()];
            let mut before = 0;
            for (volume, borne) in volumes.iter().zip(borne) {
                let parts = Row { before, volume: *volume }.trace(rate, &sources, whole);
                prop_assert_eq!(parts.iter().sum::<i128>(), i128::from(borne));
                by_source.iter_mut().zip(&parts).for_each(|(sum, part)| *sum += part);
                before += i128::from(*volume);
            }
            let expected: Vec<i128> = sources.iter().map(|source| i128::from(*source)).collect();
            prop_assert_eq!(by_source, expected);
        }
    }
}
