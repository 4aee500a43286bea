//! Product groups over life, and `product_group`.

use super::classes::{Class, Cuts, top_fifth};
use super::product::Slice;
use super::product_cost::GroupCosts;
use super::statement::retained_by_member;
use super::tables::Layout;
use crate::costing::schema::{Activity, Costing};
use crate::error::Result;
use crate::facts::measures::{
    DISCOUNT, GROUP_MEASURES, LINES, LIST_REVENUE, PRODUCT_COST, RETURNED_UNITS, RETURNS, UNITS,
};
use crate::pipeline::{Level, Line, ProfitabilityDef};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// Product groups over life.
pub(crate) struct Groups<'r> {
    pub(crate) names: &'r [String],
    pub(crate) totals: Vec<GroupTotals>,
    pub(crate) classes: Vec<Class>,
    /// Customers with a sale line of the group.
    pub(crate) customers: Vec<i64>,
}

/// Sums of one product group.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupTotals {
    pub(crate) measures: [i128; GROUP_MEASURES],
    /// By unit-level activity; none: the run has no such activities.
    pub(crate) costs: Option<Vec<i128>>,
    /// Product-level cost that the group causes; none: the run has no such activities.
    pub(crate) retained: Option<i128>,
}

impl GroupTotals {
    fn net_revenue(&self) -> i128 {
        self.measures[LIST_REVENUE] - self.measures[DISCOUNT] - self.measures[RETURNS]
    }

    fn gross_margin(&self) -> i128 {
        self.net_revenue() - self.measures[PRODUCT_COST]
    }

    fn cost_to_serve(&self) -> Option<i128> {
        self.costs.as_ref().map(|costs| costs.iter().sum())
    }

    fn contribution(&self) -> i128 {
        self.gross_margin() - self.cost_to_serve().unwrap_or(0)
    }

    /// What is left of the group.
    pub(crate) fn income(&self) -> i128 {
        self.contribution() - self.retained.unwrap_or(0)
    }
}

/// Sums of every group, from what its lines add up to, what unit-level activities cost it, and what it causes.
pub(crate) fn totals(
    costing: &Costing,
    names: &[String],
    measures: Vec<[i128; GROUP_MEASURES]>,
    unit_costs: Option<GroupCosts>,
) -> Vec<GroupTotals> {
    let mut activities = costing.activities.iter();
    let is_retained =
        activities.any(|activity| causes(activity.level, activity.line, activity.member.as_deref()));
    let mut retained = vec![0; names.len()];
    for (level, member, amount) in
        costing.periods.iter().flat_map(|period| retained_by_member(costing, period))
    {
        let Some(member) = member.filter(|_| level == Level::Product) else { continue };
        let group = names.binary_search_by(|name| name.as_str().cmp(member));
        retained[group.expect("product groups that activities are of were checked")] += amount;
    }
    let of_group = |(group, measures): (usize, [i128; GROUP_MEASURES])| GroupTotals {
        measures,
        costs: unit_costs.as_ref().map(|costs| costs[group].clone()),
        retained: is_retained.then_some(retained[group]),
    };
    measures.into_iter().enumerate().map(of_group).collect()
}

/// Whether an activity of this standing is caused by a product group, which then keeps its cost.
pub(crate) fn causes(level: Level, line: Option<Line>, member: Option<&str>) -> bool {
    level == Level::Product && line.is_none() && member.is_some()
}

impl<'r> Groups<'r> {
    /// Classes follow the last step of the waterfall that products have. A declared high profit is an amount per
    /// customer, so groups always begin high profit at their top 20 %.
    pub(crate) fn new(
        definition: Option<&ProfitabilityDef>,
        money_scale: u8,
        names: &'r [String],
        totals: Vec<GroupTotals>,
    ) -> Result<Self> {
        let incomes: Vec<i128> = totals.iter().map(GroupTotals::income).collect();
        let mut descending = incomes.clone();
        descending.sort_unstable_by(|a, b| b.cmp(a));
        let last = top_fifth(descending.len()).checked_sub(1).map(|index| descending[index]);
        let mut cuts = Cuts::declared(definition, money_scale, last)?;
        cuts.high_from = last.unwrap_or(i128::MAX);
        let classes = incomes.iter().map(|income| cuts.class(*income)).collect();
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

    /// Group totals; `activities` are the unit-level ones that have columns of their own.
    pub(crate) fn sheet(&self, layout: &Layout<'_>, activities: &[&Activity]) -> Sheet {
        let mut sheet = Sheet::new("product_group", "product group", None);
        layout.add_as_of(&mut sheet, self.names.len());
        let name = Column::new("product_group", ColumnKind::Name, "", "Product group");
        sheet.texts(name, self.names.iter().map(|name| Some(name.as_str())));
        let customers =
            Column::new("customers", ColumnKind::Integer, "customers", "Customers with a sale line of it");
        sheet.fixed(customers, self.customers.clone());
        for total in TOTALS {
            let (kind, unit) = match total.unit {
                Unit::Lines => (ColumnKind::Total(0), "lines"),
                Unit::Units => (ColumnKind::Total(layout.volume_scale), "units"),
                Unit::Money => (layout.total(), layout.currency),
            };
            let column = Column::new(total.name, kind, unit.to_string(), total.meaning);
            sheet.totals(column, self.totals.iter().map(|totals| Some((total.of)(totals))).collect());
        }
        self.add_costs(&mut sheet, layout, activities);
        sheet.texts(product_class(), self.classes.iter().map(|class| Some(class.name())));
        sheet
    }

    fn add_costs(&self, sheet: &mut Sheet, layout: &Layout<'_>, activities: &[&Activity]) {
        let mut add = |name: String, meaning: String, of: &dyn Fn(&GroupTotals) -> Option<i128>| {
            let values: Option<Vec<i128>> = self.totals.iter().map(of).collect();
            let Some(values) = values.filter(|values| !values.is_empty()) else { return };
            let column = Column::new(name, layout.total(), layout.currency.to_string(), meaning);
            sheet.totals(column, values.into_iter().map(Some).collect());
        };
        for (place, activity) in activities.iter().enumerate() {
            let name = format!("cost_{}", activity.column);
            let meaning = format!("Cost of activity '{}'", activity.name);
            add(name, meaning, &|totals| Some(totals.costs.as_ref()?[place]));
        }
        add(PRODUCT_COST_TO_SERVE.0.into(), PRODUCT_COST_TO_SERVE.1.into(), &GroupTotals::cost_to_serve);
        let contribution = |totals: &GroupTotals| totals.costs.is_some().then(|| totals.contribution());
        add(PRODUCT_CONTRIBUTION.0.into(), PRODUCT_CONTRIBUTION.1.into(), &contribution);
        let meaning = "Product-level cost that the group causes, retained";
        add("product_level_cost".into(), meaning.into(), &|totals| totals.retained);
        let meaning = "What is left of the group after product-level cost";
        let income = |totals: &GroupTotals| totals.retained.is_some().then(|| totals.income());
        add("product_income".into(), meaning.into(), &income);
    }
}

/// Name and meaning of a column that both product tables have.
pub(crate) const PRODUCT_COST_TO_SERVE: (&str, &str) =
    ("product_cost_to_serve", "Cost of all unit-level activities, which order lines cause");
pub(crate) const PRODUCT_CONTRIBUTION: (&str, &str) =
    ("product_contribution", "Gross margin − product cost to serve");

enum Unit {
    Lines,
    Units,
    Money,
}

struct GroupTotal {
    name: &'static str,
    unit: Unit,
    meaning: &'static str,
    of: fn(&GroupTotals) -> i128,
}

#[rustfmt::skip]
const TOTALS: [GroupTotal; 9] = [
    GroupTotal { name: "lines", unit: Unit::Lines, meaning: "Sale lines", of: |t| t.measures[LINES] },
    GroupTotal { name: "units", unit: Unit::Units, meaning: "Units on sale lines", of: |t| t.measures[UNITS] },
    GroupTotal { name: "returned_units", unit: Unit::Units, meaning: "Units on return lines", of: |t| t.measures[RETURNED_UNITS] },
    GroupTotal { name: "list_revenue", unit: Unit::Money, meaning: "List value of sale lines", of: |t| t.measures[LIST_REVENUE] },
    GroupTotal { name: "discount", unit: Unit::Money, meaning: "Discount on sale lines", of: |t| t.measures[DISCOUNT] },
    GroupTotal { name: "returns", unit: Unit::Money, meaning: "Net value of return lines", of: |t| t.measures[RETURNS] },
    GroupTotal { name: "net_revenue", unit: Unit::Money, meaning: "List revenue − discount − returns", of: GroupTotals::net_revenue },
    GroupTotal { name: "product_cost", unit: Unit::Money, meaning: "Cost of the goods, less that of returned goods", of: |t| t.measures[PRODUCT_COST] },
    GroupTotal { name: "gross_margin", unit: Unit::Money, meaning: "Net revenue − product cost", of: GroupTotals::gross_margin },
];

/// The group's class, in both product tables.
pub(crate) fn product_class() -> Column {
    let meaning = "Class of the product group by what is left of it, the last step before this column in \
                   product_group: high profit, profit, break-even or loss";
    Column::new("product_class", ColumnKind::Name, "", meaning)
}

#[cfg(test)]
mod tests {
    use super::super::tests::costing;
    use super::*;

    #[test]
    fn a_group_bears_unit_level_cost_and_what_it_causes_at_its_own_level() {
        let mut costing =
            costing(&[Level::Unit, Level::Product, Level::Product], &[&[(30, 3), (7, 0), (11, 0)]]);
        for (activity, member) in [(1, Some("books")), (2, None)] {
            let (kept, costed) =
                (&mut costing.activities[activity], &mut costing.periods[0].activities[activity]);
            (kept.line, kept.member) = (None, member.map(str::to_string));
            (costed.retained, costed.unassigned) = (costed.unassigned, 0);
        }
        let names = ["books", "games"].map(str::to_string);
        let mut measures = [[0; GROUP_MEASURES]; 2];
        (measures[0][LIST_REVENUE], measures[1][LIST_REVENUE]) = (100, 50);
        let totals = totals(&costing, &names, measures.to_vec(), Some(vec![vec![20], vec![10]]));
        let found: Vec<_> = totals.iter().map(|t| (t.contribution(), t.retained, t.income())).collect();
        assert_eq!(found, [(80, Some(7), 73), (40, Some(0), 40)]);
    }
}
