//! Lifetime value: models of when customers buy and how long they stay, on what a purchase brings.
//! Knows nothing of how facts and costs were made.

pub mod schema;
