//! Both stages together: published cases and conservation.

use super::posting::post;
use super::resources::{Take, by_minutes, by_shares};
use super::schema::{ActivityCosting, PeriodCosting, ResourceCosting};
use crate::units::{Decimal, Period, PeriodKind};
use proptest::prelude::*;

/// Dakota Office Products: customers A, B and all others.
#[test]
fn golden_g6_dakota_rates_reach_both_customers() {
    let percent = |percent: i128| Decimal { mantissa: percent, scale: 2 };
    let taken = |cost: i64, takes: &[Take]| -> Vec<i64> {
        by_shares(cost, takes).unwrap().assigned.iter().map(|assigned| assigned.amount).collect()
    };
    let personnel = taken(2_400_000, &[(0, percent(90)), (2, percent(10))]);
    let warehouse = taken(2_000_000, &[(0, percent(100))]);
    let entry = taken(800_000, &[(3, percent(20)), (4, percent(75)), (5, percent(5))]);
    let activities = [
        (personnel[0] + warehouse[0], [200, 200, 79_600], [10_400, 10_400], "cartons"),
        (450_000, [200, 150, 74_650], [1_200, 900], "carrier cartons"),
        (200_000 + personnel[1], [0, 25, 1_975], [0, 5_500], "desktop deliveries"),
        (entry[0], [6, 100, 15_894], [60, 1_000], "manual orders"),
        (entry[1], [60, 180, 149_760], [240, 720], "lines"),
        (entry[2], [6, 0, 7_994], [30, 0], "EDI"),
    ];
    assert_eq!(activities.iter().map(|activity| activity.0).sum::<i64>(), 5_850_000);
    for (cost, volumes, expected, activity) in activities {
        let parts = post(cost, &volumes, volumes.iter().sum()).unwrap();
        assert_eq!(parts[..2], expected, "{activity}");
    }
}

#[test]
fn an_activity_without_volume_keeps_its_cost_and_says_why() {
    let activity = ActivityCosting { pools: vec![(0, 70), (1, 30)], cost: 100, volume: 0 };
    assert_eq!((activity.assigned(), activity.unassigned(), activity.difference()), (0, 100, 0));
    assert_eq!(activity.reason(), Some("no driver volume"));
    assert_eq!(activity.rate(0, 0), None);
}

#[test]
fn a_rate_is_shown_in_money_per_unit_of_volume() {
    let activity = ActivityCosting { pools: vec![], cost: 5_600_000, volume: 700 };
    assert_eq!(activity.rate(2, 4), Some(80.0));
}

fn one_resource_with_two_activities(resource: ResourceCosting, volumes: [i64; 2]) -> PeriodCosting {
    let activity = |index: usize| {
        let cost = resource.assigned[index].amount;
        ActivityCosting { pools: vec![(0, cost)], cost, volume: volumes[index] }
    };
    let activities = vec![activity(0), activity(1)];
    let period = Period::containing(PeriodKind::Month, crate::units::Day(0));
    PeriodCosting { period, resources: vec![resource], activities }
}

proptest! {
    #[test]
    fn nothing_vanishes_between_pool_and_customers(
        cost in -1_000_000..1_000_000_i64,
        quantities in [0..700_i128, 0..700_i128],
        practical in 1..1_000_i128,
        is_timed: bool,
        volumes in prop::collection::vec([0..40_i64, 0..3_i64], 1..30),
    ) {
        let scale = if is_timed { 0 } else { 3 };
        let takes: Vec<Take> =
            quantities.iter().map(|&mantissa| Decimal { mantissa, scale }).enumerate().collect();
        let mut resource = if is_timed {
            by_minutes(cost, Decimal { mantissa: practical, scale: 0 }, &takes).unwrap()
        } else {
            by_shares(cost, &takes).unwrap()
        };
        resource.inputs.push((None, cost));
        prop_assert_eq!(resource.difference(), 0);
        let totals: [i64; 2] = std::array::from_fn(|index| volumes.iter().map(|row| row[index]).sum());
        let period = one_resource_with_two_activities(resource, totals);
        let mut borne = 0;
        for (index, activity) in period.activities.iter().enumerate().filter(|(_, a)| a.is_assigned()) {
            let own: Vec<i64> = volumes.iter().map(|row| row[index]).collect();
            borne += post(activity.cost, &own, activity.volume).unwrap().iter().sum::<i64>();
        }
        let sums = period.totals();
        prop_assert_eq!(sums.assigned, i128::from(borne));
        prop_assert_eq!(sums.input + sums.overdriven, sums.assigned + sums.unused + sums.unassigned);
    }
}
