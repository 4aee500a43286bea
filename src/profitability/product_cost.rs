//! Unit-level activities reach customer × product group: their costs are posted over cells in (rank, group) order,
//! so a customer's cells add up to exactly what the customer bears.
//!
//! A cell's part needs the running volume before it. One pass keeps that volume at every slice of customers; any
//! slice can then be posted on its own.

use super::columns::Values;
use super::lines::posts;
use crate::costing::schema::{Activity, ActivityCosting, ActivityDriver, Costing, PeriodCosting, post};
use crate::error::{Error, Result};
use crate::facts::schema::ProductFacts;
use crate::pipeline::{Level, NegativeVolume};
use std::ops::Range;

/// The facts of one period by customer × product group, as the matrix reads them.
pub(crate) struct ProductPeriod {
    pub(crate) facts: ProductFacts,
    /// One column per aggregate that is kept by product group.
    aggregates: Vec<Values>,
}

impl ProductPeriod {
    pub(crate) fn new(mut facts: ProductFacts) -> Self {
        let aggregates = std::mem::take(&mut facts.aggregates).into_iter().map(Values::from).collect();
        Self { facts, aggregates }
    }

    /// An aggregate, by its place among those that are kept by product group.
    pub(crate) fn aggregate(&self, place: usize) -> &Values {
        &self.aggregates[place]
    }

    /// Rows of a range of ranks.
    pub(crate) fn rows(&self, ranks: &Range<usize>) -> Range<usize> {
        let before = |end: usize| self.facts.ranks.partition_point(|rank| (*rank as usize) < end);
        before(ranks.start)..before(ranks.end)
    }
}

/// Unit-level activities, with what posting a slice starts from.
#[derive(Default)]
pub(crate) struct UnitCosts<'c> {
    activities: Vec<UnitActivity<'c>>,
    costed: &'c [PeriodCosting],
    /// By period, then slice, then activity: the running volume before the slice.
    before: Vec<Vec<Vec<i64>>>,
}

struct UnitActivity<'c> {
    /// Among all activities.
    index: usize,
    activity: &'c Activity,
    /// Over the aggregates that are kept by product group.
    driver: ActivityDriver,
    fallback: Option<ActivityDriver>,
}

/// Cost by group, then unit-level activity.
pub(crate) type GroupCosts = Vec<Vec<i128>>;

impl<'c> UnitCosts<'c> {
    /// Unit-level activities whose drivers the facts keep by product group; `kept` has the indices of these aggregates.
    pub(crate) fn new(costing: &'c Costing, kept: &[usize]) -> Self {
        let indexed = costing.activities.iter().enumerate();
        let activities = indexed.filter_map(|(index, activity)| UnitActivity::new(index, activity, kept));
        Self { activities: activities.collect(), costed: &costing.periods, before: vec![] }
    }

    /// A pass over the cells of a period before the first of them, by activity.
    pub(crate) fn walks(&self, groups: usize) -> Vec<Walk> {
        let walk = |_| Walk { volume: 0, before: Vec::new(), groups: vec![0; groups] };
        self.activities.iter().map(walk).collect()
    }

    /// Takes the walks past the next slices, whose cells are these.
    ///
    /// # Errors
    /// A volume beyond 18 digits.
    pub(crate) fn advance(
        &self,
        walks: &mut [Walk],
        period: usize,
        cells: &ProductPeriod,
        slices: &[Range<usize>],
    ) -> Result<()> {
        let costed = &self.costed[period];
        let mut walks = self.activities.iter().zip(walks);
        walks.try_for_each(|(unit, walk)| unit.advance(walk, costed, cells, slices))
    }

    /// Asserts that the cells of a period together were charged what the costing says.
    pub(crate) fn close(&self, walks: &[Walk], period: usize) {
        for (unit, walk) in self.activities.iter().zip(walks) {
            let posted = self.costed[period].activities[unit.index].posted;
            let name = &unit.activity.name;
            assert_eq!(
                walk.groups.iter().sum::<i128>(),
                i128::from(posted),
                "cells of '{name}' add up to its cost"
            );
        }
    }

    /// Takes over the running volumes of all periods, in order; gives what the activities cost each group.
    pub(crate) fn start_from(&mut self, walks: &[Vec<Walk>], slices: usize, groups: usize) -> GroupCosts {
        let mut totals = vec![vec![0; self.activities.len()]; groups];
        for (place, walk) in walks.iter().flat_map(|of_period| of_period.iter().enumerate()) {
            totals.iter_mut().zip(&walk.groups).for_each(|(totals, cost)| totals[place] += cost);
        }
        let before = |of_period: &Vec<Walk>| {
            let of_slice = |slice: usize| of_period.iter().map(|walk| walk.before[slice]).collect();
            (0..slices).map(of_slice).collect()
        };
        self.before = walks.iter().map(before).collect();
        totals
    }

    /// The activities, in declared order.
    pub(crate) fn activities(&self) -> impl ExactSizeIterator<Item = &'c Activity> {
        self.activities.iter().map(|unit| unit.activity)
    }

    /// The place of an activity, by its index among all; none of one that reaches no product groups.
    pub(crate) fn place(&self, index: usize) -> Option<usize> {
        self.activities.iter().position(|unit| unit.index == index)
    }

    /// What the rows of a slice bear, a column per activity.
    ///
    /// # Errors
    /// A volume beyond 18 digits.
    pub(crate) fn post(
        &self,
        period: usize,
        facts: &ProductPeriod,
        slice: usize,
        rows: &Range<usize>,
    ) -> Result<Vec<Vec<i64>>> {
        let places = self.activities.iter().enumerate();
        let column = |(place, unit): (usize, &UnitActivity<'_>)| {
            let costed = &self.costed[period].activities[unit.index];
            let before = self.before[period][slice][place];
            Ok(unit.post(costed, facts, rows, before)?.1)
        };
        places.map(column).collect()
    }
}

/// What one pass over a period leaves of an activity.
pub(crate) struct Walk {
    /// The running volume so far.
    volume: i64,
    /// The running volume before each slice.
    before: Vec<i64>,
    /// Its cost by group.
    groups: Vec<i128>,
}

impl Walk {
    /// What the activity costs a product group.
    pub(crate) fn cost(&self, group: usize) -> i128 {
        self.groups[group]
    }
}

impl<'c> UnitActivity<'c> {
    fn new(index: usize, activity: &'c Activity, kept: &[usize]) -> Option<Self> {
        let over_kept = |driver: &ActivityDriver| {
            let place = |aggregate: usize| kept.iter().position(|kept| *kept == aggregate);
            let terms = driver.terms.iter().map(|(aggregate, factor)| Some((place(*aggregate)?, *factor)));
            Some(ActivityDriver { terms: terms.collect::<Option<_>>()?, scale: driver.scale })
        };
        if activity.level != Level::Unit || !posts(activity) {
            return None;
        }
        let fallback = match &activity.fallback {
            Some(fallback) => Some(over_kept(fallback)?),
            None => None,
        };
        Some(Self { index, activity, driver: over_kept(activity.driver.as_ref()?)?, fallback })
    }

    fn advance(
        &self,
        walk: &mut Walk,
        costing: &PeriodCosting,
        cells: &ProductPeriod,
        slices: &[Range<usize>],
    ) -> Result<()> {
        let costed = &costing.activities[self.index];
        for slice in slices {
            walk.before.push(walk.volume);
            let rows = cells.rows(slice);
            let (volume, costs) = self.post(costed, cells, &rows, walk.volume)?;
            walk.volume += volume;
            for (group, cost) in cells.facts.groups[rows].iter().zip(costs) {
                walk.groups[*group as usize] += i128::from(cost);
            }
        }
        Ok(())
    }

    /// Volume of the rows together, and what each costs.
    fn post(
        &self,
        costed: &ActivityCosting,
        facts: &ProductPeriod,
        rows: &Range<usize>,
        before: i64,
    ) -> Result<(i64, Vec<i64>)> {
        let Some(rate) = costed.rate else { return Ok((0, vec![0; rows.len()])) };
        let fault = || Error::too_many_digits(format!("costing: a volume of '{}'", self.activity.name));
        let driver = match costed.is_fallback {
            true => self.fallback.as_ref().expect("a fallback that was used is declared"),
            false => &self.driver,
        };
        let slice = |column: &Values| column.slice(rows.start, rows.len());
        let aggregates: Vec<Values> = facts.aggregates.iter().map(slice).collect();
        let volumes = driver.volumes(&aggregates, rows.len()).ok_or_else(fault)?;
        let volumes = by_policy(self.activity.negative, &facts.facts.ranks[rows.clone()], volumes);
        let volume = volumes.iter().map(|volume| i128::from(*volume)).sum::<i128>();
        let costs = post(rate, &volumes, before).ok_or_else(fault)?;
        Ok((i64::try_from(volume).map_err(|_| fault())?, costs))
    }
}

/// Volumes of cells whose sum per customer is the customer's volume after the policy for negative ones. Rows of one
/// customer lie together.
pub(crate) fn by_policy(negative: NegativeVolume, ranks: &[u32], volumes: Values) -> Values {
    let factor = match negative {
        NegativeVolume::Error | NegativeVolume::Signed => return volumes,
        NegativeVolume::Absolute => -1,
        NegativeVolume::Zero => 0,
    };
    let mut volumes = volumes.to_vec();
    let mut from = 0;
    for customer in ranks.chunk_by(|a, b| a == b) {
        let cells = &mut volumes[from..from + customer.len()];
        if cells.iter().map(|volume| i128::from(*volume)).sum::<i128>() < 0 {
            cells.iter_mut().for_each(|volume| *volume *= factor);
        }
        from += customer.len();
    }
    volumes.into()
}

#[cfg(test)]
mod tests {
    use super::super::product::slices;
    use super::super::tests::costing;
    use super::*;
    use crate::costing::schema::Rate;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Cells = BTreeMap<(u32, u32), i64>;

    fn period(cells: &Cells) -> ProductPeriod {
        let zeros = vec![0; cells.len()];
        ProductPeriod::new(ProductFacts {
            ranks: cells.keys().map(|(rank, _)| *rank).collect(),
            groups: cells.keys().map(|(_, group)| *group).collect(),
            aggregates: vec![zeros, cells.values().copied().collect()],
            ..Default::default()
        })
    }

    /// What customers' volumes are after the policy, in order.
    fn by_customer(cells: &Cells, policy: NegativeVolume) -> Vec<(u32, i64)> {
        let mut sums = BTreeMap::new();
        cells.iter().for_each(|((rank, _), volume)| *sums.entry(*rank).or_insert(0) += volume);
        let charged = |volume: i64| match policy {
            NegativeVolume::Absolute => volume.abs(),
            NegativeVolume::Zero => volume.max(0),
            _ => volume,
        };
        sums.into_iter().map(|(rank, volume)| (rank, charged(volume))).collect()
    }

    /// One unit-level activity over the second aggregate kept, which is the facts' fifth.
    fn of_units(volume: i64, policy: NegativeVolume) -> Costing {
        let mut costing = costing(&[Level::Order, Level::Unit], &[&[(5, 1), (1_000_003, volume)]]);
        costing.activities[1].driver = Some(ActivityDriver { terms: vec![(4, 2)], scale: 0 });
        costing.activities[1].negative = policy;
        costing
    }

    fn policies() -> impl Strategy<Value = NegativeVolume> {
        let policies = [NegativeVolume::Signed, NegativeVolume::Absolute, NegativeVolume::Zero];
        prop::sample::select(policies.to_vec())
    }

    proptest! {
        #[test]
        fn cells_of_a_customer_add_up_to_what_the_customer_bears(
            cells in prop::collection::btree_map((0..40_u32, 0..9_u32), -4..9_i64, 1..120), policy in policies()
        ) {
            let customers = by_customer(&cells, policy);
            let volumes: Vec<i64> = customers.iter().map(|(_, volume)| 2 * volume).collect();
            let volume = volumes.iter().sum::<i64>();
            prop_assume!(volume > 0);
            let costing = of_units(volume, policy);
            let expected = post(Rate { money: 1_000_003, volume }, &volumes, 0).unwrap();
            let periods = [period(&cells)];
            let groups = 1 << 13;
            let slices = slices(40, groups);
            prop_assert_eq!(slices.len(), 10);
            let mut costs = UnitCosts::new(&costing, &[2, 4]);
            let mut walks = costs.walks(groups);
            for some in slices.chunks(3) {
                costs.advance(&mut walks, 0, &periods[0], some).unwrap();
            }
            costs.close(&walks, 0);
            let totals = costs.start_from(&[walks], slices.len(), groups);
            let mut of_customers = BTreeMap::new();
            for (number, slice) in slices.iter().enumerate() {
                let rows = periods[0].rows(slice);
                let posted = costs.post(0, &periods[0], number, &rows).unwrap();
                for (row, cost) in rows.zip(&posted[0]) {
                    *of_customers.entry(periods[0].facts.ranks[row]).or_insert(0) += cost;
                }
            }
            let expected: BTreeMap<u32, i64> = customers.iter().map(|(rank, _)| *rank).zip(expected).collect();
            prop_assert_eq!(of_customers, expected);
            prop_assert_eq!(totals.iter().map(|of_group| of_group[0]).sum::<i128>(), 1_000_003);
        }
    }

    #[test]
    fn only_unit_level_drivers_of_order_lines_reach_products() {
        let costing = of_units(1, NegativeVolume::Error);
        let reached = |kept: &[usize]| UnitCosts::new(&costing, kept).activities().len();
        assert_eq!((reached(&[2, 4]), reached(&[2])), (1, 0));
    }
}
