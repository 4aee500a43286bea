//! The change of a customer's contribution between two spans, split exactly by substituting one thing after the other:
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
//! Customers are split one by one and added up: a price is then compared with what the same customer paid, and a shift of
//! sales between customers is volume at each one's own margin, not a change of price. A customer who bought in one span
//! alone has no old or no new price, so that the whole change is due to its coming or going.
//!
//! Where a divisor is missing: a group new in the second span sells at its own margin in B2, so that it has no
//! price effect; money of groups without units (returns of earlier sales) is no margin per unit and changes with
//! price; without any unit in the first span there is no old mix, and all new units are volume; a service without
//! old rate is intensity alone.

use super::sold::Sold;
use super::stay::Stay;
use super::step::Step;
use crate::error::{Error, Result};
use crate::units::round_ratio;

/// What all effects of a customer depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    pub(crate) stay: Stay,
    /// Of all product groups, in either span.
    pub(crate) units: [i128; 2],
}

/// What a service cost a customer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Served {
    pub(crate) before: i128,
    pub(crate) after: i128,
    /// The second span's driver volume at what a unit of it cost in the first; none without such a rate.
    pub(crate) at_old_rate: Option<i128>,
    pub(crate) is_concession: bool,
}

impl Growth {
    /// Adds what a product group's change comes to, step by step.
    ///
    /// # Errors
    /// When a product exceeds 128 bits.
    pub(crate) fn of_group(self, before: Sold, after: Sold, add: &mut impl FnMut(Step, i128)) -> Result<()> {
        if let Some(step) = self.stay.step() {
            add(step, after.margin() - before.margin());
            return Ok(());
        }
        let (had, has) = (before.units > 0, after.units > 0);
        // An amount at the second span's units of this group, at what it was per unit before.
        let at_old = |old: i128, new: i128| match (had, has) {
            (true, true) => part(old, after.units, before.units),
            (true, false) => Ok(0),
            (false, true) => Ok(old + new),
            (false, false) => Ok(old),
        };
        let list_revenue = at_old(before.list_revenue, after.list_revenue)?;
        let discount = at_old(before.discount, after.discount)?;
        let returns = at_old(before.returns, after.returns)?;
        let cost = at_old(before.product_cost, after.product_cost)?;
        let margin = list_revenue - discount - returns - cost;
        let [old, new] = self.units;
        let volume = match (had, old > 0) {
            (true, _) => part(before.margin(), new, old)?,
            (false, true) => before.margin(),
            (false, false) => margin,
        };
        add(Step::Volume, volume - before.margin());
        add(Step::Mix, margin - volume);
        add(Step::ListPrice, after.list_revenue - list_revenue);
        add(Step::Discount, discount - after.discount);
        add(Step::Returns, returns - after.returns);
        add(Step::ProductCost, cost - after.product_cost);
        Ok(())
    }

    /// Adds what a service's change comes to, step by step.
    ///
    /// # Errors
    /// When a product exceeds 128 bits.
    pub(crate) fn of_service(self, served: Served, add: &mut impl FnMut(Step, i128)) -> Result<()> {
        let Served { before, after, at_old_rate, is_concession } = served;
        if let Some(step) = self.stay.step() {
            add(step, before - after);
            return Ok(());
        }
        let [old, new] = self.units;
        let grown = if old > 0 { part(before, new, old)? } else { before };
        add(Step::Volume, before - grown);
        if is_concession {
            add(Step::PriceConcession, grown - after);
            return Ok(());
        }
        let at_old_rate = at_old_rate.unwrap_or(after);
        add(Step::ServiceIntensity, grown - at_old_rate);
        add(Step::DriverRate, at_old_rate - after);
        Ok(())
    }
}

/// amount × numerator / denominator, rounded once.
fn part(amount: i128, numerator: i128, denominator: i128) -> Result<i128> {
    if amount == 0 || numerator == denominator {
        return Ok(amount);
    }
    Ok(round_ratio(amount.checked_mul(numerator).ok_or_else(too_large)?, denominator))
}

/// A product beyond 128 bits.
pub(crate) fn too_large() -> Error {
    Error::check("the change of contribution leaves 128 bits; lower facts.money_scale or facts.volume_scale")
}

#[cfg(test)]
mod tests {
    use super::super::step::{Effects, STEPS};
    use super::*;
    use crate::costing::schema::Rate;
    use proptest::prelude::*;

    type Groups = [(Sold, Sold)];

    fn sold(units: i128, list_revenue: i128, product_cost: i128) -> Sold {
        Sold { units, list_revenue, product_cost, ..Sold::default() }
    }

    /// The sums of a customer's effects.
    fn effects(stay: Stay, groups: &Groups, services: &[Served]) -> Effects {
        let units = |of: fn(&(Sold, Sold)) -> i128| groups.iter().map(of).sum();
        let growth = Growth { stay, units: [units(|group| group.0.units), units(|group| group.1.units)] };
        let mut sums = [0; STEPS];
        let mut add = |step: Step, amount: i128| sums[step as usize] += amount;
        groups.iter().for_each(|(before, after)| growth.of_group(*before, *after, &mut add).unwrap());
        services.iter().for_each(|served| growth.of_service(*served, &mut add).unwrap());
        sums
    }

    /// Volume, mix, the prices together, intensity and rate of one who stayed.
    fn split(groups: &Groups, services: &[Served]) -> [i128; 5] {
        let effects = effects(Stay::Continuing, groups, services);
        let prices = effects[Step::ListPrice as usize..=Step::PriceConcession as usize].iter().sum();
        let [.., intensity, rate] = effects;
        [effects[Step::Volume as usize], effects[Step::Mix as usize], prices, intensity, rate]
    }

    /// Two groups at margins of 10 and 40: budget 60 + 40 units, actual 80 + 40, at margins of 11 and 38.
    #[test]
    fn sales_quantity_mix_and_price_are_the_variances_of_horngren() {
        let groups = [(sold(60, 600, 0), sold(80, 880, 0)), (sold(40, 1600, 0), sold(40, 1520, 0))];
        // Quantity: (120 − 100) × 22 = 440. Mix: 120 × (2/3·10 + 1/3·40 − 22) = −240. Price: 80 − 80 = 0.
        assert_eq!(split(&groups, &[]), [440, -240, 0, 0, 0]);
    }

    #[test]
    fn services_split_into_volume_intensity_and_rate() {
        let groups = [(sold(100, 5000, 0), sold(150, 7500, 0))];
        // 20 orders at 10 for 100 units; 45 orders at 12 for 150 units.
        let served = Served { before: 200, after: 540, at_old_rate: Some(450), is_concession: false };
        // Volume: 2500 − 100. Intensity: −(45 − 30)·10. Rate: −45·2.
        assert_eq!(split(&groups, &[served]), [2400, 0, 0, -150, -90]);
    }

    #[test]
    fn what_has_no_past_has_no_price_effect() {
        let new = (sold(0, 0, 0), sold(10, 300, 100));
        assert_eq!(split(&[new], &[]), [200, 0, 0, 0, 0]);
        let with_another = [(sold(10, 100, 0), sold(10, 100, 0)), new];
        assert_eq!(split(&with_another, &[]), [100, 100, 0, 0, 0]);
        let returned = (sold(10, 100, 0), Sold { returns: 30, ..sold(0, 0, -10) });
        assert_eq!(split(&[returned], &[]), [-100, 0, -20, 0, 0]);
    }

    #[test]
    fn who_came_or_went_has_one_step() {
        let groups = [(sold(0, 0, 0), sold(10, 300, 100))];
        let served = Served { after: 50, ..Served::default() };
        let of = |stay: Stay| effects(stay, &groups, &[served]);
        assert_eq!(of(Stay::New)[0..4], [150, 0, 0, 0]);
        assert_eq!(of(Stay::Returned)[0..4], [0, 150, 0, 0]);
        let gone = effects(Stay::Lost, &[(groups[0].1, groups[0].0)], &[Served { before: 50, ..served }]);
        assert_eq!(gone[0..4], [0, 0, -200, 0]);
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

    fn any_served() -> impl Strategy<Value = Served> {
        let rate = (-50..900_i64, 0..30_i64);
        (-50..900_i128, 0..90_i128, -50..900_i128, rate, any::<bool>()).prop_map(
            |(before, volume, after, (money, of), is_concession)| {
                let rate = (of > 0).then_some(Rate { money, volume: of });
                let at_old_rate = rate.and_then(|rate| rate.at(volume));
                Served { before, after, at_old_rate, is_concession }
            },
        )
    }

    proptest! {
        #[test]
        fn effects_add_up_to_the_change(
            groups in prop::collection::vec((any_sold(), any_sold()), 0..6),
            services in prop::collection::vec(any_served(), 0..5),
            stay in prop::sample::select(Stay::ALL.to_vec()),
        ) {
            let margin = |side: fn(&(Sold, Sold)) -> Sold| groups.iter().map(|g| side(g).margin()).sum::<i128>();
            let cost = |side: fn(&Served) -> i128| services.iter().map(side).sum::<i128>();
            let before = margin(|group| group.0) - cost(|served| served.before);
            let after = margin(|group| group.1) - cost(|served| served.after);
            let found = effects(stay, &groups, &services);
            prop_assert_eq!(found.iter().sum::<i128>(), after - before);
            prop_assert!(stay.step().is_none_or(|step| found[step as usize] == after - before));
        }
    }
}
