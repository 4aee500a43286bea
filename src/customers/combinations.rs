//! Combinations of several attributes' values that occur among customers, numbered, and each customer's by rank.
//!
//! A combination is a mixed-radix number: the group by the first attribute is its highest digit. So combinations are in the
//! order of their groups, and a customer's is found by binary search without any column of its own.

use super::grouping::Grouping;
use hashbrown::HashSet;

/// Cells of customers who have the same values of all attributes.
#[derive(Debug)]
pub(crate) struct Combinations {
    groupings: Vec<Grouping>,
    /// The combinations that occur, ascending.
    codes: Vec<u128>,
}

impl Combinations {
    /// All customers together.
    pub(crate) fn one() -> Self {
        Self { groupings: Vec::new(), codes: vec![0] }
    }

    /// Those that occur among so many customers; `None` where there are more than `most`.
    pub(crate) fn new(groupings: Vec<Grouping>, customers: usize, most: usize) -> Option<Self> {
        let radices = groupings.iter().map(|grouping| grouping.len().max(1) as u128);
        radices.into_iter().try_fold(1_u128, u128::checked_mul)?;
        let mut met = HashSet::new();
        for rank in 0..customers {
            if met.insert(code(&groupings, rank)) && met.len() > most {
                return None;
            }
        }
        let mut codes: Vec<u128> = met.into_iter().collect();
        codes.sort_unstable();
        if codes.is_empty() {
            codes.push(0);
        }
        Some(Self { groupings, codes })
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.codes.len()
    }

    /// The groups of every combination, attribute by attribute.
    pub(crate) fn cells(&self) -> Vec<Vec<usize>> {
        self.codes.iter().map(|code| digits(&self.groupings, *code)).collect()
    }

    /// The customer's.
    pub(crate) fn of(&self, rank: usize) -> usize {
        if self.codes.len() == 1 {
            return 0;
        }
        self.codes.binary_search(&code(&self.groupings, rank)).expect("every customer's was met")
    }
}

fn code(groupings: &[Grouping], rank: usize) -> u128 {
    let digit =
        |code, grouping: &Grouping| code * grouping.len().max(1) as u128 + grouping.group(rank) as u128;
    groupings.iter().fold(0, digit)
}

fn digits(groupings: &[Grouping], mut code: u128) -> Vec<usize> {
    let mut digits = Vec::with_capacity(groupings.len());
    for grouping in groupings.iter().rev() {
        let radix = grouping.len().max(1) as u128;
        digits.push(usize::try_from(code % radix).expect("a digit is below the number of groups"));
        code /= radix;
    }
    digits.reverse();
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::grouping::Unlabelled;
    use arrow::array::StringArray;

    fn grouping(values: &[Option<&str>]) -> Grouping {
        Grouping::by_values(&StringArray::from(values.to_vec()), Unlabelled::First).unwrap()
    }

    #[test]
    fn combinations_are_those_that_occur_in_order() {
        let region = grouping(&[Some("south"), Some("north"), None, Some("south")]);
        let way = grouping(&[Some("web"), Some("web"), Some("shop"), Some("shop")]);
        let found = Combinations::new(vec![region.clone(), way.clone()], 4, 4).unwrap();
        assert_eq!(found.cells(), [vec![0, 0], vec![1, 1], vec![2, 0], vec![2, 1]]);
        assert_eq!((0..4).map(|rank| found.of(rank)).collect::<Vec<_>>(), [3, 1, 0, 2]);
        assert!(Combinations::new(vec![region, way], 4, 3).is_none());
    }

    #[test]
    fn without_attributes_there_is_one() {
        let one = Combinations::one();
        assert_eq!((one.len(), one.of(7), one.cells()), (1, 0, vec![Vec::new()]));
        assert_eq!(Combinations::new(vec![grouping(&[Some("x"); 3])], 3, 9).unwrap().len(), 1);
    }
}
