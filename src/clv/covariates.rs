//! The covariates of purchases and lapsing: attributes of customers, and the cells of customers that share their values.

use super::models::{Design, Level};
use super::segments::Segments;
use crate::customers::combinations::Combinations;
use crate::customers::grouping::{Grouping, Unlabelled};
use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;

/// Most combinations of values: each is counted and valued apart.
const MOST: usize = 500;
/// Most of them in all segments together.
const MOST_OF_SEGMENTS: usize = 10_000;

/// Which values of the declared attributes each customer has.
#[derive(Debug)]
pub(crate) struct Covariates {
    attributes: Vec<Attribute>,
    /// Their names, for a column.
    names: String,
    combinations: Combinations,
    design: Design,
}

#[derive(Debug)]
struct Attribute {
    name: String,
    /// In their order, none first.
    values: Vec<Option<String>>,
}

impl Covariates {
    /// Of these attributes; `place` says where they are asked for.
    ///
    /// # Errors
    /// More combinations of values than there are codes for.
    pub(crate) fn new(
        names: &[String],
        master: Option<&CustomerMaster>,
        customers: usize,
        segments: &Segments,
        place: &str,
    ) -> Result<Self> {
        let (mut attributes, mut groupings, mut references) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            let values = master.and_then(|master| master.attributes.iter().find(|(known, _)| known == name));
            let grouping = match values {
                Some((_, values)) => Grouping::by_values(&values.slice(0, customers), Unlabelled::First)?,
                None => Grouping::one(),
            };
            references.push(most_frequent(&grouping, customers));
            attributes.push(Attribute { name: name.clone(), values: grouping.labels.clone() });
            groupings.push(grouping);
        }
        let combinations = match names {
            [] => Combinations::one(),
            _ => Combinations::new(groupings, customers, MOST).ok_or_else(|| too_many(&attributes, place))?,
        };
        if combinations.len() * segments.len() > MOST_OF_SEGMENTS {
            return Err(Error::check(format!(
                "{place}: {} segments of {} combinations of values of 'covariates' each, together more than \
                 {MOST_OF_SEGMENTS}; use fewer covariates, or values that are bands of several, in the attribute's SQL",
                segments.len(),
                combinations.len(),
            )));
        }
        let design = Design { references, cells: combinations.cells() };
        Ok(Self { names: names.join(", "), attributes, combinations, design })
    }

    /// Whether any are declared.
    pub(crate) fn are_declared(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// How many cells customers are counted in besides all together: none where no covariates are declared.
    pub(crate) fn cells(&self) -> usize {
        if self.are_declared() { self.combinations.len() } else { 0 }
    }

    /// The customer's cell.
    pub(crate) fn of(&self, rank: usize) -> usize {
        self.combinations.of(rank)
    }

    /// What cells are made of.
    pub(crate) fn design(&self) -> &Design {
        &self.design
    }

    /// The attributes, for a column: `none` for a model without them.
    pub(crate) fn word(&self, has_covariates: bool) -> &str {
        if has_covariates { &self.names } else { "none" }
    }

    /// A cell's values, for a column.
    pub(crate) fn cell_text(&self, cell: usize) -> String {
        let values = self.attributes.iter().zip(&self.design.cells[cell]);
        let values: Vec<String> = values
            .map(|(attribute, value)| format!("{} = {}", attribute.name, attribute.text(*value)))
            .collect();
        values.join(", ")
    }

    /// `region.north`: the value's part in the name of a parameter.
    pub(crate) fn symbol(&self, level: Level) -> String {
        let attribute = &self.attributes[level.covariate];
        format!("{}.{}", attribute.name, attribute.text(level.value))
    }

    /// Customers with a value, and those that they are compared with, for a sentence.
    pub(crate) fn compared(&self, level: Level) -> [String; 2] {
        let attribute = &self.attributes[level.covariate];
        [level.value, self.design.references[level.covariate]].map(|value| attribute.customers(value))
    }
}

impl Attribute {
    fn text(&self, value: usize) -> &str {
        self.values[value].as_deref().unwrap_or("(none)")
    }

    fn customers(&self, value: usize) -> String {
        match &self.values[value] {
            Some(value) => format!("{} '{value}'", self.name),
            None => format!("no {}", self.name),
        }
    }
}

/// The group of most customers; of equal ones the first.
fn most_frequent(grouping: &Grouping, customers: usize) -> usize {
    let mut sizes = vec![0_u64; grouping.len().max(1)];
    (0..customers).for_each(|rank| sizes[grouping.group(rank)] += 1);
    let largest = sizes.iter().max().copied().unwrap_or(0);
    sizes.iter().position(|size| *size == largest).unwrap_or(0)
}

fn too_many(attributes: &[Attribute], place: &str) -> Error {
    let values: Vec<String> = attributes
        .iter()
        .map(|attribute| format!("'{}' has {}", attribute.name, attribute.values.len()))
        .collect();
    Error::check(format!(
        "{place}: customers have more than {MOST} combinations of values of 'covariates' ({}); use fewer covariates, or \
         values that are bands of several, in the attribute's SQL",
        values.join(", ")
    ))
}
