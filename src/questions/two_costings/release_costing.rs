//! The release's own costing of its facts: read and posted once for all scenarios and estimates that are held against it.

use super::super::lives::{Margin, Side, bearing, is_spread};
use super::super::recalled::Recalled;
use super::window_volumes::WindowVolumes;
use super::{TwoCostings, too_large, unused_rate};
use crate::customers::slices::{SLICE_CUSTOMERS, slices};
use crate::error::Result;
use crate::facts::schema::CustomerFacts;
use crate::profitability::schema::{Acquisition, Values};
use crate::units::Period;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Facts and costing of a release, with the volumes before the customers that come next.
pub(in crate::questions) struct ReleaseCosting<'r> {
    recalled: Recalled<'r>,
    acquisition: Acquisition<'r>,
    /// Activities that customers bear cost of, by index.
    bearing: Vec<usize>,
    is_loaded: bool,
    /// By period and bearing activity, the volume of all customers before the next window.
    running: Mutex<Vec<Vec<i64>>>,
}

/// What customers of several slices had in every period.
#[derive(Default)]
pub(in crate::questions) struct ReleaseWindow {
    pub(super) ranks: Range<usize>,
    pub(super) periods: Vec<ReleasePeriod>,
}

/// A period's rows of customers.
pub(super) struct ReleasePeriod {
    pub(super) rows: CustomerFacts,
    /// What drivers are sums of.
    pub(super) aggregates: Vec<Values>,
    /// Rows of each slice.
    pub(super) slices: Vec<Range<usize>>,
    /// By activity; none of one that customers bear no cost of.
    pub(super) volumes: Vec<Option<Arc<WindowVolumes>>>,
}

/// What every row of a slice is charged by one activity, and unused capacity with it; none where nothing is charged.
pub(super) type Charged = [Option<Vec<i64>>; 2];

/// What the customers of a slice have by the release's own costing, the unidentified cost object among them.
pub(in crate::questions) struct ReleaseSlice<'w> {
    pub(super) window: &'w ReleaseWindow,
    /// Which of the window's slices.
    pub(super) number: usize,
    pub(in crate::questions) ranks: Range<usize>,
    /// Customer profit over life, and the last line of the waterfall.
    pub(in crate::questions) side: Side,
    pub(in crate::questions) has_bought: Vec<bool>,
    /// Of all of them.
    pub(in crate::questions) margin: Margin,
    /// What winning them cost, by the customers source.
    pub(in crate::questions) acquisition: i128,
    /// By period and activity.
    pub(super) charged: Vec<Vec<Charged>>,
}

impl<'r> ReleaseCosting<'r> {
    /// Of a release.
    pub(in crate::questions) fn new(recalled: &Recalled<'r>) -> Self {
        let periods: Vec<Period> = recalled.facts.periods.iter().map(|period| period.period).collect();
        let bearing: Vec<usize> = bearing(recalled).collect();
        Self {
            recalled: *recalled,
            acquisition: Acquisition::place(recalled.facts.master.as_ref(), &periods, recalled.facts.as_of),
            is_loaded: TwoCostings::is_loaded_in(recalled),
            running: Mutex::new(vec![vec![0; bearing.len()]; periods.len()]),
            bearing,
        }
    }

    /// What the customers of the next window had; windows are read in the order of ranks.
    ///
    /// # Errors
    /// Unreadable state, a volume that cannot be charged.
    pub(in crate::questions) fn window(&self, ranks: Range<usize>) -> Result<ReleaseWindow> {
        let mut running = self.running.lock().expect("no thread panics while it reads");
        let read = |(period, before): (usize, &mut Vec<i64>)| self.window_period(period, before, &ranks);
        let periods = running.par_iter_mut().enumerate().with_max_len(1).map(read);
        let periods = periods.collect::<Vec<Result<_>>>().into_iter().collect::<Result<_>>()?;
        Ok(ReleaseWindow { ranks, periods })
    }

    fn window_period(
        &self,
        period: usize,
        before: &mut [i64],
        ranks: &Range<usize>,
    ) -> Result<ReleasePeriod> {
        let mut rows = self.recalled.facts.customer_facts(period, ranks.clone())?;
        let aggregates: Vec<Values> =
            std::mem::take(&mut rows.aggregates).into_iter().map(Values::from).collect();
        let slices: Vec<Range<usize>> = slices(ranks.clone()).map(|slice| rows_of(&rows, &slice)).collect();
        let mut volumes = vec![None; self.recalled.costing.activities.len()];
        for (index, before) in self.bearing.iter().zip(before) {
            let values = self.recalled.volumes(period, *index, &aggregates, rows.ranks.len())?;
            let of_window = WindowVolumes::new(values, *before, &slices)?;
            *before = of_window.after();
            volumes[*index] = Some(Arc::new(of_window));
        }
        Ok(ReleasePeriod { rows, aggregates, slices, volumes })
    }

    /// Posts and adds up what the customers of a slice of the window have.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    pub(in crate::questions) fn slice<'w>(
        &self,
        window: &'w ReleaseWindow,
        ranks: Range<usize>,
    ) -> Result<ReleaseSlice<'w>> {
        let mut slice = ReleaseSlice::new(window, ranks.clone(), self.is_loaded);
        for (period, had) in window.periods.iter().enumerate() {
            slice.add_margins(&had.rows, slice.rows(period));
            let mut charged = vec![[None, None]; had.volumes.len()];
            for index in &self.bearing {
                charged[*index] = self.charged((period, *index), had, slice.number)?;
                slice.charge(slice.places(period), &charged[*index], is_spread(&self.recalled, *index));
            }
            slice.charged.push(charged);
        }
        for (rank, cost) in self.acquisition.of_lives(ranks.clone()) {
            slice.acquisition += i128::from(cost);
            slice.side.add(rank as usize - ranks.start, -i128::from(cost));
        }
        Ok(slice)
    }

    fn charged(&self, (period, index): (usize, usize), had: &ReleasePeriod, slice: usize) -> Result<Charged> {
        let costed = &self.recalled.costing.periods[period].activities[index];
        let volumes = had.volumes[index].as_ref().expect("customers bear its cost");
        let mut charged = [None, None];
        for (charged, rate) in charged.iter_mut().zip([costed.rate, unused_rate(costed)]) {
            let Some(rate) = rate else { continue };
            let posted = volumes.posted(rate, slice, had.slices[slice].clone());
            *charged = Some(posted.ok_or_else(|| too_large(&self.recalled, index))?);
        }
        Ok(charged)
    }
}

impl<'w> ReleaseSlice<'w> {
    fn new(window: &'w ReleaseWindow, ranks: Range<usize>, is_loaded: bool) -> Self {
        Self {
            window,
            number: (ranks.start - window.ranks.start) / SLICE_CUSTOMERS,
            side: Side::new(ranks.len(), is_loaded),
            has_bought: vec![false; ranks.len()],
            ranks,
            margin: Margin::default(),
            acquisition: 0,
            charged: Vec::with_capacity(window.periods.len()),
        }
    }

    /// The slice's rows of a period.
    pub(super) fn rows(&self, period: usize) -> Range<usize> {
        self.window.periods[period].slices[self.number].clone()
    }

    /// The places in the slice of its rows of a period.
    pub(super) fn places(&self, period: usize) -> impl Iterator<Item = usize> + Clone + use<'w> {
        let first = self.ranks.start;
        let ranks = &self.window.periods[period].rows.ranks[self.rows(period)];
        ranks.iter().map(move |rank| *rank as usize - first)
    }

    /// Adds the margins of a period.
    fn add_margins(&mut self, facts: &CustomerFacts, rows: Range<usize>) {
        for row in rows {
            let place = facts.ranks[row] as usize - self.ranks.start;
            let [list, discount, returns, product_cost] =
                [&facts.list_revenue, &facts.discount, &facts.returns, &facts.product_cost]
                    .map(|column| i128::from(column[row]));
            let margin = Margin { net_revenue: list - discount - returns, fees: 0, product_cost };
            self.side.add(place, margin.gross());
            self.margin += margin;
            self.has_bought[place] |= facts.lines[row] > 0;
        }
    }

    /// Charges rows of these places what an activity costs; unused capacity lies below customer profit, and so may the activity.
    fn charge(&mut self, places: impl Iterator<Item = usize> + Clone, charged: &Charged, is_below: bool) {
        for (charged, is_below) in charged.iter().zip([is_below, true]) {
            for (place, cost) in places.clone().zip(charged.iter().flatten()) {
                let cost = i128::from(*cost);
                if is_below { self.side.load(place, -cost) } else { self.side.add(place, -cost) }
            }
        }
    }
}

/// The rows of these customers.
fn rows_of(facts: &CustomerFacts, ranks: &Range<usize>) -> Range<usize> {
    let bound = |rank: usize| facts.ranks.partition_point(|known| (*known as usize) < rank);
    bound(ranks.start)..bound(ranks.end)
}
