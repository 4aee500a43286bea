//! What a fit says of single customers: the one place that speaks with the models of purchases.

use super::fits::FittedPurchases;
use super::histories::Histories;
use super::models::{Asked, Counts, Estimate, Fit, Lookahead, MOST_HORIZONS, Predictor, Score, Scorer, Span};
use super::past::Times;
use super::season::{Clock, TimedHistory};
use rayon::prelude::*;
use std::sync::Arc;

/// What a parameter of a purchase model means.
pub(crate) fn meaning(parameter: &str) -> &'static str {
    match parameter {
        "r" => "shape of customers' purchase rates",
        "alpha" => {
            "scale of purchase rates, weeks: the mean rate is r / alpha per week, r / (k alpha) where there is a k"
        }
        "a" => "first shape of the probability to lapse at a purchase, on average a / (a + b)",
        "b" => "second shape of it",
        "s" => "shape of customers' rates of lapsing",
        "beta" => "scale of rates of lapsing, weeks: the mean rate is s / beta per week",
        "rate" => "purchases per week, of everybody alike; k times as many where there is a k",
        "k" => {
            "how regularly customers buy: gaps between purchases vary by 1 / sqrt(k) of their mean; 1 is at random. Of \
             largest likelihood, by gaps in days of the calendar"
        }
        "lapse" => {
            "probability to lapse at a purchase (Pareto/NBD: rate of lapsing per week), of everybody alike"
        }
        _ => unreachable!("'{parameter}' is a parameter of a purchase model"),
    }
}

/// What is expected of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Outlook {
    /// Probability alive.
    pub(crate) alive: Estimate,
    /// Purchases by horizon.
    pub(crate) expected: Vec<Estimate>,
    /// Discounted purchases for ever; none where the data do not bound them.
    pub(crate) discounted: Option<Estimate>,
    /// Probability of no purchase by horizon.
    pub(crate) no_purchase: Vec<f64>,
    /// Discounted purchases by horizon; none where they are not known for ever either.
    pub(crate) discounted_within: Option<Vec<f64>>,
    /// Days of the calendar until the next purchase that one who is alive and stays so exceeds with probability ½.
    pub(crate) median_wait_days: f64,
}

/// Scorers of one cell, with their numbers of horizons: the first tells of all but those beyond what one scorer holds. Empty
/// where the cell has no customers.
type CellForecast = Vec<(Scorer, usize)>;

/// A fit, ready to score customers: by the clock that the counts it was fitted to are timed by.
#[derive(Debug)]
pub(crate) struct Forecast {
    /// By cell of covariates, or one for all customers.
    cells: Vec<CellForecast>,
    has_residual: bool,
    clock: Arc<Clock>,
}

impl Forecast {
    /// For histories that are timed by the clock. None where the fit found nothing to predict from.
    pub(crate) fn new(
        fitted: &FittedPurchases,
        clock: &Arc<Clock>,
        lookahead: &Lookahead,
        histories: &Histories<'_>,
        asked: Asked,
    ) -> Option<Self> {
        if !fitted.predicts() {
            return None;
        }
        let counts = fitted.cells(histories);
        let cells = counts.par_iter().enumerate();
        let cells = cells.map(|(cell, counts)| scorers(fitted.of_cell(cell), lookahead, counts, asked));
        Some(Self {
            cells: cells.collect::<Option<_>>()?,
            has_residual: fitted.has_residual(),
            clock: clock.clone(),
        })
    }

    /// A customer's probability alive; the cell is that of its covariates.
    pub(crate) fn alive(&self, cell: usize, times: &Times) -> f64 {
        self.first_score(cell, self.clock.history(times)).alive.value
    }

    /// The probability that a customer buys nothing within the first horizon.
    pub(crate) fn no_purchase(&self, cell: usize, times: &Times) -> f64 {
        self.first_score(cell, self.clock.history(times)).no_purchase[0]
    }

    /// Purchases of a customer within the first horizon.
    pub(crate) fn purchases(&self, cell: usize, times: &Times) -> f64 {
        self.purchases_of(cell, self.clock.history(times))
    }

    /// The same of a history by the clock.
    pub(crate) fn purchases_of(&self, cell: usize, history: TimedHistory) -> f64 {
        self.first_score(cell, history).purchases[0].value
    }

    fn cell(&self, cell: usize) -> &CellForecast {
        match &self.cells[..] {
            [all] => all,
            cells => &cells[cell],
        }
    }

    fn first_score(&self, cell: usize, (purchases, last, age): TimedHistory) -> Score {
        self.cell(cell).first().expect("there is a first scorer").0.score(purchases, last, age)
    }

    /// A customer's outlook.
    pub(crate) fn at(&self, cell: usize, times: &Times) -> Outlook {
        let (purchases, last, age) = self.clock.history(times);
        let mut scores =
            self.cell(cell).iter().map(|(scorer, horizons)| (scorer.score(purchases, last, age), *horizons));
        let (score, horizons) = scores.next().expect("there is a first scorer");
        let mut expected = score.purchases[..horizons].to_vec();
        let mut no_purchase = score.no_purchase[..horizons].to_vec();
        let mut within = score.discounted[..horizons].to_vec();
        let median_wait_days = self.clock.calendar_days(times.seen, score.median_wait_days);
        for (score, horizons) in scores {
            expected.extend_from_slice(&score.purchases[..horizons]);
            no_purchase.extend_from_slice(&score.no_purchase[..horizons]);
            within.extend_from_slice(&score.discounted[..horizons]);
        }
        let discounted = self.has_residual.then_some(score.residual);
        let discounted_within = discounted.is_some().then_some(within);
        Outlook { alive: score.alive, expected, discounted, no_purchase, discounted_within, median_wait_days }
    }
}

/// None where the fit found nothing to predict from.
fn scorers(fit: &Fit, lookahead: &Lookahead, counts: &Counts, asked: Asked) -> Option<CellForecast> {
    if counts.rows().is_empty() {
        return Some(Vec::new());
    }
    let first = lookahead.horizons.len().min(MOST_HORIZONS);
    let rest = lookahead.horizons[first..].chunks(MOST_HORIZONS);
    let scorer = |horizons: &[Span]| {
        let part = Lookahead { horizons: horizons.to_vec(), ..*lookahead };
        Some((Scorer::new(fit, &part, counts, asked)?, horizons.len()))
    };
    std::iter::once(&lookahead.horizons[..first]).chain(rest).map(scorer).collect()
}

/// Expected repeat purchases, cumulative, by the end of each of the first `days` days, of customers of a cell who start at days since
/// the first of all.
pub(crate) fn tracking(
    fitted: &FittedPurchases,
    cell: usize,
    clock: &Clock,
    first: i32,
    starts: &[(u32, u64)],
    days: u32,
) -> Option<Vec<f64>> {
    let day = |since: u32| first + i32::try_from(since).expect("a history has few days");
    let time_between = |from, to| clock.days_between(day(from), day(to));
    Some(Predictor::new(fitted.of_cell(cell)).filter(|_| fitted.predicts())?.tracking(
        starts,
        days,
        time_between,
    ))
}
