//! Product master data: the group of each product.

use super::evaluate::NO_GROUP;
use super::expr::{Bound, Checked, KeyColumn, Rows, Type};
use super::input::{InputFile, open};
use super::intern::Interner;
use super::master::{batches, bind_all, columns_of, is_key, is_valid, text_of};
use super::source::{GroupOf, Sale, Source};
use crate::error::{Error, Result};
use crate::pipeline::{Definition, ProductsDef};
use std::collections::HashMap;

/// Product groups by product key.
pub(crate) struct ProductGroups {
    int: HashMap<i64, u32>,
    text: HashMap<String, u32>,
    pub(crate) files: Vec<InputFile>,
}

impl ProductGroups {
    pub(crate) fn by_text(&self, key: &str) -> Option<u32> {
        self.text.get(key).copied()
    }

    pub(crate) fn by_int(&self, key: i64) -> Option<u32> {
        self.int.get(&key).copied()
    }

    /// Names of all groups but that of products without one, sorted.
    pub(crate) fn groups(&self, names: &Interner) -> Vec<String> {
        let mut numbers: Vec<u32> = self.int.values().chain(self.text.values()).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut groups = names.resolve(&numbers);
        groups.retain(|name| name != NO_GROUP);
        groups.sort_unstable();
        groups
    }
}

/// Reads the products source into a map from product to group number.
///
/// # Errors
/// Unreadable files, unknown columns, a key of another kind than the transactions', or a product in two groups.
pub(crate) fn read_products(
    definition: &Definition,
    def: &ProductsDef,
    transactions: Option<&Source>,
    groups: &Interner,
    verify: bool,
) -> Result<ProductGroups> {
    let files = open(definition, &def.files, verify)?;
    let bounds = bind_all(
        definition,
        &files,
        &[
            ("product", &def.product, &is_key, "an integer or text"),
            ("group", &def.group, &is_key, "text or an integer"),
        ],
    )?;
    check_keys(definition, def, &files, &bounds[0], transactions)?;
    let mut products = ProductGroups { int: HashMap::new(), text: HashMap::new(), files: Vec::new() };
    let columns = columns_of(&bounds);
    for file in &files {
        for batch in batches(file, &columns)? {
            let batch = batch?;
            let rows = &Rows::of(&batch);
            let keys = whole(file, "product", bounds[0].keys(rows)?)?;
            let names = whole(file, "group", bounds[1].keys(rows)?)?;
            for row in (0..batch.num_rows()).filter(|row| is_valid(&keys, *row)) {
                let name = if is_valid(&names, row) { text_of(&names, row) } else { NO_GROUP.to_owned() };
                let group = groups.intern(&name);
                let known = match &keys {
                    KeyColumn::Int { values, .. } => *products.int.entry(values[row]).or_insert(group),
                    keys => *products.text.entry(text_of(keys, row)).or_insert(group),
                };
                if known != group {
                    return Err(Error::check(format!(
                        "{}: product '{}' is in two groups, '{}' and '{name}'; keep one",
                        file.path.display(),
                        text_of(&keys, row),
                        groups.resolve(&[known])[0]
                    )));
                }
            }
        }
    }
    products.files = files;
    Ok(products)
}

/// Keys of two kinds never meet: every line would be of no group.
fn check_keys(
    definition: &Definition,
    def: &ProductsDef,
    files: &[InputFile],
    listed: &Bound,
    transactions: Option<&Source>,
) -> Result<()> {
    let Some(Source { sale: Some(Sale { group: GroupOf::Product(sold), .. }), files: lines, .. }) =
        transactions
    else {
        return Ok(());
    };
    if (sold.ty() == Type::Text) == (listed.ty() == Type::Text) {
        return Ok(());
    }
    Err(Error::definition(format!(
        "{}: product is {} in {} and {} in the transactions, {}; both must be integers or both text, \
         which cast(… as varchar) in one of them makes",
        definition.place(def.product.at),
        listed.ty(),
        files[0].path.display(),
        sold.ty(),
        lines[0].path.display()
    )))
}

/// Keys of a file all of which are known: products have no quarantine.
fn whole(file: &InputFile, key: &str, keys: Checked<KeyColumn>) -> Result<KeyColumn> {
    match keys.faults.first() {
        None => Ok(keys.value),
        Some((_, fault)) => Err(Error::input(format!(
            "{}: {key}: {}; mend the row, or leave it null with try_cast",
            file.path.display(),
            fault.reason()
        ))),
    }
}
