//! `abacus releases diff`.

use super::{PipelineArg, pretty};
use crate::error::Result;
use crate::pipeline::Definition;
use crate::publish::{Home, Release};
use crate::report::grouped;
use crate::restatement::{Mover, Restated};
use crate::stages::{Difference, difference};
use crate::units::Decimal;
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    pub(super) pipeline: PipelineArg,
    /// Release to compare with; default: the one that was current before the other.
    before: Option<String>,
    /// Release that is compared; default: the current one.
    after: Option<String>,
    /// How many customers to name.
    #[arg(long, default_value_t = 20)]
    customers: usize,
}

pub(super) fn diff(args: &DiffArgs, definition: &Definition, home: &Home, json: bool) -> Result<String> {
    let ids = [args.before.as_deref(), args.after.as_deref()];
    let found = difference(definition, home, ids, args.customers)?;
    Ok(if json { pretty(&as_json(&found)) } else { as_text(&found) })
}

/// A table of either release.
struct TableRows<'r> {
    name: &'r str,
    before: u64,
    after: u64,
    /// Files with other bytes, or that one release lacks.
    changed_files: usize,
}

fn tables(found: &Difference) -> Vec<TableRows<'_>> {
    let Difference { before, after, .. } = found;
    let names: BTreeSet<&String> = before.tables.keys().chain(after.tables.keys()).collect();
    names
        .into_iter()
        .map(|name| TableRows {
            name,
            before: before.rows(name),
            after: after.rows(name),
            changed_files: changed_files(before, after, name),
        })
        .collect()
}

fn changed_files(before: &Release, after: &Release, table: &str) -> usize {
    let files = |release: &Release| -> BTreeSet<(Option<String>, String)> {
        release.files(table).iter().map(|file| (file.partition.clone(), file.blake3.clone())).collect()
    };
    let (was, is) = (files(before), files(after));
    let partitions: BTreeSet<_> = was.symmetric_difference(&is).map(|(partition, _)| partition).collect();
    partitions.len()
}

fn as_json(found: &Difference) -> Value {
    let table = |table: TableRows<'_>| {
        json!({ "table": table.name, "rows_before": table.before, "rows_after": table.after,
                "changed_files": table.changed_files })
    };
    json!({
        "before": found.before.id,
        "after": found.after.id,
        "tables": tables(found).into_iter().map(table).collect::<Vec<_>>(),
        "control_totals": { "before": found.before.run["control_totals"], "after": found.after.run["control_totals"] },
        "restated": found.totals,
        "customers_moved": found.moved,
        "customers": found.movers,
    })
}

fn as_text(found: &Difference) -> String {
    let mut text = format!("from {} to {}\n", found.before.id, found.after.id);
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes text");
    line("tables".to_owned());
    let (same, changed): (Vec<_>, Vec<_>) =
        tables(found).into_iter().partition(|table| table.changed_files == 0);
    for TableRows { name, before, after, changed_files } in changed {
        let rows = match before == after {
            true => format!("{} rows", grouped(after.into())),
            false => format!("{} rows, before {}", grouped(after.into()), grouped(before.into())),
        };
        let files = if changed_files == 1 { "1 file".to_owned() } else { format!("{changed_files} files") };
        line(format!("  {name:<22} {rows}; {files} changed"));
    }
    line(format!("  {} tables are the same", same.len()));
    line("control totals".to_owned());
    let totals: BTreeSet<&String> = found.totals.iter().map(|part| &part.control_total).collect();
    if totals.is_empty() {
        line("  none changed".to_owned());
    }
    for name in totals {
        let value =
            |release: &Release| release.run["control_totals"][name.as_str()].to_string().replace('"', "");
        match (value(&found.before), value(&found.after)) {
            (before, after) if before == "null" && after == "null" => line(format!("  {name}")),
            (before, after) => line(format!("  {name}: from {before} to {after}")),
        }
        let parts: Vec<&Restated> = found.totals.iter().filter(|part| part.control_total == *name).collect();
        part_lines(&parts).into_iter().for_each(&mut line);
    }
    line(format!("customers: profit of {} moved", grouped(found.moved.into())));
    found.movers.iter().for_each(|mover| line(mover_line(mover)));
    text
}

/// Periods that a line of their own is given to, for one cause.
const SHOWN_PERIODS: usize = 3;

/// The parts of one total's change, of more periods than a few in one line.
fn part_lines(parts: &[&Restated]) -> Vec<String> {
    let mut causes: Vec<(&str, Vec<&Restated>)> = Vec::new();
    for part in parts {
        match causes.iter_mut().find(|(cause, _)| *cause == part.cause) {
            Some((_, of_cause)) => of_cause.push(part),
            None => causes.push((&part.cause, vec![part])),
        }
    }
    let mut lines = Vec::new();
    for (cause, parts) in causes {
        let periods: Vec<&str> = parts.iter().map(|part| part.period.as_deref().unwrap_or("-")).collect();
        if parts.len() <= SHOWN_PERIODS {
            lines.extend(
                parts.iter().zip(&periods).map(|(part, period)| part_line(part.change, period, cause)),
            );
            continue;
        }
        let scale = parts.iter().map(|part| part.change.scale).max().unwrap_or(0);
        let sum = parts.iter().filter_map(|part| part.change.at_scale(scale)).sum();
        let (first, last) = (periods[0], periods[periods.len() - 1]);
        let where_to = format!("{} periods, {first} to {last}", parts.len());
        lines.push(part_line(Decimal { mantissa: sum, scale }, &where_to, cause));
    }
    lines
}

fn part_line(change: Decimal, period: &str, cause: &str) -> String {
    let sign = if change.mantissa > 0 { "+" } else { "" };
    format!("    {:>18}  {cause} ({period})", format!("{sign}{change}"))
}

fn mover_line(mover: &Mover) -> String {
    let known = |profit: &Option<String>| profit.clone().unwrap_or_else(|| "not there".to_owned());
    let sign = if mover.change.starts_with('-') { "" } else { "+" };
    format!(
        "  {:<16} {sign}{} (from {} to {})",
        mover.customer.as_deref().unwrap_or("(unidentified)"),
        mover.change,
        known(&mover.before),
        known(&mover.after)
    )
}
