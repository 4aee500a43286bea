//! Typed expressions as SQL of another engine, exact to the last digit or refused.
//!
//! The same text means other things to other engines: DuckDB holds the product of two `DECIMAL(10,2)` in 18 digits, Spark
//! casts doubles by their shortest text, both count days in the session's zone. So nothing of the pipeline file's text is
//! passed on; trees whose kinds and scales are settled (`expr::node`) are written anew, with the digits of every node
//! known. A text gives no value where abacus has none, and beside it stands a second one: why, in the words of the
//! quarantine. What an engine cannot say exactly is refused by name, with the way out.

mod cast;
mod digits;
mod engine;
mod exact;
mod expression;
mod logic;
mod number;
mod roles;
mod rounding;
mod sql;
mod text;
mod time;
mod writer;
mod written;

pub(crate) use digits::Digits;
pub use engine::Engine;
pub(crate) use engine::date;
pub use expression::{Asks, expression_sql};
pub(crate) use roles::{MomentSql, RoleSql};
pub(crate) use writer::Writer;
