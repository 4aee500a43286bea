//! What a scenario charges customers more or less than the release.
//!
//! What customers do more or less in it is posted by itself, at the scenario's rates on the release's volumes, so that who does what
//! he did is charged what he was. What costs the same in both is not posted at all.

use super::super::lives::{Lives, is_spread};
use super::release_costing::{Charged, ReleaseSlice};
use super::{ScenarioActivity, ScenarioWindow, TwoCostings, too_large, unused_rate};
use crate::costing::schema::{Rate, post};
use crate::error::Result;
use crate::units::Decimal;
use std::ops::Range;
use std::sync::Arc;

impl TwoCostings<'_> {
    /// Both costings of the customers of a slice.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    pub(in crate::questions) fn lives(
        &self,
        window: &ScenarioWindow,
        release: &ReleaseSlice<'_>,
    ) -> Result<Lives> {
        let mut lives = Lives::new(release.ranks.clone(), release.side.clone(), self.avoidable_scale);
        for (period, had) in window.periods.iter().enumerate() {
            if had.response.is_some() || self.prices != Decimal::ONE {
                let facts = &release.window.periods[period].rows;
                let rows = release.rows(period);
                lives.add_margin_differences(facts, had.response.as_ref(), rows, self.prices);
            }
            for (index, activity) in self.bearing.iter().zip(&had.activities) {
                self.add_cost_differences(&mut lives, (period, *index), activity, release)?;
            }
        }
        Ok(lives)
    }

    /// Scenario − base in customer profit, by place in a slice, where customers do what they did at the same prices.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    pub(in crate::questions) fn differences(
        &self,
        window: &ScenarioWindow,
        release: &ReleaseSlice<'_>,
    ) -> Result<Vec<i128>> {
        let mut differences = vec![0; release.ranks.len()];
        for (period, had) in window.periods.iter().enumerate() {
            for (index, activity) in self.bearing.iter().zip(&had.activities) {
                let [more, _] = self.cost_differences((period, *index), activity, release)?;
                let Some(more) = more.filter(|_| !is_spread(&self.base, *index)) else { continue };
                release
                    .places(period)
                    .zip(more)
                    .for_each(|(place, more)| differences[place] -= i128::from(more));
            }
        }
        Ok(differences)
    }

    /// Adds by how much an activity's cost differs in a period, and unused capacity with it.
    fn add_cost_differences(
        &self,
        lives: &mut Lives,
        (period, index): (usize, usize),
        activity: &ScenarioActivity,
        release: &ReleaseSlice<'_>,
    ) -> Result<()> {
        let [cost, unused] = self.cost_differences((period, index), activity, release)?;
        if let Some(more) = cost {
            let share = self.base.costing.activities[index].avoidable.at_scale(self.avoidable_scale);
            let share = share.expect("the largest scale holds every share");
            let is_spread = is_spread(&self.base, index);
            for (place, more) in release.places(period).zip(more) {
                let more = i128::from(more);
                if is_spread {
                    // Cost of a higher level, which no customer can avoid.
                    lives.scenario.load(place, -more);
                } else {
                    lives.scenario.add(place, -more);
                    lives.avoidable[place] -= more * share;
                }
            }
        }
        if let Some(more) = unused {
            release
                .places(period)
                .zip(more)
                .for_each(|(place, more)| lives.scenario.load(place, -i128::from(more)));
        }
        Ok(())
    }

    /// Scenario − base of what every row of a slice is charged by an activity, and of unused capacity with it; none where nothing
    /// differs.
    fn cost_differences(
        &self,
        (period, index): (usize, usize),
        activity: &ScenarioActivity,
        release: &ReleaseSlice<'_>,
    ) -> Result<Charged> {
        let [before, after] =
            [&self.base, &self.scenario].map(|of| &of.costing.periods[period].activities[index]);
        let of_release = release.window.periods[period].volumes[index].as_ref();
        let has_same_volumes = of_release.is_some_and(|volumes| Arc::ptr_eq(volumes, &activity.volumes));
        let slice = (release.number, release.rows(period));
        let rates = [(before.rate, after.rate), (unused_rate(before), unused_rate(after))];
        let mut differences = [None, None];
        for ((difference, (before, after)), charged) in
            differences.iter_mut().zip(rates).zip(&release.charged[period][index])
        {
            if before != after || !has_same_volumes {
                *difference =
                    Some(self.difference(index, after, charged.as_deref(), activity, slice.clone())?);
            }
            if let Some(after) = after {
                self.add_change(index, after, activity, slice.clone(), difference)?;
            }
        }
        Ok(differences)
    }

    /// What rows are charged at the scenario's rate, less what the release charges them.
    fn difference(
        &self,
        index: usize,
        rate: Option<Rate>,
        charged: Option<&[i64]>,
        activity: &ScenarioActivity,
        (slice, rows): (usize, Range<usize>),
    ) -> Result<Vec<i64>> {
        let mut more = match rate {
            None => vec![0; rows.len()],
            Some(rate) => {
                activity.volumes.posted(rate, slice, rows).ok_or_else(|| too_large(&self.base, index))?
            }
        };
        more.iter_mut().zip(charged.unwrap_or_default()).for_each(|(is, was)| *is -= was);
        Ok(more)
    }

    /// Adds what customers do more in the scenario: by itself, and of those alone whom it is about, so that who does what he did is
    /// charged what he was.
    fn add_change(
        &self,
        index: usize,
        rate: Rate,
        activity: &ScenarioActivity,
        (slice, rows): (usize, Range<usize>),
        difference: &mut Option<Vec<i64>>,
    ) -> Result<()> {
        let Some(change) = &activity.change else { return Ok(()) };
        let changed: Vec<usize> = rows.clone().filter(|row| change.values[*row] != 0).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let changes: Vec<i64> = changed.iter().map(|row| change.values[*row]).collect();
        let more = post(self.finer(rate)?, &changes, change.before(slice));
        let more = more.ok_or_else(|| too_large(&self.base, index))?;
        let sums = difference.get_or_insert_with(|| vec![0; rows.len()]);
        changed.iter().zip(more).for_each(|(row, more)| sums[row - rows.start] += more);
        Ok(())
    }
}
