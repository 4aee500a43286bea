//! The third grain of the facts: what each customer did on each day, however the lines lie in files.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "support/days.rs"]
mod days;
#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use abacus::facts::FactSet;
use abacus::facts::schema::{CustomerFacts, DayFacts, Keys};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use days::{definition, facts, periods_to_make};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use support::{Line, Pipeline, Written, lines, replace, table, write_with};

/// 2024-01-01, from which lines count their days.
const START: i32 = 19_723;

/// A customer, last if unknown, and a day.
type Place = (Option<i64>, i32);

/// Orders, net revenue and gross margin of a day, money in 1/10,000.
type Worth = (i64, i64, i64);

/// What the days should be, line by line.
fn expected(lines: &[Line]) -> BTreeMap<Place, Worth> {
    let mut orders: BTreeMap<Place, BTreeSet<i64>> = BTreeMap::new();
    let mut days: BTreeMap<Place, Worth> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.status != "test") {
        let place = (line.customer, START + i32::try_from(line.at.0).unwrap());
        let (price, cost) = (line.price * 100, line.price / 2 * 100);
        let money = |each: i128| i64::try_from(i128::from(line.quantity) * each).unwrap();
        let day = days.entry(place).or_default();
        day.1 += money(price);
        day.2 += money(price - cost);
        if line.quantity > 0 && orders.entry(place).or_default().insert(line.order) {
            day.0 += 1;
        }
    }
    days
}

/// The days of all periods, which must be sorted.
fn found(facts: &FactSet) -> BTreeMap<Place, Worth> {
    let mut all = BTreeMap::new();
    for period in 0..facts.periods.len() {
        let DayFacts { ranks, days, orders, net_revenue, gross_margin } =
            facts.day_facts(period, ..).unwrap();
        let places: Vec<(u32, i32)> = ranks.into_iter().zip(days).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        let worth = orders.into_iter().zip(net_revenue).zip(gross_margin);
        for ((rank, day), ((orders, net_revenue), gross_margin)) in places.into_iter().zip(worth) {
            let customer = (!facts.customers.is_unidentified(rank)).then(|| key(facts, rank));
            all.insert((customer, day), (orders, net_revenue, gross_margin));
        }
    }
    all
}

fn key(facts: &FactSet, rank: u32) -> i64 {
    match &facts.customers.keys {
        Keys::Int(keys) => keys[rank as usize],
        Keys::Text(keys) => keys.value(rank as usize).parse().unwrap(),
    }
}

/// Fails unless the days of each customer and period come to its customer row.
fn assert_days_close(facts: &FactSet) {
    for period in 0..facts.periods.len() {
        let (days, rows) = (facts.day_facts(period, ..).unwrap(), facts.customer_facts(period, ..).unwrap());
        let mut sums: BTreeMap<u32, (i64, i64, i64)> =
            rows.ranks.iter().map(|rank| (*rank, (0, 0, 0))).collect();
        for (index, rank) in days.ranks.iter().enumerate() {
            let sum = sums.get_mut(rank).expect("a customer with days has a row");
            sum.0 += i64::from(days.orders[index] > 0);
            sum.1 += days.net_revenue[index];
            sum.2 += days.gross_margin[index];
        }
        assert!(sums.values().copied().eq((0..rows.ranks.len()).map(|row| of_period(&rows, row))));
    }
}

/// Active days, net revenue and gross margin of a customer row.
fn of_period(rows: &CustomerFacts, row: usize) -> (i64, i64, i64) {
    let net_revenue = rows.list_revenue[row] - rows.discount[row] - rows.returns[row];
    (rows.active_days[row], net_revenue, net_revenue - rows.product_cost[row])
}

/// A pipeline over one file.
fn pipeline(lines: &[Line], how: Written) -> Pipeline {
    let pipeline = Pipeline::new();
    write_with(&pipeline.data("lines/a.parquet"), table(lines), how);
    pipeline
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn days_are_the_sums_of_their_lines_and_sum_to_the_customer_rows(
        (seed, count, days) in (any::<u64>(), 1..400_i64, 1..100_u64),
        keys_are_text in any::<bool>(),
        row_group_rows in 1..200_usize,
        threads in 1..4_usize,
    ) {
        let lines = lines(seed, count, days);
        prop_assume!(!expected(&lines).is_empty());
        let mut columns = table(&lines);
        if keys_are_text {
            let texts = cast(&columns[0].1, &DataType::Utf8).unwrap();
            columns = replace(columns, "customer_id", texts);
        }
        let pipeline = Pipeline::new();
        write_with(&pipeline.data("lines/a.parquet"), columns, Written { row_group_rows, ..Written::default() });
        let facts = facts(&definition(&pipeline.file(), true), &pipeline.out(), None, threads);
        prop_assert_eq!(found(&facts), expected(&lines));
        assert_days_close(&facts);
    }
}

#[test]
fn an_order_with_lines_on_two_days_counts_on_both_and_a_day_of_returns_has_none() {
    let returned = |day| Line { quantity: -1, ..Line::new(7, 10, day) };
    let pipeline = pipeline(
        &[Line::new(7, 10, 3), Line::new(7, 10, 3), Line::new(7, 11, 3), Line::new(7, 10, 4), returned(5)],
        Written::default(),
    );
    let facts = facts(&definition(&pipeline.file(), true), &pipeline.out(), None, 1);
    let days = facts.day_facts(0, ..).unwrap();
    assert_eq!(days.days, [START + 3, START + 4, START + 5]);
    assert_eq!(days.orders, [2, 1, 0]);
    assert_eq!(days.net_revenue, [750_000, 250_000, -125_000]);
    assert_eq!(days.gross_margin, [375_000, 125_000, -62_500]);
    assert_eq!(facts.customer_facts(0, ..).unwrap().orders, [2]);
}

#[test]
fn kept_days_depend_neither_on_threads_nor_on_how_rows_lie_in_files() {
    let rows = lines(5, 2_000, 100);
    let kept = |pipeline: &Pipeline, threads: usize| {
        let facts = facts(&definition(&pipeline.file(), true), &pipeline.out(), None, threads);
        facts.record.periods.into_iter().map(|runs| runs.days.unwrap().digest).collect::<Vec<_>>()
    };
    let one = pipeline(&rows, Written::default());
    let expected = kept(&one, 1);
    for threads in [1, 2, 8] {
        let split = Pipeline::new();
        for part in 0..5 {
            let lines: Vec<Line> = rows.iter().rev().skip(part).step_by(5).cloned().collect();
            let how = Written { row_group_rows: 50, ..Written::default() };
            write_with(&split.data(&format!("lines/{part}.parquet")), table(&lines), how);
        }
        assert_eq!(kept(&split, threads), expected, "{threads} threads");
    }
}

#[test]
fn asking_for_days_makes_what_is_missing() {
    let rows = lines(6, 500, 60);
    let pipeline = pipeline(&rows, Written::default());
    let (folder, path) = (pipeline.out(), pipeline.file());
    let (without, with) = (definition(&path, false), definition(&path, true));
    let plain = facts(&without, &folder, None, 2);
    assert!(plain.day_facts(0, ..).unwrap_err().to_string().contains("run it again"));
    let periods = plain.periods.len();
    assert_eq!(periods_to_make(&with, &folder, plain.record.clone()), periods);
    let dated = facts(&with, &folder, Some(plain.record.clone()), 2);
    assert_eq!(found(&dated), expected(&rows));
    assert_eq!(periods_to_make(&with, &folder, dated.record.clone()), 0);
    let again = facts(&with, &folder, Some(dated.record.clone()), 2);
    assert_eq!(again.record, dated.record);
    assert_eq!(found(&again), expected(&rows));
    // A file that is gone is made again; without days, nothing of them is left in the record.
    std::fs::remove_file(dated.record.periods[0].days.as_ref().unwrap().path(&folder)).unwrap();
    assert_eq!(periods_to_make(&with, &folder, dated.record.clone()), 1);
    assert_eq!(found(&facts(&with, &folder, Some(dated.record.clone()), 2)), expected(&rows));
    assert_eq!(facts(&without, &folder, Some(dated.record), 2).record, plain.record);
}
