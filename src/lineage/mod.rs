//! What a run read and what it made of it, as events of OpenLineage: <https://openlineage.io/spec/2-0-2/OpenLineage.json>.
//!
//! How fine the lineage of columns is. Columns that follow from order lines, ledgers and the customers source by the costing
//! alone (keys, measures, volumes and costs of activities, the waterfall) name the columns of the sources that their
//! values come from, as the pipeline file's expressions and its network of costs say, in every table with a row per customer,
//! and in `product_group`. The money of a pool also depends on what others take of it, which is not followed. A table with any
//! other column, such as those of lifetime value, names under `dataset` every column that its stage and the stages it takes from
//! may have used, by the sections of the pipeline file that they read: more than was used, and never less.
//!
//! It knows definitions, contracts of stages and releases, and reads no data.

mod event;
mod origins;
mod sources;

pub use event::Lineage;
