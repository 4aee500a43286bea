//! The part of the checked definition that speaks of a loyalty programme: `[programme]`.

use super::definition::{Files, Position, Scalar};
use crate::units::{Decimal, Period};
use std::collections::BTreeMap;

/// `[programme]`: one row per movement of points.
#[derive(Debug, Clone)]
pub struct ProgrammeDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// A customer of the facts.
    pub customer: Scalar,
    /// When points were earned, redeemed or expired.
    pub booked: Scalar,
    /// `earned`, `redeemed` or `expired`.
    pub kind: Scalar,
    /// How many points: a whole number from 0.
    pub points: Scalar,
    /// What was paid for what earned the points; none: net revenue of members.
    pub paid: Option<Scalar>,
    /// What redeeming the points cost; none: no cost.
    pub cost: Option<Scalar>,
    /// What a customer would pay for what a point buys: its stand-alone selling price, before breakage.
    pub worth: Decimal,
    /// Share of points earned that are expected to be redeemed, from each period on; empty: estimated from the history.
    pub redemption: BTreeMap<Period, Decimal>,
    /// How members are compared with other customers; none: they are not.
    pub matching: Option<MatchingDef>,
    /// Where the section begins.
    pub at: Position,
}

/// `[programme.matching]`: cells of customers who were alike before the members among them joined.
#[derive(Debug, Clone)]
pub struct MatchingDef {
    /// Days after the day of joining within which outcomes count. Default 90.
    pub window_days: u32,
    /// Days before it in which purchases and revenue are counted. Default 180.
    pub baseline_days: u32,
    /// Attributes of the customers source that must be equal.
    pub by: Vec<String>,
    /// Days since the last purchase at which bands begin.
    pub recency_days: Vec<Decimal>,
    /// Days since the first purchase at which bands begin.
    pub tenure_days: Vec<Decimal>,
    /// Numbers of purchases at which bands begin.
    pub purchases: Vec<Decimal>,
    /// Net revenue at which bands begin.
    pub revenue: Vec<Decimal>,
    /// Where the section begins.
    pub at: Position,
}
