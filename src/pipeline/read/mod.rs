//! From the text of a pipeline file to the checked `Definition`, with every fault of the file in one pass.
//!
//! First the shape: keys, types and words, checked against the tables of `keys`. Then the meaning: each section is
//! read as far as it goes, so that a fault in one place hides none in another. Whatever reads as `None` although it
//! is there has had its fault noted, so what is optional may collapse: only a reading without faults is kept.

mod acquisition;
mod acquisitions;
mod activity;
mod bill;
mod capacity;
mod combination;
mod contextual_factors;
mod contracts;
mod costing;
#[cfg(test)]
mod costing_tests;
mod counted_histories;
mod customer_base;
mod customers;
mod cycle;
#[cfg(test)]
mod default_tests;
mod driver;
mod effects;
mod exchange;
mod exits;
mod expect;
mod facts;
mod feed;
mod forecast;
mod hierarchy;
mod ledger;
mod level;
mod names;
mod needs;
mod network;
mod number;
mod or_default;
mod paths;
mod perception;
mod plan;
mod planned;
mod pool;
mod price;
mod programme;
mod rate;
mod reading;
mod resource;
mod scenario;
mod scenario_fees;
mod scenario_only;
mod scenario_sales;
mod scenario_shares;
mod segments;
mod sensitivity;
mod services;
mod settings;
mod shape;
mod table;
mod take;
mod text_format;
mod text_offset;
mod weights;
mod wording;

pub(crate) use wording::did_you_mean;

use super::{Definition, Sections};
use crate::error::{Error, Kind, Result};
use reading::Reading;
use std::ops::Range;
use std::path::{Path, PathBuf};
use table::Table;
use toml::de::DeTable;

/// Reads and checks a pipeline file. Opens no other file.
///
/// # Errors
/// Of kind `Definition`, one message per fault of the file, in the order of the file.
pub fn read(path: &Path) -> Result<Definition> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    checked(path, &bytes)
}

/// Checks the text of a pipeline file, as a release keeps it; `path` says where its patterns begin.
///
/// # Errors
/// As `read`.
pub fn read_text(path: &Path, text: &str) -> Result<Definition> {
    checked(path, text.as_bytes())
}

fn checked(path: &Path, bytes: &[u8]) -> Result<Definition> {
    let text = decode(path, bytes)?;
    let reading = Reading::new(path, text);
    let (root, syntax_errors) = DeTable::parse_recoverable(text);
    let root = Table::root(&reading, root.get_ref());
    shape::check(root, syntax_errors.is_empty());
    if !syntax_errors.is_empty() {
        note_syntax(&reading, &syntax_errors);
    }
    // What a syntax error swallowed would show up as missing or unknown, so meaning waits until the syntax is right.
    let definition = syntax_errors.is_empty().then(|| definition(&reading, root, bytes)).flatten();
    let faults = reading.into_faults();
    if faults.is_empty() {
        Ok(definition.expect("a reading without faults gives a definition"))
    } else {
        Err(Error { kind: Kind::Definition, messages: faults })
    }
}

fn note_syntax(reading: &Reading<'_>, errors: &[toml::de::Error]) {
    let places: Vec<Range<usize>> = errors.iter().map(|error| error.span().unwrap_or(0..0)).collect();
    reading.forget_doubtful(&places.iter().map(|place| place.start).collect::<Vec<_>>());
    for (error, place) in errors.iter().zip(places) {
        let found =
            reading.text.get(place.clone()).filter(|found| !found.trim().is_empty() && !found.contains('\n'));
        let found = found.map(|found| format!("; found {}", wording::quoted(found))).unwrap_or_default();
        reading.fault(place.start, format!("TOML syntax: {}{found}", error.message()));
    }
}

fn definition(reading: &Reading<'_>, root: Table<'_>, bytes: &[u8]) -> Option<Definition> {
    let name = reading.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let facts_table = root.table("facts");
    let grain = facts::grain(facts_table);
    let with_acquisitions = acquisitions::are_wanted(root);
    let events = facts_table.map(|facts| facts::event_names(facts, with_acquisitions)).unwrap_or_default();
    let facts = facts_table.and_then(|facts| facts::facts(facts, grain, with_acquisitions));
    acquisitions::check_charged_once(root);
    price::check_activities(root);
    exchange::check_activities(root);
    price::check_published(root);
    hierarchy::check_published(root);
    let (costing, scenarios) = costing::costing(root, grain, &events);
    let costing = price::charged(costing, facts.as_ref());
    let costing = exchange::charged(costing, facts.as_ref());
    let plan = root.table("plan").and_then(|section| plan::plan(section, root, scenarios.as_deref()));
    let forecast = root.table("forecast").and_then(|section| forecast::forecast(section, root));
    let sensitivity = root.table("sensitivity").and_then(|section| sensitivity::sensitivity(section, root));
    let lifecycle = root.table("lifecycle").and_then(|section| customer_base::lifecycle(section, root));
    let clv = root.table("clv").and_then(|section| customer_base::clv(section, root));
    let contracts = root.table("contracts").and_then(contracts::contracts);
    let counted_histories = root.table("counted_histories").and_then(counted_histories::counted_histories);
    let segments = root.table("segments").and_then(|section| segments::segments(section, root, grain));
    let effects = root.table("effects").and_then(|section| effects::effects(section, root));
    let hierarchy = root.table("hierarchy").and_then(|section| hierarchy::hierarchy(section, root));
    let acquisition = root.table("acquisition").and_then(|section| acquisition::acquisition(section, root));
    let programme = root.table("programme").and_then(|section| programme::programme(section, root, grain));
    let perception = root.table("perception").and_then(|section| perception::perception(section, root));
    let needs = root.table("needs").and_then(|section| needs::needs(section, root));
    Some(Definition {
        path: reading.path.to_owned(),
        about: root.text("about").map(str::to_owned),
        digest: blake3::hash(bytes).to_hex().to_string(),
        text: String::from_utf8_lossy(bytes).into_owned(),
        sections: Sections::of(root.map),
        costing,
        scenarios: scenarios.unwrap_or_default(),
        profitability: root.table("profitability").map(|section| settings::profitability(section, grain)),
        plan,
        forecast,
        sensitivity,
        lifecycle,
        clv,
        contracts,
        counted_histories,
        segments,
        effects,
        hierarchy,
        acquisition,
        programme,
        perception,
        needs,
        run: settings::run(reading, root.table("run")),
        publish: settings::publish(reading, root.table("publish"), &name),
        expect: expect::expectations(&root.tables("expect")),
        facts: facts?,
        name,
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let way_out = match similar_file(path) {
        Some(similar) => format!("did you mean '{}'?", similar.display()),
        None => "give the path of a pipeline file, such as pipelines/retail.toml".to_owned(),
    };
    let what = match error.kind() {
        std::io::ErrorKind::NotFound => "no such pipeline file",
        std::io::ErrorKind::IsADirectory => "this is a folder, not a pipeline file",
        _ => return Error::io(Kind::Definition, path, error),
    };
    Error::definition(format!("{}: {what}; {way_out}", path.display()))
}

/// A TOML file beside, or in, the path that was given, with the name most like it.
fn similar_file(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    let wanted = path.file_name()?.to_str()?;
    let name = wording::nearest(
        wanted.trim_end_matches(".toml"),
        names.iter().map(|name| name.trim_end_matches(".toml")),
    )?;
    Some(paths::normalised(&folder.join(format!("{name}.toml"))))
}

fn decode<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::definition(format!(
            "{}:{line}:1: this line is not UTF-8 text; save the file as UTF-8",
            path.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: &str = include_str!("../../../tests/definitions/right/complete.toml");

    /// Reads the text; only its not panicking is of interest.
    fn survives(text: &str) {
        let _ = checked(Path::new("pipelines/p.toml"), text.as_bytes());
    }

    #[test]
    fn the_example_of_the_reference_is_right() {
        let reference = include_str!("../../../pipelines/README.md");
        let (_, rest) = reference.split_once("```toml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let definition = checked(Path::new("pipelines/example.toml"), example.as_bytes()).unwrap();
        assert_eq!(definition.publish.path, Path::new("pipelines/out/example"));
        assert_eq!(definition.costing.unwrap().activities.len(), 3);
    }

    #[test]
    fn the_excerpts_of_the_reference_have_no_fault_but_what_they_leave_out() {
        let reference = include_str!("../../../pipelines/README.md");
        let excerpts = reference.split("```toml\n").skip(2).map(|rest| rest.split("```").next().unwrap());
        let mut count = 0;
        for excerpt in excerpts {
            let error = checked(Path::new("p.toml"), excerpt.as_bytes()).expect_err("no [facts]");
            let left_out = [
                "missing key 'facts'",
                "in [facts]",
                "unknown resource",
                "unknown activity",
                "unknown source",
                "'acquired_on' is missing",
                "is no dimension of orders",
                "have no product groups",
                "there is no costing whose",
            ];
            for message in &error.messages {
                assert!(
                    left_out.iter().any(|left_out| message.contains(left_out)),
                    "{message} in\n{excerpt}"
                );
            }
            count += 1;
        }
        assert!(count >= 7, "{count}");
    }

    #[test]
    fn a_file_cut_off_anywhere_is_told_not_panicked_about() {
        for (end, _) in COMPLETE.char_indices() {
            survives(&COMPLETE[..end]);
        }
    }

    #[test]
    fn any_value_may_stand_anywhere() {
        let junk = [
            "\"\"",
            "\"x\"",
            "0",
            "-1",
            "0.5",
            "nan",
            "[]",
            "[1]",
            "{}",
            "{ x = \"y\" }",
            "true",
            "2024-01-01",
        ];
        let lines: Vec<&str> = COMPLETE.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some((key, _)) = line.split_once(" = ") else { continue };
            for value in junk {
                let replaced = format!("{key} = {value}");
                let text: Vec<&str> = lines
                    .iter()
                    .enumerate()
                    .map(|(at, line)| if at == index { &replaced } else { *line })
                    .collect();
                survives(&text.join("\n"));
            }
        }
    }

    #[test]
    fn any_line_may_be_missing() {
        let lines: Vec<&str> = COMPLETE.lines().collect();
        for index in 0..lines.len() {
            survives(&[&lines[..index], &lines[index + 1..]].concat().join("\n"));
        }
    }
}
