//! Maximum likelihood with covariates, and what to do with values whose effect the data do not determine.
//!
//! The search starts from the fit without covariates, of whose form the fit with them is. An effect without a finite best
//! value, or one whose factor might be 20 times larger or smaller, is left out, and the rest fitted again: customers with
//! that value then buy, or lapse, as those with the reference do.

use super::design::{Design, Level};
use super::joint::Rotation;
use super::linear_map::{Cells, LinearMap, Slot};
use crate::clv::models::families::family_of;
use crate::clv::models::fit::{Fit, UNKNOWN, ln_of_counts, standard_errors};
use crate::clv::models::{Counts, Rhythm};
use crate::math::newton::{self, Matrix, Search};

/// What a covariate acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Process {
    /// The rate of purchases.
    Purchase,
    /// Lapsing.
    Dropout,
}

/// Why a value has no effect of its own: its customers are like those with the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEffect {
    /// Too few of its customers bought again: so many.
    FewRepeaters(u64),
    /// Other values say in every cell who has it.
    Aliased,
    /// The likelihood has no maximum in it, or is flat.
    Undetermined,
    /// Nobody lapses by the model's form.
    NobodyLapses,
    /// The model has no regular fit without covariates to start from.
    NoFit,
    /// Those of the fit together are not worth having: without them it is as good by Schwarz's criterion.
    NotWorth,
}

/// γ of a value: how much more, as a logarithm, its customers have of what one parameter stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// Whose.
    pub level: Level,
    /// What it acts on.
    pub process: Process,
    /// The parameter it scales, as printed in the papers; none where there is no estimate, for want of one.
    pub parameter: Option<&'static str>,
    /// γ and its standard error, or why there is none.
    pub estimate: Result<(f64, f64), NoEffect>,
}

/// A model whose customers differ by covariates.
#[derive(Debug, Clone, PartialEq)]
pub struct CovariateFit {
    /// The model of customers with the references.
    pub fit: Fit,
    /// By value and process.
    pub coefficients: Vec<Coefficient>,
    /// By cell: the model of its customers.
    pub cells: Vec<Fit>,
    pub(super) errors: SharedErrors,
}

/// How errors of cells are parts of those that all share.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SharedErrors {
    /// They are the same.
    Alike,
    /// By cell.
    Rotated(Vec<Rotation>),
    /// There is no covariance to speak of.
    Unknown,
}

/// Fits a model with covariates to counted histories by cell; `plain` is the fit to all of them without.
///
/// # Panics
/// Unless there are counts for each cell of the design.
pub fn fit_covariates(plain: &Fit, design: &Design, cells: &[&Counts], rhythm: &Rhythm) -> CovariateFit {
    assert_eq!(design.cells.len(), cells.len(), "counts for each cell");
    let mut effects = Effects::new(plain, design, cells);
    if plain.is_regular() {
        let ready = Cells::new(cells);
        while effects.is_any() {
            let map = LinearMap {
                design,
                start: plain.parameters,
                free: plain.form.free_parameters(),
                slots: effects.slots(plain),
            };
            let search =
                newton::search(vec![0.0; map.len()], |position| map.log_likelihood(&ready, plain, position));
            let covariance = search.covariance().filter(|_| search.converged);
            let unknown = unknown(&map, &search, covariance.as_ref());
            if unknown.is_empty() {
                let covariance = covariance.expect("what is known has a covariance");
                return CovariateFit::new(plain, &map, &search, &covariance, &effects, rhythm);
            }
            effects.leave_out(&map, &unknown);
        }
    }
    CovariateFit::without(plain, design, &effects)
}

/// Numbers of a search that are not determined: the one that ran away, or those with too large an error; where neither
/// tells, the effect that went furthest.
fn unknown(map: &LinearMap<'_>, search: &Search, covariance: Option<&Matrix>) -> Vec<usize> {
    if let Some(runaway) = search.runaway {
        return vec![runaway.parameter];
    }
    if let Some(covariance) = covariance {
        let is_unknown = |number: &usize| covariance[*number][*number] >= UNKNOWN * UNKNOWN;
        return (0..map.len()).filter(is_unknown).collect();
    }
    let distance = |number: &usize| search.position[*number].abs();
    let effects = map.free.len()..map.len();
    effects.max_by(|left, right| distance(left).total_cmp(&distance(right))).into_iter().collect()
}

/// Which effects are estimated.
struct Effects(Vec<(Level, Process, Option<NoEffect>)>);

impl Effects {
    fn new(plain: &Fit, design: &Design, cells: &[&Counts]) -> Self {
        let mut effects = Vec::new();
        for (level, why) in design.estimable(cells) {
            for process in [Process::Purchase, Process::Dropout] {
                let why = if !plain.is_regular() {
                    Some(NoEffect::NoFit)
                } else if process == Process::Dropout && slots(plain, level, process).is_empty() {
                    why.or(Some(NoEffect::NobodyLapses))
                } else {
                    why
                };
                effects.push((level, process, why));
            }
        }
        Self(effects)
    }

    fn is_any(&self) -> bool {
        self.0.iter().any(|(.., why)| why.is_none())
    }

    fn slots(&self, plain: &Fit) -> Vec<Slot> {
        let estimated = self.0.iter().filter(|(.., why)| why.is_none());
        estimated.flat_map(|(level, process, _)| slots(plain, *level, *process)).collect()
    }

    /// Leaves out the effects that these numbers of a search belong to; all of them where the numbers are the model's own.
    fn leave_out(&mut self, map: &LinearMap<'_>, unknown: &[usize]) {
        let slots: Vec<&Slot> =
            unknown.iter().filter_map(|number| map.slots.get(number.checked_sub(map.free.len())?)).collect();
        for (level, process, why) in self.0.iter_mut().filter(|(.., why)| why.is_none()) {
            let is_of = |slot: &&Slot| slot.level == *level && process_of(slot) == *process;
            if slots.is_empty() || slots.iter().any(is_of) {
                *why = Some(NoEffect::Undetermined);
            }
        }
    }
}

fn process_of(slot: &Slot) -> Process {
    if slot.parameter == 1 { Process::Purchase } else { Process::Dropout }
}

/// The parameters that an effect scales, of those that the form has.
fn slots(plain: &Fit, level: Level, process: Process) -> Vec<Slot> {
    let scaled = match process {
        // α = α₀ exp(−γ₁′z).
        Process::Purchase => &[(1, -1.0)],
        Process::Dropout => family_of(plain.model).dropout,
    };
    let free = plain.form.free_parameters();
    let scaled = scaled.iter().filter(|(parameter, _)| free.contains(parameter));
    scaled.map(|(parameter, sign)| Slot { level, parameter: *parameter, sign: *sign }).collect()
}

impl CovariateFit {
    fn new(
        plain: &Fit,
        map: &LinearMap<'_>,
        search: &Search,
        covariance: &Matrix,
        effects: &Effects,
        rhythm: &Rhythm,
    ) -> Self {
        let mut gradient = [0.0; 4];
        map.free
            .iter()
            .zip(&search.derivatives.gradient)
            .for_each(|(index, entry)| gradient[*index] = *entry);
        let of_cell = |cell: Option<usize>| {
            let parameters = map.parameters(cell, &search.position).expect("a maximum is near the start");
            let covariance = map.covariance(cell, covariance);
            Fit {
                parameters,
                standard_errors: Some(standard_errors(&parameters, &covariance)),
                covariance: Some(covariance),
                log_likelihood: search.derivatives.value + rhythm.gaps.ln_density(plain.k),
                iterations: search.iterations,
                gradient,
                ..plain.clone()
            }
        };
        let cells = 0..map.design.cells.len();
        Self {
            fit: of_cell(None),
            coefficients: coefficients(plain, effects, |slot| {
                let number = map.slots.iter().position(|known| known == slot)? + map.free.len();
                Some((search.position[number], covariance[number][number].sqrt()))
            }),
            cells: cells.clone().map(|cell| of_cell(Some(cell))).collect(),
            errors: cells
                .map(|cell| Rotation::new(map, cell, covariance))
                .collect::<Option<_>>()
                .map_or(SharedErrors::Unknown, SharedErrors::Rotated),
        }
    }

    /// No effect is estimated: everybody buys as without covariates.
    fn without(plain: &Fit, design: &Design, effects: &Effects) -> Self {
        Self {
            fit: plain.clone(),
            coefficients: coefficients(plain, effects, |_| None),
            cells: vec![plain.clone(); design.cells.len()],
            errors: SharedErrors::Alike,
        }
    }

    /// The fit without covariates in place of this one, whose effects are not worth having.
    #[must_use]
    pub fn without_effects(&self, plain: &Fit) -> Self {
        let not_worth = |coefficient: &Coefficient| Coefficient {
            parameter: None,
            estimate: Err(coefficient.estimate.err().unwrap_or(NoEffect::NotWorth)),
            ..coefficient.clone()
        };
        let mut coefficients: Vec<Coefficient> = self.coefficients.iter().map(not_worth).collect();
        // An effect of two coefficients has one reason.
        coefficients.dedup();
        Self {
            fit: plain.clone(),
            coefficients,
            cells: vec![plain.clone(); self.cells.len()],
            errors: SharedErrors::Alike,
        }
    }

    /// How many coefficients are estimated.
    pub fn effects(&self) -> usize {
        self.coefficients.iter().filter(|coefficient| coefficient.estimate.is_ok()).count()
    }

    /// ln of the likelihood of other histories by cell; none where the fit found nothing to predict from.
    pub fn log_likelihood(&self, cells: &[&Counts], rhythm: &Rhythm) -> Option<f64> {
        let of_cells = self.cells.iter().zip(cells).filter(|(_, counts)| !counts.rows().is_empty());
        let sum = of_cells.map(|(fit, counts)| ln_of_counts(fit, counts)).sum::<Option<f64>>()?;
        Some(sum + rhythm.gaps.ln_density(self.fit.k))
    }

    /// The pull of the errors that all cells share, of sums over customers by cell; `None` where the fit has no covariance.
    pub fn joint_pull(&self, by_cell: &[[f64; 4]]) -> Option<Vec<f64>> {
        self.fit.covariance?;
        let rotations = match &self.errors {
            SharedErrors::Alike => {
                let sum = |index: usize| by_cell.iter().map(|pull| pull[index]).sum();
                return Some((0..4).map(sum).collect());
            }
            SharedErrors::Rotated(rotations) => rotations,
            SharedErrors::Unknown => return None,
        };
        let mut pulls = rotations.iter().zip(by_cell).map(|(rotation, pull)| rotation.joint(pull));
        let first = pulls.next()?;
        Some(pulls.fold(first, |mut sum, more| {
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            sum
        }))
    }
}

/// Every effect's coefficients, or why it has none.
fn coefficients(
    plain: &Fit,
    effects: &Effects,
    estimate: impl Fn(&Slot) -> Option<(f64, f64)>,
) -> Vec<Coefficient> {
    let names = family_of(plain.model).parameters;
    let mut coefficients = Vec::new();
    for (level, process, why) in &effects.0 {
        let (level, process) = (*level, *process);
        if let Some(why) = why {
            coefficients.push(Coefficient { level, process, parameter: None, estimate: Err(*why) });
            continue;
        }
        for slot in slots(plain, level, process) {
            let estimate = estimate(&slot).expect("what is not left out is estimated");
            let parameter = Some(names[slot.parameter]);
            coefficients.push(Coefficient { level, process, parameter, estimate: Ok(estimate) });
        }
    }
    coefficients
}
