//! Ordinary least squares with an intercept, and the standard errors of its coefficients.
//!
//! Householder triangularisation: G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th ed. (2013), §5.2.2 and
//! §5.3.3. With X = QR, b solves R b = Qᵀy; s² = |y − Xb|² / (n − p); the variance of b is s² (RᵀR)⁻¹, whose diagonal
//! is the row sums of squares of R⁻¹ (F. A. Graybill, *Theory and Application of the Linear Model* (1976), ch. 6).
//!
//! Sums run over observations in the order given, so the same input gives the same bits. Tested against the
//! certified values of NIST's Longley data, of which 8 digits and more are met.

/// A fitted plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The intercept, then one per regressor.
    pub coefficients: Vec<f64>,
    /// Standard errors, likewise.
    pub errors: Vec<f64>,
    /// s, the standard deviation of the residuals.
    pub residual_deviation: f64,
    /// Share of the variance of y about its mean that is explained.
    pub r_squared: f64,
    /// n.
    pub observations: usize,
}

/// Why there is no fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degenerate {
    /// No degree of freedom is left for the error.
    TooFew {
        /// n.
        observations: usize,
        /// The intercept included.
        parameters: usize,
    },
    /// y is the same everywhere.
    ConstantResponse,
    /// This regressor, from 0, is a combination of those before it, or constant.
    Dependent(usize),
}

/// Share of a column's length that must remain after its projection on the columns before is taken off.
const LEAST_REMAINDER: f64 = 1e-10;

/// Fits y = b0 + Σ b_j x_j. `columns` are the regressors, each as long as `y`; all values must be finite.
///
/// # Errors
/// Designs that do not determine the coefficients and their errors.
pub fn fit(columns: &[Vec<f64>], y: &[f64]) -> Result<Fit, Degenerate> {
    let (observations, parameters) = (y.len(), columns.len() + 1);
    assert!(columns.iter().all(|column| column.len() == observations), "columns of one length");
    if observations <= parameters {
        return Err(Degenerate::TooFew { observations, parameters });
    }
    let total = about_mean(y);
    if total == 0.0 {
        return Err(Degenerate::ConstantResponse);
    }
    let mut design: Vec<Vec<f64>> = vec![vec![1.0; observations]];
    design.extend(columns.iter().cloned());
    let mut rotated = y.to_vec();
    triangularise(&mut design, &mut rotated)?;
    let coefficients = solve(&design, &rotated[..parameters]);
    let residual: f64 = rotated[parameters..].iter().map(|value| value * value).sum();
    let variance = residual / real(observations - parameters);
    let errors = (0..parameters).map(|index| (variance * row_square(&design, index)).sqrt()).collect();
    let r_squared = (1.0 - residual / total).clamp(0.0, 1.0);
    Ok(Fit { coefficients, errors, residual_deviation: variance.sqrt(), r_squared, observations })
}

fn about_mean(y: &[f64]) -> f64 {
    let mean = y.iter().sum::<f64>() / real(y.len());
    if y.iter().all(|value| *value == y[0]) {
        return 0.0;
    }
    y.iter().map(|value| (value - mean) * (value - mean)).sum()
}

/// Turns the columns into R, in their first rows, and y into Qᵀy.
fn triangularise(design: &mut [Vec<f64>], y: &mut [f64]) -> Result<(), Degenerate> {
    let lengths: Vec<f64> = design.iter().map(|column| length(column)).collect();
    for pivot in 0..design.len() {
        let (done, rest) = design.split_at_mut(pivot + 1);
        let column = &mut done[pivot];
        let remainder = length(&column[pivot..]);
        // The intercept cannot be dependent, so a dependent column is a regressor.
        if remainder <= LEAST_REMAINDER * lengths[pivot] || remainder == 0.0 {
            return Err(Degenerate::Dependent(pivot - 1));
        }
        let diagonal = if column[pivot] > 0.0 { -remainder } else { remainder };
        let mut reflector = column[pivot..].to_vec();
        reflector[0] -= diagonal;
        let square: f64 = reflector.iter().map(|value| value * value).sum();
        for target in rest.iter_mut().map(Vec::as_mut_slice).chain([&mut *y]) {
            let product: f64 = reflector.iter().zip(&target[pivot..]).map(|(v, x)| v * x).sum();
            let factor = 2.0 * product / square;
            target[pivot..].iter_mut().zip(&reflector).for_each(|(x, v)| *x -= factor * v);
        }
        column[pivot] = diagonal;
    }
    Ok(())
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// Back substitution with R.
fn solve(triangle: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut solution = right.to_vec();
    for row in (0..solution.len()).rev() {
        let known: f64 =
            (row + 1..solution.len()).map(|column| triangle[column][row] * solution[column]).sum();
        solution[row] = (solution[row] - known) / triangle[row][row];
    }
    solution
}

/// Σ of squares of a row of R⁻¹, which solves Rᵀ z = e: z is that row.
fn row_square(triangle: &[Vec<f64>], row: usize) -> f64 {
    let size = triangle.len();
    let mut inverse = vec![0.0; size];
    for column in row..size {
        let unit = if column == row { 1.0 } else { 0.0 };
        let known: f64 = (row..column).map(|at| inverse[at] * triangle[column][at]).sum();
        inverse[column] = (unit - known) / triangle[column][column];
    }
    inverse.iter().map(|value| value * value).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64, relative: f64) {
        assert!(((found - expected) / expected).abs() < relative, "{found} is not {expected}");
    }

    /// J. W. Longley (1967), as in NIST's Statistical Reference Datasets, with the certified values.
    #[test]
    fn longley_is_met_to_eight_digits() {
        #[rustfmt::skip]
        let rows: [[f64; 7]; 16] = [
            [60_323., 83.0, 234_289., 2356., 1590., 107_608., 1947.], [61_122., 88.5, 259_426., 2325., 1456., 108_632., 1948.],
            [60_171., 88.2, 258_054., 3682., 1616., 109_773., 1949.], [61_187., 89.5, 284_599., 3351., 1650., 110_929., 1950.],
            [63_221., 96.2, 328_975., 2099., 3099., 112_075., 1951.], [63_639., 98.1, 346_999., 1932., 3594., 113_270., 1952.],
            [64_989., 99.0, 365_385., 1870., 3547., 115_094., 1953.], [63_761., 100.0, 363_112., 3578., 3350., 116_219., 1954.],
            [66_019., 101.2, 397_469., 2904., 3048., 117_388., 1955.], [67_857., 104.6, 419_180., 2822., 2857., 118_734., 1956.],
            [68_169., 108.4, 442_769., 2936., 2798., 120_445., 1957.], [66_513., 110.8, 444_546., 4681., 2637., 121_950., 1958.],
            [68_655., 112.6, 482_704., 3813., 2552., 123_366., 1959.], [69_564., 114.2, 502_601., 3931., 2514., 125_368., 1960.],
            [69_331., 115.7, 518_173., 4806., 2572., 127_852., 1961.], [70_551., 116.9, 554_894., 4007., 2827., 130_081., 1962.],
        ];
        let y: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let columns: Vec<Vec<f64>> =
            (1..7).map(|column| rows.iter().map(|row| row[column]).collect()).collect();
        let fit = fit(&columns, &y).unwrap();
        let certified = [
            (-3_482_258.634_595_82, 890_420.383_607_373),
            (15.061_872_271_373_3, 84.914_925_774_766_9),
            (-0.035_819_179_292_591_0, 0.033_491_007_772_243_2),
            (-2.020_229_803_816_83, 0.488_399_681_651_699),
            (-1.033_226_867_173_59, 0.214_274_163_161_675),
            (-0.051_104_105_653_580_7, 0.226_073_200_069_370),
            (1_829.151_464_613_55, 455.478_499_142_212),
        ];
        for (index, (coefficient, error)) in certified.into_iter().enumerate() {
            assert_close(fit.coefficients[index], coefficient, 1e-8);
            assert_close(fit.errors[index], error, 1e-8);
        }
        assert_close(fit.r_squared, 0.995_479_004_577_296, 1e-10);
        assert_close(fit.residual_deviation, 304.854_073_561_965, 1e-8);
    }

    #[test]
    fn a_plane_without_error_is_found() {
        let columns = vec![vec![1.0, 2.0, 3.0, 4.0, 7.0], vec![0.0, 1.0, 0.0, 1.0, 1.0]];
        let y: Vec<f64> = (0..5).map(|row| 2.0 + 0.5 * columns[0][row] - 3.0 * columns[1][row]).collect();
        let fit = fit(&columns, &y).unwrap();
        for (found, expected) in fit.coefficients.iter().zip([2.0, 0.5, -3.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert!(fit.errors.iter().all(|error| *error < 1e-12) && fit.r_squared > 1.0 - 1e-12);
    }

    #[test]
    fn designs_that_determine_nothing_say_why() {
        let line = vec![1.0, 2.0, 3.0, 5.0];
        let y = [1.0, 3.0, 2.0, 4.0];
        let doubled: Vec<f64> = line.iter().map(|value| 2.0 * value + 1.0).collect();
        assert_eq!(fit(&[line.clone(), doubled], &y), Err(Degenerate::Dependent(1)));
        assert_eq!(fit(&[vec![7.0; 4], line.clone()], &y), Err(Degenerate::Dependent(0)));
        assert_eq!(fit(std::slice::from_ref(&line), &[2.0; 4]), Err(Degenerate::ConstantResponse));
        let too_few = Degenerate::TooFew { observations: 2, parameters: 2 };
        assert_eq!(fit(&[vec![1.0, 2.0]], &[1.0, 2.0]), Err(too_few));
    }
}
