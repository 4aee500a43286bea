//! The star schema for BI tools: small dimension tables with a key that is never null, and the relations by which the other
//! tables, its facts, join them.
//!
//! Facts are not written twice: they are the tables the stages before publish, and `views.sql` shows them with the keys of
//! the dimensions (`publish::star_facts`).

mod dim_activity;
mod dim_channel;
mod dim_customer;
mod dim_customer_group;
mod dim_date;
mod dim_product_group;
mod dim_resource;
mod dim_segment;
mod names;
mod stage;

pub use stage::{Summary, run};
