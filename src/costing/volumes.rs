//! Driver volumes of one period over all customers, after the policies for negative and for no volume.

use super::driver::ActivityDriver;
use super::schema::{Activity, VolumeFault};
use super::too_large;
use crate::error::Result;
use crate::pipeline::{ActivityDef, NegativeVolume, RateDef};
use crate::units::{Decimal, Period, rescale};
use arrow::buffer::ScalarBuffer;

/// The volume of one activity in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Volume {
    /// At the driver's scale.
    pub(crate) total: i64,
    /// Whether it is that of the fallback driver.
    pub(crate) is_fallback: bool,
}

/// Aggregates of consecutive customers in a period, and how many customers they are.
pub type CustomerColumns = (Vec<ScalarBuffer<i64>>, usize);

/// Sums of charged volumes by activity, of its driver and its fallback; none beyond 18 digits.
#[derive(Debug)]
pub(crate) struct Charged(Vec<[Option<i128>; 2]>);

impl Charged {
    /// Of no customers.
    pub(crate) fn new(activities: usize) -> Self {
        Self(vec![[Some(0); 2]; activities])
    }

    /// Adds customers to the activities that need them.
    pub(crate) fn add(
        &mut self,
        definitions: &[ActivityDef],
        activities: &[Activity],
        (aggregates, rows): &CustomerColumns,
    ) {
        for ((definition, activity), sums) in definitions.iter().zip(activities).zip(&mut self.0) {
            if !needs_customers(definition) {
                continue;
            }
            for (driver, sum) in [&activity.driver, &activity.fallback].into_iter().zip(sums) {
                let Some(driver) = driver else { continue };
                let more = match driver.charged_volumes(definition.negative, aggregates, *rows) {
                    Ok(volumes) => Some(volumes.iter().map(|volume| i128::from(*volume)).sum::<i128>()),
                    Err(VolumeFault::TooLarge) => None,
                    Err(VolumeFault::Negative { .. }) => unreachable!("negative volumes have a meaning here"),
                };
                *sum = sum.zip(more).map(|(sum, more)| sum + more);
            }
        }
    }
}

/// What volumes are sums of.
pub(crate) struct Counted<'c> {
    /// Which period.
    pub(crate) period: Period,
    /// The sum of each aggregate.
    pub(crate) totals: &'c [i128],
    /// Present when some activity [`needs_customers`].
    pub(crate) charged: Option<Charged>,
}

/// Whether totals do not tell the volume: |v| and max(v, 0) are not linear.
pub(crate) fn needs_customers(activity: &ActivityDef) -> bool {
    matches!(activity.negative, NegativeVolume::Absolute | NegativeVolume::Zero) && activity.driver.is_some()
}

/// The volume of each activity.
pub(crate) fn volumes(
    definitions: &[ActivityDef],
    activities: &[Activity],
    counted: &Counted<'_>,
) -> Result<Vec<Volume>> {
    let numbered = definitions.iter().zip(activities).enumerate();
    numbered.map(|(number, (definition, activity))| counted.volume(definition, activity, number)).collect()
}

/// Planned volumes, rounded once to the digits of their drivers.
pub(crate) fn planned_volumes(
    activities: &[Activity],
    planned: &[Decimal],
    period: Period,
) -> Result<Vec<Volume>> {
    let volume = |(activity, planned): (&Activity, &Decimal)| {
        let total = rescale(planned.mantissa, planned.scale, activity.volume_scale()).and_then(super::money);
        let total = total.ok_or_else(|| too_large(&activity.name, period, "planned volume"))?;
        Ok(Volume { total, is_fallback: false })
    };
    activities.iter().zip(planned).map(volume).collect()
}

impl Counted<'_> {
    fn volume(&self, definition: &ActivityDef, activity: &Activity, number: usize) -> Result<Volume> {
        let charged = self.charged.as_ref().filter(|_| needs_customers(definition));
        let [own_charged, fallback_charged] = [0, 1].map(|place| charged.map(|of| of.0[number][place]));
        let own = self.total(definition, activity.driver.as_ref(), own_charged)?;
        // A given rate charges a signed total as it is; a cost needs a volume above 0 to spread over.
        let is_enough = own > 0 || (own < 0 && definition.rate != RateDef::Actual);
        if activity.fallback.is_some() && !is_enough {
            let fallback = self.total(definition, activity.fallback.as_ref(), fallback_charged)?;
            if fallback > 0 {
                return Ok(Volume { total: fallback, is_fallback: true });
            }
        }
        Ok(Volume { total: own, is_fallback: false })
    }

    /// The volume of a driver, which is that `charged` to customers where that differs from the driver's total.
    fn total(
        &self,
        definition: &ActivityDef,
        driver: Option<&ActivityDriver>,
        charged: Option<Option<i128>>,
    ) -> Result<i64> {
        let Some(driver) = driver else { return Ok(0) };
        let total = charged.unwrap_or_else(|| Some(driver.total(self.totals)));
        total.and_then(super::money).ok_or_else(|| too_large(&definition.name, self.period, "driver volume"))
    }
}
