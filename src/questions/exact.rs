//! Exact numbers in answers: texts in JSON, so that no reader rounds them.

use crate::units::Decimal;
use serde::{Serialize, Serializer};
use std::fmt;

/// An exact decimal number, serialised as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Decimal);

impl Exact {
    /// A mantissa with its digits after the point.
    pub fn new(mantissa: impl Into<i128>, scale: u8) -> Self {
        Self(Decimal { mantissa: mantissa.into(), scale })
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.0.mantissa == 0
    }

    /// All digits.
    pub fn mantissa(self) -> i128 {
        self.0.mantissa
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
