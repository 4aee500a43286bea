//! Texts as small numbers, shared by all threads. The numbers depend on arrival; nothing that leaves the facts does.

use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Mutex;

/// Locks among which many texts are spread.
const SHARDS: u32 = 16;

/// Gives each distinct text a number.
pub(crate) struct Interner {
    hasher: hashbrown::DefaultHashBuilder,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    table: HashTable<u32>,
    texts: Vec<Box<str>>,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self::with_shards(SHARDS)
    }

    /// For few texts: their numbers leave no gap.
    pub(crate) fn without_gaps() -> Self {
        Self::with_shards(1)
    }

    fn with_shards(shards: u32) -> Self {
        let shards = (0..shards).map(|_| Mutex::default()).collect();
        Self { hasher: hashbrown::DefaultHashBuilder::default(), shards }
    }

    fn shard_count(&self) -> u32 {
        u32::try_from(self.shards.len()).expect("few shards")
    }

    /// The number of this text, new or known.
    pub(crate) fn intern(&self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let shard_index = (hash >> 32) as u32 % self.shard_count();
        let mut shard = self.shards[shard_index as usize].lock().expect("no thread panics while it interns");
        let Shard { table, texts } = &mut *shard;
        let found = table.entry(
            hash,
            |index| &*texts[*index as usize] == text,
            |index| self.hasher.hash_one(&*texts[*index as usize]),
        );
        let index = match found {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let index = u32::try_from(texts.len()).expect("fewer than 2³² texts");
                entry.insert(index);
                texts.push(text.into());
                index
            }
        };
        index
            .checked_mul(self.shard_count())
            .and_then(|number| number.checked_add(shard_index))
            .expect("fewer than 2²⁸ texts a shard")
    }

    /// By number, the place of each text so far among all of them; for an interner without gaps.
    pub(crate) fn order(&self) -> Vec<u32> {
        assert_eq!(self.shards.len(), 1, "texts are in order within one shard");
        let shard = self.shards[0].lock().expect("no thread panics while it interns");
        let mut numbers: Vec<usize> = (0..shard.texts.len()).collect();
        numbers.sort_unstable_by_key(|number| &shard.texts[*number]);
        let mut order = vec![0; numbers.len()];
        for (place, number) in (0..).zip(numbers) {
            order[number] = place;
        }
        order
    }

    /// The texts of these numbers.
    pub(crate) fn resolve(&self, numbers: &[u32]) -> Vec<String> {
        let shards = self.shard_count();
        let text = |number: &u32| {
            let shard =
                self.shards[(number % shards) as usize].lock().expect("no thread panics while it interns");
            shard.texts[(number / shards) as usize].to_string()
        };
        numbers.iter().map(text).collect()
    }
}
