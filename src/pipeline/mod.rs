//! The pipeline file: parsed as written, checked, resolved once; and the contract every stage keeps.
//! Knows no stage by name.

mod bridge_span;
mod control_totals;
mod costing_definition;
mod customer_base_definition;
mod definition;
mod effects_definition;
mod file_encoding;
mod json_schema;
mod keys;
mod perception_definition;
mod plan_definition;
mod purchase_model;
mod read;
mod row_checks;
mod scenario;
mod season;
mod sections;
mod segments_definition;
pub mod sql;
mod stage;
mod text_format;

pub use bridge_span::BridgeSpan;
pub use control_totals::CONTROL_TOTALS;
pub use costing_definition::*;
pub use customer_base_definition::*;
pub use definition::*;
pub use effects_definition::*;
pub use file_encoding::FileEncoding;
pub use json_schema::json_schema;
pub use perception_definition::*;
pub use plan_definition::*;
pub use purchase_model::PurchaseModel;
pub(crate) use read::did_you_mean;
pub use read::{read, read_text};
pub use row_checks::{Mistake, Policy, RowChecks};
pub use scenario::apply;
pub use season::Season;
pub use sections::{Sections, changed_keys, lies_in};
pub use segments_definition::*;
pub use sql::{Aggregate, Driver, Expr, Function};
pub use stage::{EVERY_TABLE, Stage, plan};
pub use text_format::TextFormat;
