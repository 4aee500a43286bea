//! What a scenario charges customers more or less than the release.
//!
//! What customers do more or less in it is posted by itself, at the scenario's rates on the release's volumes, so that who does what
//! he did is charged what he was. What costs the same in both is not posted at all.

use super::super::lives::{Lives, Side, is_spread};
use super::{LivesWindow, TwoCostings, WindowActivity, narrowed, sum, unused_rate};
use crate::costing::schema::{Rate, post};
use crate::error::Result;
use crate::units::Decimal;
use std::ops::Range;

impl TwoCostings<'_> {
    /// Both costings of these customers, who are some of the window's; `base` is what they have by the release's own.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    pub(in crate::questions) fn lives(
        &self,
        window: &LivesWindow,
        ranks: Range<usize>,
        base: Side,
    ) -> Result<Lives> {
        let mut lives = Lives::new(ranks.clone(), base, self.avoidable_scale);
        for (had, facts) in window.periods.iter().zip(window.facts.iter()) {
            if had.response.is_some() || self.prices != Decimal::ONE {
                let rows = facts.of(&ranks);
                lives.add_margin_differences(&facts.rows, had.response.as_ref(), rows, self.prices);
            }
        }
        self.add_cost_differences(&mut lives, window)?;
        Ok(lives)
    }

    /// Scenario − base in customer profit, by place in these ranks, where customers do what they did.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    pub(in crate::questions) fn differences(
        &self,
        window: &LivesWindow,
        ranks: Range<usize>,
    ) -> Result<Vec<i128>> {
        let nothing = Side::new(ranks.len(), self.is_loaded);
        let mut lives = Lives::new(ranks, nothing, self.avoidable_scale);
        self.add_cost_differences(&mut lives, window)?;
        Ok(lives.scenario.profit)
    }

    fn add_cost_differences(&self, lives: &mut Lives, window: &LivesWindow) -> Result<()> {
        for (period, (had, facts)) in window.periods.iter().zip(window.facts.iter()).enumerate() {
            let rows = facts.of(&lives.ranks);
            for (index, activity) in self.bearing.iter().zip(&had.activities) {
                self.add_cost_difference(lives, (period, *index), activity, &facts.rows.ranks, &rows)?;
            }
        }
        Ok(())
    }

    /// Adds by how much an activity's cost differs, and unused capacity with it.
    fn add_cost_difference(
        &self,
        lives: &mut Lives,
        (period, index): (usize, usize),
        activity: &WindowActivity,
        ranks: &[u32],
        rows: &Range<usize>,
    ) -> Result<()> {
        let costed = [&self.base, &self.scenario].map(|of| &of.costing.periods[period].activities[index]);
        let places = || ranks[rows.clone()].iter().map(|rank| *rank as usize);
        let first = lives.ranks.start;
        if let Some(more) = self.difference(index, costed.map(|of| of.rate), activity, rows)? {
            let share = self.base.costing.activities[index].avoidable.at_scale(self.avoidable_scale);
            let share = share.expect("the largest scale holds every share");
            let is_spread = is_spread(&self.base, index);
            for (rank, more) in places().zip(&more) {
                let more = i128::from(*more);
                if is_spread {
                    // Cost of a higher level, which no customer can avoid.
                    lives.scenario.load(rank - first, -more);
                } else {
                    lives.scenario.add(rank - first, -more);
                    lives.avoidable[rank - first] -= more * share;
                }
            }
        }
        if let Some(more) = self.difference(index, costed.map(unused_rate), activity, rows)? {
            places()
                .zip(&more)
                .for_each(|(rank, more)| lives.scenario.load(rank - first, -i128::from(*more)));
        }
        Ok(())
    }

    /// Scenario − base of what every row is charged at the rates of both; none where nothing differs.
    fn difference(
        &self,
        index: usize,
        [before, after]: [Option<Rate>; 2],
        activity: &WindowActivity,
        rows: &Range<usize>,
    ) -> Result<Option<Vec<i64>>> {
        let before_window = activity.before;
        let charged = |rate: Option<Rate>, side: usize| match rate {
            Some(rate) => self.posted(index, rate, &activity.volumes[side], before_window.sides[side], rows),
            None => Ok(vec![0; rows.len()]),
        };
        let mut difference = None;
        if before != after || !activity.has_same_volumes() {
            let mut more = charged(after, 1)?;
            more.iter_mut().zip(charged(before, 0)?).for_each(|(is, was)| *is -= was);
            difference = Some(more);
        }
        let Some((change, rate)) = activity.change.as_ref().zip(after) else { return Ok(difference) };
        // By itself, and of those alone whom it is about: customers who do what they did are charged what they were.
        let changed: Vec<usize> = rows.clone().filter(|row| change[*row] != 0).collect();
        if !changed.is_empty() {
            let changes: Vec<i64> = changed.iter().map(|row| change[*row]).collect();
            let before = narrowed([i128::from(before_window.change) + sum(&change[..rows.start])])?[0];
            let more = post(self.finer(rate)?, &changes, before).ok_or_else(|| self.too_large(index))?;
            let sums = difference.get_or_insert_with(|| vec![0; rows.len()]);
            changed.iter().zip(more).for_each(|(row, more)| sums[row - rows.start] += more);
        }
        Ok(difference)
    }
}

impl WindowActivity {
    fn has_same_volumes(&self) -> bool {
        let [base, scenario] = &self.volumes;
        base.ptr_eq(scenario) && self.before.sides[0] == self.before.sides[1]
    }
}
