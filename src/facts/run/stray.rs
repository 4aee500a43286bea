//! Outliers of time: periods far from all others that hold next to nothing, such as those of an empty date or a
//! mistyped year. They would stretch the history, and with it every resource, and move the as-of day.

use super::schedule::Run;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::Rows;
use crate::facts::inputs::reading::Reading;
use crate::facts::inputs::task::Task;
use crate::facts::state::record::{PeriodRuns, Record};
use crate::pipeline::Definition;
use crate::units::{Day, Period, PeriodKind};
use std::ops::Range;

/// How little lies beyond how long a gap: less than one row in `few`, at least `days` without any row, and more than
/// `rests` times the length of the rest of the history.
struct Rule {
    few: u64,
    days: i32,
    rests: i32,
}

/// The longer the gap against the history, the more rows are still no history of their own: an empty date that became
/// 1970 is often one row in twenty.
const RULES: [Rule; 3] = [
    Rule { few: 100, days: 730, rests: 0 },
    Rule { few: 100, days: 365, rests: 1 },
    Rule { few: 5, days: 1_825, rests: 3 },
];

impl Rule {
    fn holds(&self, rows: u64, total: u64, gap: &Range<Day>, rest: &Range<Day>) -> bool {
        let [gap, rest] = [gap, rest].map(|days| days.end.0 - days.start.0);
        rows * self.few < total && gap >= self.days && gap > rest * self.rests
    }
}

/// Which end of the history a stray lies at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// Few rows beyond a long gap.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stray {
    end: End,
    rows: u64,
    /// From its first day to the day after its last.
    days: Range<Day>,
    /// Days of the periods without rows between it and the rest.
    gap: Range<Day>,
}

/// Stops a run whose history a stray would stretch, unless that end is bounded: then it is meant.
///
/// # Errors
/// Of kind `Check`: names the day, the file and the row, the gap and the way out.
pub(crate) fn check_strays(definition: &Definition, run: &Run<'_>, record: &Record) -> Result<()> {
    let kind = definition.facts.period;
    let lived = lived(run, &record.periods, kind);
    let bounds = definition.facts.bounds;
    let is_meant = |stray: &Stray| match stray.end {
        End::First => bounds.earliest.is_some(),
        End::Last => bounds.latest.is_some(),
    };
    let strays = strays(&lived).into_iter().filter(|stray| !is_meant(stray));
    let total: u64 = lived.iter().map(|(_, rows)| rows).sum();
    let messages = strays.map(|stray| message(definition, run, &stray, total));
    let messages = messages.collect::<Result<Vec<String>>>()?;
    if messages.is_empty() { Ok(()) } else { Err(Error { kind: Kind::Check, messages }) }
}

/// Periods with rows of a source that makes periods, ascending, and how many.
fn lived(run: &Run<'_>, periods: &[PeriodRuns], kind: PeriodKind) -> Vec<(Period, u64)> {
    let of_period = |runs: &PeriodRuns| {
        let counted = runs.matches.iter().zip(&run.sources).filter(|(_, source)| source.makes_periods);
        let rows = counted.map(|(found, _)| found.rows).sum();
        let start = runs.period.parse().expect("a kept period is named by its first day");
        (Period { start, kind }, rows)
    };
    periods.iter().map(of_period).filter(|(_, rows)| *rows > 0).collect()
}

/// The strays at both ends.
fn strays(lived: &[(Period, u64)]) -> Vec<Stray> {
    [End::First, End::Last].into_iter().filter_map(|end| stray_at(end, lived)).collect()
}

/// The most periods at an end that are next to nothing together and lie beyond a long gap.
fn stray_at(end: End, lived: &[(Period, u64)]) -> Option<Stray> {
    let rows_of = |periods: &[(Period, u64)]| -> u64 { periods.iter().map(|(_, rows)| rows).sum() };
    let span = |periods: &[(Period, u64)]| periods[0].0.start..periods[periods.len() - 1].0.end();
    let total = rows_of(lived);
    let mut found = None;
    for cut in 1..lived.len() {
        let at = if end == End::First { cut } else { lived.len() - cut };
        let (earlier, later) = lived.split_at(at);
        let (beyond, rest) = if end == End::First { (earlier, later) } else { (later, earlier) };
        let rows = rows_of(beyond);
        let gap = span(earlier).end..span(later).start;
        if RULES.iter().any(|rule| rule.holds(rows, total, &gap, &span(rest))) {
            found = Some(Stray { end, rows, days: span(beyond), gap });
        }
    }
    found
}

fn message(definition: &Definition, run: &Run<'_>, stray: &Stray, total: u64) -> Result<String> {
    let Stray { rows, days, gap, .. } = stray;
    let kind = definition.facts.period;
    let mut period = Period { start: gap.start, kind };
    let mut empty = 0;
    while period.start < gap.end {
        empty += 1;
        period = period.next();
    }
    let found = first_row(run, days)?;
    let (day, place) = match &found {
        Some((day, place)) => (*day, format!(", the first in {place}")),
        None => (days.start, String::new()),
    };
    let (key, side, cut, meant) = match stray.end {
        End::First => ("earliest", "before", gap.end, days.start.max(Day::MIN)),
        End::Last => ("latest", "after", Day(gap.start.0 - 1), Day(days.end.min(Day::END).0 - 1)),
    };
    let (rows_text, lie) =
        if *rows == 1 { ("1 row".to_owned(), "lies") } else { (format!("{rows} rows"), "lie") };
    Ok(format!(
        "{rows_text} of {total} {lie} around {day}, {empty} empty {}s {side} all others{place}; such a row stretches the \
         history and the cost of every resource: say {key} = \"{cut}\" in [facts] to quarantine what lies beyond, or \
         {key} = \"{meant}\" to let it in",
        kind.name()
    ))
}

/// The first row of the days, in source, file and row order: its day, and its place. Only row groups that may reach
/// there are read.
fn first_row(run: &Run<'_>, days: &Range<Day>) -> Result<Option<(Day, String)>> {
    for (source, files) in
        run.reach.iter().enumerate().filter(|(source, _)| run.sources[*source].makes_periods)
    {
        for (file, row_groups) in files.iter().enumerate() {
            for (row_group, reach) in row_groups.iter().enumerate() {
                let reaches = reach.is_none_or(|(first, last)| {
                    first <= last
                        && run.periods.period(first).start < days.end
                        && days.start < run.periods.period(last).end()
                });
                let task = Task { source, file, row_group };
                if reaches && let Some((day, row)) = first_row_of(run, task, days)? {
                    let path = run.sources[source].files[file].path.display();
                    return Ok(Some((day, format!("{path} row group {row_group} row {row}"))));
                }
            }
        }
    }
    Ok(None)
}

fn first_row_of(run: &Run<'_>, task: Task, days: &Range<Day>) -> Result<Option<(Day, usize)>> {
    let source = &run.sources[task.source];
    let mut first = 0;
    for batch in Reading::of(source, task).batches()? {
        let batch = batch?;
        let rows = &Rows::of(&batch);
        let instants = source.at.instants(rows)?;
        let kept = source.filter.as_ref().map(|filter| filter.truth(rows)).transpose()?;
        let is_used = |row: usize| {
            instants.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
                && kept.as_ref().is_none_or(|kept| kept.value.value(row))
                && instants.faults.iter().all(|(fault, _)| *fault as usize != row)
        };
        let lies_there = |row: &usize| days.contains(&Day(instants.days[*row])) && is_used(*row);
        if let Some(row) = (0..batch.num_rows()).find(lies_there) {
            return Ok(Some((Day(instants.days[row]), first + row)));
        }
        first += batch.num_rows();
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ends at which strays lie, with their rows, of months given as (year, month, rows).
    fn of(months: &[(i32, u32, u64)]) -> Vec<(End, u64)> {
        let period = |(year, month, rows): &(i32, u32, u64)| {
            let start = Day::from_ymd(*year, *month, 1).unwrap();
            (Period { start, kind: PeriodKind::Month }, *rows)
        };
        let lived: Vec<_> = months.iter().map(period).collect();
        strays(&lived).into_iter().map(|stray| (stray.end, stray.rows)).collect()
    }

    #[test]
    fn few_rows_beyond_a_long_gap_are_strays_and_nothing_else_is() {
        let year = [(2024, 1, 150), (2024, 6, 150)];
        let with =
            |before: &[(i32, u32, u64)], after: &[(i32, u32, u64)]| of(&[before, &year, after].concat());
        assert_eq!(with(&[], &[]), []);
        assert_eq!(with(&[], &[(2099, 12, 1)]), [(End::Last, 1)]);
        assert_eq!(with(&[(1970, 1, 1)], &[]), [(End::First, 1)]);
        assert_eq!(with(&[(1970, 1, 1)], &[(2099, 12, 2)]), [(End::First, 1), (End::Last, 2)]);
        assert_eq!(with(&[], &[(2098, 1, 1), (2099, 12, 1)]), [(End::Last, 2)]);
        // One row in a hundred is something after three years, but not after seventy, as long as it is not one in five.
        assert_eq!(with(&[], &[(2027, 12, 4)]), []);
        assert_eq!(with(&[], &[(2099, 12, 74)]), [(End::Last, 74)]);
        assert_eq!(with(&[], &[(2099, 12, 75)]), []);
        assert_eq!(with(&[(1970, 1, 1)], &[]), [(End::First, 1)]);
        assert_eq!(of(&[(2024, 1, 9), (2099, 12, 1)]), [(End::Last, 1)]);
        // A year without rows that is longer than the rest of the history.
        assert_eq!(with(&[], &[(2025, 7, 1)]), [(End::Last, 1)]);
        assert_eq!(with(&[], &[(2025, 6, 1)]), []);
        let decade = [(2014, 1, 500), (2024, 6, 500)];
        assert_eq!(of(&[&decade[..], &[(2026, 1, 1)]].concat()), []);
        assert_eq!(of(&[&decade[..], &[(2026, 8, 1)]].concat()), [(End::Last, 1)]);
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[(2024, 1, 1)]), []);
    }
}
