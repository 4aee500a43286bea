//! The whale curve: cumulative profit of customers from the best to the worst (Kaplan & Narayanan).

use super::classes::Standing;
use super::tables::Layout;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// A whale curve in numbers.
#[derive(Debug, Clone)]
pub(crate) struct WhaleCurve {
    /// Cumulative profit of the best k customers, from k = 0.
    cumulative: Vec<i128>,
    /// The smallest k at which it is highest.
    peak: usize,
    /// Customers whose profit is above 0.
    profitable: usize,
}

/// Customer profit outside the curve: with it, the curve closes at the profit of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rest {
    /// Of prospects, who neither bought nor returned.
    pub(crate) prospects: i128,
    /// Of the unidentified cost object.
    pub(crate) unidentified: i128,
}

impl Rest {
    /// Of profits by rank; ranks from `known` on are not customers.
    pub(crate) fn new(standing: &Standing, known: usize, profits: &[i64]) -> Self {
        let of_prospects = profits.iter().zip(&standing.is_prospect).filter(|(_, is_prospect)| **is_prospect);
        Self {
            prospects: of_prospects.map(|(profit, _)| i128::from(*profit)).sum(),
            unidentified: profits[known..].iter().map(|profit| i128::from(*profit)).sum(),
        }
    }
}

/// Shares of the customers whose share of profit is published, in per cent.
const TOP_SHARES: [usize; 4] = [1, 5, 10, 20];

impl WhaleCurve {
    /// From profits in descending order.
    pub(crate) fn new(profits: &[i64]) -> Self {
        let mut cumulative = vec![0_i128];
        let mut peak = 0;
        for (index, profit) in profits.iter().enumerate() {
            cumulative.push(cumulative[index] + i128::from(*profit));
            if cumulative[index + 1] > cumulative[peak] {
                peak = index + 1;
            }
        }
        let profitable = profits.iter().filter(|profit| **profit > 0).count();
        Self { cumulative, peak, profitable }
    }

    /// How many customers.
    pub(crate) fn customers(&self) -> usize {
        self.cumulative.len() - 1
    }

    /// Profit of all of them.
    pub(crate) fn total(&self) -> i128 {
        self.cumulative[self.customers()]
    }

    /// Profit at the peak.
    pub(crate) fn peak_profit(&self) -> i128 {
        self.cumulative[self.peak]
    }

    /// What the customers beyond the peak cost.
    pub(crate) fn value_destroyed(&self) -> i128 {
        self.peak_profit() - self.total()
    }

    /// The best ⌈N·part/whole⌉ customers and their share of the total profit; no share of a total ≤ 0.
    pub(crate) fn top(&self, part: usize, whole: usize) -> (usize, i128, Option<f64>) {
        let customers = (self.customers() * part).div_ceil(whole);
        let profit = self.cumulative[customers];
        (customers, profit, self.share(profit))
    }

    /// A profit as a share of the total; none when the total is ≤ 0.
    #[allow(clippy::cast_precision_loss, reason = "a share is shown rounded")]
    fn share(&self, profit: i128) -> Option<f64> {
        (self.total() > 0).then(|| profit as f64 / self.total() as f64)
    }

    /// S − ½ and S over 2·N·total, exact, with S the area under the normalised curve by trapezoids:
    /// S = (Σ_{k<N} c_k + c_N/2) / (N·c_N).
    fn areas(&self) -> (i128, i128) {
        let customers = self.customers();
        let inner: i128 = self.cumulative[..customers].iter().sum();
        let under = 2 * inner + self.total();
        (under - i128::try_from(customers).expect("a count fits") * self.total(), under)
    }

    /// Stobachoff coefficient (S − ½)/S: 0 when all customers earn the same; none when the total is ≤ 0.
    #[allow(clippy::cast_precision_loss, reason = "a coefficient is shown rounded")]
    pub(crate) fn stobachoff(&self) -> Option<f64> {
        let (above, under) = self.areas();
        (self.total() > 0).then(|| above as f64 / under as f64)
    }

    /// Area under the normalised curve; none when the total is ≤ 0.
    #[allow(clippy::cast_precision_loss, reason = "an area is shown rounded")]
    pub(crate) fn area(&self) -> Option<f64> {
        let whole = 2.0 * self.customers() as f64 * self.total() as f64;
        (self.total() > 0).then(|| self.areas().1 as f64 / whole)
    }

    /// Per mille points and the peak.
    pub(crate) fn sheet(&self, layout: &Layout<'_>) -> Sheet {
        let per_mille = (0..=1000_usize).map(|k| (Some(k), self.top(k, 1000).0));
        let points: Vec<(Option<usize>, usize)> = per_mille.chain([(None, self.peak)]).collect();
        let count = |count: usize| i64::try_from(count).expect("a count fits 64 bits");
        let mut sheet = Sheet::new("whale_curve", "point of the curve", None);
        layout.add_as_of(&mut sheet, points.len());
        let column = Column::new("per_mille", ColumnKind::Integer, "‰", "Best customers; null at the peak");
        sheet.fixed_or_null(column, points.iter().map(|(per_mille, _)| per_mille.map(count)).collect());
        let column = Column::new("customers", ColumnKind::Integer, "customers", "How many, rounded up");
        sheet.fixed(column, points.iter().map(|(_, customers)| count(*customers)).collect::<Vec<_>>());
        let column = Column::new(
            "cumulative_profit",
            layout.total(),
            layout.currency.to_string(),
            "Customer profit of these customers over life",
        );
        sheet.totals(column, points.iter().map(|(_, customers)| Some(self.cumulative[*customers])).collect());
        let column = Column::new(
            "share_of_total",
            ColumnKind::Float,
            "1",
            "Of all customers' profit; null if that is not above 0",
        );
        let shares = points.iter().map(|(_, customers)| self.share(self.cumulative[*customers]));
        sheet.floats(column.nullable(), shares);
        sheet
    }

    /// The curve in one row.
    pub(crate) fn summary(&self, layout: &Layout<'_>, rest: &Rest) -> Sheet {
        let mut sheet = Sheet::new("whale_summary", "whale curve", None);
        layout.add_as_of(&mut sheet, 1);
        let counts = [
            ("customers", "Customers with a sale line or a return line", self.customers()),
            ("profitable_customers", "Those whose profit is above 0", self.profitable),
            ("peak_customers", "The fewest customers with the highest cumulative profit", self.peak),
        ];
        for (name, meaning, count) in counts {
            let count = i64::try_from(count).expect("a count fits 64 bits");
            sheet.fixed(Column::new(name, ColumnKind::Integer, "customers", meaning), vec![count]);
        }
        let amounts = [
            ("total_profit", "Customer profit of all of them", self.total()),
            ("peak_profit", "Highest cumulative profit", self.peak_profit()),
            ("value_destroyed", "Peak profit − total profit", self.value_destroyed()),
            ("prospect_profit", "Customer profit of prospects, who are not in the curve", rest.prospects),
            ("unidentified_profit", "Customer profit of rows without customer, likewise", rest.unidentified),
            (
                "customer_profit",
                "Of all rows of the table customer: total profit + prospect profit + unidentified profit",
                self.total() + rest.prospects + rest.unidentified,
            ),
        ];
        for (name, meaning, amount) in amounts {
            let column = Column::new(name, layout.total(), layout.currency.to_string(), meaning);
            sheet.totals(column, vec![Some(amount)]);
        }
        for per_cent in TOP_SHARES {
            let meaning = format!("Share of total profit of the best {per_cent} % of customers, rounded up");
            let column = Column::new(format!("top_{per_cent}_share"), ColumnKind::Float, "1", meaning);
            sheet.floats(column.nullable(), [self.top(per_cent, 100).2]);
        }
        let ratios = [
            ("peak_share", "Peak profit over total profit", self.share(self.peak_profit())),
            ("area_under_curve", "Area under the normalised curve, S", self.area()),
            ("stobachoff", "Stobachoff coefficient, (S − ½)/S", self.stobachoff()),
        ];
        for (name, meaning, ratio) in ratios {
            sheet.floats(Column::new(name, ColumnKind::Float, "1", meaning).nullable(), [ratio]);
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_g16_whale_curve() {
        let curve = WhaleCurve::new(&[100, 60, 40, 20, 10, 5, 0, -15, -40, -80]);
        assert_eq!(curve.cumulative, [0, 100, 160, 200, 220, 230, 235, 235, 220, 180, 100]);
        assert_eq!((curve.total(), curve.peak, curve.peak_profit()), (100, 6, 235));
        assert_eq!((curve.value_destroyed(), curve.profitable), (135, 6));
        assert_eq!(curve.top(20, 100), (2, 160, Some(1.6)));
        assert_eq!(curve.share(curve.peak_profit()), Some(2.35));
        assert_eq!(curve.areas(), (2660, 3660));
        assert_eq!(curve.area(), Some(1.83));
        assert_eq!(curve.stobachoff(), Some(133.0 / 183.0));
    }

    #[test]
    fn top_shares_round_customers_up() {
        let curve = WhaleCurve::new(&[5, 4, 3]);
        for (per_cent, customers) in [(0, 0), (1, 1), (20, 1), (34, 2), (67, 3), (100, 3)] {
            assert_eq!(curve.top(per_cent, 100).0, customers, "{per_cent}");
        }
        assert_eq!(curve.top(1000, 1000).1, 12);
    }

    #[test]
    fn equal_customers_have_a_straight_curve() {
        assert_eq!(WhaleCurve::new(&[7; 9]).stobachoff(), Some(0.0));
    }

    #[test]
    fn a_total_that_is_not_above_zero_has_no_shares() {
        for profits in [&[][..], &[0], &[5, -5], &[1, -9]] {
            let curve = WhaleCurve::new(profits);
            assert_eq!((curve.stobachoff(), curve.area(), curve.top(20, 100).2), (None, None, None));
            assert_eq!(curve.value_destroyed(), curve.peak_profit() - curve.total());
        }
    }
}
