//! `[forecast]`: how far ahead volumes are forecast.

use super::or_default::count_or;
use super::table::Table;
use crate::pipeline::ForecastDef;
use crate::pipeline::keys::FORECAST;

/// Reads `[forecast]`; `None` if it is faulty.
pub(super) fn forecast(table: Table<'_>, root: Table<'_>) -> Option<ForecastDef> {
    if root.table("costing").is_none() {
        table.fault(
            "there is no costing whose driver volumes could be forecast; add [[costing.resource]] and [[costing.activity]], or leave [forecast] out",
        );
        return None;
    }
    Some(ForecastDef { periods: count_or(Some(table), &FORECAST, "periods") })
}
