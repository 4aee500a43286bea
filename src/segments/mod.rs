//! Groups of customers and what to do with them: RFM, pyramid, value matrices, loyalty, next products, treatments,
//! migration, profile of acquisition. Knows nothing of how its inputs were computed.
//!
//! It reads the customer-sized tables of the run back from the files just staged: `customer`, `customer_product`,
//! `product_group`, and `lifecycle` and `customer_value` where they are on, in two walks, slice by slice: one finds what
//! customers are placed by, the other places them. Scores, ranks, cut points and pairs are exact integer work; rules are
//! SQL evaluated by polars. Customers are those with a sale line, in key order; ties go by key.

mod stage;

mod gather;

mod placement;

mod check;

mod base;

mod values;

mod rfm;

mod cut;

mod grid;

mod earlier;

mod change;

pub(crate) mod schema;
mod tiers;

mod pyramid;

mod groups;

mod value;

mod loyalty;

mod products;

mod pairs;

mod next_product;
mod own_measures;

mod measures;

mod rules;

mod treatment;

mod response;

mod migration;

mod acquisition;

mod customer_segment;
mod date_parts;

mod summary;

mod share;

pub use check::check;
pub use earlier::{Earlier, UsedFile, earlier};
pub use stage::{Summary, run};
