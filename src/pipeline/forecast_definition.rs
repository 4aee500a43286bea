//! The part of the checked definition that asks what is coming: `[forecast]`.

/// `[forecast]`: driver volumes and capacity of the coming periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastDef {
    /// How many periods after the last complete one. Default 12.
    pub periods: u32,
}
