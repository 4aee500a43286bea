//! First stage: resource pools to activities, by shares or by minutes of practical capacity
//! (time-driven activity-based costing, Kaplan & Anderson 2004).
//!
//! Minutes are never clamped to capacity: what activities take beyond it is overdriven, what they leave is unused.

use super::posting::post_running;
use super::schema::{Assigned, Minutes, ResourceCosting};
use crate::pipeline::Node;
use crate::units::{Decimal, pow10, round_ratio};

/// A taker, and its share or minutes.
pub(crate) type Take = (Node, Decimal);

/// Shares of a pool, in the activities' order. What no share takes is unassigned.
///
/// `None` on overflow.
pub(crate) fn by_shares(cost: i64, takes: &[Take]) -> Option<ResourceCosting> {
    let scale = takes.iter().map(|(_, share)| share.scale).max().unwrap_or(0);
    let shares = takes.iter().map(|(_, share)| share.at_scale(scale)).collect::<Option<Vec<_>>>()?;
    let amounts = post_running(cost, shares, pow10(scale))?;
    let unassigned = cost.checked_sub(amounts.iter().sum())?;
    Some(ResourceCosting { cost, assigned: assigned(takes, &amounts), unassigned, ..Default::default() })
}

/// Minutes of a pool's practical capacity, in the activities' order.
///
/// `None` on overflow.
pub(crate) fn by_minutes(cost: i64, practical: Decimal, takes: &[Take]) -> Option<ResourceCosting> {
    let scale = takes.iter().map(|(_, minutes)| minutes.scale).fold(practical.scale, u8::max);
    let capacity = practical.at_scale(scale)?;
    let taken = takes.iter().map(|(_, minutes)| minutes.at_scale(scale)).collect::<Option<Vec<_>>>()?;
    let used = taken.iter().sum::<i128>();
    let amounts = post_running(cost, taken, capacity)?;
    let used_cost = i64::try_from(round_ratio(used.checked_mul(i128::from(cost))?, capacity)).ok()?;
    assert_eq!(
        amounts.iter().sum::<i64>(),
        used_cost,
        "minutes posted one by one equal minutes posted at once"
    );
    // By minutes and not by money, so that a credit's unused part stays a credit.
    let is_overdriven = used > capacity;
    let minutes = |mantissa: i128| Decimal { mantissa, scale };
    Some(ResourceCosting {
        cost,
        assigned: assigned(takes, &amounts),
        unused: if is_overdriven { 0 } else { cost.checked_sub(used_cost)? },
        overdriven: if is_overdriven { used_cost.checked_sub(cost)? } else { 0 },
        minutes: Some(Minutes {
            practical: minutes(capacity),
            used: minutes(used),
            unused: minutes((capacity - used).max(0)),
            overdriven: minutes((used - capacity).max(0)),
        }),
        ..Default::default()
    })
}

fn assigned(takes: &[Take], amounts: &[i64]) -> Vec<Assigned> {
    let pairs = takes.iter().zip(amounts);
    pairs.map(|(&(to, quantity), &amount)| Assigned { to, quantity, amount }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(quantities: &[&str]) -> Vec<Take> {
        let quantities = quantities.iter().map(|text| text.parse().unwrap()).enumerate();
        quantities.map(|(index, quantity)| (Node::Activity(index), quantity)).collect()
    }

    fn amounts(costing: &ResourceCosting) -> Vec<i64> {
        costing.assigned.iter().map(|assigned| assigned.amount).collect()
    }

    #[test]
    fn golden_g1_customer_service_minutes() {
        for (minutes, expected, unused) in [
            (["392_000", "61_600", "125_000"], [313_600, 49_280, 100_000], (97_120, 121_400)),
            (["408_000", "50_600", "135_000"], [326_400, 40_480, 108_000], (85_120, 106_400)),
        ] {
            let costing = by_minutes(560_000, "700_000".parse().unwrap(), &takes(&minutes)).unwrap();
            assert_eq!(amounts(&costing), expected);
            assert_eq!((costing.unused, costing.minutes.unwrap().unused.mantissa), unused);
        }
    }

    #[test]
    fn golden_g2_garber_hours() {
        for (hours, expected, unused) in [
            (["6000", "1400", "1350"], [360_000, 84_000, 81_000], 75_000),
            (["6375.0", "1225.00", "1500"], [382_500, 73_500, 90_000], 54_000),
        ] {
            let costing = by_minutes(600_000, "10_000".parse().unwrap(), &takes(&hours)).unwrap();
            assert_eq!(
                (amounts(&costing), costing.unused, costing.overdriven),
                (expected.to_vec(), unused, 0)
            );
        }
    }

    #[test]
    fn golden_g13_classic_brass_first_stage() {
        let pools = [500_000, 300_000, 120_000, 80_000, 400_000, 50_000, 60_000, 250_000, 50_000];
        let percent = [
            [25, 40, 20, 10, 5],
            [20, 0, 60, 0, 20],
            [0, 10, 50, 0, 40],
            [0, 0, 0, 0, 100],
            [15, 5, 10, 30, 40],
            [30, 0, 0, 25, 45],
            [0, 0, 0, 0, 100],
            [22, 8, 0, 60, 10],
            [10, 0, 0, 70, 20],
        ];
        let mut sums = [0; 5];
        for (pool, percent) in pools.iter().zip(percent) {
            let share = |percent: i128| Decimal { mantissa: percent, scale: 2 };
            let takes: Vec<Take> = percent
                .into_iter()
                .map(share)
                .enumerate()
                .map(|(index, share)| (Node::Activity(index), share))
                .collect();
            let costing = by_shares(*pool, &takes).unwrap();
            assert_eq!(costing.unassigned, 0);
            sums.iter_mut().zip(amounts(&costing)).for_each(|(sum, amount)| *sum += amount);
        }
        assert_eq!(sums, [320_000, 252_000, 380_000, 367_500, 490_500]);
    }

    #[test]
    fn overdriven_minutes_are_not_clamped() {
        let costing = by_minutes(1000, "100".parse().unwrap(), &takes(&["60", "60.5"])).unwrap();
        assert_eq!(amounts(&costing), [600, 605]);
        assert_eq!((costing.unused, costing.overdriven, costing.unassigned), (0, 205, 0));
        assert_eq!(costing.minutes.unwrap().overdriven.to_string(), "20.5");
    }

    #[test]
    fn the_unused_part_of_a_credit_is_a_credit() {
        let costing = by_minutes(-1000, "100".parse().unwrap(), &takes(&["25"])).unwrap();
        assert_eq!((amounts(&costing), costing.unused, costing.overdriven), (vec![-250], -750, 0));
    }

    #[test]
    fn what_no_share_takes_is_unassigned() {
        for (shares, expected, unassigned) in [
            (vec!["0.7", "0.25"], vec![7001, 2500], 500),
            (vec!["0.333", "0.333", "0.334"], vec![3330, 3331, 3340], 0),
            (vec![], vec![], 10_001),
        ] {
            let costing = by_shares(10_001, &takes(&shares)).unwrap();
            assert_eq!((amounts(&costing), costing.unassigned), (expected, unassigned), "{shares:?}");
        }
    }
}
