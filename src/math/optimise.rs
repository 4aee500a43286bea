//! The maximum of a smooth function of a few parameters, by Newton's method in a trust region.
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

/// What the function and its derivatives are at a point.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation<const N: usize> {
    /// The function.
    pub value: f64,
    /// Its first derivatives.
    pub gradient: [f64; N],
    /// Its second derivatives, symmetric.
    pub hessian: [[f64; N]; N],
}

/// Where a search ended.
#[derive(Debug, Clone, Copy)]
pub struct Optimum<const N: usize> {
    /// The parameters.
    pub position: [f64; N],
    /// The function there, and its derivatives.
    pub evaluation: Evaluation<N>,
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

impl<const N: usize> Optimum<N> {
    /// The largest magnitude among the first derivatives.
    pub fn gradient_norm(&self) -> f64 {
        norm(&self.evaluation.gradient)
    }

    /// (−H)⁻¹: the covariance of maximum-likelihood estimates. `None` unless the function curves down in every direction.
    pub fn covariance(&self) -> Option<[[f64; N]; N]> {
        inverse(&negative(&self.evaluation.hessian))
    }
}

/// The maximum near `start`, where the function must be finite; elsewhere values that are not finite are avoided.
pub fn maximise<const N: usize>(
    start: [f64; N],
    mut evaluate: impl FnMut(&[f64; N]) -> Evaluation<N>,
) -> Optimum<N> {
    let mut here = Optimum {
        position: start,
        evaluation: evaluate(&start),
        iterations: 0,
        converged: false,
        runaway: None,
    };
    assert!(here.evaluation.value.is_finite(), "the function is finite at its start");
    let (mut radius, mut last_decrement) = (1.0, f64::INFINITY);
    while here.iterations < MOST_ITERATIONS && here.runaway.is_none() {
        let step = Step::within(radius, &here.evaluation);
        if step.is_newton && is_settled(step.decrement, last_decrement) {
            here.converged = true;
            break;
        }
        last_decrement = step.decrement;
        let position = std::array::from_fn(|index| here.position[index] + step.change[index]);
        let evaluation = evaluate(&position);
        here.iterations += 1;
        let ratio = (evaluation.value - here.evaluation.value) / step.gain;
        // Near the maximum the gain sinks below the function's rounding, and only the gradient can tell.
        let is_below_rounding = step.is_newton && step.gain < 1e-12 * here.evaluation.value.abs();
        radius = next_radius(radius, ratio, norm(&step.change), is_below_rounding);
        if is_finite(&evaluation) && (ratio > 1e-3 || is_below_rounding) {
            (here.position, here.evaluation) = (position, evaluation);
            here.runaway = runaway(&position);
        } else if radius < 1e-12 {
            break;
        }
    }
    here
}

/// A step that the local parabola promises to be good.
struct Step<const N: usize> {
    change: [f64; N],
    /// What the parabola gains.
    gain: f64,
    /// g·s, for a Newton step twice the gain.
    decrement: f64,
    /// Undamped: the function curves down and the parabola's top lies within the radius.
    is_newton: bool,
}

impl<const N: usize> Step<N> {
    fn within(radius: f64, at: &Evaluation<N>) -> Self {
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
        Self { change: [0.0; N], gain: 0.0, decrement: 0.0, is_newton: false }
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

fn is_finite<const N: usize>(at: &Evaluation<N>) -> bool {
    let derivatives = at.gradient.iter().chain(at.hessian.iter().flatten());
    std::iter::once(&at.value).chain(derivatives).all(|value| value.is_finite())
}

fn runaway<const N: usize>(position: &[f64; N]) -> Option<Runaway> {
    let parameter = position.iter().position(|value| value.abs() > FARTHEST)?;
    Some(Runaway { parameter, upwards: position[parameter] > 0.0 })
}

fn norm<const N: usize>(vector: &[f64; N]) -> f64 {
    vector.iter().fold(0.0, |most, entry| most.max(entry.abs()))
}

fn dot<const N: usize>(left: &[f64; N], right: &[f64; N]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn product<const N: usize>(matrix: &[[f64; N]; N], vector: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|row| dot(&matrix[row], vector))
}

fn negative<const N: usize>(matrix: &[[f64; N]; N]) -> [[f64; N]; N] {
    matrix.map(|row| row.map(|entry| -entry))
}

fn damped<const N: usize>(matrix: &[[f64; N]; N], damping: f64) -> [[f64; N]; N] {
    let mut damped = *matrix;
    (0..N).for_each(|index| damped[index][index] += damping);
    damped
}

/// The lower triangle L of matrix = L·Lᵀ; `None` unless the matrix is positive definite beyond rounding.
fn cholesky<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut lower = [[0.0; N]; N];
    for row in 0..N {
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

fn solve<const N: usize>(matrix: &[[f64; N]; N], right: &[f64; N]) -> Option<[f64; N]> {
    let lower = cholesky(matrix)?;
    let mut solution = *right;
    for row in 0..N {
        let known: f64 = (0..row).map(|inner| lower[row][inner] * solution[inner]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|inner| lower[inner][row] * solution[inner]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    Some(solution)
}

/// The inverse of a positive definite matrix, made symmetric to the last bit.
pub(crate) fn inverse<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut columns = [[0.0; N]; N];
    for (index, column) in columns.iter_mut().enumerate() {
        *column = solve(matrix, &std::array::from_fn(|row| f64::from(u8::from(row == index))))?;
    }
    let lower = |row: usize, column: usize| columns[row.min(column)][row.max(column)];
    Some(std::array::from_fn(|row| std::array::from_fn(|column| lower(row, column))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −(1 − u)² − 100 (v − u²)² with u = x, v = y: Rosenbrock's valley upside down.
    fn rosenbrock(&[x, y]: &[f64; 2]) -> Evaluation<2> {
        let bend = y - x * x;
        Evaluation {
            value: -(1.0 - x).powi(2) - 100.0 * bend * bend,
            gradient: [2.0 * (1.0 - x) + 400.0 * x * bend, -200.0 * bend],
            hessian: [[-2.0 + 400.0 * (bend - 2.0 * x * x), 400.0 * x], [400.0 * x, -200.0]],
        }
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let optimum = maximise([-1.2, 1.0], rosenbrock);
        assert!(optimum.converged && optimum.iterations < 40, "{optimum:?}");
        assert!(optimum.position.iter().all(|value| (value - 1.0).abs() < 1e-9), "{optimum:?}");
        let covariance = optimum.covariance().unwrap();
        assert!((covariance[0][0] - 0.5).abs() < 1e-6 && (covariance[1][1] - 2.005).abs() < 1e-6);
    }

    #[test]
    fn a_maximum_at_infinity_is_a_runaway() {
        // 1/(1 + e⁻ᵘ) has no maximum; a parabola in the other direction has.
        let optimum = maximise([0.0, 3.0], |&[x, y]| {
            let share = 1.0 / (1.0 + (-x).exp());
            let slope = share * (1.0 - share);
            Evaluation {
                value: share - y * y,
                gradient: [slope, -2.0 * y],
                hessian: [[slope * (1.0 - 2.0 * share), 0.0], [0.0, -2.0]],
            }
        });
        assert_eq!(optimum.runaway, Some(Runaway { parameter: 0, upwards: true }));
        assert!(!optimum.converged);
    }

    #[test]
    fn a_saddle_has_no_covariance() {
        let saddle = |&[x, y]: &[f64; 2]| Evaluation {
            value: x * x - y * y,
            gradient: [2.0 * x, -2.0 * y],
            hessian: [[2.0, 0.0], [0.0, -2.0]],
        };
        let optimum = maximise([0.0, 0.0], saddle);
        assert!(!optimum.converged && optimum.covariance().is_none());
    }
}
