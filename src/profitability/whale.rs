//! The whale curve: cumulative profit of customers from the best to the worst (Kaplan & Narayanan).

use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

/// A whale curve in numbers: the points that are published, and sums over all of them.
#[derive(Debug, Clone)]
pub(crate) struct WhaleCurve {
    customers: usize,
    /// Cumulative profit of the best ⌈N·k/1000⌉ customers, by k.
    per_mille: Vec<i128>,
    /// The smallest number of customers at which the cumulative profit is highest, and that profit.
    peak: (usize, i128),
    /// Customers whose profit is above 0.
    profitable: usize,
    /// Σ over k < N of the cumulative profit of the best k.
    inner: i128,
}

/// A point that is published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// None at the peak.
    pub(crate) per_mille: Option<usize>,
    pub(crate) customers: usize,
    /// Of these customers.
    pub(crate) profit: i128,
    /// Of the total; none if that is not above 0.
    pub(crate) share: Option<f64>,
}

/// A whale curve while profits come in, from the highest on.
#[derive(Debug)]
pub(crate) struct WhaleCurveBuilder {
    curve: WhaleCurve,
    /// Customers so far.
    met: usize,
    cumulative: i128,
}

impl WhaleCurveBuilder {
    /// Of so many customers.
    pub(crate) fn new(customers: usize) -> Self {
        let per_mille = Vec::with_capacity(PER_MILLE + 1);
        let curve = WhaleCurve { customers, per_mille, peak: (0, 0), profitable: 0, inner: 0 };
        let mut builder = Self { curve, met: 0, cumulative: 0 };
        builder.note_points();
        builder
    }

    /// The next customer's profit, at most that of the one before.
    pub(crate) fn add(&mut self, profit: i64) {
        self.curve.inner += self.cumulative;
        self.cumulative += i128::from(profit);
        self.met += 1;
        self.curve.profitable += usize::from(profit > 0);
        if self.cumulative > self.curve.peak.1 {
            self.curve.peak = (self.met, self.cumulative);
        }
        self.note_points();
    }

    fn note_points(&mut self) {
        let customers = self.curve.customers;
        while self.curve.per_mille.len() <= PER_MILLE
            && (customers * self.curve.per_mille.len()).div_ceil(PER_MILLE) == self.met
        {
            self.curve.per_mille.push(self.cumulative);
        }
    }

    pub(crate) fn finish(self) -> WhaleCurve {
        assert_eq!(self.met, self.curve.customers, "a profit of every customer");
        self.curve
    }
}

/// Points of the curve, apart from its start and its peak.
const PER_MILLE: usize = 1000;

/// Customer profit outside the curve: with it, the curve closes at the profit of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rest {
    /// Of prospects, who neither bought nor returned.
    pub(crate) prospects: i128,
    /// Of the unidentified cost object.
    pub(crate) unidentified: i128,
}

/// Shares of the customers whose share of profit is published, in per cent.
const TOP_SHARES: [usize; 4] = [1, 5, 10, 20];

impl WhaleCurve {
    /// How many customers.
    pub(crate) fn customers(&self) -> usize {
        self.customers
    }

    /// How many have a profit above 0.
    pub(crate) fn profitable(&self) -> usize {
        self.profitable
    }

    /// The fewest with the highest cumulative profit.
    pub(crate) fn peak_customers(&self) -> usize {
        self.peak.0
    }

    /// Profit of all of them.
    pub(crate) fn total(&self) -> i128 {
        self.per_mille[PER_MILLE]
    }

    /// Profit at the peak.
    pub(crate) fn peak_profit(&self) -> i128 {
        self.peak.1
    }

    /// What the customers beyond the peak cost.
    pub(crate) fn value_destroyed(&self) -> i128 {
        self.peak_profit() - self.total()
    }

    /// The best ⌈N·k/1000⌉ customers, their profit, and its share of the total; no share of a total ≤ 0.
    pub(crate) fn top(&self, per_mille: usize) -> (usize, i128, Option<f64>) {
        let customers = (self.customers * per_mille).div_ceil(PER_MILLE);
        let profit = self.per_mille[per_mille];
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
        let under = 2 * self.inner + self.total();
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

    /// Points of the curve: those of every per mille, and the peak.
    pub(crate) fn points(&self) -> Vec<Point> {
        let mut points = Vec::with_capacity(PER_MILLE + 2);
        for per_mille in 0..=PER_MILLE {
            let (customers, profit, share) = self.top(per_mille);
            points.push(Point { per_mille: Some(per_mille), customers, profit, share });
        }
        let (customers, profit) = self.peak;
        points.push(Point { per_mille: None, customers, profit, share: self.share(profit) });
        points
    }

    /// `whale_curve`.
    pub(crate) fn sheet(&self, format: TableFormat<'_>) -> Sheet {
        let points = self.points();
        let mut draft = format.draft("whale_curve", "point of the curve", None, &points);
        draft.as_of();
        draft.count("per_mille", "‰", "Best customers; null at the peak", |point| point.per_mille);
        draft.count("customers", "customers", "How many, rounded up", |point| point.customers);
        let meaning = "Customer profit of these customers over life";
        draft.total("cumulative_profit", meaning, |point| point.profit);
        let meaning = "Of all customers' profit; null if that is not above 0";
        draft.float("share_of_total", "1", meaning, |point| point.share);
        draft.finish()
    }

    /// The curve in one row.
    pub(crate) fn summary(&self, format: TableFormat<'_>, rest: &Rest) -> Sheet {
        let row = [*rest];
        let mut draft = format.draft("whale_summary", "whale curve", None, &row);
        draft.as_of();
        let meaning = "Customers with a sale line or a return line";
        draft.count("customers", "customers", meaning, |_| self.customers);
        let meaning = "Those whose profit is above 0";
        draft.count("profitable_customers", "customers", meaning, |_| self.profitable);
        let meaning = "The fewest customers with the highest cumulative profit";
        draft.count("peak_customers", "customers", meaning, |_| self.peak.0);
        draft.total("total_profit", "Customer profit of all of them", |_| self.total());
        draft.total("peak_profit", "Highest cumulative profit", |_| self.peak_profit());
        draft.total("value_destroyed", "Peak profit − total profit", |_| self.value_destroyed());
        let meaning = "Customer profit of prospects, who are not in the curve";
        draft.total("prospect_profit", meaning, |rest| rest.prospects);
        let meaning = "Customer profit of rows without customer, likewise";
        draft.total("unidentified_profit", meaning, |rest| rest.unidentified);
        let meaning =
            "Of all rows of the table customer: total profit + prospect profit + unidentified profit";
        draft.total("customer_profit", meaning, |rest| self.total() + rest.prospects + rest.unidentified);
        for per_cent in TOP_SHARES {
            let meaning = format!("Share of total profit of the best {per_cent} % of customers, rounded up");
            draft.float(format!("top_{per_cent}_share"), "1", meaning, |_| self.top(10 * per_cent).2);
        }
        let meaning = "Peak profit over total profit";
        draft.float("peak_share", "1", meaning, |_| self.share(self.peak_profit()));
        draft.float("area_under_curve", "1", "Area under the normalised curve, S", |_| self.area());
        draft.float("stobachoff", "1", "Stobachoff coefficient, (S − ½)/S", |_| self.stobachoff());
        draft.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(profits: &[i64]) -> WhaleCurve {
        let mut builder = WhaleCurveBuilder::new(profits.len());
        profits.iter().for_each(|profit| builder.add(*profit));
        builder.finish()
    }

    #[test]
    fn golden_g16_whale_curve() {
        let curve = curve(&[100, 60, 40, 20, 10, 5, 0, -15, -40, -80]);
        let tenths: Vec<i128> = (0..=10).map(|tenth| curve.top(100 * tenth).1).collect();
        assert_eq!(tenths, [0, 100, 160, 200, 220, 230, 235, 235, 220, 180, 100]);
        assert_eq!((curve.total(), curve.peak, curve.peak_profit()), (100, (6, 235), 235));
        assert_eq!((curve.value_destroyed(), curve.profitable), (135, 6));
        assert_eq!(curve.top(200), (2, 160, Some(1.6)));
        assert_eq!(curve.share(curve.peak_profit()), Some(2.35));
        assert_eq!(curve.areas(), (2660, 3660));
        assert_eq!(curve.area(), Some(1.83));
        assert_eq!(curve.stobachoff(), Some(133.0 / 183.0));
    }

    #[test]
    fn top_shares_round_customers_up() {
        let curve = curve(&[5, 4, 3]);
        for (per_mille, customers) in [(0, 0), (1, 1), (333, 1), (334, 2), (667, 3), (1000, 3)] {
            assert_eq!(curve.top(per_mille).0, customers, "{per_mille}");
        }
        assert_eq!(curve.top(1000).1, 12);
    }

    #[test]
    fn more_customers_than_points_are_met_at_their_places() {
        let profits: Vec<i64> = (0..2_345).rev().collect();
        let curve = curve(&profits);
        for per_mille in 0..=PER_MILLE {
            let (customers, profit, _) = curve.top(per_mille);
            assert_eq!(profit, profits[..customers].iter().map(|profit| i128::from(*profit)).sum::<i128>());
        }
    }

    #[test]
    fn equal_customers_have_a_straight_curve() {
        assert_eq!(curve(&[7; 9]).stobachoff(), Some(0.0));
    }

    #[test]
    fn a_total_that_is_not_above_zero_has_no_shares() {
        for profits in [&[][..], &[0], &[5, -5], &[1, -9]] {
            let curve = curve(profits);
            assert_eq!((curve.stobachoff(), curve.area(), curve.top(200).2), (None, None, None));
            assert_eq!(curve.value_destroyed(), curve.peak_profit() - curve.total());
        }
    }
}
