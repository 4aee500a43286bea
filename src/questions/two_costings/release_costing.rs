//! Customers' profit over life by the release's own costing, added up once for all scenarios and estimates that are held against it.

use super::super::lives::{Margin, Side, is_spread};
use super::super::recalled::Recalled;
use super::super::response::Responses;
use super::{LivesWindow, TwoCostings, unused_rate};
use crate::customers::history::CustomerDays;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::customers::slices::{self, SLICE_CUSTOMERS};
use crate::error::Result;
use crate::facts::schema::CustomerFacts;
use crate::memory::{Memory, Scratch};
use crate::profitability::schema::Acquisition;
use crate::units::{Decimal, Fixed18, Period};
use std::ops::Range;

/// Customers by the release's own costing, the unidentified cost object among them; kept by slice.
pub struct ReleaseLives {
    /// Whether the customer bought anything, customer profit, and the last line of the waterfall where that is another.
    columns: Scratch,
    is_loaded: bool,
    /// Of all of them.
    pub(in crate::questions) margin: Margin,
    /// What winning them cost, by the customers source.
    pub(in crate::questions) acquisition: i128,
}

/// Those of a slice.
struct SliceLives {
    ranks: Range<usize>,
    side: Side,
    has_bought: Vec<bool>,
    margin: Margin,
    acquisition: i128,
}

/// What is computed of every slice.
struct ReleaseWalk<'r> {
    /// The release's own, twice: nothing differs.
    costing: TwoCostings<'r>,
    acquisition: Acquisition<'r>,
    memory: &'r Memory,
}

impl ReleaseLives {
    /// Of a release.
    ///
    /// # Errors
    /// A number beyond 18 digits, unreadable state, a full disk.
    pub fn of(base: &Recalled<'_>, memory: &Memory) -> Result<Self> {
        let costing = TwoCostings::new(base, base, Decimal::ONE, Responses::none(base));
        let periods: Vec<Period> = base.facts.periods.iter().map(|period| period.period).collect();
        let acquisition = Acquisition::place(base.facts.master.as_ref(), &periods, base.facts.as_of);
        // Days are not asked for: costs are known by period.
        let without_days = CustomerDays::new(base.facts.customers.len(), 0, memory);
        walk(&without_days, &ReleaseWalk { costing, acquisition, memory })
    }

    /// The customers of a slice.
    ///
    /// # Errors
    /// A disk that fails.
    pub(in crate::questions) fn side(&self, ranks: &Range<usize>) -> Result<Side> {
        let column = |column: usize| -> Result<Vec<i128>> {
            let values = self.columns.column(ranks.start / SLICE_CUSTOMERS, column)?;
            Ok(values.into_iter().map(i128::from).collect())
        };
        Ok(Side { profit: column(1)?, loaded: if self.is_loaded { column(2)? } else { Vec::new() } })
    }

    /// Whether each customer of a slice bought anything.
    ///
    /// # Errors
    /// A disk that fails.
    pub(in crate::questions) fn has_bought(&self, ranks: &Range<usize>) -> Result<Vec<bool>> {
        let values = self.columns.column(ranks.start / SLICE_CUSTOMERS, 0)?;
        Ok(values.into_iter().map(|value| value != 0).collect())
    }
}

impl SliceOperator for ReleaseWalk<'_> {
    type Window = LivesWindow;
    type Part = SliceLives;
    type Total = ReleaseLives;

    fn begin(&self) -> Result<ReleaseLives> {
        let customers = self.costing.base.facts.customers.len();
        Ok(ReleaseLives {
            columns: Scratch::new(slices::slices(0..customers).count(), self.memory),
            is_loaded: self.costing.is_loaded,
            margin: Margin::default(),
            acquisition: 0,
        })
    }

    fn read(&self, ranks: Range<usize>) -> Result<LivesWindow> {
        self.costing.window(TwoCostings::facts(&self.costing.base, &ranks)?, &ranks)
    }

    fn slice(&self, window: &LivesWindow, customers: &CustomerSlice) -> Result<SliceLives> {
        self.lives(window, customers.ranks.clone())
    }

    fn take(&self, total: &mut ReleaseLives, part: SliceLives) -> Result<()> {
        total.margin += part.margin;
        total.acquisition += part.acquisition;
        let has_bought: Vec<i64> = part.has_bought.iter().map(|bought| i64::from(*bought)).collect();
        let (profit, loaded) = (checked(&part.side.profit)?, checked(&part.side.loaded)?);
        let columns = [&has_bought, &profit, &loaded].map(Vec::as_slice);
        let kept = if total.is_loaded { 3 } else { 2 };
        total.columns.keep(part.ranks.start / SLICE_CUSTOMERS, columns.into_iter().take(kept))
    }
}

impl ReleaseWalk<'_> {
    /// Adds up the release's own costing of these customers, who are some of the window's.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    fn lives(&self, window: &LivesWindow, ranks: Range<usize>) -> Result<SliceLives> {
        let costing = &self.costing;
        let mut lives = SliceLives::new(ranks.clone(), costing.is_loaded);
        for (period, (had, facts)) in window.periods.iter().zip(window.facts.iter()).enumerate() {
            let rows = facts.of(&ranks);
            lives.add_margins(&facts.rows, rows.clone());
            for (index, activity) in costing.bearing.iter().zip(&had.activities) {
                let costed = &costing.base.costing.periods[period].activities[*index];
                let is_spread = is_spread(&costing.base, *index);
                let (volumes, before) = (&activity.volumes[0], activity.before.sides[0]);
                for (rate, is_below) in [(costed.rate, is_spread), (unused_rate(costed), true)] {
                    let Some(rate) = rate else { continue };
                    let costs = costing.posted(*index, rate, volumes, before, &rows)?;
                    for (rank, cost) in facts.rows.ranks[rows.clone()].iter().zip(costs) {
                        lives.charge(*rank as usize - ranks.start, i128::from(cost), is_below);
                    }
                }
            }
        }
        for (rank, cost) in self.acquisition.of_lives(ranks.clone()) {
            lives.acquisition += i128::from(cost);
            lives.charge(rank as usize - ranks.start, i128::from(cost), false);
        }
        Ok(lives)
    }
}

impl SliceLives {
    fn new(ranks: Range<usize>, is_loaded: bool) -> Self {
        let customers = ranks.len();
        Self {
            ranks,
            side: Side::new(customers, is_loaded),
            has_bought: vec![false; customers],
            margin: Margin::default(),
            acquisition: 0,
        }
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

    /// Charges a cost, below customer profit or above.
    fn charge(&mut self, place: usize, cost: i128, is_below: bool) {
        if is_below { self.side.load(place, -cost) } else { self.side.add(place, -cost) }
    }
}

/// Profits as they are kept.
///
/// # Errors
/// More than 18 digits.
fn checked(profits: &[i128]) -> Result<Vec<i64>> {
    let checked = |profit: &i128| Ok(Fixed18::checked(*profit, "what-if: a customer's profit")?.get());
    profits.iter().map(checked).collect()
}
