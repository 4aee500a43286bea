//! What `check` finds although only the types or the values of sources tell, and what is said though it stops nothing.

use super::support::{Columns, Pipeline, write};
use super::{nothing_is_published, sound};
use arrow::array::{Array, ArrayRef, Date32Array, Float64Array, Int64Array, StringArray};
use std::fs;
use std::sync::Arc;

const CUSTOMERS: &str =
    "\n[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"customer_id\"\n";

/// Three customers with an attribute of these values.
fn with_attribute(values: ArrayRef, more: &str) -> Pipeline {
    let pipeline = sound().and(CUSTOMERS).and("attributes = { own = \"own\" }\n").and(more);
    let ids = Arc::new(Int64Array::from_iter_values((0..3).take(values.len())));
    write(&pipeline.data("customers.parquet"), vec![("customer_id", ids), ("own", values)]);
    pipeline
}

fn texts() -> ArrayRef {
    Arc::new(StringArray::from(vec!["north", "south", "north"]))
}

fn floats(values: [Option<f64>; 3]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

#[track_caller]
fn both_refuse(pipeline: &Pipeline, texts: &[&str]) {
    for command in ["check", "run"] {
        pipeline.abacus(&[command]).fails(2, texts);
    }
    nothing_is_published(pipeline);
}

#[test]
fn a_wallet_in_text_is_refused_with_its_cast() {
    let pipeline = with_attribute(texts(), "\n[lifecycle]\nwallet = \"own\"\n");
    both_refuse(
        &pipeline,
        &["lifecycle.wallet: attribute 'own' is text, expected whole EUR per year", "as bigint)"],
    );
}

#[test]
fn referrals_in_text_are_not_left_out_in_silence() {
    let pipeline = with_attribute(texts(), "\n[segments.loyalty]\nreferrals = \"own\"\n");
    both_refuse(&pipeline, &["segments.loyalty.referrals: attribute 'own' is text, expected an integer"]);
    let counted = Arc::new(Int64Array::from(vec![0, 2, 1]));
    with_attribute(counted, "\n[segments.loyalty]\nreferrals = \"own\"\n").publish(&[]);
}

#[test]
fn whole_floats_are_attributes_and_others_are_refused_with_two_ways_out() {
    let whole = with_attribute(floats([Some(5.0), None, Some(120.0)]), "\n[lifecycle]\nwallet = \"own\"\n");
    let rows = whole.publish(&[]).rows("customer");
    let own: Vec<&str> = rows[..3].iter().map(|row| row["own"].as_str()).collect();
    assert_eq!(own, ["5", "null", "120"]);
    let pipeline = with_attribute(floats([Some(5.0), Some(0.75), None]), "");
    both_refuse(
        &pipeline,
        &["'own' is 0.75 in row 1", "cast(round(own) as bigint)", "cast(own as varchar)", "history.toml:"],
    );
}

#[test]
fn a_query_whose_types_do_not_fit_stops_the_run_before_the_work() {
    for (sql, text) in [
        ("select sum(own) + 1 from customer", "'total': "),
        ("select max(own) from customer", "yields text"),
        ("select net_revenue from customer", "yields a row per row of its table, expected one number"),
        (
            "select sum(net_revenue) from customer union all select 1",
            "yields 2 rows even of tables without any",
        ),
        ("select exists(select 1 from customer)", "'EXISTS (SELECT 1 FROM customer)' is not computed"),
        (
            "select date_trunc('month', acquired_on) from customer",
            "function 'date_trunc' is none that checks know",
        ),
    ] {
        let expect = format!("\n[[expect]]\nname = \"total\"\nsql = \"{sql}\"\nat_least = 0\n");
        both_refuse(&with_attribute(texts(), &expect), &[text, "history.toml:"]);
    }
    let right = "\n[[expect]]\nname = \"n\"\nsql = '''select count(OWN) from Customer where \"Customer_ID\" >= 0'''\nequals = 3\n";
    with_attribute(texts(), right).publish(&[]);
}

const REFERRALS: &str = "\n[perception.referrals]\nfiles = \"../data/r.parquet\"\nreferrer = \"who\"\nreferred = \"whom\"\nat = \"at\"\n";

const SURVEYS: &str = "\n[perception.surveys]\nfiles = \"../data/s.parquet\"\ncustomer = \"who\"\nat = \"at\"\nattribute = \"item\"\n\
                       performance = \"score\"\nsupplier = \"supplier\"\n";

fn days(count: usize) -> ArrayRef {
    Arc::new(Date32Array::from(vec![19_740; count]))
}

/// Three answers about two suppliers.
fn answers(who: ArrayRef) -> Columns {
    vec![
        ("who", who),
        ("at", days(3)),
        ("item", Arc::new(StringArray::from(vec!["price", "price", "delivery"]))),
        ("score", Arc::new(Int64Array::from(vec![3, 4, 5]))),
        ("supplier", Arc::new(StringArray::from(vec!["us", "them", "us"]))),
    ]
}

#[test]
fn customers_of_another_kind_in_surveys_and_referrals_are_found_by_check() {
    let pipeline = sound().and(SURVEYS);
    write(&pipeline.data("s.parquet"), answers(Arc::new(StringArray::from(vec!["1", "2", "3"]))));
    both_refuse(&pipeline, &["'customer' is text here and of the other kind in the transactions"]);
    let pipeline = sound().and(REFERRALS);
    let who = || Arc::new(StringArray::from(vec!["1", "2"])) as ArrayRef;
    write(&pipeline.data("r.parquet"), vec![("who", who()), ("whom", who()), ("at", days(2))]);
    both_refuse(&pipeline, &["'referrer' is text here and of the other kind in the transactions"]);
}

#[test]
fn names_that_no_answer_has_are_said() {
    let asked = |perception: &str| {
        let pipeline = sound().and(perception).and(SURVEYS);
        write(&pipeline.data("s.parquet"), answers(Arc::new(Int64Array::from(vec![1, 2, 3]))));
        pipeline.abacus(&["run"])
    };
    let attributes =
        "\n[perception.attributes]\nprice = { group = \"price\" }\ndeliveries = { group = \"quality\" }\n";
    let wrong = asked(&["\n[perception]\nown = \"we\"\n", attributes].concat());
    wrong.succeeds(&[
        "warning: ",
        "perception.own: no answer of the surveys is about 'we'",
        "perception.overall: no answer of the surveys is about 'overall'; name the offer as a whole as surveys do",
        "perception.attributes: no answer of the surveys is about 'deliveries'; did you mean 'delivery'?",
    ]);
    let right = asked("\n[perception]\nown = \"us\"\noverall = \"delivery\"\n");
    right.succeeds(&[]);
    assert!(!right.stderr.contains("no answer"), "{right:?}");
}

const CONTRACTS: &str = "\n[contracts]\nfiles = \"../data/c.parquet\"\ncustomer = \"who\"\ncontract = \"contract\"\n\
                         started_on = \"at\"\nended_on = \"ended\"\nterm_months = \"1\"\nprice = \"price\"\n";

/// Of three contracts one has a price below 0 and one ends before it starts; nobody has heard of the customer of the third.
#[test]
fn rows_of_other_sources_that_would_be_quarantined_are_said_by_check() {
    let pipeline = sound().and(CONTRACTS);
    let columns: Columns = vec![
        ("who", Arc::new(Int64Array::from(vec![1, 2, 99]))),
        ("contract", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("at", days(3)),
        ("ended", Arc::new(Date32Array::from(vec![None, Some(19_000), None]))),
        ("price", Arc::new(Int64Array::from(vec![-5, 5, 5]))),
    ];
    write(&pipeline.data("c.parquet"), columns);
    let first = "c.parquet row group 0 row 0: price is below 0; a contract that is free costs 0";
    let tried = "contracts: 2 of 3 rows that were tried would be quarantined; the first: ";
    pipeline.abacus(&["check"]).succeeds(&[tried, first]);
    let published = pipeline.publish(&[]);
    let rows = published.rows("quarantine");
    let reasons: Vec<&str> = rows.iter().map(|row| row["reason"].as_str()).collect();
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert!(reasons[2].contains("'99' is in no other source"), "{reasons:?}");
}

#[test]
fn dates_that_the_history_does_not_reach_are_said() {
    let run = sound()
        .and("\n[lifecycle]\nas_of = [\"2010-01-01\", \"2024-02-01\", \"2030-01-01\"]\n")
        .abacus(&["run"]);
    run.succeeds(&["warning: ", "2010-01-01 lies before its first day", "2030-01-01 lies after its end"]);
    assert!(!run.stderr.contains("2024-02-01 lies"), "{run:?}");
}

#[test]
fn an_out_folder_that_cannot_be_made_is_found_by_check_which_leaves_nothing_behind() {
    let pipeline = sound().and("\n[publish]\npath = \"/proc/abacus\"\n");
    for command in ["check", "run"] {
        pipeline.abacus(&[command]).fails(4, &["/proc", "choose another folder"]);
    }
    let pipeline = sound();
    let folder = pipeline.file().parent().unwrap().parent().unwrap().to_owned();
    assert_eq!(pipeline.abacus(&["check"]).code, Some(0));
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["data", "pipelines"], "check makes no folder");
    pipeline.publish(&[]);
    let list = || {
        let folders = [pipeline.out(), pipeline.out().join("state")];
        let names = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        names.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = list();
    assert_eq!(pipeline.abacus(&["check"]).code, Some(0));
    assert_eq!(list(), before);
}

#[test]
fn doubts_about_sources_are_in_the_json_of_check_as_in_that_of_plan() {
    let pipeline = Pipeline::new().with("../data/lines/*.parquet", "../data/**/*.parquet");
    for shop in ["1", "X1"] {
        let folder = pipeline.data(&format!("lines/shop={shop}"));
        fs::create_dir_all(&folder).unwrap();
        let order = i64::try_from(shop.len()).unwrap();
        write(&folder.join("a.parquet"), super::table(&[super::Line::new(order, order, 3)]));
    }
    for command in ["check", "plan"] {
        let json = pipeline.abacus(&[command, "--format", "json"]).json();
        let warnings = json["warnings"].as_array().unwrap();
        assert!(warnings.len() == 1 && warnings[0].as_str().unwrap().contains("because of 'X1'"), "{json}");
    }
}
