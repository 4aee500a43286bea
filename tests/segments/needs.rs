//! Segments by needs of a history whose answer is known: three planted needs, told by a trade that everybody states, asked of
//! one in eight customers.

use super::support::{Dice, Line, Outcome, Pipeline, table, write};
use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use std::collections::BTreeMap;
use std::sync::Arc;

const START: i32 = 19_723;
/// Two slices of customers.
const CUSTOMERS: i64 = 20_000;
const NEEDS: [&str; 3] = ["price", "speed", "advice"];
const ATTRIBUTES: [&str; 5] = ["price", "speed", "advice", "range", "parking"];

const SECTION: &str = r#"
[facts.customers]
files = "../data/customers.parquet"
customer = "who"
attributes = { trade = "trade", number = "who" }
[perception.surveys]
files = "../data/surveys.parquet"
customer = "who"
at = "at"
attribute = "attribute"
importance = "importance"
performance = "performance"
[needs]
traits = ["trade"]
"#;

struct Customer {
    need: usize,
    trade: usize,
}

/// Half want a low price, three in ten speed, two in ten advice; seven in ten are in the trade that goes with it.
fn customers() -> Vec<Customer> {
    let mut dice = Dice(11);
    let mut customers = Vec::new();
    for _ in 0..CUSTOMERS {
        let need = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2][usize::try_from(dice.below(10)).unwrap()];
        let trade = match dice.below(20) {
            0..14 => need,
            14..17 => (need + 1) % 3,
            _ => (need + 2) % 3,
        };
        customers.push(Customer { need, trade });
    }
    customers
}

fn pipeline(customers: &[Customer], section: &str) -> Pipeline {
    let pipeline = Pipeline::new().and(section);
    let lines: Vec<Line> = (1..=CUSTOMERS).map(|who| Line::new(who, who, 40 + who % 2)).collect();
    write(&pipeline.data("lines/all.parquet"), table(&lines));
    let trades = customers.iter().map(|customer| ["builders", "couriers", "clinics"][customer.trade]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("who", Arc::new(Int64Array::from_iter_values(1..=CUSTOMERS))),
        ("trade", Arc::new(StringArray::from_iter_values(trades))),
    ];
    write(&pipeline.data("customers.parquet"), columns);
    write(&pipeline.data("surveys.parquet"), answers(customers));
    pipeline
}

/// Everybody uses the scale from 1 to 10 at a height of its own; what is wanted gets 4 points more, and ratings scatter.
fn answers(customers: &[Customer]) -> Vec<(&'static str, ArrayRef)> {
    let mut dice = Dice(12);
    let (mut who, mut attribute, mut importance) = (Vec::new(), Vec::new(), Vec::new());
    for (number, customer) in (1..).zip(customers).filter(|(number, _)| number % 8 == 0) {
        let height = 4 + dice.below(3);
        for (place, name) in ATTRIBUTES.into_iter().enumerate() {
            let scatter = dice.below(3) + dice.below(2) - 1;
            let wanted = if place == customer.need { 4 } else { 0 };
            who.push(number);
            attribute.push(name);
            importance.push((height + wanted + scatter).min(10));
        }
    }
    let rows = who.len();
    vec![
        ("who", Arc::new(Int64Array::from(who))),
        ("at", Arc::new(Date32Array::from(vec![START + 9; rows]))),
        ("attribute", Arc::new(StringArray::from(attribute))),
        ("importance", Arc::new(Int64Array::from(importance))),
        ("performance", Arc::new(Int64Array::from(vec![7; rows]))),
    ]
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} in {row:?}"))
}

/// Adjusted Rand index of pairs of a planted and a found group (L. Hubert, P. Arabie, "Comparing partitions" (1985)).
fn adjusted_rand(pairs: &[(usize, &str)]) -> f64 {
    let pairs_of = |count: usize| (count * count.saturating_sub(1) / 2) as f64;
    let (mut cells, mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (planted, found) in pairs {
        *cells.entry((planted, found)).or_insert(0) += 1;
        *rows.entry(planted).or_insert(0) += 1;
        *columns.entry(found).or_insert(0) += 1;
    }
    let both: f64 = cells.into_values().map(pairs_of).sum();
    let first: f64 = rows.into_values().map(pairs_of).sum();
    let second: f64 = columns.into_values().map(pairs_of).sum();
    let expected = first * second / pairs_of(pairs.len());
    (both - expected) / ((first + second) / 2.0 - expected)
}

/// Of trades alone nobody can tell more than seven in ten: .5 × .7 + .3 × .7 + .2 × .7.
#[test]
fn planted_needs_are_found_and_told_by_traits_as_far_as_they_tell() {
    let customers = customers();
    let published = pipeline(&customers, SECTION).publish(&[]);
    let names: Vec<String> =
        published.rows("need_segment").iter().map(|row| row["segment"].clone()).collect();
    assert_eq!(names, NEEDS);
    let rows = published.rows("customer_need");
    assert_eq!(rows.len(), customers.len());
    let (mut asked, mut told, mut hits, mut promised) = (Vec::new(), 0.0, 0.0, 0.0);
    for (row, customer) in rows.iter().zip(&customers) {
        match row["is_asked"] == "true" {
            true => asked.push((customer.need, row["need_segment"].as_str())),
            false => {
                told += 1.0;
                hits += f64::from(u8::from(row["need_segment"] == NEEDS[customer.need]));
                promised += number(row, "probability");
            }
        }
    }
    let index = adjusted_rand(&asked);
    assert!(asked.len() == 2_500 && index > 0.9, "adjusted Rand index {index} of {}", asked.len());
    assert!((hits / told - 0.7).abs() < 0.02, "{hits} of {told}");
    assert!((promised / told - hits / told).abs() < 0.03, "probabilities are those of hits: {promised}");
    let holdout = published.rows("need_segment_holdout");
    let rate = |row: &BTreeMap<String, String>| (number(row, "hit_rate"), number(row, "hit_rate_se"));
    let [(most_frequent, _), (traits, error)] = [rate(&holdout[0]), rate(&holdout[1])];
    assert!((traits - 0.7).abs() < 3.0 * error && most_frequent < 0.56, "{holdout:?}");
    assert_eq!([&holdout[0]["is_chosen"], &holdout[1]["is_chosen"]], ["false", "true"]);
}

#[test]
fn bytes_depend_on_neither_threads_nor_memory() {
    let pipeline = pipeline(&customers(), SECTION);
    let first = pipeline.publish(&["--threads", "1"]).digests();
    assert!(first.keys().any(|file| file.starts_with("customer_need")), "{first:?}");
    assert_eq!(pipeline.publish(&["--threads", "3", "--memory", "400MiB", "--republish"]).digests(), first);
}

/// Of a trait that says nothing, as the last digits of the key are, sizes of segments say more.
#[test]
fn traits_that_say_nothing_are_left_aside() {
    let section = SECTION.replace("traits = [\"trade\"]", "traits = [\"noise\"]");
    let section = section.replace("number = \"who\"", "noise = \"who % 900\"");
    let published = pipeline(&customers(), &section).publish(&[]);
    let holdout = published.rows("need_segment_holdout");
    assert_eq!([&holdout[0]["is_chosen"], &holdout[1]["is_chosen"]], ["true", "false"], "{holdout:?}");
    let rows = published.rows("customer_need");
    let mut told = rows.iter().filter(|row| row["is_asked"] == "false");
    assert!(told.all(|row| row["need_segment"] == "price"));
}

#[test]
fn what_cannot_be_grouped_is_said() {
    let customers = customers();
    let section = SECTION.replace("traits = [\"trade\"]", "traits = [\"number\"]");
    pipeline(&customers, &section).abacus(&["run"]).fails(
        3,
        &["history.toml:", "trait 'number' of needs.traits has 20000 values, expected at most 1000", "bands"],
    );
    let alike = SECTION.replace("importance = \"importance\"", "importance = \"7 + 0 * importance\"");
    let pipeline = pipeline(&customers, &alike);
    let outcome: Outcome = pipeline.abacus(&["run"]);
    outcome.succeeds(&[
        "no segments: 2,500 customers rated the importance of every attribute, too few or all alike",
    ]);
    let rows = pipeline.published().rows("customer_need");
    assert!(rows.iter().all(|row| row["need_segment"] == "(none)" && row["probability"] == "null"));
}
