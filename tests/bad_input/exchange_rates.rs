//! Exchange rates that are missing, wrong or at odds: each is refused with its place, or its lines are quarantined.

use super::support::{Pipeline, write};
use super::{nothing_is_published, sound};
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Float64Array, StringArray};
use std::fs;
use std::sync::Arc;

const SECTION: &str = "\n[facts.exchange_rates]\nfiles = \"../data/rates.csv\"\n";

/// A pipeline whose lines of the channel `phone` are in dollars, with rates of this text and these keys.
fn with_rates(text: &str, keys: &str) -> Pipeline {
    let pipeline = sound();
    fs::write(pipeline.data("rates.csv"), text).unwrap();
    let currency =
        "quantity = \"quantity\"\ncurrency = \"case when order_id % 2 = 0 then 'USD' else 'EUR' end\"";
    pipeline.with("quantity = \"quantity\"", currency).and(&format!("{SECTION}{keys}"))
}

#[track_caller]
fn fails(pipeline: &Pipeline, code: i32, texts: &[&str]) {
    for command in ["check", "run"] {
        pipeline.abacus(&[command]).fails(code, texts);
    }
    nothing_is_published(pipeline);
}

#[test]
fn wrong_rates_are_refused_with_their_place() {
    for (text, found) in [
        (
            "currency,day,rate\nUSD,2024-01-01,0\n",
            "rates.csv:2: the rate of 'USD' is 0, expected one above 0",
        ),
        ("currency,day,rate\nUSD,2024-01-01,-0.9\n", "the rate of 'USD' is -0.9, expected one above 0"),
        (
            "currency,day,rate\nUSD,2024-01-01,0.9\nUSD,2024-01-01,0.91\n",
            "rates.csv:3: 'USD' has a rate of 0.91 on 2024-01-01, and of 0.9 at",
        ),
        (
            "currency,day,rate\nUSD,2024-01-01,0.90000000001\n",
            "the rate of 'USD' is 0.90000000001, expected at most 10 digits after the point",
        ),
        ("currency,day,rate\nUSD,2024-01-01,100000000\n", "expected one below 100000000"),
        (
            "currency,day,rate\nEUR,2024-01-01,1.1\nUSD,2024-01-01,0.9\n",
            "the rate of 'EUR' is 1.1, and it is the reporting currency, which is worth 1",
        ),
        ("currency,day,rate\nUSD,2024-01-01,\n", "rates.csv:2: nothing in the column 'rate'"),
        ("currency,day,rate\nUSD,2024-01-01,abc\n", "rate 'abc' is not a number with the decimal mark '.'"),
        ("currency,day,rate\n,2024-01-01,1\n", "rates.csv:2: nothing in the column 'currency'"),
        ("currency,day\nUSD,2024-01-01\n", "rate"),
    ] {
        let pipeline = with_rates(text, "");
        pipeline.abacus(&["run"]).fails(4, &[found]);
        nothing_is_published(&pipeline);
    }
    fails(&sound().and(SECTION).with("cost = ", "currency = \"'EUR'\"\ncost = "), 4, &["rates.csv"]);
}

#[test]
fn a_number_that_is_none_is_called_as_its_column_is() {
    let pipeline = with_rates("currency,day,kurs\nUSD,2024-01-01,abc\n", "rate_column = \"kurs\"\n");
    pipeline.abacus(&["run"]).fails(4, &["rates.csv:2: kurs 'abc' is not a number"]);
}

#[test]
fn rates_that_lie_further_apart_than_they_hold_are_named_with_the_way_out() {
    let months = "currency,day,rate\nUSD,2024-01-01,0.9\nUSD,2024-02-01,0.91\n";
    let pipeline = with_rates(months, "");
    let expected = [
        "../data/rates.csv: a rate holds for its day alone, and rates lie further apart: 'USD' has one on 2024-01-01 and no other \
         before 2024-02-01; 58 of 60 days have none",
        "write holds = \"period\" in [facts.exchange_rates] if each is the rate of the period that its day lies in",
    ];
    for command in ["check", "plan", "run"] {
        pipeline.abacus(&[command]).succeeds(&expected);
    }
    // The rate of the only month is no different.
    let month = "currency,day,rate\nUSD,2024-01-01,0.9\n";
    with_rates(month, "carry_days = 2\n")
        .abacus(&["check"])
        .succeeds(&["28 of 31 days have none", "\"period\""]);
    let weeks = "currency,day,rate\nUSD,2024-01-01,0.9\nUSD,2024-01-08,0.9\nUSD,2024-01-15,0.9\n";
    with_rates(weeks, "")
        .abacus(&["check"])
        .succeeds(&["write in carry_days for how many days a rate holds on"]);
    for (text, keys) in
        [(months, "holds = \"period\"\n"), (months, "carry_days = 31\n"), (weeks, "carry_days = 20\n")]
    {
        let outcome = with_rates(text, keys).abacus(&["check"]);
        assert!(!outcome.stderr.contains("further apart"), "{outcome:?}");
    }
}

#[test]
fn two_equal_rates_of_a_day_are_one() {
    let text = "currency,day,rate\nUSD,2024-01-01,0.90\nUSD,2024-01-01,0.9\nEUR,2024-01-01,1\n";
    let published = with_rates(text, "carry_days = 100\n").publish(&[]);
    assert_eq!(published.counts(), [20, 20, 0, 0, 0]);
}

#[test]
fn lines_without_rate_are_quarantined_and_accounted_for() {
    // Orders of January are on the first days of it, those of February on later ones.
    let text = "currency,day,rate\nUSD,2024-01-01,0.9\n";
    let published = with_rates(text, "holds = \"period\"\n").publish(&[]);
    assert_eq!(published.counts(), [20, 15, 5, 0, 0]);
    let reasons = published.rows("quarantine");
    assert!(reasons.iter().all(|row| row["reason"].starts_with("no exchange rate: 'USD' on 2024-02-")));
    let currencies = published.rows("currency_period");
    let dollars = currencies.iter().find(|row| row["currency"] == "USD").unwrap();
    assert_eq!((&*dollars["lines"], &*dollars["mean_exchange_rate"]), ("5", "0.9000000000"));
}

#[test]
fn money_that_leaves_eighteen_digits_by_its_rate_is_quarantined() {
    let text = "currency,day,rate\nUSD,2024-01-01,99999999\n";
    let pipeline = with_rates(text, "holds = \"period\"\n");
    let published = pipeline.with("quantity * unit_price", "quantity * unit_price * 100000").publish(&[]);
    let reasons = published.rows("quarantine");
    assert!(reasons.iter().any(|row| row["reason"] == "revenue: overflow"), "{reasons:?}");
}

#[test]
fn rates_of_parquet_are_exact_whatever_they_are_held_as() {
    let days: ArrayRef = Arc::new(Date32Array::from(vec![19_723, 19_754]));
    let currency: ArrayRef = Arc::new(StringArray::from(vec!["USD", "USD"]));
    let decimals = Decimal128Array::from(vec![9_123_456_789, 9_000_000_000]);
    let decimals: ArrayRef = Arc::new(decimals.with_precision_and_scale(20, 10).unwrap());
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![0.9123456789, 0.9]));
    for rates in [decimals, floats] {
        let columns = vec![("currency", Arc::clone(&currency)), ("day", Arc::clone(&days)), ("rate", rates)];
        let pipeline = with_rates("", "holds = \"period\"\n").with("rates.csv", "rates.parquet");
        write(&pipeline.data("rates.parquet"), columns);
        let rows = pipeline.publish(&[]).rows("currency_period");
        let dollars = rows.iter().find(|row| row["currency"] == "USD").unwrap();
        assert!(dollars["mean_exchange_rate"].starts_with("0.91234"), "{dollars:?}");
    }
}

#[test]
fn a_column_of_the_files_may_not_have_the_name_of_the_rate() {
    let text = "currency,day,rate\nUSD,2024-01-01,0.9\n";
    let pipeline = with_rates(text, "");
    let mut columns = super::table(&super::ten_customers());
    let (_, quantity) = columns.iter().find(|(name, _)| *name == "quantity").unwrap().clone();
    columns.push(("exchange_rate", quantity));
    write(&pipeline.data("lines/a.parquet"), columns);
    fails(&pipeline, 2, &["a.parquet has a column 'exchange_rate', which is the name of the rate"]);
}

#[test]
fn a_day_without_rates_is_no_day_of_constant_rates() {
    let text = "currency,day,rate\nUSD,2024-01-01,0.9\n";
    let pipeline = with_rates(text, "constant_day = \"2023-01-01\"\n");
    pipeline.abacus(&["run"]).fails(2, &["no currency has a rate on 2023-01-01, the 'constant_day'"]);
}
