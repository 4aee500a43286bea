//! What a release says of an earlier one.

use super::support::{Line, Pipeline, table, write};
use super::{column, pipeline};

/// Customers 1 to 5 buy 1 to 5 times in the first days; customer 1 comes back late.
fn history() -> Vec<Line> {
    let mut lines = Vec::new();
    for customer in 1..=5 {
        for order in 0..customer {
            lines.push(Line::new(customer, customer * 10 + order, 10 * customer - order));
        }
    }
    lines.extend((0..6).map(|order| Line::new(1, 100 + order, 70 + order)));
    lines
}

fn before_and_after(section: &str) -> (Pipeline, String) {
    let pipeline = pipeline(&history(), section);
    let first = pipeline.publish(&["--as-of", "2024-03-01"]);
    let id = first.id().to_owned();
    (pipeline, id)
}

#[test]
fn moves_between_tiers_start_from_the_release_before() {
    let tiers = "\n[segments.pyramid]\ntiers = { top = 0.2, rest = 0.8 }\nmeasure = \"orders\"\n";
    let (pipeline, id) = before_and_after(tiers);
    assert_eq!(column(&pipeline.published(), "migration", "segment_by"), [] as [String; 0]);
    let second = pipeline.publish(&[]);
    let rows = second.rows("migration");
    let moves: Vec<(&str, &str, &str)> = rows
        .iter()
        .filter(|row| row["segment_by"] == "tier")
        .map(|row| (row["from_segment"].as_str(), row["to_segment"].as_str(), row["customers"].as_str()))
        .collect();
    assert_eq!(moves, [("rest", "top", "1"), ("rest", "rest", "3"), ("top", "rest", "1")]);
    assert!(rows.iter().all(|row| row["from_release"] == id), "{rows:?}");
    let used = second.release["run"]["segments"]["earlier"].as_array().unwrap();
    assert!(used.len() == 2 && used.iter().all(|file| file["release"] == id.as_str()), "{used:?}");
}

#[test]
fn frozen_cut_points_change_a_score_only_when_the_customer_does() {
    let (pipeline, id) = before_and_after("\n[segments]\n");
    let first = pipeline.published();
    let frozen = format!("\n[segments.rfm]\ncut_points_from = \"{id}\"\n");
    let pipeline = pipeline.and(&frozen);
    let second = pipeline.publish(&[]);
    for name in ["up_to", "numerator", "denominator"] {
        assert_eq!(
            column(&second, "rfm_cut_point", name),
            column(&first, "rfm_cut_point", name),
            "{name} of the earlier release"
        );
    }
    assert!(column(&second, "rfm_cut_point", "release").iter().all(|release| *release == id));
    let changes = column(&second, "customer_segment", "score_change");
    // 9 cut points at 1.8, 2.6, 3.4 and 4.2 orders: 7 orders are above all of them.
    assert!(changes[0].contains("F rose from 1 to 5: 7 orders > 4.20"), "{changes:?}");
    assert!(changes[4].contains("R fell from 5 to "), "{changes:?}");
    assert!(!changes[4].contains("F "), "customer 5 bought nothing more: {changes:?}");
}

#[test]
fn a_cut_point_that_moved_is_told_as_the_reason() {
    let (pipeline, _) = before_and_after("\n[segments]\n");
    let second = pipeline.publish(&[]);
    let changes = column(&second, "customer_segment", "score_change");
    assert!(changes.iter().any(|change| change.contains("the cut point moved from")), "{changes:?}");
}

#[test]
fn a_release_that_is_not_there_is_told_with_its_place() {
    let pipeline = pipeline(&history(), "\n[segments]\nmigration_from = \"20200101T000000Z-000000\"\n");
    write(&pipeline.data("lines/all.parquet"), table(&history()));
    pipeline.abacus(&["check"]).fails(2, &[":19: no release '20200101T000000Z-000000'; there are: none"]);
}

/// Flips a bit of the file of a table of the current release.
fn damage(pipeline: &Pipeline, table: &str) {
    let release = pipeline.published().release;
    let path = pipeline.out().join(release["tables"][table]["files"][0]["path"].as_str().unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

#[test]
fn a_damaged_release_is_compared_with_only_if_it_is_named() {
    for table in ["customer_segment", "rfm_cut_point"] {
        let (pipeline, id) = before_and_after("\n[segments]\n");
        damage(&pipeline, table);
        let said =
            format!("its bytes changed since they were published; nothing is compared with release {id}");
        pipeline.abacus(&["run"]).succeeds(&["warning: ", table, &said]);
        assert_eq!(column(&pipeline.published(), "migration", "segment_by"), [] as [String; 0]);

        let named = format!("migration_from = \"{id}\"\n");
        pipeline.and(&named).abacus(&["run"]).fails(4, &["history.toml:", table, "name another release"]);
    }
}
