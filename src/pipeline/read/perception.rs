//! `[perception]`: what customers perceive.

use super::customer_base::{attributes, distinct};
use super::number::{from_zero, share};
use super::or_default::{count_or, number_or, word_or};
use super::table::{Entry, Table, compare};
use super::wording::{did_you_mean, quoted};
use crate::pipeline::keys::{DELIVERED, EXCHANGE, PERCEPTION};
use crate::pipeline::{
    Benefit, ComplaintsDef, CostComponent, DeliveredDef, EpisodeSource, EpisodesDef, ExchangeDef,
    FactorLimits, MeasuresDef, OfferAttributeDef, OfferGroup, PerceptionDef, ReferralsDef, Scalar,
    SurveysDef, ValueComponent, ViewDef, WordOfMouthDef,
};
use crate::units::PeriodKind;
use std::collections::BTreeMap;

/// Reads `[perception]`; `None` if an entry is faulty.
pub(super) fn perception(table: Table<'_>, root: Table<'_>) -> Option<PerceptionDef> {
    let text = |key: &str| word_or(Some(table), &PERCEPTION, key).to_owned();
    let days = |key: &str| count_or(Some(table), &PERCEPTION, key);
    let tolerance = number_or(Some(table), &PERCEPTION, "tolerance", from_zero);
    let tracking = word_or(Some(table), &PERCEPTION, "tracking");
    let tracking = PeriodKind::ALL.iter().find(|(name, _)| *name == tracking).map(|(_, kind)| *kind);
    let by = attributes(table, "by", root);
    let (own, overall) = (text("own"), text("overall"));
    let recommend = table.text("recommend").map(str::to_owned);
    if recommend.as_ref() == Some(&overall) {
        let entry = table.entry("recommend").expect("it was read");
        entry.fault("recommend is the offer as a whole ('overall') too; name the attribute that asks for a recommendation");
        return None;
    }
    let offer = offer(table, &overall, recommend.as_deref());
    let surveys = section(table, "surveys", surveys);
    let complaints = section(table, "complaints", complaints);
    let referrals = section(table, "referrals", referrals);
    let factors = section(table, "factors", factors);
    let views = table.entries_of("view").into_iter().map(view).collect::<Option<Vec<_>>>();
    let delivered = section(table, "delivered", delivered);
    let word_of_mouth = section(table, "word_of_mouth", word_of_mouth);
    let exchange = exchange(table.table("exchange"), root);
    Some(PerceptionDef {
        own,
        overall,
        recommend,
        tolerance: tolerance?,
        tracking: tracking?,
        by: by?,
        repurchase_days: days("repurchase_days"),
        lost_days: days("lost_days"),
        cooperation: table.sql("cooperation"),
        surveys: surveys?,
        complaints: complaints?,
        referrals: referrals?,
        attributes: offer?,
        factors: factors?,
        views: views?,
        delivered: delivered?,
        word_of_mouth: word_of_mouth?,
        exchange: exchange?,
        at: table.at(),
    })
}

/// An optional section; `None` only if it is there and faulty.
fn section<'a, T>(
    table: Table<'a>,
    key: &str,
    read: impl FnOnce(Table<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match table.table(key) {
        Some(section) => read(section).map(Some),
        None => Some(None),
    }
}

fn surveys(table: Table<'_>) -> Option<SurveysDef> {
    let required = ["customer", "at", "attribute", "performance"].map(|key| table.sql(key));
    let [filter, importance, expectation, supplier] =
        ["where", "importance", "expectation", "supplier"].map(|key| table.sql(key));
    let files = table.files("files");
    let [customer, at, attribute, performance] = required;
    Some(SurveysDef {
        files: files?,
        filter,
        customer: customer?,
        at: at?,
        attribute: attribute?,
        importance,
        expectation,
        performance: performance?,
        supplier,
    })
}

fn complaints(table: Table<'_>) -> Option<ComplaintsDef> {
    let [filter, customer, opened, resolved, satisfied] =
        ["where", "customer", "opened", "resolved", "satisfied"].map(|key| table.sql(key));
    let files = table.files("files");
    Some(ComplaintsDef { files: files?, filter, customer: customer?, opened: opened?, resolved, satisfied })
}

fn referrals(table: Table<'_>) -> Option<ReferralsDef> {
    let [filter, referrer, referred, at, reward] =
        ["where", "referrer", "referred", "at", "reward"].map(|key| table.sql(key));
    let files = table.files("files");
    Some(ReferralsDef { files: files?, filter, referrer: referrer?, referred: referred?, at: at?, reward })
}

/// The attributes of the offer; two must not share a column.
fn offer(table: Table<'_>, overall: &str, recommend: Option<&str>) -> Option<Vec<OfferAttributeDef>> {
    let mut columns: BTreeMap<String, &str> = BTreeMap::new();
    let mut read = Vec::new();
    for entry in table.entries_of("attributes") {
        let attribute = offer_attribute(entry)?;
        if attribute.name == overall {
            let message = format!(
                "attribute {} is the offer as a whole ('overall'), of which attributes are parts; remove one",
                quoted(entry.key)
            );
            entry.reading.fault(entry.key_offset, message);
            return None;
        }
        if Some(&attribute.name[..]) == recommend {
            let message = format!(
                "attribute {} asks for a recommendation ('recommend'), which is no part of the offer; remove one",
                quoted(entry.key)
            );
            entry.reading.fault(entry.key_offset, message);
            return None;
        }
        if let Some(earlier) = columns.insert(attribute.column.clone(), entry.key) {
            let message = format!(
                "attributes {} and {} share the column name '{}'; rename one",
                quoted(earlier),
                quoted(entry.key),
                attribute.column
            );
            entry.reading.fault(entry.key_offset, message);
            return None;
        }
        read.push(attribute);
    }
    Some(read)
}

fn offer_attribute(entry: Entry<'_>) -> Option<OfferAttributeDef> {
    let table = entry.table()?;
    let group = match table.text("group")? {
        "quality" => OfferGroup::Quality,
        "price" => OfferGroup::Price,
        _ => return None,
    };
    let benefit = match table.text("benefit") {
        Some("functional") => Some(Benefit::Functional),
        Some("emotional") => Some(Benefit::Emotional),
        Some("social") => Some(Benefit::Social),
        _ => None,
    };
    Some(OfferAttributeDef {
        name: entry.key.to_owned(),
        column: column_of(entry.key),
        group,
        driver: table.text("driver").map(str::to_owned),
        benefit,
        process: table.flag("process"),
    })
}

fn factors(table: Table<'_>) -> Option<FactorLimits> {
    let [low, high] = ["low", "high"].map(|key| table.entry(key).and_then(|entry| entry.number()));
    let (low, high) = (low?, high?);
    if compare(low, high).is_ge() {
        let entry = table.entry("high").expect("it was read");
        entry.fault(format!("'high' is {high}, not above 'low' of {low}; expected the better performance"));
        return None;
    }
    Some(FactorLimits { low, high })
}

/// `Speed of delivery` as `speed_of_delivery`.
fn column_of(name: &str) -> String {
    let plain = name.to_lowercase();
    let parts = plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

fn view(entry: Entry<'_>) -> Option<ViewDef> {
    let table = entry.table()?;
    let mut weights = Vec::new();
    for (level, key) in [("group", "groups"), ("driver", "drivers"), ("item", "items")] {
        for weight in table.entries_of(key) {
            weights.push((level, weight.key.to_owned(), from_zero(weight)?));
        }
    }
    if weights.is_empty() {
        table.fault(format!("view {} has no weights; add 'groups', 'drivers' or 'items'", quoted(entry.key)));
        return None;
    }
    Some(ViewDef { name: entry.key.to_owned(), weights })
}

fn delivered(table: Table<'_>) -> Option<DeliveredDef> {
    let components = |key: &str| match table.entry(key) {
        Some(entry) => distinct(entry, value_component),
        None => Some(DELIVERED.default_words(key).into_iter().filter_map(component_of).collect()),
    };
    let (core, process) = (components("core"), components("process"));
    let transaction = section(table, "transaction", episodes);
    let relationship = section(table, "relationship", measures);
    let (transaction, relationship) = (transaction?, relationship?);
    if transaction.is_none() && relationship.is_none() {
        table.fault(
            "[perception.delivered] has no measures; add [perception.delivered.transaction] or \
             [perception.delivered.relationship]",
        );
        return None;
    }
    Some(DeliveredDef {
        in_points: word_or(Some(table), &DELIVERED, "unit") == "points",
        core: core?,
        process: process?,
        transaction,
        relationship,
        at: table.at(),
    })
}

fn episodes(table: Table<'_>) -> Option<EpisodesDef> {
    let measures = measures(table);
    let [filter, customer, at] = ["where", "customer", "at"].map(|key| table.sql(key));
    let Some(files) = table.files("files") else {
        let stray = ["where", "customer", "at"].into_iter().find(|key| table.has(key));
        if let (Some(entry), false) = (stray.and_then(|key| table.entry(key)), table.has("files")) {
            let message = format!("'{}' speaks of the rows of 'files', which is missing", entry.key);
            entry.reading.fault(entry.key_offset, message);
        }
        return Some(EpisodesDef { source: None, measures: measures? });
    };
    for key in ["customer", "at"].into_iter().filter(|key| !table.has(key)) {
        table.fault(format!("missing key '{key}' in [perception.delivered.transaction]; 'files' needs it"));
    }
    let source = EpisodeSource { files, filter, customer: customer?, at: at? };
    Some(EpisodesDef { source: Some(source), measures: measures? })
}

fn measures(table: Table<'_>) -> Option<MeasuresDef> {
    let value = components_of(table, "value", value_component);
    let cost = components_of(table, "cost", cost_component);
    let (value, cost) = (value?, cost?);
    if value.is_empty() && cost.is_empty() {
        table.fault("these measures have neither 'value' nor 'cost'; add one of them");
        return None;
    }
    Some(MeasuresDef { value, cost })
}

fn components_of<'a, C: Ord + Copy>(
    table: Table<'a>,
    key: &str,
    component: impl Fn(Entry<'a>, &'a str) -> Option<C>,
) -> Option<Vec<(C, Scalar)>> {
    let mut read = Vec::new();
    for entry in table.entries_of(key) {
        let named = component(entry, entry.key);
        let scalar = entry.sql();
        read.push((named?, scalar?));
    }
    read.sort_by_key(|(component, _)| *component);
    Some(read)
}

fn value_component(entry: Entry<'_>, name: &str) -> Option<ValueComponent> {
    named(entry, name, ValueComponent::ALL, ValueComponent::name)
}

fn component_of(word: &str) -> Option<ValueComponent> {
    ValueComponent::ALL.iter().copied().find(|component| component.name() == word)
}

fn cost_component(entry: Entry<'_>, name: &str) -> Option<CostComponent> {
    named(entry, name, CostComponent::ALL, CostComponent::name)
}

fn named<C: Copy>(entry: Entry<'_>, name: &str, all: &[C], word: impl Fn(C) -> &'static str) -> Option<C> {
    let found = all.iter().copied().find(|component| word(*component) == name);
    if found.is_none() {
        let words: Vec<&str> = all.iter().map(|component| word(*component)).collect();
        let way_out = did_you_mean(name, words.iter().copied(), || format!("there are {}", words.join(", ")));
        let is_key = entry.key == name;
        let offset = if is_key { entry.key_offset } else { entry.value_offset() };
        entry.reading.fault(offset, format!("unknown component {}; {way_out}", quoted(name)));
    }
    found
}

fn word_of_mouth(table: Table<'_>) -> Option<WordOfMouthDef> {
    let (reach, lost) = (table.entry("reach").and_then(from_zero), table.entry("share").and_then(share));
    Some(WordOfMouthDef { reach: reach?, share: lost? })
}

fn exchange(table: Option<Table<'_>>, root: Table<'_>) -> Option<ExchangeDef> {
    let whole = |key: &str| count_or(table, &EXCHANGE, key);
    let alive_below = number_or(table, &EXCHANGE, "alive_below", share);
    let firm = word_or(table, &EXCHANGE, "firm");
    if firm == "residual_value" && !root.has("clv") {
        let entry = table.and_then(|table| table.entry("firm")).expect("the default is another");
        entry.fault("'firm' is residual_value, which only [clv] gives; add [clv], or name another measure");
        return None;
    }
    Some(ExchangeDef {
        firm: firm.to_owned(),
        at_risk_days: whole("at_risk_days"),
        alive_below: alive_below?,
        loyal_orders: whole("loyal_orders"),
    })
}
