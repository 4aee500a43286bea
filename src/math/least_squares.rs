//! Ordinary least squares with an intercept, and the standard errors of its coefficients.
//!
//! Householder triangularisation: G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th ed. (2013), §5.2.2 and
//! §5.3.3. With X = QR, b solves R b = Qᵀy; s² = |y − Xb|² / (n − p); the variance of b is s² (RᵀR)⁻¹, whose diagonal
//! is the row sums of squares of R⁻¹ (F. A. Graybill, *Theory and Application of the Linear Model* (1976), ch. 6).
//!
//! More observations than a block are taken in block by block: R and Qᵀy of those so far stand above the next block and are
//! triangularised with it (sequential QR, §5.3 there), so that memory does not grow with them.
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

/// Observations that are triangularised at a time.
const BLOCK: usize = 1 << 16;

/// Observations of a response and its regressors, for a plane y = b0 + Σ b_j x_j.
#[derive(Debug, Clone)]
pub struct Observations {
    /// Those not yet triangularised: the intercept's column of ones, then the regressors.
    design: Vec<Vec<f64>>,
    response: Vec<f64>,
    most: usize,
    folded: Option<Folded>,
    first_response: Option<f64>,
    is_constant: bool,
}

/// What is left of the observations of full blocks.
#[derive(Debug, Clone)]
struct Folded {
    /// R, by column.
    triangle: Vec<Vec<f64>>,
    /// The first components of Qᵀy, one per parameter.
    rotated: Vec<f64>,
    /// Sum of squares of the others.
    residual: f64,
    observations: usize,
}

impl Observations {
    /// None yet, of so many regressors.
    pub fn new(regressors: usize) -> Self {
        Self::in_blocks(regressors, BLOCK)
    }

    fn in_blocks(regressors: usize, most: usize) -> Self {
        Self {
            design: vec![Vec::new(); regressors + 1],
            response: Vec::new(),
            most: most.max(regressors + 1),
            folded: None,
            first_response: None,
            is_constant: true,
        }
    }

    /// Adds one; all values must be finite.
    pub fn add(&mut self, regressors: &[f64], response: f64) {
        assert_eq!(regressors.len() + 1, self.design.len(), "a value for every regressor");
        if self.response.len() == self.most {
            self.fold();
        }
        self.design[0].push(1.0);
        self.design[1..].iter_mut().zip(regressors).for_each(|(column, value)| column.push(*value));
        self.response.push(response);
        let first = *self.first_response.get_or_insert(response);
        self.is_constant &= first == response;
    }

    fn fold(&mut self) {
        let observations = self.response.len();
        let parameters = self.design.len();
        let mut design = std::mem::replace(&mut self.design, vec![Vec::new(); parameters]);
        let mut rotated = std::mem::take(&mut self.response);
        let mut before = 0;
        let mut residual = 0.0;
        if let Some(folded) = self.folded.take() {
            let columns = design.iter_mut().zip(folded.triangle);
            columns.for_each(|(column, known)| drop(column.splice(0..0, known)));
            rotated.splice(0..0, folded.rotated);
            (before, residual) = (folded.observations, folded.residual);
        }
        triangularise(&mut design, &mut rotated);
        residual += square(&rotated[parameters..]);
        for (pivot, column) in design.iter_mut().enumerate() {
            column.truncate(parameters);
            column[pivot + 1..].fill(0.0);
        }
        rotated.truncate(parameters);
        let observations = before + observations;
        self.folded = Some(Folded { triangle: design, rotated, residual, observations });
    }

    /// The plane of least squares.
    ///
    /// # Errors
    /// Designs that do not determine the coefficients and their errors.
    pub fn fit(mut self) -> Result<Fit, Degenerate> {
        let parameters = self.design.len();
        let before = self.folded.as_ref().map_or(0, |folded| folded.observations);
        let observations = before + self.response.len();
        if observations <= parameters {
            return Err(Degenerate::TooFew { observations, parameters });
        }
        let in_one_block = self.folded.is_none().then(|| about_mean(&self.response));
        if self.is_constant {
            return Err(Degenerate::ConstantResponse);
        }
        self.fold();
        let Folded { triangle, rotated, residual, .. } = self.folded.expect("it was just folded");
        determined(&triangle)?;
        let total = in_one_block.unwrap_or_else(|| square(&rotated[1..]) + residual);
        let coefficients = solve(&triangle, &rotated);
        let variance = residual / real(observations - parameters);
        let errors = (0..parameters).map(|index| (variance * row_square(&triangle, index)).sqrt()).collect();
        let r_squared = (1.0 - residual / total).clamp(0.0, 1.0);
        Ok(Fit { coefficients, errors, residual_deviation: variance.sqrt(), r_squared, observations })
    }
}

fn about_mean(y: &[f64]) -> f64 {
    let mean = y.iter().sum::<f64>() / real(y.len());
    y.iter().map(|value| (value - mean) * (value - mean)).sum()
}

fn square(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// Columns of R are as long as those of the design, and their diagonal is what remains after their projection on those before.
fn determined(triangle: &[Vec<f64>]) -> Result<(), Degenerate> {
    for (pivot, column) in triangle.iter().enumerate() {
        // The intercept cannot be dependent, so a dependent column is a regressor.
        let remainder = column[pivot].abs();
        if remainder <= LEAST_REMAINDER * length(column) || remainder == 0.0 {
            return Err(Degenerate::Dependent(pivot - 1));
        }
    }
    Ok(())
}

/// Turns the columns into R, in their first rows, and y into Qᵀy. A column that depends on those before has nothing on its diagonal.
fn triangularise(design: &mut [Vec<f64>], y: &mut [f64]) {
    for pivot in 0..design.len() {
        let (done, rest) = design.split_at_mut(pivot + 1);
        let column = &mut done[pivot];
        let remainder = length(&column[pivot..]);
        if remainder == 0.0 {
            continue;
        }
        let diagonal = if column[pivot] > 0.0 { -remainder } else { remainder };
        let mut reflector = column[pivot..].to_vec();
        reflector[0] -= diagonal;
        let square = square(&reflector);
        for target in rest.iter_mut().map(Vec::as_mut_slice).chain([&mut *y]) {
            let product: f64 = reflector.iter().zip(&target[pivot..]).map(|(v, x)| v * x).sum();
            let factor = 2.0 * product / square;
            target[pivot..].iter_mut().zip(&reflector).for_each(|(x, v)| *x -= factor * v);
        }
        column[pivot] = diagonal;
    }
}

fn length(values: &[f64]) -> f64 {
    square(values).sqrt()
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

    /// A plane of columns, in blocks of so many observations.
    fn fit_in(columns: &[Vec<f64>], y: &[f64], most: usize) -> Result<Fit, Degenerate> {
        let mut observations = Observations::in_blocks(columns.len(), most);
        for (row, y) in y.iter().enumerate() {
            let regressors: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            observations.add(&regressors, *y);
        }
        observations.fit()
    }

    fn fit(columns: &[Vec<f64>], y: &[f64]) -> Result<Fit, Degenerate> {
        fit_in(columns, y, BLOCK)
    }

    /// The last regressor is constant within the first blocks.
    #[test]
    fn blocks_of_any_size_give_the_same_plane() {
        let column = |step: usize| (0..97).map(|row| real(row * step % 31) - 9.0).collect::<Vec<f64>>();
        let late = (0..97).map(|row| if row < 60 { 4.0 } else { real(row % 5) }).collect();
        let columns = [column(7), column(11), late];
        let y: Vec<f64> =
            (0..97).map(|row| columns[0][row] - 0.3 * columns[2][row] + real(row * row % 13)).collect();
        let whole = fit(&columns, &y).unwrap();
        for most in [1, 5, 20, 96, 97] {
            let found = fit_in(&columns, &y, most).unwrap();
            let pairs = found.coefficients.iter().chain(&found.errors);
            for (found, expected) in pairs.zip(whole.coefficients.iter().chain(&whole.errors)) {
                assert!((found - expected).abs() < 1e-11, "{most}: {found} for {expected}");
            }
            assert!((found.r_squared - whole.r_squared).abs() < 1e-11 && found.observations == 97);
            let doubled: Vec<f64> = columns[0].iter().map(|value| 2.0 * value + 1.0).collect();
            let dependent = [columns[0].clone(), columns[1].clone(), doubled];
            assert_eq!(fit_in(&dependent, &y, most), Err(Degenerate::Dependent(2)));
        }
    }

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
