//! What customers do about one change of a scenario, added up over customers and periods.

use std::ops::AddAssign;

/// What customers respond to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::questions) enum ResponseKind {
    /// A fee on orders.
    Fee,
    /// Another price.
    Price,
    /// Customers or orders that are dropped.
    Drop,
    /// Product groups that are dropped.
    DropOfGoods,
}

/// Sums over orders. Expected numbers of orders have the digits of the scenario's shares; money those of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::questions) struct Tally {
    /// What the change is.
    pub(in crate::questions) kind: ResponseKind,
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
    /// Net revenue of what is not bought any more, negative.
    pub(in crate::questions) net_revenue_lost: i128,
    /// Net revenue of what is bought more.
    pub(in crate::questions) net_revenue_raised: i128,
    /// What other prices bring of what is bought.
    pub(in crate::questions) net_revenue_by_price: i128,
    /// Net revenue in the release of what else the customers buy.
    pub(in crate::questions) other_net_revenue: i128,
    /// Its gross margin.
    pub(in crate::questions) other_gross_margin: i128,
    /// What of it is lost, negative.
    pub(in crate::questions) other_net_revenue_lost: i128,
    /// Cost of the goods of all this, as it changes.
    pub(in crate::questions) product_cost: i128,
}

impl Tally {
    /// Without orders.
    pub(super) fn of(kind: ResponseKind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            customers: 0,
            orders: 0,
            net_revenue: 0,
            paying: 0,
            lost: 0,
            merged: 0,
            raised: 0,
            fee_income: 0,
            net_revenue_lost: 0,
            net_revenue_raised: 0,
            net_revenue_by_price: 0,
            other_net_revenue: 0,
            other_gross_margin: 0,
            other_net_revenue_lost: 0,
            product_cost: 0,
        }
    }

    /// Fees, and the margin of what is sold more or less or at other prices.
    pub(in crate::questions) fn gross_margin(&self) -> i128 {
        let sold = self.net_revenue_lost + self.net_revenue_raised + self.net_revenue_by_price;
        self.fee_income + sold + self.other_net_revenue_lost - self.product_cost
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
        self.net_revenue_by_price += other.net_revenue_by_price;
        self.other_net_revenue += other.other_net_revenue;
        self.other_gross_margin += other.other_gross_margin;
        self.other_net_revenue_lost += other.other_net_revenue_lost;
        self.product_cost += other.product_cost;
    }
}
