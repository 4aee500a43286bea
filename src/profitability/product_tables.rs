//! `customer_product` and `product_group`.

use super::classes::{Class, Cuts, Standing};
use super::columns::combine;
use super::product::{
    DISCOUNT, LINES, LIST_REVENUE, MEASURES, PRODUCT_COST, RETURNED_UNITS, RETURNS, Slice, UNITS,
};
use super::tables::Layout;
use crate::error::Result;
use crate::pipeline::ProfitabilityDef;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// Product groups over life.
pub(crate) struct Groups<'r> {
    pub(crate) names: &'r [String],
    pub(crate) totals: Vec<[i128; MEASURES]>,
    pub(crate) classes: Vec<Class>,
    /// Customers with a sale line of the group.
    pub(crate) customers: Vec<i64>,
}

fn net_revenue(totals: &[i128; MEASURES]) -> i128 {
    totals[LIST_REVENUE] - totals[DISCOUNT] - totals[RETURNS]
}

fn gross_margin(totals: &[i128; MEASURES]) -> i128 {
    net_revenue(totals) - totals[PRODUCT_COST]
}

impl<'r> Groups<'r> {
    /// Classes follow gross margin, the last step of the waterfall that products have. A declared high profit is
    /// an amount per customer, so groups always begin high profit at their top 20 %.
    pub(crate) fn new(
        definition: Option<&ProfitabilityDef>,
        money_scale: u8,
        names: &'r [String],
        totals: Vec<[i128; MEASURES]>,
    ) -> Result<Self> {
        let margins: Vec<i128> = totals.iter().map(gross_margin).collect();
        let mut descending = margins.clone();
        descending.sort_unstable_by(|a, b| b.cmp(a));
        let mut cuts = Cuts::declared(definition, money_scale, descending.iter().copied())?;
        cuts.high_from = Cuts::top_fifth(descending.iter().copied());
        let classes = margins.iter().map(|margin| cuts.class(*margin)).collect();
        Ok(Self { names, totals, classes, customers: vec![0; names.len()] })
    }

    /// Counts the customers of a slice by group; ranks from `known` on are not customers.
    pub(crate) fn count(&self, slice: &Slice, known: usize) -> Vec<i64> {
        let mut customers = vec![0; self.names.len()];
        let rows = slice.ranks.iter().zip(&slice.groups).zip(&slice.measures[LINES]);
        for ((_, group), _) in rows.filter(|((rank, _), lines)| (**rank as usize) < known && **lines > 0) {
            customers[*group as usize] += 1;
        }
        customers
    }

    /// Group totals.
    pub(crate) fn sheet(&self, layout: &Layout<'_>) -> Sheet {
        let mut sheet = Sheet::new("product_group", "product group", None);
        layout.add_as_of(&mut sheet, self.names.len());
        let name = Column::new("product_group", ColumnKind::Name, "", "Product group");
        sheet.texts(name, self.names.iter().map(|name| Some(name.as_str())));
        let customers =
            Column::new("customers", ColumnKind::Count, "customers", "Customers with a sale line of it");
        sheet.fixed(customers, self.customers.clone());
        let units = ColumnKind::Total(layout.volume_scale);
        for measure in TOTALS {
            let (kind, unit) = match measure.unit {
                Unit::Lines => (ColumnKind::Total(0), "lines"),
                Unit::Units => (units, "units"),
                Unit::Money => (layout.total(), layout.currency),
            };
            let column = Column::new(measure.name, kind, unit.to_string(), measure.meaning);
            sheet.totals(column, self.totals.iter().map(|totals| Some((measure.of)(totals))).collect());
        }
        sheet.texts(product_class(), self.classes.iter().map(|class| Some(class.name())));
        sheet
    }
}

enum Unit {
    Lines,
    Units,
    Money,
}

struct GroupTotal {
    name: &'static str,
    unit: Unit,
    meaning: &'static str,
    of: fn(&[i128; MEASURES]) -> i128,
}

#[rustfmt::skip]
const TOTALS: [GroupTotal; 9] = [
    GroupTotal { name: "lines", unit: Unit::Lines, meaning: "Sale lines", of: |t| t[LINES] },
    GroupTotal { name: "units", unit: Unit::Units, meaning: "Units on sale lines", of: |t| t[UNITS] },
    GroupTotal { name: "returned_units", unit: Unit::Units, meaning: "Units on return lines", of: |t| t[RETURNED_UNITS] },
    GroupTotal { name: "list_revenue", unit: Unit::Money, meaning: "List value of sale lines", of: |t| t[LIST_REVENUE] },
    GroupTotal { name: "discount", unit: Unit::Money, meaning: "Discount on sale lines", of: |t| t[DISCOUNT] },
    GroupTotal { name: "returns", unit: Unit::Money, meaning: "Net value of return lines", of: |t| t[RETURNS] },
    GroupTotal { name: "net_revenue", unit: Unit::Money, meaning: "List revenue − discount − returns", of: net_revenue },
    GroupTotal { name: "product_cost", unit: Unit::Money, meaning: "Cost of the goods, less that of returned goods", of: |t| t[PRODUCT_COST] },
    GroupTotal { name: "gross_margin", unit: Unit::Money, meaning: "Net revenue − product cost", of: gross_margin },
];

fn product_class() -> Column {
    let meaning = "Class of the product group by gross margin: high profit, profit, break-even or loss";
    Column::new("product_class", ColumnKind::Name, "", meaning)
}

/// One slice of customer × product group.
pub(crate) fn customer_product(
    layout: &Layout<'_>,
    groups: &Groups<'_>,
    standing: &Standing,
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
    sheet.fixed(Column::new("lines", ColumnKind::Count, "lines", "Sale lines"), lines);
    let quantity = |name, meaning| Column::new(name, layout.units(), "units", meaning);
    sheet.fixed(quantity("units", "Units on sale lines"), units);
    sheet.fixed(quantity("returned_units", "Units on return lines"), returned_units);
    let money = |name, meaning| Column::new(name, layout.money(), layout.currency.to_string(), meaning);
    let sparse = ColumnKind::SparseMoney(layout.money_scale);
    let returned = Column::new("returns", sparse, layout.currency.to_string(), "Net value of return lines");
    sheet.fixed(money("list_revenue", "List value of sale lines"), list_revenue);
    sheet.fixed(money("discount", "Discount on sale lines"), discount);
    sheet.fixed(returned, returns);
    sheet.fixed(money("net_revenue", "List revenue − discount − returns"), net_revenue);
    sheet.fixed(money("product_cost", "Cost of the goods, less that of returned goods"), product_cost);
    sheet.fixed(money("gross_margin", "Net revenue − product cost"), gross_margin);
    let meaning = "Class of the customer by customer profit over life; null if it has none";
    let class = Column::new("customer_class", ColumnKind::Name, "", meaning).nullable();
    sheet.texts(class, slice.ranks.iter().map(|rank| standing.class[*rank as usize].map(Class::name)));
    let class = |group: &u32| Some(groups.classes[*group as usize].name());
    sheet.texts(product_class(), slice.groups.iter().map(class));
    Ok(sheet)
}
