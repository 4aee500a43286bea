//! Bad input, one way at a time: each gets its clear error, or its rows are quarantined and counted.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod columns;
mod definition;
mod drift;
mod early;
mod exchange_rates;
mod files;
mod footers;
mod found;
mod ledgers;
mod master_data;
mod mistakes;
mod outcomes;
mod pages;
mod publishing;
mod rows;
mod strays;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;
mod surroundings;

use support::{Line, Pipeline, table, write};

/// Ten customers, each with an order in January and one in February.
fn ten_customers() -> Vec<Line> {
    (0..20).map(|order| Line::new(order % 10, order, order / 10 * 31)).collect()
}

/// A pipeline that works, over one file of ten customers.
fn sound() -> Pipeline {
    let pipeline = Pipeline::new();
    write(&pipeline.data("lines/a.parquet"), table(&ten_customers()));
    pipeline
}

/// Fails unless nothing was published.
fn nothing_is_published(pipeline: &Pipeline) {
    assert!(!pipeline.out().join("release.json").exists());
    let releases = pipeline.out().join("releases");
    assert!(!releases.exists() || std::fs::read_dir(releases).expect("a folder").next().is_none());
}

#[test]
fn the_pipeline_that_the_others_spoil_is_sound() {
    let published = sound().publish(&[]);
    assert_eq!(published.counts(), [20, 20, 0, 0, 0]);
    assert_eq!(published.rows("customer").len(), 10);
}
