//! A text file: its encoding, what separates its columns, and its head.

use crate::error::{Error, Kind, Result};
use crate::facts::inputs::file_kind::shell_quoted;
use crate::facts::inputs::find::FoundFile;
use crate::facts::inputs::hive::FolderValue;
use crate::facts::inputs::identity::Identity;
use crate::pipeline::{LedgerDef, did_you_mean};
use crate::storage;
use csv::{ReaderBuilder, StringRecord};

/// A text file in memory.
pub(super) struct TextFile<'p> {
    found: &'p FoundFile,
    text: String,
    /// Of the bytes that the text was read from.
    pub(super) identity: Identity,
    /// What the first line `sep=;` says, which Excel writes and reads.
    said_separator: Option<u8>,
    /// Lines before the text begins.
    pub(super) lines_before: u64,
}

/// What separates columns, likeliest first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

impl<'p> TextFile<'p> {
    /// Reads a file of UTF-8, with or without a mark of byte order.
    ///
    /// # Errors
    /// A file that cannot be read or is in another encoding.
    pub(super) fn open(found: &'p FoundFile) -> Result<Self> {
        let path = found.path.as_path();
        let read = storage::read_with_head(path);
        let (bytes, head) = read.map_err(|error| Error::io(Kind::Input, path, &error))?;
        let digest = blake3::hash(&bytes).to_hex().to_string();
        found.expected.iter().try_for_each(|expected| expected.check(path, &digest))?;
        let identity = Identity::new(&found.name, &head, digest, true);
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let valid = error.valid_up_to();
            let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
            let (from, to) = (shell_quoted(path), shell_quoted(&path.with_extension("utf8.csv")));
            Error::input(format!(
                "{}:{line}: byte 0x{:02X} is not UTF-8; if it is text of Windows, convert it: iconv -f WINDOWS-1252 -t UTF-8 {from} > {to}",
                path.display(),
                bytes[valid]
            ))
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let mut file = Self { found, text, identity, said_separator: None, lines_before: 0 };
        file.take_separator_line();
        Ok(file)
    }

    fn take_separator_line(&mut self) {
        let Some((line, rest)) = self.text.split_once('\n') else { return };
        if let [separator] = line.trim_end_matches('\r').strip_prefix("sep=").unwrap_or("").as_bytes() {
            self.said_separator = Some(*separator);
            self.text = rest.to_owned();
            self.lines_before = 1;
        }
    }

    /// The separator and the head under it: that which is declared, else the one by which the head has the columns.
    ///
    /// # Errors
    /// An empty file, or a head that does not have the columns under any separator.
    pub(super) fn head(&self, ledger: &LedgerDef) -> Result<(u8, StringRecord)> {
        let candidates = match ledger.format.separator.or(self.said_separator) {
            Some(declared) => vec![declared],
            None => SEPARATORS.to_vec(),
        };
        let mut heads = Vec::new();
        for separator in candidates {
            heads.push((separator, self.first_record(separator)?));
        }
        let has_columns = |head: &StringRecord| Columns::find(self.found, ledger, head).is_ok();
        if let Some(at) = heads.iter().position(|(_, head)| has_columns(head)) {
            return Ok(heads.swap_remove(at));
        }
        // None has the columns: the message speaks of the likeliest.
        let likeliest = heads.into_iter().rev().max_by_key(|(_, head)| head.len());
        Ok(likeliest.expect("there is at least one candidate"))
    }

    fn first_record(&self, separator: u8) -> Result<StringRecord> {
        for record in self.reader(separator).into_records() {
            let record =
                record.map_err(|error| Error::input(format!("{}: {error}", self.found.path.display())))?;
            if record.iter().any(|field| !field.trim().is_empty()) {
                return Ok(record);
            }
        }
        Err(Error::input(format!("{}: is empty, expected a head and rows", self.found.path.display())))
    }

    /// Reads all records, the head among them.
    pub(super) fn reader(&self, separator: u8) -> csv::Reader<&[u8]> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(self.text.as_bytes())
    }
}

/// Where the columns of a ledger are.
pub(super) struct Columns {
    pub(super) account: Place,
    pub(super) period: Place,
    pub(super) amount: Place,
    /// Fields that a folder gives a value of, too.
    claims: Vec<Claim>,
}

/// A field of each record and the value that a folder gives it.
struct Claim {
    field: usize,
    name: String,
    value: String,
}

/// Where a column's values are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a field of each record.
    Field(usize),
    /// In the name of a folder, the same for all records.
    Folder(String),
}

impl Place {
    /// The value, without spaces around it.
    pub(super) fn of<'v>(&'v self, record: &'v StringRecord) -> &'v str {
        match self {
            Self::Field(at) => record.get(*at).unwrap_or("").trim(),
            Self::Folder(value) => value.trim(),
        }
    }
}

impl Columns {
    /// By exact name, else by the one name that differs in capitals only; in the head, else in the folders.
    ///
    /// # Errors
    /// A column that is not there, or twice.
    pub(super) fn find(found: &FoundFile, ledger: &LedgerDef, head: &StringRecord) -> Result<Self> {
        let find = |key: &str, name: &str| {
            let fault = |fault| Error::input(format!("{}: {fault}", found.path.display()));
            find(found, head, name, key).map_err(fault)
        };
        let [account, period, amount] = ledger.column_keys;
        let columns = Self {
            account: find(account, &ledger.account_column)?,
            period: find(period, &ledger.period_column)?,
            amount: find(amount, &ledger.amount_column)?,
            claims: Vec::new(),
        };
        Ok(Self { claims: columns.claims(found, head), ..columns })
    }

    fn claims(&self, found: &FoundFile, head: &StringRecord) -> Vec<Claim> {
        let mut claims = Vec::new();
        for place in [&self.account, &self.period, &self.amount] {
            let Place::Field(field) = *place else { continue };
            let name = head.get(field).unwrap_or("").trim();
            let folders = found.folders.iter().map(FolderValue::parts);
            let values = folders.filter(|(folder, _)| folder.to_lowercase() == name.to_lowercase());
            claims.extend(values.map(|(_, value)| Claim {
                field,
                name: name.to_owned(),
                value: value.unwrap_or("").trim().to_owned(),
            }));
        }
        claims
    }

    /// Engines differ in which of the two they take, so a field and the folder must say the same.
    ///
    /// # Errors
    /// A field with another value than its folder.
    pub(super) fn check_claims(&self, record: &StringRecord) -> Result<(), String> {
        for Claim { field, name, value } in &self.claims {
            let found = record.get(*field).unwrap_or("").trim();
            if found != value {
                return Err(format!(
                    "column '{name}' is '{found}' in the file and '{value}' in its path; move the file to the folder of \
                     its value, or write it again without the column"
                ));
            }
        }
        Ok(())
    }
}

fn find(file: &FoundFile, head: &StringRecord, name: &str, key: &str) -> Result<Place, String> {
    let fields: Vec<&str> = head.iter().map(str::trim).collect();
    if let Some(at) = only(&fields, name)? {
        return Ok(Place::Field(at));
    }
    let folders: Vec<(&str, Option<&str>)> = file.folders.iter().map(FolderValue::parts).collect();
    let names: Vec<&str> = folders.iter().map(|(name, _)| *name).collect();
    if let Some(at) = only(&names, name)? {
        return Ok(Place::Folder(folders[at].1.unwrap_or("").to_owned()));
    }
    let known = || fields.iter().chain(&names).copied();
    let way_out = did_you_mean(name, known(), || format!("name it with {key}"));
    Err(format!("no column '{name}'; found {}; {way_out}", known().collect::<Vec<_>>().join(", ")))
}

/// The one of this name, or of this name but for capitals.
fn only(names: &[&str], name: &str) -> Result<Option<usize>, String> {
    let of = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..names.len()).filter(|at| is_it(names[*at])).collect()
    };
    let exact = of(&|found| found == name);
    let lower = name.to_lowercase();
    let found = if exact.is_empty() { of(&|found| found.to_lowercase() == lower) } else { exact };
    match found[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(format!("{} columns are named '{name}'; rename all but one", found.len())),
    }
}
