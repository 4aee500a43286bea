//! Row checks whose policy is to quarantine: signs and sizes that contradict each other, in SQL.

use super::products::ListedProducts;
use crate::facts::dialect::Engine;
use crate::facts::inputs::source::{COST, DISCOUNT, QUANTITY, REVENUE, Source};
use crate::facts::run::handover::layout::counted;
use crate::pipeline::{Mistake, Policy, RowChecks};

/// A kind of mistake, when a row has it, and the amount in question.
type Condition = (Mistake, String, &'static str);

/// When a row has each kind of mistake, in the order in which the checks look.
fn conditions(source: &Source) -> [Condition; 7] {
    // Without a quantity the list value stands in its place: it has the same sign and is 0 with it.
    let quantity = if source.values[QUANTITY].bound.is_some() { "quantity" } else { "revenue" };
    // A return is a sale with every sign reversed.
    let as_sale = |column: &str| format!("CASE WHEN is_return THEN -{column} ELSE {column} END");
    let (q, r, d, c) = (as_sale(quantity), as_sale("revenue"), as_sale("discount"), as_sale("cost"));
    let wrong_sign = format!("({q} < 0 OR {r} < 0)");
    let reversed = format!("({q} < 0 AND {r} <= 0)");
    [
        (Mistake::NegativeCost, format!("NOT is_return AND NOT {reversed} AND {c} < 0"), "cost"),
        (Mistake::ReturnCost, format!("is_return AND NOT {reversed} AND {c} < 0"), "cost"),
        (Mistake::NegativeDiscount, format!("NOT {reversed} AND {d} < 0"), "discount"),
        (Mistake::DiscountAboveList, format!("NOT {wrong_sign} AND {d} > {r}"), "discount - revenue"),
        (Mistake::SaleSign, format!("NOT is_return AND {wrong_sign}"), "revenue"),
        (Mistake::ReturnSign, format!("is_return AND {wrong_sign}"), "revenue"),
        (Mistake::NoQuantity, format!("{quantity} = 0 AND revenue <> 0"), "revenue"),
    ]
}

/// When a line's product is not listed.
const UNLISTED: &str = "product_key IS NOT NULL AND NOT is_listed";

/// What is counted of each kind of mistake in a file: rows, money and the first row, by column. Rows that another check
/// quarantines are of every kind they have; whether a product is listed is asked of those that are left.
pub(super) fn counts(source: &Source, looks_up_products: bool, money: &str) -> Vec<String> {
    let mut all: Vec<Condition> = conditions(source).into();
    if looks_up_products {
        let name = Mistake::UnlistedProduct.name();
        let used = used(source);
        let is_left = format!("{UNLISTED} AND ({used} OR fate LIKE '{name}: %')");
        all.push((Mistake::UnlistedProduct, is_left, "revenue"));
    }
    let mut columns = Vec::new();
    for (mistake, condition, amount) in all {
        let (name, filter) = (mistake.name(), format!("FILTER (WHERE contract = 'used' AND {condition})"));
        columns.push(format!("count(*) {filter} AS {name}_rows"));
        columns.push(format!("CAST(coalesce(sum({amount}) {filter}, 0) AS {money}) AS {name}_money"));
        columns.push(format!("min(_row) {filter} AS {name}_first"));
    }
    columns
}

/// Whether a row is added up, for a customer or between companies.
pub(super) fn used(source: &Source) -> &'static str {
    if has_eliminations(source) { "fate IN ('used', 'eliminated')" } else { "fate = 'used'" }
}

/// Whether some condition names lines between companies.
pub(super) fn has_eliminations(source: &Source) -> bool {
    source.books().is_some_and(|books| books.intercompany.is_some())
}

/// The same of a source whose rows are no order lines.
pub(super) fn none(looks_up_products: bool, money: &str) -> Vec<String> {
    let columns = |mistake: Mistake| {
        let name = mistake.name();
        [
            format!("CAST(0 AS BIGINT) AS {name}_rows"),
            format!("CAST(0 AS {money}) AS {name}_money"),
            format!("CAST(NULL AS BIGINT) AS {name}_first"),
        ]
    };
    counted(looks_up_products).flat_map(columns).collect()
}

/// The branches of a row's fate, `WHEN … THEN …`, in the order in which the checks look.
pub(super) fn branches(engine: Engine, source: &Source, checks: &RowChecks) -> Vec<String> {
    let columns = ["quantity", "revenue", "discount", "cost"];
    let mut shown = vec!["CASE WHEN is_return THEN 'a return of' ELSE 'a sale of' END".to_owned()];
    let mut separator = " ";
    for (index, name) in
        [(QUANTITY, "quantity"), (REVENUE, "list value"), (DISCOUNT, "discount"), (COST, "cost")]
    {
        if source.values[index].bound.is_some() {
            shown.push(format!("'{separator}{name} '"));
            shown.push(format!("CAST({} AS {})", columns[index], engine.text_type()));
            separator = ", ";
        }
    }
    let quarantined =
        conditions(source).into_iter().filter(|(mistake, ..)| checks.policy(*mistake) == Policy::Quarantine);
    let branch = |(mistake, condition, _): Condition| {
        format!("WHEN {condition} THEN concat('{}: ', {})", mistake.name(), shown.join(", "))
    };
    quarantined.map(branch).collect()
}

/// The branch of lines whose product is not listed.
pub(super) fn unlisted(engine: Engine, listed: &ListedProducts, checks: &RowChecks) -> Option<String> {
    let mistake = Mistake::UnlistedProduct;
    let is_asked = checks.policy(mistake) == Policy::Quarantine;
    let quote = if listed.are_text { engine.text("'") } else { "''".to_owned() };
    is_asked.then(|| {
        format!(
            "WHEN {UNLISTED} THEN concat('{}: product ', {quote}, CAST(product_key AS {}), \
             {quote}, {})",
            mistake.name(),
            engine.text_type(),
            engine.text(&format!(" is not listed, {} are", listed.first))
        )
    })
}
