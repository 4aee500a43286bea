//! Customers' profit over life by two costings of the same facts, slice by slice of customers.
//!
//! Cost of higher levels that is spread and unused capacity charged lie below customer profit; customers are compared
//! by the last line of the waterfall that the run has.

use super::recalled::Recalled;
use crate::costing::schema::{Rate, post};
use crate::error::{Error, Result};
use crate::facts::schema::CustomerFacts;
use crate::pipeline::Line;
use crate::profitability::schema::{Acquisition, CostLine, Lines, Values, posts};
use crate::units::{Decimal, Period, pow10, round_ratio};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Mutex;

/// Two costings of a release's facts, with the volumes before the customers that come next.
pub(super) struct TwoCostings<'r> {
    pub(super) base: Recalled<'r>,
    pub(super) scenario: Recalled<'r>,
    /// Factor on list revenue, discount and returns in the scenario.
    prices: Decimal,
    acquisition: Acquisition<'r>,
    /// Activities that customers bear cost of, by index.
    bearing: Vec<usize>,
    /// Whether the run has lines below customer profit.
    pub(super) is_loaded: bool,
    avoidable_scale: u8,
    /// By period and bearing activity: driver volume of all customers before the next window, by either costing.
    before: Mutex<Vec<Vec<[i64; 2]>>>,
}

/// What customers of several slices had in every period.
#[derive(Default)]
pub(super) struct LivesWindow(Vec<WindowPeriod>);

struct WindowPeriod {
    facts: CustomerFacts,
    /// By bearing activity.
    activities: Vec<WindowActivity>,
}

/// Driver volumes by either costing, and those of all customers before the window.
struct WindowActivity {
    volumes: [Values; 2],
    before: [i64; 2],
}

/// The lives of the customers of a slice.
pub(super) struct Lives {
    pub(super) ranks: Range<usize>,
    /// By the release's own costing.
    pub(super) base: Side,
    /// By the scenario's.
    pub(super) scenario: Side,
    /// What winning these customers cost, by the customers source.
    pub(super) acquisition: i128,
    /// Scenario − base in avoidable cost and gross margin, in units of `avoidable_scale` more digits than money.
    avoidable: Vec<i128>,
    avoidable_scale: u8,
}

/// Customers by one of the costings.
pub(super) struct Side {
    /// Customer profit by place in the slice.
    pub(super) profit: Vec<i128>,
    /// The last line of the waterfall, likewise; empty where customer profit is the last.
    loaded: Vec<i128>,
    /// Gross margin of all of them.
    pub(super) margin: i128,
}

impl Side {
    fn new(customers: usize, is_loaded: bool) -> Self {
        Self { profit: vec![0; customers], loaded: vec![0; if is_loaded { customers } else { 0 }], margin: 0 }
    }

    /// The last line of the waterfall.
    pub(super) fn last(&self, place: usize) -> i128 {
        self.loaded.get(place).copied().unwrap_or(self.profit[place])
    }

    fn add(&mut self, place: usize, amount: i128) {
        self.profit[place] += amount;
        self.load(place, amount);
    }

    /// Adds below customer profit.
    fn load(&mut self, place: usize, amount: i128) {
        if let Some(loaded) = self.loaded.get_mut(place) {
            *loaded += amount;
        }
    }
}

impl<'r> TwoCostings<'r> {
    /// Prices are list revenue, discount and returns times `prices`.
    pub(super) fn new(base: &Recalled<'r>, scenario: &Recalled<'r>, prices: Decimal) -> Self {
        let lines = Lines::new(&base.costing.activities, base.is_unused_charged());
        let shares = base.costing.activities.iter().map(|activity| activity.avoidable.scale);
        let bearing: Vec<usize> = bearing(base).collect();
        let periods: Vec<Period> = base.facts.periods.iter().map(|period| period.period).collect();
        Self {
            base: *base,
            scenario: *scenario,
            prices,
            acquisition: Acquisition::place(base.facts.master.as_ref(), &periods, base.facts.as_of),
            is_loaded: lines.has(CostLine::Spread) || lines.has(CostLine::UnusedCharged),
            avoidable_scale: shares.max().unwrap_or(0),
            before: Mutex::new(vec![vec![[0; 2]; bearing.len()]; periods.len()]),
            bearing,
        }
    }

    /// What the customers of the next window had; windows are read in the order of ranks.
    ///
    /// # Errors
    /// Unreadable state, a volume that cannot be charged.
    pub(super) fn read(&self, ranks: &Range<usize>) -> Result<LivesWindow> {
        let mut before = self.before.lock().expect("no thread panics while it reads");
        let read = |(period, before): (usize, &mut Vec<[i64; 2]>)| {
            let mut facts = self.base.facts.customer_facts(period, ranks.clone())?;
            let aggregates: Vec<Values> =
                std::mem::take(&mut facts.aggregates).into_iter().map(Values::from).collect();
            let rows = facts.ranks.len();
            let mut activities = Vec::with_capacity(self.bearing.len());
            for (index, before) in self.bearing.iter().zip(before) {
                let of_base = self.base.volumes(period, *index, &aggregates, rows)?;
                let of_scenario = match self.has_same_driver(period, *index) {
                    true => of_base.clone(),
                    false => self.scenario.volumes(period, *index, &aggregates, rows)?,
                };
                let volumes = [of_base, of_scenario];
                let after = std::array::from_fn(|side| sum(&volumes[side]) + i128::from(before[side]));
                activities.push(WindowActivity { volumes, before: *before });
                *before = narrowed(after)?;
            }
            Ok(WindowPeriod { facts, activities })
        };
        let periods = before.par_iter_mut().enumerate().with_max_len(1).map(read);
        Ok(LivesWindow(periods.collect::<Vec<Result<_>>>().into_iter().collect::<Result<_>>()?))
    }

    /// Adds up both costings of these customers, who are some of the window's.
    ///
    /// # Errors
    /// A cost beyond 18 digits.
    pub(super) fn lives(&self, window: &LivesWindow, ranks: Range<usize>) -> Result<Lives> {
        let customers = ranks.len();
        let mut lives = Lives {
            base: Side::new(customers, self.is_loaded),
            scenario: Side::new(customers, self.is_loaded),
            acquisition: 0,
            avoidable: vec![0; customers],
            avoidable_scale: self.avoidable_scale,
            ranks: ranks.clone(),
        };
        for (period, had) in window.0.iter().enumerate() {
            let bound = |rank: usize| had.facts.ranks.partition_point(|known| (*known as usize) < rank);
            let rows = bound(ranks.start)..bound(ranks.end);
            lives.add_margins(&had.facts, rows.clone(), self.prices);
            for (index, activity) in self.bearing.iter().zip(&had.activities) {
                self.add_cost(&mut lives, (period, *index), activity, &had.facts.ranks, rows.clone())?;
            }
        }
        // What winning customers cost is spent in both.
        for (rank, cost) in self.acquisition.of_lives(ranks.clone()) {
            lives.acquisition += i128::from(cost);
            let place = rank as usize - ranks.start;
            lives.base.add(place, -i128::from(cost));
            lives.scenario.add(place, -i128::from(cost));
        }
        Ok(lives)
    }

    /// Charges an activity's cost, and unused capacity with it, by both costings.
    fn add_cost(
        &self,
        lives: &mut Lives,
        (period, index): (usize, usize),
        activity: &WindowActivity,
        ranks: &[u32],
        rows: Range<usize>,
    ) -> Result<()> {
        let charged = |side: usize, rate: Option<Rate>| -> Result<Vec<i64>> {
            let volumes = &activity.volumes[side];
            let Some(rate) = rate else { return Ok(vec![0; rows.len()]) };
            let [before] = narrowed([i128::from(activity.before[side]) + sum(&volumes[..rows.start])])?;
            post(rate, &volumes[rows.clone()], before).ok_or_else(|| {
                let name = &self.base.costing.activities[index].name;
                Error::too_many_digits(format!("costing: a customer's part of '{name}'"))
            })
        };
        let sides = [&self.base, &self.scenario];
        let costed = sides.map(|side| &side.costing.periods[period].activities[index]);
        let known = &self.base.costing.activities[index];
        let share = known.avoidable.at_scale(self.avoidable_scale);
        let share = share.expect("the largest scale holds every share");
        let is_spread = is_spread(&self.base, index);
        let [before, after] = [charged(0, costed[0].rate)?, charged(1, costed[1].rate)?];
        for ((rank, before), after) in ranks[rows.clone()].iter().zip(before).zip(after) {
            let place = *rank as usize - lives.ranks.start;
            let (before, after) = (i128::from(before), i128::from(after));
            if is_spread {
                // Cost of a higher level, which no customer can avoid.
                lives.base.load(place, -before);
                lives.scenario.load(place, -after);
            } else {
                lives.base.add(place, -before);
                lives.scenario.add(place, -after);
                lives.avoidable[place] -= (after - before) * share;
            }
        }
        for (number, costed) in costed.into_iter().enumerate() {
            let unused = Rate { money: costed.unused_charged, volume: costed.volume };
            if unused.money == 0 {
                continue;
            }
            let side = if number == 0 { &mut lives.base } else { &mut lives.scenario };
            for (rank, part) in ranks[rows.clone()].iter().zip(charged(number, Some(unused))?) {
                side.load(*rank as usize - lives.ranks.start, -i128::from(part));
            }
        }
        Ok(())
    }

    /// Whether both costings take the volume of all customers alike.
    fn has_same_driver(&self, period: usize, activity: usize) -> bool {
        let driver = |recalled: &Recalled<'_>| {
            let costed = &recalled.costing.periods[period].activities[activity];
            recalled.costing.activities[activity].driver_of(costed).cloned()
        };
        driver(&self.base) == driver(&self.scenario)
    }
}

impl Lives {
    /// What the customer's profit differs by when only avoidable cost counts, rounded once.
    pub(super) fn avoidable_difference(&self, place: usize) -> i128 {
        round_ratio(self.avoidable[place], pow10(self.avoidable_scale))
    }

    /// Whether anything of the customer differs.
    pub(super) fn differs(&self, place: usize) -> bool {
        let (base, scenario) = (&self.base, &self.scenario);
        base.profit[place] != scenario.profit[place] || base.last(place) != scenario.last(place)
    }

    fn add_margins(&mut self, facts: &CustomerFacts, rows: Range<usize>, prices: Decimal) {
        let priced = |amount: i64| round_ratio(i128::from(amount) * prices.mantissa, pow10(prices.scale));
        for row in rows {
            let place = facts.ranks[row] as usize - self.ranks.start;
            let (list, discount, returns) =
                (facts.list_revenue[row], facts.discount[row], facts.returns[row]);
            let cost = i128::from(facts.product_cost[row]);
            let base = i128::from(list) - i128::from(discount) - i128::from(returns) - cost;
            let scenario = priced(list) - priced(discount) - priced(returns) - cost;
            for (side, margin) in [(&mut self.base, base), (&mut self.scenario, scenario)] {
                side.add(place, margin);
                side.margin += margin;
            }
            self.avoidable[place] += (scenario - base) * pow10(self.avoidable_scale);
        }
    }
}

fn sum(values: &[i64]) -> i128 {
    values.iter().map(|value| i128::from(*value)).sum()
}

/// Running volumes, which have 18 digits as their totals do.
fn narrowed<const N: usize>(volumes: [i128; N]) -> Result<[i64; N]> {
    let mut narrow = [0; N];
    for (narrow, volume) in narrow.iter_mut().zip(volumes) {
        *narrow = i64::try_from(volume).map_err(|_| Error::too_many_digits("costing: a driver's volume"))?;
    }
    Ok(narrow)
}

/// Activities that customers bear cost of, by index.
pub(super) fn bearing<'r>(recalled: &Recalled<'r>) -> impl Iterator<Item = usize> + use<'r> {
    let activities = recalled.costing.activities.iter().enumerate();
    activities.filter(|(_, activity)| posts(activity)).map(|(index, _)| index)
}

/// Whether the activity's cost lies below customer profit.
pub(super) fn is_spread(recalled: &Recalled<'_>, activity: usize) -> bool {
    recalled.costing.activities[activity].line == Some(Line::Spread)
}
