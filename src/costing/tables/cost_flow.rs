//! `cost_flow`: one row per flow of money: ledger → resource → activity → customers, and what leaves the way.

use super::{at, name, period_start, totals};
use crate::costing::schema::{
    Activity, ActivityCosting, Assigned, Costing, NO_SHARE, NO_VOLUME, PeriodCosting, ResourceCosting,
    level_name,
};
use crate::pipeline::Node;
use crate::publish::schema::{Column, ColumnKind::*, Sheet};
use crate::units::{Decimal, Period};

/// One row per flow of money.
pub(crate) fn cost_flow(costing: &Costing, currency: &str) -> Sheet {
    let (money, scale) = (costing.money_scale, costing.quantity_scale());
    let flows: Vec<Flow> = costing.periods.iter().flat_map(|period| flows(costing, period)).collect();
    let mut sheet = Sheet::new("cost_flow", "flow of money and period", None);
    period_start(&mut sheet, &flows, |flow| flow.period);
    let meaning = "input, resource or activity: where the money stands before it flows; \
        reciprocal: between services that serve each other, money counted again each time it goes round, never to be added up";
    sheet.texts(name("stage", meaning), flows.iter().map(|flow| Some(flow.stage)));
    sheet.texts(name("from_kind", "What it leaves"), flows.iter().map(|flow| Some(flow.from.0)));
    sheet.texts(name("from_node", "Which of them"), flows.iter().map(|flow| Some(flow.from.1)));
    sheet.texts(name("to_kind", "What it reaches"), flows.iter().map(|flow| Some(flow.to.0)));
    sheet.texts(name("to_node", "Which of them"), flows.iter().map(|flow| Some(flow.to.1)));
    let quantity =
        Column::new("quantity", Total(scale), "", "Share, quantity, minutes or driver volume that moves it");
    totals(&mut sheet, quantity.nullable(), &flows, |flow| at(flow.quantity, scale));
    let amount = Column::new("amount", Total(money), currency.to_string(), "Money; negative when overdriven");
    totals(&mut sheet, amount, &flows, |flow| Some(i128::from(flow.amount)));
    sheet
}

type End<'c> = (&'static str, &'c str);

struct Flow<'c> {
    period: Period,
    stage: &'static str,
    from: End<'c>,
    to: End<'c>,
    quantity: Option<Decimal>,
    amount: i64,
}

fn flows<'c>(costing: &'c Costing, period: &'c PeriodCosting) -> Vec<Flow<'c>> {
    let resources = costing.resources.iter().zip(&period.resources);
    let activities = costing.activities.iter().zip(&period.activities);
    let inputs = resources.clone().flat_map(|(name, resource)| input_flows(period.period, name, resource));
    let mut flows: Vec<Flow> = inputs.collect();
    let start = |stage, node| Start { costing, period: period.period, stage, from: costing.node(node) };
    for (index, (_, resource)) in resources.enumerate() {
        start("resource", Node::Resource(index)).resource(resource, &mut flows);
    }
    for (index, (activity, costed)) in activities.enumerate() {
        start("activity", Node::Activity(index)).activity(activity, costed, &mut flows);
    }
    flows
}

fn input_flows<'c>(
    period: Period,
    name: &'c str,
    resource: &'c ResourceCosting,
) -> impl Iterator<Item = Flow<'c>> {
    resource.inputs.iter().map(move |(account, amount)| Flow {
        period,
        stage: "input",
        from: match account {
            Some(account) => ("ledger account", account.as_str()),
            None => ("inline amount", name),
        },
        to: ("resource", name),
        quantity: None,
        amount: *amount,
    })
}

/// Where flows of one node start.
#[derive(Clone, Copy)]
struct Start<'c> {
    costing: &'c Costing,
    period: Period,
    stage: &'static str,
    from: End<'c>,
}

impl<'c> Start<'c> {
    fn flow(self, to: End<'c>, quantity: Option<Decimal>, amount: i64) -> Flow<'c> {
        Flow { period: self.period, stage: self.stage, from: self.from, to, quantity, amount }
    }

    fn nodes(self, given: &'c [Assigned]) -> impl Iterator<Item = Flow<'c>> {
        given
            .iter()
            .map(move |given| self.flow(self.costing.node(given.to), Some(given.quantity), given.amount))
    }

    fn resource(self, resource: &'c ResourceCosting, flows: &mut Vec<Flow<'c>>) {
        flows.extend(Self { stage: "reciprocal", ..self }.nodes(&resource.given));
        flows.extend(self.nodes(&resource.assigned));
        let unused = resource.minutes.map(|minutes| minutes.unused);
        let overdriven = resource.minutes.map(|minutes| minutes.overdriven);
        let owner = resource.owner.map_or("", level_name);
        let leaving = [
            self.flow(("unused", "unused capacity"), unused, resource.unused),
            self.flow(("unused retained", owner), unused, resource.unused_retained),
            self.flow(("unused charged", "customers"), unused, resource.unused_charged),
            self.flow(("overdriven", "overdriven capacity"), overdriven, -resource.overdriven),
            self.flow(("unassigned", resource.reason.unwrap_or(NO_SHARE)), None, resource.unassigned),
            self.flow(("variance", "spending"), None, resource.variance),
        ];
        flows.extend(leaving.into_iter().filter(|flow| flow.amount != 0));
    }

    fn activity(self, activity: &'c Activity, costed: &'c ActivityCosting, flows: &mut Vec<Flow<'c>>) {
        flows.extend(Self { stage: "reciprocal", ..self }.nodes(&costed.given));
        flows.extend(self.nodes(&costed.passed_on));
        let volume = Some(costed.quantity(activity));
        let member = activity.member.as_deref().unwrap_or(level_name(activity.level));
        let reason = costed.reason.unwrap_or(NO_VOLUME);
        let retained = ("retained", member);
        let contra = if activity.is_imputed { "contra of imputed cost" } else { "absorption" };
        // What customers bear, or else why not, is said even of nothing.
        flows.push(match (costed.rate, activity.line) {
            (Some(_), _) => self.flow(("customers", "customers"), volume, costed.posted),
            (None, None) => self.flow(retained, volume, costed.retained),
            (None, Some(_)) => self.flow(("unassigned", reason), volume, costed.unassigned),
        });
        let variance = self.flow(("variance", contra), None, costed.variance);
        flows.extend((costed.variance != 0).then_some(variance));
    }
}
