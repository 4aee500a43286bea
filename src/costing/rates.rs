//! What customers are charged for an activity: actual, standard, charged directly, or imputed.

use super::money;
use super::schema::{Activity, ActivityCosting, NO_DRIVER, NO_VOLUME, NOT_ABOVE_ZERO, Rate, RateKind};
use crate::math::ratio::gcd;
use crate::pipeline::{ActivityDef, RateDef, Ratio};
use crate::units::{Decimal, pow10};

impl Rate {
    /// A given rate between mantissas of these scales, in lowest terms; `None` when it leaves 64 bits.
    pub(crate) fn given(ratio: Ratio, money_scale: u8, volume_scale: u8) -> Option<Self> {
        let (above, below) = (ratio.numerator.normalised(), ratio.denominator.normalised());
        let money = above.mantissa.checked_mul(pow10(money_scale))?.checked_mul(pow10(below.scale))?;
        let volume = below.mantissa.checked_mul(pow10(volume_scale))?.checked_mul(pow10(above.scale))?;
        let common = gcd(money, volume);
        assert!(volume > 0, "a rate pays for a volume above 0");
        Some(Self {
            money: i64::try_from(money / common).ok()?,
            volume: i64::try_from(volume / common).ok()?,
        })
    }
}

/// The rate that a definition gives; none for actual rates. `Err` when it leaves 64 bits.
pub(crate) fn given(
    definition: &ActivityDef,
    activity: &Activity,
    money_scale: u8,
) -> Result<Option<Rate>, RateTooFine> {
    let ratio = match definition.rate {
        RateDef::Actual => return Ok(None),
        RateDef::Charge | RateDef::Deducted | RateDef::Exchange => {
            Ratio { numerator: Decimal::ONE, denominator: Decimal::ONE }
        }
        RateDef::Standard(ratio) | RateDef::Imputed(ratio) => ratio,
    };
    Rate::given(ratio, money_scale, activity.volume_scale()).map(Some).ok_or(RateTooFine)
}

/// A rate has more digits than 18 hold.
pub(crate) struct RateTooFine;

/// Spreads an activity's own cost: to customers, its level, or nobody. Needs its pools, what it passes on and its
/// volume. `None` when money outgrows 18 digits.
pub(crate) fn charge(
    definition: &ActivityDef,
    activity: &Activity,
    given: Option<Rate>,
    costed: &mut ActivityCosting,
) -> Option<()> {
    let own = money(i128::from(costed.cost) - costed.passed_on_total())?;
    if definition.line.is_none() {
        costed.retained = own;
        return Some(());
    }
    let rate = given.or((activity.driver.is_some() && costed.volume > 0)
        .then_some(Rate { money: own, volume: costed.volume.max(1) }));
    let Some(rate) = rate else {
        costed.unassigned = own;
        costed.reason = Some(reason(activity, costed.volume));
        return Some(());
    };
    (costed.rate, costed.rate_kind) = (Some(rate), Some(kind(definition.rate)));
    costed.posted = money(rate.at(i128::from(costed.volume))?)?;
    costed.variance = own.checked_sub(costed.posted)?;
    Some(())
}

fn kind(rate: RateDef) -> RateKind {
    match rate {
        RateDef::Actual => RateKind::Actual,
        RateDef::Standard(_) => RateKind::Standard,
        RateDef::Charge => RateKind::Charge,
        RateDef::Imputed(_) => RateKind::Imputed,
        RateDef::Deducted => RateKind::Deducted,
        RateDef::Exchange => RateKind::Exchange,
    }
}

fn reason(activity: &Activity, volume: i64) -> &'static str {
    match (&activity.driver, volume) {
        (None, _) => NO_DRIVER,
        (_, 0) => NO_VOLUME,
        _ => NOT_ABOVE_ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: &str, denominator: &str) -> Ratio {
        Ratio { numerator: numerator.parse().unwrap(), denominator: denominator.parse().unwrap() }
    }

    #[test]
    fn a_given_rate_is_an_exact_fraction_of_mantissas() {
        // 35.50 per hour at cents and quarter hours kept as hundredths: 3550 cents for 100.
        assert_eq!(Rate::given(ratio("35.50", "1"), 2, 2), Some(Rate { money: 71, volume: 2 }));
        // 10 % a year on balances of a day.
        assert_eq!(Rate::given(ratio("0.10", "365"), 4, 4), Some(Rate { money: 1, volume: 3650 }));
        assert_eq!(Rate::given(ratio("1000000000000000000000", "1"), 9, 0), None);
    }
}
