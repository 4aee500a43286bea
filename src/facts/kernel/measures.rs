//! The additive measures of a customer × product group: where each stands, wherever they lie side by side.

/// How many they are; a customer's row has the same ones.
pub(crate) const GROUP_MEASURES: usize = 7;
pub(crate) const LINES: usize = 0;
pub(crate) const UNITS: usize = 1;
pub(crate) const RETURNED_UNITS: usize = 2;
pub(crate) const LIST_REVENUE: usize = 3;
pub(crate) const DISCOUNT: usize = 4;
pub(crate) const RETURNS: usize = 5;
pub(crate) const PRODUCT_COST: usize = 6;

/// Their names, in that order.
pub(crate) const MEASURES: [&str; GROUP_MEASURES] =
    ["lines", "units", "returned_units", "list_revenue", "discount", "returns", "product_cost"];
