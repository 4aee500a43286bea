//! Customers told apart by an attribute of the customers source, or not at all.

use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;
use crate::pipeline::{Definition, LifecycleDef};
use arrow::array::{Array, AsArray, StringArray};
use arrow::datatypes::DataType;

/// What `by` says of all customers together.
pub(crate) const ALL: &str = "all";

/// Values beyond which an attribute tells customers apart rather than groups of them.
const MOST_VALUES: usize = 1000;

/// A way to divide the customers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grouping {
    /// `all` or the attribute's name.
    pub(crate) by: String,
    /// The value of each group, sorted; last, if there are such customers, none for those without value. Of all
    /// customers together: none.
    pub(crate) values: Vec<Option<String>>,
    /// By rank; empty for all customers together.
    group_of: Vec<u32>,
}

impl Grouping {
    /// All customers together.
    pub(crate) fn all() -> Self {
        Self { by: ALL.to_owned(), values: vec![None], group_of: Vec::new() }
    }

    /// By the values of an attribute, which are parallel to ranks.
    ///
    /// # Errors
    /// More values than groups make sense.
    fn by_values(by: &str, values: &StringArray) -> Result<Self> {
        let mut known: Vec<&str> = values.iter().flatten().collect();
        known.sort_unstable();
        known.dedup();
        if known.len() > MOST_VALUES {
            return Err(Error::definition(format!(
                "lifecycle.by: attribute '{by}' has {} values, at most {MOST_VALUES} make groups; leave it out or \
                 give an attribute that is coarser",
                known.len()
            )));
        }
        let place = |value: &str| known.binary_search(&value).expect("every value was collected");
        let group = |value: Option<&str>| u32::try_from(value.map_or(known.len(), place));
        let group_of = values.iter().map(|value| group(value).expect("groups are few")).collect();
        let mut labels: Vec<Option<String>> = known.iter().map(|value| Some((*value).to_owned())).collect();
        if values.null_count() > 0 {
            labels.push(None);
        }
        Ok(Self { by: by.to_owned(), values: labels, group_of })
    }

    /// The group of a customer.
    pub(crate) fn group(&self, rank: usize) -> usize {
        self.group_of.get(rank).map_or(0, |group| *group as usize)
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
        let values = values.slice(0, known.min(values.len()));
        let texts = arrow::compute::cast(&values, &DataType::Utf8)
            .map_err(|error| Error::input(format!("customer attribute '{name}': {error}")))?;
        Grouping::by_values(name, texts.as_string())
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

    #[test]
    fn groups_are_sorted_and_those_without_value_come_last() {
        let values = StringArray::from(vec![Some("web"), None, Some("store"), Some("web")]);
        let grouping = Grouping::by_values("channel", &values).unwrap();
        let labels: Vec<Option<&str>> = grouping.values.iter().map(Option::as_deref).collect();
        assert_eq!(labels, [Some("store"), Some("web"), None]);
        assert_eq!((0..4).map(|rank| grouping.group(rank)).collect::<Vec<_>>(), [1, 2, 0, 1]);
        assert_eq!((Grouping::all().group(3), Grouping::all().values.len()), (0, 1));
    }

    #[test]
    fn an_attribute_of_every_customer_its_own_makes_no_groups() {
        let values: StringArray = (0..=MOST_VALUES).map(|value| Some(value.to_string())).collect();
        let error = Grouping::by_values("name", &values).unwrap_err();
        assert!(error.to_string().contains("'name' has 1001 values"), "{error}");
    }
}
