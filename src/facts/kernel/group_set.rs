//! A set of product groups by number, one bit each: which groups a period has is known before its ranges are reduced.

/// Numbers of product groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupSet {
    words: Vec<u64>,
}

impl GroupSet {
    #[inline(always)]
    pub(crate) fn insert(&mut self, group: u32) {
        let (word, bit) = (group as usize / 64, group % 64);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << bit;
    }

    /// Adds all of another set.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, more)| *word |= more);
    }

    /// The numbers, ascending.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let has = |number: &u32| self.words[*number as usize / 64] >> (number % 64) & 1 == 1;
        (0..).take(self.words.len() * 64).filter(has).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_join_and_tell_their_numbers_in_order() {
        let mut set = GroupSet::default();
        assert!(set.numbers().is_empty());
        [70, 3, 70].into_iter().for_each(|group| set.insert(group));
        let mut other = GroupSet::default();
        [0, 200].into_iter().for_each(|group| other.insert(group));
        set.merge(&other);
        other.merge(&set);
        assert_eq!((set.numbers(), other.numbers()), (vec![0, 3, 70, 200], vec![0, 3, 70, 200]));
    }
}
