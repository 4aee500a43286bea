//! `dim_product_group`: product groups by name, with their class.

use super::names::texts;
use crate::error::Result;
use crate::publish::read::PublishedReader;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};

pub(super) fn dim_product_group(format: TableFormat<'_>, tables: StageTables<'_>) -> Result<Sheet> {
    let table = PublishedReader::open(&tables.written("product_group"))?;
    let rows: Vec<(String, String)> =
        texts(&table, "product_group")?.into_iter().zip(texts(&table, "product_class")?).collect();
    let mut draft = format.draft("dim_product_group", "product group", None, &rows);
    draft.name("product_group_key", "Name of the product group", |(name, _)| name.clone());
    draft.name("product_class", "high profit, profit, break-even or loss", |(_, class)| class.clone());
    Ok(draft.finish())
}
