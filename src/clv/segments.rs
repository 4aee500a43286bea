//! The parts of the customer base that are fitted apart.

use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;
use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use std::collections::BTreeSet;

/// Most parts: each has its own fits, and too few customers tell nothing.
const MOST: usize = 1_000;

/// Which part each customer belongs to.
#[derive(Debug)]
pub(crate) struct Segments {
    /// The attribute that tells them apart.
    attribute: Option<String>,
    /// Values of the attribute, ascending, those without value first; one without name if there is no attribute.
    pub(crate) names: Vec<Option<String>>,
    /// By rank; empty while there is no attribute.
    of: Vec<u16>,
}

impl Segments {
    /// One segment, or one for each value of the attribute; `place` says where it is asked for.
    ///
    /// # Errors
    /// More values than could be fitted.
    pub(crate) fn new(
        attribute: Option<&str>,
        master: Option<&CustomerMaster>,
        customers: usize,
        place: &str,
    ) -> Result<Self> {
        let Some(name) = attribute else { return Ok(Self::whole()) };
        let values = master.and_then(|master| master.attributes.iter().find(|(known, _)| known == name));
        let Some((_, values)) = values else { return Ok(Self::whole()) };
        let texts = arrow::compute::cast(&values.slice(0, customers), &DataType::Utf8)
            .map_err(|fault| Error::internal(fault.to_string()))?;
        let texts = texts.as_string::<i32>();
        let mut names: BTreeSet<Option<&str>> = BTreeSet::new();
        for text in texts {
            if names.insert(text) && names.len() > MOST {
                let message = format!(
                    "{place}: attribute '{name}' has more than {MOST} values; segment by one that has fewer"
                );
                return Err(Error::check(message));
            }
        }
        let names: Vec<Option<&str>> = names.into_iter().collect();
        let index = |text: Option<&str>| names.binary_search(&text).expect("every value has a name");
        let of = texts.iter().map(|text| u16::try_from(index(text)).expect("segments are few")).collect();
        let mut names: Vec<Option<String>> = names.iter().map(|name| name.map(str::to_owned)).collect();
        if names.is_empty() {
            names.push(None);
        }
        Ok(Self { attribute: Some(name.to_owned()), names, of })
    }

    fn whole() -> Self {
        Self { attribute: None, names: vec![None], of: Vec::new() }
    }

    /// A segment in a list of them, for a person.
    pub(crate) fn label(&self, segment: usize) -> String {
        self.names[segment].clone().unwrap_or_else(|| self.customers_of(segment))
    }

    /// Customers of a segment, for a person.
    pub(crate) fn customers_of(&self, segment: usize) -> String {
        match (&self.attribute, &self.names[segment]) {
            (Some(attribute), Some(value)) => format!("customers of {attribute} '{value}'"),
            (Some(attribute), None) => format!("customers without {attribute}"),
            (None, _) => "customers".to_owned(),
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether customers are told apart by an attribute.
    pub(crate) fn is_split(&self) -> bool {
        !self.of.is_empty()
    }

    /// The customer's.
    pub(crate) fn of(&self, rank: usize) -> usize {
        self.of.get(rank).map_or(0, |segment| usize::from(*segment))
    }
}
