//! The small tables: what each activity cost and its rate, where every amount went, that each node closes, and what
//! standards left over. A table is a file.

mod activity_period;
mod balance;
mod cost_flow;
mod match_report;
mod variance;

pub(crate) use activity_period::activity_period;
pub(crate) use balance::balance;
pub(crate) use cost_flow::cost_flow;
pub use match_report::match_report;
pub(crate) use variance::variance;

use super::schema::{Activity, Costing};
use crate::pipeline::{Line, NegativeVolume, Node};
use crate::publish::Draft;
use crate::publish::schema::{Column, ColumnKind};
use crate::units::Decimal;

impl Costing {
    /// Kind and name of a node.
    pub fn node(&self, node: Node) -> (&'static str, &str) {
        match node {
            Node::Resource(index) => ("resource", &self.resources[index]),
            Node::Activity(index) => ("activity", &self.activities[index].name),
        }
    }

    /// Digits that show every volume, share and minute exactly.
    fn quantity_scale(&self) -> u8 {
        let resources = self.periods.iter().flat_map(|period| &period.resources);
        let activities = self.periods.iter().flat_map(|period| &period.activities);
        let given = resources.clone().flat_map(|resource| resource.assigned.iter().chain(&resource.given));
        let passed = activities.clone().flat_map(|activity| activity.passed_on.iter().chain(&activity.given));
        let given = given.chain(passed).map(|given| given.quantity.normalised().scale);
        let minutes =
            resources.filter_map(|resource| resource.minutes).map(|minutes| minutes.practical.scale);
        let worked = activities.filter_map(|activity| activity.actual_minutes).map(|minutes| minutes.scale);
        let volumes = self.activities.iter().map(Activity::volume_scale);
        given.chain(minutes).chain(worked).chain(volumes).max().unwrap_or(0)
    }
}

/// A column of quantities, exact at a scale of all of them.
fn quantities<'r, R>(
    draft: &mut Draft<'r, R>,
    scale: u8,
    (name, unit, meaning): (&'static str, &'static str, &'static str),
    of: impl Fn(&'r R) -> Option<Decimal>,
) {
    let column = Column::new(name, ColumnKind::Total(scale), unit, meaning);
    draft.wide(column, |row| of(row).and_then(|quantity| quantity.at_scale(scale)));
}

/// The word for a line of the waterfall.
pub(crate) fn line_name(line: Line) -> &'static str {
    match line {
        Line::PriceConcession => "price concession",
        Line::CostToServe => "cost to serve",
        Line::CustomerLevel => "customer level",
        Line::Financing => "financing",
        Line::ExchangeDifference => "exchange difference",
        Line::Acquisition => "acquisition",
        Line::Spread => "spread",
    }
}

/// The word for a policy on negative volumes.
fn negative_name(negative: NegativeVolume) -> &'static str {
    match negative {
        NegativeVolume::Error => "error",
        NegativeVolume::Signed => "signed",
        NegativeVolume::Absolute => "absolute",
        NegativeVolume::Zero => "zero",
    }
}
