//! The waterfall of small histories, and what other tests make them of.

use super::acquired_rows::with_rows_for;
use super::acquisition::Acquisition;
use super::customer_totals::CustomerTotals;
use super::lifetime::{Life, Lifetime};
use super::lines::{CostLine, Lines};
use super::period_rows::PeriodRows;
use super::posted::{Posted, close};
use super::reconciliation::Reconciliation;
use super::table_context::TableContext;
use super::tables::customer_period;
use super::waterfall::{Books, Held, Measures, charge};
use crate::costing::schema::{
    Activity, ActivityCosting, ActivityDriver, Costing, PeriodCosting, Rate, ResourceCosting,
};
use crate::error::Result;
use crate::facts::schema::{CustomerFacts, CustomerMaster, Customers, Keys, NO_INSTANT};
use crate::pipeline::{Level, Line, NegativeVolume, Node};
use crate::publish::TableFormat;
use crate::units::{Day, Decimal, Period, PeriodKind};

pub(crate) fn activity(index: usize, level: Level) -> Activity {
    Activity {
        name: format!("activity {index}"),
        column: format!("activity_{index}"),
        level,
        line: Some(if level == Level::Customer { Line::CustomerLevel } else { Line::CostToServe }),
        member: None,
        source: "transactions".to_string(),
        is_timed: false,
        is_imputed: false,
        is_deducted: false,
        driver_text: String::new(),
        driver: Some(ActivityDriver { terms: vec![(index, 1)], scale: 0 }),
        fallback: None,
        negative: NegativeVolume::Error,
        avoidable: Decimal::ONE,
    }
}

pub(crate) fn month(number: u32) -> Period {
    Period::containing(PeriodKind::Month, Day::from_ymd(2024, number, 1).unwrap())
}

pub(crate) fn customers(count: i64) -> Customers {
    Customers { keys: Keys::Int((0..count).collect()), has_unidentified: false }
}

/// A costing whose activities hold these (cost, volume), each from a pool of its own.
pub(crate) fn costing(levels: &[Level], periods: &[&[(i64, i64)]]) -> Costing {
    let period = |(number, activities): (u32, &&[(i64, i64)])| PeriodCosting {
        period: month(number),
        resources: activities
            .iter()
            .map(|&(cost, _)| ResourceCosting { inputs: vec![(None, cost)], cost, ..Default::default() })
            .collect(),
        activities: activities
            .iter()
            .enumerate()
            .map(|(index, &(cost, volume))| {
                let rate = (volume > 0).then_some(Rate { money: cost, volume });
                let posted = rate.map_or(0, |rate| rate.money);
                let pools = vec![(Node::Resource(index), cost)];
                let unassigned = cost - posted;
                ActivityCosting { pools, cost, volume, rate, posted, unassigned, ..Default::default() }
            })
            .collect(),
    };
    Costing {
        resources: levels.iter().map(|_| "pool".to_string()).collect(),
        activities: levels.iter().enumerate().map(|(index, level)| activity(index, *level)).collect(),
        periods: (1..).zip(periods).map(period).collect(),
        leftovers: vec![],
        money_scale: 0,
    }
}

pub(crate) fn facts(ranks: &[u32], list_revenue: &[i64], aggregates: &[&[i64]]) -> CustomerFacts {
    let rows = ranks.len();
    CustomerFacts {
        ranks: ranks.to_vec(),
        lines: vec![1; rows],
        orders: vec![1; rows],
        active_days: vec![1; rows],
        units: vec![1; rows],
        returned_units: vec![0; rows],
        list_revenue: list_revenue.to_vec(),
        discount: vec![0; rows],
        returns: vec![0; rows],
        product_cost: vec![0; rows],
        first_order_at: vec![10; rows],
        last_order_at: vec![20; rows],
        aggregates: aggregates.iter().map(|column| column.to_vec()).collect(),
    }
}

pub(crate) fn books<'c>(costing: &'c Costing, customers: &'c Customers) -> Books<'c> {
    let lines = Lines::new(&costing.activities, false);
    Books { customers, activities: &costing.activities, lines, held: Held::Columns }
}

pub(crate) fn context<'r>(costing: &'r Costing, customers: &'r Customers) -> TableContext<'r> {
    let as_of = Day::from_ymd(2025, 1, 1).unwrap();
    let format = TableFormat { currency: "EUR", money_scale: 0, volume_scale: 0, as_of };
    TableContext { format, customers, activities: &costing.activities }
}

/// Measures all customers of a period, and asserts that they were charged what the costing says.
pub(crate) fn measure_period(
    books: &Books<'_>,
    costing: &PeriodCosting,
    facts: CustomerFacts,
    acquired: &[(u32, i64)],
    each: &mut dyn FnMut(&[u32], &Posted) -> Result<()>,
) -> Result<Measures> {
    let rows = PeriodRows::from(with_rows_for(facts, acquired));
    let before = vec![0; books.activities.len()];
    let charges = charge(books, costing, &rows, acquired, &before, each)?;
    close(books.activities, costing, &charges.posted);
    Measures::new(rows, charges)
}

fn try_measured(
    costing: &Costing,
    index: usize,
    facts: CustomerFacts,
    acquired: &[(u32, i64)],
) -> Result<Measures> {
    let customers = customers(9);
    let books = books(costing, &customers);
    measure_period(&books, &costing.periods[index], facts, acquired, &mut |_, _| Ok(()))
}

pub(crate) fn measured(
    costing: &Costing,
    index: usize,
    facts: CustomerFacts,
    acquired: &[(u32, i64)],
) -> Measures {
    try_measured(costing, index, facts, acquired).unwrap()
}

#[test]
fn golden_g7_spring_distribution_operating_income() {
    let volumes: [&[i64]; 5] = [
        &[15, 25, 30, 25, 30],
        &[2, 3, 6, 2, 3],
        &[140, 120, 180, 320, 800],
        &[2_080, 8_750, 60_800, 31_800, 3_900],
        &[0, 0, 0, 0, 1],
    ];
    let rates_in_cents = [10_000, 8_000, 200, 50, 30_000];
    let pools = volumes.iter().zip(rates_in_cents);
    let pools: Vec<(i64, i64)> =
        pools.map(|(v, rate)| (v.iter().sum::<i64>() * rate, v.iter().sum())).collect();
    let costing = costing(&[Level::Order; 5], &[&pools]);
    let cents = |dollars: [i64; 5]| dollars.map(|amount| amount * 100).to_vec();
    let mut facts = facts(&[0, 1, 2, 3, 4], &cents([29_952, 126_000, 875_520, 457_920, 56_160]), &volumes);
    facts.discount = cents([0, 2_100, 72_960, 15_264, 5_616]);
    facts.product_cost = cents([24_960, 105_000, 729_600, 381_600, 46_800]);
    let worth = measured(&costing, 0, facts, &[]).worth;
    assert_eq!(worth.gross_margin.to_vec(), cents([4_992, 18_900, 72_960, 61_056, 3_744]));
    assert_eq!(worth.customer_profit.to_vec(), cents([2_012, 11_545, 38_720, 41_856, -3_346]));
}

#[test]
fn customer_level_and_acquisition_cost_stand_below_contribution() {
    let costing = costing(&[Level::Order, Level::Customer], &[&[(30, 3), (10, 2)]]);
    let facts = facts(&[1, 4], &[100, 50], &[&[1, 2], &[1, 1]]);
    let measures = measured(&costing, 0, facts, &[(4, 7)]);
    assert_eq!(measures.worth.line(CostLine::CostToServe).to_vec(), [10, 20]);
    assert_eq!(measures.worth.contribution.to_vec(), [90, 30]);
    assert_eq!(measures.worth.line(CostLine::CustomerLevel).to_vec(), [5, 5]);
    assert_eq!(measures.worth.customer_profit.to_vec(), [85, 18]);
}

#[test]
fn a_customer_won_without_any_facts_has_a_row() {
    let costing = costing(&[Level::Order], &[&[(30, 3)]]);
    let facts = facts(&[1, 4], &[100, 50], &[&[1, 2]]);
    let measures = measured(&costing, 0, facts, &[(0, 5), (2, 6), (4, 7), (8, 9)]);
    assert_eq!(measures.ranks, [0, 1, 2, 4, 8]);
    assert_eq!(measures.behaviour.lines.to_vec(), [0, 1, 0, 1, 0]);
    assert_eq!(measures.behaviour.last_order_at.to_vec(), [NO_INSTANT, 20, NO_INSTANT, 20, NO_INSTANT]);
    assert_eq!(measures.worth.customer_profit.to_vec(), [-5, 90, -6, 23, -9]);
}

#[test]
fn a_negative_volume_names_activity_customer_and_period() {
    let costing = costing(&[Level::Order], &[&[(30, 1)]]);
    let facts = facts(&[1, 4], &[100, 50], &[&[2, -1]]);
    let error = try_measured(&costing, 0, facts, &[]).unwrap_err().to_string();
    for part in ["'activity 0'", "-1", "customer 4", "2024-01-01"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn an_activity_without_volume_costs_customers_nothing() {
    let costing = costing(&[Level::Order], &[&[(30, 0)]]);
    let measures = measured(&costing, 0, facts(&[3], &[100], &[&[0]]), &[]);
    assert_eq!((measures.costs[0].to_vec(), measures.worth.customer_profit.to_vec()), (vec![0], vec![100]));
}

#[test]
fn lives_add_up_and_the_statement_closes() {
    let costing = costing(&[Level::Order, Level::Customer], &[&[(30, 3), (11, 2)], &[(20, 2), (9, 0)]]);
    let mut acquired_on = vec![None; 9];
    (acquired_on[4], acquired_on[0]) = (Some(month(1).start), Some(month(2).start));
    let master = CustomerMaster {
        acquired_on: acquired_on.into_iter().collect(),
        acquisition_cost: vec![2, 3, 0, 0, 7, 0, 0, 0, 0],
        attributes: vec![],
    };
    let as_of = Day::from_ymd(2025, 1, 1).unwrap();
    let acquisition = Acquisition::place(Some(&master), &[month(1), month(2)], as_of);
    let won = [0, 1].map(|period| acquisition.of_period(period, 0..9));
    let facts = [facts(&[1, 4], &[100, 50], &[&[1, 2], &[1, 1]]), facts(&[1], &[40], &[&[2], &[0]])];
    let customers = customers(9);
    let books = books(&costing, &customers);
    let mut lifetime = Lifetime::new(&books, 0..9);
    let mut periods = Vec::new();
    for ((costed, facts), won) in costing.periods.iter().zip(facts).zip(&won) {
        let rows = PeriodRows::from(with_rows_for(facts, won));
        let charges = charge(&books, costed, &rows, won, &[0; 2], &mut |_, _| Ok(())).unwrap();
        lifetime.add(&rows, &charges).unwrap();
        periods.push(Measures::new(rows, charges).unwrap());
    }
    let mut orders = vec![0; 9];
    (orders[1], orders[4]) = (1, 1);
    let life = lifetime.finish(orders, acquisition.openings(0..9)).unwrap();
    let columns: Vec<Vec<i64>> = life.columns(&books).into_iter().map(<[i64]>::to_vec).collect();
    let restored = Life::restored(&books, &(0..9), |column| Ok(columns[column].clone())).unwrap();
    assert_eq!(format!("{restored:?}"), format!("{life:?}"));
    let (measures, row) = (&life.measures, 1);
    assert_eq!(
        (measures.behaviour.lines[row], measures.behaviour.orders[row], life.orders_over_periods[row]),
        (2, 1, 1)
    );
    assert_eq!((measures.volumes[0][row], measures.costs[0][row]), (3, 30));
    assert_eq!((life.opening_acquisition_cost[row], measures.worth.line(CostLine::Acquisition)[row]), (3, 3));
    assert_eq!(measures.worth.customer_profit[row], 140 - 30 - 6 - 3);
    assert_eq!(measures.behaviour.first_order_at[0], NO_INSTANT);

    let totals: Vec<_> = periods.iter().zip([7, 2]).map(|(m, won)| CustomerTotals::of(m, won)).collect();
    let mut lives = CustomerTotals::of(measures, 7 + 2 + 3);
    Reconciliation::new(&costing, &totals, lives, &acquisition).verify(0).unwrap();
    lives.customer_profit += 1;
    let error = Reconciliation::new(&costing, &totals, lives, &acquisition).verify(0).unwrap_err();
    assert!(error.to_string().contains("all periods is off by 1"), "{error}");
}

#[test]
fn lines_that_nothing_forms_have_no_columns() {
    let costing = costing(&[Level::Order, Level::Facility], &[&[(30, 3), (5, 3)]]);
    let mut costing = costing;
    costing.activities[1].line = None;
    let customers = customers(9);
    let context = context(&costing, &customers);
    let facts = facts(&[1, 4], &[100, 50], &[&[1, 2], &[1, 2]]);
    let sheet = customer_period(context, month(1), &measured(&costing, 0, facts, &[]));
    let names: Vec<&str> = sheet.spec.columns.iter().map(|column| &*column.name).collect();
    let from = names.iter().position(|name| *name == "gross_margin").unwrap();
    let until = names.iter().position(|name| *name == "first_order_at").unwrap();
    let expected = [
        "gross_margin",
        "volume_activity_0",
        "cost_activity_0",
        "cost_to_serve",
        "contribution",
        "customer_level_cost",
        "acquisition_cost",
        "customer_profit",
    ];
    assert_eq!(names[from..until], expected);
}
