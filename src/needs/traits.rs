//! What is known of every customer: values of attributes of the customers source, and columns of `customer_segment`.

use crate::customers::grouping::{Grouping, Unlabelled};
use crate::customers::keyed_rows::{KeyedRows, RowsOfRanks};
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::facts::schema::Customers;
use crate::pipeline::{Definition, NeedTrait, NeedsDef};
use crate::publish::read::{PublishedReader, Wanted};
use arrow::array::Array;
use std::ops::Range;

/// Most values of a trait. Of a value that hardly any respondent has nothing can be learned.
const MOST_VALUES: usize = 1_000;

/// One trait.
struct Trait {
    name: String,
    /// Values in order; the last stands for customers without one.
    values: Vec<Option<String>>,
    source: Source,
}

enum Source {
    /// An attribute of the customers source, by rank.
    Attribute(Grouping),
    /// The n-th column read of `customer_segment`, and the names in it, ascending.
    Column(usize, Vec<String>),
}

/// The declared traits, in order.
pub(super) struct Traits {
    traits: Vec<Trait>,
    columns: Vec<(&'static str, Wanted)>,
}

/// The values of each trait of a slice of customers, as numbers: by trait and place in the slice.
#[derive(Debug)]
pub(super) struct SliceTraits {
    first: usize,
    codes: Vec<Vec<usize>>,
}

impl Traits {
    /// `table` is `customer_segment`, where the run makes it.
    ///
    /// # Errors
    /// A trait of more values than there is room for, a table that cannot be read back.
    pub(super) fn new(
        definition: &Definition,
        def: &NeedsDef,
        facts: &FactSet,
        table: Option<&PublishedReader>,
    ) -> Result<Self> {
        let (mut traits, mut columns) = (Vec::new(), Vec::new());
        for declared in &def.traits {
            let (mut values, source) = match declared {
                NeedTrait::Attribute(name) => attribute(facts, name)?,
                NeedTrait::Segment(column) => {
                    let table =
                        table.ok_or_else(|| Error::internal("needs: 'customer_segment' was not made"))?;
                    columns.push((*column, Wanted::Names));
                    let names = table.distinct_names(column)?;
                    let values = names.iter().cloned().map(Some).collect();
                    (values, Source::Column(columns.len() - 1, names))
                }
            };
            if values.len() > MOST_VALUES {
                return Err(Error::check(format!(
                    "{}: trait '{}' of needs.traits has {} values, expected at most {MOST_VALUES}; name bands of several in the \
                     attribute's SQL",
                    definition.place(def.at),
                    declared.name(),
                    values.len()
                )));
            }
            if values.last().is_none_or(Option::is_some) {
                values.push(None);
            }
            traits.push(Trait { name: declared.name().to_owned(), values, source });
        }
        Ok(Self { traits, columns })
    }

    /// Names and values of each.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&str, &[Option<String>])> {
        self.traits.iter().map(|known| (known.name.as_str(), known.values.as_slice()))
    }

    /// How many values each has.
    pub(super) fn sizes(&self) -> Vec<usize> {
        self.traits.iter().map(|known| known.values.len()).collect()
    }

    /// Columns of customers, read forward; none where no trait is one.
    ///
    /// # Errors
    /// A published table that cannot be read back.
    pub(super) fn open<'t>(
        &self,
        customers: &'t Customers,
        table: Option<&'t PublishedReader>,
    ) -> Result<Option<KeyedRows<'t>>> {
        let table = table.filter(|_| !self.columns.is_empty());
        table.map(|table| KeyedRows::open(customers, "customer_segment", table, &self.columns)).transpose()
    }

    /// Those of a slice of customers, within the block that `rows` were read of.
    ///
    /// # Errors
    /// A published column of another type.
    pub(super) fn of_slice(&self, rows: Option<&RowsOfRanks>, ranks: &Range<usize>) -> Result<SliceTraits> {
        let mut codes = Vec::with_capacity(self.traits.len());
        for known in &self.traits {
            codes.push(match (&known.source, rows) {
                (Source::Attribute(grouping), _) => ranks.clone().map(|rank| grouping.group(rank)).collect(),
                (Source::Column(column, names), Some(rows)) => rows.groups(*column, names, ranks)?,
                (Source::Column(..), None) => vec![known.values.len() - 1; ranks.len()],
            });
        }
        Ok(SliceTraits { first: ranks.start, codes })
    }
}

fn attribute(facts: &FactSet, name: &str) -> Result<(Vec<Option<String>>, Source)> {
    let mut attributes = facts.master.iter().flat_map(|master| &master.attributes);
    let grouping = match attributes.find(|(known, _)| known == name) {
        Some((_, values)) => {
            let customers = facts.customers.keys.len().min(values.len());
            Grouping::by_values(&values.slice(0, customers), Unlabelled::Last)?
        }
        None => Grouping::one(),
    };
    Ok((grouping.labels.clone(), Source::Attribute(grouping)))
}

impl SliceTraits {
    /// The values of a customer, trait by trait.
    pub(super) fn of(&self, rank: usize) -> impl Iterator<Item = usize> {
        self.codes.iter().map(move |codes| codes[rank - self.first])
    }
}
