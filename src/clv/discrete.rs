//! The models of whole periods, on what the run observed: shifted beta-geometric and BG/BB.
//!
//! The shifted beta-geometric model is one of contracts, whose ends are seen (P. S. Fader, B. G. S. Hardie, "How to
//! project customer retention", Journal of Interactive Marketing 21, 2007). Here ends follow from a declared gap, and the
//! table says so.

use super::account::{Account, Parameter, Place, Role, of_estimate, unfit};
use super::formulas::{Inputs, Line};
use super::lives::{Lives, Opportunities};
use super::models::bg_bb::{self, BetaGeometricBetaBernoulli, CountedHistory};
use super::models::renewal_counts::RenewalCounts;
use super::models::shifted_beta_geometric::{self, ShiftedBetaGeometric};
use super::whole_periods::histories;
use crate::pipeline::PurchaseModel;

/// The shifted beta-geometric model of the periods that customers lived, and a new customer's value by it.
pub(crate) fn shifted_beta_geometric(place: Place, inputs: &Inputs<'_>) -> Account {
    let name = "shifted_beta_geometric";
    let estimate = match shifted_beta_geometric::fit(&renewals(inputs.lives)) {
        Ok(estimate) => estimate,
        Err(reason) => return unfit(place, name, Role::Formula, reason.to_string()),
    };
    let given = format!(
        "lives end by a rule, a gap of more than {} days (lifecycle.gap_days), and by no contract: the model describes the \
         rule as much as the customers",
        inputs.rule.gap_days
    );
    let names = [
        ("alpha", "first shape of the probability to be lost at the end of a period"),
        ("beta", "second shape of it"),
    ];
    let mut account = of_estimate(place, name, Role::Formula, &estimate, names, inputs.lives.customers());
    account.reason =
        Some(account.reason.map_or_else(|| given.clone(), |reason| format!("{reason}; {given}")));
    let [alpha, beta] = estimate.parameters;
    let model = ShiftedBetaGeometric { alpha, beta };
    let discount = inputs.discount_rate().ok_or_else(|| "there is no complete period".to_owned());
    let lifetime = discount
        .and_then(|discount| model.discounted_lifetime(discount).map_err(|reason| reason.to_string()));
    let value = lifetime.clone().and_then(|lifetime| Ok(lifetime * inputs.margin_per_period()?));
    for (parameter, estimate, meaning) in [
        (
            "r_1",
            Ok(model.retention(1)),
            "share of customers who are not lost at the end of their first period",
        ),
        ("r_12", Ok(model.retention(12)), "the same at the end of the twelfth, of those who came so far"),
        (
            "DEL",
            lifetime,
            "expected discounted lifetime of a new customer in periods, the first one counted in full",
        ),
        ("CLV", value, "m DEL: value of a customer about to be won, paid in advance"),
    ] {
        account.parameters.push(Line::new(name, parameter, estimate, meaning).into_parameter());
    }
    account
}

/// A customer lost at the end of its first period leaves at renewal 1.
fn renewals(lives: &Lives) -> RenewalCounts {
    let mut counts = RenewalCounts::default();
    for (renewals, customers) in lives.lost.iter().enumerate() {
        counts.add_lost(renewals + 1, *customers);
    }
    for (renewals, customers) in lives.kept.iter().enumerate() {
        counts.add_kept(renewals, *customers);
    }
    counts
}

/// BG/BB with one opportunity to buy per complete period.
pub(crate) fn bg_bb(place: Place, role: Role, counts: &Opportunities, inputs: &Inputs<'_>) -> Account {
    let name = PurchaseModel::BgBb.word();
    let rows = histories(counts);
    let estimate = match bg_bb::fit(&rows) {
        Ok(estimate) => estimate,
        Err(reason) => return unfit(place, name, role, reason.to_string()),
    };
    let names = [
        ("alpha", "first shape of the probability to buy in a period while alive"),
        ("beta", "second shape of it"),
        ("gamma", "first shape of the probability to lapse at the beginning of a period"),
        ("delta", "second shape of it"),
    ];
    let customers = counts.values().sum();
    let account = of_estimate(place, name, role, &estimate, names, customers);
    let mut account = Account { reason: bg_bb::reason(&estimate), ..account };
    let model = BetaGeometricBetaBernoulli::from(estimate.parameters);
    account.parameters.extend(outlook(name, &model, &rows, inputs));
    account
}

/// What the model expects of all customers together.
fn outlook(
    name: &'static str,
    model: &BetaGeometricBetaBernoulli,
    rows: &[CountedHistory],
    inputs: &Inputs<'_>,
) -> Vec<Parameter> {
    let sum = |of: &dyn Fn(bg_bb::Outlook) -> Option<f64>| {
        let of_row = |row: &CountedHistory| Some(of(model.outlook(row.history))? * count(row.customers));
        rows.iter().map(of_row).sum::<Option<f64>>()
    };
    let alive = sum(&|outlook| Some(outlook.probability_alive_next())).ok_or_else(String::new);
    let discounted = inputs
        .discount_rate()
        .and_then(|discount| sum(&|outlook| outlook.discounted_purchases(discount)))
        .ok_or_else(|| "the discount rate is not above 0".to_owned());
    [
        ("alive_customers", alive, "sum of probabilities to be alive in the next period"),
        ("DERT", discounted, "periods with a purchase expected of all customers for ever, discounted"),
    ]
    .map(|(parameter, estimate, meaning)| Line::new(name, parameter, estimate, meaning).into_parameter())
    .into()
}

#[expect(clippy::cast_precision_loss, reason = "2^53 customers are more than there are")]
fn count(customers: u64) -> f64 {
    customers as f64
}
