//! `[lifecycle]` and `[clv]`: the customer base over time.

use super::contextual_factors::contextual_factors;
use super::number::{above_zero, share};
use super::or_default::{count_or, number_or, word_or};
use super::table::{Entry, Table, compare};
use super::wording::{did_you_mean, quoted};
use crate::pipeline::keys::{CLV, LIFECYCLE, STATES, WARNING};
use crate::pipeline::{
    ClvDef, DeclaredLifetime, Horizon, LifecycleDef, Margin, PurchaseModel, Season, SpendModel, StatesDef,
    WarningDef,
};
use crate::units::{Day, Decimal, Duration};
use std::collections::BTreeSet;

/// Reads `[lifecycle]`; `None` if an entry is faulty.
pub(super) fn lifecycle(table: Table<'_>, root: Table<'_>) -> Option<LifecycleDef> {
    let days = |key: &str| count_or(Some(table), &LIFECYCLE, key);
    let as_of = table.entry("as_of").map_or(Some(Vec::new()), dates);
    let by = attributes(table, "by", root);
    let wallet = attributes(table, "wallet", root);
    let channels = table.entry("channels").map_or(Some(Vec::new()), |entry| activities(entry, root));
    let states = states(table.table("states"));
    let warning = warning(table.table("warning"));
    Some(LifecycleDef {
        as_of: as_of?,
        gap_days: days("gap_days"),
        window_days: days("window_days"),
        by: by?,
        wallet: wallet?.into_iter().next(),
        channels: channels?,
        states: states?,
        warning: warning?,
        at: table.at(),
    })
}

fn states(table: Option<Table<'_>>) -> Option<StatesDef> {
    let number = |key: &str| number_or(table, &STATES, key, above_zero);
    let (active, at_risk) = (number("active"), number("at_risk"));
    let (active, at_risk) = (active?, at_risk?);
    if let Some(table) = table.filter(|_| compare(at_risk, active).is_lt()) {
        let entry = table.entry("at_risk").or(table.entry("active")).expect("the defaults are in order");
        entry.fault(format!("'at_risk' is {at_risk}, below 'active' of {active}; expected the longer gap"));
    }
    let days = |key: &str| count_or(table, &STATES, key);
    Some(StatesDef { new_days: days("new_days"), active, at_risk, dormant_days: days("dormant_days") })
}

fn warning(table: Option<Table<'_>>) -> Option<WarningDef> {
    let overdue = number_or(table, &WARNING, "overdue", above_zero);
    let of_one = |key: &str| number_or(table, &WARNING, key, share);
    let (alive_below, drop) = (of_one("alive_below"), of_one("drop"));
    let whole = |key: &str| count_or(table, &WARNING, key);
    Some(WarningDef {
        overdue: overdue?,
        alive_below: alive_below?,
        drop: drop?,
        recent_periods: whole("recent_periods"),
        earlier_periods: whole("earlier_periods"),
        holdout_days: whole("holdout_days"),
    })
}

/// Reads `[clv]`; `None` if an entry is faulty.
pub(super) fn clv(table: Table<'_>, root: Table<'_>) -> Option<ClvDef> {
    let models = match table.entry("models") {
        Some(entry) => distinct(entry, model),
        None => CLV.default_words("models").into_iter().map(PurchaseModel::of_word).collect(),
    };
    let chosen = table.text("model").and_then(PurchaseModel::of_word);
    let horizons = match table.entry("horizons") {
        Some(entry) => distinct(entry, horizon),
        None => CLV.default_words("horizons").into_iter().map(|text| horizon_of(text).ok()).collect(),
    };
    let rate = number_or(Some(table), &CLV, "discount_rate_annual", discount_rate);
    let segment = attributes(table, "segment", root);
    let covariates = covariates(table, root);
    let calibration = table.entry("calibration").map_or(Some(Vec::new()), dates);
    let lifetime = lifetime(table);
    let factors = match table.table("contextual_factors") {
        Some(factors) => contextual_factors(factors).map(Some),
        None => Some(None),
    };
    Some(ClvDef {
        models: with_chosen(models?, chosen),
        model: chosen,
        season: Season::of_word(word_or(Some(table), &CLV, "season")),
        contextual_factors: factors?,
        margin: match word_or(Some(table), &CLV, "margin") {
            "full" => Margin::Full,
            "revenue" => Margin::Revenue,
            _ => Margin::Avoidable,
        },
        spend: match word_or(Some(table), &CLV, "spend") {
            "gamma_gamma" => SpendModel::GammaGamma,
            _ => SpendModel::Shrunken,
        },
        discount_rate_annual: rate?,
        horizons: horizons?,
        segment: segment?.into_iter().next(),
        covariates: covariates?,
        calibration: calibration?,
        drift_from: table.text("drift_from").map(str::to_owned),
        lifetime: lifetime?,
        at: table.at(),
    })
}

/// Attributes other than the one whose values have parameters of their own.
fn covariates(table: Table<'_>, root: Table<'_>) -> Option<Vec<String>> {
    let covariates = attributes(table, "covariates", root)?;
    let segment = table.text("segment");
    let Some(twice) = covariates.iter().find(|name| Some(name.as_str()) == segment) else {
        return Some(covariates);
    };
    let entry = table.entry("covariates").expect("it names an attribute");
    entry.fault(format!(
        "{} is 'segment' too, whose values have parameters of their own; name it in one of the two",
        quoted(twice)
    ));
    None
}

/// `lifetime_periods` or `churn_rate`; `None` if it is faulty.
fn lifetime(table: Table<'_>) -> Option<Option<DeclaredLifetime>> {
    if let Some(entry) = table.entry("lifetime_periods") {
        let periods = entry.number()?;
        if compare(periods, Decimal::ONE).is_lt() {
            entry.fault(format!(
                "'{}' is {periods}, expected 1 or more: the period in which a relationship ends counts too",
                entry.key
            ));
            return None;
        }
        return Some(Some(DeclaredLifetime::Periods(periods)));
    }
    let Some(entry) = table.entry("churn_rate") else { return Some(None) };
    above_zero(entry)?;
    Some(Some(DeclaredLifetime::Churn(share(entry)?)))
}

fn model(entry: Entry<'_>, text: &str) -> Option<PurchaseModel> {
    let found = PurchaseModel::of_word(text);
    if found.is_none() {
        let names = || PurchaseModel::ALL.into_iter().map(PurchaseModel::word);
        let way_out = did_you_mean(text, names(), || {
            format!("the models are {}", names().collect::<Vec<_>>().join(", "))
        });
        entry.fault(format!("unknown model {} in 'models'; {way_out}", quoted(text)));
    }
    found
}

/// The declared model is among the fitted.
fn with_chosen(mut models: Vec<PurchaseModel>, chosen: Option<PurchaseModel>) -> Vec<PurchaseModel> {
    models.extend(chosen.filter(|chosen| !models.contains(chosen)));
    models
}

fn horizon(entry: Entry<'_>, text: &str) -> Option<Horizon> {
    horizon_of(text).map_err(|fault| entry.fault(fault)).ok()
}

fn horizon_of(text: &str) -> Result<Horizon, String> {
    let length = text.parse::<Duration>()?;
    Ok(Horizon { column: text.split_whitespace().collect::<Vec<_>>().join("_"), length })
}

fn discount_rate(entry: Entry<'_>) -> Option<Decimal> {
    let rate = above_zero(entry)?;
    if compare(rate, Decimal::ONE).is_gt() {
        entry.fault(format!(
            "'{}' is {rate}, which is {rate} times a year's money; expected a rate such as 0.10 for 10 %",
            entry.key
        ));
        return None;
    }
    Some(rate)
}

/// Days, ascending; a day that stands twice is a fault.
fn dates(entry: Entry<'_>) -> Option<Vec<Day>> {
    let mut days = distinct(entry, |entry, text| match text.parse::<Day>() {
        Ok(day) if (Day::MIN..Day::END).contains(&day) => Some(day),
        _ => {
            entry.fault(format!("'{}' has {}, expected a day such as 2024-07-01", entry.key, quoted(text)));
            None
        }
    })?;
    days.sort_unstable();
    Some(days)
}

/// Each text of a list as `read` says; `None` if one is faulty or stands twice.
pub(super) fn distinct<'a, T: Clone + PartialEq>(
    entry: Entry<'a>,
    read: impl Fn(Entry<'a>, &'a str) -> Option<T>,
) -> Option<Vec<T>> {
    let mut found: Vec<T> = Vec::new();
    let mut is_right = true;
    for (item, text) in entry.texts() {
        match read(item, text) {
            Some(value) if found.contains(&value) => {
                item.fault(format!("{} stands twice in '{}'; remove one", quoted(text), entry.key));
                is_right = false;
            }
            Some(value) => found.push(value),
            None => is_right = false,
        }
    }
    is_right.then_some(found)
}

/// Names of attributes of the customers source.
pub(super) fn attributes(table: Table<'_>, key: &str, root: Table<'_>) -> Option<Vec<String>> {
    let Some(entry) = table.entry(key) else { return Some(Vec::new()) };
    let known = attribute_names(root);
    distinct(entry, |item, name| {
        if known.contains(name) {
            return Some(name.to_owned());
        }
        let way_out = did_you_mean(name, known.iter().copied(), || match known.is_empty() {
            true => format!("declare it in [facts.customers]: attributes = {{ {name} = \"…\" }}"),
            false => {
                format!("there are {}", known.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
            }
        });
        item.fault(format!("unknown attribute {} in '{key}'; {way_out}", quoted(name)));
        None
    })
}

/// The attributes that the customers source declares.
pub(super) fn attribute_names<'a>(root: Table<'a>) -> BTreeSet<&'a str> {
    let customers = root.table("facts").and_then(|facts| facts.table("customers"));
    let declared = customers.map(|customers| customers.entries_of("attributes")).unwrap_or_default();
    let channel = customers.and_then(|customers| customers.entry("channel")).map(|entry| entry.key);
    declared.iter().map(|entry| entry.key).chain(channel).collect()
}

/// Activities by name, as indices.
fn activities(entry: Entry<'_>, root: Table<'_>) -> Option<Vec<usize>> {
    let costing = root.table("costing");
    let tables = costing.map(|costing| costing.tables("activity")).unwrap_or_default();
    let names: Vec<Option<&str>> = tables.iter().map(|table| table.text("name")).collect();
    distinct(entry, |item, name| {
        let Some(index) = names.iter().position(|known| *known == Some(name)) else {
            let known = || names.iter().flatten().copied();
            let way_out = did_you_mean(name, known(), || "declare it as a [[costing.activity]]".to_owned());
            item.fault(format!("unknown activity {} in '{}'; {way_out}", quoted(name), entry.key));
            return None;
        };
        if !tables[index].has("driver") && !tables[index].has("minutes") {
            let message = format!("activity {} has no driver that tells who uses it", quoted(name));
            item.fault(message);
            return None;
        }
        Some(index)
    })
}
