//! What lines of a product group add up to, down to gross margin.

/// A customer's lines of a product group in a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
