//! The checked definition of `[profitability]`, `[run]` and `[publish]`.

use super::bridge_span::BridgeSpan;
use super::file_encoding::FileEncoding;
use crate::memory::MemorySize;
use crate::units::Decimal;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `[profitability]`.
#[derive(Debug, Clone)]
pub struct ProfitabilityDef {
    /// |profit| up to this amount per customer lifetime is break-even. Default 0.
    pub break_even: Decimal,
    /// Profit above this is high profit; default: the profit of the customer at the top 20 %.
    pub high_profit: Option<Decimal>,
    /// Net revenue at which bands of order size begin, ascending.
    pub order_bands: Vec<Decimal>,
    /// Spans whose contribution is compared.
    pub bridges: Vec<BridgeSpan>,
    /// How many of the last spans of each kind are compared. Default 2.
    pub bridge_history: u32,
}

/// `[run]`. Nothing of it changes what is published.
#[derive(Debug, Clone, Default)]
pub struct RunDef {
    /// Resident memory that a run may take; default: a share of the machine's.
    pub memory: Option<MemorySize>,
    /// A list of digests that inputs are held against, resolved against the pipeline file's folder.
    pub digests: Option<PathBuf>,
}

/// `[publish]`.
#[derive(Debug, Clone)]
pub struct PublishDef {
    /// Folder of the releases. Default `out/<pipeline name>`, beside the `pipelines` folder.
    pub path: PathBuf,
    /// How columns of published files are encoded. Default compact.
    pub encoding: FileEncoding,
    /// Address in an object store that releases are published to as well.
    pub store: Option<PathBuf>,
    /// Show releases as Delta tables too. Default false.
    pub delta: bool,
    /// Publish `customer_activity` although `customer_period` has room for all activities. Default false.
    pub customer_activity: bool,
    /// Publish `customer_order`. Default false.
    pub customer_order: bool,
    /// Publish `customer_bridge`. Default false.
    pub customer_bridge: bool,
    /// Publish `customer_price`. Default false.
    pub customer_price: bool,
    /// Publish `customer_group_period`. Default false.
    pub customer_group_period: bool,
    /// Publish `customer_group_member`. Default false.
    pub customer_group_member: bool,
    /// Rows per Parquet row group. Default 131,072.
    pub row_group_rows: usize,
    /// Releases kept by `run` when it commits; default: all.
    pub keep: Option<usize>,
    /// Calendar months whose last release is kept besides. Default 0.
    pub keep_month_ends: usize,
    /// Minutes for which a release is kept after another took its place. Default 60.
    pub grace_minutes: usize,
    /// By control total, how much of it `run --gate` may change in periods published before, as a share.
    pub gate: BTreeMap<String, Decimal>,
}
