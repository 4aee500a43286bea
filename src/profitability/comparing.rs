//! Splits the changes of consecutive customers between spans: customer by customer, comparison by comparison.

use super::bridge_sums::{BridgeSums, add};
use super::comparison::Comparison;
use super::customer_change::{BELOW_CONTRIBUTION, CustomerChange};
use super::customer_period::{CustomerPeriod, Place};
use super::effects::{Growth, Served, too_large};
use super::lines::posts;
use super::sold::Sold;
use super::stay::Stay;
use super::step::STEPS;
use crate::costing::schema::{Activity, ActivityCosting, Costing, Rate};
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

    /// Splits the changes of customers, adds them up, and hands on each of them. `periods` has those that the comparisons
    /// need; `came` says of a customer which period it first bought in, and nothing of the unidentified cost object.
    ///
    /// # Errors
    /// When a product exceeds 128 bits, or what `each` returns.
    pub(crate) fn compare(
        &self,
        periods: &[Option<CustomerPeriod<'_>>],
        ranks: Range<u32>,
        came: &dyn Fn(u32) -> Option<usize>,
        sums: &mut [BridgeSums],
        each: &mut dyn FnMut(CustomerChange) -> Result<()>,
    ) -> Result<()> {
        let mut running: Vec<Vec<RunningCost>> =
            (0..self.comparisons.len()).map(|comparison| self.running(comparison, periods)).collect();
        let mut places: Vec<Place> = periods
            .iter()
            .map(|period| period.as_ref().map_or_else(Place::default, CustomerPeriod::start))
            .collect();
        let mut groups = GroupPairs::new(self.groups);
        for rank in ranks {
            for (period, place) in periods.iter().zip(&mut places) {
                period.iter().for_each(|period| period.move_to(rank, place));
            }
            if places.iter().all(|place| place.row.is_none()) {
                continue;
            }
            let came = came(rank);
            for (comparison, running) in running.iter_mut().enumerate() {
                let customer = OneCustomer { rank, comparison, came, periods, places: &places };
                if let Some(change) = self.split(&customer, running, &mut groups, &mut sums[comparison])? {
                    each(change)?;
                }
            }
        }
        Ok(())
    }

    fn running(&self, comparison: usize, periods: &[Option<CustomerPeriod<'_>>]) -> Vec<RunningCost> {
        let after = self.comparisons[comparison].after.clone();
        let before = |service: usize| {
            let of_span = periods[after.clone()].iter().flatten();
            of_span.map(|period| period.volumes_before[service]).sum()
        };
        let rates = self.old_rates[comparison].iter().enumerate();
        rates
            .map(|(service, rate)| RunningCost { rate: *rate, volume: before(service), cost: None })
            .collect()
    }

    /// The change of a customer; none for one without anything in either span.
    fn split(
        &self,
        customer: &OneCustomer<'_, '_>,
        running: &mut [RunningCost],
        groups: &mut GroupPairs,
        sums: &mut BridgeSums,
    ) -> Result<Option<CustomerChange>> {
        let comparison = &self.comparisons[customer.comparison];
        let spans = comparison.spans();
        let Some(stay) = customer.stay(&spans) else { return Ok(None) };
        let mut effects = [0; STEPS];
        let (mut before, mut after) = (0, 0);
        groups.fill(customer, &spans);
        let growth = Growth { stay, units: groups.units() };
        for (group, pair) in groups.drain() {
            let of_group = growth.of_group(pair.before, pair.after)?;
            (before, after) = (before + pair.before.margin(), after + pair.after.margin());
            add(&mut effects, &of_group);
            add(&mut sums.groups[group], &of_group);
        }
        for (place, (service, running)) in self.services.iter().zip(running).enumerate() {
            let cost = |span: &Range<usize>| customer.sum(span, |period, row| period.costs[place][row]);
            let volume = customer.sum(&spans[1], |period, row| period.volumes[place][row]);
            let at_old_rate = match stay {
                Stay::Continuing => running.post(volume)?,
                _ => running.pass(volume),
            };
            let [was, is] = [cost(&spans[0]), cost(&spans[1])];
            if was == 0 && is == 0 && at_old_rate.unwrap_or(0) == 0 {
                continue;
            }
            let served = Served { before: was, after: is, at_old_rate, is_concession: service.is_concession };
            let of_service = growth.of_service(served)?;
            (before, after) = (before - was, after - is);
            add(&mut effects, &of_service);
            add(&mut sums.services[place], &of_service);
        }
        let below = |span: &Range<usize>| -> [i128; BELOW_CONTRIBUTION.len()] {
            std::array::from_fn(|line| {
                customer.sum(span, |period, row| period.below[line].as_ref().map_or(0, |costs| costs[row]))
            })
        };
        let (was, is) = (below(&spans[0]), below(&spans[1]));
        let change = CustomerChange {
            rank: customer.rank,
            comparison: customer.comparison,
            stay,
            before,
            after,
            effects,
            below: std::array::from_fn(|line| was[line] - is[line]),
            profit: (before - was.iter().sum::<i128>(), after - is.iter().sum::<i128>()),
        };
        sums.add_levels(&change);
        Ok(Some(change))
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

/// Driver volume of the second span at old rates, posted in key order: what all customers together would have cost is then
/// rounded once.
struct RunningCost {
    rate: Option<Rate>,
    /// Of all customers before the next one.
    volume: i128,
    /// What it costs, where that is known.
    cost: Option<i128>,
}

impl RunningCost {
    /// The next customer's part.
    fn post(&mut self, volume: i128) -> Result<Option<i128>> {
        let Some(rate) = self.rate else { return Ok(None) };
        if volume == 0 {
            return Ok(Some(0));
        }
        let at = |volume| rate.at(volume).ok_or_else(too_large);
        let start = self.cost.map_or_else(|| at(self.volume), Ok)?;
        self.volume += volume;
        let end = at(self.volume)?;
        self.cost = Some(end);
        Ok(Some(end - start))
    }

    /// Moves past a customer whose part is not asked for.
    fn pass(&mut self, volume: i128) -> Option<i128> {
        if volume != 0 {
            self.volume += volume;
            self.cost = None;
        }
        None
    }
}

/// A customer, and where its rows are.
struct OneCustomer<'p, 'w> {
    rank: u32,
    comparison: usize,
    /// The period of its first purchase; none for the unidentified cost object.
    came: Option<usize>,
    periods: &'p [Option<CustomerPeriod<'w>>],
    places: &'p [Place],
}

impl<'w> OneCustomer<'_, 'w> {
    /// Periods of a span in which it has a row.
    fn rows(&self, span: &Range<usize>) -> impl Iterator<Item = (&CustomerPeriod<'w>, &Place, usize)> {
        let periods = self.periods[span.clone()].iter().flatten().zip(&self.places[span.clone()]);
        periods.filter_map(|(period, place)| Some((period, place, place.row?)))
    }

    fn sum(&self, span: &Range<usize>, of: impl Fn(&CustomerPeriod<'_>, usize) -> i64) -> i128 {
        self.rows(span).map(|(period, _, row)| i128::from(of(period, row))).sum()
    }

    /// None without a row in either span.
    fn stay(&self, [before, after]: &[Range<usize>; 2]) -> Option<Stay> {
        self.rows(before).chain(self.rows(after)).next()?;
        let Some(came) = self.came else { return Some(Stay::Continuing) };
        let bought = |span| self.rows(span).any(|(period, _, row)| period.lines[row] > 0);
        Some(Stay::of(bought(before), bought(after), came < before.start))
    }
}

/// A product group in two spans.
#[derive(Debug, Clone, Copy, Default)]
struct GroupPair {
    before: Sold,
    after: Sold,
}

/// A customer's product groups in two spans. Made once, and empty between customers.
struct GroupPairs {
    /// By group: its place among `pairs`, if it has one.
    places: Vec<Option<u32>>,
    pairs: Vec<(usize, GroupPair)>,
}

impl GroupPairs {
    fn new(groups: usize) -> Self {
        Self { places: vec![None; groups], pairs: Vec::new() }
    }

    fn fill(&mut self, customer: &OneCustomer<'_, '_>, [before, after]: &[Range<usize>; 2]) {
        for (period, place, _) in customer.rows(before) {
            for cell in place.cells.clone() {
                self.pair(period.cells.groups[cell]).before += period.sold(cell);
            }
        }
        for (period, place, _) in customer.rows(after) {
            for cell in place.cells.clone() {
                self.pair(period.cells.groups[cell]).after += period.sold(cell);
            }
        }
    }

    fn pair(&mut self, group: u32) -> &mut GroupPair {
        let group = group as usize;
        let next = u32::try_from(self.pairs.len()).expect("groups fit 32 bits");
        let place = *self.places[group].get_or_insert_with(|| {
            self.pairs.push((group, GroupPair::default()));
            next
        });
        &mut self.pairs[place as usize].1
    }

    fn units(&self) -> (i128, i128) {
        let units = |of: fn(&GroupPair) -> i128| self.pairs.iter().map(|(_, pair)| of(pair).max(0)).sum();
        (units(|pair| pair.before.units), units(|pair| pair.after.units))
    }

    fn drain(&mut self) -> impl Iterator<Item = (usize, GroupPair)> {
        self.pairs.iter().for_each(|(group, _)| self.places[*group] = None);
        self.pairs.drain(..)
    }
}
