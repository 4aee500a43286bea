//! What `check` and `plan` show of a source.

use super::constant::ConstantColumn;
use super::input_file::InputFile;
use arrow::datatypes::DataType;
use serde::Serialize;
use std::collections::BTreeMap;

/// A source as it was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceView {
    /// `transactions`, or the source's name.
    pub source: String,
    /// How many files.
    pub files: usize,
    /// Rows by their footers.
    pub rows: u64,
    /// The lake table they are of, with its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Columns from folders or from the table's log, with their types.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub folder_columns: BTreeMap<String, String>,
    /// Doubts about them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl SourceView {
    pub(crate) fn of(source: &str, files: &[InputFile], used: &[String]) -> Self {
        let columns = files.iter().flat_map(|file| &file.constants);
        let columns = columns.filter(|column| column.is_of_folder());
        let warnings = files.first().into_iter().flat_map(|file| &file.origin.warnings).cloned();
        let warnings = warnings.chain(used.iter().filter_map(|column| silent_int96(files, column)));
        Self {
            source: source.to_owned(),
            files: files.len(),
            rows: files.iter().map(InputFile::rows).sum(),
            table: files.first().and_then(|file| file.origin.table.clone()),
            folder_columns: columns.map(|column| (column.name().to_owned(), words(column))).collect(),
            warnings: warnings.map(|warning| format!("{source}: {warning}")).collect(),
        }
    }
}

/// Says that a column was taken for wall time because neither a file of it nor the pipeline file says what it is.
fn silent_int96(files: &[InputFile], column: &str) -> Option<String> {
    let is_silent = |file: &&InputFile| {
        file.stored_name(column).is_some_and(|name| file.silent_int96.iter().any(|silent| silent == name))
    };
    let file = files.iter().find(is_silent)?;
    Some(format!(
        "column '{column}' is INT96, and {} does not say whether it holds instants or wall time; it was read as wall \
         time; say int96 = \"wall\" or \"instant\" in [facts]",
        file.path.display()
    ))
}

fn words(column: &ConstantColumn) -> String {
    match column.field().data_type() {
        DataType::Dictionary(..) | DataType::Utf8 => "text".to_owned(),
        DataType::Int64 => "integer".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(_)) => "instant".to_owned(),
        DataType::Boolean => "true or false".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => other.to_string(),
    }
}
