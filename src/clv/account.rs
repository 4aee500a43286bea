//! What every model says of itself: parameters with their errors, how the fit ended, and how far it drifted.

use super::choice::{Choice, segment_of};
use super::covariates::Covariates;
use super::effects;
use super::fits::{Fits, FittedPurchases, FittedSpend};
use super::formulas::Line;
use super::models::contribution::ContributionModel;
use super::models::logarithms::Estimate;
use super::outlook;
use super::past::{FULL, REVENUE, VALUED};
use super::pooling::Pooled;
use super::spend::Spend;
use super::timing_kind::TimingKind;
use crate::pipeline::SpendModel;
use crate::units::Day;
use serde_json::Value;
use std::borrow::Cow;

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Customers are valued by it.
    Chosen,
    /// It is fitted and back-tested beside that.
    Candidate,
    /// A formula of the text-books, to compare with.
    Formula,
}

/// One model at one date in one segment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Account {
    pub(crate) segment: usize,
    pub(crate) model: &'static str,
    /// Rows on this day or later were not seen.
    pub(crate) until: i32,
    /// Whether that is the whole history.
    pub(crate) is_whole: bool,
    pub(crate) role: Role,
    /// Whether the parameters are those of all customers.
    pub(crate) is_pooled: bool,
    /// Why it was chosen.
    pub(crate) why: Option<&'static str>,
    /// Of a purchase model: whether it has covariates.
    pub(crate) has_covariates: Option<bool>,
    /// What its times are measured by.
    pub(crate) timing: Option<TimingKind>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) log_likelihood: Option<f64>,
    pub(crate) customers: Option<u64>,
    pub(crate) iterations: Option<u32>,
    pub(crate) converged: Option<bool>,
    pub(crate) reason: Option<String>,
}

/// One number of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: Cow<'static, str>,
    pub(crate) estimate: Option<f64>,
    pub(crate) standard_error: Option<f64>,
    pub(crate) meaning: String,
    /// Why there is no estimate, where the model as a whole has one.
    pub(crate) reason: Option<String>,
    /// Of the release that drift is measured against.
    pub(crate) earlier: Option<f64>,
    /// Estimate less earlier estimate, in standard errors of the earlier one.
    pub(crate) drift: Option<f64>,
}

impl Parameter {
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        estimate: f64,
        standard_error: Option<f64>,
        meaning: &str,
    ) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        Self {
            name: name.into(),
            estimate: finite(estimate),
            standard_error: standard_error.and_then(finite),
            meaning: meaning.to_owned(),
            reason: None,
            earlier: None,
            drift: None,
        }
    }
}

/// Where an account belongs.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) segment: usize,
    pub(crate) until: i32,
    pub(crate) is_whole: bool,
}

impl Place {
    fn account(self, model: &'static str, role: Role) -> Account {
        Account {
            segment: self.segment,
            model,
            until: self.until,
            is_whole: self.is_whole,
            role,
            is_pooled: false,
            why: None,
            has_covariates: None,
            timing: None,
            parameters: Vec::new(),
            log_likelihood: None,
            customers: None,
            iterations: None,
            converged: None,
            reason: None,
        }
    }
}

/// Every fit at every date, with what purchases were timed by then.
pub(crate) fn of_fits(
    fits: &Fits,
    covariates: &Covariates,
    dates: &[(Day, TimingKind)],
    choices: &[Choice],
    spend: SpendModel,
    unit: f64,
) -> Vec<Account> {
    let mut accounts = Vec::new();
    for (date, (until, timing)) in dates.iter().enumerate() {
        for (segment, choice) in choices.iter().enumerate() {
            let place = Place { segment, until: until.0, is_whole: date == 0 };
            for (index, candidate) in fits.candidates.iter().enumerate() {
                let is_chosen = choice.candidate == index;
                let role = if is_chosen { Role::Chosen } else { Role::Candidate };
                let Some(fitted) = fits.of(date, segment, index) else { continue };
                let mut account = of_fit(place, candidate.model.word(), role, fitted);
                account.parameters.extend(effects::of_fit(fitted, covariates));
                accounts.push(Account {
                    why: is_chosen.then(|| choice.why.text()),
                    has_covariates: Some(candidate.has_covariates),
                    timing: Some(*timing),
                    ..account
                });
            }
            let found = fits.spend(date, segment).into_iter();
            accounts.extend(found.flat_map(|found| of_spend(place, found, spend, unit)));
        }
    }
    accounts
}

fn of_fit(place: Place, model: &'static str, role: Role, fitted: &FittedPurchases) -> Account {
    let fit = &fitted.fit;
    let parameters = fit.named_parameters().into_iter();
    let account = Account {
        parameters: parameters
            .map(|found| {
                Parameter::new(found.name, found.value, found.standard_error, outlook::meaning(found.name))
            })
            .collect(),
        log_likelihood: Some(fit.log_likelihood).filter(|value| value.is_finite()),
        customers: Some(fit.customers),
        iterations: Some(fit.iterations),
        converged: Some(fit.converged),
        reason: fit.reason.map(|reason| format!("{}: {}", reason.code(), reason.sentence())),
        ..place.account(model, role)
    };
    let has_value = fitted.has_residual() || !fitted.predicts();
    let endless = (!has_value).then(|| "not observed for long enough to value purchases for ever".to_owned());
    let reasons: Vec<String> = account.reason.iter().cloned().chain(endless).collect();
    Account { reason: (!reasons.is_empty()).then(|| reasons.join("; ")), ..account }.pooled(fitted.pooled)
}

impl Account {
    /// Says that the parameters are those of all customers, and why, in front of what the fit says of itself.
    fn pooled(self, pooled: Option<Pooled>) -> Self {
        let Some(pooled) = pooled else { return self };
        let reasons: Vec<String> = std::iter::once(pooled.sentence()).chain(self.reason).collect();
        Self { is_pooled: true, reason: Some(reasons.join("; ")), ..self }
    }
}

fn of_spend(place: Place, fitted: &FittedSpend, chosen: SpendModel, unit: f64) -> Vec<Account> {
    let spend = &fitted.spend;
    let role = |of: SpendModel| if of == chosen { Role::Chosen } else { Role::Candidate };
    let shrunken =
        [("shrunken_margin", VALUED), ("shrunken_full_margin", FULL), ("shrunken_revenue", REVENUE)];
    let mut accounts: Vec<Account> = shrunken
        .iter()
        .map(|(name, measure)| {
            of_shrunken(place, name, role(SpendModel::Shrunken), &spend.shrunken[*measure], unit)
        })
        .collect();
    if let Some(rate) = &spend.rate {
        let root = |variance: f64| variance.sqrt();
        let parameters = vec![
            Parameter::new(
                "rate",
                rate.prior_rate,
                rate.prior_rate_variance.map(root),
                "margin over net revenue",
            ),
            Parameter::new(
                "between_sd",
                root(rate.between_variance),
                None,
                "standard deviation of customers' rates",
            ),
        ];
        let reason = rate.simplification.map(|reason| reason.to_string());
        accounts.push(Account {
            parameters,
            reason,
            ..place.account("margin_rate", role(SpendModel::GammaGamma))
        });
    }
    accounts.push(of_gamma_gamma(place, role(SpendModel::GammaGamma), spend, unit));
    accounts.extend(of_dependence(place, spend));
    accounts.into_iter().map(|account| account.pooled(fitted.pooled)).collect()
}

fn of_shrunken(
    place: Place,
    name: &'static str,
    role: Role,
    model: &ContributionModel,
    unit: f64,
) -> Account {
    let root = |variance: Option<f64>| variance.map_or(f64::NAN, |variance| variance.sqrt() * unit);
    let error = model.prior_mean_variance.map(|variance| variance.sqrt() * unit);
    Account {
        parameters: vec![
            Parameter::new("mean", model.prior_mean * unit, error, "mean of customers' means per purchase"),
            Parameter::new(
                "within_sd",
                root(model.within_variance),
                None,
                "standard deviation of a customer's purchases",
            ),
            Parameter::new(
                "between_sd",
                root(model.between_variance),
                None,
                "standard deviation of customers' means",
            ),
        ],
        customers: Some(model.customers),
        reason: model.simplification.map(|reason| reason.to_string()),
        ..place.account(name, role)
    }
}

fn of_gamma_gamma(place: Place, role: Role, spend: &Spend, unit: f64) -> Account {
    let account = place.account("gamma_gamma", role);
    match &spend.gamma_gamma {
        Err(reason) => Account { reason: Some(reason.to_string()), converged: Some(false), ..account },
        Ok(estimate) => {
            let errors = estimate.standard_errors();
            let [p, q, gamma] = estimate.parameters;
            Account {
                parameters: vec![
                    Parameter::new("p", p, errors[0], "shape of a customer's purchases"),
                    Parameter::new("q", q, errors[1], "shape of customers' scales"),
                    Parameter::new(
                        "v",
                        gamma * unit,
                        errors[2].map(|error| error * unit),
                        "scale of customers' scales, money",
                    ),
                ],
                // The density of money in units of the currency, as it is published.
                log_likelihood: Some(estimate.log_likelihood - money_units(spend.repeaters, unit)),
                customers: Some(spend.repeaters),
                iterations: Some(estimate.iterations),
                converged: Some(true),
                reason: limit_reason(estimate).or_else(|| sample_reason(spend.stride)),
                ..account
            }
        }
    }
}

/// The correlation that models of purchases and of spend, which are fitted apart, take to be 0.
fn of_dependence(place: Place, spend: &Spend) -> Option<Account> {
    let found = spend.dependence?;
    let meaning = "of repeat purchases and their mean net revenue over customers who bought again: models of purchases and of \
                   spend take it as 0";
    let reason = if found.is_beyond_chance() {
        "beyond chance: those who buy more often spend otherwise, and what a purchase brings, shrunken towards the mean of \
         all, does not know it of customers with few purchases"
    } else {
        "within chance: 95 % of bases without dependence have as large a one or a smaller"
    };
    let parameter = Parameter::new("correlation", found.correlation, Some(found.standard_error), meaning);
    Some(Account {
        parameters: vec![parameter],
        customers: Some(spend.repeaters),
        reason: Some(reason.to_owned()),
        ..place.account("spend_and_frequency", Role::Formula)
    })
}

/// n ln u: what the log-likelihood of n densities changes by when money is counted in units of u smallest ones.
#[expect(clippy::cast_precision_loss, reason = "2^53 customers are more than there are")]
fn money_units(customers: u64, unit: f64) -> f64 {
    customers as f64 * unit.ln()
}

fn sample_reason(stride: u64) -> Option<String> {
    (stride > 1).then(|| format!("fitted to one in {stride} of the customers who bought again"))
}

fn limit_reason<const N: usize>(estimate: &Estimate<N>) -> Option<String> {
    estimate
        .is_at_limit()
        .then(|| "a parameter tends to 0 or infinity: the model is a simpler one".to_owned())
}

/// Parameters of an estimate, with their names and meanings.
pub(crate) fn of_estimate<const N: usize>(
    place: Place,
    model: &'static str,
    role: Role,
    estimate: &Estimate<N>,
    names: [(&'static str, &'static str); N],
    customers: u64,
) -> Account {
    let errors = estimate.standard_errors();
    let parameters = names.iter().zip(estimate.parameters).zip(errors);
    Account {
        parameters: parameters
            .map(|(((name, meaning), value), error)| Parameter::new(*name, value, error, meaning))
            .collect(),
        log_likelihood: Some(estimate.log_likelihood),
        customers: Some(customers),
        iterations: Some(estimate.iterations),
        converged: Some(true),
        reason: limit_reason(estimate),
        ..place.account(model, role)
    }
}

/// A model that has no estimate.
pub(crate) fn unfit(place: Place, model: &'static str, role: Role, reason: String) -> Account {
    Account { reason: Some(reason), converged: Some(false), ..place.account(model, role) }
}

/// Formulas, each with its inputs and results; lines of one formula follow each other.
pub(crate) fn of_formulas(place: Place, lines: Vec<Line>) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for line in lines {
        if accounts.last().is_none_or(|account| account.model != line.model) {
            accounts.push(place.account(line.model, Role::Formula));
        }
        let account = accounts.last_mut().expect("one was pushed");
        account.parameters.push(line.into_parameter());
    }
    accounts
}

impl Line {
    pub(crate) fn into_parameter(self) -> Parameter {
        let estimate = self.estimate.unwrap_or(f64::NAN);
        Parameter { reason: self.reason, ..Parameter::new(self.parameter, estimate, None, &self.meaning) }
    }
}

/// Whether an entry of a manifest is about the same model, with covariates or without.
fn is_same(account: &Account, model: &Value) -> bool {
    let has_covariates = model["has_covariates"].as_bool().unwrap_or(false);
    model["model"] == account.model && has_covariates == account.has_covariates.unwrap_or(false)
}

/// Compares the fits of the whole history with those of an earlier release: the manifest's `clv`.
pub(crate) fn measure_drift(accounts: &mut [Account], earlier: &Value, names: &[Option<String>]) {
    for account in accounts.iter_mut().filter(|account| account.is_whole) {
        let Some(segment) = segment_of(earlier, names[account.segment].as_deref()) else { continue };
        let models = segment["models"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(model) = models.iter().find(|model| is_same(account, model)) else { continue };
        for parameter in &mut account.parameters {
            let of = |key: &str| model[key][&*parameter.name].as_f64();
            parameter.earlier = of("parameters");
            parameter.drift = parameter
                .estimate
                .zip(parameter.earlier)
                .zip(of("standard_errors").filter(|error| *error > 0.0))
                .map(|((now, then), error)| (now - then) / error);
        }
    }
}
