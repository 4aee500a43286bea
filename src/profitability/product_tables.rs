//! `customer_product`.

use super::classes::Class;
use super::columns::combine;
use super::product::Slice;
use super::product_groups::{Groups, PRODUCT_CLASS, PRODUCT_CONTRIBUTION, PRODUCT_COST_TO_SERVE};
use super::table_context::TableContext;
use crate::costing::schema::Activity;
use crate::error::Result;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One slice of customer × product group; `class_of` gives the class of a customer, `activities` are the unit-level ones.
pub(crate) fn customer_product(
    context: TableContext<'_>,
    groups: &Groups<'_>,
    class_of: &dyn Fn(u32) -> Option<Class>,
    activities: &[&Activity],
    slice: Slice,
) -> Result<Sheet> {
    let rows = slice.ranks.len();
    let [lines, units, returned_units, list_revenue, discount, returns, product_cost] = slice.measures;
    let net_revenue = combine("net_revenue", rows, &[&list_revenue], &[&discount, &returns])?;
    let gross_margin = combine("gross_margin", rows, &[&net_revenue], &[&product_cost])?;
    let cells: Vec<(u32, u32)> = slice.ranks.iter().copied().zip(slice.groups.iter().copied()).collect();
    let format = context.format;
    let mut draft = format.draft("customer_product", "customer and product group", Some("as_of"), &cells);
    context.add_customer(&mut draft, slice.ranks.iter().copied());
    draft.as_of();
    draft.name("product_group", "Product group", |cell| &groups.names[cell.1 as usize]);
    draft.ready().fixed(Column::new("lines", ColumnKind::Integer, "lines", "Sale lines"), lines);
    let quantity =
        |name, meaning| Column::new(name, ColumnKind::Volume(format.volume_scale), "units", meaning);
    draft.ready().fixed(quantity("units", "Units on sale lines"), units);
    draft.ready().fixed(quantity("returned_units", "Units on return lines"), returned_units);
    draft.ready().fixed(format.money("list_revenue", "List value of sale lines"), list_revenue);
    draft.ready().fixed(format.money("discount", "Discount on sale lines"), discount);
    draft.ready().fixed(format.money("returns", "Net value of return lines"), returns);
    draft.ready().fixed(format.money("net_revenue", "List revenue − discount − returns"), net_revenue);
    let meaning = "Cost of the goods, less that of returned goods";
    draft.ready().fixed(format.money("product_cost", meaning), product_cost);
    draft.ready().fixed(format.money("gross_margin", "Net revenue − product cost"), gross_margin.clone());
    if !activities.is_empty() {
        let costs: Vec<&[i64]> = slice.costs.iter().map(|cost| &cost[..]).collect();
        let to_serve = combine(PRODUCT_COST_TO_SERVE.0, rows, &costs, &[])?;
        let contribution = combine(PRODUCT_CONTRIBUTION.0, rows, &[&gross_margin], &[&to_serve])?;
        // Of many activities only the sum is kept.
        let own = activities.iter().filter(|_| slice.costs.len() == activities.len());
        for (activity, cost) in own.zip(&slice.costs) {
            draft.ready().fixed(context.cost_of(activity), cost.clone());
        }
        draft.ready().fixed(format.money(PRODUCT_COST_TO_SERVE.0, PRODUCT_COST_TO_SERVE.1), to_serve);
        draft.ready().fixed(format.money(PRODUCT_CONTRIBUTION.0, PRODUCT_CONTRIBUTION.1), contribution);
    }
    let meaning = "Class of the customer by customer profit over life; null if it has none";
    draft.name("profit_class", meaning, |cell| class_of(cell.0).map(Class::name));
    draft.name("product_class", PRODUCT_CLASS, |cell| groups.classes[cell.1 as usize].name());
    Ok(draft.finish())
}
