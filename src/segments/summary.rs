//! `segment_summary` and `pyramid`: what groups of customers are worth, side by side.

use super::groups::{GroupSums, Totals};
use super::share::share;
use crate::customers::bins::Bin;
use crate::pipeline::TierDef;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{Draft, SegmentKey, TableFormat};

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
    format: TableFormat<'_>,
    kinds: &[Summed<'_>],
    has_cost: bool,
    has_residual: bool,
) -> Sheet {
    let is_told = |summed: &&Summed<'_>| summed.groups.in_any() > 0;
    let rows: Vec<Row<'_>> = kinds.iter().filter(is_told).flat_map(rows).collect();
    let mut draft = format.draft("segment_summary", "kind and segment", None, &rows);
    draft.as_of();
    draft.segment(|row| SegmentKey::of(row.kind, row.name));
    draft.count("customers", "customers", "Customers in it", |row| row.totals.customers);
    draft.float("share_of_customers", "1", "Of all customers", |row| row.share_of_customers());
    draft.total("net_revenue", "Net revenue", |row| row.totals.net_revenue);
    draft.total("gross_margin", "Gross margin", |row| row.totals.gross_margin);
    let meaning = "Cost to serve; null where the run has none";
    total_if(&mut draft, has_cost, "cost_to_serve", meaning, |totals| totals.cost_to_serve);
    draft.total("customer_profit", "Customer profit so far", |row| row.totals.profit);
    let meaning = "Residual value; null without [clv]; never added to profit";
    total_if(&mut draft, has_residual, "residual_value", meaning, |totals| totals.residual);
    add_ratios(&mut draft, has_cost);
    add_budget(&mut draft);
    draft.finish()
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

impl Row<'_> {
    fn share_of_customers(&self) -> Option<f64> {
        share(wide(self.totals.customers), wide(self.of_kind.customers))
    }

    /// Share of a sum over all customers.
    fn share(&self, of: fn(&Totals) -> i128) -> Option<f64> {
        share(of(&self.totals), of(&self.of_kind))
    }

    /// What its budget brings, where a response curve is declared.
    fn returned(&self) -> Option<Spent> {
        self.spent.filter(|spent| spent.marginal.is_finite())
    }
}

fn wide(count: usize) -> i128 {
    i128::try_from(count).expect("a count fits")
}

/// Sums that are known for all rows or for none.
fn total_if<'r>(
    draft: &mut Draft<'r, Row<'r>>,
    is_known: bool,
    name: &'static str,
    meaning: &'static str,
    of: fn(&Totals) -> i128,
) {
    if is_known {
        draft.total(name, meaning, |row| of(&row.totals));
    } else {
        draft.total(name, meaning, |_| None::<i128>);
    }
}

fn add_ratios<'r>(draft: &mut Draft<'r, Row<'r>>, has_cost: bool) {
    let unit = crate::units::pow10(draft.format().money_scale);
    let meaning = "Of all customers' net revenue; null if that is not above 0";
    draft.float("share_of_revenue", "1", meaning, |row| row.share(|totals| totals.net_revenue));
    let meaning = "Of all customers' cost to serve; null if that is not above 0";
    draft.float("share_of_cost_to_serve", "1", meaning, |row| {
        row.share(|totals| totals.cost_to_serve).filter(|_| has_cost)
    });
    let meaning = "Of all customers' profit; null if that is not above 0";
    draft.float("share_of_profit", "1", meaning, |row| row.share(|totals| totals.profit));
    let meaning = "Discount over list revenue; null if that is not above 0";
    draft.float("discount_depth", "1", meaning, |row| share(row.totals.discount, row.totals.list_revenue));
    let meaning = "Cost to serve per order; null without orders";
    draft.float("cost_to_serve_per_order", "money per order", meaning, |row| {
        share(row.totals.cost_to_serve, row.totals.orders * unit).filter(|_| has_cost)
    });
    let meaning = "Customer profit over net revenue; null if that is not above 0";
    draft.float("profit_margin", "1", meaning, |row| share(row.totals.profit, row.totals.net_revenue));
    let meaning = "Customer profit over what serving, keeping and winning the customers cost, the gross margin less \
                   customer profit; null if that is not above 0";
    draft.float("return_on_investment", "1", meaning, |row| share(row.totals.profit, row.totals.spent()));
}

fn add_budget<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "Money to spend on the segment: declared with the treatment, or its part of the budget";
    draft.total("budget", meaning, |row| row.spent.map(|spent| spent.budget));
    let meaning = "What the budget brings by the declared response curve; null without one";
    draft.total("expected_return", meaning, |row| row.returned().map(|spent| spent.expected_return));
    let meaning = "What one unit of money more would bring; equal wherever the budget goes";
    draft.float("marginal_return", "1", meaning, |row| row.returned().map(|spent| spent.marginal));
}

/// `pyramid`.
pub(crate) fn pyramid(
    format: TableFormat<'_>,
    measure: (&str, u8),
    tiers: &[TierDef],
    layers: &[Bin],
    totals: &[Totals],
) -> Sheet {
    let all = totals.iter().fold(Totals::default(), |sum, totals| sum.plus(totals));
    let rows: Vec<Tier<'_>> = (1..)
        .zip(tiers.iter().zip(layers).zip(totals))
        .map(|(place, ((tier, bin), totals))| Tier { place, tier, bin, totals })
        .collect();
    let mut draft = format.draft("pyramid", "tier", None, &rows);
    draft.as_of();
    draft.count("place", "", "1 for the top", |row| row.place);
    draft.name("tier", "The tier", |row| &row.tier.name);
    draft.name("measure", "What customers are ranked by", |_| measure.0);
    draft.float("declared_share", "1", "Share of customers as declared", |row| {
        let share = row.tier.share;
        Some(share.mantissa as f64 / crate::units::pow10(share.scale) as f64)
    });
    draft.count("customers", "customers", "Customers in the tier", |row| row.bin.customers);
    let kind = if measure.1 == u8::MAX { ColumnKind::Integer } else { ColumnKind::Money(measure.1) };
    let meaning = "The measure of its first customer; null without customers";
    draft.fixed(Column::new("highest", kind, "", meaning), |row| row.bin.first);
    let meaning = "The measure of its last customer; null without customers";
    draft.fixed(Column::new("lowest", kind, "", meaning), |row| row.bin.last);
    let meaning =
        "Customers below the tier with the same measure as its last one: only their key put them there";
    draft.count("tied_below", "customers", meaning, |row| row.bin.tied_after);
    let share_of = |row: &Tier<'_>, of: fn(&Totals) -> i128| share(of(row.totals), of(&all));
    draft.float("share_of_customers", "1", "Of all customers; null without any", |row| {
        share_of(row, |totals| wide(totals.customers))
    });
    let meaning = "Of all customers' net revenue; null if that is not above 0";
    draft.float("share_of_revenue", "1", meaning, |row| share_of(row, |totals| totals.net_revenue));
    let meaning = "Of all customers' cost to serve; null if that is not above 0";
    draft.float("share_of_cost_to_serve", "1", meaning, |row| share_of(row, |totals| totals.cost_to_serve));
    let meaning = "Of all customers' profit; null if that is not above 0";
    draft.float("share_of_profit", "1", meaning, |row| share_of(row, |totals| totals.profit));
    draft.total("net_revenue", "Net revenue", |row| row.totals.net_revenue);
    let meaning = "Cost to serve; 0 where the run has none";
    draft.total("cost_to_serve", meaning, |row| row.totals.cost_to_serve);
    draft.total("customer_profit", "Customer profit", |row| row.totals.profit);
    draft.finish()
}

/// One tier of the pyramid.
struct Tier<'r> {
    place: usize,
    tier: &'r TierDef,
    bin: &'r Bin,
    totals: &'r Totals,
}
