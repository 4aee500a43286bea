//! The checked definition: what the rooms see of a pipeline file.
//!
//! Every name is resolved, every default filled in and every SQL text parsed; nothing later sees a raw string.
//! Column names inside expressions are still to be bound against the files, which `abacus check` and the scan do.

use super::acquisition_definition::AcquisitionDef;
use super::bridge_span::BridgeSpan;
use super::contracts_definition::ContractsDef;
use super::costing_definition::*;
use super::counted_histories_definition::CountedHistoriesDef;
use super::customer_base_definition::{ClvDef, LifecycleDef};
use super::effects_definition::EffectsDef;
use super::expect_definition::ExpectDef;
use super::facts_definition::FactsDef;
use super::forecast_definition::ForecastDef;
use super::hierarchy_definition::HierarchyDef;
use super::keys::PROFITABILITY;
use super::needs_definition::NeedsDef;
use super::perception_definition::PerceptionDef;
use super::plan_definition::PlanDef;
use super::programme_definition::ProgrammeDef;
use super::scenario_definition::{ScenarioDef, SensitivityDef};
use super::sections::Sections;
use super::segments_definition::SegmentsDef;
use super::settings_definition::{ProfitabilityDef, PublishDef, RunDef};
use super::sql::{Driver, Expr};
use crate::storage::Pattern;
use crate::units::Decimal;
use std::path::PathBuf;

/// What customer keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// 64-bit integers.
    Int,
    /// Text, compared bytewise.
    Text,
}

/// Where a value stands in the pipeline file, for messages that come later than parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// A scalar SQL expression of the pipeline file.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// As written.
    pub text: String,
    /// As parsed.
    pub expr: Expr,
    /// Where the text begins.
    pub at: Position,
}

/// A linear combination of SQL aggregates of the pipeline file: an activity driver or a time equation.
#[derive(Debug, Clone)]
pub struct DriverSql {
    /// As written.
    pub text: String,
    /// As parsed.
    pub driver: Driver,
    /// Where the text begins.
    pub at: Position,
}

/// A file pattern of the pipeline file.
#[derive(Debug, Clone)]
pub struct Files {
    /// As written, relative to the pipeline file's folder.
    pub pattern: String,
    /// Resolved against that folder, as one text: what makes two definitions the same files.
    pub path: PathBuf,
    /// The folders or the file before the first special character, resolved against that folder and literal.
    pub root: PathBuf,
    /// The rest.
    pub below: Pattern,
    /// The version of a lake table; the newest without it.
    pub version: Option<u64>,
    /// Where the text begins.
    pub at: Position,
}

/// A whole pipeline file, checked.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The file it was read from.
    pub path: PathBuf,
    /// The file's stem: the pipeline's name.
    pub name: String,
    /// What the pipeline is for.
    pub about: Option<String>,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub digest: String,
    /// The file's text, which releases keep.
    pub text: String,
    /// Digests of its parts.
    pub sections: Sections,
    /// Sources and grain.
    pub facts: FactsDef,
    /// Present when the file has resources or activities.
    pub costing: Option<CostingDef>,
    /// What-ifs, in the order of their names.
    pub scenarios: Vec<ScenarioDef>,
    /// Present when the file has the section: where the classes begin.
    pub profitability: Option<ProfitabilityDef>,
    /// Present when the file has the section: the customer base over time.
    pub lifecycle: Option<LifecycleDef>,
    /// Present when the file has the section: what customers are going to bring.
    pub clv: Option<ClvDef>,
    /// Present when the file has the section: contracts, their renewals and prices.
    pub contracts: Option<ContractsDef>,
    /// Present when the file has the section: histories of purchases that come counted.
    pub counted_histories: Option<CountedHistoriesDef>,
    /// Present when the file has the section: what was planned.
    pub plan: Option<PlanDef>,
    /// Present when the file has the section: driver volumes of coming periods.
    pub forecast: Option<ForecastDef>,
    /// Present when the file has the section: what customers' profit owes to estimates of the costing.
    pub sensitivity: Option<SensitivityDef>,
    /// Present when the file has the section: groups of customers and what to do with them.
    pub segments: Option<SegmentsDef>,
    /// Present when the file has the section: whether treatments worked.
    pub effects: Option<EffectsDef>,
    /// Present when the file has the section: groups of customers, level by level.
    pub hierarchy: Option<HierarchyDef>,
    /// Present when the file has the section: what winning customers brought.
    pub acquisition: Option<AcquisitionDef>,
    /// Present when the file has the section: a loyalty programme.
    pub programme: Option<ProgrammeDef>,
    /// Present when the file has the section: the value customers get.
    pub perception: Option<PerceptionDef>,
    /// Present when the file has the section: segments by what customers need.
    pub needs: Option<NeedsDef>,
    /// What a run may take of the machine.
    pub run: RunDef,
    /// Where and how to publish.
    pub publish: PublishDef,
    /// Control totals and data checks.
    pub expect: Vec<ExpectDef>,
}

impl Definition {
    /// Every driver of the costing, in the order written: what the facts keep aggregates for.
    pub fn drivers(&self) -> impl Iterator<Item = &DriverDef> {
        let costing = self.costing.iter();
        costing.flat_map(|costing| {
            let quantities = costing.resources.iter().flat_map(|resource| &resource.takes);
            let activities = costing.activities.iter();
            let taken = activities.clone().flat_map(|activity| &activity.takes);
            let taken = quantities.chain(taken).filter_map(|take| match &take.by {
                ResourceDriver::Quantity(Quantity::Sql(driver))
                | ResourceDriver::FixedAndVariable(_, Quantity::Sql(driver))
                | ResourceDriver::Minutes(Quantity::Sql(driver)) => Some(driver),
                _ => None,
            });
            let worked = activities.clone().filter_map(|activity| match &activity.actual_minutes {
                Some(Quantity::Sql(driver)) => Some(driver),
                _ => None,
            });
            let own = activities.flat_map(|activity| activity.driver.iter().chain(&activity.fallback));
            own.chain(taken).chain(worked)
        })
    }

    /// Whether a stage looks at what customers bring and cost day by day.
    pub fn wants_days(&self) -> bool {
        let of_customers = self.lifecycle.is_some() || self.clv.is_some();
        of_customers || self.effects.is_some() || self.acquisition.is_some() || self.programme.is_some()
    }

    /// Net revenue at which bands of order size begin, ascending.
    pub fn order_bands(&self) -> Vec<Decimal> {
        let declared = self.profitability.as_ref().map(|profitability| profitability.order_bands.clone());
        declared.unwrap_or_else(|| PROFITABILITY.default_number_list("order_bands"))
    }

    /// Spans whose contribution is compared.
    pub fn bridges(&self) -> Vec<BridgeSpan> {
        let declared = self.profitability.as_ref().map(|profitability| profitability.bridges.clone());
        declared.unwrap_or_else(BridgeSpan::by_default)
    }

    /// How many of the last spans of each kind are compared.
    pub fn bridge_history(&self) -> usize {
        let declared = self.profitability.as_ref().map(|profitability| profitability.bridge_history);
        let spans = declared.unwrap_or_else(|| PROFITABILITY.default_integer("bridge_history"));
        usize::try_from(spans).unwrap_or(usize::MAX)
    }

    /// The parts of every driver, each of one source.
    pub fn driver_parts(&self) -> impl Iterator<Item = &DriverPart> {
        self.drivers().flat_map(|driver| &driver.parts)
    }

    /// `path:line:column`, the head of every message about this file.
    pub fn place(&self, at: Position) -> String {
        format!("{}:{}:{}", self.path.display(), at.line, at.column)
    }
}
