//! Whether treatments worked, of histories whose answer is known.

use super::support::{Line, Pipeline, Published, table, write};
use arrow::array::{Date32Array, Int64Array, StringArray};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const START: i32 = 19_723;
/// Contacts are made on this day of the history.
const CONTACTED: i64 = 60;

/// Customers 1 to 200 buy one to four times before the contact, and as often after it; those of an odd number,
/// who are treated, once more.
fn history() -> Vec<Line> {
    let mut lines = Vec::new();
    for customer in 1..=200_i64 {
        let habit = 1 + customer / 2 % 4;
        let mut buy = |day: i64| lines.push(Line::new(customer, 1_000 * customer + day, day));
        (0..habit).for_each(|purchase| buy(10 + purchase));
        (0..habit + customer % 2).for_each(|purchase| buy(CONTACTED + 5 + purchase));
    }
    // The history goes on until every window has ended.
    lines.push(Line::new(999, 9_999_999, 120));
    lines
}

const SECTION: &str = r#"
[effects]
window_days = 30
baseline_days = 60
[effects.contacts]
files = "../data/contacts.parquet"
customer = "who"
at = "sent_on"
treatment = "what"
arm = "arm"
"#;

fn pipeline(section: &str) -> Pipeline {
    let pipeline = Pipeline::new().and(section);
    write(&pipeline.data("lines/all.parquet"), table(&history()));
    // Each customer a second time, later: only the first contact counts.
    let who: Vec<i64> = (4..=200).chain(4..=200).collect();
    let day = i32::try_from(CONTACTED).unwrap() + START;
    let days = who.iter().enumerate().map(|(row, _)| if row < 197 { day } else { day + 20 });
    let arms = who.iter().map(|who| if who % 2 == 1 { "letter" } else { "control" });
    write(
        &pipeline.data("contacts.parquet"),
        vec![
            ("who", Arc::new(Int64Array::from(who.clone()))),
            ("sent_on", Arc::new(Date32Array::from_iter_values(days))),
            ("what", Arc::new(StringArray::from(vec!["spring"; who.len()]))),
            ("arm", Arc::new(arms.map(Some).collect::<StringArray>())),
        ],
    );
    pipeline
}

fn purchases(published: &Published) -> BTreeMap<String, String> {
    let rows = published.rows("treatment_effect").into_iter();
    rows.into_iter().find(|row| row["outcome"] == "purchases").unwrap()
}

#[test]
fn one_purchase_more_is_found_whatever_customers_did_before() {
    let published = pipeline(SECTION).publish(&[]);
    let row = purchases(&published);
    let number = |column: &str| row[column].parse::<f64>().unwrap();
    assert_eq!((row["treatment"].as_str(), row["segment"].as_str()), ("spring", "all"));
    assert_eq!(
        (&*row["contacted"], &*row["held_out"], &*row["treated"], &*row["control"]),
        ("98", "99", "98", "99")
    );
    assert!((number("adjusted_effect") - 1.0).abs() < 1e-9 && number("adjusted_effect_se") < 1e-6, "{row:?}");
    assert!((number("effect") - 1.0).abs() < 0.1 && number("effect_se") > 0.1, "{row:?}");
    assert_eq!((&*row["is_beyond_chance"], &*row["is_placebo_beyond_chance"]), ("true", "false"));
    // A window that has not ended by the as-of date is not observed.
    let early = purchases(&pipeline(SECTION).publish(&["--as-of", "2024-03-20"]));
    assert_eq!((&*early["contacted"], &*early["treated"], &*early["effect"]), ("98", "0", "null"));
}

#[test]
fn the_bytes_depend_on_no_threads() {
    let pipeline = pipeline(SECTION);
    let first = pipeline.publish(&["--threads", "1"]).digests();
    assert!(first.keys().any(|file| file.starts_with("treatment_effect")), "{first:?}");
    assert_eq!(pipeline.publish(&["--threads", "3", "--republish"]).digests(), first);
}

#[test]
fn a_control_group_by_hash_is_published_and_used() {
    let section = SECTION.replace("arm = \"arm\"\n", "[effects.control]\nshare = 0.4\n");
    let published = pipeline(&section).publish(&[]);
    let held: BTreeSet<i64> =
        published.rows("control_group").iter().map(|row| row["customer_id"].parse().unwrap()).collect();
    let row = purchases(&published);
    let expected = held.iter().filter(|who| (4..=200).contains(*who)).count();
    assert_eq!(row["held_out"], expected.to_string());
    assert!((60..100).contains(&expected), "{expected} of 197");
}

#[test]
fn contacts_without_a_control_group_are_refused() {
    let section = SECTION.replace("arm = \"arm\"\n", "");
    pipeline(&section).abacus(&["check"]).fails(2, &["effects.contacts has no 'arm'", "[effects.control]"]);
    let wrong = SECTION.replace("\"arm\"", "\"arms\"");
    pipeline(&wrong).abacus(&["check"]).fails(2, &["arms", "did you mean 'arm'"]);
    let nowhere = SECTION.replace("window_days", "by = [\"region\"]\nwindow_days");
    pipeline(&nowhere).abacus(&["check"]).fails(2, &["region"]);
}
