//! Product groups over life, and `product_group`.

use super::classes::{Class, Cuts, top_fifth};
use super::product::Slice;
use super::product_cost::GroupCosts;
use super::statement::retained_by_member;
use crate::costing::schema::{Activity, Costing};
use crate::error::Result;
use crate::facts::measures::{
    DISCOUNT, GROUP_MEASURES, LINES, LIST_REVENUE, PRODUCT_COST, RETURNED_UNITS, RETURNS, UNITS,
};
use crate::pipeline::{Level, Line, ProfitabilityDef};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{Draft, TableFormat};
use crate::units::Day;

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
    fn gross_margin(&self) -> i128 {
        net_revenue(&self.measures) - self.measures[PRODUCT_COST]
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

/// Sums of every group by period.
pub(crate) struct PeriodGroups<'r> {
    pub(crate) names: &'r [String],
    /// By period, by group.
    pub(crate) measures: Vec<Vec<[i128; GROUP_MEASURES]>>,
}

/// A row of `product_group_period`.
type PeriodGroup<'r> = (Day, &'r str, &'r [i128; GROUP_MEASURES]);

impl PeriodGroups<'_> {
    /// `product_group_period`: groups with a line in the period.
    pub(crate) fn sheet(&self, format: TableFormat<'_>, starts: &[Day]) -> Sheet {
        let mut rows: Vec<PeriodGroup<'_>> = Vec::new();
        for (start, groups) in starts.iter().zip(&self.measures) {
            let groups =
                self.names.iter().zip(groups).filter(|(_, measures)| **measures != [0; GROUP_MEASURES]);
            rows.extend(groups.map(|(name, measures)| (*start, name.as_str(), measures)));
        }
        let mut draft = format.draft("product_group_period", "product group and period", None, &rows);
        draft.day("period_start", "First day of the period", |row| row.0);
        draft.name("product_group", "Product group", |row| row.1);
        add_measures(&mut draft, |row| row.2);
        draft.finish()
    }
}

/// What lines add up to, down to gross margin.
fn add_measures<'r, R>(draft: &mut Draft<'r, R>, of: impl Fn(&'r R) -> &'r [i128; GROUP_MEASURES] + Copy) {
    let scale = draft.format().volume_scale;
    let lines = Column::new("lines", ColumnKind::Total(0), "lines", "Sale lines");
    draft.wide(lines, move |row| of(row)[LINES]);
    let units = |name, meaning| Column::new(name, ColumnKind::Total(scale), "units", meaning);
    draft.wide(units("units", "Units on sale lines"), move |row| of(row)[UNITS]);
    draft.wide(units("returned_units", "Units on return lines"), move |row| of(row)[RETURNED_UNITS]);
    draft.total("list_revenue", "List value of sale lines", move |row| of(row)[LIST_REVENUE]);
    draft.total("discount", "Discount on sale lines", move |row| of(row)[DISCOUNT]);
    draft.total("returns", "Net value of return lines", move |row| of(row)[RETURNS]);
    let net_revenue = move |row| net_revenue(of(row));
    draft.total("net_revenue", "List revenue − discount − returns", net_revenue);
    let meaning = "Cost of the goods, less that of returned goods";
    draft.total("product_cost", meaning, move |row| of(row)[PRODUCT_COST]);
    draft.total("gross_margin", "Net revenue − product cost", move |row| {
        net_revenue(row) - of(row)[PRODUCT_COST]
    });
}

/// List revenue − discount − returns.
pub(crate) fn net_revenue(measures: &[i128; GROUP_MEASURES]) -> i128 {
    measures[LIST_REVENUE] - measures[DISCOUNT] - measures[RETURNS]
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
    pub(crate) fn sheet(&self, format: TableFormat<'_>, activities: &[&Activity]) -> Sheet {
        let rows: Vec<(usize, &GroupTotals)> = self.totals.iter().enumerate().collect();
        let mut draft = format.draft("product_group", "product group", None, &rows);
        draft.as_of();
        draft.name("product_group", "Product group", |row| &self.names[row.0]);
        let meaning = "Customers with a sale line of it";
        draft.count("customers", "customers", meaning, |row| self.customers[row.0]);
        add_measures(&mut draft, |row| &row.1.measures);
        self.add_costs(&mut draft, activities);
        draft.name("product_class", PRODUCT_CLASS, |row| self.classes[row.0].name());
        draft.finish()
    }

    fn add_costs<'t>(&self, draft: &mut Draft<'t, (usize, &'t GroupTotals)>, activities: &[&Activity]) {
        let first = self.totals.first();
        if first.is_some_and(|totals| totals.costs.is_some()) {
            for (place, activity) in activities.iter().enumerate() {
                let name = format!("cost_{}", activity.column);
                let meaning = format!("Cost of activity '{}'", activity.name);
                draft.total(name, meaning, |row| row.1.costs.as_ref().expect(ALL_OR_NONE)[place]);
            }
            let (name, meaning) = PRODUCT_COST_TO_SERVE;
            draft.total(name, meaning, |row| row.1.cost_to_serve().expect(ALL_OR_NONE));
            draft.total(PRODUCT_CONTRIBUTION.0, PRODUCT_CONTRIBUTION.1, |row| row.1.contribution());
        }
        if first.is_some_and(|totals| totals.retained.is_some()) {
            let meaning = "Product-level cost that the group causes, retained";
            draft.total("product_level_cost", meaning, |row| row.1.retained.expect(ALL_OR_NONE));
            let meaning = "What is left of the group after product-level cost";
            draft.total("product_income", meaning, |row| row.1.income());
        }
    }
}

const ALL_OR_NONE: &str = "all groups have such costs, or none has";

/// Name and meaning of a column that both product tables have.
pub(crate) const PRODUCT_COST_TO_SERVE: (&str, &str) =
    ("product_cost_to_serve", "Cost of all unit-level activities, which order lines cause");
pub(crate) const PRODUCT_CONTRIBUTION: (&str, &str) =
    ("product_contribution", "Gross margin − product cost to serve");

/// Meaning of the group's class, in both product tables.
pub(crate) const PRODUCT_CLASS: &str = "Class of the product group by what is left of it, the last step before this column in product_group: high profit, \
     profit, break-even or loss";

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
