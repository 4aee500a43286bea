//! The days customers let pass between purchases: their own gaps, and what to expect of one whose gaps are few.
//!
//! Gamma–Poisson: a customer buys at a rate λ per day, and rates are gamma distributed over the customers with shape r
//! and rate α. Of x gaps that add up to t days the likelihood is Γ(r+x)/Γ(r) · αʳ/(α+t)^(r+x) up to a factor without
//! r and α (A. S. C. Ehrenberg, "The pattern of consumer purchases", Applied Statistics 8 (1959), with the exposure
//! ending at the last purchase, since what follows it may be the end of the relationship). The rate to expect is
//! (r+x)/(α+t), so the gap to expect is (α+t)/(r+x): the customer's own mean gap when x is large, α/r when x = 0.

use crate::customers::days::Seen;

/// Purchase histories counted by what the likelihood needs of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct GapCounts {
    /// Customers with more than j gaps, at j.
    more_than: Vec<u64>,
    /// Customers with a gap, and all their gaps, by the days these add up to.
    by_days: Vec<(u64, u64)>,
}

impl GapCounts {
    /// Counts one customer.
    pub(crate) fn add(&mut self, seen: &Seen) {
        let gaps = seen.repeats() as usize;
        if gaps == 0 {
            return;
        }
        let days = usize::try_from(seen.relationship()).expect("the last purchase is not before the first");
        grow(&mut self.more_than, gaps);
        grow(&mut self.by_days, days + 1);
        // Differences while counting; `finish` adds them up.
        self.more_than[gaps - 1] += 1;
        self.by_days[days].0 += 1;
        self.by_days[days].1 += gaps as u64;
    }

    /// Counts the customers of both.
    pub(crate) fn merge(&mut self, other: &Self) {
        grow(&mut self.more_than, other.more_than.len());
        grow(&mut self.by_days, other.by_days.len());
        self.more_than.iter_mut().zip(&other.more_than).for_each(|(sum, more)| *sum += more);
        for (sum, more) in self.by_days.iter_mut().zip(&other.by_days) {
            *sum = (sum.0 + more.0, sum.1 + more.1);
        }
    }

    /// The rhythm of the base; none if nobody bought twice.
    pub(crate) fn fit(mut self) -> Option<Rhythm> {
        let mut more = 0;
        for count in self.more_than.iter_mut().rev() {
            more += *count;
            *count = more;
        }
        (more > 0).then(|| Likelihood::new(&self).maximum())
    }
}

fn grow<T: Clone + Default>(values: &mut Vec<T>, length: usize) {
    if values.len() < length {
        values.resize(length, T::default());
    }
}

/// How rates are distributed over the base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rhythm {
    /// r: large when customers are alike.
    pub(crate) shape: f64,
    /// α, in days.
    pub(crate) rate_days: f64,
}

impl Rhythm {
    /// Days to expect between purchases of a customer; at least 1.
    pub(crate) fn expected_gap_days(&self, seen: &Seen) -> f64 {
        let days = self.rate_days + f64::from(seen.relationship());
        (days / (self.shape + f64::from(seen.repeats()))).max(1.0)
    }
}

/// The shapes tried. Beyond the largest, customers are alike for any purpose.
const LEAST_SHAPE: f64 = 1e-3;
const MOST_SHAPE: f64 = 1e4;

/// Halvings of an interval of logarithms: to 12 digits.
const HALVINGS: usize = 48;

/// The counts as the derivatives need them.
struct Likelihood<'c> {
    more_than: &'c [u64],
    /// Days, customers, gaps.
    by_days: Vec<(f64, f64, f64)>,
    customers: f64,
    days: f64,
    gaps: f64,
}

impl<'c> Likelihood<'c> {
    fn new(counts: &'c GapCounts) -> Self {
        let rows = counts.by_days.iter().enumerate().filter(|(_, (customers, _))| *customers > 0);
        let by_days: Vec<(f64, f64, f64)> =
            rows.map(|(days, (customers, gaps))| (days as f64, *customers as f64, *gaps as f64)).collect();
        Self {
            more_than: &counts.more_than,
            customers: by_days.iter().map(|row| row.1).sum(),
            days: by_days.iter().map(|row| row.0 * row.1).sum(),
            gaps: by_days.iter().map(|row| row.2).sum(),
            by_days,
        }
    }

    /// Where the likelihood is highest: by shape, with the best rate for each.
    fn maximum(&self) -> Rhythm {
        let slope = |shape: f64| self.slope_in_shape(shape, self.best_rate(shape));
        let shape = root(LEAST_SHAPE, MOST_SHAPE, slope);
        Rhythm { shape, rate_days: self.best_rate(shape) }
    }

    /// ∂ ln L / ∂r = Σ_j N(x > j)/(r+j) + Σ ln(α/(α+t)).
    fn slope_in_shape(&self, shape: f64, rate: f64) -> f64 {
        let counts = self.more_than.iter().enumerate();
        let rising: f64 = counts.map(|(j, customers)| *customers as f64 / (shape + j as f64)).sum();
        let falling: f64 =
            self.by_days.iter().map(|(days, customers, _)| customers * (days / rate).ln_1p()).sum();
        rising - falling
    }

    /// The root of ∂ ln L / ∂α = N r/α − Σ (r+x)/(α+t); times α it falls all the way. Sought within six decades of
    /// where it lies when all customers are alike.
    fn best_rate(&self, shape: f64) -> f64 {
        let slope = |rate: f64| {
            let rows = self.by_days.iter();
            let expected: f64 =
                rows.map(|(days, customers, gaps)| (shape * customers + gaps) / (rate + days)).sum();
            self.customers * shape - rate * expected
        };
        let scale = shape * self.days / self.gaps;
        root(scale * 1e-6, scale * 1e6, slope)
    }
}

/// Where a function that falls from positive to negative is 0, sought between logarithms; the nearer end if it does not.
fn root(least: f64, most: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (least.ln(), most.ln());
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if of(middle.exp()) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high).exp()
}

/// A customer's own gaps.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Gaps {
    /// None without a gap.
    pub(crate) mean_days: Option<f64>,
    /// The middle one, or the mean of the two in the middle.
    pub(crate) median_days: Option<f64>,
    /// Sample standard deviation; none below two gaps.
    pub(crate) sd_days: Option<f64>,
}

impl Gaps {
    /// Of the gaps between these days, ascending. `gaps` is room for them.
    pub(crate) fn between(mut days: impl Iterator<Item = i32>, gaps: &mut Vec<i32>) -> Self {
        gaps.clear();
        let Some(mut last) = days.next() else { return Self::default() };
        for day in days {
            gaps.push(day - last);
            last = day;
        }
        Self { mean_days: mean(gaps), sd_days: sd(gaps), median_days: median(gaps) }
    }
}

fn mean(gaps: &[i32]) -> Option<f64> {
    let sum: i64 = gaps.iter().map(|gap| i64::from(*gap)).sum();
    (!gaps.is_empty()).then(|| sum as f64 / gaps.len() as f64)
}

/// √((n Σg² − (Σg)²) / (n (n − 1))), exact up to the root.
fn sd(gaps: &[i32]) -> Option<f64> {
    let n = gaps.len() as i128;
    let sum: i128 = gaps.iter().map(|gap| i128::from(*gap)).sum();
    let squares: i128 = gaps.iter().map(|gap| i128::from(*gap).pow(2)).sum();
    (n > 1).then(|| ((n * squares - sum * sum) as f64 / (n * (n - 1)) as f64).sqrt())
}

/// Leaves the gaps in another order.
fn median(gaps: &mut [i32]) -> Option<f64> {
    if gaps.is_empty() {
        return None;
    }
    let middle = gaps.len() / 2;
    let is_even = gaps.len().is_multiple_of(2);
    let (below, upper, _) = gaps.select_nth_unstable(middle);
    let lower = if is_even { below.iter().max().copied().unwrap_or(*upper) } else { *upper };
    Some(f64::midpoint(f64::from(lower), f64::from(*upper)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buyer(purchases: u32, days: i32) -> Seen {
        Seen { first: 0, last: days, purchases, returned: None }
    }

    fn fit(buyers: &[(u32, i32)]) -> Option<Rhythm> {
        let mut counts = GapCounts::default();
        buyers.iter().for_each(|(purchases, days)| counts.add(&buyer(*purchases, *days)));
        counts.fit()
    }

    #[test]
    fn gaps_have_mean_median_and_sd() {
        let gaps = |days: &[i32]| Gaps::between(days.iter().copied(), &mut Vec::new());
        assert_eq!(gaps(&[]), Gaps::default());
        assert_eq!(gaps(&[7]), Gaps::default());
        let found = gaps(&[0, 10]);
        assert_eq!((found.mean_days, found.median_days, found.sd_days), (Some(10.0), Some(10.0), None));
        // 2, 4, 4, 6: mean 4, variance 8/3.
        let found = gaps(&[0, 4, 6, 12, 16]);
        assert_eq!((found.mean_days, found.median_days), (Some(4.0), Some(4.0)));
        assert!((found.sd_days.unwrap() - (8.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(gaps(&[0, 1, 3, 10]).median_days, Some(2.0));
    }

    #[test]
    fn nobody_repeats_so_there_is_no_rhythm() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(1, 0), (1, 0)]), None);
    }

    #[test]
    fn everybody_daily_means_tomorrow() {
        let rhythm = fit(&[(30, 29), (60, 59), (1, 0)]).unwrap();
        assert!((rhythm.expected_gap_days(&buyer(1, 0)) - 1.0).abs() < 1e-3, "{rhythm:?}");
        assert!((rhythm.expected_gap_days(&buyer(60, 59)) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn one_customer_is_expected_in_its_own_rhythm() {
        let rhythm = fit(&[(4, 90)]).unwrap();
        assert!((rhythm.expected_gap_days(&buyer(4, 90)) - 30.0).abs() < 0.1, "{rhythm:?}");
    }

    #[test]
    fn few_gaps_are_shrunken_to_the_base_and_many_are_not() {
        let rhythm = fit(&[(11, 100), (11, 100), (11, 400), (11, 400), (3, 60), (2, 30)]).unwrap();
        let base = rhythm.expected_gap_days(&buyer(1, 0));
        assert!(base > 10.0 && base < 40.0, "{rhythm:?}");
        let few = rhythm.expected_gap_days(&buyer(2, 100));
        assert!(few > base && few < 100.0, "{few}");
        let many = rhythm.expected_gap_days(&buyer(101, 10_000));
        assert!((many - 100.0).abs() < 3.0, "{many}");
    }

    #[test]
    fn the_fit_is_where_both_slopes_vanish() {
        let mut counts = GapCounts::default();
        for (purchases, days) in [(2, 3), (2, 50), (3, 20), (5, 200), (9, 60), (20, 300), (2, 200)] {
            counts.add(&buyer(purchases, days));
        }
        let rhythm = counts.clone().fit().unwrap();
        let likelihood = |r: f64, a: f64| -> f64 {
            [(1, 3), (1, 50), (2, 20), (4, 200), (8, 60), (19, 300), (1, 200)]
                .iter()
                .map(|&(x, t)| {
                    let rising: f64 = (0..x).map(|j| (r + f64::from(j)).ln()).sum();
                    rising + r * a.ln() - (r + f64::from(x)) * (a + f64::from(t)).ln()
                })
                .sum()
        };
        let best = likelihood(rhythm.shape, rhythm.rate_days);
        for (shape, rate) in [(1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.05, 1.05), (0.9, 0.9)] {
            assert!(likelihood(rhythm.shape * shape, rhythm.rate_days * rate) < best, "{rhythm:?}");
        }
    }

    #[test]
    fn counts_merge() {
        let (mut one, mut other, mut both) =
            (GapCounts::default(), GapCounts::default(), GapCounts::default());
        for (counts, purchases, days) in [(&mut one, 3, 9), (&mut other, 8, 70)] {
            counts.add(&buyer(purchases, days));
            both.add(&buyer(purchases, days));
        }
        one.merge(&other);
        assert_eq!(one.fit(), both.fit());
    }
}
