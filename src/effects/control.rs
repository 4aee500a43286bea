//! The control group: customers held out from every treatment, by a hash of their key, so that who is in it depends on
//! neither the run nor who else there is.

use crate::facts::schema::Customers;
use crate::pipeline::ControlDef;
use crate::profitability::schema::key_text;
use crate::units::pow10;

/// Who is held out.
#[derive(Debug, Clone, Copy)]
pub(super) struct ControlGroup {
    seed: u32,
    /// Hashes below it are of customers held out; 2^64 and more: all are.
    below: u128,
}

impl ControlGroup {
    pub(super) fn new(def: &ControlDef) -> Self {
        let share = u128::try_from(def.share.mantissa).expect("a share is not negative");
        let scale = u128::try_from(pow10(def.share.scale)).expect("a power of ten");
        Self { seed: def.seed, below: (share << 64) / scale }
    }

    pub(super) fn holds(&self, customers: &Customers, rank: u32) -> bool {
        self.holds_key(&key_text(customers, rank))
    }

    fn holds_key(&self, key: &str) -> bool {
        let hash = blake3::hash(format!("{}:{key}", self.seed).as_bytes());
        let first: [u8; 8] = hash.as_bytes()[..8].try_into().expect("eight bytes");
        u128::from(u64::from_be_bytes(first)) < self.below
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Decimal;

    fn held(mantissa: i128, seed: u32) -> Vec<u32> {
        let group = ControlGroup::new(&ControlDef { share: Decimal { mantissa, scale: 2 }, seed });
        (0..10_000).filter(|key| group.holds_key(&key.to_string())).collect()
    }

    #[test]
    fn the_declared_share_is_held_out_and_a_larger_one_holds_the_same_and_more() {
        let (tenth, fifth) = (held(10, 1), held(20, 1));
        assert!((900..1_100).contains(&tenth.len()) && (1_880..2_120).contains(&fifth.len()));
        assert!(tenth.iter().all(|key| fifth.contains(key)));
        assert_eq!((held(0, 1).len(), held(100, 1).len()), (0, 10_000));
        let both = held(10, 2).iter().filter(|key| tenth.contains(key)).count();
        assert!((60..150).contains(&both), "another seed holds out others: {both}");
    }
}
