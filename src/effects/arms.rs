//! Sufficient statistics of one arm: counts, sums, squares and products, exact, so that they add up over slices.

use crate::customers::outcome::Measure;
use crate::error::{Error, Result};

/// Customers of an arm, of a treatment and a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Arm {
    /// All of them.
    pub(super) contacts: u64,
    /// Those whose window has ended.
    pub(super) observed: u64,
    /// By measure, of those.
    pub(super) sums: [Sums; Measure::ALL.len()],
}

/// Of an outcome y, in the window, and the same x before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) y: i128,
    pub(super) yy: i128,
    pub(super) x: i128,
    pub(super) xx: i128,
    pub(super) xy: i128,
}

impl Arm {
    /// Adds a customer; what it did after the contact and before it, by measure; none if its window has not ended.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn add(&mut self, outcome: Option<[[i128; 2]; Measure::ALL.len()]>) -> Result<()> {
        self.contacts += 1;
        let Some(outcome) = outcome else { return Ok(()) };
        self.observed += 1;
        for (sums, [y, x]) in self.sums.iter_mut().zip(outcome) {
            let product = |a: i128, b: i128| a.checked_mul(b).ok_or_else(too_large);
            let one = Sums { y, yy: product(y, y)?, x, xx: product(x, x)?, xy: product(x, y)? };
            *sums = sums.plus(&one).ok_or_else(too_large)?;
        }
        Ok(())
    }

    /// Adds other customers.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        self.contacts += other.contacts;
        self.observed += other.observed;
        for (sums, more) in self.sums.iter_mut().zip(&other.sums) {
            *sums = sums.plus(more).ok_or_else(too_large)?;
        }
        Ok(())
    }
}

impl Sums {
    fn plus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            y: self.y.checked_add(other.y)?,
            yy: self.yy.checked_add(other.yy)?,
            x: self.x.checked_add(other.x)?,
            xx: self.xx.checked_add(other.xx)?,
            xy: self.xy.checked_add(other.xy)?,
        })
    }
}

fn too_large() -> Error {
    Error::check("effects: sums of squares leave 128 bits; lower facts.money_scale")
}
