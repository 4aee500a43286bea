//! Input and output of the scan of a row group: what all scans of a run share, and what one leaves.

use super::key_ranges::KeyRanges;
use super::periods::PeriodIndex;
use super::record::Records;
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::findings::Found;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::products::ProductGroups;
use crate::facts::inputs::quarantined_row::QuarantinedRow;
use crate::facts::inputs::source::Source;
use crate::facts::inputs::statistics::Days;
use crate::facts::schema::RowCounts;
use crate::pipeline::{DayBounds, RowChecks};
use crate::units::Day;
use hashbrown::HashMap;
use std::sync::Arc;

/// Gives a period's key ranges.
pub(crate) type RangesOf<'c> = dyn Fn(u16, &[u64]) -> Arc<KeyRanges> + Sync + 'c;

/// What all tasks of a run share.
pub(crate) struct ScanContext<'c> {
    pub(crate) sources: &'c [Source],
    /// Per source, file and row group: the days it was planned by.
    pub(crate) days: &'c [Vec<Vec<Days>>],
    pub(crate) periods: &'c PeriodIndex,
    /// Rows on this day or later are left out.
    pub(crate) as_of: Option<Day>,
    /// Rows outside are quarantined, where the source makes periods.
    pub(crate) bounds: DayBounds,
    /// What becomes of order lines that contradict themselves.
    pub(crate) checks: &'c RowChecks,
    /// Which periods are being made; rows of the others are counted but go nowhere.
    pub(crate) wanted: &'c (dyn Fn(u16) -> bool + Sync),
    pub(crate) customers: &'c Interner,
    pub(crate) groups: &'c Interner,
    /// Members of all dimensions.
    pub(crate) members: &'c Interner,
    pub(crate) products: Option<&'c ProductGroups>,
    /// What foreign currencies are worth.
    pub(crate) rates: Option<&'c ExchangeRates>,
    /// Companies of the group.
    pub(crate) companies: &'c Interner,
    pub(crate) currency: &'c str,
    /// The key ranges of a period, made from the first keys seen of it.
    pub(crate) ranges: &'c RangesOf<'c>,
}

/// What came of a row group.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) counts: RowCounts,
    pub(crate) quarantined: Vec<QuarantinedRow>,
    /// What row checks found.
    pub(crate) mistakes: Vec<Found>,
    /// By period, and whether their values are narrow.
    pub(crate) records: HashMap<(u16, bool), Records>,
}
