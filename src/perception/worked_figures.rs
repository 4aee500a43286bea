//! Worked figures of the literature, by name. Money is in whole units.

use super::delivered::Given;
use super::referral::{Buyers, word_of_mouth_loss};
use super::worth::Worth;
use crate::pipeline::{CostComponent, DeliveredDef, Position, ValueComponent, WordOfMouthDef};

fn def() -> DeliveredDef {
    DeliveredDef {
        in_points: false,
        core: vec![ValueComponent::Product, ValueComponent::Functional],
        process: vec![ValueComponent::Service, ValueComponent::Personnel],
        transaction: None,
        relationship: None,
        at: Position::default(),
    }
}

/// A shopper worth 50,000 who is lost tells ten others, of whom one in ten stays away: as much again.
#[test]
fn word_of_mouth_of_the_shopper_lost_costs_as_much_again() {
    let worth = Worth::for_test(vec![Some((0, 0))], vec![50_000], None);
    let def = WordOfMouthDef { reach: "10".parse().unwrap(), share: "0.1".parse().unwrap() };
    assert_eq!(word_of_mouth_loss(&def, Buyers::of(&worth, 0..1)).unwrap(), Some(50_000));
}

/// A shirt that is worth 500 to its buyer and costs 350 delivers 150.
#[test]
fn the_shirt_worth_500_at_350_delivers_150() {
    let mut shirt = Given { episodes: Some(1), ..Given::default() };
    shirt.value[ValueComponent::Product as usize] = Some(500);
    shirt.cost[CostComponent::Money as usize] = Some(350);
    let delivered = shirt.delivered(&def());
    assert_eq!((delivered.value(), delivered.per_episode(shirt.episodes)), (150, Some(150)));
    assert_eq!((delivered.core_value, delivered.added_value()), (150, 0));
    // An hour in the queue, worth 40, takes away from it what the core does not.
    shirt.cost[CostComponent::Time as usize] = Some(40);
    let delivered = shirt.delivered(&def());
    assert_eq!((delivered.value(), delivered.core_value, delivered.added_value()), (110, 150, -40));
}

/// Benefits and sacrifices of the episode and of the relationship, in one ratio.
#[test]
fn perceived_value_sets_both_benefits_against_both_sacrifices() {
    let mut episode = Given { episodes: Some(3), ..Given::default() };
    episode.value[ValueComponent::Product as usize] = Some(80);
    episode.value[ValueComponent::Service as usize] = Some(20);
    episode.cost[CostComponent::Money as usize] = Some(60);
    episode.cost[CostComponent::Time as usize] = Some(20);
    let mut relationship = Given::default();
    relationship.value[ValueComponent::Image as usize] = Some(20);
    relationship.cost[CostComponent::Risk as usize] = Some(16);
    let both = episode.plus(&relationship).delivered(&def());
    assert_eq!((both.total_value, both.total_cost, both.ratio()), (120, 96, Some(1.25)));
    let alone = episode.delivered(&def());
    assert_eq!(
        (alone.utility, alone.process_quality, alone.price, alone.non_monetary_cost()),
        (80, 20, 60, 20)
    );
    assert_eq!(alone.service_ratio(), Some(1.25));
    assert_eq!(alone.per_episode(episode.episodes), Some(7), "20 over 3, rounded");
}
