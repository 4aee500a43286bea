//! `segment_summary` and `pyramid`: what groups of customers are worth, side by side.

use super::groups::{GroupSums, Totals};
use super::layout::{Layout, count, float, name, share, whole};
use crate::customers::bins::Bin;
use crate::pipeline::TierDef;
use crate::publish::schema::{ColumnKind, Sheet};

/// A column over tiers: its name, its meaning, and what is summed.
type TierColumn = (&'static str, &'static str, fn(&Totals) -> i128);

/// What a budget brings to a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spent {
    pub(crate) budget: i64,
    pub(crate) expected_return: i64,
    pub(crate) marginal: f64,
}

/// Groups of one kind with their totals, those of no group last, and their budgets.
pub(crate) struct Summed<'r> {
    pub(crate) groups: &'r GroupSums,
    pub(crate) spent: Vec<Option<Spent>>,
}

/// One row.
struct Row<'r> {
    kind: &'static str,
    name: Option<&'r str>,
    totals: Totals,
    of_kind: Totals,
    spent: Option<Spent>,
}

/// `segment_summary`.
pub(crate) fn segment_summary(
    layout: &Layout<'_>,
    kinds: &[Summed<'_>],
    has_cost: bool,
    has_residual: bool,
) -> Sheet {
    let is_told = |summed: &&Summed<'_>| summed.groups.in_any() > 0;
    let rows: Vec<Row<'_>> = kinds.iter().filter(is_told).flat_map(rows).collect();
    let mut sheet = Sheet::new("segment_summary", "kind and segment", None);
    layout.add_as_of(&mut sheet, rows.len());
    let meaning = "Which column of customer_segment tells the segments apart";
    sheet.texts(name("kind", meaning), rows.iter().map(|row| Some(row.kind)));
    let meaning = "The segment; null: customers in none";
    sheet.texts(name("segment", meaning).nullable(), rows.iter().map(|row| row.name));
    let customers = rows.iter().map(|row| whole(row.totals.customers)).collect::<Vec<_>>();
    sheet.fixed(count("customers", "customers", "Customers in it"), customers);
    let wide = |count: usize| i128::try_from(count).expect("a count fits");
    let shares = rows.iter().map(|row| share(wide(row.totals.customers), wide(row.of_kind.customers)));
    sheet.floats(float("share_of_customers", "1", "Of all customers"), shares);
    add_money(&mut sheet, layout, &rows, has_cost, has_residual);
    add_ratios(&mut sheet, layout, &rows, has_cost);
    add_budget(&mut sheet, layout, &rows);
    sheet
}

fn rows<'r>(summed: &'r Summed<'_>) -> Vec<Row<'r>> {
    let of_kind = summed.groups.totals.iter().fold(Totals::default(), |sum, totals| sum.plus(totals));
    let row = |(at, totals): (usize, &Totals)| Row {
        kind: summed.groups.kind,
        name: summed.groups.names.get(at).map(String::as_str),
        totals: *totals,
        of_kind,
        spent: summed.spent.get(at).copied().flatten(),
    };
    let nobody = |row: &Row<'_>| row.name.is_none() && row.totals.customers == 0;
    summed.groups.totals.iter().enumerate().map(row).filter(|row| !nobody(row)).collect()
}

fn add_money(sheet: &mut Sheet, layout: &Layout<'_>, rows: &[Row<'_>], has_cost: bool, has_residual: bool) {
    let mut add = |name, meaning: &'static str, is_known: bool, of: fn(&Totals) -> i128| {
        let column = layout.total(name, meaning);
        let column = if is_known { column } else { column.nullable() };
        sheet.totals(column, rows.iter().map(|row| is_known.then(|| of(&row.totals))).collect());
    };
    add("net_revenue", "Net revenue", true, |t| t.net_revenue);
    add("gross_margin", "Gross margin", true, |t| t.gross_margin);
    add("cost_to_serve", "Cost to serve; null where the run has none", has_cost, |t| t.cost_to_serve);
    add("customer_profit", "Customer profit so far", true, |t| t.profit);
    add("residual_value", "Residual value; null without [clv]; never added to profit", has_residual, |t| {
        t.residual
    });
}

fn add_ratios(sheet: &mut Sheet, layout: &Layout<'_>, rows: &[Row<'_>], has_cost: bool) {
    let scale = crate::units::pow10(layout.money_scale);
    let mut add = |name, unit, meaning, of: &dyn Fn(&Row<'_>) -> Option<f64>| {
        sheet.floats(float(name, unit, meaning), rows.iter().map(of));
    };
    let meaning = "Of all customers' net revenue; null if that is not above 0";
    add("share_of_revenue", "1", meaning, &|row| share(row.totals.net_revenue, row.of_kind.net_revenue));
    let meaning = "Of all customers' cost to serve; null if that is not above 0";
    add("share_of_cost_to_serve", "1", meaning, &|row| {
        share(row.totals.cost_to_serve, row.of_kind.cost_to_serve).filter(|_| has_cost)
    });
    let meaning = "Of all customers' profit; null if that is not above 0";
    add("share_of_profit", "1", meaning, &|row| share(row.totals.profit, row.of_kind.profit));
    let meaning = "Discount over list revenue; null if that is not above 0";
    add("discount_depth", "1", meaning, &|row| share(row.totals.discount, row.totals.list_revenue));
    let meaning = "Cost to serve per order; null without orders";
    add("cost_to_serve_per_order", "money per order", meaning, &|row| {
        share(row.totals.cost_to_serve, row.totals.orders * scale).filter(|_| has_cost)
    });
    let meaning = "Customer profit over net revenue; null if that is not above 0";
    add("profit_margin", "1", meaning, &|row| share(row.totals.profit, row.totals.net_revenue));
    let meaning = "Customer profit over what serving, keeping and winning the customers cost, the gross margin less \
                   customer profit; null if that is not above 0";
    add("return_on_investment", "1", meaning, &|row| share(row.totals.profit, row.totals.spent()));
}

fn add_budget(sheet: &mut Sheet, layout: &Layout<'_>, rows: &[Row<'_>]) {
    let meaning = "Money to spend on the segment: declared with the treatment, or its part of the budget";
    let budget = layout.total("budget", meaning).nullable();
    sheet.totals(budget, rows.iter().map(|row| row.spent.map(|spent| spent.budget.into())).collect());
    let meaning = "What the budget brings by the declared response curve; null without one";
    let expected = layout.total("expected_return", meaning).nullable();
    let known = |row: &Row<'_>| row.spent.filter(|spent| spent.marginal.is_finite());
    sheet.totals(
        expected,
        rows.iter().map(|row| known(row).map(|spent| spent.expected_return.into())).collect(),
    );
    let meaning = "What one unit of money more would bring; equal wherever the budget goes";
    let marginal = float("marginal_return", "1", meaning);
    sheet.floats(marginal, rows.iter().map(|row| known(row).map(|spent| spent.marginal)));
}

fn count_of(customers: u64) -> i64 {
    i64::try_from(customers).expect("a count fits 64 bits")
}

/// `pyramid`.
pub(crate) fn pyramid(
    layout: &Layout<'_>,
    measure: (&str, u8),
    tiers: &[TierDef],
    layers: &[Bin],
    totals: &[Totals],
) -> Sheet {
    let all = totals.iter().fold(Totals::default(), |sum, totals| sum.plus(totals));
    let mut sheet = Sheet::new("pyramid", "tier", None);
    layout.add_as_of(&mut sheet, tiers.len());
    let places = (1..=tiers.len()).map(whole).collect::<Vec<_>>();
    sheet.fixed(count("place", "", "1 for the top"), places);
    sheet.texts(name("tier", "The tier"), tiers.iter().map(|tier| Some(tier.name.as_str())));
    sheet.texts(name("measure", "What customers are ranked by"), tiers.iter().map(|_| Some(measure.0)));
    let declared = tiers
        .iter()
        .map(|tier| Some(tier.share.mantissa as f64 / crate::units::pow10(tier.share.scale) as f64));
    sheet.floats(float("declared_share", "1", "Share of customers as declared"), declared);
    let customers = layers.iter().map(|layer| count_of(layer.customers)).collect::<Vec<_>>();
    sheet.fixed(count("customers", "customers", "Customers in the tier"), customers);
    let kind = if measure.1 == u8::MAX { ColumnKind::Integer } else { ColumnKind::Money(measure.1) };
    let of_measure = |name, meaning| crate::publish::schema::Column::new(name, kind, "", meaning);
    let highest = of_measure("highest", "The measure of its first customer; null without customers");
    sheet.fixed_or_null(highest, layers.iter().map(|layer| layer.first).collect());
    let lowest = of_measure("lowest", "The measure of its last customer; null without customers");
    sheet.fixed_or_null(lowest, layers.iter().map(|layer| layer.last).collect());
    let tied = layers.iter().map(|layer| count_of(layer.tied_after)).collect::<Vec<_>>();
    let meaning =
        "Customers below the tier with the same measure as its last one: only their key put them there";
    sheet.fixed(count("tied_below", "customers", meaning), tied);
    let wide = |count: usize| i128::try_from(count).expect("a count fits");
    let shares: [TierColumn; 3] = [
        ("share_of_revenue", "Of all customers' net revenue; null if that is not above 0", |t| t.net_revenue),
        ("share_of_cost_to_serve", "Of all customers' cost to serve; null if that is not above 0", |t| {
            t.cost_to_serve
        }),
        ("share_of_profit", "Of all customers' profit; null if that is not above 0", |t| t.profit),
    ];
    let of_customers = totals.iter().take(tiers.len()).map(|t| share(wide(t.customers), wide(all.customers)));
    sheet.floats(float("share_of_customers", "1", "Of all customers; null without any"), of_customers);
    for (name, meaning, of) in shares {
        sheet.floats(
            float(name, "1", meaning),
            totals.iter().take(tiers.len()).map(|t| share(of(t), of(&all))),
        );
    }
    let sums: [TierColumn; 3] = [
        ("net_revenue", "Net revenue", |t| t.net_revenue),
        ("cost_to_serve", "Cost to serve; 0 where the run has none", |t| t.cost_to_serve),
        ("customer_profit", "Customer profit", |t| t.profit),
    ];
    for (name, meaning, of) in sums {
        sheet.totals(
            layout.total(name, meaning),
            totals.iter().take(tiers.len()).map(|t| Some(of(t))).collect(),
        );
    }
    sheet
}
