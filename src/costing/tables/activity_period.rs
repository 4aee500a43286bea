//! `activity_period`: one row per activity × period, its cost, volume and rate.

use super::{at, name, period_start, totals};
use crate::costing::schema::{
    Activity, ActivityCosting, Costing, Minutes, PeriodCosting, RateKind, level_name,
};
use crate::pipeline::Node;
use crate::publish::schema::{Column, ColumnKind::*, Sheet};
use crate::units::{Decimal, Period};

/// One row per activity × period.
pub(crate) fn activity_period(costing: &Costing, currency: &str) -> Sheet {
    let (money, volume) = (costing.money_scale, costing.quantity_scale());
    let rows: Vec<Row> = costing.periods.iter().flat_map(|period| rows(costing, period)).collect();
    let mut sheet = Sheet::new("activity_period", "activity and period", None);
    period_start(&mut sheet, &rows, |row| row.period);
    for (column, of) in names() {
        sheet.texts(column, rows.iter().map(of));
    }
    let minutes = |name, meaning| Column::new(name, Total(volume), "minutes", meaning).nullable();
    let practical = |row: &Row| at(row.capacity.map(|(_, minutes)| minutes.practical), volume);
    totals(
        &mut sheet,
        minutes("practical_capacity_minutes", "Practical capacity of that resource"),
        &rows,
        practical,
    );
    let used = |row: &Row| at(row.capacity.map(|_| row.quantity()), volume);
    totals(&mut sheet, minutes("used_minutes", "Minutes this activity takes of it"), &rows, used);
    let worked = |row: &Row| at(row.costing.actual_minutes, volume);
    totals(
        &mut sheet,
        minutes("actual_minutes", "Minutes really worked, where they are known"),
        &rows,
        worked,
    );
    let column = Column::new("volume", Total(volume), "driver units", "Driver volume of all customers");
    totals(&mut sheet, column, &rows, |row| at(Some(row.quantity()), volume));
    let fallback = Column::new("is_fallback", Bool, "", "Whether the volume is that of the fallback driver");
    sheet.flags(fallback, rows.iter().map(|row| row.costing.is_fallback));
    for (column, meaning, of) in AMOUNTS {
        let column = Column::new(column, Total(money), currency.to_string(), meaning);
        totals(&mut sheet, column, &rows, |row| Some(of(row.costing)));
    }
    sheet.texts(
        name("reason", "Why it is not borne by customers").nullable(),
        rows.iter().map(|row| row.costing.reason()),
    );
    sheet.texts(
        name("rate_kind", "actual, standard, charge or imputed; null while customers are not charged")
            .nullable(),
        rows.iter().map(Row::rate_kind),
    );
    let per_unit = format!("{currency} per unit of volume");
    sheet.floats(
        Column::new("rate", Float, per_unit, "Driver rate, money over volume, shown rounded").nullable(),
        rows.iter().map(|row| row.costing.rate_shown(row.activity, money)),
    );
    sheet
}

type Text = for<'r, 'c> fn(&'r Row<'c>) -> Option<&'c str>;

fn names() -> [(Column, Text); 9] {
    [
        (name("activity", "Name of the activity"), |row| Some(&row.activity.name)),
        (name("activity_column", "Its suffix in volume_ and cost_ columns"), |row| {
            Some(&row.activity.column)
        }),
        (name("level", "Level of the cost hierarchy that causes it"), |row| {
            Some(level_name(row.activity.level))
        }),
        (name("member", "The channel or product group that causes it").nullable(), |row| {
            row.activity.member.as_deref()
        }),
        (name("line", "Line of the waterfall it forms; null: customers do not bear it").nullable(), |row| {
            row.activity.line.map(super::line_name)
        }),
        (name("source", "Source its driver speaks of"), |row| Some(&row.activity.source)),
        (name("driver", "SQL of the driver or time equation"), |row| Some(&row.activity.driver_text)),
        (name("negative", "What a negative volume of a customer means"), |row| {
            Some(super::negative_name(row.activity.negative))
        }),
        (name("capacity_resource", "The time-driven resource whose minutes it takes").nullable(), |row| {
            row.capacity.map(|(resource, _)| resource)
        }),
    ]
}

type Amount = (&'static str, &'static str, fn(&ActivityCosting) -> i128);

const AMOUNTS: [Amount; 8] = [
    ("cost", "Money from its resources", |costing| i128::from(costing.cost)),
    ("passed_on", "Taken by other nodes", ActivityCosting::passed_on_total),
    ("assigned", "Borne by customers", |costing| i128::from(costing.posted)),
    ("retained", "Stays at its level by intent", |costing| i128::from(costing.retained)),
    ("unassigned", "Not borne by customers", |costing| i128::from(costing.unassigned)),
    ("variance", "Cost less what the given rate charges; less what is imputed", |costing| {
        i128::from(costing.variance)
    }),
    ("unused_charged", "Unused capacity borne by customers beside it", |costing| {
        i128::from(costing.unused_charged)
    }),
    ("difference", "Cost − all that it became, always 0", ActivityCosting::difference),
];

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
