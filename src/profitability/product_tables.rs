//! `customer_product`.

use super::classes::Class;
use super::columns::combine;
use super::product::Slice;
use super::product_groups::{Groups, PRODUCT_CONTRIBUTION, PRODUCT_COST_TO_SERVE, product_class};
use super::tables::Layout;
use crate::costing::schema::Activity;
use crate::error::Result;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One slice of customer × product group; `class_of` gives the class of a customer, `activities` are the unit-level ones.
pub(crate) fn customer_product(
    layout: &Layout<'_>,
    groups: &Groups<'_>,
    class_of: &dyn Fn(u32) -> Option<Class>,
    activities: &[&Activity],
    slice: Slice,
) -> Result<Sheet> {
    let rows = slice.ranks.len();
    let [lines, units, returned_units, list_revenue, discount, returns, product_cost] = slice.measures;
    let net_revenue = combine("net_revenue", rows, &[&list_revenue], &[&discount, &returns])?;
    let gross_margin = combine("gross_margin", rows, &[&net_revenue], &[&product_cost])?;
    let mut sheet = Sheet::new("customer_product", "customer and product group", Some("as_of"));
    sheet.add(layout.key(), layout.customers.ids(&slice.ranks));
    layout.add_as_of(&mut sheet, rows);
    let name = Column::new("product_group", ColumnKind::Name, "", "Product group");
    sheet.texts(name, slice.groups.iter().map(|group| Some(groups.names[*group as usize].as_str())));
    sheet.fixed(Column::new("lines", ColumnKind::Integer, "lines", "Sale lines"), lines);
    let quantity = |name, meaning| Column::new(name, layout.units(), "units", meaning);
    sheet.fixed(quantity("units", "Units on sale lines"), units);
    sheet.fixed(quantity("returned_units", "Units on return lines"), returned_units);
    let money = |name, meaning| Column::new(name, layout.money(), layout.currency.to_string(), meaning);
    sheet.fixed(money("list_revenue", "List value of sale lines"), list_revenue);
    sheet.fixed(money("discount", "Discount on sale lines"), discount);
    sheet.fixed(money("returns", "Net value of return lines"), returns);
    sheet.fixed(money("net_revenue", "List revenue − discount − returns"), net_revenue);
    sheet.fixed(money("product_cost", "Cost of the goods, less that of returned goods"), product_cost);
    sheet.fixed(money("gross_margin", "Net revenue − product cost"), gross_margin.clone());
    if !activities.is_empty() {
        let costs: Vec<&[i64]> = slice.costs.iter().map(|cost| &cost[..]).collect();
        let to_serve = combine(PRODUCT_COST_TO_SERVE.0, rows, &costs, &[])?;
        let contribution = combine(PRODUCT_CONTRIBUTION.0, rows, &[&gross_margin], &[&to_serve])?;
        // Of many activities only the sum is kept.
        let own = activities.iter().filter(|_| slice.costs.len() == activities.len());
        own.zip(&slice.costs)
            .for_each(|(activity, cost)| sheet.fixed(layout.cost_of(activity), cost.clone()));
        sheet.fixed(money(PRODUCT_COST_TO_SERVE.0, PRODUCT_COST_TO_SERVE.1), to_serve);
        sheet.fixed(money(PRODUCT_CONTRIBUTION.0, PRODUCT_CONTRIBUTION.1), contribution);
    }
    let meaning = "Class of the customer by customer profit over life; null if it has none";
    let class = Column::new("customer_class", ColumnKind::Name, "", meaning).nullable();
    sheet.texts(class, slice.ranks.iter().map(|rank| class_of(*rank).map(Class::name)));
    let class = |group: &u32| Some(groups.classes[*group as usize].name());
    sheet.texts(product_class(), slice.groups.iter().map(class));
    Ok(sheet)
}
