//! Field ids: the numbers by which Iceberg and readers like it know a column, whatever its place or the file's age.
//!
//! An id follows from the column's name alone, by a digest. So a column has one id in every table, release and pipeline
//! without a register that releases would have to hand on, and the bytes of a file still follow from its rows.

use super::schema::Column;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Iceberg keeps the ids near the largest `i32` for itself.
const IDS: u32 = 1 << 30;

/// The id of a column, from 1 to 2^30.
pub(super) fn field_id(column: &str) -> i32 {
    let digest = blake3::hash(column.as_bytes());
    let first = digest.as_bytes().first_chunk().expect("a digest has 32 bytes");
    i32::try_from(1 + u32::from_le_bytes(*first) % IDS).expect("ids end at 2^30")
}

/// Makes sure that no two columns of a table have one id: for the columns of a table the odds are one in a million.
///
/// # Errors
/// Two have: names that the pipeline file chose, for a test knows all others.
pub(super) fn check_field_ids(table: &str, columns: &[Column]) -> Result<()> {
    let mut seen: BTreeMap<i32, &str> = BTreeMap::new();
    for column in columns {
        if let Some(other) = seen.insert(field_id(&column.name), &column.name) {
            let fault = format!("columns '{other}' and '{}' have the same field id", column.name);
            return Err(Error::definition(format!("{table}: {fault}; rename one in the pipeline file")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::schema::ColumnKind;
    use super::*;
    use crate::published::Tables;

    fn columns(names: &[String]) -> Vec<Column> {
        names.iter().map(|name| Column::new(name.clone(), ColumnKind::Integer, "", "")).collect()
    }

    #[test]
    fn an_id_follows_from_the_name_and_never_changes() {
        assert_eq!(["customer_id", "revenue"].map(field_id), [25_420_442, 6_836_231]);
    }

    #[test]
    fn the_listed_columns_of_a_table_have_an_id_each() {
        let tables = Tables::listed();
        for table in tables.names() {
            check_field_ids(table, &columns(tables.columns(table).unwrap())).unwrap();
        }
    }

    #[test]
    fn two_columns_of_one_id_are_refused() {
        let mut seen = BTreeMap::new();
        let pair = (0..).find_map(|number| {
            let name = format!("c{number}");
            seen.insert(field_id(&name), name.clone()).map(|other| [other, name])
        });
        let fault = check_field_ids("t", &columns(&pair.unwrap())).unwrap_err().to_string();
        assert!(fault.starts_with("t: columns 'c") && fault.contains("same field id"), "{fault}");
    }
}
