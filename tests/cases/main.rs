//! Published worked examples, run through pipeline files. Each folder beside this file is one of them, and its
//! name states the source; README.md says how to read and how to add one.

mod dictionary;
mod expected;
mod input;

use abacus::publish::Release;
use abacus::run::Events;
use abacus::stages::{self, RunOptions};
use expected::{Expected, Table};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

macro_rules! cases {
    ($($name:ident)*) => {
        const CASES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { check(stringify!($name)); })*
    };
}

cases! {
    g01_kaplan_anderson_customer_service
    g01_kaplan_anderson_customer_service_by_interviews
    g02_garber_company
    g02_garber_company_by_interviews
    g04_kaplan_anderson_inside_sales
    g04_kaplan_anderson_packaging
    g05_midwest_office_products
    g06_dakota_office_products
    g06_dakota_office_products_by_purchases
    g07_spring_distribution
    g09_enviro_tech
    g10_support_departments_direct
    g10_support_departments_reciprocal
    g10_support_departments_step_down_maintenance_first
    g10_support_departments_step_down_systems_first
    g13_classic_brass
    g16_whale_curve_of_ten_customers
    g17_negative_and_zero_volumes
    g18_rounding_in_key_order
    g19_webb_company_budget_variances
    h01_standard_rates_and_their_variances
    h02_unused_capacity_policies
    h03_direct_charge_and_shared_rest
    h04_bill_of_costs
    h05_fixed_and_variable
    h06_unit_level_cost_by_product
    h07_price_concessions
    h08_campaigns_by_customers_won
    h09_fallback_driver
    h10_unit_level_rate_in_an_empty_month
    h11_lifetime_value
    h12_lifecycle_of_six_customers
    h13_pyramid_of_1_4_15_and_80_per_cent
    h14_four_treatments_of_a_customer_list
    h15_next_product
    h16_small_orders
    h17_plan_of_two_months
    h18_scenario_as_plan
    h19_purchase_seasons
    h20_bridge_of_customers
    h21_published_what_ifs
    h22_price_waterfall
    h23_fees_on_small_orders
    h24_prices_and_dropping
    h25_sensitivity_of_profit
    h26_parents_and_payers
    h27_nested_levels
    h28_currencies_and_companies
    h29_rates_of_the_month
    h30_acquisition_of_eight_customers
    h31_forecast_of_volumes
    h32_contracts
    h33_segments_by_needs
    h34_factors_of_satisfaction
    h35_points_of_ifrs_15_example_52
    h36_members_against_others
    h37_counted_donors
    h38_contracts_under_observation
    h39_groups_by_month
    h40_sensitivity_both_ways
    h41_contextual_factors
    p01_driver_weights
    p02_the_shirt
    p03_what_customers_say
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// Runs the case's pipeline and compares what it publishes, text for text.
fn check(name: &str) {
    let case = folder().join(name);
    let place = tempfile::tempdir().expect("a temporary folder");
    let pipeline = input::lay_out(&case, &place.path().join(name));
    let report = stages::publish(&pipeline, RunOptions::default(), Arc::new(Silent))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let report = report.made().expect("the first run has something to do");
    let (out, release) = (&report.definition.publish.path, report.release.expect("no dry run"));
    let differences: Vec<String> = files(&case.join("expected"))
        .iter()
        .filter_map(|golden| difference(golden, out, &release).map(|lines| format!("{name}: {lines}")))
        .collect();
    assert!(differences.is_empty(), "{}BLESS=1 rewrites them", differences.concat());
}

/// How one published table differs from its golden file, which `BLESS=1` rewrites.
fn difference(golden: &Path, out: &Path, release: &Release) -> Option<String> {
    let expected = Expected::read(golden);
    let found = expected.select(&Table::read(out, release, &stem(golden)));
    if std::env::var_os("BLESS").is_some() {
        fs::write(golden, expected.with_rows(&found)).expect("the golden file is writable");
        return None;
    }
    expected.difference(&found).map(|lines| format!("expected/{}.csv\n{lines}", stem(golden)))
}

/// Files of a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().expect("a file name").to_string_lossy().into_owned()
}

struct Silent;

impl Events for Silent {
    fn stage_started(&self, _: &str, _: &str, _: Option<f64>) {}
    fn progress(&self, _: u64, _: u64) {}
    fn stage_finished(&self, _: &str, _: f64, _: &str) {}
}

#[test]
fn every_folder_is_a_case_that_reads_like_prose() {
    let mut folders = files(&folder());
    folders.retain(|path| path.is_dir());
    assert_eq!(
        folders.iter().map(|path| stem(path)).collect::<Vec<_>>(),
        CASES,
        "folders and tests, by name"
    );
    for case in folders {
        let read = abacus::pipeline::read(&case.join("pipeline.toml"));
        let about = read.unwrap_or_else(|error| panic!("{error}")).about;
        let told = about.as_deref().map_or(0, |about| about.split_whitespace().count());
        assert!(told >= 20, "{}: 'about' names the source and the numbers it reproduces", case.display());
        for part in ["in", "expected"] {
            let files = files(&case.join(part));
            assert!(!files.is_empty(), "{}: '{part}' is empty", case.display());
            let is_csv = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "csv");
            assert!(files.iter().all(is_csv), "{}: '{part}' holds other than CSV files", case.display());
        }
    }
}
