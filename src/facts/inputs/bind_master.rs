//! Binds the expressions of master data, customers and products, to their files.

use super::absent::{Required, absent_columns};
use super::binder::way_out;
use super::input_file::InputFile;
use super::unify::check_columns;
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{Bound, Type, bind};
use crate::pipeline::{CustomersDef, Definition, Scalar};
use std::collections::{BTreeMap, BTreeSet};

/// Key, expression, which types it may have, and those in words.
pub(crate) type Wanted<'w> = (&'w str, &'w Scalar, &'w dyn Fn(Type) -> bool, &'w str);

/// Binds the expressions of a master source; `wanted` says which types each may have.
pub(crate) fn bind_all(
    definition: &Definition,
    files: &[InputFile],
    scalars: &[Wanted<'_>],
) -> Result<Vec<Bound>> {
    let mut messages = Vec::new();
    let mut bounds = Vec::new();
    for (key, scalar, holds, expected) in scalars {
        let place = definition.place(scalar.at);
        let file = files[0].path.display();
        match bind(&scalar.expr, files[0].schema(), &BTreeMap::new(), definition.facts.timezone) {
            Ok(bound) if holds(bound.ty()) => bounds.push(bound),
            Ok(bound) => {
                let way_out = way_out(expected, bound.ty(), &scalar.text);
                messages.push(format!(
                    "{place}: '{key}' is {} in {file}, expected {expected}{way_out}",
                    bound.ty()
                ));
            }
            Err(fault) => messages.push(format!("{place}: {} (in {file})", fault.message)),
        }
    }
    let names = scalars.iter().flat_map(|(_, scalar, ..)| scalar.expr.columns());
    let names = names.chain(bounds.iter().flat_map(Bound::columns).map(String::as_str));
    // First, because a column of two types may be of the wrong one here.
    check_columns(files, &names.map(str::to_owned).collect::<Vec<_>>())?;
    if !messages.is_empty() {
        return Err(Error { kind: Kind::Definition, messages });
    }
    // The first is the key. What else may be null is an attribute or a day that is not known.
    let needed =
        scalars.iter().enumerate().filter(|(index, (key, ..))| *index == 0 || *key == "acquisition_cost");
    let mut required = Vec::new();
    for (_, (key, scalar, ..)) in needed {
        let none = BTreeMap::new();
        let zone = definition.facts.timezone;
        required.push(Required::new(key, &scalar.expr, files[0].schema(), &none, zone));
    }
    let absent = absent_columns(files, &required);
    if absent.is_empty() { Ok(bounds) } else { Err(Error { kind: Kind::Input, messages: absent }) }
}

/// The file columns that expressions need, each once.
pub(crate) fn columns_of<'b>(bounds: impl IntoIterator<Item = &'b Bound>) -> Vec<String> {
    let columns: BTreeSet<&String> = bounds.into_iter().flat_map(Bound::columns).collect();
    columns.into_iter().cloned().collect()
}

/// Whole floats and decimals are keys too, as pandas and Oracle write them; a row whose key is not whole is quarantined.
pub(crate) fn is_key(ty: Type) -> bool {
    matches!(ty, Type::Integer | Type::Text | Type::Decimal(_) | Type::Float)
}

fn is_number(ty: Type) -> bool {
    matches!(ty, Type::Integer | Type::Decimal(_) | Type::Float | Type::Null)
}

fn is_instant(ty: Type) -> bool {
    matches!(ty, Type::Date | Type::Timestamp { .. })
}

/// Numbers must be whole, in whatever type: a column of integers beside nulls leaves pandas as floats.
fn is_attribute(ty: Type) -> bool {
    matches!(ty, Type::Integer | Type::Text | Type::Bool | Type::Decimal(_) | Type::Float)
}

/// Which bound expression is which.
pub(crate) struct MasterBounds {
    pub(crate) customer: Bound,
    pub(crate) acquired_on: Option<Bound>,
    pub(crate) acquisition_cost: Option<Bound>,
    pub(crate) attributes: Vec<(String, Bound)>,
}

impl MasterBounds {
    /// The file columns they need.
    pub(crate) fn columns(&self) -> Vec<String> {
        let days = self.acquired_on.iter().chain(&self.acquisition_cost);
        let attributes = self.attributes.iter().map(|(_, bound)| bound);
        columns_of(days.chain(attributes).chain([&self.customer]))
    }
}

pub(crate) fn bind_master(
    definition: &Definition,
    def: &CustomersDef,
    files: &[InputFile],
) -> Result<MasterBounds> {
    let mut scalars: Vec<Wanted<'_>> = vec![("customer", &def.customer, &is_key, "an integer or text")];
    if let Some(scalar) = &def.acquired_on {
        scalars.push(("acquired_on", scalar, &is_instant, "a date or timestamp"));
    }
    if let Some(scalar) = &def.acquisition_cost {
        scalars.push(("acquisition_cost", scalar, &is_number, "a number"));
    }
    for (name, scalar) in &def.attributes {
        scalars.push((name, scalar, &is_attribute, "text, a whole number or a condition"));
    }
    let mut bounds = bind_all(definition, files, &scalars)?.into_iter();
    let mut next = || bounds.next().expect("one bound expression for each scalar");
    Ok(MasterBounds {
        customer: next(),
        acquired_on: def.acquired_on.is_some().then(&mut next),
        acquisition_cost: def.acquisition_cost.is_some().then(&mut next),
        attributes: def.attributes.keys().map(|name| (name.clone(), next())).collect(),
    })
}
