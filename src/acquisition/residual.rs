//! Residual values of customers added up, with the standard error of the sum.
//!
//! Errors of the purchase model's parameters are shared by customers, by how much `customer_value` does not say. The
//! standard deviation of a sum is at most the sum of the standard deviations (Minkowski's inequality), so they are added up:
//! margin per purchase × standard error of discounted purchases. All else is taken to be a customer's own, and added up squared:
//! the error of its margin, but for the base's mean in it, and the scatter of what it does. Of all customers of the sample that is
//! 1.15 times what `customer_equity` has from the parameters' covariances.

/// Normal quantile of a two-sided interval of 95 %.
pub(super) const SIGMAS: f64 = 1.959_963_984_540_054;

/// What is expected of one customer, in smallest units of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CustomerResidual {
    pub(super) value: i64,
    /// Standard error by the parameters of the purchase model, and the standard deviation of what the customer will bring;
    /// none where they are not known.
    pub(super) errors: Option<[f64; 2]>,
}

/// Of several customers. Merge in a fixed order: floats add up differently in others.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Residual {
    /// Customers with a residual value.
    pub(super) customers: u64,
    pub(super) value: i128,
    /// Σ standard errors that customers share.
    shared: f64,
    /// Σ variances of their own.
    own: f64,
    /// Customers whose errors are not known.
    unsure: u64,
}

impl Residual {
    pub(super) fn add(&mut self, customer: CustomerResidual) {
        self.customers += 1;
        self.value += i128::from(customer.value);
        match customer.errors {
            Some([error, deviation]) => {
                self.shared += error;
                self.own += (deviation * deviation - error * error).max(0.0);
            }
            None => self.unsure += 1,
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.value += other.value;
        self.shared += other.shared;
        self.own += other.own;
        self.unsure += other.unsure;
    }

    /// Standard error of the sum; none where that of a customer is not known.
    pub(super) fn error(&self) -> Option<f64> {
        (self.unsure == 0).then(|| (self.shared * self.shared + self.own).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_errors_add_up_and_others_add_up_squared() {
        let mut sum = Residual::default();
        for value in [10, 30] {
            sum.add(CustomerResidual { value, errors: Some([3.0, 5.0]) });
        }
        assert_eq!((sum.value, sum.customers), (40, 2));
        assert!((sum.error().unwrap() - (6.0_f64 * 6.0 + 2.0 * 16.0).sqrt()).abs() < 1e-12);
        sum.add(CustomerResidual { value: 1, errors: None });
        assert_eq!(sum.error(), None);
    }
}
