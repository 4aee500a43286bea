//! The pipelines that are tours of costing: what their comments promise, they do.

use super::{Release, decimal, month, shipped};
use crate::support::Outcome;
use abacus::questions::{activity, resource};
use std::process::Command;
use tempfile::TempDir;

const TOURS: [&str; 2] = ["time_driven", "network"];

/// What the program answers to a question about a published tour.
fn ask(folder: &TempDir, tour: &str, words: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
    command.arg(words[0]).arg(folder.path().join(format!("pipelines/{tour}.toml"))).args(&words[1..]);
    let outcome = Outcome::of(&mut command);
    assert_eq!(outcome.code, Some(0), "{tour} {words:?}: {outcome:?}");
    outcome
}

fn costing(release: &Release) -> &abacus::pipeline::CostingDef {
    release.definition.costing.as_ref().unwrap()
}

#[test]
fn every_node_of_a_tour_is_explained_and_closes() {
    for tour in TOURS {
        let (_folder, release) = shipped(tour);
        for period in [None, Some(month("2024-12-31"))] {
            for node in &costing(&release).activities {
                let found = activity(&release.ask(), &node.name, period, 3).unwrap();
                let from: i128 = found.from.iter().map(|flow| flow.amount.mantissa()).sum();
                let to: i128 = found.to.iter().map(|flow| flow.amount.mantissa()).sum();
                assert_eq!((from, to), (found.cost.mantissa(), found.cost.mantissa()), "{}", node.name);
            }
            for node in &costing(&release).resources {
                let found = resource(&release.ask(), &node.name, period, 3).unwrap();
                let to: i128 = found.to.iter().map(|flow| flow.amount.mantissa()).sum();
                assert_eq!(to, found.cost.mantissa(), "{}", node.name);
            }
        }
    }
}

#[test]
fn every_scenario_of_a_tour_is_costed_and_budgeted() {
    for tour in TOURS {
        let (folder, release) = shipped(tour);
        for scenario in &release.definition.scenarios {
            let changed =
                ask(&folder, tour, &["whatif", "--scenario", &scenario.name, "--format", "json"]).json();
            let is_plan = scenario.has_only_plans();
            assert_eq!(changed["customers_affected"] == 0, is_plan, "{}", scenario.name);
            let budget =
                ask(&folder, tour, &["budget", "--scenario", &scenario.name, "--format", "json"]).json();
            assert_eq!(budget["base_period"], "2024-12-01");
        }
    }
}

#[test]
fn budgets_count_money_once_however_many_activities_it_passes() {
    let (folder, _release) = shipped("network");
    let budget = ask(&folder, "network", &["budget", "--scenario", "next_month", "--format", "json"]).json();
    let rows = budget["activities"].as_array().unwrap();
    let lead = rows.iter().find(|row| row["activity"] == "lead the warehouse").unwrap();
    assert_eq!((&lead["base_cost"], &lead["cost"]), (&"0.0000".into(), &"0.0000".into()), "others take it");
}

#[test]
fn minutes_of_months_that_are_not_listed_are_not_known() {
    let (_folder, release) = shipped("time_driven");
    let periods = &release.ask().costing.periods;
    let known = periods.iter().filter(|period| period.activities[0].actual_minutes.is_some());
    let known: Vec<String> = known.map(|period| period.period.to_string()).collect();
    assert_eq!(known, ["2024-10-01", "2024-11-01"]);
    let unknown = periods.iter().filter(|period| period.activities[0].efficiency.is_none());
    assert_eq!(unknown.count(), periods.len() - 2);
    assert_eq!(periods[22].activities[0].actual_minutes.unwrap(), decimal("4_450"));
}

#[test]
fn commands_in_the_comments_of_tours_work() {
    for tour in TOURS {
        let (folder, _release) = shipped(tour);
        let text = std::fs::read_to_string(folder.path().join(format!("pipelines/{tour}.toml"))).unwrap();
        let commands = text.lines().filter_map(|line| line.strip_prefix("#   abacus "));
        let told = commands.inspect(|line| {
            let words: Vec<&str> = line.split('"').enumerate().flat_map(words).collect();
            let without_file: Vec<&str> = words.into_iter().filter(|word| !word.ends_with(".toml")).collect();
            assert!(ask(&folder, tour, &without_file).stdout.lines().count() > 3, "{line}");
        });
        assert_eq!(told.count(), 4, "{tour}");
    }
    /// Words of a part of a command line; every second part stood in quotes.
    fn words((index, part): (usize, &str)) -> Vec<&str> {
        if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
    }
}
