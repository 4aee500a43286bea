//! `activity_period`: one row per activity × period, its cost, volume and rate.

use super::quantities;
use crate::costing::schema::{
    Activity, ActivityCosting, Costing, Minutes, PeriodCosting, RateKind, level_name,
};
use crate::pipeline::Node;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{Draft, TableFormat};
use crate::units::{Decimal, Period};

/// One row per activity × period.
pub(crate) fn activity_period(costing: &Costing, format: TableFormat<'_>) -> Sheet {
    let rows: Vec<Row> = costing.periods.iter().flat_map(|period| rows(costing, period)).collect();
    let mut draft = format.draft("activity_period", "activity and period", None, &rows);
    draft.day("period_start", "First day of the period", |row| row.period.start);
    add_names(&mut draft);
    let scale = costing.quantity_scale();
    let column = ("practical_capacity_minutes", "minutes", "Practical capacity of that resource");
    quantities(&mut draft, scale, column, |row| Some(row.capacity?.1.practical));
    let column = ("used_minutes", "minutes", "Minutes this activity takes of it");
    quantities(&mut draft, scale, column, |row| row.capacity.map(|_| row.quantity()));
    let column = ("actual_minutes", "minutes", "Minutes really worked, where they are known");
    quantities(&mut draft, scale, column, |row| row.costing.actual_minutes);
    let column =
        Column::new("volume", ColumnKind::Total(scale), "driver units", "Driver volume of all customers");
    draft.wide(column, |row| row.quantity().at_scale(scale).expect("the scale shows every volume"));
    let meaning = "Whether the volume is that of the fallback driver";
    draft.flag("is_fallback", meaning, |row| row.costing.is_fallback);
    draft.total("cost", "Money from its resources", |row| row.costing.cost);
    draft.total("passed_on", "Taken by other nodes", |row| row.costing.passed_on_total());
    draft.total("assigned", "Assigned to customers", |row| row.costing.posted);
    draft.total("retained", "Stays at its level by intent", |row| row.costing.retained);
    draft.total("unassigned", "Not assigned to customers", |row| row.costing.unassigned);
    let meaning = "Cost less what the given rate charges; less what is imputed";
    draft.total("variance", meaning, |row| row.costing.variance);
    let meaning = "Unused capacity charged to customers, over the same volume";
    draft.total("unused_charged", meaning, |row| row.costing.unused_charged);
    draft.total("difference", "Cost − all that it became, always 0", |row| row.costing.difference());
    draft.name("reason", "Why it is not assigned to customers", |row| row.costing.reason());
    let meaning =
        "actual, standard, charge, imputed or price component; null while customers are not charged";
    draft.name("rate_kind", meaning, Row::rate_kind);
    let per_unit = format!("{} per unit of volume", format.currency);
    draft.float("rate", per_unit, "Driver rate, money over volume, shown rounded", |row| {
        row.costing.rate_shown(row.activity, costing.money_scale)
    });
    draft.finish()
}

fn add_names<'c>(draft: &mut Draft<'c, Row<'c>>) {
    draft.name("activity", "Name of the activity", |row| &row.activity.name);
    let meaning = "Its suffix in volume_ and cost_ columns";
    draft.name("activity_column", meaning, |row| &row.activity.column);
    let meaning = "Level of the cost hierarchy that causes it";
    draft.name("level", meaning, |row| level_name(row.activity.level));
    let meaning = "The channel or product group that causes it";
    draft.name("member", meaning, |row| row.activity.member.as_deref());
    let meaning = "Line of the waterfall it forms; null: it is not charged to customers";
    draft.name("line", meaning, |row| row.activity.line.map(super::line_name));
    draft.name("source", "Source its driver speaks of", |row| &row.activity.source);
    draft.name("driver", "SQL of the driver or time equation", |row| &row.activity.driver_text);
    let meaning = "What a negative volume of a customer means";
    draft.name("negative", meaning, |row| super::negative_name(row.activity.negative));
    let meaning = "The time-driven resource whose minutes it takes";
    draft.name("capacity_resource", meaning, |row| row.capacity.map(|(resource, _)| resource));
}

struct Row<'c> {
    period: Period,
    activity: &'c Activity,
    costing: &'c ActivityCosting,
    capacity: Option<(&'c str, Minutes)>,
}

impl Row<'_> {
    fn quantity(&self) -> Decimal {
        self.costing.quantity(self.activity)
    }

    fn rate_kind(&self) -> Option<&'static str> {
        self.costing.rate_kind.map(|kind| match kind {
            RateKind::Actual => "actual",
            RateKind::Standard => "standard",
            RateKind::Charge => "charge",
            RateKind::Imputed => "imputed",
            RateKind::Deducted => "price component",
            RateKind::Exchange => "exchange difference",
        })
    }
}

fn rows<'c>(costing: &'c Costing, period: &'c PeriodCosting) -> impl Iterator<Item = Row<'c>> {
    let rows = costing.activities.iter().zip(&period.activities);
    rows.map(|(activity, costed)| {
        let timed = costed.pools.iter().filter(|_| activity.is_timed).find_map(|(from, _)| match from {
            Node::Resource(index) => Some((*index, period.resources[*index].minutes?)),
            Node::Activity(_) => None,
        });
        let capacity = timed.map(|(index, minutes)| (costing.resources[index].as_str(), minutes));
        Row { period: period.period, activity, costing: costed, capacity }
    })
}
