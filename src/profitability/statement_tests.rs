//! A period with every kind of money there is.

use super::acquisition::Acquisition;
use super::behaviour::Behaviour;
use super::channels::Channels;
use super::customer_totals::CustomerTotals;
use super::hierarchy::{self, Earned};
use super::lines::{CostLine, Lines};
use super::reconciliation::Reconciliation;
use super::tests::measure_period;
use super::tests::{books, costing, customers, facts};
use super::waterfall::{Books, Measures};
use crate::costing::schema::{Costing, Rate};
use crate::pipeline::{Level, Line};

const LINES: [(Level, Option<Line>); 9] = [
    (Level::Order, Some(Line::PriceConcession)),
    (Level::Unit, Some(Line::CostToServe)),
    (Level::Customer, Some(Line::CustomerLevel)),
    (Level::Customer, Some(Line::Financing)),
    (Level::Customer, Some(Line::Acquisition)),
    (Level::Facility, Some(Line::Spread)),
    (Level::Product, None),
    (Level::Order, Some(Line::CostToServe)),
    (Level::Customer, Some(Line::Financing)),
];
const STANDARD: usize = 7;
const IMPUTED: usize = 8;

/// Every line; cost retained by intent and as unused capacity; a standard and an imputed rate; unused capacity
/// charged over the volumes of the second activity.
fn all_kinds() -> Costing {
    let pools: Vec<(i64, i64)> = (1..10).map(|index| (10 * index, 4)).collect();
    let mut costing = costing(&LINES.map(|(level, _)| level), &[&pools]);
    for (activity, (_, line)) in costing.activities.iter_mut().zip(LINES) {
        activity.line = line;
    }
    let period = &mut costing.periods[0];
    let (resource, served) = (&mut period.resources[1], &mut period.activities[1]);
    resource.inputs.push((None, 17));
    (resource.unused_charged, resource.unused_retained, resource.unused) = (8, 6, 3);
    resource.owner = Some(Level::Channel);
    served.unused_charged = 8;
    let kept = &mut period.activities[6];
    (kept.retained, kept.posted, kept.rate) = (kept.posted, 0, None);
    let standard = &mut period.activities[STANDARD];
    standard.rate = Some(Rate { money: 15, volume: 1 });
    (standard.posted, standard.variance) = (60, standard.cost - 60);
    costing.activities[IMPUTED].is_imputed = true;
    let imputed = &mut period.activities[IMPUTED];
    imputed.pools.clear();
    (imputed.cost, imputed.variance) = (0, -imputed.posted);
    period.resources[IMPUTED] = Default::default();
    costing
}

fn measured(costing: &Costing) -> Measures {
    let customers = customers(9);
    let lines = Lines::new(&costing.activities, true);
    let books = Books { lines, ..books(costing, &customers) };
    let volumes: [&[i64]; 9] = [&[1, 3]; 9];
    let facts = facts(&[1, 4], &[1_000, 500], &volumes);
    measure_period(&books, &costing.periods[0], facts, &[(4, 5)], &mut |_, _| Ok(())).unwrap()
}

#[test]
fn every_line_stands_where_it_belongs() {
    let worth = measured(&all_kinds()).worth;
    assert_eq!(worth.gross_margin.to_vec(), [1_000, 500]);
    let line = |line| worth.line(line).to_vec();
    assert_eq!(line(CostLine::PriceConcession), [3, 7]);
    assert_eq!(line(CostLine::CostToServe), [5 + 15, 15 + 45]);
    assert_eq!(worth.contribution.to_vec(), [1_000 - 3 - 20, 500 - 7 - 60]);
    assert_eq!(line(CostLine::CustomerLevel), [8, 22]);
    assert_eq!(line(CostLine::Financing), [10 + 23, 30 + 67]);
    assert_eq!(line(CostLine::Acquisition), [13, 37 + 5]);
    assert_eq!(worth.customer_profit.to_vec(), [977 - 8 - 33 - 13, 433 - 22 - 97 - 42]);
    assert_eq!((line(CostLine::Spread), line(CostLine::UnusedCharged)), (vec![15, 45], vec![2, 6]));
    assert_eq!(worth.fully_loaded_profit.unwrap().to_vec(), [923 - 17, 272 - 51]);
}

#[test]
fn the_statement_closes_with_every_kind_of_money() {
    let costing = all_kinds();
    assert_eq!(costing.totals().difference(), 0, "the costing itself closes");
    let measures = measured(&costing);
    let acquisition = Acquisition::none();
    let totals = CustomerTotals::of(&measures, 5);
    let statement =
        |costing: &Costing| Reconciliation::new(costing, &[totals], totals, &acquisition).verify(0);
    statement(&costing).unwrap();
    for change in [
        |costing: &mut Costing| costing.periods[0].activities[6].retained += 1,
        |costing: &mut Costing| costing.periods[0].activities[STANDARD].variance += 1,
        |costing: &mut Costing| costing.periods[0].activities[IMPUTED].variance -= 1,
        |costing: &mut Costing| costing.periods[0].resources[1].unused_retained -= 1,
    ] {
        let mut open = costing.clone();
        change(&mut open);
        let error = statement(&open).unwrap_err().to_string();
        assert!(error.contains("is off by"), "{error}");
    }
}

#[test]
fn the_cost_hierarchy_ends_at_the_result_with_every_kind_of_money() {
    let costing = all_kinds();
    let measures = measured(&costing);
    let channels = Channels::default();
    let earned = || Earned {
        incomes: channels.incomes(9, &measures, Behaviour::bought),
        totals: CustomerTotals::of(&measures, 5),
    };
    let steps = hierarchy::steps(&costing, &channels, &[earned()], &earned());
    let levels: Vec<_> = steps[..4].iter().map(|step| (step.level, step.retained_cost)).collect();
    // Unused 3 and the standard's variance 20 stay; what is imputed, 90 and 5, comes back.
    assert_eq!(levels, [("channel", 0), ("product", 70), ("channel", 6), ("company", 3 + 20 - 90 - 5)]);
    assert_eq!(steps[3].income_after(), 1_500 - (10..=80).step_by(10).sum::<i128>() - 17);
}
