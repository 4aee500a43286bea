//! Driver volumes: Σ coefficient × aggregate, exact at one scale per activity.

use super::schema::VolumeFault;
use crate::error::{Error, Result};
use crate::facts::schema::AggregateColumn;
use crate::pipeline::{Definition, DriverDef, DriverPart, NegativeVolume};
use crate::units::{Decimal, Fixed18, magnitude_bits, pow10};
use arrow::buffer::ScalarBuffer;

/// How an activity's volume follows from the facts' aggregates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityDriver {
    /// (index of the aggregate column, integer factor at `scale`).
    pub terms: Vec<(usize, i64)>,
    /// Digits after the point of the volume: the fewest that keep every term exact.
    pub scale: u8,
}

impl ActivityDriver {
    /// Finds the aggregates of a driver among the facts' columns.
    ///
    /// # Errors
    /// When a coefficient leaves no room for the volume within 18 digits.
    pub fn resolve(definition: &Definition, driver: &DriverDef, columns: &[AggregateColumn]) -> Result<Self> {
        let mut found: Vec<(usize, Decimal)> = Vec::new();
        for part in &driver.parts {
            for (coefficient, aggregate) in &part.sql.driver.terms {
                let is_it =
                    |column: &AggregateColumn| column.source == part.on && column.aggregate == *aggregate;
                let missing = || {
                    Error::internal(format!("facts keep no column for '{aggregate}' of '{}'", part.sql.text))
                };
                let index = columns.iter().position(is_it).ok_or_else(missing)?;
                let too_fine = || too_fine(definition, part);
                let coefficient = times(*coefficient, part.factor).ok_or_else(too_fine)?;
                match found.iter_mut().find(|(known, _)| *known == index) {
                    Some((_, sum)) => *sum = plus(*sum, coefficient).ok_or_else(too_fine)?,
                    None => found.push((index, coefficient)),
                }
            }
        }
        let scales = found.iter().map(|(index, coefficient)| coefficient.scale + columns[*index].scale);
        let scale = scales.max().unwrap_or(0);
        let factor = |&(index, coefficient): &(usize, Decimal)| {
            let exponent = scale.checked_sub(columns[index].scale + coefficient.scale)?;
            let factor = coefficient.mantissa.checked_mul(pow10(exponent))?;
            Some((index, i64::try_from(factor).ok()?))
        };
        let terms = found.iter().map(factor).collect::<Option<Vec<_>>>().filter(|_| scale <= 18);
        Ok(Self { terms: terms.ok_or_else(|| too_fine(definition, &driver.parts[0]))?, scale })
    }

    /// The volume of every row; shares the aggregate's memory when it is the volume. `None` when a volume
    /// has more than 18 digits.
    pub fn volumes(&self, aggregates: &[ScalarBuffer<i64>], rows: usize) -> Option<ScalarBuffer<i64>> {
        if let [(index, 1)] = self.terms[..] {
            let column = &aggregates[index];
            return Fixed18::holds(column).then(|| column.clone());
        }
        let mut volumes = vec![0_i64; rows];
        let mut largest = 0_i128;
        for &(index, factor) in &self.terms {
            largest += i128::from(magnitude_bits(&aggregates[index])) * i128::from(factor.unsigned_abs());
        }
        if largest < i128::from(Fixed18::LIMIT) {
            for &(index, factor) in &self.terms {
                volumes.iter_mut().zip(&aggregates[index]).for_each(|(sum, value)| *sum += value * factor);
            }
            return Some(volumes.into());
        }
        for (row, volume) in volumes.iter_mut().enumerate() {
            let terms = self.terms.iter().map(|&(index, factor)| (aggregates[index][row], factor));
            let exact: i128 = terms.map(|(value, factor)| i128::from(value) * i128::from(factor)).sum();
            *volume = Fixed18::new(exact)?.get();
        }
        Some(volumes.into())
    }

    /// The volume of every row after the policy for negative volumes.
    ///
    /// # Errors
    /// A volume beyond 18 digits; a negative one where none is expected.
    pub fn charged_volumes(
        &self,
        negative: NegativeVolume,
        aggregates: &[ScalarBuffer<i64>],
        rows: usize,
    ) -> Result<ScalarBuffer<i64>, VolumeFault> {
        let volumes = self.volumes(aggregates, rows).ok_or(VolumeFault::TooLarge)?;
        let Some(row) = volumes.iter().position(|volume| *volume < 0) else { return Ok(volumes) };
        match negative {
            NegativeVolume::Error => Err(VolumeFault::Negative { row, volume: volumes[row] }),
            NegativeVolume::Signed => Ok(volumes),
            NegativeVolume::Absolute => Ok(volumes.iter().map(|volume| volume.abs()).collect()),
            NegativeVolume::Zero => Ok(volumes.iter().map(|volume| (*volume).max(0)).collect()),
        }
    }

    /// The same driver with a volume of more digits after the point; `None` when they leave 18 digits.
    pub(crate) fn at_scale(&self, scale: u8) -> Option<Self> {
        let finer = i64::try_from(pow10(scale.checked_sub(self.scale)?)).ok()?;
        let term = |&(index, factor): &(usize, i64)| Some((index, factor.checked_mul(finer)?));
        Some(Self { terms: self.terms.iter().map(term).collect::<Option<_>>()?, scale })
    }

    /// The volume of all customers together, from the aggregates' totals.
    pub fn total(&self, totals: &[i128]) -> i128 {
        self.terms.iter().map(|&(index, factor)| totals[index] * i128::from(factor)).sum()
    }
}

pub(super) fn too_fine(definition: &Definition, part: &DriverPart) -> Error {
    let place = definition.place(part.sql.at);
    let text = &part.sql.text;
    Error::definition(format!(
        "{place}: driver '{text}' has more digits than fit 18; shorten its coefficients"
    ))
}

fn times(a: Decimal, b: Decimal) -> Option<Decimal> {
    let mantissa = a.mantissa.checked_mul(b.mantissa)?;
    Some(Decimal { mantissa, scale: a.scale.checked_add(b.scale)? }.normalised())
}

fn plus(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale.max(b.scale);
    let mantissa = a.at_scale(scale)?.checked_add(b.at_scale(scale)?)?;
    Some(Decimal { mantissa, scale }.normalised())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_g4_time_equations_are_linear_in_the_aggregates() {
        // Inside sales: 15·new + 5·orders + 3·lines + 10·rush.
        let driver = ActivityDriver { terms: vec![(0, 15), (1, 5), (2, 3), (3, 10)], scale: 0 };
        let columns = [vec![0, 0, 0, 1], vec![1, 1, 1, 1], vec![1, 10, 10, 10], vec![0, 0, 1, 1]];
        let columns = columns.map(ScalarBuffer::from);
        assert_eq!(driver.volumes(&columns, 4).unwrap().to_vec(), [8, 35, 45, 60]);
        assert_eq!(driver.total(&[1, 4, 31, 2]), 148);
    }

    #[test]
    fn golden_g17_a_policy_says_what_a_negative_volume_means() {
        let driver = ActivityDriver { terms: vec![(0, 1)], scale: 0 };
        let column = [ScalarBuffer::from(vec![100, 50, -50])];
        let charged = |policy| driver.charged_volumes(policy, &column, 3).map(|volumes| volumes.to_vec());
        assert_eq!(charged(NegativeVolume::Signed), Ok(vec![100, 50, -50]));
        assert_eq!(charged(NegativeVolume::Absolute), Ok(vec![100, 50, 50]));
        assert_eq!(charged(NegativeVolume::Zero), Ok(vec![100, 50, 0]));
        let fault = VolumeFault::Negative { row: 2, volume: -50 };
        assert_eq!(charged(NegativeVolume::Error), Err(fault));
    }

    #[test]
    fn a_plain_aggregate_is_not_copied() {
        let column = ScalarBuffer::from(vec![1, 2, 3]);
        let driver = ActivityDriver { terms: vec![(0, 1)], scale: 0 };
        let volumes = driver.volumes(std::slice::from_ref(&column), 3).unwrap();
        assert_eq!(volumes.as_ptr(), column.as_ptr());
    }

    #[test]
    fn volumes_beyond_18_digits_are_refused_and_large_exact_ones_kept() {
        let driver = ActivityDriver { terms: vec![(0, 10), (1, -10)], scale: 1 };
        let (large, small) = (Fixed18::LIMIT / 2, Fixed18::LIMIT / 2 - 7);
        let columns = |b: i64| [ScalarBuffer::from(vec![large]), ScalarBuffer::from(vec![b])];
        assert_eq!(driver.volumes(&columns(small), 1).unwrap().to_vec(), [70]);
        assert!(driver.volumes(&columns(-small), 1).is_none());
        for values in [vec![i64::MIN], vec![Fixed18::LIMIT], vec![-Fixed18::LIMIT]] {
            let single = ActivityDriver { terms: vec![(0, 1)], scale: 0 };
            assert!(single.volumes(&[values.into()], 1).is_none());
        }
    }
}
