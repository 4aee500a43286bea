//! The part of the checked definition that says what was planned: `[plan]`.

use super::costing_definition::LedgerDef;
use super::definition::{Files, Position};
use super::scenario_definition::ScenarioDef;

/// `[plan]`: rows of files, or a scenario on the year before.
#[derive(Debug, Clone)]
pub struct PlanDef {
    /// Which plan it is.
    pub about: Option<String>,
    /// Planned cost and practical capacity of resources.
    pub resources: Option<PlanRows>,
    /// Planned driver volumes of activities.
    pub activities: Option<PlanRows>,
    /// Planned units and revenue of product groups.
    pub sales: Option<PlanRows>,
    /// In place of rows: the year before, with the numbers of this scenario.
    pub scenario: Option<Box<ScenarioDef>>,
    /// Where the section begins.
    pub at: Position,
}

/// Rows of planning files (Parquet or text): who, when, and a column for each measure.
#[derive(Debug, Clone)]
pub struct PlanRows {
    /// The key of the section: `resources`, `activities` or `sales`.
    pub section: &'static str,
    /// At least one: its column is read as the amounts of a ledger are.
    pub measures: Vec<(PlanMeasure, LedgerDef)>,
}

/// What a column of a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanMeasure {
    /// Money of a resource or an activity.
    Cost,
    /// Of its money, what does not follow the volume.
    FixedCost,
    /// Practical capacity of a time-driven resource.
    PracticalMinutes,
    /// Driver volume of an activity.
    Volume,
    /// Units on sale lines.
    Units,
    /// List value of sale lines.
    ListRevenue,
    /// Discount on sale lines.
    Discount,
    /// Net value of return lines.
    Returns,
    /// Cost of goods.
    ProductCost,
}

impl PlanMeasure {
    /// Whether it is no money.
    pub fn is_quantity(self) -> bool {
        matches!(self, Self::PracticalMinutes | Self::Volume | Self::Units)
    }
}

impl PlanDef {
    /// The sections with rows.
    pub fn rows(&self) -> impl Iterator<Item = &PlanRows> {
        [&self.resources, &self.activities, &self.sales].into_iter().flatten()
    }
}

impl PlanRows {
    /// The files of all columns.
    pub fn files(&self) -> &Files {
        &self.measures[0].1.files
    }

    /// The column of a measure, where it is planned.
    pub fn column(&self, measure: PlanMeasure) -> Option<&LedgerDef> {
        self.measures.iter().find(|(known, _)| *known == measure).map(|(_, column)| column)
    }
}
