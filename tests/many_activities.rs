//! Beyond 40 activities, what each customer had of each moves from columns to rows.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeMap;
use support::{Pipeline, lines, table, write};

/// Three activities of the pipeline and as many more.
fn pipeline(more: usize) -> Pipeline {
    let activity = |index: usize| {
        let (level, at_least) = (["order", "customer"][index % 2], index % 7);
        format!(
            "[[costing.activity]]\nname = \"step {index:02}\"\nlevel = \"{level}\"\nfrom = {{ \"warehouse\" = 0.002 }}\n\
             driver = \"0.25 * count(*) filter (where quantity > {at_least}) + count(distinct order)\"\n\n"
        )
    };
    let activities: String = (0..more).map(activity).collect();
    let pipeline = Pipeline::new().with("[profitability]", &format!("{activities}[profitability]"));
    write(&pipeline.data("lines/all.parquet"), table(&lines(5, 2_000, 90)));
    pipeline
}

/// Ten-thousandths.
fn money(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

#[test]
fn forty_activities_have_columns_and_no_rows() {
    let published = pipeline(37).publish(&[]);
    assert!(published.release["tables"].get("customer_activity").is_none());
    assert!(published.rows("customer_period")[0].contains_key("cost_step_36"));
}

#[test]
fn more_activities_have_rows_that_add_up_to_the_same_cost() {
    let pipeline = pipeline(38);
    let published = pipeline.publish(&["--threads", "1"]);
    let waterfalls = published.rows("customer_period");
    assert!(waterfalls[0].keys().all(|column| !column.contains("step")), "{:?}", waterfalls[0].keys());
    let mut borne: BTreeMap<(String, String), i64> = BTreeMap::new();
    let cells = published.rows("customer_activity");
    for cell in &cells {
        let of = (cell["customer_id"].clone(), cell["period_start"].clone());
        *borne.entry(of).or_default() += money(&cell["cost"]);
        assert!(money(&cell["cost"]) != 0 || money(&cell["volume"]) != 0, "{cell:?}");
    }
    for row in waterfalls {
        let of = (row["customer_id"].clone(), row["period_start"].clone());
        let cost = money(&row["cost_to_serve"]) + money(&row["customer_level_cost"]);
        assert_eq!(borne.remove(&of).unwrap_or(0), cost, "{row:?}");
    }
    assert!(borne.is_empty(), "cells without customer: {borne:?}");
    let firsts: Vec<&str> = cells[..2].iter().map(|cell| cell["activity"].as_str()).collect();
    assert_eq!(firsts, ["take order", "pick"], "activities in declared order");

    let digests = published.digests();
    assert_eq!(pipeline.publish(&["--threads", "4", "--full"]).digests(), digests);
    assert_eq!(pipeline.publish(&[]).digests(), digests, "taken over from the release before");
}
