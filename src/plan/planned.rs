//! What is planned of a period.

use crate::units::Decimal;
use std::collections::BTreeMap;

/// What is planned of one period.
#[derive(Debug, Clone, Default)]
pub(super) struct PlannedPeriod {
    /// By resource; empty where no resources are planned at all.
    pub(super) resources: Vec<PlannedResource>,
    /// By activity.
    pub(super) activities: Vec<PlannedActivity>,
    /// Of accounts that no resource claims.
    pub(super) unclaimed: i128,
    /// By product group; empty where no sales are planned in the period.
    pub(super) sales: BTreeMap<usize, PlannedSales>,
}

/// What is planned of a resource.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlannedResource {
    pub(super) cost: Option<i64>,
    pub(super) minutes: Option<Decimal>,
}

/// What is planned of an activity.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlannedActivity {
    pub(super) volume: Option<Decimal>,
    /// Where it does not follow from resources.
    pub(super) cost: Option<i64>,
    /// Of the cost, what does not follow the volume.
    pub(super) fixed_cost: i64,
}

/// What is planned of a product group.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedSales {
    pub(super) units: Decimal,
    /// List revenue, discount, returns, product cost; none: not planned.
    pub(super) money: [Option<i128>; 4],
}

impl Default for PlannedSales {
    fn default() -> Self {
        Self { units: Decimal::ZERO, money: [None; 4] }
    }
}
