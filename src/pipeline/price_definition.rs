//! Price components: what stands between the list price of an order line and its pocket price.

use super::definition::{DriverSql, Scalar};
use super::sql::{Aggregate, Driver, Expr, Function};
use super::{
    ActivityDef, DriverDef, DriverPart, FactsDef, Level, Line, NegativeVolume, RateDef, TransactionsDef,
};
use crate::units::Decimal;

/// A named part of what stands between list price and pocket price.
#[derive(Debug, Clone)]
pub struct PriceComponent {
    /// As written; unique.
    pub name: String,
    /// Money of a line, natural sign. Speaks of roles first, then of file columns; null is nothing.
    pub amount: Scalar,
    /// Where it is given.
    pub invoice: Invoice,
    /// Suffix of its column of cost, of a component off invoice.
    pub column: Option<String>,
}

/// Where a price component is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoice {
    /// On the invoice: a part of the discount.
    On,
    /// After the invoice, which does not show it.
    Off,
}

impl PriceComponent {
    /// What facts keep of it: a sum of money, rounded once a line.
    pub fn aggregate(&self) -> Aggregate {
        money(self.amount.expr.clone())
    }

    /// The price concession that a component off invoice is: an activity whose volume is the money itself.
    ///
    /// It reaches all that unit-level cost reaches: customers, their orders and product groups, bridges, what-ifs.
    pub(in crate::pipeline) fn concession(&self) -> Option<ActivityDef> {
        let driver = Driver { terms: vec![(Decimal::ONE, self.aggregate())] };
        let sql = DriverSql { text: format!("sum({})", self.amount.text), driver, at: self.amount.at };
        Some(ActivityDef {
            name: self.name.clone(),
            column: self.column.clone()?,
            takes: Vec::new(),
            driver: Some(DriverDef { parts: vec![DriverPart { on: None, sql, factor: Decimal::ONE }] }),
            fallback: None,
            negative: NegativeVolume::Signed,
            rate: RateDef::Deducted,
            actual_minutes: None,
            level: Level::Unit,
            line: Some(Line::PriceConcession),
            member: None,
            avoidable: Decimal::ONE,
            at: self.amount.at,
        })
    }
}

impl TransactionsDef {
    /// What facts keep for the price waterfall, by customer and product group: list value of all lines, sales less returns,
    /// then each component. Nothing where none is declared.
    pub fn price_aggregates(&self) -> Vec<Aggregate> {
        let of_lines = (!self.price_components.is_empty()).then(|| money(Expr::Column("revenue".into())));
        of_lines.into_iter().chain(self.price_components.iter().map(PriceComponent::aggregate)).collect()
    }
}

impl FactsDef {
    /// The component that an aggregate is kept for.
    pub(crate) fn price_component(&self, aggregate: &Aggregate) -> Option<&PriceComponent> {
        self.transactions.price_components.iter().find(|component| component.aggregate() == *aggregate)
    }
}

fn money(of: Expr) -> Aggregate {
    Aggregate { function: Function::Money(of), filter: None }
}
