//! What customers bear of one activity in a release and in a scenario.

use super::left::avoidable_part;
use super::lives::is_spread;
use super::recalled::Recalled;
use super::two_costings::{ChargedActivity, TwoCostings};
use super::whatif::{difference, exact};
use super::whatif_answer::ActivityDifference;
use crate::costing::schema::ActivityCosting;
use crate::profitability::schema::CostLine;
use crate::units::{Decimal, pow10};

/// Of the activity at an index, which has a place among those that customers bear cost of; `charged` is what they bear in the
/// scenario, by period and place.
pub(super) fn of_activity(
    costings: &TwoCostings<'_>,
    (place, index): (usize, usize),
    charged: &[Vec<ChargedActivity>],
) -> ActivityDifference {
    let (base, changed) = (&costings.base, &costings.scenario);
    let of_scenario = |of: fn(&ChargedActivity) -> i64| {
        charged.iter().map(|activities| i128::from(of(&activities[place]))).sum::<i128>()
    };
    let sum = |of: fn(&ActivityCosting) -> i64| {
        let periods = base.costing.periods.iter();
        periods.map(|period| i128::from(of(&period.activities[index]))).sum::<i128>()
    };
    let (cost, volume) = (sum(|costed| costed.posted), sum(|costed| costed.volume));
    let cost = (cost, of_scenario(|charged| charged.posted));
    let volume = (volume, of_scenario(|charged| charged.volume));
    let known = &base.costing.activities[index];
    let avoidable = if is_spread(base, index) { Decimal::ZERO } else { known.avoidable };
    let scales = (known.volume_scale(), changed.costing.activities[index].volume_scale() + costings.digits());
    let scale = scales.0.max(scales.1);
    let volume = (volume.0 * pow10(scale - scales.0), volume.1 * pow10(scale - scales.1));
    ActivityDifference {
        activity: known.name.clone(),
        cost: difference(base, cost.0, cost.1),
        line: CostLine::of(known.line.expect("customers bear lines")).column(),
        avoidable_difference: base.money(avoidable_part(cost.1 - cost.0, avoidable)),
        volume: exact(volume.0, volume.1, scale),
        base_rate: shown_rate(base, index, (cost.0, volume.0), scale),
        scenario_rate: shown_rate(changed, index, (cost.1, volume.1), scale),
    }
}

/// What a given rate is, or what an actual one comes to over all periods.
fn shown_rate(
    recalled: &Recalled<'_>,
    index: usize,
    (cost, volume): (i128, i128),
    volume_scale: u8,
) -> Option<f64> {
    if recalled.rate_kind(index) == "actual" {
        return rate(cost, volume, recalled.facts.money_scale, volume_scale);
    }
    let known = &recalled.costing.activities[index];
    let mut costed = recalled.costing.periods.iter().map(|period| &period.activities[index]);
    costed.find_map(|costed| costed.rate_shown(known, recalled.facts.money_scale))
}

/// Money per unit of volume, shown rounded.
#[allow(clippy::cast_precision_loss, reason = "shown rounded; cost and volume stand beside it exactly")]
fn rate(cost: i128, volume: i128, money_scale: u8, volume_scale: u8) -> Option<f64> {
    let money = cost as f64 * pow10(volume_scale) as f64;
    (volume != 0).then(|| money / (volume as f64 * pow10(money_scale) as f64))
}
