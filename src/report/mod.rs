//! What a run says of itself: a line per stage, the `run` table, the manifest. Draws; computes no metric.

mod manifest;
mod run_table;

pub use manifest::manifest;
pub use run_table::run_table;

use crate::acquisition;
use crate::clv;
use crate::contracts;
use crate::costing::schema::Costing;
use crate::counted_histories;
use crate::effects;
use crate::facts::FactSet;
use crate::facts::schema::RowCounts;
use crate::forecast;
use crate::hierarchy;
use crate::lifecycle;
use crate::needs;
use crate::perception;
use crate::pipeline::Definition;
use crate::plan;
use crate::profitability::Summary;
use crate::programme;
use crate::questions;
use crate::star;
use crate::terminal::escaped;
use crate::units::format_fixed;

/// What the facts stage did.
pub fn facts_line(facts: &FactSet) -> String {
    let rows = total_rows(facts);
    format!(
        "{} rows, {} customers, {} periods, {} product groups",
        grouped(rows.read.into()),
        grouped(facts.customers.keys.len() as i128),
        facts.periods.len(),
        facts.groups.len()
    )
}

/// What the stage that reads what customers said did.
pub fn answers_line(facts: &FactSet) -> String {
    format!("{} rows quarantined", grouped(total_rows(facts).quarantined.into()))
}

/// What the costing stage did.
pub fn costing_line(costing: &Costing, definition: &Definition) -> String {
    let totals = costing.totals();
    let money = |amount| money_text(amount, definition);
    format!("{} in, {} to customers", money(totals.input), money(totals.assigned))
}

/// What the profitability stage did.
pub fn profitability_line(summary: &Summary, definition: &Definition) -> String {
    format!("{} customer profit", money_text(summary.profit, definition))
}

/// What the stage of lifetime value did.
pub fn clv_line(summary: &clv::Summary, definition: &Definition) -> String {
    let mut models: Vec<&str> = summary.models.iter().map(|(_, model, _)| model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    let equity = summary.customer_equity.map(|equity| money_text(equity, definition));
    format!("{} customer equity by {}", equity.as_deref().unwrap_or("unknown"), models.join(", "))
}

/// Models that customers are valued by: name, why, and the segments by it for that reason.
pub fn chosen_models(summary: &clv::Summary) -> Vec<(&str, &str, Vec<&str>)> {
    let mut models: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for (segment, model, why) in &summary.models {
        match models.iter_mut().find(|(known, reason, _)| known == model && reason == why) {
            Some((_, _, segments)) => segments.push(segment),
            None => models.push((model, why, vec![segment])),
        }
    }
    models
}

/// What the lifecycle stage did.
pub fn lifecycle_line(summary: &lifecycle::Summary) -> String {
    let counts = [
        (summary.new, "new"),
        (summary.reactivated, "reactivated"),
        (summary.active, "active"),
        (summary.at_risk, "at risk"),
        (summary.dormant, "dormant"),
        (summary.lost, "lost"),
        (summary.warnings, "warnings"),
    ];
    let counts = counts.map(|(count, what)| format!("{} {what}", grouped(count.into())));
    let inactive = summary.inactivity_rate;
    let inactive = inactive.map(|rate| format!(", {:.1} % became inactive in the last period", 100.0 * rate));
    let auc = summary.auc.map(|auc| format!("; early warning: AUC {auc:.2}")).unwrap_or_default();
    let lift = summary.lift.map(|lift| {
        format!(", its first tenth lost {lift:.2} times what the first tenth by contribution lost")
    });
    format!("{}{}{auc}{}", counts.join(", "), inactive.unwrap_or_default(), lift.unwrap_or_default())
}

/// How actual compares with the plan.
pub fn plan_line(summary: &plan::Summary, definition: &Definition) -> String {
    let [planned, all] = summary.periods;
    let three = |of: [i128; 3]| {
        let [planned, flexible, actual] = of.map(|amount| money_text(amount, definition));
        format!("{planned} planned, {flexible} in the flexible budget, {actual} actual")
    };
    let mut line = format!("{planned} of {all} periods; cost {}", three(summary.cost));
    if let Some(sales) = summary.sales {
        line += &format!("; gross margin {}", three(sales));
    }
    line
}

/// What is coming.
pub fn forecast_line(summary: &forecast::Summary) -> String {
    let forecast::Summary { periods, from, activities, short } = summary;
    let Some(from) = from else { return "no period is complete yet, so none is forecast".to_owned() };
    let mut line = format!("{periods} periods from {from}, driver volumes of {activities} activities");
    for (resource, since) in short {
        line += &format!("; {resource} beyond practical capacity from {since}");
    }
    line
}

/// By how much scenarios differ.
pub fn whatif_line(summary: &questions::WhatIfSummary, definition: &Definition) -> String {
    let scenario = |(name, difference): &(String, i128)| {
        format!("scenario {name}: {} of customer profit", money_text(*difference, definition))
    };
    summary.scenarios.iter().map(scenario).collect::<Vec<_>>().join("; ")
}

/// Which estimate matters most.
pub fn sensitivity_line(summary: &questions::SensitivitySummary, definition: &Definition) -> String {
    let estimates = counted(summary.estimates);
    match &summary.first {
        None => format!("{estimates}, none of which moves a customer's profit"),
        Some((name, moved)) => {
            let moved = money_text(*moved, definition);
            format!("{estimates} off; most, {moved} of customers' profit, follows {name}")
        }
    }
}

fn counted(estimates: usize) -> String {
    if estimates == 1 { "1 estimate".to_owned() } else { format!("{estimates} estimates") }
}

/// Groups of every level.
pub fn hierarchy_line(levels: &[hierarchy::Summary]) -> String {
    let of_level = |level: &hierarchy::Summary| {
        let [groups, profitable, hiding] =
            [level.groups, level.profitable, level.hiding].map(|count| grouped(count as i128));
        let name = escaped(&level.level);
        format!("{name}: {groups} groups, {profitable} profitable, {hiding} of them with members at a loss")
    };
    levels.iter().map(of_level).collect::<Vec<_>>().join("; ")
}

/// What contracts are still going to bring.
pub fn contracts_line(summary: &contracts::Summary, definition: &Definition) -> String {
    let [all, running] = summary.contracts.map(|count| grouped(count.into()));
    let mut line = format!("{all} contracts, {running} running");
    for (months, valued) in &summary.terms {
        line += &match valued {
            Some((model, residual)) => {
                let residual = money_text(*residual, definition);
                format!("; {months}-month terms by {model}: {residual} to come")
            }
            None => format!("; {months}-month terms: no model has a fit"),
        };
    }
    if summary.overlapping > 0 {
        line += &format!("; {} rows overlap", grouped(summary.overlapping.into()));
    }
    line
}

/// What is expected of customers whose histories came counted.
pub fn counted_histories_line(summary: &counted_histories::Summary, definition: &Definition) -> String {
    let different = if summary.histories == 1 { "history" } else { "different histories" };
    let [customers, histories] = [summary.customers, summary.histories].map(|count| grouped(count.into()));
    let mut line = format!("customers: {customers}, with {histories} {different}");
    line += &match summary.alive {
        _ if summary.histories == 0 => ": no row is left".to_owned(),
        Some(alive) => format!(", {alive:.0} of them alive by bg_bb"),
        None => ": bg_bb has no fit".to_owned(),
    };
    if let Some(value) = summary.value {
        line += &format!("; residual value {}", money_text(value, definition));
    }
    line
}

/// What treatments brought.
pub fn effects_line(summary: &effects::Summary, definition: &Definition) -> String {
    let [contacted, held_out] = summary.contacts.map(|count| grouped(count.into()));
    let unit = crate::units::pow10(definition.facts.money_scale) as f64;
    let mut line = format!("{contacted} customers contacted, {held_out} held out");
    for (treatment, effect) in &summary.effects {
        let [value, low, high] = effect.map(|amount| amount / unit);
        let currency = &definition.facts.currency;
        line += &format!(
            "; {}: {value:+.2} {currency} contribution per customer, 95 % from {low:.2} to {high:.2}",
            escaped(treatment)
        );
    }
    if summary.doubtful > 0 {
        line += &format!("; {} comparisons differed before the contact", summary.doubtful);
    }
    line
}

/// What a loyalty programme owes and brings.
pub fn programme_line(summary: &programme::Summary, definition: &Definition) -> String {
    let [members, points] = [summary.members.into(), summary.points].map(grouped);
    let liability = money_text(summary.liability, definition);
    let mut line = format!("{members} members, {points} points, {liability} liability");
    line += &format!(", {:.1} % of points to be redeemed", 100.0 * summary.redemption);
    if let Some(effect) = summary.effect {
        let unit = crate::units::pow10(definition.facts.money_scale) as f64;
        let [value, low, high] = effect.map(|amount| amount / unit);
        let currency = &definition.facts.currency;
        line += &format!(
            "; members: {value:+.2} {currency} contribution per customer, 95 % from {low:.2} to {high:.2}"
        );
    }
    if summary.doubtful > 0 {
        line += &format!("; {} outcomes differed before they joined", summary.doubtful);
    }
    line
}

/// What winning customers cost and brought.
pub fn acquisition_line(summary: &acquisition::Summary, definition: &Definition) -> String {
    let [customers, buyers] = summary.customers.map(|count| grouped(count.into()));
    let [cohorts, paid_back] = summary.cohorts.map(|count| grouped(count as i128));
    let cost = money_text(summary.cost, definition);
    let mut line = format!("{customers} customers, {buyers} bought, won for {cost}");
    line += &format!("; {paid_back} of {cohorts} cohorts paid back");
    if summary.expected > 0 {
        line += &format!(", {} more expected to be", grouped(summary.expected as i128));
    }
    if let Some(ratio) = summary.value_to_cost {
        line += &format!("; lifetime value {ratio:.2} times the cost");
    }
    if let Some(skill) = summary.skill {
        let by = summary.predictor.unwrap_or("cells");
        let (per_cent, effect) = (100.0 * skill.abs(), if skill < 0.0 { "add" } else { "take" });
        let to = if skill < 0.0 { "to" } else { "off" };
        line += &format!(
            "; attributes {effect} {per_cent:.1} % {to} the squared errors of newcomers held out, by {by}"
        );
    }
    line
}

/// What the segments stage did.
pub fn segments_line(summary: &crate::segments::Summary) -> String {
    format!(
        "{} customers, {} with a treatment, {} offers",
        grouped(summary.customers as i128),
        grouped(summary.treated as i128),
        grouped(summary.offers as i128)
    )
}

/// What the perception stage did.
pub fn perception_line(summary: &perception::Summary) -> String {
    format!(
        "{} answers, {} complaints, {} referrals, {} customers over-served",
        grouped(summary.answers as i128),
        grouped(summary.complaints as i128),
        grouped(summary.referrals as i128),
        grouped(summary.over_served as i128)
    )
}

/// What the needs stage did.
pub fn needs_line(summary: &needs::Summary) -> String {
    let respondents = grouped(summary.respondents.into());
    if summary.segments == 0 {
        return match summary.respondents {
            0 => "no segments: no customer rated the importance of every attribute that the surveys ask for"
                .to_owned(),
            _ => format!(
                "no segments: {respondents} customers rated the importance of every attribute, too few or all alike"
            ),
        };
    }
    let mut line = format!("{} segments of {respondents} respondents", summary.segments);
    if let Some(silhouette) = summary.silhouette {
        let doubt = if silhouette < 0.25 { ", so they hardly stand apart" } else { "" };
        line += &format!(", mean silhouette {silhouette:.2}{doubt}");
    }
    if let [Some(most_frequent), Some(traits)] = summary.hit_rates.map(|rate| rate.map(|rate| 100.0 * rate)) {
        line += &format!(
            "; traits predict the segment of {traits:.1} % of those held out, the most frequent one is that of {most_frequent:.1} %"
        );
    }
    line
}

/// What the star did, in one line.
pub fn star_line(summary: star::Summary) -> String {
    let star::Summary { dimensions, customers } = summary;
    format!("{dimensions} dimensions, {} members of dim_customer", grouped(customers as i128))
}

/// Rows of all sources together.
pub fn total_rows(facts: &FactSet) -> RowCounts {
    let mut total = RowCounts::default();
    facts.accounts().iter().for_each(|(_, _, counts)| total.add(counts));
    total
}

/// Money for a person: cents, digits grouped, with the currency.
pub fn money_text(amount: i128, definition: &Definition) -> String {
    let scale = definition.facts.money_scale;
    let shown = crate::units::rescale(amount, scale, scale.min(2)).expect("fewer digits always fit");
    let text = format_fixed(shown.abs(), scale.min(2));
    let (whole, cents) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, cents)| (whole, Some(cents)));
    let whole = grouped(whole.parse().expect("a formatted integer parses"));
    let sign = if shown < 0 { "-" } else { "" };
    let cents = cents.map(|cents| format!(".{cents}")).unwrap_or_default();
    format!("{sign}{whole}{cents} {}", definition.facts.currency)
}

/// 1234567 as `1,234,567`.
pub fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
