//! What coefficients of covariates are called, what they mean, and why some have no estimate.

use super::account::Parameter;
use super::covariates::Covariates;
use super::fits::FittedPurchases;
use super::models::{Coefficient, FEWEST_REPEATERS, NoEffect, Process};

/// Coefficients of a fit, in the order of covariates and values: `gamma.region.north.purchase`.
pub(crate) fn of_fit(fitted: &FittedPurchases, covariates: &Covariates) -> Vec<Parameter> {
    let coefficients = fitted.covariates.iter().flat_map(|found| &found.coefficients);
    coefficients.map(|coefficient| parameter(coefficient, covariates)).collect()
}

fn parameter(coefficient: &Coefficient, covariates: &Covariates) -> Parameter {
    let process = match (coefficient.process, coefficient.parameter) {
        (Process::Purchase, _) => "purchase",
        (Process::Dropout, Some("a")) => "dropout_a",
        (Process::Dropout, Some("b")) => "dropout_b",
        (Process::Dropout, _) => "dropout",
    };
    let name = format!("gamma.{}.{process}", covariates.symbol(coefficient.level));
    let [customers, others] = covariates.compared(coefficient.level);
    let meaning = meaning(process, &customers, &others);
    match coefficient.estimate {
        Ok((value, error)) => Parameter::new(name, value, Some(error), &meaning),
        Err(why) => Parameter {
            reason: Some(reason(why, &customers, &others)),
            ..Parameter::new(name, f64::NAN, None, &meaning)
        },
    }
}

fn meaning(process: &str, customers: &str, others: &str) -> String {
    let than = format!("of customers of {others} otherwise alike");
    match process {
        "purchase" => format!("customers of {customers} buy at exp(gamma) times the rate {than}"),
        "dropout_a" => format!("a of customers of {customers} is exp(gamma) times that {than}"),
        "dropout_b" => format!("b of customers of {customers} is exp(gamma) times that {than}"),
        _ => format!("customers of {customers} lapse at exp(gamma) times the rate {than}"),
    }
}

fn reason(why: NoEffect, customers: &str, others: &str) -> String {
    let why = match why {
        NoEffect::FewRepeaters(repeaters) => {
            format!("{repeaters} customers of {customers} bought again, {FEWEST_REPEATERS} are needed")
        }
        NoEffect::Aliased => format!("other covariates say already who is of {customers}"),
        NoEffect::Undetermined => "the data bound it on one side at most".to_owned(),
        NoEffect::NobodyLapses => "by the form of the model nobody lapses".to_owned(),
        NoEffect::NotWorth => {
            "without covariates the segment's own parameters are as good by Schwarz's criterion".to_owned()
        }
        NoEffect::NoFit => "without covariates the model has no regular fit to start from".to_owned(),
    };
    format!("no effect of its own, as if of {others}: {why}")
}
