//! Customer × product group over life: periods merged slice by slice of customer ranks, so that the result is
//! never held whole.

use super::columns::Values;
use super::product_cost::{ProductPeriod, UnitCosts};
use crate::error::{Error, Result};
use crate::facts::measures::GROUP_MEASURES;
use crate::facts::schema::ProductFacts;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Mutex;

/// In the order of `facts::measures`.
fn sources(facts: &ProductFacts) -> [&[i64]; GROUP_MEASURES] {
    [
        &facts.lines,
        &facts.units,
        &facts.returned_units,
        &facts.list_revenue,
        &facts.discount,
        &facts.returns,
        &facts.product_cost,
    ]
}

/// Cells of a slice's table: what stays in a core's cache.
const CELLS: usize = 1 << 15;

/// Slices merged in parallel before their rows are handed on in order.
const BAND: usize = 32;

/// Rows of one slice, sorted by (rank, group).
pub(crate) struct Slice {
    pub(crate) ranks: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    pub(crate) measures: [Values; GROUP_MEASURES],
    /// What unit-level activities cost, in as many columns as `cost_columns` says.
    pub(crate) costs: Vec<Values>,
}

impl Slice {
    pub(crate) fn empty(cost_columns: usize) -> Self {
        let none = || Values::from(vec![]);
        let costs = (0..cost_columns).map(|_| none()).collect();
        Self { ranks: vec![], groups: vec![], measures: std::array::from_fn(|_| none()), costs }
    }
}

/// Unit-level activities beyond which only their sum is kept.
const COST_COLUMNS: usize = 40;

/// Columns of cost by customer × product group: one per unit-level activity or, of many, their sum.
pub(crate) fn cost_columns(activities: usize) -> usize {
    if activities > COST_COLUMNS { 1 } else { activities }
}

/// Ranges of ranks whose cells stay in a core's cache.
pub(crate) fn slices(customers: usize, groups: usize) -> Vec<Range<usize>> {
    let ranks = ranks_of_slice(groups);
    (0..customers).step_by(ranks).map(|from| from..customers.min(from + ranks)).collect()
}

fn ranks_of_slice(groups: usize) -> usize {
    (CELLS / groups.max(1)).max(1)
}

/// How many slices are read at a time: their chunks of kept state are then read once, and hold few customers.
pub(crate) fn slices_of_window(groups: usize) -> usize {
    (WINDOW_CUSTOMERS / ranks_of_slice(groups)).max(1)
}

/// Customers whose cells of all periods are read at a time.
const WINDOW_CUSTOMERS: usize = 1 << 17;

/// Merges the periods, makes something of every slice in parallel, and hands that on in rank order while the next
/// slices are merged. The periods hold the cells of these slices; `first` is the number of the first of them.
///
/// # Errors
/// On overflow, or what `make` or `take` returns.
pub(crate) fn merge<T: Send>(
    periods: &[ProductPeriod],
    first: usize,
    slices: &[Range<usize>],
    groups: usize,
    costs: &UnitCosts<'_>,
    make: impl Fn(Slice) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let numbered: Vec<(usize, &Range<usize>)> = (first..).zip(slices).collect();
    let table =
        || Table::new(ranks_of_slice(groups) * groups, groups, cost_columns(costs.activities().len()));
    // Making a table takes as long as a good part of a slice, so it goes from one to the next.
    let tables = Mutex::new(Vec::new());
    let idle = || tables.lock().expect("no thread panics while it takes a table");
    let of_slice = |(number, slice): &(usize, &Range<usize>)| {
        let free = idle().pop();
        let mut table = free.unwrap_or_else(table);
        let merged = table.merge(periods, costs, *number, slice)?;
        idle().push(table);
        make(merged)
    };
    let of_band = |band: &[(usize, &Range<usize>)]| -> Vec<Result<T>> {
        band.par_iter().with_max_len(1).map(of_slice).collect()
    };
    let mut ready: Vec<T> = Vec::new();
    for band in numbered.chunks(BAND) {
        let done = std::mem::take(&mut ready);
        let (taken, merged) = rayon::join(|| done.into_iter().try_for_each(&mut take), || of_band(band));
        taken?;
        ready = merged.into_iter().collect::<Result<_>>()?;
    }
    ready.into_iter().try_for_each(take)
}

/// Sums of one slice, by rank within it × group. Left empty after each use.
struct Table {
    groups: usize,
    sums: Vec<[i64; GROUP_MEASURES]>,
    /// `columns` of every cell.
    costs: Vec<i64>,
    columns: usize,
    is_used: Vec<bool>,
    used: Vec<usize>,
    has_overflowed: bool,
}

impl Table {
    fn new(cells: usize, groups: usize, columns: usize) -> Self {
        Self {
            groups,
            sums: vec![[0; GROUP_MEASURES]; cells],
            costs: vec![0; cells * columns],
            columns,
            is_used: vec![false; cells],
            used: Vec::new(),
            has_overflowed: false,
        }
    }

    fn merge(
        &mut self,
        periods: &[ProductPeriod],
        costs: &UnitCosts<'_>,
        number: usize,
        slice: &Range<usize>,
    ) -> Result<Slice> {
        for (index, period) in periods.iter().enumerate() {
            let rows = period.rows(slice);
            self.add(&period.facts, slice.start, rows.clone());
            if self.columns > 0 {
                let costs = costs.post(index, period, number, &rows)?;
                self.add_costs(&period.facts, slice.start, rows, &costs);
            }
        }
        self.put_in_order();
        let merged = self.rows(slice.start);
        self.clear();
        if std::mem::take(&mut self.has_overflowed) {
            return Err(Error::too_many_digits("profitability: a value of customer_product"));
        }
        Ok(merged)
    }

    fn add(&mut self, facts: &ProductFacts, first_rank: usize, rows: Range<usize>) {
        let sources = sources(facts);
        for row in rows {
            let cell = (facts.ranks[row] as usize - first_rank) * self.groups + facts.groups[row] as usize;
            if !self.is_used[cell] {
                self.is_used[cell] = true;
                self.used.push(cell);
            }
            for (sum, source) in self.sums[cell].iter_mut().zip(&sources) {
                let (added, overflowed) = sum.overflowing_add(source[row]);
                *sum = added;
                self.has_overflowed |= overflowed;
            }
        }
    }

    fn add_costs(&mut self, facts: &ProductFacts, first_rank: usize, rows: Range<usize>, costs: &[Vec<i64>]) {
        for (activity, costs) in costs.iter().enumerate() {
            let column = activity.min(self.columns - 1);
            for (row, cost) in rows.clone().zip(costs) {
                let cell =
                    (facts.ranks[row] as usize - first_rank) * self.groups + facts.groups[row] as usize;
                let sum = &mut self.costs[cell * self.columns + column];
                let (added, overflowed) = sum.overflowing_add(*cost);
                *sum = added;
                self.has_overflowed |= overflowed;
            }
        }
    }

    /// Brings the used cells in order: by looking at all of them, unless they are few.
    fn put_in_order(&mut self) {
        if self.used.len() < self.is_used.len() / 16 {
            self.used.sort_unstable();
            return;
        }
        self.used.clear();
        let cells = self.is_used.iter().enumerate().filter(|(_, is_used)| **is_used);
        self.used.extend(cells.map(|(cell, _)| cell));
    }

    fn rows(&self, first_rank: usize) -> Slice {
        let narrow = |value: usize| u32::try_from(value).expect("ranks and groups fit 32 bits");
        let costs = |place| self.column(move |table, cell| table.costs[cell * table.columns + place]);
        Slice {
            ranks: self.used.iter().map(|cell| narrow(first_rank + cell / self.groups)).collect(),
            groups: self.used.iter().map(|cell| narrow(cell % self.groups)).collect(),
            measures: std::array::from_fn(|measure| self.column(|table, cell| table.sums[cell][measure])),
            costs: (0..self.columns).map(costs).collect(),
        }
    }

    fn column(&self, of: impl Fn(&Self, usize) -> i64) -> Values {
        self.used.iter().map(|cell| of(self, *cell)).collect::<Vec<_>>().into()
    }

    fn clear(&mut self) {
        for cell in self.used.drain(..) {
            self.sums[cell] = [0; GROUP_MEASURES];
            // Mostly there are none, and to fill nothing takes a call.
            if self.columns > 0 {
                self.costs[cell * self.columns..][..self.columns].fill(0);
            }
            self.is_used[cell] = false;
        }
    }
}

/// Adds the sums of a period by group.
pub(crate) fn add_group_totals(totals: &mut [[i128; GROUP_MEASURES]], facts: &ProductFacts) {
    for (measure, source) in sources(facts).into_iter().enumerate() {
        for (group, value) in facts.groups.iter().zip(source) {
            totals[*group as usize][measure] += i128::from(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::measures::{LINES, PRODUCT_COST, UNITS};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn facts(cells: &BTreeMap<(u32, u32), i64>) -> ProductFacts {
        let column = |factor: i64| cells.values().map(|value| value * factor).collect::<Vec<_>>();
        ProductFacts {
            ranks: cells.keys().map(|(rank, _)| *rank).collect(),
            groups: cells.keys().map(|(_, group)| *group).collect(),
            lines: column(1),
            units: column(2),
            returned_units: column(3),
            list_revenue: column(4),
            discount: column(5),
            returns: column(6),
            product_cost: column(-7),
            aggregates: vec![],
        }
    }

    proptest! {
        #[test]
        fn merged_slices_are_the_sums_in_rank_order(
            periods in prop::collection::vec(
                prop::collection::btree_map((0..40_u32, 0..20_000_u32), -9..9_i64, 0..60), 0..4)
        ) {
            let mut expected = BTreeMap::new();
            for ((key, value), _) in periods.iter().flatten().zip(0..) {
                *expected.entry(*key).or_insert(0) += value;
            }
            let periods: Vec<_> = periods.iter().map(|cells| ProductPeriod::new(facts(cells))).collect();
            let mut found = Vec::new();
            merge(&periods, 0, &slices(40, 20_000), 20_000, &UnitCosts::default(), Ok, |slice| {
                for row in 0..slice.ranks.len() {
                    let key = (slice.ranks[row], slice.groups[row]);
                    assert_eq!(slice.measures[PRODUCT_COST][row], -7 * slice.measures[LINES][row]);
                    found.push((key, slice.measures[LINES][row]));
                }
                Ok(())
            }).unwrap();
            prop_assert_eq!(found, expected.clone().into_iter().collect::<Vec<_>>());
            let mut totals = vec![[0; GROUP_MEASURES]; 20_000];
            periods.iter().for_each(|period| add_group_totals(&mut totals, &period.facts));
            let units: i128 = totals.iter().map(|group| group[UNITS]).sum();
            prop_assert_eq!(units, 2 * expected.values().map(|value| i128::from(*value)).sum::<i128>());
        }
    }
}
