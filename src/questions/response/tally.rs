//! What customers do about one change of a scenario, added up over customers and periods.

use std::ops::AddAssign;

/// Sums over orders. Expected numbers of orders have the digits of the scenario's shares; money those of money.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::questions) struct Tally {
    /// What the change is called.
    pub(in crate::questions) name: String,
    /// Customers it is about, without the unidentified cost object.
    pub(in crate::questions) customers: usize,
    /// Orders it is about.
    pub(in crate::questions) orders: i128,
    /// Their net revenue.
    pub(in crate::questions) net_revenue: i128,
    /// Expected number of orders that pay.
    pub(in crate::questions) paying: i128,
    /// That are not placed any more.
    pub(in crate::questions) lost: i128,
    /// That are put together with others.
    pub(in crate::questions) merged: i128,
    /// That are raised.
    pub(in crate::questions) raised: i128,
    /// What is paid.
    pub(in crate::questions) fee_income: i128,
    /// Net revenue of lost orders, negative.
    pub(in crate::questions) net_revenue_lost: i128,
    /// What raised orders bring more.
    pub(in crate::questions) net_revenue_raised: i128,
    /// Cost of the goods of both, as it changes.
    pub(in crate::questions) product_cost: i128,
}

impl Tally {
    /// Fees, and the margin of what is sold more or less.
    pub(in crate::questions) fn gross_margin(&self) -> i128 {
        self.fee_income + self.net_revenue_lost + self.net_revenue_raised - self.product_cost
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.customers += other.customers;
        self.orders += other.orders;
        self.net_revenue += other.net_revenue;
        self.paying += other.paying;
        self.lost += other.lost;
        self.merged += other.merged;
        self.raised += other.raised;
        self.fee_income += other.fee_income;
        self.net_revenue_lost += other.net_revenue_lost;
        self.net_revenue_raised += other.net_revenue_raised;
        self.product_cost += other.product_cost;
    }
}
