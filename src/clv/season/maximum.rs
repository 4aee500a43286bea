//! The maximum of the likelihood of seasons and factors together, and what is known of its place.
//!
//! The likelihood curves down everywhere (it is that of an exponential family), so the maximum is one; it knows indices of
//! seasons but for a factor, which their mean over a year sets. Where it has none, for there are next to no purchases on
//! one end of a factor's values, the coefficient is held where the rate at one end is 1000 times that at the other.

use super::estimate::NoClock;
use super::index::NONE;
use super::intensity::Intensity;
use crate::math::newton::{self, Derivatives, Matrix};

/// Between the smallest and the largest value of a factor the rate changes at most by this factor.
const WIDEST: f64 = 1000.0;

/// The estimates.
pub(super) struct Maximum {
    /// As [`Intensity`] has them, indices of seasons with a mean of 1 over a common year.
    pub(super) parameters: Vec<f64>,
    /// Of these; 0 of those that are held.
    pub(super) covariance: Matrix,
    /// Which are held: seasons without purchases, and coefficients without a maximum.
    pub(super) is_held: Vec<bool>,
}

/// A year: the days of each season; none where seasons are not told apart.
#[derive(Clone, Copy)]
pub(super) struct Year<'y>(pub(super) &'y [f64]);

/// Finds the maximum.
///
/// # Errors
/// Purchases that do not link all seasons and values, and a search that does not end.
pub(super) fn maximise(intensity: &Intensity<'_>, year: Year<'_>) -> Result<Maximum, NoClock> {
    let without = |purchases: u64| (purchases == 0).then(|| NONE.ln());
    let mut held: Vec<Option<f64>> = intensity.purchases_of_seasons().into_iter().map(without).collect();
    held.resize(intensity.parameters(), None);
    loop {
        let held_or_even: Vec<f64> = held.iter().map(|held| held.unwrap_or(0.0)).collect();
        covariance(intensity, year, &held_or_even, &held).ok_or(NoClock::UnlinkedFactors)?;
        let free: Vec<usize> = (0..held.len()).filter(|parameter| held[*parameter].is_none()).collect();
        let within = |position: &[f64]| {
            let mut parameters = held_or_even.clone();
            free.iter().zip(position).for_each(|(parameter, value)| parameters[*parameter] = *value);
            parameters
        };
        let found = newton::search(vec![0.0; free.len()], |position| {
            let parameters = within(position);
            let whole = pinned(intensity.derivatives(&parameters), intensity.purchases(), year, &parameters);
            part(&whole, &free)
        });
        let mut parameters = within(&found.position);
        if let Some(beyond) = farthest(&parameters, year.0.len(), &held) {
            held[beyond] = Some(WIDEST.ln().copysign(parameters[beyond]));
        } else if found.converged {
            year.normalise(&mut parameters, &held);
            let covariance =
                covariance(intensity, year, &parameters, &held).ok_or(NoClock::UnlinkedFactors)?;
            let is_held = held.iter().map(Option::is_some).collect();
            return Ok(Maximum { parameters, covariance, is_held });
        } else {
            return Err(NoClock::UnsettledFactors);
        }
    }
}

/// The coefficient that goes furthest beyond what it may.
fn farthest(parameters: &[f64], seasons: usize, held: &[Option<f64>]) -> Option<usize> {
    let free = (seasons..parameters.len()).filter(|parameter| held[*parameter].is_none());
    let beyond = free.filter(|parameter| parameters[*parameter].abs() > WIDEST.ln());
    beyond.reduce(|most, next| if parameters[next].abs() > parameters[most].abs() { next } else { most })
}

/// With −½·`weight`·(Σ g ln s)², g parts of the year: the likelihood does not move with the mean, which this pins.
fn pinned(mut at: Derivatives, weight: f64, year: Year<'_>, parameters: &[f64]) -> Derivatives {
    let parts = year.parts(&vec![0.0; year.0.len()]);
    let mean: f64 = parts.iter().zip(parameters).map(|(part, log)| part * log).sum();
    at.value -= 0.5 * weight * mean * mean;
    for (row, of_row) in parts.iter().enumerate() {
        at.gradient[row] -= weight * mean * of_row;
        for (column, of_column) in parts.iter().enumerate() {
            at.hessian[row][column] -= weight * of_row * of_column;
        }
    }
    at
}

fn part(whole: &Derivatives, free: &[usize]) -> Derivatives {
    Derivatives {
        value: whole.value,
        gradient: free.iter().map(|row| whole.gradient[*row]).collect(),
        hessian: sub_matrix(&whole.hessian, free),
    }
}

fn sub_matrix(whole: &Matrix, free: &[usize]) -> Matrix {
    free.iter().map(|row| free.iter().map(|column| whole[*row][*column]).collect()).collect()
}

/// With g the parts of the year, I + a·g·gᵀ is regular; its inverse less 1·1ᵀ/a(Σ g)² among seasons is the covariance of
/// logarithms whose mean by g does not move, see [`super::information`]. None where purchases do not link all that is free.
pub(super) fn covariance(
    intensity: &Intensity<'_>,
    year: Year<'_>,
    parameters: &[f64],
    held: &[Option<f64>],
) -> Option<Matrix> {
    let mut information = intensity.derivatives(parameters).hessian;
    information.iter_mut().flatten().for_each(|entry| *entry = -*entry);
    let parts = year.parts(parameters);
    let is_free = |season: &usize| held[*season].is_none();
    let seasons: Vec<usize> = (0..parts.len()).filter(is_free).collect();
    let weight: f64 = seasons.iter().map(|season| information[*season][*season]).sum();
    for row in &seasons {
        for column in &seasons {
            information[*row][*column] += weight * parts[*row] * parts[*column];
        }
    }
    let free: Vec<usize> = (0..held.len()).filter(is_free).collect();
    let inverse = newton::inverse(&sub_matrix(&information, &free))?;
    let mut covariance = vec![vec![0.0; held.len()]; held.len()];
    for (row, entries) in free.iter().zip(inverse) {
        free.iter().zip(entries).for_each(|(column, entry)| covariance[*row][*column] = entry);
    }
    let sum: f64 = seasons.iter().map(|season| parts[*season]).sum();
    for season in seasons {
        covariance[season][season] = (covariance[season][season] - 1.0 / (weight * sum * sum)).max(0.0);
    }
    Some(covariance)
}

impl Year<'_> {
    /// Parts of its time that seasons have by the logarithms of their indices.
    fn parts(self, logs: &[f64]) -> Vec<f64> {
        let times: Vec<f64> = self.0.iter().zip(logs).map(|(days, log)| days * log.exp()).collect();
        let sum: f64 = times.iter().sum();
        times.into_iter().map(|time| time / sum).collect()
    }

    /// Gives indices a mean of 1 over its days, but for those that are held.
    fn normalise(self, logs: &mut [f64], held: &[Option<f64>]) {
        let (days, logs) = (self.0, &mut logs[..self.0.len()]);
        let time: f64 = days.iter().zip(&*logs).map(|(days, log)| days * log.exp()).sum();
        let mean = time / days.iter().sum::<f64>();
        logs.iter_mut().zip(held).filter(|(_, held)| held.is_none()).for_each(|(log, _)| *log -= mean.ln());
    }
}
