//! What customers of a cell brought within the horizon: sums and sums of squares, exact, so that they add up over slices.

use crate::error::{Error, Result};

/// Customers with the same values of all attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CellSums {
    /// Observed for a whole horizon, the latest of them apart.
    pub(super) training: ValueSums,
    pub(super) holdout: ValueSums,
    /// Whose horizon is not over: how many, and what they brought so far.
    pub(super) newcomers: u64,
    pub(super) newcomers_value: i128,
    /// Who were won on no known day and have not bought.
    pub(super) prospects: u64,
}

/// Customers observed for a whole horizon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ValueSums {
    pub(super) customers: u64,
    /// Those who bought within the horizon.
    pub(super) buyers: u64,
    /// Contribution within the horizon, in smallest units of money.
    pub(super) value: i128,
    pub(super) squares: i128,
}

impl CellSums {
    /// Adds other customers.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        self.training.merge(&other.training)?;
        self.holdout.merge(&other.holdout)?;
        self.newcomers += other.newcomers;
        self.newcomers_value += other.newcomers_value;
        self.prospects += other.prospects;
        Ok(())
    }

    /// All who were observed.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn observed(&self) -> Result<ValueSums> {
        let mut sums = self.training;
        sums.merge(&self.holdout)?;
        Ok(sums)
    }
}

impl ValueSums {
    /// One customer.
    ///
    /// # Errors
    /// A square beyond 128 bits.
    pub(super) fn of(value: i128, is_buyer: bool) -> Result<Self> {
        let squares = value.checked_mul(value).ok_or_else(too_large)?;
        Ok(Self { customers: 1, buyers: u64::from(is_buyer), value, squares })
    }

    /// Adds other customers.
    ///
    /// # Errors
    /// Sums beyond 128 bits.
    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        self.customers += other.customers;
        self.buyers += other.buyers;
        self.value += other.value;
        self.squares = self.squares.checked_add(other.squares).ok_or_else(too_large)?;
        Ok(())
    }

    /// None without customers.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.customers > 0).then(|| self.value as f64 / self.customers as f64)
    }

    /// Squared deviations from the mean.
    pub(super) fn deviations(&self) -> f64 {
        let customers = i128::from(self.customers);
        if customers == 0 {
            return 0.0;
        }
        // n·Σx² − (Σx)² over integers, exact while it fits.
        let exact = customers.checked_mul(self.squares).zip(self.value.checked_mul(self.value));
        match exact {
            Some((squares, square)) => (squares - square) as f64 / self.customers as f64,
            None => self.squares as f64 - self.value as f64 * (self.value as f64 / self.customers as f64),
        }
    }

    /// Squared deviations from some value.
    pub(super) fn deviations_from(&self, value: f64) -> f64 {
        let customers = self.customers as f64;
        self.mean().map_or(0.0, |mean| self.deviations() + customers * (mean - value).powi(2))
    }
}

fn too_large() -> Error {
    Error::check("acquisition: sums of squares leave 128 bits; lower facts.money_scale")
}
