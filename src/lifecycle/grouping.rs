//! Customers grouped by an attribute of the customers source, or not at all.

use crate::customers::{self, grouping::Unlabelled};
use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;
use crate::pipeline::{Definition, LifecycleDef};
use crate::publish::ALL_CUSTOMERS;
use arrow::array::Array;

/// Values beyond which an attribute tells customers apart rather than groups of them.
const MOST_VALUES: usize = 1000;

/// A way to divide the customers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grouping {
    /// `all` or the attribute's name.
    pub(crate) by: String,
    groups: customers::grouping::Grouping,
}

impl Grouping {
    /// All customers together.
    pub(crate) fn all() -> Self {
        Self { by: ALL_CUSTOMERS.to_owned(), groups: customers::grouping::Grouping::one() }
    }

    /// By the values of an attribute, which are parallel to ranks.
    ///
    /// # Errors
    /// More values than groups make sense.
    fn by_values(by: &str, values: &dyn Array) -> Result<Self> {
        let groups = customers::grouping::Grouping::by_values(values, Unlabelled::Last)?;
        if groups.labelled() > MOST_VALUES {
            return Err(Error::definition(format!(
                "lifecycle.by: attribute '{by}' has {} values, at most {MOST_VALUES} make groups; leave it out or \
                 give an attribute that is coarser",
                groups.labelled()
            )));
        }
        Ok(Self { by: by.to_owned(), groups })
    }

    /// The value of each group, sorted; last, if there are such customers, none for those without value. Of all
    /// customers together: none.
    pub(crate) fn values(&self) -> &[Option<String>] {
        &self.groups.labels
    }

    /// The group of a customer.
    pub(crate) fn group(&self, rank: usize) -> usize {
        self.groups.group(rank)
    }
}

/// All customers together, then by each attribute declared; customers are the ranks below `known`.
///
/// # Errors
/// An attribute that the customers source does not give, or one with too many values.
pub(crate) fn groupings(
    definition: &Definition,
    lifecycle: &LifecycleDef,
    master: Option<&CustomerMaster>,
    known: usize,
) -> Result<Vec<Grouping>> {
    let by_attribute = |name: &String| {
        let values = attribute(definition, lifecycle, master, name)?;
        Grouping::by_values(name, &values.slice(0, known.min(values.len())))
    };
    std::iter::once(Ok(Grouping::all())).chain(lifecycle.by.iter().map(by_attribute)).collect()
}

/// An attribute of the customers source.
///
/// # Errors
/// There is none of this name.
pub(crate) fn attribute<'m>(
    definition: &Definition,
    lifecycle: &LifecycleDef,
    master: Option<&'m CustomerMaster>,
    name: &str,
) -> Result<&'m dyn Array> {
    let mut attributes = master.into_iter().flat_map(|master| &master.attributes);
    let found = attributes.find(|(known, _)| known == name).map(|(_, values)| values.as_ref());
    found.ok_or_else(|| {
        Error::definition(format!(
            "{}: lifecycle speaks of the attribute '{name}', which [facts.customers] does not give; add it to \
             its attributes",
            definition.place(lifecycle.at)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;

    #[test]
    fn an_attribute_of_every_customer_its_own_makes_no_groups() {
        let values: StringArray = (0..=MOST_VALUES).map(|value| Some(value.to_string())).collect();
        let error = Grouping::by_values("name", &values).unwrap_err();
        assert!(error.to_string().contains("'name' has 1001 values"), "{error}");
    }
}
