//! Hash of a customer's key: who is sampled and held out depends on neither the run nor who else there is.

use crate::facts::schema::Customers;
use crate::profitability::schema::key_text;
use crate::units::{Decimal, pow10};

/// Two independent numbers of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyHash {
    pub(super) of_sample: u64,
    of_holdout: u64,
}

/// Which customers are held out.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldOut {
    /// Hashes below it; 2^64 and more: all are.
    below: u128,
}

impl KeyHash {
    pub(super) fn of(customers: &Customers, rank: u32, seed: u32) -> Self {
        Self::of_key(&key_text(customers, rank), seed)
    }

    fn of_key(key: &str, seed: u32) -> Self {
        // Another text than that of control groups, so that both are independent.
        let hash = blake3::hash(format!("needs {seed}:{key}").as_bytes());
        let number = |from: usize| {
            let bytes = hash.as_bytes()[from..from + 8].try_into().expect("eight bytes");
            u64::from_be_bytes(bytes)
        };
        Self { of_sample: number(0), of_holdout: number(8) }
    }
}

#[cfg(test)]
impl KeyHash {
    pub(super) fn for_test(of_sample: u64) -> Self {
        Self { of_sample, of_holdout: 0 }
    }
}

impl HeldOut {
    pub(super) fn new(share: Decimal) -> Self {
        let mantissa = u128::try_from(share.mantissa).expect("a share is not negative");
        let scale = u128::try_from(pow10(share.scale)).expect("a power of ten");
        Self { below: (mantissa << 64) / scale }
    }

    pub(super) fn has(self, hash: KeyHash) -> bool {
        u128::from(hash.of_holdout) < self.below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_held_out_whatever_is_sampled() {
        let held_out = HeldOut::new(Decimal { mantissa: 25, scale: 2 });
        let hashes: Vec<KeyHash> = (0..10_000).map(|key| KeyHash::of_key(&key.to_string(), 1)).collect();
        let held = |of: &dyn Fn(&KeyHash) -> bool| {
            hashes.iter().filter(|hash| of(hash) && held_out.has(**hash)).count()
        };
        assert!((2_370..2_630).contains(&held(&|_| true)));
        assert!((1_130..1_370).contains(&held(&|hash| hash.of_sample < u64::MAX / 2)));
        assert!(!HeldOut::new(Decimal { mantissa: 0, scale: 0 }).has(hashes[0]));
        assert!(HeldOut::new(Decimal { mantissa: 1, scale: 0 }).has(hashes[0]));
    }
}
