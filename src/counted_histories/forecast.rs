//! BG/BB fitted to counted histories, and what is expected of each.
//!
//! P. S. Fader, B. G. S. Hardie, J. Shang, Marketing Science 29 (2010): P(alive) (11), expected purchases (13), discounted expected
//! residual transactions (14). The first opportunity ahead lies one step ahead, and is discounted by it.

use super::rows::CountedHistories;
use crate::clv::models::bg_bb::{self, BetaGeometricBetaBernoulli, CountedHistory, History, Unfit};
use crate::clv::models::logarithms::Estimate;
use crate::clv::nearest;
use std::collections::BTreeMap;

/// What follows from the histories.
#[derive(Debug)]
pub(super) struct Forecast {
    pub(super) customers: u64,
    pub(super) fit: Result<Estimate<4>, Unfit>,
    /// In the order of the histories.
    pub(super) rows: Vec<HistoryRow>,
}

/// Customers with one history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HistoryRow {
    pub(super) history: History,
    pub(super) customers: u64,
    /// None where the histories do not determine the model.
    pub(super) expected: Option<Expected>,
}

/// What is expected of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// Of all with as many opportunities, how many the model expects to have this history.
    pub(super) customers: f64,
    pub(super) alive: f64,
    pub(super) alive_next: f64,
    /// Of one customer.
    pub(super) purchases: f64,
    pub(super) discounted: f64,
    /// Of all of them, in smallest units of money; none without a contribution.
    pub(super) value: Option<i128>,
}

impl Forecast {
    /// Over a horizon of opportunities, at a discount rate per opportunity, which is above 0.
    pub(super) fn new(
        histories: &CountedHistories,
        horizon: u32,
        discount_rate: f64,
        has_contribution: bool,
    ) -> Self {
        let counted = histories.rows.iter();
        let counted: Vec<CountedHistory> = counted
            .map(|(history, counted)| CountedHistory { history: *history, customers: counted.customers })
            .collect();
        let mut by_opportunities: BTreeMap<u32, u64> = BTreeMap::new();
        for row in &counted {
            *by_opportunities.entry(row.history.opportunities).or_default() += row.customers;
        }
        let fit = bg_bb::fit(&counted);
        let model = fit.as_ref().ok().map(|fit| BetaGeometricBetaBernoulli::from(fit.parameters));
        let mut rows = Vec::with_capacity(counted.len());
        for (history, counted) in &histories.rows {
            let expected = model.map(|model| {
                let outlook = model.outlook(*history);
                let discounted = outlook.discounted_purchases(discount_rate).expect("it is above 0");
                let alike = by_opportunities[&history.opportunities];
                Expected {
                    customers: model.share_of(*history) * alike as f64,
                    alive: outlook.probability_alive(),
                    alive_next: outlook.probability_alive_next(),
                    purchases: outlook.expected_purchases(horizon),
                    discounted,
                    value: has_contribution.then(|| nearest(discounted * counted.contribution as f64)),
                }
            });
            rows.push(HistoryRow { history: *history, customers: counted.customers, expected });
        }
        Self { customers: by_opportunities.values().sum(), fit, rows }
    }

    /// A sum over customers; none without a fit.
    pub(super) fn sum(&self, of: impl Fn(&Expected) -> f64) -> Option<f64> {
        let of_row = |row: &HistoryRow| Some(of(row.expected.as_ref()?) * row.customers as f64);
        self.rows.iter().map(of_row).sum()
    }

    /// What all histories are worth; none without a fit, or without a contribution.
    pub(super) fn value(&self) -> Option<i128> {
        self.rows.iter().map(|row| row.expected?.value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Counted;
    use super::*;

    fn histories(rows: &[(u32, u32, u32, u64)]) -> CountedHistories {
        let row = |&(purchases, last_purchase, opportunities, customers): &(u32, u32, u32, u64)| {
            let counted = Counted { customers, contribution: 200 * i128::from(customers) };
            (History { purchases, last_purchase, opportunities }, counted)
        };
        CountedHistories { rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn customers_that_the_model_expects_are_those_there_are() {
        // Every history of four opportunities, and one of two.
        let mut rows = vec![(0, 0, 4, 400), (0, 0, 2, 30), (1, 1, 2, 9), (1, 2, 2, 8), (2, 2, 2, 12)];
        for last in 1..=4 {
            (1..=last).for_each(|x| rows.push((x, last, 4, u64::from(30 + 20 * last + 10 * x))));
        }
        let found = Forecast::new(&histories(&rows), 5, 0.1, true);
        let of = |opportunities: u32| -> (f64, f64) {
            let rows = found.rows.iter().filter(|row| row.history.opportunities == opportunities);
            rows.fold((0.0, 0.0), |(expected, actual), row| {
                (expected + row.expected.unwrap().customers, actual + row.customers as f64)
            })
        };
        for opportunities in [2, 4] {
            let (expected, actual) = of(opportunities);
            assert!((expected / actual - 1.0).abs() < 1e-12, "{opportunities}: {expected} {actual}");
        }
        let discounted = found.sum(|expected| expected.discounted).unwrap();
        assert!((found.value().unwrap() as f64 / (200.0 * discounted) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn histories_that_determine_no_model_have_no_forecast() {
        let found = Forecast::new(&histories(&[(0, 0, 3, 10)]), 5, 0.1, true);
        assert_eq!((found.fit.unwrap_err(), found.rows[0].expected), (Unfit::NobodyBought, None));
        let nothing = Forecast::new(&CountedHistories::default(), 5, 0.1, true);
        assert_eq!((nothing.customers, nothing.rows.len()), (0, 0));
    }
}
