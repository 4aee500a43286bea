//! Driver volumes of one period over all customers, after the policies for negative and for no volume.

use super::driver::{ActivityDriver, LIMIT};
use super::schema::{Activity, VolumeFault};
use super::too_large;
use crate::error::Result;
use crate::pipeline::{ActivityDef, NegativeVolume, RateDef};
use crate::units::Period;
use arrow::buffer::ScalarBuffer;

/// The volume of one activity in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Volume {
    /// At the driver's scale.
    pub(crate) total: i64,
    /// Whether it is that of the fallback driver.
    pub(crate) is_fallback: bool,
}

/// Aggregates of a period by customer, and how many customers there are.
pub type CustomerColumns = (Vec<ScalarBuffer<i64>>, usize);

/// What volumes are sums of.
pub(crate) struct Counted<'c> {
    /// Which period.
    pub(crate) period: Period,
    /// The sum of each aggregate.
    pub(crate) totals: &'c [i128],
    /// The aggregates themselves, present when some activity [`needs_customers`].
    pub(crate) customers: Option<CustomerColumns>,
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
    let pairs = definitions.iter().zip(activities);
    pairs.map(|(definition, activity)| counted.volume(definition, activity)).collect()
}

impl Counted<'_> {
    fn volume(&self, definition: &ActivityDef, activity: &Activity) -> Result<Volume> {
        let total = |driver: &Option<ActivityDriver>| match driver {
            Some(driver) => self.total(definition, driver),
            None => Ok(0),
        };
        let own = total(&activity.driver)?;
        // A given rate charges a signed total as it is; a cost needs a volume above 0 to spread over.
        let is_enough = own > 0 || (own < 0 && definition.rate != RateDef::Actual);
        if activity.fallback.is_some() && !is_enough {
            let fallback = total(&activity.fallback)?;
            if fallback > 0 {
                return Ok(Volume { total: fallback, is_fallback: true });
            }
        }
        Ok(Volume { total: own, is_fallback: false })
    }

    fn total(&self, definition: &ActivityDef, driver: &ActivityDriver) -> Result<i64> {
        let fault = || too_large(&definition.name, self.period, "driver volume");
        let total = match &self.customers {
            Some((aggregates, rows)) if needs_customers(definition) => {
                match driver.charged_volumes(definition.negative, aggregates, *rows) {
                    Ok(volumes) => volumes.iter().map(|volume| i128::from(*volume)).sum(),
                    Err(VolumeFault::TooLarge) => return Err(fault()),
                    Err(VolumeFault::Negative { .. }) => unreachable!("negative volumes have a meaning here"),
                }
            }
            _ => driver.total(self.totals),
        };
        i64::try_from(total).ok().filter(|total| total.abs() < LIMIT).ok_or_else(fault)
    }
}
