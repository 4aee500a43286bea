//! What a plan needs.

use super::{Release, decimal, history, month, scenario};
use abacus::pipeline::{ScenarioDef, Step};
use abacus::questions::{Budget, budget};

/// The small history; its order desk is bought in steps of 1,000 hours at 4,000.
fn stepped() -> (super::Pipeline, Release) {
    let pipeline = history();
    pipeline.publish(&["--as-of", "2024-02-20"]);
    let mut release = Release::of(&pipeline.file());
    let desk = &mut release.definition.costing.as_mut().unwrap().resources[0];
    desk.capacity.as_mut().unwrap().step = Some(Step { minutes: decimal("60_000"), cost: decimal("4_000") });
    (pipeline, release)
}

fn plan(planned: &[(usize, &str)], growth: &str) -> ScenarioDef {
    let planned = planned.iter().map(|(index, volume)| (*index, decimal(volume))).collect();
    ScenarioDef { planned, growth: decimal(growth), ..scenario(vec![]) }
}

fn ask(release: &Release, scenario: &ScenarioDef) -> Budget {
    budget(&release.ask(), scenario, None).unwrap()
}

#[test]
fn one_supervisor_per_started_thousand_hours() {
    let (_pipeline, release) = stepped();
    for (minutes, steps, cost) in [
        ("0", 0, "0.0000"),
        ("0.5", 1, "4000.0000"),
        ("60_000", 1, "4000.0000"),
        ("60_000.5", 2, "8000.0000"),
        ("150_000", 3, "12000.0000"),
    ] {
        let found = ask(&release, &plan(&[(0, minutes)], "1"));
        let bought = found.resources[0].steps.as_ref().unwrap();
        assert_eq!((bought.steps, bought.cost.to_string().as_str()), (steps, cost), "{minutes}");
        assert_eq!(found.step_cost, bought.cost);
    }
}

#[test]
fn minutes_beyond_capacity_are_a_shortfall_and_cost_the_capacity_rate() {
    let (_pipeline, release) = stepped();
    // 1,000 for 2,000 minutes: 0.50 a minute.
    let short = &ask(&release, &plan(&[(0, "2_500.5")], "1")).resources[0];
    assert_eq!((short.shortfall_minutes.to_string(), short.slack_minutes.is_zero()), ("500.5".into(), true));
    assert_eq!(short.cost.to_string(), "1250.2500");
    let slack = &ask(&release, &plan(&[(0, "1_500")], "1")).resources[0];
    assert_eq!((slack.slack_minutes.to_string(), slack.shortfall_minutes.is_zero()), ("500".into(), true));
    assert_eq!(slack.cost.to_string(), "750.0000");
}

#[test]
fn volumes_grow_from_the_last_complete_period() {
    let (_pipeline, release) = stepped();
    let found = ask(&release, &plan(&[], "1.1"));
    assert_eq!(found.base_period, "2024-01-01", "February is cut by the as-of day");
    let costed = &release.ask().costing.periods[0].activities;
    for (planned, costed) in found.activities.iter().zip(costed) {
        assert!(!planned.is_planned);
        assert_eq!(planned.base_volume.mantissa(), i128::from(costed.volume));
        assert_eq!(planned.base_cost.mantissa(), i128::from(costed.cost));
        // Cost × 1.1, rounded once: the rate is cost over volume.
        assert_eq!(planned.cost.mantissa(), (i128::from(costed.cost) * 11 + 5) / 10, "{}", planned.activity);
    }
    let february = budget(&release.ask(), &plan(&[], "1"), Some(month("2024-02-01"))).unwrap();
    assert_eq!((february.base_period.as_str(), february.cost), ("2024-02-01", february.base_cost));
}

#[test]
fn a_planned_volume_stands_in_for_growth() {
    let (_pipeline, release) = stepped();
    let found = ask(&release, &plan(&[(1, "1000")], "3"));
    let pick = &found.activities[1];
    assert!(pick.is_planned && !found.activities[0].is_planned);
    let costed = &release.ask().costing.periods[0].activities[1];
    let (cost, volume) = (i128::from(costed.cost), i128::from(costed.volume));
    assert_eq!(pick.cost.mantissa(), (2 * 1000 * cost + volume) / (2 * volume));
    assert!(found.to_string().contains("by name"), "{found}");
}
