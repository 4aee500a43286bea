//! `dim_product_group`: product groups by name, with their class, and what stands for none of them in the price waterfall.

use super::names::{NONE, texts};
use crate::error::Result;
use crate::publish::read::PublishedReader;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};
use std::collections::BTreeSet;

pub(super) fn dim_product_group(format: TableFormat<'_>, tables: StageTables<'_>) -> Result<Sheet> {
    let table = PublishedReader::open(&tables.written("product_group"))?;
    let mut rows: Vec<(String, String)> =
        texts(&table, "product_group")?.into_iter().zip(texts(&table, "product_class")?).collect();
    if tables.is_there("price_waterfall") {
        let priced = texts(&PublishedReader::open(&tables.written("price_waterfall"))?, "product_group")?;
        let known: BTreeSet<String> = rows.iter().map(|(name, _)| name.clone()).collect();
        let others: BTreeSet<String> = priced.into_iter().filter(|name| !known.contains(name)).collect();
        rows.extend(others.into_iter().map(|name| (name, NONE.to_owned())));
    }
    let mut draft = format.draft("dim_product_group", "product group", None, &rows);
    draft.name("product_group_key", "Name of the product group", |(name, _)| name.clone());
    draft.name(
        "product_class",
        "high profit, profit, break-even or loss; (none) of no product group",
        |(_, class)| class.clone(),
    );
    Ok(draft.finish())
}
