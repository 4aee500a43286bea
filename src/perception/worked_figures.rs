//! Worked figures of the literature, by name. Money is in whole units.

use super::delivered::Given;
use super::referral::word_of_mouth_loss;
use super::worth::Worth;
use crate::pipeline::{CostComponent, DeliveredDef, Position, ValueComponent, WordOfMouthDef};
use crate::units::{Decimal, round_ratio};

/// What a lost customer would have spent: amount per purchase × purchases a year × years.
fn lost_sales(amount: i128, purchases: i128, years: i128) -> i128 {
    amount * purchases * years
}

/// Lifetime in years of a base that loses this share a year: 1 / churn.
fn lifetime_years(churn: Decimal) -> i128 {
    round_ratio(10_i128.pow(u32::from(churn.scale)), churn.mantissa)
}

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

/// A shopper who spends 100 dollars a week, 50 weeks a year, for 10 years takes 50,000 along.
#[test]
fn the_shopper_lost_takes_50_000_along() {
    assert_eq!(lost_sales(100, 50, 10), 50_000);
    // One shopper is worth so much, and a lost one keeps one other away: so much again.
    let worth = Worth::for_test(vec![Some((0, 0))], vec![50_000], None);
    let def = WordOfMouthDef { reach: "10".parse().unwrap(), share: "0.1".parse().unwrap() };
    assert_eq!(word_of_mouth_loss(&def, &worth).unwrap(), Some(50_000));
}

/// A courier account of 1,500 a month is 180,000 in ten years, and 18,000 of profit at 10 %.
#[test]
fn the_courier_account_is_worth_180_000_and_18_000_at_ten_per_cent() {
    let revenue = lost_sales(1_500, 12, 10);
    assert_eq!((revenue, round_ratio(revenue * 10, 100)), (180_000, 18_000));
}

#[test]
fn a_churn_of_ten_per_cent_is_a_lifetime_of_ten_years() {
    assert_eq!(lifetime_years("0.10".parse().unwrap()), 10);
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
