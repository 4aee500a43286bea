//! The parts of the checked definition that speak of the customer base over time: `[lifecycle]` and `[clv]`.

use super::contextual_factors_definition::ContextualFactorsDef;
use super::definition::Position;
use super::keys::{CLV, LIFECYCLE};
use super::purchase_model::PurchaseModel;
use super::season::Season;
use crate::units::{Day, Decimal, Duration};

/// `[lifecycle]`.
#[derive(Debug, Clone)]
pub struct LifecycleDef {
    /// As-of dates beside the run's own, ascending; rows on these days or later are not seen.
    pub as_of: Vec<Day>,
    /// Days without purchase after which a relationship counts as ended. Default 180.
    pub gap_days: u32,
    /// Days of an elapsed window since the first purchase. Default 30.
    pub window_days: u32,
    /// Attributes of the customers source by which cohorts, survival and growth are broken down too.
    pub by: Vec<String>,
    /// The attribute that says what a customer spends per year in the category, wherever; for the share of wallet.
    pub wallet: Option<String>,
    /// Activities, by index, whose use tells that a customer uses a channel: breadth counts those with volume.
    pub channels: Vec<usize>,
    /// Where the states begin.
    pub states: StatesDef,
    /// When to warn.
    pub warning: WarningDef,
    /// Where the section begins.
    pub at: Position,
}

/// `[lifecycle.states]`: the first that holds, in this order, is a customer's state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatesDef {
    /// New: days since the first purchase, at most. Default 30.
    pub new_days: u32,
    /// Active: days since the last purchase, at most this many times the expected gap. Default 1.5.
    pub active: Decimal,
    /// At risk: the same. Default 3.
    pub at_risk: Decimal,
    /// Dormant: days since the last purchase, at most; lost beyond. Default 365.
    pub dormant_days: u32,
}

/// `[lifecycle.warning]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarningDef {
    /// Days since the last purchase, from this many times the expected gap. Default 2.
    pub overdue: Decimal,
    /// Probability alive below this, 0..1. Default 0.5.
    pub alive_below: Decimal,
    /// Share of the earlier average by which a measure fell, or discount depth rose. Default 0.5.
    pub drop: Decimal,
    /// Complete periods of the recent average. Default 3.
    pub recent_periods: u32,
    /// Complete periods before them, of the earlier average. Default 6.
    pub earlier_periods: u32,
    /// Days before the as-of date at which warnings are made once more, to measure them on what followed. Default 90.
    pub holdout_days: u32,
}

impl LifecycleDef {
    /// Days idle beyond which a relationship counts as ended, where `[lifecycle]` does not say.
    pub fn default_gap_days() -> u32 {
        LIFECYCLE.default_integer("gap_days")
    }
}

impl ClvDef {
    /// Discount rate per year where the pipeline has no `[clv]`.
    pub fn default_discount_rate_annual() -> Decimal {
        CLV.default_number("discount_rate_annual")
    }
}

/// `[clv]`.
#[derive(Debug, Clone)]
pub struct ClvDef {
    /// Purchase models that are fitted, reported and back-tested. Default MBG/NBD and Pareto/NBD.
    pub models: Vec<PurchaseModel>,
    /// The one that customers are valued by; none: the best of `models` on the holdout, kept from release to release.
    pub model: Option<PurchaseModel>,
    /// The seasons by which purchases are timed; none: months where they have the smaller error on the holdout, kept
    /// from release to release.
    pub season: Option<Season>,
    /// What varies by day for all customers alike and may time their purchases too.
    pub contextual_factors: Option<ContextualFactorsDef>,
    /// What a purchase is valued at. Default avoidable margin.
    pub margin: Margin,
    /// How a customer's value per purchase is estimated. Default: shrunken mean.
    pub spend: SpendModel,
    /// Effective rate per year by which later money counts less. Default 0.10.
    pub discount_rate_annual: Decimal,
    /// How far ahead purchases are expected, with the names of their columns. Default one year.
    pub horizons: Vec<Horizon>,
    /// The attribute of the customers source whose values are fitted apart.
    pub segment: Option<String>,
    /// Attributes of the customers source by which purchase models may tell customers apart.
    pub covariates: Vec<String>,
    /// Calibration dates of the back-test, ascending; rows on these days or later are held out. None: one, after two
    /// thirds of the history.
    pub calibration: Vec<Day>,
    /// The release whose parameters the drift is measured against.
    pub drift_from: Option<String>,
    /// How long relationships last, where none was lost so far.
    pub lifetime: Option<DeclaredLifetime>,
    /// Where the section begins.
    pub at: Position,
}

/// A declared mean lifetime: one number, in either of two forms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeclaredLifetime {
    /// In periods, from 1.
    Periods(Decimal),
    /// As its inverse, relationships lost per period lived, above 0 and up to 1.
    Churn(Decimal),
}

/// A horizon of expectations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Horizon {
    /// What its columns end with: `12_months`.
    pub column: String,
    /// How long.
    pub length: Duration,
}

/// What a purchase is valued at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Margin {
    /// Gross margin less the avoidable part of what the customer bears, acquisition aside.
    Avoidable,
    /// Gross margin less all that the customer bears, acquisition aside.
    Full,
    /// Net revenue.
    Revenue,
}

/// How a customer's value per purchase is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpendModel {
    /// The customer's mean, shrunken towards the base's; may be negative.
    Shrunken,
    /// Gamma-Gamma expected net revenue × the shrunken margin rate.
    GammaGamma,
}
