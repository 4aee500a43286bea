//! `[segments]`: groups of customers and what to do with them.

mod budget;
mod rfm;

use super::costing::check_names;
use super::customer_base::attributes;
use super::facts::Grain;
use super::number::{above_zero, from_zero, share};
use super::or_default::{count_or, number_or};
use super::table::{Entry, Table, compare};
use super::wording::quoted;
use crate::pipeline::keys::{LOYALTY, PYRAMID, SEGMENTS, SIZE};
use crate::pipeline::{LoyaltyDef, Named, PyramidDef, SegmentsDef, SizeDef, TierDef, TreatmentDef, ValueDef};
use crate::units::Decimal;

/// Reads `[segments]`; `None` if an entry is faulty.
pub(super) fn segments(table: Table<'_>, root: Table<'_>, grain: Grain) -> Option<SegmentsDef> {
    let rfm = rfm::rfm(table, grain);
    let pyramid = pyramid(table);
    let size = size(table.table("size"));
    let loyalty = loyalty(table.table("loyalty"), root);
    let treatments = treatments(&table.tables("treatment"), grain);
    let spread = match (&rfm, &pyramid) {
        (Some(rfm), Some(pyramid)) => budget::spread(table, &rfm.cells, &pyramid.tiers),
        _ => None,
    };
    let acquired_by = match table.has("acquired_by") {
        true => attributes(table, "acquired_by", root).map(Some),
        false => Some(None),
    };
    let value = value(table.table("value"), grain);
    let spread = spread?;
    Some(SegmentsDef {
        rfm: rfm?,
        pyramid: pyramid?,
        value,
        size: size?,
        loyalty: loyalty?,
        treatments: treatments?,
        budget: spread.budget,
        budget_by: spread.by,
        responses: spread.responses,
        next_products: count_or(Some(table), &SEGMENTS, "next_products") as usize,
        acquired_by: acquired_by?,
        migration_from: table.entry("migration_from").and_then(Entry::named),
        at: table.at(),
    })
}

fn pyramid(table: Table<'_>) -> Option<PyramidDef> {
    let section = table.table("pyramid");
    let measure = section.and_then(|section| section.entry("measure")).and_then(Entry::named);
    let at = section.map_or_else(|| table.at(), Table::at);
    let measure = measure.unwrap_or_else(|| Named { name: PYRAMID.default_word("measure").to_owned(), at });
    let tiers = match section.and_then(|section| section.entry("tiers")) {
        Some(entry) => tiers(entry)?,
        None => {
            let tier = |(name, share): (&str, Decimal)| TierDef { name: name.to_owned(), share };
            PYRAMID.default_numbers("tiers").into_iter().map(tier).collect()
        }
    };
    Some(PyramidDef { measure, tiers })
}

fn tiers(entry: Entry<'_>) -> Option<Vec<TierDef>> {
    let entries = entry.table()?.entries();
    let read = |tier: &Entry<'_>| {
        let share = share(*tier)?;
        if share.mantissa == 0 {
            tier.fault(format!("{} is 0, expected a share of customers above 0", quoted(tier.key)));
        }
        Some(TierDef { name: tier.key.to_owned(), share })
    };
    let tiers: Vec<Option<TierDef>> = entries.iter().map(read).collect();
    let tiers = tiers.into_iter().collect::<Option<Vec<_>>>()?;
    let whole = tiers.iter().map(|tier| tier.share).fold(Decimal::ZERO, plus);
    if compare(whole, Decimal::ONE).is_ne() {
        entry.fault(format!("the shares of '{}' add up to {}, expected 1", entry.key, whole.normalised()));
        return None;
    }
    Some(tiers)
}

/// Shares have at most 18 digits after the point.
fn plus(left: Decimal, right: Decimal) -> Decimal {
    let at_finest = |number: Decimal| number.at_scale(18).expect("18 digits and 18 more fit an i128");
    Decimal { mantissa: at_finest(left) + at_finest(right), scale: 18 }
}

fn size(table: Option<Table<'_>>) -> Option<SizeDef> {
    let of_one = |key: &str| number_or(table, &SIZE, key, share);
    let (large, medium) = (of_one("large"), of_one("medium"));
    let (large, medium) = (large?, medium?);
    let both = plus(large, medium);
    if let Some(table) = table.filter(|_| compare(both, Decimal::ONE).is_gt()) {
        let entry = table.entry("medium").or(table.entry("large")).expect("the defaults are below 1");
        let message = format!("'large' and 'medium' add up to {}, expected at most 1", both.normalised());
        entry.fault(message);
    }
    Some(SizeDef { large, medium })
}

/// Parts of the loyalty index, in the order of `LoyaltyDef::weights`.
const PARTS: [&str; 5] = ["repeat_rate", "share_of_wallet", "tenure", "breadth", "referral"];

fn loyalty(table: Option<Table<'_>>, root: Table<'_>) -> Option<LoyaltyDef> {
    let weights = PARTS.map(|key| number_or(table, &LOYALTY, key, from_zero));
    let referrals = table.map_or(Some(Vec::new()), |table| attributes(table, "referrals", root));
    let [Some(a), Some(b), Some(c), Some(d), Some(e)] = weights else { return None };
    let weights = [a, b, c, d, e];
    if let Some(table) = table.filter(|_| weights.iter().all(|weight| weight.mantissa == 0)) {
        table.fault("every weight of [segments.loyalty] is 0; give one above 0");
    }
    Some(LoyaltyDef {
        weights,
        full_tenure_days: count_or(table, &LOYALTY, "full_tenure_days"),
        referrals: referrals?.into_iter().next(),
    })
}

fn value(table: Option<Table<'_>>, grain: Grain) -> ValueDef {
    let money = |key: &str| table?.entry(key)?.money(grain.money_scale);
    ValueDef {
        current: money("current"),
        residual: money("residual"),
        loyalty: table.and_then(|table| table.entry("loyalty")).and_then(share),
    }
}

fn treatments(tables: &[Table<'_>], grain: Grain) -> Option<Vec<TreatmentDef>> {
    check_names(tables, "treatment");
    let treatments: Vec<Option<TreatmentDef>> = tables.iter().map(|table| treatment(*table, grain)).collect();
    treatments.into_iter().collect()
}

fn treatment(table: Table<'_>, grain: Grain) -> Option<TreatmentDef> {
    let when = table.entry("when").and_then(Entry::rule);
    let budget = match table.entry("budget") {
        Some(entry) => Some(from_zero(entry).and_then(|_| entry.money(grain.money_scale))?),
        None => None,
    };
    Some(TreatmentDef {
        name: table.text("name")?.to_owned(),
        when: when?,
        attitude: table.text("attitude").map(str::to_owned),
        action: table.text("action").map(str::to_owned),
        budget,
        at: table.at(),
    })
}

/// A number above 0 under this key; none without it.
fn positive(table: Table<'_>, key: &str) -> Option<Decimal> {
    table.entry(key).and_then(above_zero)
}
