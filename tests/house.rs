//! Rules of the house that the compiler does not know, read from the source.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Who may read or hold something of all customers at once: the room made for it; the facts, which read the customers
/// source; questions, for what one customer bears follows from all before it.
const MAY_HOLD_ALL: [&str; 3] = ["customers/", "facts/", "questions/"];

/// How a column as long as the customer base is made, and its length.
const MAKES_COLUMN: [&str; 2] = ["vec![", "with_capacity("];
const OF_ALL: [&str; 2] = ["customers.len()", "customers.keys.len()"];

/// How facts are read, and what stands for all customers.
const READS: [&str; 4] = ["customer_facts(", "product_facts(", "day_facts(", "lifetime_orders("];
const WHOLE: [&str; 2] = [", ..)", "(..)"];

/// Of customers warned of, not of all.
const ALLOWED: [&str; 1] = ["lifecycle/stage.rs: vec![0; all.customers.len()]"];

/// The rest of the line from each place where the text begins so.
fn after<'t>(line: &'t str, beginning: &'t str) -> impl Iterator<Item = &'t str> {
    line.match_indices(beginning).map(|(place, _)| &line[place..])
}

fn holds_all(line: &str) -> Option<&str> {
    let column = |text: &&str| {
        let end = text.find(['\n', ',']).unwrap_or(text.len());
        OF_ALL.iter().any(|length| text[..end].contains(length))
    };
    let whole = |text: &&str| {
        let end = text.find(')').map_or(text.len(), |end| end + 1);
        WHOLE.iter().any(|all| text[..end].ends_with(all))
    };
    let columns = MAKES_COLUMN.iter().flat_map(|beginning| after(line, beginning)).find(column);
    columns.or_else(|| READS.iter().flat_map(|beginning| after(line, beginning)).find(whole))
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter();
    let paths: Vec<PathBuf> = files.map(|entry| entry.unwrap().into_path()).collect();
    let rust = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    rust.map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn stages_hold_no_column_of_all_customers() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        if MAY_HOLD_ALL.iter().any(|room| name.starts_with(room)) || name.ends_with("tests.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap();
        for found in code.lines().filter_map(holds_all) {
            let fault = format!("{name}: {found}");
            if !ALLOWED.iter().any(|allowed| fault.starts_with(allowed)) {
                faults.push(fault);
            }
        }
    }
    assert!(faults.is_empty(), "walk over slices instead (src/customers): {faults:#?}");
}

#[test]
fn what_holds_all_is_found_and_what_holds_a_window_is_not() {
    for line in [
        "let sums = vec![0; facts.customers.len()];",
        "let names = Vec::with_capacity(customers.keys.len());",
        "let rows = facts.customer_facts(period, ..)?;",
        "let orders = facts.lifetime_orders(..)?;",
    ] {
        assert!(holds_all(line).is_some(), "{line}");
    }
    for line in
        ["facts.customer_facts(period, window)?", "facts.day_facts(period, 0..9)?", "vec![0; ranks.len()]"]
    {
        assert_eq!(holds_all(line), None, "{line}");
    }
}
