//! `dim_customer_group`: the groups of every level of the hierarchy, with their attributes.

use super::names::NONE;
use crate::error::{Error, Result};
use crate::publish::read::{PublishedReader, Wanted};
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};
use arrow::array::{Array, ArrayRef, AsArray};

/// Columns that are taken over; those after the flag are null for some groups.
const COLUMNS: [&str; 6] = ["level", "group_key", "is_single", "next_group_key", "profit_class", "tier"];

/// Groups that are read at a time.
const BLOCK: usize = 1 << 17;

/// Writes the table, where the run has groups; gives whether it has.
///
/// # Errors
/// A table that cannot be read, a failed write.
pub(super) fn write_customer_groups(format: TableFormat<'_>, tables: StageTables<'_>) -> Result<bool> {
    let files = tables.written_as_of("customer_group", format.as_of);
    if files.is_empty() {
        return Ok(false);
    }
    let reader = PublishedReader::open(&files)?;
    let columns = COLUMNS.map(|name| (name, Wanted::Values));
    let mut cursor = reader.cursor(&columns)?;
    let mut table = tables.table(&sheet(format, &cursor.next(0)?)?.spec, None)?;
    while cursor.rows_left() > 0 {
        table.write(sheet(format, &cursor.next(BLOCK)?)?.arrays)?;
    }
    table.finish()?;
    Ok(true)
}

fn sheet(format: TableFormat<'_>, columns: &[ArrayRef]) -> Result<Sheet> {
    let texts = |place: usize| {
        let texts = columns[place].as_string_opt::<i32>();
        texts.ok_or_else(|| Error::internal(format!("column '{}' is no text", COLUMNS[place])))
    };
    let [level, key, next, class, tier] = [texts(0)?, texts(1)?, texts(3)?, texts(4)?, texts(5)?];
    let flags = columns[2].as_boolean_opt();
    let flags = flags.ok_or_else(|| Error::internal(format!("column '{}' is no flag", COLUMNS[2])))?;
    let rows: Vec<usize> = (0..level.len()).collect();
    let mut draft = format.draft("dim_customer_group", "level and group of customers", None, &rows);
    let meaning = "level and group_key: of fact tables, level || ': ' || group_key";
    draft.text("customer_group_key", meaning, |row| format!("{}: {}", level.value(*row), key.value(*row)));
    draft.name("level", "Level of the hierarchy", |row| level.value(*row).to_owned());
    draft.text("group_key", "Key of the group", |row| key.value(*row).to_owned());
    draft.flag("is_single", "A customer without a group at this level", |row| flags.value(*row));
    let meaning = "Key of the group of the next level that all members lie in; (none) without one";
    let or_none = |texts: &arrow::array::StringArray, row: usize| {
        if texts.is_null(row) { NONE } else { texts.value(row) }.to_owned()
    };
    draft.text("next_group_key", meaning, |row| or_none(next, *row));
    let meaning = "high profit, profit, break-even or loss; (none) without a place";
    draft.name("profit_class", meaning, |row| or_none(class, *row));
    draft.name("tier", "Tier of the pyramid of the level; (none) without one", |row| or_none(tier, *row));
    Ok(draft.finish())
}
