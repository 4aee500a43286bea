//! Keys of groups in the order of bytes, and the group of each of many texts: a sort by the first bytes, then by the rest.
//!
//! Unlike `grouping`, which is for attributes of few values, this is for keys of which there may be as many as customers.

use arrow::array::{Array, LargeStringArray, LargeStringBuilder};
use rayon::prelude::*;

/// Groups by key, ascending.
#[derive(Debug)]
pub(crate) struct GroupKeys {
    keys: LargeStringArray,
}

/// In place of the group of a text that is not asked for.
pub(crate) const NO_GROUP: u32 = u32::MAX;

impl GroupKeys {
    /// The distinct ones of the texts that are `wanted`, and the group of each text, or `NO_GROUP`.
    pub(crate) fn new(texts: &LargeStringArray, wanted: impl Fn(usize) -> bool) -> (Self, Vec<u32>) {
        let place = |index: usize| u32::try_from(index).expect("customers and names fit 32 bits");
        let wanted = (0..texts.len()).filter(|index| wanted(*index));
        let mut order: Vec<(u64, u32)> =
            wanted.map(|index| (first_bytes(texts.value(index)), place(index))).collect();
        let text = |index: u32| texts.value(index as usize);
        order.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| text(a.1).cmp(text(b.1))));
        let mut keys = LargeStringBuilder::new();
        let mut groups = vec![NO_GROUP; texts.len()];
        let (mut next, mut last) = (0, None);
        for (_, index) in order {
            if last != Some(text(index)) {
                last = Some(text(index));
                keys.append_value(text(index));
                next += 1;
            }
            groups[index as usize] = next - 1;
        }
        (Self { keys: keys.finish() }, groups)
    }

    /// How many groups.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// A group's key.
    pub(crate) fn key(&self, group: usize) -> &str {
        self.keys.value(group)
    }

    /// The group of a key.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.len() && self.key(low) == key).then_some(low)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> u64 {
        self.keys.get_array_memory_size() as u64
    }
}

/// As a number that is in the order of the texts, as far as they differ in their first eight bytes.
fn first_bytes(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn groups_are_the_distinct_texts_in_order(
            texts in prop::collection::vec("[a\u{0}é]{0,3}(household)?[ab]{0,2}", 0..40),
        ) {
            let array: LargeStringArray = texts.iter().map(Some).collect();
            let (keys, groups) = GroupKeys::new(&array, |index| index % 5 != 3);
            let wanted: BTreeSet<&str> =
                texts.iter().enumerate().filter(|(index, _)| index % 5 != 3).map(|(_, text)| &text[..]).collect();
            let found: Vec<&str> = (0..keys.len()).map(|group| keys.key(group)).collect();
            for (place, key) in found.iter().enumerate() {
                prop_assert_eq!(keys.find(key), Some(place));
            }
            prop_assert_eq!(keys.find("none of them"), None);
            prop_assert_eq!(found, wanted.into_iter().collect::<Vec<_>>());
            for (index, group) in groups.into_iter().enumerate() {
                if index % 5 == 3 {
                    prop_assert_eq!(group, NO_GROUP);
                } else {
                    prop_assert_eq!(keys.key(group as usize), &texts[index]);
                }
            }
        }
    }
}
