//! What others see of profitability: which columns activities make.

pub use super::cost_columns::{CostColumn, columns_of_costs, without_activity_table};
