//! Sources whose rows later rooms need one by one, such as surveys: what is wanted of a row, bound to the files.

use super::binder::{Binder, Wanted};
use super::input::open;
use super::input_file::InputFile;
use super::numbers::Numbers;
use crate::error::{Error, Result};
use crate::facts::expr::{Bound, Type};
use crate::pipeline::{Definition, Files, KeyType, Scalar};

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
    /// What the values of a row must be to each other; none: anything.
    pub rule: Option<RowRule>,
}

/// Says what is wrong with a row, by its numbers and days, column by column: days since 1970-01-01, numbers at their scale, none
/// of other columns and where there is no value. None if the row is right.
pub type RowRule = fn(&[Option<i64>]) -> Option<String>;

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
    /// A key of any kind, as text.
    Id,
    /// A number at this scale, rounded half away from zero.
    Number(u8),
    /// The day that decides whether the row lies before the as-of day.
    At,
    /// Another day; one on or after the as-of day is not seen, and null.
    Day,
}

/// The values of a column, one per used row, in four bytes each.
#[derive(Debug, Clone)]
pub enum Values {
    /// Ranks of customers, or `NO_CODE`; the n-th stranger, by key, has rank `Customers::len()` + n.
    Ranks(Vec<u32>),
    /// Names, sorted, and the index of each row's, or `NO_CODE`.
    Names(Vec<String>, Vec<u32>),
    /// Numbers at the scale asked for.
    Numbers(Numbers),
    /// Days since 1970-01-01, or `NO_DAY`.
    Days(Vec<i32>),
}

/// In place of a rank or the index of a name.
pub const NO_CODE: u32 = u32::MAX;

/// In place of a day.
pub const NO_DAY: i32 = i32::MIN;

impl Holds {
    fn wanted(self) -> Wanted {
        match self {
            Holds::Customer | Holds::Person | Holds::Id => Wanted::Key,
            Holds::Name => Wanted::Text,
            Holds::Number(_) => Wanted::Number,
            Holds::At | Holds::Day => Wanted::Instant,
        }
    }
}

/// A source bound to its files.
pub(crate) struct BoundRows {
    pub(crate) files: Vec<InputFile>,
    pub(crate) filter: Option<Bound>,
    pub(crate) columns: Vec<Bound>,
    pub(crate) used: Vec<String>,
}

pub(crate) fn bind_rows(definition: &Definition, source: &RowSource<'_>) -> Result<BoundRows> {
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

/// Customers are those of the transactions only if their keys are of one kind.
pub(crate) fn check_keys(
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
