//! Maximum likelihood, and what to do where it has no maximum inside.
//!
//! The search always starts at r = 1 with the overall purchase rate, a uniform lapsing probability (a = b = 1), or an
//! exponential lapsing rate that halves survival within the mean age (s = 1): the centre of what histories look like,
//! from which Newton's method reached the maximum in every data set of the tests and simulations. Where a parameter runs
//! away, the curvature is flat or the search does not settle, the nested simpler models are fitted and the best of them
//! by Akaike's criterion (IEEE Transactions on Automatic Control 19, 1974) is returned with its reason.

use super::condensed::Condensed;
use super::families::family_of;
use super::family::{CommonLapse, Family};
use super::nbd::PurchaseRates;
use super::pairs::Pairs;
use super::purchase_law::PurchaseLaw;
use super::{Counts, DAYS_PER_WEEK, Form, Lapsing, Purchasing, Reason, Rhythm, likelihood};
use crate::math::newton::{self, Derivatives, Search};
use crate::math::optimise::Evaluation;
use crate::pipeline::PurchaseModel;

/// The shape that stands for "all customers alike": a coefficient of variation of 10⁻⁴.
const ALIKE: f64 = 1e8;

/// With fewer repeat buyers four parameters are not estimated.
pub const FEWEST_REPEATERS: u64 = 10;

/// A logarithm with a larger standard error is not known: the parameter might be 20 times larger or smaller.
pub(super) const UNKNOWN: f64 = 3.0;

/// A fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Which one was asked for.
    pub model: PurchaseModel,
    /// What of it the data allow.
    pub form: Form,
    /// How many events make a purchase: 1, but in models of regular purchases.
    pub k: u32,
    /// r, α, a, b or r, α, s, β; times in weeks. In a nested form a shape of 10⁸ stands for "all alike", and a, b or s, β
    /// are 0 where nobody lapses: [`Fit::named_parameters`] shows what was estimated.
    pub parameters: [f64; 4],
    /// Of the parameters; 0 for those fixed by the form.
    pub standard_errors: Option<[f64; 4]>,
    /// Of the parameters' logarithms, from the observed Hessian; 0 for those fixed.
    pub covariance: Option<[[f64; 4]; 4]>,
    /// At the parameters.
    pub log_likelihood: f64,
    /// How many customers it speaks of.
    pub customers: u64,
    /// Newton steps.
    pub iterations: u32,
    /// Whether the maximum was found.
    pub converged: bool,
    /// By the parameters' logarithms; 0 for those fixed.
    pub gradient: [f64; 4],
    /// Why it is not the full model, or not certain.
    pub reason: Option<Reason>,
}

/// A parameter under its usual name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// As printed in the model's paper, or `rate` (events per week, k of them a purchase), `lapse` (per purchase or per week).
    pub name: &'static str,
    /// Estimate.
    pub value: f64,
    /// By the delta method.
    pub standard_error: Option<f64>,
}

/// Fits a model to counted histories of customers who buy at random times.
pub fn fit(model: PurchaseModel, counts: &Counts) -> Fit {
    fit_regular(model, counts, &Rhythm::RANDOM)
}

/// Fits a model to counted histories of customers who buy in a rhythm, if it asks for one.
pub fn fit_regular(model: PurchaseModel, counts: &Counts, rhythm: &Rhythm) -> Fit {
    fit_ticks(model, counts, rhythm, 1.0 / DAYS_PER_WEEK)
}

/// The same, with times of the counts in units of `weeks_per_tick`.
pub(super) fn fit_ticks(model: PurchaseModel, counts: &Counts, rhythm: &Rhythm, weeks_per_tick: f64) -> Fit {
    let sample = Sample::new(model, counts, rhythm, weeks_per_tick);
    let empty = |reason| Fit { reason: Some(reason), ..sample.nothing() };
    if counts.customers() == 0 {
        return empty(Reason::NoCustomers);
    }
    if counts.age_days() == 0 {
        return empty(Reason::NoTime);
    }
    if counts.purchases() == 0 {
        return Fit { reason: Some(Reason::NoRepeaters), form: Form::POISSON, ..sample.nothing() };
    }
    if counts.repeaters() < FEWEST_REPEATERS {
        return Fit { reason: Some(Reason::FewRepeaters), ..sample.fit(Form::POISSON) };
    }
    sample.fit_or_nested()
}

/// ln of the likelihood of counted histories under a fit to others; none where the fit found nothing to predict from.
pub fn log_likelihood(fit: &Fit, counts: &Counts, rhythm: &Rhythm) -> Option<f64> {
    Some(ln_of_counts(fit, counts)? + rhythm.gaps.ln_density(fit.k))
}

/// The same without what the gaps between purchases add.
pub(super) fn ln_of_counts(fit: &Fit, counts: &Counts) -> Option<f64> {
    let law = fit.law()?;
    Some(likelihood::log_likelihood(&*law, &Pairs::new(counts), 1.0 / DAYS_PER_WEEK).value)
}

impl Fit {
    pub(super) fn law(&self) -> Option<Box<dyn PurchaseLaw>> {
        let [r, alpha, ..] = self.parameters;
        match self.form {
            Form { purchasing: Purchasing::Unknown, .. } => None,
            Form { lapsing: Lapsing::Never, .. } => {
                Some(Box::new(Condensed { rates: PurchaseRates { r, alpha }, k: self.k }))
            }
            _ => Some((family_of(self.model).law)(self.parameters, self.k)),
        }
    }

    /// The largest magnitude of the gradient.
    pub fn gradient_norm(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most, entry| most.max(entry.abs()))
    }

    /// How many parameters were estimated, k among them where the model asks for it.
    pub fn estimated(&self) -> u8 {
        self.form.parameters() + u8::from(self.model.asks_for_gaps())
    }

    /// What was estimated, under the names of the form.
    pub fn named_parameters(&self) -> Vec<Parameter> {
        let [r, alpha, first, second] = self.parameters;
        let Family { parameters: names, common_lapse, .. } = family_of(self.model);
        let deviation = |index: usize| self.covariance.map(|covariance| covariance[index][index].sqrt());
        let parameter = |name, value: f64, index| {
            let standard_error = deviation(index).map(|deviation| value * deviation);
            Parameter { name, value, standard_error }
        };
        let plain = |index: usize| parameter(names[index], self.parameters[index], index);
        let mut parameters = match self.form.purchasing {
            Purchasing::Unknown => return Vec::new(),
            Purchasing::Mixed => vec![plain(0), plain(1)],
            Purchasing::Alike => vec![parameter("rate", r / alpha, 1)],
        };
        match self.form.lapsing {
            Lapsing::Never => {}
            Lapsing::Mixed => parameters.extend([plain(2), plain(3)]),
            Lapsing::Alike => {
                let CommonLapse { value, slope } = common_lapse(first, second);
                let standard_error = deviation(3).map(|deviation| slope * deviation);
                parameters.push(Parameter { name: "lapse", value, standard_error });
            }
        }
        if self.model.asks_for_gaps() {
            // The best of a few whole numbers has no derivatives.
            parameters.push(Parameter { name: "k", value: f64::from(self.k), standard_error: None });
        }
        parameters
    }
}

/// Counted histories, ready for any form of a model.
struct Sample {
    model: PurchaseModel,
    k: u32,
    pairs: Pairs,
    weeks_per_tick: f64,
    customers: u64,
    /// What gaps add to the log-likelihood, whatever the parameters.
    of_gaps: f64,
    /// Events per week and mean age in weeks.
    rate: f64,
    age_weeks: f64,
}

impl Sample {
    fn new(model: PurchaseModel, counts: &Counts, rhythm: &Rhythm, weeks_per_tick: f64) -> Self {
        let weeks = counts.age_days() as f64 * weeks_per_tick;
        let k = if model.asks_for_gaps() { rhythm.k } else { 1 };
        Self {
            model,
            k,
            of_gaps: rhythm.gaps.ln_density(k),
            pairs: Pairs::new(counts),
            weeks_per_tick,
            customers: counts.customers(),
            rate: f64::from(k) * counts.purchases() as f64 / weeks,
            age_weeks: weeks / counts.customers() as f64,
        }
    }

    fn nothing(&self) -> Fit {
        Fit {
            model: self.model,
            form: Form { purchasing: Purchasing::Unknown, lapsing: Lapsing::Never },
            k: self.k,
            parameters: [0.0, 1.0, 0.0, 0.0],
            standard_errors: None,
            covariance: None,
            log_likelihood: 0.0,
            customers: self.customers,
            iterations: 0,
            converged: false,
            gradient: [0.0; 4],
            reason: None,
        }
    }

    fn fit_or_nested(&self) -> Fit {
        let full = self.fit(Form::FULL);
        if full.is_regular() {
            return full;
        }
        let nested = Form::NESTED.map(|form| self.fit(form));
        let regular = nested.into_iter().filter(Fit::is_regular);
        match regular.max_by(|left, right| left.merit().total_cmp(&right.merit())) {
            Some(nested) if nested.merit() >= full.merit() => Fit { reason: nested.form.reason(), ..nested },
            _ => full.uncertain(),
        }
    }

    /// Maximises over the free parameters; positions are logarithms of their ratios to the start.
    fn fit(&self, form: Form) -> Fit {
        let (start, free) = (self.start(form), form.free_parameters());
        let at = |position: &[f64]| {
            let mut parameters = start;
            free.iter().zip(position).for_each(|(&index, ratio)| parameters[index] *= ratio.exp());
            parameters
        };
        let search = newton::search(vec![0.0; free.len()], |position| {
            let fit = Fit { form, parameters: at(position), ..self.nothing() };
            let law = fit.law().expect("a form that is fitted has a law");
            restrict(&likelihood::log_likelihood(&*law, &self.pairs, self.weeks_per_tick), free)
        });
        self.report(form, at(&search.position), &search)
    }

    fn start(&self, form: Form) -> [f64; 4] {
        let r = if form.purchasing == Purchasing::Mixed { 1.0 } else { ALIKE };
        let shape = if form.lapsing == Lapsing::Mixed { 1.0 } else { ALIKE };
        let lapse = (family_of(self.model).start)(shape, self.age_weeks);
        match form.lapsing {
            Lapsing::Never => [r, r / self.rate, 0.0, 0.0],
            Lapsing::Mixed | Lapsing::Alike => [r, r / self.rate, shape, lapse],
        }
    }

    fn report(&self, form: Form, parameters: [f64; 4], search: &Search) -> Fit {
        let free = form.free_parameters();
        let covariance = search.covariance().filter(|_| search.converged).map(|small| {
            let mut covariance = [[0.0; 4]; 4];
            for (row, &parameter) in free.iter().enumerate() {
                free.iter()
                    .zip(&small[row])
                    .for_each(|(&other, entry)| covariance[parameter][other] = *entry);
            }
            covariance
        });
        let mut gradient = [0.0; 4];
        free.iter().zip(&search.derivatives.gradient).for_each(|(&index, entry)| gradient[index] = *entry);
        let errors = |covariance: [[f64; 4]; 4]| standard_errors(&parameters, &covariance);
        Fit {
            form,
            parameters,
            standard_errors: covariance.map(errors),
            covariance,
            log_likelihood: search.derivatives.value + self.of_gaps,
            iterations: search.iterations,
            converged: search.converged,
            gradient,
            ..self.nothing()
        }
    }
}

impl Fit {
    /// Converged, inside, and every parameter known within an order of magnitude.
    pub(super) fn is_regular(&self) -> bool {
        let is_known =
            |covariance: [[f64; 4]; 4]| (0..4).all(|index| covariance[index][index] < UNKNOWN * UNKNOWN);
        self.converged && self.covariance.is_some_and(is_known)
    }

    /// Akaike's criterion, the better the higher: a parameter must be worth 1 of log-likelihood.
    fn merit(&self) -> f64 {
        self.log_likelihood - f64::from(self.form.parameters())
    }

    /// No nested model is better: the best point found, and why not to trust it.
    fn uncertain(self) -> Self {
        let reason = if self.converged { Reason::FlatRidge } else { Reason::NoMaximum };
        Self { reason: Some(reason), ..self }
    }
}

/// Of parameters, by the covariance of their logarithms.
pub(super) fn standard_errors(parameters: &[f64; 4], covariance: &[[f64; 4]; 4]) -> [f64; 4] {
    std::array::from_fn(|index| parameters[index] * covariance[index][index].sqrt())
}

/// The rows and columns of the free parameters.
fn restrict(full: &Evaluation<4>, free: &[usize]) -> Derivatives {
    let row = |row: &usize| free.iter().map(|column| full.hessian[*row][*column]).collect();
    Derivatives {
        value: full.value,
        gradient: free.iter().map(|index| full.gradient[*index]).collect(),
        hessian: free.iter().map(row).collect(),
    }
}
