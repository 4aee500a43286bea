//! Both stages together: published cases and conservation.

use super::posting::post;
use super::resources::{Take, by_minutes, by_shares};
use super::schema::Rate;
use crate::pipeline::Node;
use crate::units::Decimal;
use proptest::prelude::*;

/// Dakota Office Products: customers A, B and all others.
#[test]
fn golden_g6_dakota_rates_reach_both_customers() {
    let percent = |percent: i128| Decimal { mantissa: percent, scale: 2 };
    let taken = |cost: i64, takes: &[Take]| -> Vec<i64> {
        by_shares(cost, takes).unwrap().assigned.iter().map(|assigned| assigned.amount).collect()
    };
    let personnel = taken(2_400_000, &[(Node::Activity(0), percent(90)), (Node::Activity(2), percent(10))]);
    let warehouse = taken(2_000_000, &[(Node::Activity(0), percent(100))]);
    let entry =
        taken(800_000, &[(3, 20), (4, 75), (5, 5)].map(|(to, share)| (Node::Activity(to), percent(share))));
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
        let parts = post(Rate { money: cost, volume: volumes.iter().sum() }, &volumes, 0).unwrap();
        assert_eq!(parts[..2], expected, "{activity}");
    }
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
        let quantity = |(index, &mantissa)| (Node::Activity(index), Decimal { mantissa, scale });
        let takes: Vec<Take> = quantities.iter().enumerate().map(quantity).collect();
        let mut resource = if is_timed {
            by_minutes(cost, Decimal { mantissa: practical, scale: 0 }, &takes).unwrap()
        } else {
            by_shares(cost, &takes).unwrap()
        };
        resource.inputs.push((None, cost));
        prop_assert_eq!(resource.difference(), 0);
        let totals: [i64; 2] = std::array::from_fn(|index| volumes.iter().map(|row| row[index]).sum());
        let mut borne = 0;
        for (index, taken) in resource.assigned.iter().enumerate().filter(|(index, _)| totals[*index] > 0) {
            let own: Vec<i64> = volumes.iter().map(|row| row[index]).collect();
            let rate = Rate { money: taken.amount, volume: totals[index] };
            borne += post(rate, &own, 0).unwrap().iter().sum::<i64>();
        }
        let unborne: i64 = (0..2).filter(|index| totals[*index] == 0).map(|index| resource.assigned[index].amount).sum();
        prop_assert_eq!(cost + resource.overdriven, borne + unborne + resource.unused + resource.unassigned);
    }
}
