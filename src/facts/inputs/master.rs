//! The customers source with its files open and its rows read.

use super::attribute_column::AttributeColumn;
use super::bind_master::{MasterBounds, bind_master};
use super::file_outcome::FileOutcome;
use super::input::open;
use super::input_file::InputFile;
use super::raw_master::RawMaster;
use super::reading::batches;
use crate::error::{Error, Result};
use crate::facts::expr::Type;
use crate::facts::schema::AttributeTypes;
use crate::pipeline::{CustomersDef, Definition, KeyType};
use arrow::datatypes::DataType;

/// The customers source with its files open and its expressions bound; no row is read yet.
pub(crate) struct CustomersSource<'d> {
    definition: &'d Definition,
    def: &'d CustomersDef,
    files: Vec<InputFile>,
    bounds: MasterBounds,
}

/// Opens the customers source.
///
/// # Errors
/// Unreadable files, unknown columns, or a key of another kind than the transactions'.
pub(crate) fn open_customers<'d>(
    definition: &'d Definition,
    def: &'d CustomersDef,
    key_type: Option<KeyType>,
    verify: bool,
) -> Result<CustomersSource<'d>> {
    let files = open(definition, &def.files, verify)?;
    let bounds = bind_master(definition, def, &files)?;
    let source = CustomersSource { definition, def, files, bounds };
    if key_type.is_some_and(|key_type| source.key_type() != key_type) {
        return Err(Error::definition(format!(
            "{}: customer is {} here and of the other kind in the transactions; both must be integers or both text",
            definition.place(def.customer.at),
            source.bounds.customer.ty()
        )));
    }
    Ok(source)
}

impl CustomersSource<'_> {
    pub(crate) fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// The columns it reads.
    pub(crate) fn columns(&self) -> Vec<String> {
        self.bounds.columns()
    }

    /// The types that its attributes are published in.
    pub(crate) fn attribute_types(&self) -> AttributeTypes {
        let mut types = AttributeTypes::new();
        for (name, bound) in &self.bounds.attributes {
            let kind = if bound.ty() == Type::Text { DataType::Utf8 } else { DataType::Int64 };
            types.insert(name.clone(), kind);
        }
        types
    }

    fn key_type(&self) -> KeyType {
        if self.bounds.customer.ty() == Type::Text { KeyType::Text } else { KeyType::Int }
    }

    /// Reads every row.
    ///
    /// # Errors
    /// A page that cannot be decoded, or a customer listed twice.
    pub(crate) fn read(&self) -> Result<RawMaster> {
        let mut master = RawMaster::new(self.key_type());
        let bounds = &self.bounds;
        let mut attributes: Vec<AttributeColumn> = Vec::with_capacity(bounds.attributes.len());
        for (_, bound) in &bounds.attributes {
            attributes.push(AttributeColumn::new(bound.ty()));
        }
        let columns = bounds.columns();
        for file in &self.files {
            let mut outcome = FileOutcome::default();
            master.reserve(file.room_for(file.rows()));
            for batch in batches(file, &columns)? {
                master.add(self.definition, bounds, &batch?, &mut outcome, &mut attributes)?;
            }
            outcome.place(file.row_groups());
            master.files.push((file.identity.clone(), outcome));
        }
        for ((name, _), column) in bounds.attributes.iter().zip(attributes) {
            master.attributes.push((name.clone(), column.finish()));
        }
        master.check_unique(self.definition, self.def)?;
        Ok(master)
    }
}
