//! `[[scenario.NAME.price]]` and `[scenario.NAME.drop]`: what is sold at other prices, or not at all any more.

use super::number::above_zero;
use super::or_default::number_or;
use super::scenario_fees::{SHARE_DIGITS, check_names, share_of_customers};
use super::scenario_only::Selectable;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::keys::{DROP, PRICE};
use crate::pipeline::{Condition, DropDef, PriceDef, SelectedBy};

/// Reads the price changes of a scenario; `None` if one is faulty.
pub(super) fn price_changes(scenario: Table<'_>, selectable: &Selectable<'_>) -> Option<Vec<PriceDef>> {
    let tables = scenario.tables("price");
    check_names(&tables, "prices");
    let read: Vec<_> = tables.into_iter().map(|table| price(table, selectable)).collect();
    read.into_iter().collect()
}

fn price(table: Table<'_>, selectable: &Selectable<'_>) -> Option<PriceDef> {
    let factor = table.entry("factor").and_then(above_zero);
    let elasticity = number_or(Some(table), &PRICE, "elasticity", Entry::number);
    let product_groups = product_groups(table, selectable);
    let only = selectable.only(table);
    if let (Some(entry), Some(only)) = (table.entry("only"), &only) {
        check_customers_only(entry, only, "prices are changed by product group and customer");
    }
    let price = PriceDef {
        name: table.text("name")?.to_owned(),
        factor: factor?.normalised(),
        elasticity: elasticity?.normalised(),
        product_groups: product_groups?,
        only: only?,
        at: table.at(),
    };
    check_quantity(table, &price);
    Some(price)
}

fn check_quantity(table: Table<'_>, price: &PriceDef) {
    let name = quoted(&price.name);
    match price.quantity() {
        Some(quantity) if quantity.mantissa < 0 => table.fault(format!(
            "price {name} makes quantity {quantity} of what it was, below 0: 1 + elasticity × (factor − 1); make the elasticity or the change smaller"
        )),
        Some(quantity) if quantity.scale <= SHARE_DIGITS => {}
        _ => table.fault(format!(
            "price {name} makes a quantity, 1 + elasticity × (factor − 1), of more than {SHARE_DIGITS} digits after the point; give factor and elasticity fewer"
        )),
    }
}

/// Reads what a scenario drops; `None` if it is faulty, `Some(None)` if it drops nothing.
pub(super) fn drop(scenario: Table<'_>, selectable: &Selectable<'_>) -> Option<Option<DropDef>> {
    let Some(table) = scenario.table("drop") else { return Some(None) };
    let product_groups = product_groups(table, selectable);
    let only = selectable.only(table);
    let others_lost = number_or(Some(table), &DROP, "others_lost", share_of_customers);
    let drop =
        DropDef { product_groups: product_groups?, only: only?, others_lost: others_lost?, at: table.at() };
    if drop.product_groups.is_empty() && drop.only.is_empty() {
        table.fault(
            "the scenario drops nothing; say which 'product_group', or 'only' which customers or orders",
        );
    }
    if let Some(entry) = table.entry("only").filter(|_| !drop.product_groups.is_empty()) {
        check_customers_only(entry, &drop.only, "product groups are dropped for customers");
    }
    let is_of_orders = drop.only.iter().any(|condition| matches!(condition.by, SelectedBy::Dimension(_)));
    let are_customers = drop.product_groups.is_empty() && !is_of_orders;
    if let Some(entry) = table.entry("others_lost").filter(|_| are_customers) {
        entry.fault(
            "customers who are dropped buy nothing else; 'others_lost' is for product groups and orders",
        );
    }
    Some(Some(drop))
}

/// Facts keep no orders by product group.
fn check_customers_only(entry: Entry<'_>, only: &[Condition], why: &str) {
    for condition in only {
        if let SelectedBy::Dimension(name) = &condition.by {
            entry.fault(format!(
                "{} is a dimension of orders, but {why}: facts keep no orders by product group; name attributes of customers",
                quoted(name)
            ));
        }
    }
}

/// Names of product groups, where order lines have any.
fn product_groups(table: Table<'_>, selectable: &Selectable<'_>) -> Option<Vec<String>> {
    let Some(entry) = table.entry("product_group") else { return Some(Vec::new()) };
    if !selectable.has_product_groups {
        entry.fault("order lines have no product groups; add 'product_group' to [facts.transactions], or 'group' to [facts.products]");
        return None;
    }
    Some(entry.texts().into_iter().map(|(_, text)| text.to_owned()).collect())
}
