//! Bands of order size: how orders are classed by their net revenue in the period.

use crate::error::{Error, Result};
use crate::pipeline::Definition;
use crate::units::Decimal;

/// Bands of order size, ascending: below the first limit, between limits, from the last one on.
#[derive(Debug, Clone)]
pub(crate) struct OrderBands {
    /// As declared.
    declared: Vec<Decimal>,
    /// At the run's money scale.
    limits: Vec<i64>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OrderBand {
    /// Orders with a sale line, by number of the band from 0.
    Size(usize),
    /// Orders that have return lines only in the period.
    Returns,
    /// What no order causes.
    NoOrder,
}

impl OrderBands {
    /// # Errors
    /// A default limit with more digits than money has.
    pub(crate) fn of(definition: &Definition) -> Result<Self> {
        let (declared, scale) = (definition.order_bands(), definition.facts.money_scale);
        let at_scale = |limit: &Decimal| {
            let exact = limit.at_scale(scale).and_then(|limit| i64::try_from(limit).ok());
            exact.ok_or_else(|| {
                Error::definition(format!(
                    "profitability.order_bands: {limit} has too many digits at money_scale {scale}; declare \
                     order_bands with smaller limits"
                ))
            })
        };
        let limits = declared.iter().map(at_scale).collect::<Result<_>>()?;
        Ok(Self { declared, limits })
    }

    /// The band of an order with so many sale lines and this net revenue.
    pub(crate) fn band(&self, lines: i64, net_revenue: i64) -> OrderBand {
        if lines == 0 {
            return OrderBand::Returns;
        }
        OrderBand::Size(self.limits.partition_point(|limit| *limit <= net_revenue))
    }

    /// How many kinds of rows there are.
    pub(crate) fn len(&self) -> usize {
        self.limits.len() + 3
    }

    /// The place of a band among all, from 0.
    pub(crate) fn place(&self, band: OrderBand) -> usize {
        match band {
            OrderBand::Size(number) => number,
            OrderBand::Returns => self.limits.len() + 1,
            OrderBand::NoOrder => self.limits.len() + 2,
        }
    }

    /// Its name.
    pub(crate) fn name(&self, band: OrderBand) -> String {
        match band {
            OrderBand::Returns => "(returns only)".to_owned(),
            OrderBand::NoOrder => NO_ORDER.to_owned(),
            OrderBand::Size(number) => match self.declared_limits(number) {
                (None, Some(below)) => format!("below {below}"),
                (Some(from), Some(below)) => format!("{from} to {below}"),
                (Some(from), None) => format!("from {from}"),
                (None, None) => unreachable!("there is a limit"),
            },
        }
    }

    /// Where a band begins and ends, at the run's money scale; none where it is open.
    pub(crate) fn limits(&self, band: OrderBand) -> (Option<i64>, Option<i64>) {
        match band {
            OrderBand::Size(number) => around(&self.limits, number),
            OrderBand::Returns | OrderBand::NoOrder => (None, None),
        }
    }

    fn declared_limits(&self, number: usize) -> (Option<Decimal>, Option<Decimal>) {
        around(&self.declared, number)
    }
}

/// The limits on both sides of a band.
fn around<T: Copy>(limits: &[T], number: usize) -> (Option<T>, Option<T>) {
    (number.checked_sub(1).map(|before| limits[before]), limits.get(number).copied())
}

/// Stands for what no order causes.
pub(crate) const NO_ORDER: &str = "(no order)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_begins_with_its_limit_and_ends_before_the_next() {
        let declared: Vec<Decimal> = ["0", "12.50", "100"].map(|limit| limit.parse().unwrap()).to_vec();
        let bands = OrderBands { declared, limits: vec![0, 1250, 10_000] };
        for (lines, net_revenue, name, place) in [
            (1, -1, "below 0", 0),
            (1, 0, "0 to 12.50", 1),
            (1, 1249, "0 to 12.50", 1),
            (3, 1250, "12.50 to 100", 2),
            (1, 10_000, "from 100", 3),
            (0, -500, "(returns only)", 4),
        ] {
            let band = bands.band(lines, net_revenue);
            assert_eq!((bands.name(band).as_str(), bands.place(band)), (name, place));
        }
        assert_eq!(bands.limits(OrderBand::Size(0)), (None, Some(0)));
        assert_eq!((bands.place(OrderBand::NoOrder), bands.len()), (5, 6));
    }
}
