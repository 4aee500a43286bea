//! `cost_flow`: one row per flow of money: ledger → resource → activity → customers, and what leaves the way.

use super::quantities;
use crate::costing::schema::{
    Activity, ActivityCosting, Assigned, Costing, NO_SHARE, NO_VOLUME, PeriodCosting, ResourceCosting,
    level_name,
};
use crate::pipeline::Node;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Decimal, Period};

/// One row per flow of money.
pub(crate) fn cost_flow(costing: &Costing, format: TableFormat<'_>) -> Sheet {
    let flows: Vec<Flow> = costing.periods.iter().flat_map(|period| flows(costing, period)).collect();
    let mut draft = format.draft("cost_flow", "flow of money and period", None, &flows);
    draft.day("period_start", "First day of the period", |flow| flow.period.start);
    let meaning = "input, resource or activity: where the money stands before it flows; \
        reciprocal: between services that serve each other, money counted again each time it goes round, never to be added up";
    draft.name("stage", meaning, |flow| flow.stage);
    draft.name("from_kind", "What it leaves", |flow| flow.from.0);
    draft.name("from_node", "Which of them", |flow| flow.from.1);
    draft.name("to_kind", "What it reaches", |flow| flow.to.0);
    draft.name("to_node", "Which of them", |flow| flow.to.1);
    let column = ("quantity", "", "Share, quantity, minutes or driver volume that moves it");
    quantities(&mut draft, costing.quantity_scale(), column, |flow| flow.quantity);
    draft.total("amount", "Money; negative when overdriven", |flow| flow.amount);
    draft.finish()
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
