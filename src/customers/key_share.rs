//! A share of customers by a hash of their key (hash sampling): who is in it depends on neither the run nor who else there is, and
//! a larger share holds those of a smaller one and more.

use crate::units::{Decimal, pow10};

/// Two independent numbers of a key; another salt gives others.
pub(crate) fn key_hash(salt: &str, key: &str) -> [u64; 2] {
    let hash = blake3::hash(format!("{salt}:{key}").as_bytes());
    [0, 8].map(|from| u64::from_be_bytes(hash.as_bytes()[from..from + 8].try_into().expect("eight bytes")))
}

/// The share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyShare {
    /// Hashes below it are in; 2^64 and more: all are.
    below: u128,
}

impl KeyShare {
    /// `share` is from 0 to 1.
    pub(crate) fn new(share: Decimal) -> Self {
        let mantissa = u128::try_from(share.mantissa).expect("a share is not negative");
        let scale = u128::try_from(pow10(share.scale)).expect("a power of ten");
        Self { below: (mantissa << 64) / scale }
    }

    pub(crate) fn has(self, hash: u64) -> bool {
        u128::from(hash) < self.below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(mantissa: i128, salt: &str) -> Vec<u32> {
        let share = KeyShare::new(Decimal { mantissa, scale: 2 });
        (0..10_000).filter(|key| share.has(key_hash(salt, &key.to_string())[0])).collect()
    }

    #[test]
    fn the_declared_share_is_held_and_a_larger_one_holds_the_same_and_more() {
        let (tenth, fifth) = (held(10, "1"), held(20, "1"));
        assert!((900..1_100).contains(&tenth.len()) && (1_880..2_120).contains(&fifth.len()));
        assert!(tenth.iter().all(|key| fifth.contains(key)));
        assert_eq!((held(0, "1").len(), held(100, "1").len()), (0, 10_000));
        let both = held(10, "2").iter().filter(|key| tenth.contains(key)).count();
        assert!((60..150).contains(&both), "another salt holds others: {both}");
    }

    #[test]
    fn the_numbers_of_a_key_are_independent() {
        let quarter = KeyShare::new(Decimal { mantissa: 25, scale: 2 });
        let hashes = (0..10_000).map(|key| key_hash("1", &key.to_string()));
        let of_lower_half = hashes.filter(|[first, second]| *first < u64::MAX / 2 && quarter.has(*second));
        assert!((1_130..1_370).contains(&of_lower_half.count()));
    }
}
