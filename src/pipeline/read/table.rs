//! Values of the file by key, typed. A value that is absent or faulty is `None`; its fault has been noted.

use super::paths;
use super::reading::Reading;
use super::text_offset::source_offset;
use super::wording::quoted;
use crate::pipeline::sql::{SqlError, parse_driver, parse_rule, parse_scalar};
use crate::pipeline::{DriverSql, Files, Named, Position, RuleSql, Scalar};
use crate::storage::{Location, NO_CREDENTIALS, Pattern, PatternError};
use crate::units::Decimal;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of the file.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) map: &'a DeTable<'a>,
    /// Byte offset of its header or opening brace.
    pub(super) offset: usize,
}

/// A key with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) key: &'a str,
    /// Byte offset of the key.
    pub(super) key_offset: usize,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Table<'a> {
    /// The file's outermost table.
    pub(super) fn root(reading: &'a Reading<'a>, map: &'a DeTable<'a>) -> Self {
        Self { reading, map, offset: 0 }
    }

    /// Where it begins.
    pub(super) fn at(self) -> Position {
        self.reading.position(self.offset)
    }

    /// Notes a fault of the table as a whole.
    pub(super) fn fault(self, message: impl Into<String>) {
        self.reading.fault(self.offset, message);
    }

    /// The entry of this key.
    pub(super) fn entry(self, key: &str) -> Option<Entry<'a>> {
        let (key, value) = self.map.get_key_value(key)?;
        Some(Entry { reading: self.reading, key: key.get_ref(), key_offset: key.span().start, value })
    }

    /// All entries, in the order written.
    pub(super) fn entries(self) -> Vec<Entry<'a>> {
        let entry = |(key, value): (&'a Spanned<_>, _)| Entry {
            reading: self.reading,
            key: AsRef::<str>::as_ref(key.get_ref()),
            key_offset: key.span().start,
            value,
        };
        let mut entries: Vec<_> = self.map.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.key_offset);
        entries
    }

    /// Whether the key is given, faulty or not.
    pub(super) fn has(self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Text.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.entry(key)?.text()
    }

    /// An integer.
    pub(super) fn integer(self, key: &str) -> Option<i64> {
        self.entry(key)?.integer()
    }

    /// `true` or `false`; `false` without the key.
    pub(super) fn flag(self, key: &str) -> bool {
        self.entry(key).and_then(Entry::flag).unwrap_or(false)
    }

    /// The entries of the table under this key; none without it.
    pub(super) fn entries_of(self, key: &str) -> Vec<Entry<'a>> {
        self.table(key).map(Table::entries).unwrap_or_default()
    }

    /// A scalar SQL expression.
    pub(super) fn sql(self, key: &str) -> Option<Scalar> {
        self.entry(key)?.sql()
    }

    /// A file pattern, and the version of a lake table that is meant.
    pub(super) fn files(self, key: &str) -> Option<Files> {
        let version = self.integer("version").and_then(|version| u64::try_from(version).ok());
        Some(Files { version, ..self.entry(key)?.files()? })
    }

    /// A table.
    pub(super) fn table(self, key: &str) -> Option<Table<'a>> {
        self.entry(key)?.table()
    }

    /// An array of tables; those that are none are left out.
    pub(super) fn tables(self, key: &str) -> Vec<Table<'a>> {
        let items = self.entry(key).and_then(|entry| entry.value.get_ref().as_array());
        items.into_iter().flat_map(|items| items.iter()).filter_map(|item| self.table_of(item)).collect()
    }

    /// A value as a table.
    pub(super) fn table_of(self, value: &'a Spanned<DeValue<'a>>) -> Option<Table<'a>> {
        let map = value.get_ref().as_table()?;
        Some(Table { reading: self.reading, map, offset: value.span().start })
    }
}

impl<'a> Entry<'a> {
    /// Byte offset of the value.
    pub(super) fn value_offset(self) -> usize {
        self.value.span().start
    }

    /// Notes a fault of the value.
    pub(super) fn fault(self, message: impl Into<String>) {
        self.reading.fault(self.value_offset(), message);
    }

    /// As text; blank text is a fault of shape.
    pub(super) fn text(self) -> Option<&'a str> {
        self.value.get_ref().as_str().filter(|text| !text.trim().is_empty())
    }

    /// As `true` or `false`.
    pub(super) fn flag(self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// Each of a list of texts with its own place, or the one text.
    pub(super) fn texts(self) -> Vec<(Entry<'a>, &'a str)> {
        let items: Vec<Entry<'a>> = match self.value.get_ref().as_array() {
            Some(items) => items.iter().map(|value| Entry { value, ..self }).collect(),
            None => vec![self],
        };
        items.into_iter().filter_map(|item| Some((item, item.text()?))).collect()
    }

    /// Each of a list of values with its own place.
    pub(super) fn items(self) -> Vec<Entry<'a>> {
        let items = self.value.get_ref().as_array();
        items.into_iter().flat_map(|items| items.iter()).map(|value| Entry { value, ..self }).collect()
    }

    /// As an integer.
    pub(super) fn integer(self) -> Option<i64> {
        let integer = self.value.get_ref().as_integer()?;
        i64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// As a table.
    pub(super) fn table(self) -> Option<Table<'a>> {
        Some(Table {
            reading: self.reading,
            map: self.value.get_ref().as_table()?,
            offset: self.value_offset(),
        })
    }

    /// As a path, with the values of the variables that it names.
    pub(super) fn path(self) -> Option<Cow<'a, str>> {
        let expanded = paths::expanded(self.text()?, |name| std::env::var(name).ok());
        expanded.map_err(|fault| self.fault(format!("'{}': {fault}", self.key))).ok()
    }

    /// Notes what is wrong with an address; credentials in it are not repeated.
    pub(super) fn address_fault(self, address: &str, fault: &str) {
        let shown = if fault.starts_with(NO_CREDENTIALS) { String::new() } else { quoted(address) };
        let is = if shown.is_empty() { "" } else { " is " };
        self.fault(format!("'{}'{is}{shown}: {fault}", self.key));
    }

    /// As a pattern of files.
    fn files(self) -> Option<Files> {
        let pattern = &*self.path()?;
        if let Some(fault) = Location::fault(pattern) {
            self.address_fault(pattern, &fault);
            return None;
        }
        let split = Pattern::split(pattern);
        let fault = |error: PatternError| {
            let message = format!("'{}' is no pattern of files: {}", self.key, error.message);
            // Within what the file says, as long as no variable stands in it.
            let is_as_written = self.text().is_some_and(|text| text == pattern);
            self.fault_in_text(if is_as_written { error.offset } else { 0 }, message);
        };
        let (root, below) = split.map_err(fault).ok()?;
        let folder = self.reading.folder();
        Some(Files {
            pattern: pattern.to_owned(),
            path: paths::resolved(folder, pattern),
            root: paths::resolved(folder, root),
            below,
            version: None,
            at: self.text_position(0),
        })
    }

    /// As a scalar SQL expression.
    pub(super) fn sql(self) -> Option<Scalar> {
        let text = self.text()?;
        let expr = self.parsed(parse_scalar(text))?;
        Some(Scalar { text: text.to_owned(), expr, at: self.text_position(0) })
    }

    /// As SQL aggregates.
    pub(super) fn driver(self) -> Option<DriverSql> {
        let text = self.text()?;
        let driver = self.parsed(parse_driver(text))?;
        Some(DriverSql { text: text.to_owned(), driver, at: self.text_position(0) })
    }

    /// As a rule over the measures of a customer.
    pub(super) fn rule(self) -> Option<RuleSql> {
        let text = self.text()?;
        let rule = self.parsed(parse_rule(text))?;
        let named = |(name, offset)| Named { name, at: self.text_position(offset) };
        Some(RuleSql {
            text: text.to_owned(),
            expr: rule.expr,
            columns: rule.columns.into_iter().map(named).collect(),
            divisors: rule
                .divisors
                .into_iter()
                .map(|(of, offset)| (of, self.text_position(offset)))
                .collect(),
            at: self.text_position(0),
        })
    }

    /// As a name, with its place.
    pub(super) fn named(self) -> Option<Named> {
        Some(Named { name: self.text()?.to_owned(), at: self.text_position(0) })
    }

    fn parsed<T>(self, result: Result<T, SqlError>) -> Option<T> {
        result
            .map_err(|error| self.fault_in_text(error.offset, format!("'{}': {}", self.key, error.message)))
            .ok()
    }

    /// Notes a fault at a byte of the text.
    pub(super) fn fault_in_text(self, offset: usize, message: impl Into<String>) {
        self.reading.fault(self.text_offset(offset), message);
    }

    pub(super) fn text_position(self, offset: usize) -> Position {
        self.reading.position(self.text_offset(offset))
    }

    fn text_offset(self, offset: usize) -> usize {
        let span = self.value.span();
        span.start + source_offset(&self.reading.text[span], self.text().unwrap_or_default(), offset)
    }

    /// As an exact number, never through a float.
    pub(super) fn number(self) -> Option<Decimal> {
        let (written, number) = match self.value.get_ref() {
            DeValue::Integer(integer) if integer.radix() != 10 => (integer.to_string(), None),
            DeValue::Integer(integer) => (integer.to_string(), integer.as_str().parse().ok()),
            DeValue::Float(float) => (float.to_string(), float.as_str().parse().ok()),
            DeValue::String(text) => (text.to_string(), text.parse().ok()),
            _ => return None,
        };
        let Some(number) = number.map(Decimal::normalised) else {
            let expected = "expected a decimal number such as 1_250.75, without exponent";
            self.fault(format!("'{}' is {}, {expected}", self.key, quoted(&written)));
            return None;
        };
        self.bounded(number)
    }

    fn bounded(self, number: Decimal) -> Option<Decimal> {
        if has_few_digits(number) {
            return Some(number);
        }
        let key = self.key;
        self.fault(format!(
            "'{key}' is {number}; at most {MOST_DIGITS} digits stand before and after the point"
        ));
        None
    }

    /// As money with at most `scale` digits after the point.
    pub(super) fn money(self, scale: Option<u8>) -> Option<Decimal> {
        let number = self.number()?;
        let Some(scale) = scale else { return Some(number) };
        if number.scale > scale {
            self.fault(format!(
                "'{}' is {number}, with more digits after the point than money_scale = {scale} allows",
                self.key
            ));
            return None;
        }
        let mantissa = number.at_scale(scale).expect("18 digits and 9 more fit an i128");
        if mantissa.unsigned_abs() >= 10_u128.pow(u32::from(MOST_DIGITS)) {
            let whole = MOST_DIGITS - scale;
            self.fault(format!(
                "'{}' is {number}; money with {scale} digits after the point has at most {whole} digits before it",
                self.key
            ));
            return None;
        }
        Some(number)
    }
}

/// Digits a number of the file may have on either side of the point: two such numbers compare without overflow.
pub(super) const MOST_DIGITS: u8 = 18;

/// Whether the number has few enough digits on either side of the point.
pub(super) fn has_few_digits(number: Decimal) -> bool {
    let whole = number.mantissa.unsigned_abs() / 10_u128.pow(u32::from(number.scale.min(38)));
    number.scale <= MOST_DIGITS && whole < 10_u128.pow(u32::from(MOST_DIGITS))
}

/// The order of two numbers of the file.
pub(super) fn compare(left: Decimal, right: Decimal) -> std::cmp::Ordering {
    let at_finest =
        |number: Decimal| number.at_scale(MOST_DIGITS).expect("18 digits and 18 more fit an i128");
    at_finest(left).cmp(&at_finest(right))
}
