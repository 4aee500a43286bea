//! What questions see of groups: who belongs to which, and the measures that add up over members.

pub(crate) use super::customer_reader::{BLOCK, CustomerTables};
pub(crate) use super::measures::{CUSTOMER_PROFIT, Measure, Measures, NET_REVENUE, RESIDUAL_VALUE};
pub(crate) use super::stage::memberships;
