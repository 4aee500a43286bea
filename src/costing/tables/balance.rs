//! `balance`: one row per node and period, where everything that came is held against everything it became.

use super::{at, name, period_start, totals};
use crate::costing::schema::{
    Activity, ActivityCosting, Costing, Leftover, Minutes, PeriodCosting, ResourceCosting, UNCLAIMED,
    level_name,
};
use crate::publish::schema::{Column, ColumnKind::*, Sheet};
use crate::units::{Decimal, Period};

/// One row per node and period.
pub(crate) fn balance(costing: &Costing, currency: &str) -> Sheet {
    let (money, scale) = (costing.money_scale, costing.quantity_scale());
    let mut rows: Vec<Row> = costing.periods.iter().flat_map(|period| rows(costing, period)).collect();
    rows.extend(costing.leftovers.iter().map(Row::of_leftover));
    rows.sort_by_key(|row| row.period.start);
    let mut sheet = Sheet::new("balance", "node and period", None);
    sheet.texts(name("scenario", "actual, or the name of the what-if"), rows.iter().map(|_| Some("actual")));
    period_start(&mut sheet, &rows, |row| row.period);
    sheet.texts(name("stage", "input, resource or activity"), rows.iter().map(|row| Some(row.stage)));
    sheet.texts(name("node_kind", "What it is"), rows.iter().map(|row| Some(row.kind)));
    sheet.texts(name("node", "Which of them"), rows.iter().map(|row| Some(row.name)));
    let level = "Level of the cost hierarchy at which its cost, or its unused capacity, is retained";
    sheet.texts(name("level", level).nullable(), rows.iter().map(|row| row.level));
    for (column, meaning, of) in AMOUNTS {
        let column = Column::new(column, Total(money), currency.to_string(), meaning);
        totals(&mut sheet, column, &rows, |row| Some(of(row)));
    }
    let reciprocated = "Its cost before it gave to services that serve it: money counted again each time it goes round, never to be added up";
    let column = Column::new("reciprocated", Total(money), currency.to_string(), reciprocated).nullable();
    totals(&mut sheet, column, &rows, |row| row.reciprocated.map(i128::from));
    sheet.texts(name("reason", "Why money is unassigned").nullable(), rows.iter().map(Row::reason));
    let volume = Column::new("volume", Total(scale), "", "Minutes used or driver volume").nullable();
    totals(&mut sheet, volume, &rows, |row| at(row.volume, scale));
    for (column, meaning, of) in MINUTES {
        let column = Column::new(column, Total(scale), "minutes", meaning).nullable();
        totals(&mut sheet, column, &rows, |row| at(row.minutes.as_ref().map(of), scale));
    }
    for (column, meaning, of) in FLAGS {
        sheet.flags(Column::new(column, Bool, "", meaning), rows.iter().map(of));
    }
    sheet
}

type Amount = (&'static str, &'static str, fn(&Row) -> i128);

const AMOUNTS: [Amount; 15] = [
    ("input", "Money from outside the network, or from pools", |row| row.input),
    ("received", "Of which from other nodes", |row| row.received),
    ("reciprocal_net", "Received from services that serve each other, less given to them", |row| {
        row.reciprocal_net
    }),
    ("overdriven", "Passed on beyond what came", |row| row.overdriven),
    ("imputed", "Charged to customers without a pool", |row| row.imputed),
    ("assigned", "Passed on to nodes and customers", |row| row.assigned),
    ("retained", "Stays at its level by intent", |row| row.retained),
    ("unused", "Cost of unused capacity", |row| row.unused),
    ("unused_retained", "Cost of unused capacity, retained at the level that owns it", |row| {
        row.unused_retained
    }),
    ("unused_charged", "Cost of unused capacity that customers bear", |row| row.unused_charged),
    ("unassigned", "Money that stays here", |row| row.unassigned),
    ("variance", "What a standard rate left over (positive) or put in", |row| row.variance),
    (
        "rounding_residual",
        "Exact cost less rounded, always 0: parts are rounded by cumulative difference",
        |_| 0,
    ),
    ("difference", "Input + reciprocal net + overdriven + imputed − all that it became, always 0", |row| {
        row.difference()
    }),
    ("cost", "Input + reciprocal net", |row| row.input + row.reciprocal_net),
];

type MinutesColumn = (&'static str, &'static str, fn(&Minutes) -> Decimal);

const MINUTES: [MinutesColumn; 4] = [
    ("practical_capacity_minutes", "What the resource can do", |minutes| minutes.practical),
    ("used_minutes", "What activities took", |minutes| minutes.used),
    ("unused_minutes", "What they left", |minutes| minutes.unused),
    ("overdriven_minutes", "What they took beyond practical capacity", |minutes| minutes.overdriven),
];

type Flag = (&'static str, &'static str, fn(&Row) -> bool);

const FLAGS: [Flag; 3] = [
    ("is_zero", "Whether no money came", |row| row.input + row.reciprocal_net == 0),
    ("is_negative", "Whether its cost is a credit", |row| row.input + row.reciprocal_net < 0),
    ("is_without_volume", "Whether its driver has no volume, or none above 0", |row| row.is_without_volume),
];

/// What came and what it became.
#[derive(Default)]
struct Amounts {
    input: i128,
    received: i128,
    reciprocal_net: i128,
    overdriven: i128,
    imputed: i128,
    assigned: i128,
    retained: i128,
    unused: i128,
    unused_retained: i128,
    unused_charged: i128,
    unassigned: i128,
    variance: i128,
}

struct Row<'c> {
    period: Period,
    stage: &'static str,
    kind: &'static str,
    name: &'c str,
    level: Option<&'static str>,
    amounts: Amounts,
    reciprocated: Option<i64>,
    reason: Option<&'static str>,
    volume: Option<Decimal>,
    minutes: Option<Minutes>,
    is_without_volume: bool,
}

impl std::ops::Deref for Row<'_> {
    type Target = Amounts;

    fn deref(&self) -> &Amounts {
        &self.amounts
    }
}

fn rows<'c>(costing: &'c Costing, period: &'c PeriodCosting) -> impl Iterator<Item = Row<'c>> {
    let resources = costing.resources.iter().zip(&period.resources);
    let resources = resources.map(|(name, resource)| Row::of_resource(period.period, name, resource));
    let activities = costing.activities.iter().zip(&period.activities);
    resources.chain(activities.map(|(activity, costed)| Row::of_activity(period.period, activity, costed)))
}

impl<'c> Row<'c> {
    fn of_resource(period: Period, name: &'c str, resource: &ResourceCosting) -> Self {
        let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.map(i128::from).sum::<i128>();
        let received = sum(&mut resource.received.iter().map(|(_, amount)| *amount));
        let amounts = Amounts {
            input: sum(&mut resource.inputs.iter().map(|(_, amount)| *amount)) + received,
            received,
            reciprocal_net: i128::from(resource.reciprocal_net),
            overdriven: i128::from(resource.overdriven),
            assigned: resource.assigned_total(),
            unused: i128::from(resource.unused),
            unused_retained: i128::from(resource.unused_retained),
            unused_charged: i128::from(resource.unused_charged),
            unassigned: i128::from(resource.unassigned),
            variance: i128::from(resource.variance),
            ..Amounts::default()
        };
        Self {
            period,
            stage: "resource",
            kind: "resource",
            name,
            level: resource.owner.map(level_name),
            amounts,
            reciprocated: resource.reciprocated,
            reason: resource.reason,
            volume: resource.minutes.map(|minutes| minutes.used),
            minutes: resource.minutes,
            is_without_volume: false,
        }
    }

    fn of_activity(period: Period, activity: &'c Activity, costed: &ActivityCosting) -> Self {
        let received = costed.pools.iter().map(|(_, amount)| i128::from(*amount)).sum();
        let (imputed, variance) = match activity.is_imputed {
            true => (-i128::from(costed.variance), 0),
            false => (0, i128::from(costed.variance)),
        };
        let amounts = Amounts {
            input: received,
            received,
            reciprocal_net: i128::from(costed.reciprocal_net),
            imputed,
            assigned: costed.passed_on_total() + i128::from(costed.posted),
            retained: i128::from(costed.retained),
            unassigned: i128::from(costed.unassigned),
            variance,
            ..Amounts::default()
        };
        Self {
            period,
            stage: "activity",
            kind: "activity",
            name: &activity.name,
            level: Some(level_name(activity.level)),
            amounts,
            reciprocated: costed.reciprocated,
            reason: costed.reason,
            volume: Some(costed.quantity(activity)),
            minutes: None,
            is_without_volume: activity.driver.is_some() && costed.volume <= 0,
        }
    }

    fn of_leftover(leftover: &'c Leftover) -> Self {
        let amount = i128::from(leftover.amount);
        Self {
            period: leftover.period,
            stage: "input",
            kind: if leftover.reason == UNCLAIMED { "unclaimed account" } else { "other period" },
            name: &leftover.node,
            level: None,
            amounts: Amounts { input: amount, unassigned: amount, ..Amounts::default() },
            reciprocated: None,
            reason: Some(leftover.reason),
            volume: None,
            minutes: None,
            is_without_volume: false,
        }
    }

    fn difference(&self) -> i128 {
        self.input + self.reciprocal_net + self.overdriven + self.imputed
            - self.assigned
            - self.retained
            - self.unused
            - self.unused_retained
            - self.unused_charged
            - self.unassigned
            - self.variance
    }

    fn reason(&self) -> Option<&'static str> {
        self.reason.filter(|_| self.unassigned != 0)
    }
}
