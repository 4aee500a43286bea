//! What a run tells the person who started it.

use crate::clv;
use crate::costing::schema::CostTotals;
use crate::facts::SourceMistake;
use crate::facts::schema::RowCounts;
use crate::pipeline::Definition;
use crate::profitability;
use crate::publish::Release;
use crate::run::Timing;

/// What a run tells the person who started it.
pub struct Report {
    /// The pipeline.
    pub definition: Definition,
    /// The release; none after a dry run.
    pub release: Option<Release>,
    /// The address in an object store that it was published to as well.
    pub store: Option<String>,
    /// (source, files, rows).
    pub sources: Vec<(String, usize, RowCounts)>,
    /// Money through the costing.
    pub costs: CostTotals,
    /// Customers and their profit.
    pub profit: profitability::Summary,
    /// What they are going to bring; none where the pipeline does not ask.
    pub lifetime: Option<clv::Summary>,
    /// Seconds per stage, the commit among them.
    pub timings: Vec<Timing>,
    /// Peak resident memory, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What it should stay within, where there is a limit.
    pub memory_budget_bytes: Option<u64>,
    /// What row checks found, by source and kind.
    pub mistakes: Vec<SourceMistake>,
    /// What a person should know although the release stands: rows with mistakes, models, rules, missed expectations.
    pub warnings: Vec<String>,
}
