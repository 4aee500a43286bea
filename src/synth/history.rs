//! What every month of a history shares: customers, products, the calendar and how many lines a month has.

use super::SynthOptions;
use super::catalogue::Catalogue;
use super::customer::{self, Customer, Kind};
use super::draw::{Draw, Purpose, Streams};
use crate::units::{Day, Period, PeriodKind};
use rayon::prelude::*;

/// Share of lines without customer.
const WALK_IN_SHARE: f64 = 0.003;
/// Relative sales of the calendar months.
const SEASONS: [f64; 12] = [0.92, 0.90, 1.00, 0.98, 1.00, 0.96, 0.90, 0.88, 1.02, 1.05, 1.22, 1.17];
/// Customers whose expected lines are summed together; fixed, so that the sum does not depend on threads.
const CUSTOMERS_PER_SUM: usize = 65_536;

/// Everything that is fixed before the first line is drawn.
#[derive(Debug)]
pub(super) struct History {
    pub(super) streams: Streams,
    pub(super) customers: Vec<Customer>,
    pub(super) catalogue: Catalogue,
    pub(super) months: Vec<Month>,
    /// Purchase rates × this give the number of lines asked for.
    pub(super) rate_factor: f64,
    /// Whether several companies sell, in several currencies.
    pub(super) is_group: bool,
}

/// One month of the history.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) number: u16,
    pub(super) period: Period,
    pub(super) first_day: i32,
    /// First day of the next month.
    pub(super) end_day: i32,
    /// 1–12.
    pub(super) of_year: u32,
    pub(super) season: f64,
    /// Order lines that begin here, with those sent back, whichever month they come back in.
    pub(super) lines: u64,
    /// Orders without customer.
    pub(super) walk_ins: u32,
}

impl Month {
    /// Days of this month on which a customer may buy: first and end, exclusive; none if they are equal.
    pub(super) fn active_days(&self, customer: &Customer) -> (i32, i32) {
        let first = self.first_day.max(customer.acquired_day);
        (first, self.end_day.min(customer.until_day).max(first))
    }

    /// Whether the customer is won, with a first order, in this month.
    pub(super) fn wins(&self, customer: &Customer) -> bool {
        !customer.is_prospect && (self.first_day..self.end_day).contains(&customer.acquired_day)
    }
}

impl History {
    /// A history as the checked options ask for it.
    pub(super) fn new(options: &SynthOptions) -> Self {
        let streams = Streams::new(options.seed);
        let mut months = calendar(options);
        let (first, end) = (months[0].first_day, months[months.len() - 1].end_day);
        let customers = customer::draw_all(&streams, options.customers, first, end);
        let expected = Expected::of(&streams, &months, &customers);
        let rate_factor = expected.rate_factor(options.lines);
        share_lines(&mut months, &expected.lines_by_month(rate_factor), options.lines);
        Self {
            catalogue: Catalogue::new(&streams),
            streams,
            customers,
            months,
            rate_factor,
            is_group: options.group,
        }
    }

    /// The first day after the history.
    pub(super) fn end_day(&self) -> i32 {
        self.months[self.months.len() - 1].end_day
    }

    /// The instant at which the history is over.
    pub(super) fn end(&self) -> i64 {
        Day(self.end_day()).micros()
    }
}

fn calendar(options: &SynthOptions) -> Vec<Month> {
    let first = Period::containing(PeriodKind::Month, options.start);
    std::iter::successors(Some(first), |period| Some(period.next()))
        .zip(0..options.months)
        .map(|(period, number)| {
            let (first_day, end_day, of_year) = (period.start.0, period.end().0, period.start.ymd().1);
            let season = SEASONS[of_year as usize - 1];
            Month { number, period, first_day, end_day, of_year, season, lines: 0, walk_ins: 0 }
        })
        .collect()
}

/// Expected lines by month: of first orders, and of all others before the rate factor.
struct Expected {
    first: Vec<f64>,
    others: Vec<f64>,
}

impl Expected {
    fn of(streams: &Streams, months: &[Month], customers: &[Customer]) -> Self {
        let lines_per_order = Kind::ALL.map(|kind| mean_lines(streams, kind));
        let parts: Vec<Self> = customers
            .par_chunks(CUSTOMERS_PER_SUM)
            .map(|part| Self::of_part(&lines_per_order, months, part))
            .collect();
        let sum = |pick: fn(&Self) -> &[f64], month: usize| parts.iter().map(|part| pick(part)[month]).sum();
        Self {
            first: (0..months.len()).map(|month| sum(|part| &part.first, month)).collect(),
            others: (0..months.len()).map(|month| sum(|part| &part.others, month)).collect(),
        }
    }

    fn of_part(lines_per_order: &[f64; 3], months: &[Month], customers: &[Customer]) -> Self {
        let mut expected = Self { first: vec![0.0; months.len()], others: vec![0.0; months.len()] };
        for customer in customers.iter().filter(|customer| !customer.is_prospect) {
            let lines = lines_per_order[customer.kind as usize] * (1.0 + customer.return_chance());
            for (index, month) in months.iter().enumerate() {
                let (first, end) = month.active_days(customer);
                expected.others[index] +=
                    lines * customer.orders_per_day * f64::from(end - first) * month.season;
                expected.first[index] += if month.wins(customer) { lines } else { 0.0 };
            }
        }
        expected
    }

    /// At least a little above 0, so that no month is without buyers; lines are fitted to what was asked.
    #[allow(clippy::cast_precision_loss, reason = "a number of lines is far below 2^53")]
    fn rate_factor(&self, lines: u64) -> f64 {
        let wanted = lines as f64 * (1.0 - WALK_IN_SHARE);
        let others: f64 = self.others.iter().sum();
        let left = (wanted - self.first.iter().sum::<f64>()).max(wanted / 100.0);
        if others > 0.0 { left / others } else { 0.0 }
    }

    fn lines_by_month(&self, rate_factor: f64) -> Vec<f64> {
        self.first.iter().zip(&self.others).map(|(first, others)| first + others * rate_factor).collect()
    }
}

/// Estimated from a fixed number of draws: the caps leave no simple formula, and `Fit` evens out the rest.
fn mean_lines(streams: &Streams, kind: Kind) -> f64 {
    const DRAWS: u32 = 50_000;
    let mut draw = streams.open(Purpose::Calibration, 0, kind as u32);
    (0..DRAWS).map(|_| f64::from(kind.draw_lines(&mut draw))).sum::<f64>() / f64::from(DRAWS)
}

/// Shares the lines among the months by cumulative rounding, so that they add up exactly.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of lines is far below 2^53"
)]
fn share_lines(months: &mut [Month], weights: &[f64], lines: u64) {
    let total: f64 = weights.iter().sum();
    let (mut running, mut given) = (0.0, 0);
    for (month, weight) in months.iter_mut().zip(weights) {
        running += weight;
        let upto = if total > 0.0 { (lines as f64 * (running / total) + 0.5) as u64 } else { lines };
        // The running total may miss the sum by its last bits; the last month takes what is left below.
        month.lines = upto.min(lines) - given;
        given += month.lines;
    }
    if let Some(last) = months.last_mut() {
        last.lines += lines - given;
    }
    for month in months {
        month.walk_ins = 1 + super::draw::whole(month.lines as f64 * WALK_IN_SHARE / 2.2, u32::MAX);
    }
}

/// The stream in which one customer's month is drawn.
pub(super) fn behaviour(history: &History, month: &Month, customer: u32) -> Draw {
    history.streams.open(Purpose::Behaviour, month.number, customer)
}
