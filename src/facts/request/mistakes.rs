//! Row checks whose policy is to quarantine: signs and sizes that contradict each other, in SQL.

use super::products::ListedProducts;
use crate::facts::dialect::Engine;
use crate::facts::inputs::source::{COST, DISCOUNT, QUANTITY, REVENUE, Source};
use crate::pipeline::{Mistake, Policy, RowChecks};

/// The branches of a row's fate, `WHEN … THEN …`, in the order in which the checks look.
pub(super) fn branches(engine: Engine, source: &Source, checks: &RowChecks) -> Vec<String> {
    let columns = ["quantity", "revenue", "discount", "cost"];
    // Without a quantity the list value stands in its place: it has the same sign and is 0 with it.
    let quantity = if source.values[QUANTITY].bound.is_some() { "quantity" } else { "revenue" };
    // A return is a sale with every sign reversed.
    let as_sale = |column: &str| format!("CASE WHEN is_return THEN -{column} ELSE {column} END");
    let (q, r, d, c) = (as_sale(quantity), as_sale("revenue"), as_sale("discount"), as_sale("cost"));
    let wrong_sign = format!("({q} < 0 OR {r} < 0)");
    let reversed = format!("({q} < 0 AND {r} <= 0)");
    let conditions = [
        (Mistake::NegativeCost, format!("NOT is_return AND NOT {reversed} AND {c} < 0")),
        (Mistake::ReturnCost, format!("is_return AND NOT {reversed} AND {c} < 0")),
        (Mistake::NegativeDiscount, format!("NOT {reversed} AND {d} < 0")),
        (Mistake::DiscountAboveList, format!("NOT {wrong_sign} AND {d} > {r}")),
        (Mistake::SaleSign, format!("NOT is_return AND {wrong_sign}")),
        (Mistake::ReturnSign, format!("is_return AND {wrong_sign}")),
        (Mistake::NoQuantity, format!("{quantity} = 0 AND revenue <> 0")),
    ];
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
        conditions.into_iter().filter(|(mistake, _)| checks.policy(*mistake) == Policy::Quarantine);
    let branch = |(mistake, condition): (Mistake, String)| {
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
            "WHEN product_key IS NOT NULL AND NOT is_listed THEN concat('{}: product ', {quote}, CAST(product_key AS {}), \
             {quote}, {})",
            mistake.name(),
            engine.text_type(),
            engine.text(&format!(" is not listed, {} are", listed.first))
        )
    })
}
