//! `[[scenario.NAME.fee]]`: fees on orders, and what customers do about them.

use super::facts::Grain;
use super::number::{above_zero, share};
use super::or_default::number_or;
use super::scenario_only::Selectable;
use super::table::{Entry, Table, compare};
use super::wording::quoted;
use crate::pipeline::FeeDef;
use crate::pipeline::keys::FEE;
use crate::units::Decimal;
use std::cmp::Ordering;

/// Digits after the point of shares of customers: volumes have as many more, and 18 in all.
pub(super) const SHARE_DIGITS: u8 = 6;

/// Reads the fees of a scenario; `None` if one is faulty.
pub(super) fn fees(scenario: Table<'_>, selectable: &Selectable<'_>, grain: Grain) -> Option<Vec<FeeDef>> {
    let tables = scenario.tables("fee");
    check_names(&tables, "fees");
    let read: Vec<_> = tables.into_iter().map(|table| fee(table, selectable, grain)).collect();
    read.into_iter().collect()
}

/// Each change of a kind has a name of its own.
pub(super) fn check_names(tables: &[Table<'_>], kind: &str) {
    let mut names: Vec<&str> = Vec::new();
    for table in tables {
        let Some(name) = table.text("name") else { continue };
        if names.contains(&name) {
            let name = quoted(name);
            table.fault(format!("the scenario has two {kind} {name}; give each a name of its own"));
        }
        names.push(name);
    }
}

fn fee(table: Table<'_>, selectable: &Selectable<'_>, grain: Grain) -> Option<FeeDef> {
    let below = table.entry("below");
    let limit = below.map(|entry| above_zero(entry).and_then(|_| entry.money(grain.money_scale)));
    let amount = number_or(Some(table), &FEE, "amount", |entry| amount(entry, grain));
    let part = |key: &str| number_or(Some(table), &FEE, key, share_of_customers);
    let share = number_or(Some(table), &FEE, "share", share);
    let [lost, merged, raised] = ["lost", "merged", "raised"].map(part);
    let only = selectable.only(table);
    let fee = FeeDef {
        name: table.text("name")?.to_owned(),
        below: match limit {
            None => None,
            Some(limit) => Some(limit?),
        },
        amount: amount?,
        share: share?,
        lost: lost?,
        merged: merged?,
        raised: raised?,
        only: only?,
    };
    check(table, &fee);
    Some(fee)
}

/// Money from 0.
fn amount(entry: Entry<'_>, grain: Grain) -> Option<Decimal> {
    super::number::from_zero(entry)?;
    entry.money(grain.money_scale)
}

/// A share of orders or customers, with few digits.
pub(super) fn share_of_customers(entry: Entry<'_>) -> Option<Decimal> {
    let share = share(entry)?;
    if share.normalised().scale > SHARE_DIGITS {
        entry.fault(format!(
            "{} is {share}; shares of orders and customers have at most {SHARE_DIGITS} digits after the point",
            quoted(entry.key)
        ));
        return None;
    }
    Some(share)
}

fn check(table: Table<'_>, fee: &FeeDef) {
    let name = quoted(&fee.name);
    let scale = SHARE_DIGITS;
    let parts = [fee.lost, fee.merged, fee.raised];
    let sum = parts.iter().map(|part| part.at_scale(scale).expect("few digits")).sum();
    let sum = Decimal { mantissa: sum, scale }.normalised();
    let is_minimum = fee.amount.mantissa == 0 && fee.share.mantissa == 0;
    match (compare(sum, Decimal::ONE), is_minimum) {
        (Ordering::Greater, _) => table.fault(format!(
            "'lost', 'merged' and 'raised' of fee {name} add up to {sum}, over 1; the rest of the orders pays"
        )),
        (Ordering::Less, true) if fee.below.is_some() => table.fault(format!(
            "fee {name} asks nothing, so it is a minimum order value, and no order below it is accepted: 'lost', 'merged' and \
             'raised' add up to {sum}, expected 1; or give it an 'amount' or a 'share'"
        )),
        _ => {}
    }
    if fee.below.is_none() {
        if is_minimum {
            table.fault(format!(
                "fee {name} asks nothing of any order; give it an 'amount' or a 'share', or 'below' for a minimum order value"
            ));
        }
        if let Some(raised) = table.entry("raised") {
            raised.fault(format!(
                "fee {name} is due of every order; 'raised' needs 'below', from which it is not"
            ));
        }
    }
}
