//! Exact numbers as text: casts, constants, and the power of ten between text and mantissa.

use super::digits::{Digits, MOST, NARROW};
use super::sql::{Binds, Sql};
use super::writer::Write;
use super::written::{Exact, Written};
use crate::units::format_fixed;

impl Exact {
    /// The same in another type that holds it.
    pub(super) fn cast(&self, digits: Digits) -> Self {
        let sql = Sql::atom(format!("CAST({} AS {})", self.sql.text, digits.ty()));
        Self { sql: sql.with_fault(self.sql.fault.clone()), digits, claim: self.claim, strain: None }
    }

    /// Integers as decimals, whose results do not overflow at the width of their column.
    pub(super) fn as_decimal(&self) -> Self {
        if self.digits.is_integer { self.cast(Digits::decimal(self.digits.all, 0)) } else { self.clone() }
    }

    /// The same mantissa with another power of ten apart.
    pub(super) fn claiming(&self, claim: i16) -> Write<Self> {
        if self.claim == claim {
            return Ok(self.clone());
        }
        let tens = u8::try_from((self.claim - claim).unsigned_abs()).unwrap_or(u8::MAX);
        let (factor, more) = if self.claim > claim {
            ("1".to_owned() + &"0".repeat(tens.into()), (tens, 0))
        } else {
            (format_fixed(1, tens), (0, tens))
        };
        let digits = Digits::decimal(self.digits.all + more.0 + more.1, self.digits.scale + more.1);
        if digits.all > MOST {
            return Err(format!(
                "{} has too many digits for an engine; cast it to a shorter decimal",
                self.sql.text
            ));
        }
        let wide = self.cast(Digits::decimal(digits.all.clamp(NARROW + 1, MOST), self.digits.scale));
        let sql = Sql::new(format!("{} * {factor}", wide.sql.text), Binds::Product);
        Ok(Self { sql: sql.with_fault(self.sql.fault.clone()), digits, claim, strain: None })
    }
}

/// Both sides with one power of ten apart.
pub(super) fn aligned(x: Written, y: Written) -> Write<(Written, Written)> {
    match (x, y) {
        (Written::Exact(x), Written::Exact(y)) => {
            let claim = x.claim.max(y.claim);
            Ok((Written::Exact(x.claiming(claim)?), Written::Exact(y.claiming(claim)?)))
        }
        other => Ok(other),
    }
}

/// A constant with this mantissa.
pub(super) fn literal(mantissa: i128, claim: i16) -> Write<Written> {
    let mut scale = u8::try_from(claim).unwrap_or(0);
    let (mut shown, claim) = (mantissa, i16::from(scale));
    while scale > 0 && shown % 10 == 0 {
        (shown, scale) = (shown / 10, scale - 1);
    }
    let text = format_fixed(shown, scale);
    let all = u8::try_from(shown.unsigned_abs().to_string().len()).unwrap_or(u8::MAX).max(scale + 1);
    if all > MOST {
        return Err(format!("the constant {text} has more than {MOST} digits; write a shorter one"));
    }
    let digits = Digits { all, scale, is_integer: scale == 0 && all <= NARROW };
    let text = if all > NARROW { format!("CAST('{text}' AS {})", digits.ty()) } else { text };
    let sql = if mantissa < 0 && all <= NARROW { Sql::atom(format!("({text})")) } else { Sql::atom(text) };
    Ok(Written::Exact(Exact { sql, digits, claim, strain: None }))
}
