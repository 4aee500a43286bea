//! Rows of a `RowSource`, read whole against the customers of the facts, by the same row contract as all others. They are
//! accounted for with the rows of the facts, and what breaks the contract is quarantined with theirs.

use super::fact_set::FactSet;
use super::quarantine;
use super::record::FileAccount;
use crate::error::Result;
use crate::facts::expr::{Bound, Checked, Fault, Fixed, Instants, KeyColumn, Rows};
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::key_text::text_of;
use crate::facts::inputs::numbers::Numbers;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::reading::batches;
use crate::facts::inputs::row_source::{
    BoundRows, Holds, NO_CODE, NO_DAY, RowColumn, RowSource, Values, bind_rows, check_keys,
};
use crate::facts::inputs::source_view::SourceView;
use crate::facts::schema::{Keys, RowCounts};
use crate::pipeline::Definition;
use arrow::array::{Array, RecordBatch};
use arrow::buffer::NullBuffer;
use std::collections::HashMap;

impl FactSet {
    /// Reads the used rows of a source, and adds it to the accounts and to the quarantine.
    ///
    /// # Errors
    /// As `check_rows`, a page that cannot be decoded, a customer key of another kind than the transactions'.
    pub fn read_rows(&mut self, definition: &Definition, source: &RowSource<'_>) -> Result<Vec<Values>> {
        let bound = bind_rows(definition, source)?;
        check_keys(definition, source, &bound, self.customers.keys.key_type())?;
        let SourceView { table, warnings, .. } = SourceView::of(source.name, &bound.files, &bound.used);
        self.warnings.extend(warnings);
        self.tables.extend(table.map(|table| (source.name.to_owned(), table)));
        let expected: u64 = bound.files.iter().map(InputFile::rows).sum();
        let mut rows = Gathered::new(source, usize::try_from(expected).unwrap_or(0));
        for file in &bound.files {
            let mut counts = RowCounts::default();
            let mut quarantined = Vec::new();
            for batch in batches(file, &bound.used)? {
                rows.add(self, source, &bound, &batch?, &mut counts, &mut quarantined)?;
            }
            quarantined.iter_mut().for_each(|row| row.place(file.row_groups()));
            let path = &file.identity.path;
            self.record.files.push(FileAccount {
                source: source.name.to_owned(),
                file: file.identity.clone(),
                rules: definition.digest.clone(),
                counts,
                quarantine: quarantine::keep(&self.folder, source.name, path, quarantined)?,
                mistakes: Vec::new(),
            });
        }
        Ok(rows.finish(self.customers.len()))
    }

    /// The rank of the customer in this row, if the facts know it.
    fn rank(&self, keys: &KeyColumn, row: usize) -> Option<u32> {
        match (keys, &self.customers.keys) {
            (KeyColumn::Int { values, .. }, Keys::Int(known)) => {
                known.binary_search(&values[row]).ok().and_then(|rank| u32::try_from(rank).ok())
            }
            _ => self.customers.rank_of(&text_of(keys, row)),
        }
    }
}

/// A batch's values of one column.
enum Evaluated {
    Keys(Checked<KeyColumn>),
    Numbers(Fixed),
    Days(Instants),
}

impl Evaluated {
    fn of(bound: &Bound, holds: Holds, rows: &Rows<'_>) -> Result<Self> {
        Ok(match holds {
            Holds::Customer | Holds::Person | Holds::Name => Self::Keys(bound.keys(rows)?),
            Holds::Number(scale) => Self::Numbers(bound.fixed(rows, scale)?),
            Holds::At | Holds::Day => Self::Days(bound.instants(rows)?),
        })
    }

    fn is_null(&self, row: usize) -> bool {
        let is_null = |nulls: &Option<NullBuffer>| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match self {
            Self::Keys(keys) => match &keys.value {
                KeyColumn::Int { nulls, .. } | KeyColumn::Text { nulls, .. } => is_null(nulls),
                KeyColumn::PlainText(array) => array.is_null(row),
            },
            Self::Numbers(numbers) => is_null(&numbers.nulls),
            Self::Days(days) => is_null(&days.nulls),
        }
    }

    fn faults(&self) -> &[(u32, Fault)] {
        match self {
            Self::Keys(keys) => &keys.faults,
            Self::Numbers(numbers) => &numbers.faults,
            Self::Days(days) => &days.faults,
        }
    }
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Used,
    Excluded,
    AfterAsOf,
    Quarantined(String),
}

/// The used rows so far.
struct Gathered {
    columns: Vec<Values>,
    /// By column: indices of names, as they come.
    names: Vec<HashMap<String, u32>>,
    /// Keys of strangers, by the number they have until all are known.
    strangers: HashMap<String, u32>,
}

/// From this rank on, numbers stand for strangers until all of them are known.
const FIRST_STRANGER: u32 = 1 << 31;

impl Gathered {
    /// Nothing yet, with room for so many rows: as a column doubles it would be held three times over.
    fn new(source: &RowSource<'_>, rows: usize) -> Self {
        let empty = |column: &RowColumn<'_>| match column.holds {
            Holds::Customer | Holds::Person => Values::Ranks(Vec::with_capacity(rows)),
            Holds::Name => Values::Names(Vec::new(), Vec::with_capacity(rows)),
            Holds::Number(_) => Values::Numbers(Numbers::with_capacity(rows)),
            Holds::At | Holds::Day => Values::Days(Vec::with_capacity(rows)),
        };
        let columns: Vec<Values> = source.columns.iter().map(empty).collect();
        Self { names: vec![HashMap::new(); columns.len()], columns, strangers: HashMap::new() }
    }

    fn add(
        &mut self,
        facts: &FactSet,
        source: &RowSource<'_>,
        bound: &BoundRows,
        batch: &RecordBatch,
        counts: &mut RowCounts,
        quarantined: &mut Vec<QuarantinedRow>,
    ) -> Result<()> {
        let rows = &Rows::of(batch);
        let evaluated = source.columns.iter().zip(&bound.columns);
        let evaluated = evaluated.map(|(column, bound)| Evaluated::of(bound, column.holds, rows));
        let evaluated = evaluated.collect::<Result<Vec<_>>>()?;
        let kept = bound.filter.as_ref().map(|filter| filter.truth(rows)).transpose()?;
        let mut fates = fates(facts, source, &evaluated, batch.num_rows());
        if let Some(Checked { value: kept, faults }) = kept {
            let excluded = fates.iter_mut().enumerate().filter(|(row, _)| !kept.value(*row));
            excluded.for_each(|(_, fate)| *fate = Fate::Excluded);
            for (row, fault) in faults {
                fates[row as usize] = Fate::Quarantined(format!("where: {}", fault.reason()));
            }
        }
        for (row, fate) in fates.into_iter().enumerate() {
            counts.read += 1;
            match fate {
                Fate::Used => {
                    counts.used += 1;
                    self.push(facts, source, &evaluated, row);
                }
                Fate::Excluded => counts.excluded += 1,
                Fate::AfterAsOf => counts.after_as_of += 1,
                Fate::Quarantined(reason) => {
                    counts.quarantined += 1;
                    quarantined.push(QuarantinedRow::new(batch, row, counts.read - 1, 0, &reason)?);
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, facts: &FactSet, source: &RowSource<'_>, evaluated: &[Evaluated], row: usize) {
        for (index, (column, values)) in source.columns.iter().zip(evaluated).enumerate() {
            let is_null = values.is_null(row);
            match (&mut self.columns[index], values) {
                (Values::Ranks(ranks), Evaluated::Keys(keys)) => {
                    let mut rank = |keys| match facts.rank(keys, row) {
                        Some(rank) => rank,
                        None => FIRST_STRANGER + number(&mut self.strangers, text_of(keys, row)),
                    };
                    ranks.push(if is_null { NO_CODE } else { rank(&keys.value) });
                }
                (Values::Names(_, codes), Evaluated::Keys(keys)) => {
                    let known = &mut self.names[index];
                    codes.push(if is_null { NO_CODE } else { number(known, text_of(&keys.value, row)) });
                }
                (Values::Numbers(numbers), Evaluated::Numbers(fixed)) => {
                    numbers.push((!is_null).then(|| fixed.values[row]));
                }
                (Values::Days(days), Evaluated::Days(instants)) => {
                    let is_seen = column.holds == Holds::At || instants.days[row] < facts.as_of.0;
                    days.push(if is_null || !is_seen { NO_DAY } else { instants.days[row] });
                }
                _ => unreachable!("a column is evaluated as what it holds"),
            }
        }
    }

    /// Gives names and strangers numbers that do not depend on the order of rows.
    fn finish(mut self, customers: usize) -> Vec<Values> {
        let first = u32::try_from(customers).expect("ranks fit 32 bits");
        let (_, places) = in_order(self.strangers);
        for (values, known) in self.columns.iter_mut().zip(self.names) {
            match values {
                Values::Ranks(ranks) => {
                    let is_stranger = |rank: &&mut u32| (FIRST_STRANGER..NO_CODE).contains(*rank);
                    for rank in ranks.iter_mut().filter(is_stranger) {
                        *rank = first + places[(*rank - FIRST_STRANGER) as usize];
                    }
                }
                Values::Names(names, codes) => {
                    let (sorted, places) = in_order(known);
                    *names = sorted;
                    let codes = codes.iter_mut().filter(|code| **code != NO_CODE);
                    codes.for_each(|code| *code = places[*code as usize]);
                }
                Values::Numbers(_) | Values::Days(_) => {}
            }
        }
        self.columns
    }
}

fn number(known: &mut HashMap<String, u32>, name: String) -> u32 {
    let next = u32::try_from(known.len()).expect("names fit 31 bits");
    *known.entry(name).or_insert(next)
}

/// The names in order, and the place of each number there.
fn in_order(known: HashMap<String, u32>) -> (Vec<String>, Vec<u32>) {
    let mut names: Vec<(String, u32)> = known.into_iter().collect();
    names.sort_unstable();
    let mut places = vec![0; names.len()];
    for (place, (_, number)) in (0..).zip(&names) {
        places[*number as usize] = place;
    }
    (names.into_iter().map(|(name, _)| name).collect(), places)
}

fn fates(facts: &FactSet, source: &RowSource<'_>, evaluated: &[Evaluated], rows: usize) -> Vec<Fate> {
    let mut fates = vec![Fate::Used; rows];
    for (column, values) in source.columns.iter().zip(evaluated) {
        for (row, fault) in values.faults() {
            quarantine_row(&mut fates[*row as usize], || format!("{}: {}", column.key, fault.reason()));
        }
        for (row, fate) in fates.iter_mut().enumerate() {
            if values.is_null(row) {
                if column.required {
                    quarantine_row(fate, || format!("{} is null", column.key));
                }
                continue;
            }
            match (values, column.holds) {
                (Evaluated::Keys(keys), Holds::Customer) if facts.rank(&keys.value, row).is_none() => {
                    let key = text_of(&keys.value, row);
                    quarantine_row(fate, || format!("{} '{key}' is in no other source", column.key));
                }
                (Evaluated::Days(days), Holds::At)
                    if *fate == Fate::Used && days.days[row] >= facts.as_of.0 =>
                {
                    *fate = Fate::AfterAsOf;
                }
                _ => {}
            }
        }
    }
    fates
}

/// The first reason counts; a row after the as-of day that is broken too is quarantined.
fn quarantine_row(fate: &mut Fate, reason: impl FnOnce() -> String) {
    if !matches!(fate, Fate::Quarantined(_)) {
        *fate = Fate::Quarantined(reason());
    }
}
