//! Splits the changes of consecutive customers between two spans, customer by customer.

use super::bridge_sums::BridgeSums;
use super::comparison::Comparison;
use super::customer_change::{BELOW_CONTRIBUTION, CustomerChange};
use super::customer_span::CustomerSpan;
use super::effects::{Growth, Served, too_large};
use super::lines::posts;
use super::sold::Sold;
use super::stay::Stay;
use super::step::STEPS;
use crate::costing::schema::{Activity, ActivityCosting, Costing, Rate, post};
use crate::error::Result;
use crate::pipeline::Line;
use std::ops::Range;

/// An activity above contribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service<'c> {
    pub(crate) activity: &'c Activity,
    /// Among all activities.
    pub(crate) index: usize,
    /// Among those that post.
    pub(crate) posting: usize,
    is_concession: bool,
}

/// What comparing needs to know of all customers.
pub(crate) struct Comparing<'c> {
    pub(crate) comparisons: &'c [Comparison],
    pub(crate) services: Vec<Service<'c>>,
    /// By comparison and service: what a unit of driver volume cost in the first span, if that can be said.
    old_rates: Vec<Vec<Option<Rate>>>,
    groups: usize,
}

/// What the customers of a slice had in both spans.
#[derive(Clone, Copy)]
pub(crate) struct Compared<'s> {
    /// Which comparison.
    pub(crate) comparison: usize,
    pub(crate) before: &'s CustomerSpan,
    pub(crate) after: &'s CustomerSpan,
}

impl<'c> Comparing<'c> {
    pub(crate) fn new(costing: &'c Costing, comparisons: &'c [Comparison], groups: usize) -> Self {
        let services = services(costing);
        let of_comparison = |comparison: &Comparison| {
            let rate = |service: &Service<'_>| old_rate(costing, service, comparison);
            services.iter().map(rate).collect()
        };
        Self { old_rates: comparisons.iter().map(of_comparison).collect(), comparisons, services, groups }
    }

    /// Sums of no customers, by comparison.
    pub(crate) fn nothing(&self) -> Vec<BridgeSums> {
        vec![BridgeSums::new(self.groups, self.services.len()); self.comparisons.len()]
    }

    /// Splits the changes of customers, adds them up, and hands on each of them. `came` says of a customer which period it
    /// first bought in, and nothing of the unidentified cost object.
    ///
    /// # Errors
    /// When a product exceeds 128 bits, or what `each` returns.
    pub(crate) fn compare(
        &self,
        compared: Compared<'_>,
        came: &dyn Fn(u32) -> Option<usize>,
        sums: &mut BridgeSums,
        each: &mut dyn FnMut(CustomerChange) -> Result<()>,
    ) -> Result<()> {
        let Compared { comparison, before, after } = compared;
        let at_old_rates = self.at_old_rates(comparison, after)?;
        let (mut next, mut next_cells) = ([0, 0], [0, 0]);
        while let Some(rank) = before.ranks.get(next[0]).into_iter().chain(after.ranks.get(next[1])).min() {
            let rows = [(before, 0), (after, 1)]
                .map(|(span, side)| (span.ranks.get(next[side]) == Some(rank)).then_some(next[side]));
            let cells =
                [before.cells.take(*rank, &mut next_cells[0]), after.cells.take(*rank, &mut next_cells[1])];
            next = std::array::from_fn(|side| next[side] + usize::from(rows[side].is_some()));
            let customer = OneCustomer { rank: *rank, came: came(*rank), rows, cells };
            each(self.split(compared, &customer, &at_old_rates, sums)?)?;
        }
        Ok(())
    }

    /// By service, the second span's driver volumes at old rates, posted in key order: what all customers together would have
    /// cost is rounded once.
    fn at_old_rates(&self, comparison: usize, after: &CustomerSpan) -> Result<Vec<Option<Vec<i64>>>> {
        let rates = self.old_rates[comparison].iter().enumerate();
        let at_old_rate = |(service, rate): (usize, &Option<Rate>)| {
            let posted = |rate| post(rate, &after.volumes[service], after.volumes_before[service]);
            rate.map(|rate| posted(rate).ok_or_else(too_large)).transpose()
        };
        rates.map(at_old_rate).collect()
    }

    fn split(
        &self,
        Compared { comparison, before, after }: Compared<'_>,
        customer: &OneCustomer,
        at_old_rates: &[Option<Vec<i64>>],
        sums: &mut BridgeSums,
    ) -> Result<CustomerChange> {
        let [was, is] = customer.rows;
        let value = |column: &[i64], row: Option<usize>| row.map_or(0, |row| i128::from(column[row]));
        let bought = |span: &CustomerSpan, row: Option<usize>| row.is_some_and(|row| span.lines[row] > 0);
        let first_period = self.comparisons[comparison].before.start;
        let stay = match customer.came {
            None => Stay::Continuing,
            Some(came) => Stay::of(bought(before, was), bought(after, is), came < first_period),
        };
        let growth =
            Growth { stay, units: [(before, 0), (after, 1)].map(|(span, side)| customer.units(span, side)) };
        let mut effects = [0; STEPS];
        let mut levels = [0, 0];
        let mut cells = customer.cells.clone();
        while let Some(group) = next_group([before, after], &cells) {
            let pair = [(before, 0), (after, 1)].map(|(span, side)| take_sold(span, &mut cells[side], group));
            levels = [levels[0] + pair[0].margin(), levels[1] + pair[1].margin()];
            let of_group = &mut sums.groups[group as usize];
            growth.of_group(pair[0], pair[1], &mut |step, amount| {
                effects[step as usize] += amount;
                of_group[step as usize] += amount;
            })?;
        }
        for (place, service) in self.services.iter().enumerate() {
            let cost = [value(&before.costs[place], was), value(&after.costs[place], is)];
            let at_old_rate = at_old_rates[place].as_ref().map(|column| value(column, is));
            if cost == [0, 0] && at_old_rate.unwrap_or(0) == 0 {
                continue;
            }
            levels = [levels[0] - cost[0], levels[1] - cost[1]];
            let [before, after] = cost;
            let served = Served { before, after, at_old_rate, is_concession: service.is_concession };
            let of_service = &mut sums.services[place];
            growth.of_service(served, &mut |step, amount| {
                effects[step as usize] += amount;
                of_service[step as usize] += amount;
            })?;
        }
        let below = |span: &CustomerSpan, row| -> [i128; BELOW_CONTRIBUTION.len()] {
            span.below.each_ref().map(|costs| costs.as_ref().map_or(0, |costs| value(costs, row)))
        };
        let (lines_before, lines_after) = (below(before, was), below(after, is));
        let change = CustomerChange {
            rank: customer.rank,
            comparison,
            stay,
            before: levels[0],
            after: levels[1],
            effects,
            below: std::array::from_fn(|line| lines_before[line] - lines_after[line]),
            profit: (
                levels[0] - lines_before.iter().sum::<i128>(),
                levels[1] - lines_after.iter().sum::<i128>(),
            ),
        };
        sums.add_levels(&change);
        Ok(change)
    }
}

/// The activities above contribution that customers bear.
fn services(costing: &Costing) -> Vec<Service<'_>> {
    let mut services = Vec::new();
    let posting = costing.activities.iter().enumerate().filter(|(_, activity)| posts(activity));
    for (posting, (index, activity)) in posting.enumerate() {
        let is_concession = match activity.line {
            Some(Line::PriceConcession) => true,
            Some(Line::CostToServe) => false,
            _ => continue,
        };
        services.push(Service { activity, index, posting, is_concession });
    }
    services
}

/// What a unit of driver volume cost on average over the first span. Volumes of another driver do not compare.
fn old_rate(costing: &Costing, service: &Service<'_>, comparison: &Comparison) -> Option<Rate> {
    let costed = |span: &Range<usize>| -> Vec<&ActivityCosting> {
        costing.periods[span.clone()].iter().map(|period| &period.activities[service.index]).collect()
    };
    let [before, after] = comparison.spans().map(|span| costed(&span));
    let is_fallback = before.first()?.is_fallback;
    if before.iter().chain(&after).any(|costed| costed.is_fallback != is_fallback) {
        return None;
    }
    if let [only] = before[..] {
        return only.rate;
    }
    let money = before.iter().map(|costed| i128::from(costed.posted)).sum::<i128>();
    let volume = before.iter().map(|costed| i128::from(costed.volume)).sum::<i128>();
    let rate = Rate { money: i64::try_from(money).ok()?, volume: i64::try_from(volume).ok()? };
    (rate.volume > 0).then_some(rate)
}

/// A customer, and where its rows and cells are in both spans.
struct OneCustomer {
    rank: u32,
    /// The period of its first purchase; none for the unidentified cost object.
    came: Option<usize>,
    rows: [Option<usize>; 2],
    cells: [Range<usize>; 2],
}

impl OneCustomer {
    /// Units of all product groups; those of a group are not below 0.
    fn units(&self, span: &CustomerSpan, side: usize) -> i128 {
        self.cells[side].clone().map(|cell| span.cells.sold(cell).units.max(0)).sum()
    }
}

/// The first product group that is left in either span.
fn next_group(spans: [&CustomerSpan; 2], cells: &[Range<usize>; 2]) -> Option<u32> {
    let group = |side: usize| (!cells[side].is_empty()).then(|| spans[side].cells.group(cells[side].start));
    group(0).into_iter().chain(group(1)).min()
}

/// What was sold of a product group, and moves past it; nothing, if the next cell is another's.
fn take_sold(span: &CustomerSpan, cells: &mut Range<usize>, group: u32) -> Sold {
    if cells.start == cells.end || span.cells.group(cells.start) != group {
        return Sold::default();
    }
    let cell = cells.start;
    cells.start += 1;
    span.cells.sold(cell)
}
