//! Contextual factors: what varies by day for all customers alike, such as a price index, campaigns, or whether the shop is open.
//!
//! P. Bachmann, M. Meierer, J. Näf, "The Role of Time-Varying Contextual Factors in Latent Attrition Models for Customer Base
//! Analysis", Marketing Science 40 (2021), 783–809, let such factors move the rates at which each customer buys and lapses. Those
//! that all customers share move a clock for all of them, and histories stay counted, which those of single customers would not
//! leave them. On a clock lapsing follows the factors as purchases do, where the paper has coefficients of either.

use super::money::float;
use crate::error::{Error, Kind, Result};
use crate::facts::{DayValue, SourceView, read_day_values};
use crate::pipeline::{ContextualFactorsDef, Definition};
use crate::units::{Day, pow10};
use std::collections::BTreeMap;

/// Days to come that a plan is followed on: ten years.
const MOST_DAYS_AHEAD: i32 = 3_653;

/// Faults that are shown; of more only the number is given.
const SHOWN: usize = 20;

/// Values day by day, from the first day of the history to the last day that is known.
#[derive(Debug, Clone)]
pub(crate) struct ContextualFactors {
    names: Vec<String>,
    /// Their names together, for a column.
    word: String,
    /// The first day of the history.
    start: Day,
    /// The day of the last row.
    last_row: Day,
    /// By factor, by day since the start.
    values: Vec<Vec<f64>>,
}

/// By the day from which on they hold: the value of each factor.
type Rows = BTreeMap<Day, Vec<f64>>;

/// Reads the files, and finds what is wrong with them without a run.
///
/// # Errors
/// A missing or unreadable file, a missing column, a row without day or number, two rows of one day, no row at all.
pub fn check(definition: &Definition) -> Result<Option<SourceView>> {
    let def = definition.clv.as_ref().and_then(|clv| clv.contextual_factors.as_ref());
    def.map(|def| read(definition, def).map(|(_, view)| view)).transpose()
}

impl ContextualFactors {
    /// Those of a definition, if it has any, for a history from its first day to the one before `as_of`.
    ///
    /// # Errors
    /// As `check`, and a first row that is later than the start of the history.
    pub(crate) fn of(definition: &Definition, start: Day, as_of: Day) -> Result<Option<Self>> {
        let def = definition.clv.as_ref().and_then(|clv| clv.contextual_factors.as_ref());
        let Some(def) = def else { return Ok(None) };
        let (rows, _) = read(definition, def)?;
        let first = *rows.keys().next().expect("there is a row");
        if first > start {
            return Err(Error::input(format!(
                "{}: {}: the first row is of {first}, and the history begins on {start}; add a row of that day or of an earlier one",
                definition.place(def.at),
                def.files().pattern
            )));
        }
        Ok(Some(Self::new(def.names().map(str::to_owned).collect(), &rows, start, as_of)))
    }

    fn new(names: Vec<String>, rows: &Rows, start: Day, as_of: Day) -> Self {
        let last_row = *rows.keys().next_back().expect("there is a row");
        let mut values = vec![Vec::new(); names.len()];
        let (_, mut held) = rows.range(..=start).next_back().expect("a row holds at the start");
        // What held last did so up to the end of the history; what comes then is known only as far as there are rows.
        let end = (last_row.0 + 1).clamp(as_of.0, as_of.0 + MOST_DAYS_AHEAD);
        for day in start.0..end {
            held = rows.get(&Day(day)).unwrap_or(held);
            values.iter_mut().zip(held).for_each(|(values, value)| values.push(*value));
        }
        Self { word: names.join(", "), names, start, last_row, values }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The factors, for a column: `none` for a timing without them.
    pub(crate) fn word(&self, has_factors: bool) -> &str {
        if has_factors { &self.word } else { "none" }
    }

    /// By day since the start of the history, up to the last day that is known.
    pub(crate) fn values(&self, factor: usize) -> &[f64] {
        &self.values[factor]
    }

    /// The same of the days before a date.
    pub(crate) fn before(&self, factor: usize, date: Day) -> &[f64] {
        &self.values[factor][..self.days_before(date)]
    }

    /// Days of the history before a date.
    pub(crate) fn days_before(&self, date: Day) -> usize {
        usize::try_from(date.0 - self.start.0).expect("dates lie within the history")
    }

    pub(crate) fn last_row(&self) -> Day {
        self.last_row
    }

    /// The last day whose values are known.
    pub(crate) fn last_known(&self) -> Day {
        let days = i32::try_from(self.values[0].len()).expect("a calendar has few days");
        Day(self.start.0 + days - 1)
    }
}

#[cfg(test)]
impl ContextualFactors {
    /// By the values of each day from the start on.
    pub(crate) fn of_days(start: Day, values: Vec<Vec<f64>>) -> Self {
        let names: Vec<String> = (0..values.len()).map(|factor| format!("x{factor}")).collect();
        let last_row = Day(start.0 + i32::try_from(values[0].len()).unwrap() - 1);
        Self { word: names.join(", "), names, start, last_row, values }
    }
}

fn read(definition: &Definition, def: &ContextualFactorsDef) -> Result<(Rows, SourceView)> {
    let (mut rows, mut view) = (Rows::new(), None);
    for column in &def.columns {
        let (values, of_column) = read_day_values(definition, column)?;
        if view.is_none() {
            // Every column is read of the same rows.
            check_days(&values)?;
            view = Some(of_column);
        }
        for DayValue { day, value, .. } in values {
            rows.entry(day).or_default().push(float(value.mantissa) / float(pow10(value.scale)));
        }
    }
    if rows.is_empty() {
        return Err(Error::input(format!(
            "{}: {}: there is no row, expected one per day from which on its values hold",
            definition.place(def.at),
            def.files().pattern
        )));
    }
    Ok((rows, view.expect("there is a column")))
}

/// # Errors
/// Two rows of one day, which say two things of it.
fn check_days(values: &[DayValue]) -> Result<()> {
    let (mut places, mut messages) = (BTreeMap::new(), Vec::new());
    for DayValue { day, place, .. } in values {
        if let Some(earlier) = places.insert(*day, place) {
            messages.push(format!("{place}: there is a row of {day} already, {earlier}; keep one of them"));
        }
    }
    if messages.is_empty() {
        return Ok(());
    }
    let more = messages.len().saturating_sub(SHOWN);
    messages.truncate(SHOWN);
    messages.extend((more > 0).then(|| format!("and {more} more rows like these")));
    Err(Error { kind: Kind::Input, messages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_from_their_day_until_the_next_row() {
        let rows =
            Rows::from([(Day(8), vec![1.0, 5.0]), (Day(12), vec![2.0, 5.0]), (Day(14), vec![3.0, 6.0])]);
        let factors =
            |as_of| ContextualFactors::new(vec!["a".into(), "b".into()], &rows, Day(10), Day(as_of));
        let short = factors(12);
        assert_eq!(short.values(0), [1.0, 1.0, 2.0, 2.0, 3.0], "a planned calendar is known");
        assert_eq!(short.before(1, Day(12)), [5.0, 5.0]);
        assert_eq!((short.last_known(), short.last_row()), (Day(14), Day(14)));
        let long = factors(17);
        assert_eq!(
            long.values(0),
            [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0],
            "the last row holds up to the as-of day"
        );
        assert_eq!((long.last_known(), long.last_row(), long.word(true)), (Day(16), Day(14), "a, b"));
    }

    #[test]
    fn two_rows_of_a_day_are_refused() {
        let row = |day: i32, line: u32| DayValue {
            day: Day(day),
            value: crate::units::Decimal::ONE,
            place: format!("calendar.csv:{line}"),
        };
        assert!(check_days(&[row(1, 2), row(2, 3)]).is_ok());
        let error = check_days(&[row(0, 2), row(0, 3)]).unwrap_err();
        assert_eq!(
            error.messages,
            ["calendar.csv:3: there is a row of 1970-01-01 already, calendar.csv:2; keep one of them"]
        );
    }
}
