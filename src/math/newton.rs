//! Newton's method in a trust region, for any number of parameters: the algorithm behind [`super::optimise`].
//!
//! J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd edition (2006): the trust region of algorithm 4.1, its step
//! from the damped system (−H + μ·diag) s = g of section 4.3, with μ the least of a fixed ladder that makes the matrix
//! positive definite and the step no longer than the radius.
//!
//! Parameters are logarithms of positive quantities: a step is a relative change, and a quantity that tends to 0 or
//! infinity shows as a parameter that leaves [−[`FARTHEST`], [`FARTHEST`]]. The same start gives the same bytes.

/// A parameter (a natural logarithm) beyond this has run away: the quantity is below 10⁻⁷ or above 10⁷.
pub const FARTHEST: f64 = 16.5;

/// Steps are few: Newton's method doubles the digits.
const MOST_ITERATIONS: u32 = 200;

/// g·(−H)⁻¹·g at which the maximum is found: the step left is 10⁻⁹ standard errors.
const SETTLED: f64 = 1e-18;

/// Below this the decrement may stop falling because the function's own rounding stands in its way.
const NEARLY_SETTLED: f64 = 1e-12;

/// A square matrix, row by row.
pub type Matrix = Vec<Vec<f64>>;

/// What the function and its derivatives are at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Derivatives {
    /// The function.
    pub value: f64,
    /// Its first derivatives.
    pub gradient: Vec<f64>,
    /// Its second derivatives, symmetric.
    pub hessian: Matrix,
}

/// Where a search ended.
#[derive(Debug, Clone)]
pub struct Search {
    /// The parameters.
    pub position: Vec<f64>,
    /// The function there, and its derivatives.
    pub derivatives: Derivatives,
    /// How often the function was evaluated after the start.
    pub iterations: u32,
    /// Whether the gradient vanishes there and the function curves down in every direction.
    pub converged: bool,
    /// The parameter that ran away, if one did.
    pub runaway: Option<Runaway>,
}

/// A parameter for which no finite value is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runaway {
    /// Which one.
    pub parameter: usize,
    /// Whether it grows without bound; otherwise it falls, and the quantity vanishes.
    pub upwards: bool,
}

impl Search {
    /// (−H)⁻¹: the covariance of maximum-likelihood estimates. `None` unless the function curves down in every direction.
    pub fn covariance(&self) -> Option<Matrix> {
        inverse(&negative(&self.derivatives.hessian))
    }
}

/// The maximum near `start`, where the function must be finite; elsewhere values that are not finite are avoided.
pub fn search(start: Vec<f64>, mut evaluate: impl FnMut(&[f64]) -> Derivatives) -> Search {
    let derivatives = evaluate(&start);
    let mut here = Search { position: start, derivatives, iterations: 0, converged: false, runaway: None };
    assert!(here.derivatives.value.is_finite(), "the function is finite at its start");
    let (mut radius, mut last_decrement) = (1.0, f64::INFINITY);
    while here.iterations < MOST_ITERATIONS && here.runaway.is_none() {
        let step = Step::within(radius, &here.derivatives);
        if step.is_newton && is_settled(step.decrement, last_decrement) {
            here.converged = true;
            break;
        }
        last_decrement = step.decrement;
        let position: Vec<f64> =
            here.position.iter().zip(&step.change).map(|(from, change)| from + change).collect();
        let derivatives = evaluate(&position);
        here.iterations += 1;
        let ratio = (derivatives.value - here.derivatives.value) / step.gain;
        // Near the maximum the gain sinks below the function's rounding, and only the gradient can tell.
        let is_below_rounding = step.is_newton && step.gain < 1e-12 * here.derivatives.value.abs();
        radius = next_radius(radius, ratio, norm(&step.change), is_below_rounding);
        if is_finite(&derivatives) && (ratio > 1e-3 || is_below_rounding) {
            here.runaway = runaway(&position);
            (here.position, here.derivatives) = (position, derivatives);
        } else if radius < 1e-12 {
            break;
        }
    }
    here
}

/// A step that the local parabola promises to be good.
struct Step {
    change: Vec<f64>,
    /// What the parabola gains.
    gain: f64,
    /// g·s, for a Newton step twice the gain.
    decrement: f64,
    /// Undamped: the function curves down and the parabola's top lies within the radius.
    is_newton: bool,
}

impl Step {
    fn within(radius: f64, at: &Derivatives) -> Self {
        let curvature = negative(&at.hessian);
        let scale = curvature.iter().flatten().fold(f64::MIN_POSITIVE, |most, entry| most.max(entry.abs()));
        let ladder = std::iter::once(0.0).chain((0..200).map(|rung| scale * 1e-8 * 1.5_f64.powi(rung)));
        for damping in ladder {
            let Some(change) = solve(&damped(&curvature, damping), &at.gradient) else { continue };
            if norm(&change) <= radius {
                let decrement = dot(&at.gradient, &change);
                let gain = decrement - 0.5 * dot(&change, &product(&curvature, &change));
                return Self { change, gain, decrement, is_newton: damping == 0.0 };
            }
        }
        Self { change: vec![0.0; at.gradient.len()], gain: 0.0, decrement: 0.0, is_newton: false }
    }
}

fn is_settled(decrement: f64, last: f64) -> bool {
    decrement <= SETTLED || (decrement <= NEARLY_SETTLED && decrement >= 0.25 * last)
}

/// Algorithm 4.1: shrink where the parabola misled, grow where it told the truth up to the border.
fn next_radius(radius: f64, ratio: f64, length: f64, is_below_rounding: bool) -> f64 {
    match ratio {
        _ if is_below_rounding => radius,
        ratio if ratio > 0.75 && length > 0.5 * radius => (2.0 * radius).min(4.0),
        ratio if ratio > 0.25 => radius,
        _ => 0.25 * radius.min(length),
    }
}

fn is_finite(at: &Derivatives) -> bool {
    let derivatives = at.gradient.iter().chain(at.hessian.iter().flatten());
    std::iter::once(&at.value).chain(derivatives).all(|value| value.is_finite())
}

fn runaway(position: &[f64]) -> Option<Runaway> {
    let parameter = position.iter().position(|value| value.abs() > FARTHEST)?;
    Some(Runaway { parameter, upwards: position[parameter] > 0.0 })
}

pub(super) fn norm(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |most, entry| most.max(entry.abs()))
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn product(matrix: &Matrix, vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

pub(super) fn negative(matrix: &Matrix) -> Matrix {
    matrix.iter().map(|row| row.iter().map(|entry| -entry).collect()).collect()
}

fn damped(matrix: &Matrix, damping: f64) -> Matrix {
    let mut damped = matrix.clone();
    damped.iter_mut().enumerate().for_each(|(index, row)| row[index] += damping);
    damped
}

/// The lower triangle L of matrix = L·Lᵀ; `None` unless the matrix is positive definite beyond rounding.
pub(crate) fn cholesky(matrix: &Matrix) -> Option<Matrix> {
    let size = matrix.len();
    let mut lower = vec![vec![0.0; size]; size];
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column).map(|inner| lower[row][inner] * lower[column][inner]).sum();
            let rest = matrix[row][column] - known;
            if row != column {
                lower[row][column] = rest / lower[column][column];
            } else if rest > 1e-13 * matrix[row][row] && rest.is_finite() {
                lower[row][row] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(lower)
}

fn solve(matrix: &Matrix, right: &[f64]) -> Option<Vec<f64>> {
    Some(solved(&cholesky(matrix)?, right))
}

/// x of L·Lᵀ·x = right.
fn solved(lower: &Matrix, right: &[f64]) -> Vec<f64> {
    let mut solution = right.to_vec();
    for row in 0..right.len() {
        let known: f64 = (0..row).map(|inner| lower[row][inner] * solution[inner]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    for row in (0..right.len()).rev() {
        let known: f64 = (row + 1..right.len()).map(|inner| lower[inner][row] * solution[inner]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    solution
}

/// The inverse of a positive definite matrix, made symmetric to the last bit.
pub(crate) fn inverse(matrix: &Matrix) -> Option<Matrix> {
    let size = matrix.len();
    let lower = cholesky(matrix)?;
    let unit = |index: usize| (0..size).map(|row| f64::from(u8::from(row == index))).collect::<Vec<_>>();
    let columns: Matrix = (0..size).map(|index| solved(&lower, &unit(index))).collect();
    let entry = |row: usize, column: usize| columns[row.min(column)][row.max(column)];
    Some((0..size).map(|row| (0..size).map(|column| entry(row, column)).collect()).collect())
}
