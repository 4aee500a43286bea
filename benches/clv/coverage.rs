//! Whether intervals hold what they promise: 200 data sets drawn from each lifetime model with known parameters, each
//! fitted; how often is the truth within the 95 % interval ln θ̂ ± 1.96 standard errors?
//!
//! `cargo bench --bench clv_coverage`, `-- 1000` for more data sets, `-- CNBD` for the models of that name; benches/clv/README.md says how to read the table.

#![expect(clippy::print_stdout, reason = "a bench talks to the person at the terminal")]

mod continuous;
mod covariates;
mod discrete;

use rayon::prelude::*;

/// Unless another number is given on the command line.
const DATA_SETS: u64 = 200;

/// The quantile of the standard normal distribution at 0.975.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// A model with its true parameters.
pub(crate) struct Model {
    name: &'static str,
    /// What is drawn.
    data: &'static str,
    /// Names and true values.
    parameters: Vec<(&'static str, f64)>,
    /// Draws a data set and fits it; none if the fit has no interior maximum.
    replicate: fn(u64) -> Option<Vec<Found>>,
}

/// An estimate of one parameter.
pub(crate) struct Found {
    value: f64,
    /// The standard error of its logarithm.
    log_error: f64,
}

impl Found {
    /// How many standard errors the estimate lies from the truth.
    fn distance(&self, truth: f64) -> f64 {
        (self.value / truth).ln() / self.log_error
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let data_sets = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(DATA_SETS);
    let name = arguments.iter().find(|argument| argument.parse::<u64>().is_err());
    let is_asked = |model: &Model| name.is_none_or(|name| model.name.contains(name.as_str()));
    println!(
        "| model | data set | fitted | parameter | truth | mean estimate | covered | mean distance (se) | sd |"
    );
    println!("|---|---|---:|---|---:|---:|---:|---:|---:|");
    let models = continuous::models().into_iter().chain(covariates::models()).chain(discrete::models());
    for model in models.filter(is_asked) {
        print!("{}", rows(&model, data_sets));
    }
}

fn rows(model: &Model, data_sets: u64) -> String {
    let fits: Vec<Vec<Found>> = (1..=data_sets).into_par_iter().filter_map(model.replicate).collect();
    let row = |(index, (name, truth)): (usize, &(&str, f64))| {
        let count = fits.len() as f64;
        let mean = |of: &dyn Fn(&Found) -> f64| fits.iter().map(|fit| of(&fit[index])).sum::<f64>() / count;
        let covered = fits.iter().filter(|fit| fit[index].distance(*truth).abs() <= QUANTILE).count();
        let distance = mean(&|found| found.distance(*truth));
        let spread = mean(&|found| (found.distance(*truth) - distance).powi(2)).sqrt();
        format!(
            "| {} | {} | {} | {name} | {truth} | {:.4} | {:.1} % | {distance:+.2} | {spread:.2} |\n",
            model.name,
            model.data,
            fits.len(),
            mean(&|found| found.value),
            100.0 * covered as f64 / data_sets as f64
        )
    };
    model.parameters.iter().enumerate().map(row).collect()
}
