//! The part of the checked definition that asks whether treatments worked: `[effects]`.

use super::definition::{Files, Position, Scalar};
use crate::units::Decimal;

/// `[effects]`.
#[derive(Debug, Clone)]
pub struct EffectsDef {
    /// Days from a contact on within which its outcome counts. Default 90.
    pub window_days: u32,
    /// Days before a contact that customers are compared by. Default 90.
    pub baseline_days: u32,
    /// Attributes of the customers source by which effects are broken down.
    pub by: Vec<String>,
    /// Who was treated, or held out, and when.
    pub contacts: Option<ContactsDef>,
    /// Who is held out from every treatment.
    pub control: Option<ControlDef>,
    /// Where the section begins.
    pub at: Position,
}

/// `[effects.contacts]`: one row per customer and treatment.
#[derive(Debug, Clone)]
pub struct ContactsDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// A customer of the transactions.
    pub customer: Scalar,
    /// When.
    pub at: Scalar,
    /// Which treatment: text.
    pub treatment: Scalar,
    /// `control` of customers held out, any other text of those treated; none: by `[effects.control]`.
    pub arm: Option<Scalar>,
}

/// `[effects.control]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ControlDef {
    /// Share of customers held out, 0..1.
    pub share: Decimal,
    /// Another seed holds out other customers.
    pub seed: u32,
}
