//! Texts of the keys of orders between the scan and the state, where they are kept: words tell orders apart, and of a long
//! text they are a digest.

use arrow::array::StringArray;
use hashbrown::HashMap;

/// Words before the bytes of a text: those of the key, and the length.
const WORDS: usize = 3;

/// Appends the text of a key with these words.
pub(crate) fn append_text(texts: &mut Vec<u64>, [high, low]: [u64; 2], text: &str) {
    texts.extend([high, low, text.len() as u64]);
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    texts.extend(text.as_bytes().chunks(8).map(word));
}

/// The texts of the keys with these words, in order.
pub(crate) fn texts_of<'t>(texts: impl Iterator<Item = &'t [u64]>, keys: &[[u64; 2]]) -> StringArray {
    let mut known: HashMap<[u64; 2], &[u64]> = HashMap::with_capacity(keys.len());
    for mut rest in texts {
        while let [high, low, bytes, ..] = *rest {
            let end = WORDS + words_of(bytes);
            known.insert([high, low], &rest[WORDS - 1..end]);
            rest = &rest[end..];
        }
    }
    keys.iter().map(|key| Some(text(known[key]))).collect()
}

fn words_of(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(8)).expect("a text fits memory")
}

/// A text of its length and words.
fn text(words: &[u64]) -> String {
    let bytes = usize::try_from(words[0]).expect("a text fits memory");
    let text: Vec<u8> = words[1..].iter().flat_map(|word| word.to_le_bytes()).take(bytes).collect();
    String::from_utf8(text).expect("texts stay as they were")
}

#[cfg(test)]
mod tests {
    use super::super::record::text_words;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_come_back_by_their_keys(names in prop::collection::vec(".{0,40}", 1..20), cut in 0..20_usize) {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            for (place, name) in names.iter().enumerate() {
                append_text(if place < cut { &mut first } else { &mut second }, text_words(name), name);
            }
            let keys: Vec<[u64; 2]> = names.iter().rev().map(|name| text_words(name)).collect();
            let found = texts_of([&first[..], &second].into_iter(), &keys);
            prop_assert!(found.iter().flatten().eq(names.iter().rev().map(String::as_str)));
        }
    }
}
