//! Contextual factors as columns of a design: centred, in units of their range, without those that the days of a history do
//! not tell apart.

use crate::clv::contextual_factors::ContextualFactors;
use crate::units::Day;

/// Share of a column's length that must remain once its mean by season and the columns before it are taken off.
const LEAST_REMAINDER: f64 = 1e-8;

/// Why the coefficient of a factor is not estimated, or only in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactorReason {
    /// The same value on all days.
    Constant,
    /// It follows from factors before it, or from the seasons.
    Dependent,
    /// The likelihood has its maximum at infinity.
    Unbounded,
}

impl FactorReason {
    /// For the column `reason`, and for a person.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Constant => "it is left out, for it has the same value on all days of the history seen",
            Self::Dependent => {
                "it is left out, for it follows from the factors before it, or from the seasons, on all days of the history \
                 seen"
            }
            Self::Unbounded => {
                "there are next to no purchases at one end of its values: that end is held at 1/1000 of the rate at the other"
            }
        }
    }
}

/// A factor that is estimated.
pub(super) struct Column {
    /// Its place among the factors.
    pub(super) factor: usize,
    mean: f64,
    /// From the smallest to the largest value.
    pub(super) range: f64,
    /// By day of the history seen: the distance from the mean, in ranges.
    pub(super) values: Vec<f64>,
}

/// What is estimated of the factors.
pub(super) struct FactorDesign {
    pub(super) columns: Vec<Column>,
    /// By factor.
    pub(super) left_out: Vec<Option<FactorReason>>,
}

impl FactorDesign {
    /// Of the days before a date, each in its season.
    pub(super) fn new(factors: &ContextualFactors, date: Day, season_of: &[usize]) -> Self {
        let (mut columns, mut left_out, mut basis) = (Vec::new(), Vec::new(), Vec::new());
        for factor in 0..factors.names().len() {
            let Some(column) = Column::new(factor, factors.before(factor, date)) else {
                left_out.push(Some(FactorReason::Constant));
                continue;
            };
            let rest = remainder(&column.values, season_of, &basis);
            left_out.push(rest.is_none().then_some(FactorReason::Dependent));
            if let Some(rest) = rest {
                basis.push(rest);
                columns.push(column);
            }
        }
        Self { columns, left_out }
    }

    /// Speed of every known day relative to one of mean values, by the coefficients of the columns.
    pub(super) fn speeds(&self, factors: &ContextualFactors, coefficients: &[f64]) -> Vec<f64> {
        let days = factors.values(0).len();
        let log = |day: usize| -> f64 {
            let columns = self.columns.iter().zip(coefficients);
            columns.map(|(column, of)| of * column.scaled(factors.values(column.factor)[day])).sum()
        };
        (0..days).map(|day| log(day).exp()).collect()
    }
}

impl Column {
    /// None where all values are the same.
    fn new(factor: usize, values: &[f64]) -> Option<Self> {
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if smallest >= largest {
            return None;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let mut column = Self { factor, mean, range: largest - smallest, values: Vec::new() };
        column.values = values.iter().map(|value| column.scaled(*value)).collect();
        Some(column)
    }

    fn scaled(&self, value: f64) -> f64 {
        (value - self.mean) / self.range
    }
}

/// What is left of a column once its mean in each season and its projections on the columns before are taken off, of length
/// 1 (modified Gram–Schmidt, twice for rounding); none where that is nothing.
fn remainder(values: &[f64], season_of: &[usize], basis: &[Vec<f64>]) -> Option<Vec<f64>> {
    let mut rest = values.to_vec();
    for _ in 0..2 {
        let mut means = vec![(0.0, 0.0); season_of.iter().max().map_or(0, |last| last + 1)];
        for (value, season) in rest.iter().zip(season_of) {
            means[*season].0 += value;
            means[*season].1 += 1.0;
        }
        rest.iter_mut()
            .zip(season_of)
            .for_each(|(value, season)| *value -= means[*season].0 / means[*season].1);
        for before in basis {
            let part: f64 = rest.iter().zip(before).map(|(value, before)| value * before).sum();
            rest.iter_mut().zip(before).for_each(|(value, before)| *value -= part * before);
        }
    }
    let length = length(&rest);
    if length <= LEAST_REMAINDER * self::length(values) {
        return None;
    }
    rest.iter_mut().for_each(|value| *value /= length);
    Some(rest)
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(values: Vec<Vec<f64>>, season_of: &[usize]) -> FactorDesign {
        let end = Day(i32::try_from(season_of.len()).unwrap());
        FactorDesign::new(&ContextualFactors::of_days(Day(0), values), end, season_of)
    }

    #[test]
    fn columns_are_centred_and_in_units_of_their_range() {
        let found = design(vec![vec![100.0, 104.0, 102.0, 102.0, 110.0]], &[0; 4]);
        assert_eq!(found.columns[0].values, [-0.5, 0.5, 0.0, 0.0]);
        assert_eq!(found.columns[0].range, 4.0);
        let factors = ContextualFactors::of_days(Day(0), vec![vec![100.0, 104.0, 102.0, 102.0, 110.0]]);
        let speeds = found.speeds(&factors, &[2.0_f64.ln()]);
        assert!((speeds[4] - 4.0).abs() < 1e-12 && (speeds[0] - 0.5_f64.sqrt()).abs() < 1e-12, "{speeds:?}");
    }

    #[test]
    fn what_the_days_do_not_tell_apart_is_left_out() {
        let (constant, dependent) = (Some(FactorReason::Constant), Some(FactorReason::Dependent));
        let a = vec![0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
        let b = vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
        let both = a.iter().zip(&b).map(|(a, b)| 7.0 - 2.0 * a + 0.3 * b).collect();
        let found = design(vec![vec![2.0; 6], a.clone(), b, both, a], &[0; 6]);
        assert_eq!(found.left_out, [constant, None, None, dependent, dependent]);
        assert_eq!(found.columns.iter().map(|column| column.factor).collect::<Vec<_>>(), [1, 2]);
        // What differs from season to season alone is a season.
        let seasonal = vec![5.0, 5.0, 7.0, 7.0, 6.0, 6.0];
        assert_eq!(design(vec![seasonal.clone()], &[0, 0, 1, 1, 2, 2]).left_out, [dependent]);
        assert_eq!(design(vec![seasonal], &[0; 6]).left_out, [None]);
    }
}
