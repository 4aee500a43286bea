//! A source bound to its files: every expression of the pipeline file resolved to file columns.

use super::input_file::InputFile;
use crate::error::{Error, Result};
use crate::facts::expr::{Bound, Type};
use crate::facts::schema::{AggregateColumn, OrderType};
use crate::pipeline::{Definition, Duplicates, KeyType, Level, Line, PerceptionDef, lies_in};

/// One source (transactions or events), bound to its files.
pub(crate) struct Source {
    /// `transactions` or the event source's name.
    pub(crate) name: String,
    pub(crate) files: Vec<InputFile>,
    pub(crate) filter: Option<Bound>,
    pub(crate) customer: Bound,
    pub(crate) at: Bound,
    pub(crate) keep_unknown: bool,
    /// Whether the run begins and ends with its rows too.
    pub(crate) makes_periods: bool,
    /// Whether row groups are planned by the statistics of their footers.
    pub(crate) trusts_statistics: bool,
    /// Exchange rates of its rows.
    pub(crate) rates: Option<RateColumns>,
    /// What only order lines have.
    pub(crate) sale: Option<Sale>,
    /// Values taken from each row, in record order; the first four of a sale are quantity, revenue, discount, cost.
    pub(crate) values: Vec<ValueColumn>,
    /// Filters of aggregates; a row's answers are one bit each.
    pub(crate) filters: Vec<Bound>,
    /// What each aggregate of this source reads: (index into the run's aggregates, plan).
    pub(crate) aggregates: Vec<(usize, AggregatePlan)>,
    /// Keys counted distinct, other than the order.
    pub(crate) distinct: Vec<Bound>,
    /// File columns to decode.
    pub(crate) columns: Vec<String>,
}

/// What only order lines have.
pub(crate) struct Sale {
    pub(crate) order: Bound,
    pub(crate) line: Option<Bound>,
    pub(crate) group: GroupOf,
    pub(crate) is_return: Bound,
    pub(crate) currency: Option<Bound>,
    /// Whether texts of orders' keys are kept: digests tell orders apart, and name none.
    pub(crate) keeps_texts: bool,
    /// What orders are divided by, in the order of their names.
    pub(crate) dimensions: Vec<Bound>,
    pub(crate) duplicates: Duplicates,
    /// What lines are added up by, beside customers; none where no company and no other currency is declared.
    pub(crate) books: Option<BookOf>,
}

/// The exchange rates that rows are given as columns, by currency and day.
pub(crate) struct RateColumns {
    pub(crate) currency: Bound,
    /// The name of each, and the moment on whose day it holds.
    pub(crate) columns: Vec<(&'static str, Bound)>,
}

/// By what lines are added up: company and currency, and whether they are eliminated.
pub(crate) struct BookOf {
    pub(crate) company: Option<Bound>,
    pub(crate) intercompany: Option<Bound>,
    /// Which of the values are revenue and discount in the line's own currency; where none are, that is the reporting currency.
    pub(crate) own_revenue: Option<[usize; 2]>,
}

impl Source {
    /// Lines are added up by company and currency.
    pub(crate) fn books(&self) -> Option<&BookOf> {
        self.sale.as_ref().and_then(|sale| sale.books.as_ref())
    }

    /// Values of a record: those of the row, members of dimensions, and the book.
    pub(crate) fn record_values(&self) -> usize {
        self.values.len() + self.dimensions().len() + usize::from(self.books().is_some())
    }

    /// What keys of orders are.
    pub(crate) fn order_type(&self) -> OrderType {
        match self.sale.as_ref().map(|sale| sale.order.ty()) {
            Some(Type::Text) => OrderType::Text,
            Some(Type::Date) => OrderType::Date,
            _ => OrderType::Int,
        }
    }

    /// Whether texts of orders' keys are kept.
    pub(crate) fn keeps_texts(&self) -> bool {
        self.sale.as_ref().is_some_and(|sale| sale.keeps_texts)
    }

    /// What orders are divided by; nothing else is.
    pub(crate) fn dimensions(&self) -> &[Bound] {
        self.sale.as_ref().map_or(&[], |sale| &sale.dimensions)
    }
}

impl Sale {
    /// Whether repeated lines are looked for, by their keys.
    pub(crate) fn looks_for_duplicates(&self) -> bool {
        self.line.is_some() && self.duplicates != Duplicates::Allow
    }
}

/// How a line's product group is found.
pub(crate) enum GroupOf {
    /// From an expression over the line.
    Column(Bound),
    /// Through the product master data.
    Product(Bound),
    /// Every line is in the group `all`.
    All,
}

/// A fixed-point value taken from each row.
pub(crate) struct ValueColumn {
    /// `None` stands for a constant: 1 unit per line, no discount, no cost.
    pub(crate) bound: Option<Bound>,
    pub(crate) constant: i64,
    pub(crate) scale: u8,
    /// Digits that the published value has more.
    pub(crate) more_digits: u8,
    /// What messages call it; a null in a role is quarantined, a null in a driver counts as nothing, as in SQL.
    pub(crate) role: Option<&'static str>,
    /// Whether it is money of a price component.
    pub(crate) is_component: bool,
}

impl ValueColumn {
    /// What messages call it.
    pub(crate) fn called(&self) -> &'static str {
        self.role.unwrap_or(if self.is_component { "a price component" } else { "a driver's value" })
    }
}

/// What an aggregate reads of a record. `filter` is a bit of the record's filter answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AggregatePlan {
    /// Rows.
    Count { filter: Option<u8> },
    /// 1 if there is any row.
    Any { filter: Option<u8> },
    /// Sum of a value.
    Sum { value: usize, filter: Option<u8> },
    /// Sum of a price component, or of list value beside it; no driver of the pipeline file takes the row by it.
    Money { value: usize },
    /// Distinct orders with any such row.
    Orders { filter: Option<u8> },
    /// Distinct values of `Source::distinct[set]` with any such row.
    Distinct { set: usize, filter: Option<u8> },
}

impl AggregatePlan {
    /// The bit of the filter that a row must pass, if there is one.
    pub(crate) fn filter(&self) -> Option<u8> {
        match *self {
            Self::Count { filter }
            | Self::Any { filter }
            | Self::Sum { filter, .. }
            | Self::Orders { filter }
            | Self::Distinct { filter, .. } => filter,
            Self::Money { .. } => None,
        }
    }

    /// Whether a driver counts or adds up every row by it: money of events is what they are for.
    pub(crate) fn takes_all(&self, is_sale: bool) -> bool {
        self.filter().is_none() && !(is_sale && matches!(self, Self::Money { .. }))
    }
}

/// Positions of the four measures every sale record carries.
pub(crate) const QUANTITY: usize = 0;
pub(crate) const REVENUE: usize = 1;
pub(crate) const DISCOUNT: usize = 2;
pub(crate) const COST: usize = 3;

/// The distinct aggregates of all drivers and price components; scales are filled in when they are bound.
pub(crate) fn wanted_aggregates(definition: &Definition) -> Vec<AggregateColumn> {
    let mut wanted: Vec<AggregateColumn> = Vec::new();
    for part in definition.driver_parts() {
        for (_, aggregate) in &part.sql.driver.terms {
            if !wanted.iter().any(|known| known.source == part.on && known.aggregate == *aggregate) {
                wanted.push(AggregateColumn { source: part.on, aggregate: aggregate.clone(), scale: 0 });
            }
        }
    }
    for aggregate in definition.facts.transactions.price_aggregates() {
        if !wanted.iter().any(|known| known.source.is_none() && known.aggregate == aggregate) {
            wanted.push(AggregateColumn { source: None, aggregate, scale: 0 });
        }
    }
    wanted
}

/// Whether facts kept for one definition are those that another wants: only its costing differs, and needs the same
/// aggregates.
pub fn keep_the_same(kept: &Definition, wanted: &Definition) -> bool {
    let facts = |definition: &Definition| {
        let decisive = definition.sections.decisive();
        decisive.into_iter().filter(|(key, _)| lies_in(key, "facts")).collect::<Vec<_>>()
    };
    let aggregates = |definition: &Definition| format!("{:?}", wanted_aggregates(definition));
    facts(kept) == facts(wanted) && aggregates(kept) == aggregates(wanted)
}

/// The aggregates that activities of level unit and the price waterfall need, by index: a product group has its part of them.
pub(crate) fn line_aggregates(definition: &Definition, aggregates: &[AggregateColumn]) -> Vec<usize> {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
    let of_lines = activities.filter(|activity| activity.level == Level::Unit);
    let drivers = of_lines.flat_map(|activity| activity.driver.iter().chain(&activity.fallback));
    let parts: Vec<_> = drivers.flat_map(|driver| &driver.parts).filter(|part| part.on.is_none()).collect();
    let prices = definition.facts.transactions.price_aggregates();
    let is_needed = |column: &AggregateColumn| {
        let mut terms = parts.iter().flat_map(|part| &part.sql.driver.terms);
        let is_of_prices = prices.contains(&column.aggregate);
        column.source.is_none()
            && (is_of_prices || terms.any(|(_, aggregate)| *aggregate == column.aggregate))
    };
    (0..aggregates.len()).filter(|index| is_needed(&aggregates[*index])).collect()
}

/// The aggregates that orders have parts of, by index: rows, sums and orders that drive what stands above contribution. What
/// is counted distinct otherwise may be shared by orders.
pub(crate) fn order_aggregates(definition: &Definition, aggregates: &[AggregateColumn]) -> Vec<usize> {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
    let above = activities.filter(|activity| activity.line.is_some_and(Line::is_above_contribution));
    let drivers = above.flat_map(|activity| activity.driver.iter().chain(&activity.fallback));
    let parts: Vec<_> = drivers.flat_map(|driver| &driver.parts).filter(|part| part.on.is_none()).collect();
    let is_needed = |column: &AggregateColumn| {
        let mut terms = parts.iter().flat_map(|part| &part.sql.driver.terms);
        column.source.is_none()
            && column.aggregate.adds_up_over_orders()
            && terms.any(|(_, aggregate)| *aggregate == column.aggregate)
    };
    (0..aggregates.len()).filter(|index| is_needed(&aggregates[*index])).collect()
}

/// Whether customer × day is kept: only the rhythm of customers, and whether they bought again, needs it.
pub(crate) fn keeps_days(definition: &Definition) -> bool {
    definition.wants_days() || definition.perception.as_ref().is_some_and(PerceptionDef::asks_customers)
}

/// The one kind of customer key all sources must share.
///
/// # Errors
/// Names the sources that disagree.
pub(crate) fn key_type(definition: &Definition, sources: &[Source]) -> Result<KeyType> {
    let of = |source: &Source| if source.customer.ty() == Type::Text { KeyType::Text } else { KeyType::Int };
    let first = of(&sources[0]);
    match sources.iter().find(|source| of(source) != first) {
        None => Ok(first),
        Some(other) => Err(Error::definition(format!(
            "{}: 'customer' is {} in '{}' and {} in '{}'; both must be integers or both text",
            customer_place(definition, &other.name),
            other.customer.ty(),
            other.name,
            sources[0].customer.ty(),
            sources[0].name
        ))),
    }
}

/// Where an event source says what its customers are.
fn customer_place(definition: &Definition, source: &str) -> String {
    let events = definition.facts.events.iter().find(|events| events.name == source);
    definition.place(events.map_or(definition.facts.transactions.customer.at, |events| events.customer.at))
}
