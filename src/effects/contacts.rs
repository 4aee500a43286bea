//! Reads `[effects.contacts]`.

use crate::error::Result;
use crate::facts::{FactSet, Holds, RowColumn, RowSource, SourceView, Values, check_rows};
use crate::pipeline::{ContactsDef, Definition, KeyType};
use std::ops::Range;

/// What `arm` says of customers held out.
const CONTROL: &str = "control";

/// The first contact of a customer with each treatment.
#[derive(Debug, Default)]
pub struct Contacts {
    /// Sorted by customer.
    rows: Vec<Contact>,
    /// Names, sorted.
    pub(super) treatments: Vec<String>,
}

/// One contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Contact {
    pub(super) who: u32,
    /// Place among the treatments.
    pub(super) treatment: u32,
    pub(super) day: i32,
    /// None where the source does not say.
    pub(super) is_control: Option<bool>,
}

/// Reads the source, where it is declared; rows that break the row contract join the quarantine of the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted.
pub fn read(definition: &Definition, facts: &mut FactSet) -> Result<Contacts> {
    let def = definition.effects.as_ref().and_then(|effects| effects.contacts.as_ref());
    let Some(def) = def else { return Ok(Contacts::default()) };
    let mut columns = facts.read_rows(definition, &source(def))?.into_iter();
    let (Some(Values::Ranks(who)), Some(Values::Days(day)), Some(Values::Names(treatments, treatment))) =
        (columns.next(), columns.next(), columns.next())
    else {
        panic!("customers, days and names were wanted");
    };
    let arms = columns.next().map(|arms| match arms {
        Values::Names(names, codes) => (names.iter().position(|name| name == CONTROL), codes),
        _ => panic!("arms are names"),
    });
    let is_control = |row: usize| {
        arms.as_ref().map(|(control, codes)| control.is_some_and(|control| codes[row] as usize == control))
    };
    let contact = |row: usize| Contact {
        who: who[row],
        treatment: treatment[row],
        day: day[row],
        is_control: is_control(row),
    };
    Ok(Contacts { rows: first_ones((0..who.len()).map(contact).collect()), treatments })
}

/// The first contact of each customer with each treatment, sorted.
fn first_ones(mut contacts: Vec<Contact>) -> Vec<Contact> {
    contacts.sort_unstable();
    contacts.dedup_by_key(|contact| (contact.who, contact.treatment));
    contacts
}

/// Opens the source and checks columns and types; reads no row. Gives name, files and rows, where it is declared.
///
/// # Errors
/// All faults of the source.
pub fn check(definition: &Definition, keys: Option<KeyType>) -> Result<Option<SourceView>> {
    let def = definition.effects.as_ref().and_then(|effects| effects.contacts.as_ref());
    def.map(|def| check_rows(definition, &source(def), keys)).transpose()
}

fn source(def: &ContactsDef) -> RowSource<'_> {
    let column = |key, scalar, holds| RowColumn { key, scalar, holds, required: true };
    let mut columns = vec![
        column("customer", &def.customer, Holds::Customer),
        column("at", &def.at, Holds::At),
        column("treatment", &def.treatment, Holds::Name),
    ];
    columns.extend(def.arm.as_ref().map(|arm| column("arm", arm, Holds::Name)));
    RowSource { name: "contacts", files: &def.files, filter: def.filter.as_ref(), columns, rule: None }
}

impl Contacts {
    /// Those of these customers.
    pub(super) fn of(&self, ranks: &Range<usize>) -> &[Contact] {
        let place = |bound: usize| self.rows.partition_point(|contact| (contact.who as usize) < bound);
        &self.rows[place(ranks.start)..place(ranks.end)]
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> u64 {
        size_of_val(&self.rows[..]) as u64
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_contacts_the_first_counts() {
        let contact = |who, treatment, day| Contact { who, treatment, day, is_control: None };
        let found = first_ones(vec![contact(2, 0, 9), contact(1, 1, 7), contact(2, 0, 4), contact(2, 1, 8)]);
        assert_eq!(found, [contact(1, 1, 7), contact(2, 0, 4), contact(2, 1, 8)]);
        let contacts = Contacts { rows: found, treatments: vec![] };
        assert_eq!((contacts.of(&(2..3)).len(), contacts.of(&(0..2)).len()), (2, 1));
    }
}
