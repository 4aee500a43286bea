//! `balance`: one row per node and period, where everything that came is held against everything it became.

use super::quantities;
use crate::costing::schema::{
    Activity, ActivityCosting, Costing, Leftover, Minutes, PeriodCosting, ResourceCosting, UNCLAIMED,
    level_name,
};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::{Decimal, Period};

/// One row per node and period.
pub(crate) fn balance(costing: &Costing, format: TableFormat<'_>) -> Sheet {
    let mut rows: Vec<Row> = costing.periods.iter().flat_map(|period| rows(costing, period)).collect();
    rows.extend(costing.leftovers.iter().map(Row::of_leftover));
    rows.sort_by_key(|row| row.period.start);
    let mut draft = format.draft("balance", "node and period", None, &rows);
    draft.name("scenario", "actual, or the name of the what-if", |_| "actual");
    draft.day("period_start", "First day of the period", |row| row.period.start);
    draft.name("stage", "input, resource or activity", |row| row.stage);
    draft.name("node_kind", "What it is", |row| row.kind);
    draft.name("node", "Which of them", |row| row.name);
    let meaning = "Level of the cost hierarchy at which its cost, or its unused capacity, is retained";
    draft.name("level", meaning, |row| row.level);
    add_amounts(&mut draft);
    let meaning = "Its cost before it gave to services that serve it: money counted again each time it goes round, never to be added up";
    draft.total("reciprocated", meaning, |row| row.reciprocated);
    draft.name("reason", "Why money is unassigned", Row::reason);
    let scale = costing.quantity_scale();
    let column = ("volume", "", "Minutes used or driver volume");
    quantities(&mut draft, scale, column, |row| row.volume);
    let column = ("practical_capacity_minutes", "minutes", "What the resource can do");
    quantities(&mut draft, scale, column, |row| Some(row.minutes?.practical));
    let column = ("used_minutes", "minutes", "What activities took");
    quantities(&mut draft, scale, column, |row| Some(row.minutes?.used));
    let column = ("unused_minutes", "minutes", "What they left");
    quantities(&mut draft, scale, column, |row| Some(row.minutes?.unused));
    let column = ("overdriven_minutes", "minutes", "What they took beyond practical capacity");
    quantities(&mut draft, scale, column, |row| Some(row.minutes?.overdriven));
    draft.flag("is_zero", "Whether no money came", |row| row.input + row.reciprocal_net == 0);
    let meaning = "Whether its cost is a credit";
    draft.flag("is_negative", meaning, |row| row.input + row.reciprocal_net < 0);
    let meaning = "Whether its driver has no volume, or none above 0";
    draft.flag("is_without_volume", meaning, |row| row.is_without_volume);
    draft.finish()
}

fn add_amounts<'c>(draft: &mut Draft<'c, Row<'c>>) {
    draft.total("input", "Money from outside the network, or from pools", |row| row.input);
    draft.total("received", "Of which from other nodes", |row| row.received);
    let meaning = "Received from services that serve each other, less given to them";
    draft.total("reciprocal_net", meaning, |row| row.reciprocal_net);
    draft.total("overdriven", "Passed on beyond what came", |row| row.overdriven);
    draft.total("imputed", "Charged to customers without a pool", |row| row.imputed);
    draft.total("assigned", "Passed on to nodes and customers", |row| row.assigned);
    draft.total("retained", "Stays at its level by intent", |row| row.retained);
    draft.total("unused", "Cost of unused capacity", |row| row.unused);
    let meaning = "Cost of unused capacity, retained at the level that owns it";
    draft.total("unused_retained", meaning, |row| row.unused_retained);
    draft.total("unused_charged", "Cost of unused capacity charged to customers", |row| row.unused_charged);
    draft.total("unassigned", "Money that stays here", |row| row.unassigned);
    draft.total("variance", "What a standard rate left over (positive) or put in", |row| row.variance);
    let meaning = "Exact cost less rounded, always 0: parts are rounded by cumulative difference";
    draft.total("rounding_residual", meaning, |_| 0_i128);
    let meaning = "Input + reciprocal net + overdriven + imputed − all that it became, always 0";
    draft.total("difference", meaning, Row::difference);
    draft.total("cost", "Input + reciprocal net", |row| row.input + row.reciprocal_net);
}

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
