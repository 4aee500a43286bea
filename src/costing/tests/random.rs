//! Invariants on random networks: layers of pools and activities with a reciprocal group among them.

use super::model::{Model, share};
use crate::costing::schema::{Costing, post};
use crate::costing::{Reached, origins};
use crate::pipeline::{Node, Quantity, RateDef, Ratio, ResourceDriver, ServiceMethod, UnusedCapacity};
use crate::units::Decimal;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A network as numbers, from which the model is built.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// By resource.
    pub(super) amounts: Vec<i64>,
    pub(super) activities: usize,
    /// By giver: the kind of its pool, and (taker, number) pairs, both to be taken modulo what there is.
    pub(super) gives: Vec<(u8, Vec<(usize, u8)>)>,
    /// How many nodes form a reciprocal group, from the first resource on.
    pub(super) group: usize,
    pub(super) volumes: Vec<[u8; 3]>,
    pub(super) unused: u8,
}

pub(super) fn plans(most: usize) -> impl Strategy<Value = Plan> {
    (2..most / 2, 2..most / 2).prop_flat_map(|(resources, activities)| {
        let give = (0..5_u8, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5));
        let give = give.prop_map(|(kind, takers)| {
            (kind, takers.into_iter().map(|(taker, number)| (taker.index(1 << 20), number)).collect())
        });
        (
            prop::collection::vec(-100_000..1_000_000_i64, resources),
            prop::collection::vec(give, resources + activities),
            0..resources.min(12) + 1,
            prop::collection::vec(any::<[u8; 3]>(), activities),
            any::<u8>(),
        )
            .prop_map(move |(amounts, gives, group, volumes, unused)| Plan {
                amounts,
                activities,
                gives,
                group,
                volumes,
                unused,
            })
    })
}

impl Plan {
    fn node(&self, id: usize) -> Node {
        match id.checked_sub(self.amounts.len()) {
            None => Node::Resource(id),
            Some(index) => Node::Activity(index),
        }
    }

    /// Who takes of `giver`: any member if it is in the group, else nodes after it.
    pub(super) fn takers(&self, giver: usize) -> BTreeMap<usize, u8> {
        let count = self.amounts.len() + self.activities;
        let first = if giver < self.group { 0 } else { giver + 1 };
        let takers = self.gives[giver].1.iter().filter(|_| first < count);
        takers.map(|&(taker, number)| (first + taker % (count - first), number)).collect()
    }

    /// The model, its pools times `factor`.
    pub(super) fn model(&self, factor: i64) -> Model {
        let mut model = Model::new(2);
        for (index, amount) in self.amounts.iter().enumerate() {
            let amount = Decimal { mantissa: i128::from(amount * factor), scale: 2 }.to_string();
            let is_timed = self.gives[index].0 == 4 && index >= self.group;
            match is_timed {
                true => model.timed(&format!("resource {index}"), &amount, "300", self.policy()),
                false => model.resource(&format!("resource {index}"), &amount),
            };
        }
        for index in 0..self.activities {
            let node = model.activity(&format!("activity {index}"));
            // Volumes of 0 leave an activity unassigned; a third of them retains.
            let volumes = self.volumes[index].map(|volume| i64::from(volume % 8));
            let kind = self.volumes[index][0] % 3;
            if kind > 0 {
                model.volumes(node, &volumes);
            }
            if kind == 1 && self.volumes[index][1] < 64 {
                model.rate(
                    node,
                    RateDef::Standard(Ratio {
                        numerator: Decimal { mantissa: 1234, scale: 3 },
                        denominator: Decimal::ONE,
                    }),
                );
            }
        }
        for giver in 0..self.gives.len() {
            let takers = self.takers(giver);
            let kind = if giver < self.group { self.gives[giver].0 % 3 } else { self.gives[giver].0 };
            let kind = if kind == 4 && giver >= self.amounts.len() { 1 } else { kind };
            for (&taker, &number) in &takers {
                model.take(self.node(taker), self.node(giver), driver(kind, number, takers.len()));
            }
        }
        let members: Vec<Node> = (0..self.group).map(|id| self.node(id)).collect();
        if !members.is_empty() {
            model.services(ServiceMethod::Reciprocal, &members);
        }
        model
    }

    pub(super) fn policy(&self) -> UnusedCapacity {
        match self.unused % 3 {
            0 => UnusedCapacity::Keep,
            1 => UnusedCapacity::Owner(crate::pipeline::Level::Facility),
            _ => UnusedCapacity::Proportional,
        }
    }
}

/// Shares leave at least a hundredth, so that a group always has an exit.
fn driver(kind: u8, number: u8, takers: usize) -> ResourceDriver {
    let units = |number: u8| Quantity::EachPeriod(Decimal { mantissa: i128::from(number), scale: 0 });
    match kind {
        0 => share(&Decimal { mantissa: i128::from(number % 99) / takers as i128, scale: 2 }.to_string()),
        1 => ResourceDriver::Quantity(units(number)),
        2 => ResourceDriver::Even,
        3 => ResourceDriver::FixedAndVariable(Decimal { mantissa: 1, scale: 1 }, units(number)),
        _ => ResourceDriver::Minutes(units(number)),
    }
}

/// Costed, unless money can never leave the group.
fn costed(model: &Model) -> Option<Costing> {
    match model.cost() {
        Ok(costing) => Some(costing),
        Err(fault) => {
            assert!(fault.to_string().contains("no cost can leave"), "{fault}");
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn nothing_vanishes_at_any_node_stage_or_in_total(plan in plans(200)) {
        let Some(costing) = costed(&plan.model(1)) else { return Ok(()) };
        crate::costing::verify(&costing).unwrap();
        let input: i128 = plan.amounts.iter().map(|amount| i128::from(*amount)).sum();
        prop_assert_eq!(costing.totals().input, input);
        prop_assert_eq!(costing.totals().difference(), 0);
    }

    #[test]
    fn what_customers_bear_closes_to_what_activities_post(plan in plans(30)) {
        let model = plan.model(1);
        let Some(costing) = costed(&model) else { return Ok(()) };
        for (resolved, costed) in costing.activities.iter().zip(&costing.periods[0].activities) {
            let Some(rate) = costed.rate else { continue };
            let volumes = resolved.volumes(costed, &model.aggregates(), 3).unwrap();
            let whole: i64 = post(rate, &volumes, 0).unwrap().iter().sum();
            prop_assert_eq!(whole, costed.posted);
            // A customer's volume in two rows posts what it posts in one.
            let split = [volumes[0], volumes[1] / 2, volumes[1] - volumes[1] / 2, volumes[2]];
            let (one, two) = (post(rate, &volumes, 0).unwrap(), post(rate, &split, 0).unwrap());
            prop_assert_eq!(one, vec![two[0], two[1] + two[2], two[3]]);
        }
    }

    #[test]
    fn the_unused_policy_changes_neither_rates_nor_the_grand_total(plan in plans(60)) {
        let kept = Plan { unused: 0, ..plan.clone() };
        let Some(costing) = costed(&kept.model(1)) else { return Ok(()) };
        for unused in [1, 2] {
            let other = costed(&Plan { unused, ..plan.clone() }.model(1)).unwrap();
            prop_assert_eq!(other.totals().input, costing.totals().input);
            let pairs = costing.periods[0].activities.iter().zip(&other.periods[0].activities);
            for (kept, other) in pairs {
                prop_assert_eq!((kept.rate, kept.posted, kept.cost), (other.rate, other.posted, other.cost));
            }
        }
    }

    #[test]
    fn lineage_closes_both_ways(plan in plans(80)) {
        let model = plan.model(1);
        let Some(costing) = costed(&model) else { return Ok(()) };
        let origins = origins(&costing, &model.definition, 0);
        let sum = |parts: Vec<(usize, i64)>| parts.iter().map(|(_, part)| *part).sum::<i64>();
        for (index, resource) in costing.periods[0].resources.iter().enumerate() {
            let node = Node::Resource(index);
            let single = if resource.reciprocated.is_none() { resource.overdriven } else { 0 };
            prop_assert_eq!(sum(origins.of(node)), resource.cost + single);
            let ended: i64 = origins.reached(index).iter().map(|(_, part)| *part).sum();
            prop_assert_eq!(ended, plan.amounts[index]);
            prop_assert_eq!(sum(origins.at(Reached::Unused(index))), resource.unused);
        }
        for (index, costed) in costing.periods[0].activities.iter().enumerate() {
            prop_assert_eq!(sum(origins.of(Node::Activity(index))), costed.cost);
            let is_from_pools = !origins.of(Node::Activity(index)).is_empty();
            if is_from_pools {
                prop_assert_eq!(sum(origins.at(Reached::Customers(index))), costed.posted);
            }
            prop_assert_eq!(sum(origins.at(Reached::UnusedCharged(index))), costed.unused_charged);
        }
    }

    #[test]
    fn reciprocal_is_the_limit_of_iteration(plan in plans(24)) {
        let model = plan.model(1);
        let Some(costing) = costed(&model) else { return Ok(()) };
        let iterated = iterate(&plan, &model);
        for (index, expected) in iterated.iter().enumerate() {
            let found = costing.periods[0].resources[index].cost as f64;
            // A cent of rounding at each exit and each pool before it.
            prop_assert!((found - expected).abs() < 200.0, "resource {}: {} is not {}", index, found, expected);
        }
    }

    #[test]
    fn twice_the_pools_is_twice_the_cost(
        amounts in prop::collection::vec(0..1_000_i64, 3), parts in prop::collection::vec(0..30_u8, 6)
    ) {
        // Thousandths of shares in whole hundreds of money are exact, so nothing is rounded.
        let cost = |factor: i64| {
            let mut model = Model::new(3);
            let pools: Vec<Node> = amounts
                .iter()
                .enumerate()
                .map(|(index, amount)| model.resource(&format!("pool {index}"), &(amount * 100 * factor).to_string()))
                .collect();
            for (index, pair) in parts.chunks(2).enumerate() {
                for (name, part) in ["x", "y"].iter().zip(pair) {
                    let node = model.activity(&format!("{name} {index}"));
                    model.take(node, pools[index], share(&format!("0.0{part:02}")));
                    model.volumes(node, &[4]);
                }
            }
            let costing = model.cost().unwrap();
            costing.periods[0].activities.iter().map(|costed| costed.posted).collect::<Vec<_>>()
        };
        let twice: Vec<i64> = cost(1).iter().map(|cost| 2 * cost).collect();
        prop_assert_eq!(cost(2), twice);
    }

    #[test]
    fn the_order_of_members_changes_nothing(plan in plans(40)) {
        let mut model = plan.model(1);
        let Some(costing) = costed(&model) else { return Ok(()) };
        if let Some(services) = model.costing().services.first_mut() {
            services.members.reverse();
        }
        let reversed = model.cost().unwrap();
        for (one, other) in costing.periods[0].activities.iter().zip(&reversed.periods[0].activities) {
            prop_assert_eq!((one.cost, one.posted, one.retained), (other.cost, other.posted, other.retained));
        }
    }

    #[test]
    fn variances_add_up_to_actual_less_standard(
        cost in 0..1_000_000_i64, practical in 1..5_000_i64, standard in prop::collection::vec(0..2_000_i64, 3),
        worked in prop::collection::vec(prop::option::of(0..2_000_i64), 3), rate in 1..900_i64,
    ) {
        let mut model = Model::new(0);
        let pool = model.timed("pool", &cost.to_string(), &practical.to_string(), UnusedCapacity::Keep);
        let money = Decimal { mantissa: i128::from(rate), scale: 2 };
        model.resource_def(pool).capacity.as_mut().unwrap().standard_rate =
            Some(Ratio { numerator: money, denominator: "3".parse().unwrap() });
        for (index, (standard, worked)) in standard.iter().zip(&worked).enumerate() {
            let node = model.activity(&format!("activity {index}"));
            model.take(node, pool, ResourceDriver::Minutes(Quantity::EachPeriod(standard.to_string().parse().unwrap())));
            model.def(node).actual_minutes = worked.map(|w| Quantity::EachPeriod(w.to_string().parse().unwrap()));
        }
        let costing = model.cost().unwrap();
        let (resource, activities) = (&costing.periods[0].resources[0], &costing.periods[0].activities);
        let at = resource.at_standard.unwrap();
        let efficiency: i64 = activities.iter().filter_map(|activity| activity.efficiency).sum();
        prop_assert_eq!(efficiency, at.worked.unwrap_or(at.used) - at.used);
        prop_assert_eq!(resource.variance, resource.cost - at.practical);
        prop_assert_eq!(resource.assigned_total(), i128::from(at.used));
        let parts = resource.variance + (at.practical - at.worked.unwrap_or(at.used)) + efficiency;
        prop_assert_eq!(parts, resource.cost - at.used);
    }
}

/// What each pool holds when services have passed their money round until nothing moves, in doubles.
fn iterate(plan: &Plan, model: &Model) -> Vec<f64> {
    let mut definition = model.definition.clone();
    let costing = definition.costing.as_mut().unwrap();
    let resources = costing.resources.len();
    // What each resource gives to each, as fractions.
    let mut fractions = vec![vec![0.0_f64; resources]; resources];
    for (giver, fractions) in fractions.iter_mut().enumerate() {
        let takers = plan.takers(giver);
        let kind = if giver < plan.group { plan.gives[giver].0 % 3 } else { plan.gives[giver].0 };
        let all: f64 = takers.values().map(|number| f64::from(*number)).sum();
        let count = takers.len() as f64;
        for (&taker, &number) in takers.iter().filter(|(taker, _)| **taker < resources) {
            fractions[taker] = match kind {
                0 => (f64::from(number % 99) / count).floor() / 100.0,
                2 => 1.0 / count,
                4 => f64::from(number) / 300.0,
                _ if all == 0.0 => 0.0,
                _ => f64::from(number) / all,
            };
        }
    }
    let mut gross: Vec<f64> = plan.amounts.iter().map(|amount| *amount as f64).collect();
    for _ in 0..20_000 {
        gross = (0..resources)
            .map(|taker| {
                let came: f64 = (0..resources).map(|giver| gross[giver] * fractions[giver][taker]).sum();
                plan.amounts[taker] as f64 + came
            })
            .collect();
    }
    // A member's cost is what leaves the group through it.
    (0..resources)
        .map(|index| match index < plan.group {
            true => gross[index] * (1.0 - fractions[index][..plan.group].iter().sum::<f64>()),
            false => gross[index],
        })
        .collect()
}
