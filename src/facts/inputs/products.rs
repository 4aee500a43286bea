//! Product master data: the group of each product.

use super::bind_master::{bind_all, columns_of, is_key};
use super::file_outcome::FileOutcome;
use super::input::open;
use super::input_file::InputFile;
use super::intern::Interner;
use super::key_text::{is_valid, key_text, text_of};
use super::quarantined_row::QuarantinedRow;
use super::reading::batches;
use super::source::{GroupOf, Sale, Source};
use crate::error::{Error, Result};
use crate::facts::expr::{Bound, Checked, KeyColumn, Rows, Type};
use crate::pipeline::{Definition, ProductsDef};
use arrow::array::RecordBatch;
use std::collections::HashMap;

/// Product groups by product key.
#[derive(Default)]
pub(crate) struct ProductGroups {
    int: HashMap<i64, u32>,
    text: HashMap<String, u32>,
    /// The first keys listed, for messages.
    pub(crate) first: String,
    pub(crate) files: Vec<InputFile>,
    /// By file: where its rows went.
    pub(crate) outcomes: Vec<FileOutcome>,
}

/// What tells products apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ProductKey {
    Int(i64),
    Text(String),
}

/// How many of them a message shows.
const SHOWN: usize = 3;

impl ProductGroups {
    pub(crate) fn by_text(&self, key: &str) -> Option<u32> {
        self.text.get(key).copied()
    }

    pub(crate) fn by_int(&self, key: i64) -> Option<u32> {
        self.int.get(&key).copied()
    }

    /// Every product with the number of its group, by key.
    pub(crate) fn listed(&self) -> Vec<(ProductKey, u32)> {
        let int = self.int.iter().map(|(key, group)| (ProductKey::Int(*key), *group));
        let text = self.text.iter().map(|(key, group)| (ProductKey::Text(key.clone()), *group));
        let mut listed: Vec<_> = int.chain(text).collect();
        listed.sort_unstable();
        listed
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
    let mut products = ProductGroups::default();
    let columns = columns_of(&bounds);
    for file in &files {
        let mut outcome = FileOutcome::default();
        for batch in batches(file, &columns)? {
            products.add(file, &bounds, &batch?, groups, &mut outcome)?;
        }
        outcome.place(file.row_groups());
        products.outcomes.push(outcome);
    }
    products.files = files;
    Ok(products)
}

impl ProductGroups {
    /// Adds a batch; rows without product, and keys that cannot be worked out, are quarantined.
    fn add(
        &mut self,
        file: &InputFile,
        bounds: &[Bound],
        batch: &RecordBatch,
        groups: &Interner,
        outcome: &mut FileOutcome,
    ) -> Result<()> {
        let rows = &Rows::of(batch);
        let mut reasons: Vec<Option<String>> = vec![None; batch.num_rows()];
        let keys = accept(bounds[0].keys(rows)?, "product", &mut reasons);
        let names = accept(bounds[1].keys(rows)?, "group", &mut reasons);
        for (_, reason) in reasons.iter_mut().enumerate().filter(|(row, _)| !is_valid(&keys, *row)) {
            reason.get_or_insert_with(|| "product is null".to_owned());
        }
        for (row, reason) in reasons.iter().enumerate() {
            match reason {
                None => self.list(file, &keys, &names, row, groups)?,
                Some(reason) => {
                    let place = outcome.counts.read + row as u64;
                    outcome.quarantined.push(QuarantinedRow::new(batch, row, place, 0, reason)?);
                    outcome.counts.quarantined += 1;
                }
            }
        }
        outcome.counts.read += reasons.len() as u64;
        outcome.counts.used = outcome.counts.read - outcome.counts.quarantined;
        Ok(())
    }

    /// Lists the product of a row.
    fn list(
        &mut self,
        file: &InputFile,
        keys: &KeyColumn,
        names: &KeyColumn,
        row: usize,
        groups: &Interner,
    ) -> Result<()> {
        let name = if is_valid(names, row) { text_of(names, row) } else { NO_GROUP.to_owned() };
        let group = groups.intern(&name);
        if self.int.len() + self.text.len() < SHOWN {
            let separator = if self.first.is_empty() { "" } else { ", " };
            self.first += &format!("{separator}{}", key_text(keys, row));
        }
        let known = match keys {
            KeyColumn::Int { values, .. } => *self.int.entry(values[row]).or_insert(group),
            keys => *self.text.entry(text_of(keys, row)).or_insert(group),
        };
        if known == group {
            return Ok(());
        }
        Err(Error::check(format!(
            "{}: product '{}' is in two groups, '{}' and '{name}'; keep one",
            file.path.display(),
            text_of(keys, row),
            groups.resolve(&[known])[0]
        )))
    }
}

/// The keys, and why some of them are none.
fn accept(keys: Checked<KeyColumn>, role: &str, reasons: &mut [Option<String>]) -> KeyColumn {
    for (row, fault) in &keys.faults {
        reasons[*row as usize].get_or_insert_with(|| format!("{role}: {}", fault.reason()));
    }
    keys.value
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

/// The group of lines whose group is null, or whose product the product master data do not have.
pub(crate) const NO_GROUP: &str = "(none)";
