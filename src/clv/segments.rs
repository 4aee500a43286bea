//! The parts of the customer base that are fitted apart.

use crate::customers::grouping::{Grouping, Unlabelled};
use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;

/// Most parts: each has its own fits, and too few customers tell nothing.
const MOST: usize = 1_000;

/// Which part each customer belongs to.
#[derive(Debug)]
pub(crate) struct Segments {
    /// The attribute that they share a value of.
    attribute: Option<String>,
    /// Those without value first; one without name if there is no attribute.
    grouping: Grouping,
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
        let mut grouping = Grouping::by_values(&values.slice(0, customers), Unlabelled::First)?;
        if grouping.len() > MOST {
            return Err(Error::check(format!(
                "{place}: attribute '{name}' has more than {MOST} values; segment by one that has fewer"
            )));
        }
        if grouping.len() == 0 {
            grouping = Grouping::one();
        }
        Ok(Self { attribute: Some(name.to_owned()), grouping })
    }

    fn whole() -> Self {
        Self { attribute: None, grouping: Grouping::one() }
    }

    /// Values of the attribute, ascending, those without value first; one without name if there is no attribute.
    pub(crate) fn names(&self) -> &[Option<String>] {
        &self.grouping.labels
    }

    /// A segment in a list of them, for a person.
    pub(crate) fn label(&self, segment: usize) -> String {
        self.names()[segment].clone().unwrap_or_else(|| self.customers_of(segment))
    }

    /// Customers of a segment, for a person.
    pub(crate) fn customers_of(&self, segment: usize) -> String {
        match (&self.attribute, &self.names()[segment]) {
            (Some(attribute), Some(value)) => format!("customers of {attribute} '{value}'"),
            (Some(attribute), None) => format!("customers without {attribute}"),
            (None, _) => "customers".to_owned(),
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.grouping.len()
    }

    /// Whether customers are divided by an attribute.
    pub(crate) fn is_split(&self) -> bool {
        self.grouping.is_split()
    }

    /// The customer's.
    pub(crate) fn of(&self, rank: usize) -> usize {
        self.grouping.group(rank)
    }
}
