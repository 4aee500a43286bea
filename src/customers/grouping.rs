//! Customers grouped by an attribute, or by a column of a published table: labels in order, and a narrow code by rank.

use super::keyed_rows::KeyedRows;
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::publish::read::{PublishedReader, Wanted};
use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use hashbrown::HashMap;

/// Where the group of customers without value comes among the others, which are in the order of their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlabelled {
    First,
    Last,
}

/// Groups of customers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grouping {
    /// The value of each group, ascending; none for customers without value, where there are any.
    pub(crate) labels: Vec<Option<String>>,
    codes: Codes,
}

/// The group of each customer by rank, in as few bytes as the number of groups allows.
#[derive(Debug, Clone, PartialEq)]
enum Codes {
    /// One group, of all customers.
    One,
    Short(Vec<u16>),
    Long(Vec<u32>),
}

/// Values that are turned into text at a time, so that no second copy of the whole attribute is made.
const VALUES: usize = 1 << 16;

impl Grouping {
    /// All customers together, without a label.
    pub(crate) fn one() -> Self {
        Self { labels: vec![None], codes: Codes::One }
    }

    /// By the values of an attribute, which are parallel to ranks: as text, in the order of bytes.
    ///
    /// # Errors
    /// Values that have no text.
    pub(crate) fn by_values(values: &dyn Array, unlabelled: Unlabelled) -> Result<Self> {
        let (numbers, met) = numbered(values)?;
        let mut labels: Vec<(Option<String>, u32)> = numbers.into_iter().collect();
        labels.sort_unstable_by(|(a, _), (b, _)| match unlabelled {
            Unlabelled::First => a.cmp(b),
            Unlabelled::Last => a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(b)),
        });
        let mut code_of = vec![0; labels.len()];
        for (code, (_, number)) in (0..).zip(&labels) {
            code_of[*number as usize] = code;
        }
        let labels: Vec<Option<String>> = labels.into_iter().map(|(label, _)| label).collect();
        let codes = met.iter().map(|number| code_of[*number as usize]);
        let codes = match u16::try_from(labels.len()) {
            Ok(_) => Codes::Short(codes.map(|code| u16::try_from(code).expect("groups are few")).collect()),
            Err(_) => Codes::Long(codes.collect()),
        };
        Ok(Self { labels, codes })
    }

    /// By a column of names of a published table, read block by block; who has no name, or no row, comes last.
    ///
    /// # Errors
    /// A table that cannot be read back, a column that it does not have.
    pub(crate) fn by_column(
        customers: &Customers,
        (table, reader): (&'static str, &PublishedReader),
        column: &str,
    ) -> Result<Self> {
        let names = reader.distinct_names(column)?;
        let narrow = |group: usize| {
            u16::try_from(group)
                .map_err(|_| Error::internal(format!("{table}: '{column}' has too many names")))
        };
        narrow(names.len())?;
        let mut rows = KeyedRows::open(customers, table, reader, &[(column, Wanted::Names)])?;
        let mut codes = Vec::with_capacity(customers.len());
        for start in (0..customers.len()).step_by(VALUES) {
            let ranks = start..customers.len().min(start + VALUES);
            let groups = rows.next(ranks.clone())?.groups(0, &names, &ranks)?;
            for group in groups {
                codes.push(narrow(group)?);
            }
        }
        let labels = names.into_iter().map(Some).chain([None]).collect();
        Ok(Self { labels, codes: Codes::Short(codes) })
    }

    /// How many groups.
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether customers are split by an attribute.
    pub(crate) fn is_split(&self) -> bool {
        self.codes != Codes::One
    }

    /// Groups with a label.
    pub(crate) fn labelled(&self) -> usize {
        self.labels.iter().flatten().count()
    }

    /// The group of a customer; the first for a rank beyond the attribute's values.
    pub(crate) fn group(&self, rank: usize) -> usize {
        match &self.codes {
            Codes::One => 0,
            Codes::Short(codes) => codes.get(rank).map_or(0, |code| usize::from(*code)),
            Codes::Long(codes) => codes.get(rank).map_or(0, |code| *code as usize),
        }
    }
}

/// A number for each distinct value.
type Numbers = HashMap<Option<String>, u32>;

/// Every distinct value with a number in the order in which values are met, and the number of each customer: there are
/// many customers and few values, so that values are sorted once they are known rather than looked up in order.
fn numbered(values: &dyn Array) -> Result<(Numbers, Vec<u32>)> {
    let mut numbers = Numbers::new();
    let mut met = Vec::with_capacity(values.len());
    for start in (0..values.len()).step_by(VALUES) {
        let some = values.slice(start, VALUES.min(values.len() - start));
        let texts = arrow::compute::cast(&some, &DataType::Utf8)
            .map_err(|fault| Error::internal(fault.to_string()))?;
        // Of the values of this part; a text is copied only when it is met for the first time.
        let mut known: HashMap<Option<&str>, u32> = HashMap::new();
        for text in texts.as_string::<i32>() {
            let number = *known.entry(text).or_insert_with(|| {
                let next = u32::try_from(numbers.len()).expect("values are as many as ranks at most");
                *numbers.entry(text.map(str::to_owned)).or_insert(next)
            });
            met.push(number);
        }
    }
    Ok((numbers, met))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BooleanArray, Int64Array, StringArray};

    fn grouping(values: &dyn Array, unlabelled: Unlabelled) -> (Vec<Option<String>>, Vec<usize>) {
        let grouping = Grouping::by_values(values, unlabelled).unwrap();
        let groups = (0..values.len()).map(|rank| grouping.group(rank)).collect();
        (grouping.labels, groups)
    }

    fn labels(labels: &[Option<&str>]) -> Vec<Option<String>> {
        labels.iter().map(|label| label.map(str::to_owned)).collect()
    }

    #[test]
    fn groups_are_in_the_order_of_their_values() {
        let values = StringArray::from(vec![Some("web"), None, Some("store"), Some("web")]);
        let first = grouping(&values, Unlabelled::First);
        assert_eq!(first, (labels(&[None, Some("store"), Some("web")]), vec![2, 0, 1, 2]));
        let last = grouping(&values, Unlabelled::Last);
        assert_eq!(last, (labels(&[Some("store"), Some("web"), None]), vec![1, 2, 0, 1]));
    }

    #[test]
    fn values_of_every_kind_are_grouped_as_text() {
        let values = Int64Array::from(vec![Some(10), Some(9), Some(10)]);
        assert_eq!(grouping(&values, Unlabelled::Last).0, labels(&[Some("10"), Some("9")]));
        let values = BooleanArray::from(vec![true, false]);
        assert_eq!(grouping(&values, Unlabelled::Last), (labels(&[Some("false"), Some("true")]), vec![1, 0]));
    }

    #[test]
    fn many_groups_have_wider_codes() {
        let values: StringArray = (0..70_000).map(|value| Some(format!("{value:05}"))).collect();
        let grouping = Grouping::by_values(&values, Unlabelled::Last).unwrap();
        assert_eq!((grouping.len(), grouping.labelled(), grouping.group(69_999)), (70_000, 70_000, 69_999));
        assert!(matches!(grouping.codes, Codes::Long(_)));
    }

    #[test]
    fn of_all_customers_together_everybody_is_in_the_same_group() {
        let all = Grouping::one();
        assert_eq!((all.group(3), all.len(), all.labelled()), (0, 1, 0));
        let none = Grouping::by_values(&StringArray::from(vec![None::<&str>]), Unlabelled::Last).unwrap();
        assert_eq!((none.group(0), none.group(9), none.labels), (0, 0, vec![None]));
    }
}
