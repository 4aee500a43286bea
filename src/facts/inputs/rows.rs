//! Sources whose rows later rooms need one by one, such as surveys: read whole, by the same row contract as all others.
//! Their rows are accounted for beside those of the facts, and what breaks the contract is quarantined with theirs.

use super::binder::{Binder, Wanted, way_out};
use super::input::{InputFile, open};
use super::master::{batches, text_of};
use super::source_view::SourceView;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{Bound, Checked, Fault, Fixed, Instants, KeyColumn, Rows, Type, bind};
use crate::facts::run::probe::worth_a_trial;
use crate::facts::schema::{Keys, RowCounts};
use crate::facts::state::fact_set::FactSet;
use crate::facts::state::quarantine::{self, QuarantinedRow};
use crate::facts::state::record::FileAccount;
use crate::pipeline::{Definition, Files, KeyType, Scalar};
use arrow::array::{Array, RecordBatch};
use arrow::buffer::NullBuffer;
use std::collections::{BTreeMap, HashMap};

/// A source to read.
#[derive(Debug, Clone)]
pub struct RowSource<'d> {
    /// What messages, accounts and the quarantine call it.
    pub name: &'static str,
    /// Parquet files.
    pub files: &'d Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<&'d Scalar>,
    /// What is wanted of a row.
    pub columns: Vec<RowColumn<'d>>,
}

/// One thing that is wanted of a row.
#[derive(Debug, Clone)]
pub struct RowColumn<'d> {
    /// The pipeline file's key.
    pub key: &'static str,
    /// The expression over the file's columns.
    pub scalar: &'d Scalar,
    /// What it is.
    pub holds: Holds,
    /// Whether a null breaks the row contract.
    pub required: bool,
}

/// What a column of rows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A customer of the facts; one whom the facts do not know breaks the row contract.
    Customer,
    /// A customer or somebody else.
    Person,
    /// Text from a short list.
    Name,
    /// A number at this scale, rounded half away from zero.
    Number(u8),
    /// The day that decides whether the row lies before the as-of day.
    At,
    /// Another day; one on or after the as-of day is not seen, and null.
    Day,
}

/// The values of a column, one per used row.
#[derive(Debug, Clone)]
pub enum Values {
    /// Ranks of customers; the n-th stranger, by key, has rank `Customers::len()` + n.
    Ranks(Vec<Option<u32>>),
    /// Names, sorted, and the index of each row's.
    Names(Vec<String>, Vec<Option<u32>>),
    /// Numbers at the scale asked for.
    Numbers(Vec<Option<i64>>),
    /// Days since 1970-01-01.
    Days(Vec<Option<i32>>),
}

impl Holds {
    fn wanted(self) -> Wanted {
        match self {
            Holds::Customer | Holds::Person => Wanted::Key,
            Holds::Name => Wanted::Text,
            Holds::Number(_) => Wanted::Number,
            Holds::At | Holds::Day => Wanted::Instant,
        }
    }
}

/// A source bound to its files.
struct BoundRows {
    files: Vec<InputFile>,
    filter: Option<Bound>,
    columns: Vec<Bound>,
    used: Vec<String>,
}

fn bind_rows(definition: &Definition, source: &RowSource<'_>) -> Result<BoundRows> {
    let files = open(definition, source.files, false)?;
    let roles: Vec<_> = source.columns.iter().map(|column| (column.key, Some(column.scalar))).collect();
    let mut binder = Binder::new(definition, &files, &roles);
    let filter = source.filter.map(|scalar| binder.scalar("where", scalar, Wanted::Truth));
    source.filter.iter().for_each(|scalar| binder.require("where", &scalar.expr, false));
    for column in source.columns.iter().filter(|column| column.required) {
        binder.require(column.key, &column.scalar.expr, false);
    }
    let columns: Vec<Option<Bound>> = source
        .columns
        .iter()
        .map(|column| binder.scalar(column.key, column.scalar, column.holds.wanted()))
        .collect();
    let used = binder.finish(&files)?;
    let whole = "bound, or a message was given";
    Ok(BoundRows {
        filter: filter.map(|bound| bound.expect(whole)),
        columns: columns.into_iter().map(|bound| bound.expect(whole)).collect(),
        used,
        files,
    })
}

/// Opens a source, checks its columns and types and decodes a batch of each file.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted.
pub fn check_rows(
    definition: &Definition,
    source: &RowSource<'_>,
    keys: Option<KeyType>,
) -> Result<SourceView> {
    let bound = bind_rows(definition, source)?;
    keys.map_or(Ok(()), |keys| check_keys(definition, source, &bound, keys))?;
    for file in worth_a_trial(&bound.files, &bound.used) {
        batches(&bound.files[file], &bound.used)?.next().transpose()?;
    }
    Ok(SourceView::of(source.name, &bound.files, &bound.used))
}

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
        let mut rows = Gathered::new(source);
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

/// Customers are those of the transactions only if their keys are of one kind.
fn check_keys(
    definition: &Definition,
    source: &RowSource<'_>,
    bound: &BoundRows,
    key_type: KeyType,
) -> Result<()> {
    for (column, bound) in source.columns.iter().zip(&bound.columns) {
        let is_customer = matches!(column.holds, Holds::Customer | Holds::Person);
        let is_text = bound.ty() == Type::Text;
        if is_customer && is_text != (key_type == KeyType::Text) {
            return Err(Error::definition(format!(
                "{}: '{}' is {} here and of the other kind in the transactions; both must be integers or both text",
                definition.place(column.scalar.at),
                column.key,
                bound.ty()
            )));
        }
    }
    Ok(())
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
    fn new(source: &RowSource<'_>) -> Self {
        let empty = |column: &RowColumn<'_>| match column.holds {
            Holds::Customer | Holds::Person => Values::Ranks(Vec::new()),
            Holds::Name => Values::Names(Vec::new(), Vec::new()),
            Holds::Number(_) => Values::Numbers(Vec::new()),
            Holds::At | Holds::Day => Values::Days(Vec::new()),
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
                    ranks.push((!is_null).then(|| rank(&keys.value)));
                }
                (Values::Names(_, codes), Evaluated::Keys(keys)) => {
                    let known = &mut self.names[index];
                    codes.push((!is_null).then(|| number(known, text_of(&keys.value, row))));
                }
                (Values::Numbers(numbers), Evaluated::Numbers(fixed)) => {
                    numbers.push((!is_null).then(|| fixed.values[row]));
                }
                (Values::Days(days), Evaluated::Days(instants)) => {
                    let is_seen = column.holds == Holds::At || instants.days[row] < facts.as_of.0;
                    days.push((!is_null && is_seen).then(|| instants.days[row]));
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
                    for rank in ranks.iter_mut().flatten().filter(|rank| **rank >= FIRST_STRANGER) {
                        *rank = first + places[(*rank - FIRST_STRANGER) as usize];
                    }
                }
                Values::Names(names, codes) => {
                    let (sorted, places) = in_order(known);
                    *names = sorted;
                    codes.iter_mut().flatten().for_each(|code| *code = places[*code as usize]);
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

/// Evaluates declared measures over a batch that a later room made, each rounded once to the scale; null stays null.
///
/// # Errors
/// All unknown names and wrong types of all measures; a value of more than 18 digits.
pub fn evaluate_measures(
    definition: &Definition,
    batch: &RecordBatch,
    measures: &[(String, &Scalar)],
    scale: u8,
) -> Result<Vec<Vec<Option<i64>>>> {
    let mut messages = Vec::new();
    let mut bounds = Vec::new();
    for (name, scalar) in measures {
        let place = definition.place(scalar.at);
        match bind(&scalar.expr, &batch.schema(), &BTreeMap::new(), definition.facts.timezone) {
            Ok(bound) if bound.ty().is_number() => bounds.push(bound),
            Ok(bound) => {
                let way_out = way_out("a number", bound.ty(), &scalar.text);
                messages.push(format!("{place}: '{name}' is {}, expected a number{way_out}", bound.ty()));
            }
            Err(fault) => messages.push(format!("{place}: {}", fault.message)),
        }
    }
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Definition, messages });
    }
    let rows = &Rows::of(batch);
    let values = |((name, scalar), bound): (&(String, &Scalar), &Bound)| {
        let fixed = bound.fixed(rows, scale)?;
        if let Some((_, fault)) = fixed.faults.first() {
            let place = definition.place(scalar.at);
            return Err(Error::check(format!("{place}: '{name}' has a value that is {}", fault.reason())));
        }
        let is_valid = |row: usize| fixed.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        Ok((0..batch.num_rows()).map(|row| is_valid(row).then(|| fixed.values[row])).collect())
    };
    measures.iter().zip(&bounds).map(values).collect()
}
