//! What others see of profitability: which columns activities make.

pub(crate) use super::acquisition::Acquisition;
pub(crate) use super::bridge_sums::BridgeSums;
pub(crate) use super::classes::{Class, Cuts, Standing, top_fifth};
pub(crate) use super::columns::Values;
pub(crate) use super::comparing::{Compared, Comparing, Service};
pub(crate) use super::comparison::Comparison;
pub(crate) use super::customer_span::{CustomerSpan, SpanCells};
pub(crate) use super::lines::{CostLine, Lines, posts};
pub(crate) use super::product_cost::by_policy;
pub(crate) use super::stage::rank;
pub(crate) use super::step::Step;
pub(crate) use super::waterfall::key_text;
pub(crate) use super::whale::WhaleCurve;

pub use super::cost_columns::{CostColumn, columns_of_costs, without_activity_table};
