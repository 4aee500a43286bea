//! Currency translation: exchange rates, and the money of order lines in the reporting currency.

use super::costing_definition::LedgerDef;
use super::definition::Scalar;
use super::sql::{BinaryOp, Expr};
use super::{
    ActivityDef, Aggregate, DriverDef, DriverPart, DriverSql, EventsDef, Function, Level, Line,
    NegativeVolume, RateDef,
};
use crate::pipeline::sql::Driver;
use crate::units::{Day, Decimal};
use std::collections::BTreeMap;

/// The column of a row's exchange rate: money of the reporting currency for 1 of the row's own.
pub const EXCHANGE_RATE: &str = "exchange_rate";

/// The column of the rate at which a settled amount was booked.
pub const INVOICE_RATE: &str = "invoice_rate";

/// `[facts.exchange_rates]`.
#[derive(Debug, Clone)]
pub struct ExchangeRatesDef {
    /// Rows of (currency, day, rate).
    pub rows: LedgerDef,
    /// How long a rate holds.
    pub holds: RateSpan,
    /// The day at whose rates revenue is shown besides, at constant currency.
    pub constant_day: Option<Day>,
}

/// How long a rate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateSpan {
    /// On its day and, where the next days have none, so many days on.
    Days(u16),
    /// In the whole period of the facts that its day lies in.
    Period,
}

/// What the money of order lines is before it is converted.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// Roles in the line's own currency, by name: what price components speak of.
    pub roles: BTreeMap<String, Expr>,
    /// Revenue in the line's own currency.
    pub revenue: Scalar,
    /// Discount in the line's own currency.
    pub discount: Option<Scalar>,
}

/// `[facts.settlements]`: when invoices in foreign currency were paid.
#[derive(Debug, Clone)]
pub struct SettlementsDef {
    /// The row's currency.
    pub currency: Scalar,
    /// The day at whose rate the amount was booked.
    pub invoiced_on: Scalar,
    /// The exchange loss of the row, in the reporting currency.
    pub loss: Scalar,
}

/// The name of the built-in source of settlements.
pub const SETTLEMENTS: &str = "settlements";

impl Scalar {
    /// Money in the reporting currency, rounded once when it is evaluated.
    pub(in crate::pipeline) fn converted(self) -> Self {
        let rate = Box::new(Expr::Column(EXCHANGE_RATE.to_owned()));
        Self {
            text: format!("({}) * {EXCHANGE_RATE}", self.text),
            expr: Expr::Binary(Box::new(self.expr), BinaryOp::Multiply, rate),
            at: self.at,
        }
    }
}

/// Whether money is converted: what it speaks of is in the currency of its row.
pub(crate) fn is_converted(expr: &Expr) -> bool {
    let is_rate = |factor: &Expr| matches!(factor, Expr::Column(name) if name == EXCHANGE_RATE);
    matches!(expr, Expr::Binary(_, BinaryOp::Multiply, factor) if is_rate(factor))
}

impl SettlementsDef {
    /// What facts keep of it: a sum of money, rounded once a row.
    pub fn aggregate(&self) -> Aggregate {
        Aggregate { function: Function::Money(self.loss.expr.clone()), filter: None }
    }

    /// Realised exchange differences (IAS 21.28), in the period of the payment: an activity whose volume is the loss itself.
    pub(in crate::pipeline) fn activity(&self, source: usize) -> ActivityDef {
        let driver = Driver { terms: vec![(Decimal::ONE, self.aggregate())] };
        let sql = DriverSql { text: format!("sum({})", self.loss.text), driver, at: self.loss.at };
        ActivityDef {
            name: EXCHANGE_DIFFERENCES.to_owned(),
            column: EXCHANGE_DIFFERENCES.replace(' ', "_"),
            takes: Vec::new(),
            driver: Some(DriverDef {
                parts: vec![DriverPart { on: Some(source), sql, factor: Decimal::ONE }],
            }),
            fallback: None,
            negative: NegativeVolume::Signed,
            rate: RateDef::Exchange,
            actual_minutes: None,
            level: Level::Customer,
            line: Some(Line::ExchangeDifference),
            member: None,
            avoidable: Decimal::ONE,
            at: self.loss.at,
        }
    }
}

/// The activity that settlements are.
pub(crate) const EXCHANGE_DIFFERENCES: &str = "exchange differences";

impl EventsDef {
    /// The expressions that a row of it must have, by key.
    pub(crate) fn roles(&self) -> Vec<(&'static str, &Scalar)> {
        let settled = self.settlements.iter();
        let settled = settled.flat_map(|of| [("currency", &of.currency), ("invoiced_on", &of.invoiced_on)]);
        [("customer", &self.customer), ("at", &self.at)].into_iter().chain(settled).collect()
    }
}
