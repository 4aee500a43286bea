//! Where the company's cost goes in a scenario: what customers do not take any more either ends or lies idle.
//!
//! Driver rates stay those of the scenario's own money at the release's volumes, so that no customer bears what others leave
//! (Kaplan & Cooper, *Cost & Effect*, chapter 7: rates do not carry the cost of unused capacity). What an activity charges less
//! ends by its avoidable share, and money that feeds resources is so much less. Time-driven resources are committed: their
//! minutes are first taken off what is overdriven, and money ends only in whole steps of capacity, where it is bought in steps.

use super::left::avoidable_part;
use super::lives::is_spread;
use super::recalled::Recalled;
use super::two_costings::{ChargedActivity, TwoCostings};
use super::whatif::difference;
use super::whatif_answer::{Difference, Line};
use crate::costing::capacity_steps::{least, plus, started};
use crate::costing::schema::{ActivityCosting, CostTotals, PeriodCosting, ResourceCosting};
use crate::error::{Error, Result};
use crate::pipeline::{Capacity, DropDef, Line as WaterfallLine, ScenarioDef};
use crate::units::{Decimal, pow10};

/// What moves in the company's lines by what customers do, over all periods.
#[derive(Debug, Default, Clone, Copy)]
struct Freed {
    /// Cost that ends: less money feeds resources.
    ended: i128,
    /// Cost of activities without pool, which ends with its volume.
    imputed: i128,
    /// What was assigned beyond the cost of pools.
    overdriven: i128,
    /// What is assigned less.
    assigned: i128,
    /// What stays at its level no longer: activities of a channel or product group that is dropped.
    retained: i128,
    /// What stays without being taken.
    idle: i128,
}

type CompanyLine = (&'static str, fn(&CostTotals) -> i128, fn(&Freed) -> i128);

/// Input + imputed + overdriven = the sum of the others.
const COMPANY: [CompanyLine; 9] = [
    ("input", |totals| totals.input, |freed| -freed.ended),
    ("imputed", |totals| totals.imputed, |freed| -freed.imputed),
    ("overdriven", |totals| totals.overdriven, |freed| -freed.overdriven),
    ("assigned", |totals| totals.assigned, |freed| -freed.assigned),
    ("retained", |totals| totals.retained, |freed| -freed.retained),
    ("unused", |totals| totals.unused, |_| 0),
    ("unassigned", |totals| totals.unassigned, |_| 0),
    ("variance", |totals| totals.variance, |_| 0),
    ("idle", |_| 0, |freed| freed.idle),
];

/// The company's lines in the release and in the scenario.
///
/// # Errors
/// A number beyond 128 bits.
pub(super) fn company(
    costings: &TwoCostings<'_>,
    of: &ScenarioDef,
    charged: &[Vec<ChargedActivity>],
) -> Result<Vec<Line>> {
    let (base, scenario) = (&costings.base, &costings.scenario);
    let mut freed = Freed::default();
    for (costed, charged) in scenario.costing.periods.iter().zip(charged) {
        freed.add_period(scenario, costed, charged, costings.digits())?;
        if let Some(drop) = &of.drop {
            freed.add_levels(scenario, costed, drop);
        }
    }
    let (before, after) = (base.costing.totals(), scenario.costing.totals());
    let line = |(line, of, moves): CompanyLine| {
        let amount: Difference = difference(base, of(&before), of(&after) + moves(&freed));
        Line { line, amount }
    };
    let lines: Vec<Line> = COMPANY.into_iter().map(line).collect();
    let sum = |lines: &[Line]| lines.iter().map(|line| line.amount.scenario.mantissa()).sum::<i128>();
    assert_eq!(sum(&lines[..3]), sum(&lines[3..]), "the company's cost goes somewhere");
    Ok(lines)
}

impl Freed {
    fn add_period(
        &mut self,
        scenario: &Recalled<'_>,
        costed: &PeriodCosting,
        charged: &[ChargedActivity],
        digits: u8,
    ) -> Result<()> {
        let mut of_resources = vec![OfResource::default(); costed.resources.len()];
        for charged in charged {
            let activity = &costed.activities[charged.activity];
            let less = i128::from(activity.posted) - i128::from(charged.posted);
            let unused = i128::from(activity.unused_charged) - i128::from(charged.unused_charged);
            self.assigned += less + unused;
            self.idle += unused;
            if scenario.costing.activities[charged.activity].is_imputed {
                self.imputed += less;
            } else if let Some(resource) = minutes_of(scenario, charged.activity) {
                of_resources[resource].add(scenario, activity, charged, less, digits)?;
            } else {
                let ended = avoidable_part(less, avoidable_share(scenario, charged.activity));
                self.ended += ended;
                self.idle += less - ended;
            }
        }
        for (index, (freed, resource)) in of_resources.into_iter().zip(&costed.resources).enumerate() {
            if freed.less != 0 || freed.minutes.mantissa != 0 {
                self.add_resource(scenario, index, resource, freed)?;
            }
        }
        Ok(())
    }

    /// Activities of what is dropped, whose cost stays at its level, end by their avoidable share.
    fn add_levels(&mut self, scenario: &Recalled<'_>, costed: &PeriodCosting, drop: &DropDef) {
        for (activity, costed) in scenario.costing.activities.iter().zip(&costed.activities) {
            if drop.ends(activity.level, activity.member.as_deref()) {
                let retained = i128::from(costed.retained);
                let ended = avoidable_part(retained, activity.avoidable);
                self.retained += retained;
                self.ended += ended;
                self.idle += retained - ended;
            }
        }
    }

    fn add_resource(
        &mut self,
        scenario: &Recalled<'_>,
        index: usize,
        resource: &ResourceCosting,
        freed: OfResource,
    ) -> Result<()> {
        let beyond = freed.less.min(i128::from(resource.overdriven)).max(0);
        let step = capacity(scenario, index).and_then(|capacity| capacity.step);
        let ended = match (step, resource.minutes) {
            (Some(step), Some(minutes)) => {
                let after = plus(minutes.used, negative(freed.minutes)).ok_or_else(too_large)?;
                // Minutes beyond practical capacity are worked, but no step of them is paid.
                let steps = |used: Decimal| started(step, least(used, minutes.practical)?);
                let steps = steps(minutes.used).zip(steps(after)).ok_or_else(too_large)?;
                let cost = step.cost.at_scale(scenario.facts.money_scale).ok_or_else(too_large)?;
                cost.checked_mul(steps.0 - steps.1).ok_or_else(too_large)?
            }
            _ => 0,
        };
        self.overdriven += beyond;
        self.ended += ended;
        self.idle += freed.less - beyond - ended;
        Ok(())
    }
}

/// What activities free of a time-driven resource in a period.
#[derive(Debug, Clone, Copy)]
struct OfResource {
    less: i128,
    minutes: Decimal,
}

impl Default for OfResource {
    fn default() -> Self {
        Self { less: 0, minutes: Decimal::ZERO }
    }
}

impl OfResource {
    fn add(
        &mut self,
        scenario: &Recalled<'_>,
        activity: &ActivityCosting,
        charged: &ChargedActivity,
        less: i128,
        digits: u8,
    ) -> Result<()> {
        let scale = scenario.costing.activities[charged.activity].volume_scale();
        let volume = i128::from(activity.volume) * pow10(digits) - i128::from(charged.volume);
        self.less += less;
        let minutes = Decimal { mantissa: volume, scale: scale + digits };
        self.minutes = plus(self.minutes, minutes).ok_or_else(too_large)?;
        Ok(())
    }
}

/// The time-driven resource whose minutes are the activity's volume.
fn minutes_of(scenario: &Recalled<'_>, activity: usize) -> Option<usize> {
    scenario.definition.costing.as_ref().and_then(|costing| costing.activities[activity].minutes_of())
}

fn capacity<'r>(scenario: &Recalled<'r>, resource: usize) -> Option<&'r Capacity> {
    scenario.definition.costing.as_ref().and_then(|costing| costing.resources[resource].capacity.as_ref())
}

/// What won customers is spent, and cost of higher levels stays.
fn avoidable_share(scenario: &Recalled<'_>, activity: usize) -> Decimal {
    let known = &scenario.costing.activities[activity];
    let stays = is_spread(scenario, activity) || known.line == Some(WaterfallLine::Acquisition);
    if stays { Decimal::ZERO } else { known.avoidable }
}

fn negative(number: Decimal) -> Decimal {
    Decimal { mantissa: -number.mantissa, ..number }
}

fn too_large() -> Error {
    Error::too_many_digits("what-if: minutes or money of capacity")
}
