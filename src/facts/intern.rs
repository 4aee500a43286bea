//! Texts as small numbers, shared by all threads. The numbers depend on arrival; nothing that leaves the facts does.

use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Mutex;

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
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: hashbrown::DefaultHashBuilder::default(), shards }
    }

    /// The number of this text, new or known.
    pub(crate) fn intern(&self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let shard_index = (hash >> 32) as u32 % SHARDS;
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
            .checked_mul(SHARDS)
            .and_then(|number| number.checked_add(shard_index))
            .expect("fewer than 2²⁸ texts a shard")
    }

    /// The texts of these numbers.
    pub(crate) fn resolve(&self, numbers: &[u32]) -> Vec<String> {
        let text = |number: &u32| {
            let shard =
                self.shards[(number % SHARDS) as usize].lock().expect("no thread panics while it interns");
            shard.texts[(number / SHARDS) as usize].to_string()
        };
        numbers.iter().map(text).collect()
    }
}
