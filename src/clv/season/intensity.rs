//! Log-linear intensity of purchases, s(t)·exp(γ'x(t)): its likelihood, given the first and the last purchase of customers.
//!
//! ln L = Σ over purchases ln w − Σ over spans (x − 1) ln (τ(last) − τ(first)), where w is the weight of a day and τ their sum,
//! see [`super::activity`]. Its derivative by a parameter is what purchases have of it less what they are expected to have,
//! those of a span lying on its days in proportion to w; its information is Σ n·(E uu' − E u·E u'), with u the indicator of
//! the day's season and its factors. With F the running sums of w·u over days, E u of a span is (F(end) − F(start))/Δτ: the
//! products are multiplied out, so that there is one for each day, and one vector for each span.

use super::activity::Activity;
use crate::math::newton::{Derivatives, Matrix};

/// What parameters are: logarithms of the indices of seasons first, where there are any, then coefficients of columns.
pub(super) struct Intensity<'a> {
    pub(super) activity: &'a Activity,
    /// By day.
    pub(super) season_of: &'a [usize],
    /// 0 where seasons are not told apart.
    pub(super) seasons: usize,
    /// By factor, by day.
    pub(super) columns: Vec<&'a [f64]>,
}

/// Running sums over days, by parameter.
struct Running {
    width: usize,
    /// Day by day, from 0 before the first.
    sums: Vec<f64>,
}

impl Running {
    fn at(&self, day: usize) -> &[f64] {
        &self.sums[day * self.width..][..self.width]
    }
}

impl Intensity<'_> {
    /// How many there are.
    pub(super) fn parameters(&self) -> usize {
        self.seasons + self.columns.len()
    }

    /// Purchases in all.
    pub(super) fn purchases(&self) -> f64 {
        self.activity.purchases.iter().map(|of_day| float(*of_day)).sum()
    }

    /// Purchases of each season.
    pub(super) fn purchases_of_seasons(&self) -> Vec<u64> {
        let mut sums = vec![0; self.seasons];
        if self.seasons > 0 {
            let days = self.season_of.iter().zip(&self.activity.purchases);
            days.for_each(|(season, of_day)| sums[*season] += of_day);
        }
        sums
    }

    /// The log-likelihood, but for what no parameter moves.
    pub(super) fn derivatives(&self, parameters: &[f64]) -> Derivatives {
        let logs = self.logs(parameters);
        let weights: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        let time = running(&weights);
        let expected = self.expected_by(&weights, &time);
        let came = &self.activity.purchases;
        let gained: f64 = came.iter().zip(&logs).map(|(came, log)| float(*came) * log).sum();
        let spans = self.activity.spans.iter();
        let spent = spans.map(|span| {
            let days = span.days();
            float(span.purchases) * (time[days.end] - time[days.start]).ln()
        });
        let value = gained - spent.sum::<f64>();
        let size = self.parameters();
        let (mut gradient, mut information) = (vec![0.0; size], vec![vec![0.0; size]; size]);
        for (day, (came, expected)) in came.iter().zip(&expected).enumerate() {
            for (row, of_row) in self.traits(day) {
                gradient[row] += (float(*came) - expected) * of_row;
                for (column, of_column) in self.traits(day) {
                    information[row][column] += expected * of_row * of_column;
                }
            }
        }
        self.take_means(&mut information, &weights, &time);
        Derivatives { value, gradient, hessian: negative(information) }
    }

    /// Purchases expected of each day.
    pub(super) fn expected(&self, parameters: &[f64]) -> Vec<f64> {
        let weights: Vec<f64> = self.logs(parameters).iter().map(|log| log.exp()).collect();
        self.expected_by(&weights, &running(&weights))
    }

    /// Pearson's χ² over its degrees of freedom, at least 1: of days in a row of one part of the year that have the same values,
    /// or that are as many as a purchase takes.
    pub(super) fn dispersion(&self, parameters: &[f64], part_of_year: &[usize], estimated: usize) -> f64 {
        let expected = self.expected(parameters);
        let has_same = |day: usize| self.columns.iter().all(|column| column[day - 1] == column[day]);
        let (mut sum, mut cells, mut from) = (0.0, 0_usize, 0);
        for day in 1..=expected.len() {
            let of_cell: f64 = expected[from..day].iter().sum();
            let is_within = day < expected.len() && part_of_year[day - 1] == part_of_year[day];
            if is_within && (has_same(day) || of_cell < 1.0) {
                continue;
            }
            let came: u64 = self.activity.purchases[from..day].iter().sum();
            if of_cell >= 1.0 {
                sum += (float(came) - of_cell).powi(2) / of_cell;
                cells += 1;
            }
            from = day;
        }
        match cells.saturating_sub(estimated) {
            0 => 1.0,
            free => (sum / free as f64).max(1.0),
        }
    }

    /// Logarithm of each day's weight.
    fn logs(&self, parameters: &[f64]) -> Vec<f64> {
        let log = |day| -> f64 { self.traits(day).map(|(at, of_day)| parameters[at] * of_day).sum() };
        (0..self.season_of.len()).map(log).collect()
    }

    /// u: the parameters that a day's weight has, and how much of each.
    fn traits(&self, day: usize) -> impl Iterator<Item = (usize, f64)> {
        let season = (self.seasons > 0).then(|| (self.season_of[day], 1.0));
        let factors = self.columns.iter().enumerate();
        season.into_iter().chain(factors.map(move |(place, column)| (self.seasons + place, column[day])))
    }

    fn expected_by(&self, weights: &[f64], time: &[f64]) -> Vec<f64> {
        let mut change = vec![0.0; weights.len() + 1];
        for span in &self.activity.spans {
            let days = span.days();
            let rate = float(span.purchases) / (time[days.end] - time[days.start]);
            change[days.start] += rate;
            change[days.end] -= rate;
        }
        let mut rate = 0.0;
        let of_day = |(weight, change): (&f64, &f64)| {
            rate += change;
            rate * weight
        };
        weights.iter().zip(&change).map(of_day).collect()
    }

    /// Takes n·E u·E u' of every span off.
    fn take_means(&self, information: &mut Matrix, weights: &[f64], time: &[f64]) {
        let sums = self.running_traits(weights);
        let mut of_ends = vec![0.0; time.len()];
        for group in self.activity.spans.chunk_by(|left, right| left.first == right.first) {
            let start = group[0].days().start;
            let (mut of_start, mut cross) = (0.0, vec![0.0; sums.width]);
            for span in group {
                let end = span.days().end;
                let each = float(span.purchases) / (time[end] - time[start]).powi(2);
                of_start += each;
                of_ends[end] += each;
                cross.iter_mut().zip(sums.at(end)).for_each(|(cross, sum)| *cross += each * sum);
            }
            let first = sums.at(start);
            add(information, |row, column| {
                first[row] * cross[column] + cross[row] * first[column]
                    - of_start * first[row] * first[column]
            });
        }
        for (end, each) in of_ends.iter().enumerate().filter(|(_, each)| **each > 0.0) {
            let last = sums.at(end);
            add(information, |row, column| -each * (last[row] * last[column]));
        }
    }

    fn running_traits(&self, weights: &[f64]) -> Running {
        let width = self.parameters();
        let mut sums = vec![0.0; (weights.len() + 1) * width];
        for (day, weight) in weights.iter().enumerate() {
            let (before, after) = sums[day * width..].split_at_mut(width);
            after[..width].copy_from_slice(before);
            self.traits(day).for_each(|(parameter, of_day)| after[parameter] += weight * of_day);
        }
        Running { width, sums }
    }
}

/// Sums of all before each, and of all.
fn running(values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    values.iter().for_each(|value| sums.push(sums[sums.len() - 1] + value));
    sums
}

fn add(matrix: &mut Matrix, entry: impl Fn(usize, usize) -> f64) {
    for (row, entries) in matrix.iter_mut().enumerate() {
        entries.iter_mut().enumerate().for_each(|(column, sum)| *sum += entry(row, column));
    }
}

fn negative(mut matrix: Matrix) -> Matrix {
    matrix.iter_mut().flatten().for_each(|entry| *entry = -*entry);
    matrix
}

#[expect(clippy::cast_precision_loss, reason = "2^53 purchases are more than there are")]
fn float(purchases: u64) -> f64 {
    purchases as f64
}

#[cfg(test)]
mod tests {
    use super::super::activity::ActiveSpan;
    use super::*;

    /// Spans of days 1 to 3 and 1 to 6 with 2 and 3 purchases, and of days 3 to 6 with 1.
    fn activity() -> Activity {
        let span = |first, last, purchases| ActiveSpan { first, last, purchases };
        let spans = vec![span(0, 4, 2), span(0, 7, 3), span(2, 7, 1)];
        Activity { purchases: vec![0, 1, 2, 1, 0, 1, 1, 0], spans }
    }

    /// Σ n·(E uu' − E u·E u') span by span, and the gradient, as they are defined.
    fn by_definition(intensity: &Intensity<'_>, parameters: &[f64]) -> (f64, Vec<f64>, Matrix) {
        let size = intensity.parameters();
        let weight =
            |day| -> f64 { intensity.traits(day).map(|(at, of)| parameters[at] * of).sum::<f64>().exp() };
        let of = |day, parameter| -> f64 {
            intensity.traits(day).filter(|(at, _)| *at == parameter).map(|(_, of)| of).sum()
        };
        let (mut value, mut gradient, mut hessian) = (0.0, vec![0.0; size], vec![vec![0.0; size]; size]);
        for (day, came) in intensity.activity.purchases.iter().enumerate() {
            value += float(*came) * weight(day).ln();
            (0..size).for_each(|row| gradient[row] += float(*came) * of(day, row));
        }
        for span in &intensity.activity.spans {
            let (n, sum) = (float(span.purchases), span.days().map(weight).sum::<f64>());
            let mean =
                |f: &dyn Fn(usize) -> f64| span.days().map(|day| weight(day) * f(day)).sum::<f64>() / sum;
            value -= n * sum.ln();
            let means: Vec<f64> = (0..size).map(|row| mean(&|day| of(day, row))).collect();
            for (row, of_row) in hessian.iter_mut().enumerate() {
                gradient[row] -= n * means[row];
                for (column, entry) in of_row.iter_mut().enumerate() {
                    let both = mean(&|day| of(day, row) * of(day, column));
                    *entry -= n * (both - means[row] * means[column]);
                }
            }
        }
        (value, gradient, hessian)
    }

    #[test]
    fn derivatives_are_those_of_the_definition() {
        let activity = activity();
        let columns =
            [vec![0.2, -0.4, 0.6, 0.1, 0.0, -0.3, 0.5, 0.0], vec![0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]];
        let season_of = [0, 0, 1, 1, 1, 2, 2, 0];
        for (seasons, parameters) in [(0, vec![0.3, -0.7]), (3, vec![0.1, -0.2, 0.4, 0.3, -0.7])] {
            let columns: Vec<&[f64]> = columns.iter().map(|column| &column[..]).collect();
            let intensity = Intensity { activity: &activity, season_of: &season_of, seasons, columns };
            let found = intensity.derivatives(&parameters);
            let (value, gradient, hessian) = by_definition(&intensity, &parameters);
            assert!((found.value - value).abs() < 1e-12, "{} {value}", found.value);
            let pairs = found.gradient.iter().zip(&gradient);
            let pairs = pairs.chain(found.hessian.iter().flatten().zip(hessian.iter().flatten()));
            for (found, expected) in pairs {
                assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
            }
        }
    }

    #[test]
    fn dispersion_by_hand() {
        let activity = Activity { purchases: vec![0, 3, 2, 0, 0, 1, 0, 0], ..activity() };
        let values = [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let intensity =
            Intensity { activity: &activity, season_of: &[0; 8], seasons: 0, columns: vec![&values[..]] };
        // By day: 2/3 + 3/6 on days 1 and 2, + 1/4 on day 3, 3/6 + 1/4 on days 4 to 6.
        let expected = intensity.expected(&[0.0]);
        let by_hand = [0.0, 7.0 / 6.0, 7.0 / 6.0, 17.0 / 12.0, 0.75, 0.75, 0.75, 0.0];
        for (found, by_hand) in expected.iter().zip(by_hand) {
            assert!((found - by_hand).abs() < 1e-12, "{expected:?}");
        }
        // Days 1 and 2 have 5 purchases for 7/3, days 3 and 4 none for 13/6, days 5 and 6 one for 3/2: 64/21 + 13/6 + 1/6.
        let found = intensity.dispersion(&[0.0], &[0, 0, 0, 0, 0, 1, 1, 1], 1);
        assert!((found - 113.0 / 42.0).abs() < 1e-12, "{found}");
        assert_eq!(intensity.dispersion(&[0.0], &[0; 8], 3), 1.0, "no degree of freedom");
    }
}
