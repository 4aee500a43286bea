//! Binds the expressions of one source to its files and collects what is wrong with them.

use super::absent::{Required, absent_columns};
use super::input_file::InputFile;
use super::unify::check_columns;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{Bound, Type, bind, way_to_a_moment};
use crate::facts::inputs::ledger::RATE_DIGITS;
use crate::pipeline::{Conversion, Definition, Expr, Scalar, is_converted};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Binds the expressions of one source and collects what is wrong with them.
pub(crate) struct Binder<'d> {
    pub(crate) definition: &'d Definition,
    pub(crate) schema: arrow::datatypes::SchemaRef,
    pub(crate) file: String,
    pub(crate) roles: BTreeMap<String, Expr>,
    /// Roles as money that is yet to be converted speaks of them: in the row's own currency.
    own_roles: BTreeMap<String, Expr>,
    /// Exchange rates, which are columns of the rows and of no file.
    rates: Vec<&'static str>,
    pub(crate) columns: Vec<String>,
    required: Vec<Required>,
    pub(crate) messages: Vec<String>,
}

impl<'d> Binder<'d> {
    pub(crate) fn new(
        definition: &'d Definition,
        files: &[InputFile],
        roles: &[(&str, Option<&Scalar>)],
    ) -> Self {
        let of = |(name, scalar): &(&str, Option<&Scalar>)| {
            Some(((*name).to_owned(), scalar.as_ref()?.expr.clone()))
        };
        Self {
            definition,
            schema: files[0].schema().clone(),
            file: files[0].path.display().to_string(),
            roles: roles.iter().filter_map(of).collect(),
            own_roles: BTreeMap::new(),
            rates: Vec::new(),
            columns: Vec::new(),
            required: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Gives rows exchange rates as columns; `own` are the roles that are money in the row's currency.
    pub(crate) fn add_rates(&mut self, rates: &[&'static str], own: Option<&Conversion>, place: &str) {
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        for rate in rates {
            if fields.iter().any(|field| field.name().eq_ignore_ascii_case(rate)) {
                self.messages.push(format!(
                    "{place}: {} has a column '{rate}', which is the name of the rate that [facts.exchange_rates] give; write \
                     the files with another name for it",
                    self.file
                ));
            }
            fields.push(Arc::new(rate_field(rate)));
        }
        self.schema = Arc::new(Schema::new(fields));
        self.rates = rates.to_vec();
        self.own_roles = self.roles.clone();
        self.own_roles.extend(own.iter().flat_map(|own| own.roles.clone()));
    }

    /// Binds a tree; `place` is the head of a message about it.
    pub(crate) fn tree(&mut self, expr: &Expr, place: &str, with_roles: bool) -> Option<Bound> {
        let none = BTreeMap::new();
        let roles = match with_roles {
            true if is_converted(expr) => &self.own_roles,
            true => &self.roles,
            false => &none,
        };
        match bind(expr, &self.schema, roles, self.definition.facts.timezone) {
            Ok(bound) => {
                self.columns.extend(bound.columns().iter().cloned());
                Some(bound)
            }
            Err(fault) => {
                self.columns.extend(expr.columns().into_iter().map(str::to_owned));
                self.messages.push(format!("{place}: {} (in {})", fault.message, self.file));
                None
            }
        }
    }

    /// Binds an expression of the pipeline file that speaks of file columns and must have one of the types.
    pub(crate) fn scalar(&mut self, key: &str, scalar: &Scalar, wanted: Wanted) -> Option<Bound> {
        self.typed(key, scalar, wanted, false)
    }

    pub(crate) fn typed(
        &mut self,
        key: &str,
        scalar: &Scalar,
        wanted: Wanted,
        with_roles: bool,
    ) -> Option<Bound> {
        let place = self.definition.place(scalar.at);
        let bound = self.tree(&scalar.expr, &place, with_roles)?;
        if wanted.holds(bound.ty()) {
            return Some(bound);
        }
        self.messages.push(format!(
            "{place}: '{key}' is {} in {}, expected {}: '{}'{}",
            bound.ty(),
            self.file,
            wanted.words(),
            scalar.text,
            way_out(wanted.words(), bound.ty(), &scalar.text)
        ));
        None
    }

    /// Notes that a file must have what the expression needs, or the expression an answer without it.
    pub(crate) fn require(&mut self, key: &str, expr: &Expr, with_roles: bool) {
        let none = BTreeMap::new();
        let roles = if with_roles { &self.roles } else { &none };
        let zone = self.definition.facts.timezone;
        self.required.push(Required::new(key, expr, &self.schema, roles, zone));
    }

    pub(crate) fn finish(mut self, files: &[InputFile]) -> Result<Vec<String>> {
        self.columns.sort();
        self.columns.dedup();
        self.columns.retain(|name| !self.rates.contains(&name.as_str()));
        // First, because a column of two types may be of the wrong one here.
        check_columns(files, &self.columns)?;
        if !self.messages.is_empty() {
            return Err(Error { kind: Kind::Definition, messages: self.messages });
        }
        let absent = absent_columns(files, &self.required);
        if absent.is_empty() { Ok(self.columns) } else { Err(Error { kind: Kind::Input, messages: absent }) }
    }
}

/// The column of an exchange rate.
pub(crate) fn rate_field(name: &str) -> Field {
    Field::new(name, RATE_TYPE, true)
}

/// Rates as rows have them: exact, of 18 digits.
pub(crate) const RATE_TYPE: DataType = DataType::Decimal64(18, RATE_DIGITS.cast_signed());

/// What an expression must yield.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    Truth,
    Number,
    Instant,
    Key,
    Text,
}

impl Wanted {
    pub(crate) fn holds(self, ty: Type) -> bool {
        match self {
            Wanted::Truth => matches!(ty, Type::Bool | Type::Null),
            Wanted::Number => matches!(ty, Type::Integer | Type::Decimal(_) | Type::Float | Type::Null),
            Wanted::Instant => matches!(ty, Type::Date | Type::Timestamp { .. }),
            Wanted::Key => {
                // Whole floats and decimals are integers; a row whose key is not whole is quarantined.
                !matches!(ty, Type::Null)
            }
            Wanted::Text => matches!(ty, Type::Text),
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Wanted::Truth => "a condition",
            Wanted::Number => "a number",
            Wanted::Instant => "a date or timestamp",
            Wanted::Key => "an integer, text or date",
            Wanted::Text => "text",
        }
    }
}

/// What makes the wanted of an expression that is something else: a cast, mostly.
pub(crate) fn way_out(wanted: &str, found: Type, text: &str) -> String {
    let way_out = match wanted {
        "a number" if found == Type::Text => format!("write cast({text} as decimal(18, 2))"),
        "a date or timestamp" => way_to_a_moment(found, text),
        "a condition" if found == Type::Text => format!("write {text} = '...' or cast({text} as boolean)"),
        "a condition" if found.is_number() => format!("write {text} <> 0"),
        wanted if wanted.contains("text") => format!("write cast({text} as varchar)"),
        _ => return String::new(),
    };
    format!("; {way_out}")
}
