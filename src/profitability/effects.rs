//! The change of contribution between two periods, split exactly by substituting one thing after the other:
//!
//! 1. **volume**: units sold, in the old mix, at old margins; services grow with them, at old rates
//! 2. **mix**: each group's share of the units, at old margins per unit
//! 3. **price**: list value, discount, returns and product cost per unit, and price concessions
//! 4. **intensity**: driver volume of services per unit sold, at old rates
//! 5. **rate**: what a unit of driver volume costs
//!
//! With q units of a group, Q of all, m margin per unit, v driver volume and r rate, contribution is
//! Σ q·m − Σ v·r, and the boundaries between the effects are
//! B0 = Σ q₀m₀ − Σ v₀r₀ · B1 = (Σ q₀m₀ − Σ v₀r₀)·Q₁/Q₀ · B2 = Σ q₁m₀ − Σ v₀r₀·Q₁/Q₀ ·
//! B3 = Σ q₁m₁ − Σ v₀r₀·Q₁/Q₀ · B4 = Σ q₁m₁ − Σ v₁r₀ · B5 = Σ q₁m₁ − Σ v₁r₁.
//! Volume and mix are the sales-quantity and sales-mix variances of Horngren, Datar & Rajan, *Cost Accounting*,
//! chapter "Sales variances", price the selling-price variance at actual quantities; intensity and rate are the
//! efficiency and price variances of the services. Each term of a boundary is rounded once, so that the effects, and
//! the parts of each effect, add up to the change.
//!
//! Where a divisor is missing: a group new in the second period sells at its own margin in B2, so that it has no
//! price effect; money of groups without units (returns of earlier sales) is no margin per unit and changes with
//! price; without any unit in the first period there is no old mix, and all new units are volume; a service without
//! old rate is intensity alone.

use crate::costing::schema::Rate;
use crate::error::{Error, Result};
use crate::units::round_ratio;

/// What a change of contribution is due to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effect {
    /// `volume`, `mix`, `price`, `intensity` or `rate`.
    pub(crate) effect: &'static str,
    /// What it is made of.
    pub(crate) parts: Vec<EffectPart>,
}

/// A part of an effect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EffectPart {
    /// `product group`, `list price`, `discount`, `returns`, `product cost`, `activity` or `price concession`.
    pub(crate) kind: &'static str,
    /// Of which group or activity.
    pub(crate) name: String,
    /// Effect on contribution, in smallest units of money.
    pub(crate) amount: i128,
}

impl Effect {
    /// Effect on contribution, in smallest units of money.
    pub(crate) fn amount(&self) -> i128 {
        self.parts.iter().map(|part| part.amount).sum()
    }
}

/// A product group in one period.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sold {
    pub(crate) units: i128,
    pub(crate) list_revenue: i128,
    pub(crate) discount: i128,
    pub(crate) returns: i128,
    pub(crate) product_cost: i128,
}

impl Sold {
    /// Gross margin.
    pub(crate) fn margin(&self) -> i128 {
        self.list_revenue - self.discount - self.returns - self.product_cost
    }
}

/// An activity above contribution in one period.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Served {
    pub(crate) volume: i128,
    pub(crate) cost: i128,
    pub(crate) rate: Option<Rate>,
}

/// One thing before and after.
pub(crate) struct Pair<T> {
    pub(crate) name: String,
    pub(crate) before: T,
    pub(crate) after: T,
}

/// An activity, and whether it is a price concession.
pub(crate) struct Service {
    pub(crate) pair: Pair<Served>,
    pub(crate) is_concession: bool,
}

/// The five effects, in the order of substitution.
///
/// # Errors
/// When a product exceeds 128 bits.
pub(crate) fn effects(groups: &[Pair<Sold>], services: &[Service]) -> Result<Vec<Effect>> {
    let units = |of: fn(&Pair<Sold>) -> i128| groups.iter().map(|group| of(group).max(0)).sum::<i128>();
    let total = (units(|group| group.before.units), units(|group| group.after.units));
    let mut parts: [Vec<EffectPart>; NAMES.len()] = Default::default();
    let mut note = |effect: usize, kind, name: &str, amount: i128| {
        if amount != 0 {
            parts[effect].push(EffectPart { kind, name: name.to_string(), amount });
        }
    };
    for Pair { name, before, after } in groups {
        let [volume, mix, prices @ ..] = of_group(*before, *after, total)?;
        note(0, "product group", name, volume);
        note(1, "product group", name, mix);
        for (kind, price) in PRICES.into_iter().zip(prices) {
            note(2, kind, name, price);
        }
    }
    for Service { pair: Pair { name, before, after }, is_concession } in services {
        let [volume, intensity, rate] = of_service(*before, *after, total)?;
        note(0, "activity", name, volume);
        match is_concession {
            true => note(2, "price concession", name, intensity + rate),
            false => {
                note(3, "activity", name, intensity);
                note(4, "activity", name, rate);
            }
        }
    }
    Ok(NAMES.into_iter().zip(parts).map(|(effect, parts)| Effect { effect, parts }).collect())
}

/// Parts of the price effect that product groups have.
const PRICES: [&str; 4] = ["list price", "discount", "returns", "product cost"];

const NAMES: [&str; 5] = ["volume", "mix", "price", "intensity", "rate"];

/// A group's effects: volume, mix, and those of [`PRICES`].
fn of_group(before: Sold, after: Sold, (old, new): (i128, i128)) -> Result<[i128; 6]> {
    let (had, has) = (before.units > 0, after.units > 0);
    // An amount at the second period's units of this group, at what it was per unit before.
    let at_old = |before: i128, after: i128, (units_before, units_after): (i128, i128)| match (had, has) {
        (true, true) => part(before, units_after, units_before),
        (true, false) => Ok(0),
        (false, true) => Ok(before + after),
        (false, false) => Ok(before),
    };
    let units = (before.units, after.units);
    let list_revenue = at_old(before.list_revenue, after.list_revenue, units)?;
    let discount = at_old(before.discount, after.discount, units)?;
    let returns = at_old(before.returns, after.returns, units)?;
    let cost = at_old(before.product_cost, after.product_cost, units)?;
    let margin = list_revenue - discount - returns - cost;
    let volume = match (had, old > 0) {
        (true, _) => part(before.margin(), new, old)?,
        (false, true) => before.margin(),
        (false, false) => margin,
    };
    Ok([
        volume - before.margin(),
        margin - volume,
        after.list_revenue - list_revenue,
        discount - after.discount,
        returns - after.returns,
        cost - after.product_cost,
    ])
}

/// A service's effects: volume, intensity and rate.
fn of_service(before: Served, after: Served, (old, new): (i128, i128)) -> Result<[i128; 3]> {
    let grown = if old > 0 { part(before.cost, new, old)? } else { before.cost };
    let at_old_rate = match before.rate {
        Some(rate) => rate.at(after.volume).ok_or_else(too_large)?,
        None => after.cost,
    };
    Ok([before.cost - grown, grown - at_old_rate, at_old_rate - after.cost])
}

/// amount × numerator / denominator, rounded once.
fn part(amount: i128, numerator: i128, denominator: i128) -> Result<i128> {
    Ok(round_ratio(amount.checked_mul(numerator).ok_or_else(too_large)?, denominator))
}

fn too_large() -> Error {
    Error::check("the change of contribution leaves 128 bits; lower facts.money_scale or facts.volume_scale")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sold(units: i128, list_revenue: i128, product_cost: i128) -> Sold {
        Sold { units, list_revenue, product_cost, ..Sold::default() }
    }

    fn amounts(effects: &[Effect]) -> Vec<i128> {
        effects.iter().map(Effect::amount).collect()
    }

    fn group(before: Sold, after: Sold) -> Pair<Sold> {
        Pair { name: "g".into(), before, after }
    }

    fn service(before: (i128, i128, i64, i64), after: (i128, i128)) -> Service {
        let rate = (before.3 > 0).then_some(Rate { money: before.2, volume: before.3 });
        let before = Served { volume: before.0, cost: before.1, rate };
        let after = Served { volume: after.0, cost: after.1, rate: None };
        Service { pair: Pair { name: "s".into(), before, after }, is_concession: false }
    }

    /// Two groups at margins of 10 and 40: budget 60 + 40 units, actual 80 + 40, at margins of 11 and 38.
    #[test]
    fn sales_quantity_mix_and_price_are_the_variances_of_horngren() {
        let groups = [group(sold(60, 600, 0), sold(80, 880, 0)), group(sold(40, 1600, 0), sold(40, 1520, 0))];
        // Quantity: (120 − 100) × 22 = 440. Mix: 120 × (2/3·10 + 1/3·40 − 22) = −240. Price: 80 − 80 = 0.
        assert_eq!(amounts(&effects(&groups, &[]).unwrap()), [440, -240, 0, 0, 0]);
    }

    #[test]
    fn services_split_into_volume_intensity_and_rate() {
        let groups = [group(sold(100, 5000, 0), sold(150, 7500, 0))];
        // 20 orders at 10 for 100 units; 45 orders at 12 for 150 units.
        let services = [service((20, 200, 10, 1), (45, 540))];
        // Volume: 2500 − 100. Intensity: −(45 − 30)·10. Rate: −45·2.
        assert_eq!(amounts(&effects(&groups, &services).unwrap()), [2400, 0, 0, -150, -90]);
    }

    #[test]
    fn what_has_no_past_has_no_price_effect() {
        let new = group(sold(0, 0, 0), sold(10, 300, 100));
        assert_eq!(amounts(&effects(&[new], &[]).unwrap()), [200, 0, 0, 0, 0]);
        let beside = [group(sold(10, 100, 0), sold(10, 100, 0)), group(sold(0, 0, 0), sold(10, 300, 100))];
        assert_eq!(amounts(&effects(&beside, &[]).unwrap()), [100, 100, 0, 0, 0]);
        let returned = group(sold(10, 100, 0), Sold { returns: 30, ..sold(0, 0, -10) });
        assert_eq!(amounts(&effects(&[returned], &[]).unwrap()), [-100, 0, -20, 0, 0]);
    }

    fn any_sold() -> impl Strategy<Value = Sold> {
        let amounts = (0..5000_i128, -90..900_i128, 0..900_i128, -300..3000_i128);
        (prop_oneof![Just(0), 0..50_i128], amounts).prop_map(
            |(units, (list_revenue, discount, returns, product_cost))| Sold {
                units,
                list_revenue,
                discount,
                returns,
                product_cost,
            },
        )
    }

    proptest! {
        #[test]
        fn effects_add_up_to_the_change(
            groups in prop::collection::vec((any_sold(), any_sold()), 0..6),
            services in prop::collection::vec(
                ((0..90_i128, -50..900_i128, -50..900_i64, 0..30_i64), (0..90_i128, -50..900_i128)), 0..5),
        ) {
            let groups: Vec<_> = groups.into_iter().map(|(before, after)| group(before, after)).collect();
            let services: Vec<_> = services.into_iter().map(|(before, after)| service(before, after)).collect();
            let of = |side: fn(&Pair<Sold>) -> Sold, cost: fn(&Service) -> i128| {
                let margins = groups.iter().map(|group| side(group).margin());
                margins.sum::<i128>() - services.iter().map(cost).sum::<i128>()
            };
            let before = of(|group| group.before, |service| service.pair.before.cost);
            let after = of(|group| group.after, |service| service.pair.after.cost);
            let found = effects(&groups, &services).unwrap();
            prop_assert_eq!(amounts(&found).iter().sum::<i128>(), after - before);
        }
    }
}
