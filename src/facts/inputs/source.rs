//! A source bound to its files: every expression of the pipeline file resolved to file columns.

use super::aggregates::Plans;
use super::binder::{Binder, Wanted};
use super::input::{InputFile, open};
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{Bound, Type};
use crate::facts::schema::AggregateColumn;
use crate::pipeline::sql::SqlType;
use crate::pipeline::{
    Definition, Duplicates, EventsDef, Expr, KeyType, Level, PerceptionDef, Scalar, TransactionsDef,
    UnknownCustomer,
};

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
    pub(crate) duplicates: Duplicates,
}

impl Sale {
    /// Whether each line is told apart from the others.
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
    /// Distinct orders with any such row.
    Orders { filter: Option<u8> },
    /// Distinct values of `Source::distinct[set]` with any such row.
    Distinct { set: usize, filter: Option<u8> },
}

/// Positions of the four measures every sale record carries.
pub(crate) const QUANTITY: usize = 0;
pub(crate) const REVENUE: usize = 1;
pub(crate) const DISCOUNT: usize = 2;
pub(crate) const COST: usize = 3;

/// All sources of a definition, bound, with the aggregates its activities need.
///
/// # Errors
/// All faults of all sources at once: files that cannot be read, columns that do not exist or have another type.
pub(crate) fn bind_sources(
    definition: &Definition,
    verify: bool,
) -> Result<(Vec<Source>, Vec<AggregateColumn>)> {
    let mut aggregates = wanted_aggregates(definition);
    let mut sources = Vec::new();
    let mut messages = Vec::new();
    let mut kind = Kind::Definition;
    let mut keep = |result: Result<Source>| match result {
        Ok(source) => sources.push(source),
        Err(fault) => {
            kind = fault.kind;
            messages.extend(fault.messages);
        }
    };
    keep(bind_transactions(definition, &definition.facts.transactions, &mut aggregates, verify));
    for (index, events) in definition.facts.events.iter().enumerate() {
        keep(bind_events(definition, index, events, &mut aggregates, verify));
    }
    if messages.is_empty() { Ok((sources, aggregates)) } else { Err(Error { kind, messages }) }
}

/// The distinct aggregates of all drivers; scales are filled in when they are bound.
pub(crate) fn wanted_aggregates(definition: &Definition) -> Vec<AggregateColumn> {
    let mut wanted: Vec<AggregateColumn> = Vec::new();
    for part in definition.driver_parts() {
        for (_, aggregate) in &part.sql.driver.terms {
            if !wanted.iter().any(|known| known.source == part.on && known.aggregate == *aggregate) {
                wanted.push(AggregateColumn { source: part.on, aggregate: aggregate.clone(), scale: 0 });
            }
        }
    }
    wanted
}

/// The aggregates that activities of level unit need, by index: a product group has its part of them.
pub(crate) fn line_aggregates(definition: &Definition, aggregates: &[AggregateColumn]) -> Vec<usize> {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
    let of_lines = activities.filter(|activity| activity.level == Level::Unit);
    let drivers = of_lines.flat_map(|activity| activity.driver.iter().chain(&activity.fallback));
    let parts: Vec<_> = drivers.flat_map(|driver| &driver.parts).filter(|part| part.on.is_none()).collect();
    let is_needed = |column: &AggregateColumn| {
        let mut terms = parts.iter().flat_map(|part| &part.sql.driver.terms);
        column.source.is_none() && terms.any(|(_, aggregate)| *aggregate == column.aggregate)
    };
    (0..aggregates.len()).filter(|index| is_needed(&aggregates[*index])).collect()
}

/// Whether customer × day is kept: only the rhythm of customers, and whether they bought again, needs it.
pub(crate) fn keeps_days(definition: &Definition) -> bool {
    definition.wants_days() || definition.perception.as_ref().is_some_and(PerceptionDef::asks_customers)
}

fn bind_transactions(
    definition: &Definition,
    def: &TransactionsDef,
    aggregates: &mut [AggregateColumn],
    verify: bool,
) -> Result<Source> {
    let facts = &definition.facts;
    let files = open(definition, &def.files, verify)?;
    let roles = [
        ("customer", Some(&def.customer)),
        ("order", Some(&def.order)),
        ("line", def.line.as_ref()),
        ("product", def.product.as_ref()),
        ("product_group", def.product_group.as_ref()),
        ("at", Some(&def.at)),
        ("quantity", def.quantity.as_ref()),
        ("revenue", Some(&def.revenue)),
        ("discount", def.discount.as_ref()),
        ("cost", def.cost.as_ref()),
    ];
    let mut binder = Binder::new(definition, &files, &roles);
    // A row without product is in a group of its own; nothing else may be null.
    let never_null = roles.iter().copied().filter(|(key, _)| !["product", "product_group"].contains(key));
    let conditions = [("where", def.filter.as_ref()), ("currency", def.currency.as_ref())];
    for (key, scalar) in never_null.chain(conditions) {
        scalar.iter().for_each(|scalar| binder.require(key, &scalar.expr, false));
    }
    def.is_return.iter().for_each(|scalar| binder.require("return", &scalar.expr, true));
    let filter = def.filter.as_ref().map(|scalar| binder.scalar("where", scalar, Wanted::Truth));
    let customer = binder.scalar("customer", &def.customer, Wanted::Key);
    let order = binder.scalar("order", &def.order, Wanted::Key);
    let line = def.line.as_ref().map(|scalar| binder.scalar("line", scalar, Wanted::Key));
    let at = binder.scalar("at", &def.at, Wanted::Instant);
    let currency = def.currency.as_ref().map(|scalar| binder.scalar("currency", scalar, Wanted::Text));
    let group = bind_group(&mut binder, def, facts.products.is_some());
    let quantity = def.quantity.as_ref().and_then(|scalar| binder.scalar("quantity", scalar, Wanted::Number));
    let is_return = match &def.is_return {
        Some(scalar) => binder.typed("return", scalar, Wanted::Truth, true),
        // A fault of the quantity is reported as one of the quantity.
        None if def.quantity.is_some() && quantity.is_none() => None,
        None => default_return(&mut binder),
    };
    let scale = quantity.as_ref().map_or(0, |bound| bound.natural_scale(facts.volume_scale));
    // Units are summed and kept as they come, mostly whole: their columns are a quarter as wide, and nothing is scaled.
    let more_digits = facts.volume_scale - scale;
    let mut values =
        vec![ValueColumn { bound: quantity, constant: 1, scale, more_digits, role: Some("quantity") }];
    for (role, scalar) in
        [("revenue", Some(&def.revenue)), ("discount", def.discount.as_ref()), ("cost", def.cost.as_ref())]
    {
        let bound = scalar.and_then(|scalar| binder.scalar(role, scalar, Wanted::Number));
        let scale = facts.money_scale;
        values.push(ValueColumn { bound, constant: 0, scale, more_digits: 0, role: Some(role) });
    }
    let mut plans = Plans { values, ..Plans::default() };
    plans.bind(&mut binder, None, aggregates, facts);
    let columns = binder.finish(&files)?;
    let whole = "bound, or a message was given";
    Ok(Source {
        name: "transactions".to_owned(),
        filter: filter.map(|bound| bound.expect(whole)),
        customer: customer.expect(whole),
        at: at.expect(whole),
        keep_unknown: def.unknown_customer == UnknownCustomer::CostObject,
        makes_periods: true,
        trusts_statistics: def.trust_statistics,
        sale: Some(Sale {
            order: order.expect(whole),
            line: line.map(|bound| bound.expect(whole)),
            group: group.expect(whole),
            is_return: is_return.expect(whole),
            currency: currency.map(|bound| bound.expect(whole)),
            duplicates: def.duplicates,
        }),
        values: plans.values,
        filters: plans.filters,
        aggregates: plans.aggregates,
        distinct: plans.distinct,
        columns,
        files,
    })
}

/// `quantity < 0`; without a quantity no line is a return.
fn default_return(binder: &mut Binder<'_>) -> Option<Bound> {
    let text = if binder.roles.contains_key("quantity") { "quantity < 0" } else { "false" };
    let expr = crate::pipeline::sql::parse_scalar(text).expect("the default return condition parses");
    let place = binder.definition.path.display().to_string();
    binder.tree(&expr, &place, true)
}

fn bind_group(binder: &mut Binder<'_>, def: &TransactionsDef, has_products: bool) -> Option<GroupOf> {
    match (&def.product_group, &def.product) {
        (Some(group), _) => named_group(binder, group).map(GroupOf::Column),
        (None, Some(product)) if has_products => {
            binder.scalar("product", product, Wanted::Key).map(GroupOf::Product)
        }
        _ => Some(GroupOf::All),
    }
}

/// Groups have names: of days, times and conditions their text.
fn named_group(binder: &mut Binder<'_>, group: &Scalar) -> Option<Bound> {
    let bound = binder.scalar("product_group", group, Wanted::Key)?;
    if !matches!(bound.ty(), Type::Bool | Type::Date | Type::Timestamp { .. }) {
        return Some(bound);
    }
    let expr = Expr::Cast { of: Box::new(group.expr.clone()), to: SqlType::Text, or_null: false };
    binder.scalar("product_group", &Scalar { expr, ..group.clone() }, Wanted::Key)
}

fn bind_events(
    definition: &Definition,
    index: usize,
    def: &EventsDef,
    aggregates: &mut [AggregateColumn],
    verify: bool,
) -> Result<Source> {
    let files = open(definition, &def.files, verify)?;
    let mut binder =
        Binder::new(definition, &files, &[("customer", Some(&def.customer)), ("at", Some(&def.at))]);
    for (key, scalar) in
        [("where", def.filter.as_ref()), ("customer", Some(&def.customer)), ("at", Some(&def.at))]
    {
        scalar.iter().for_each(|scalar| binder.require(key, &scalar.expr, false));
    }
    let filter = def.filter.as_ref().map(|scalar| binder.scalar("where", scalar, Wanted::Truth));
    let customer = binder.scalar("customer", &def.customer, Wanted::Key);
    let at = binder.scalar("at", &def.at, Wanted::Instant);
    let mut plans = Plans::default();
    plans.bind(&mut binder, Some(index), aggregates, &definition.facts);
    let columns = binder.finish(&files)?;
    let whole = "bound, or a message was given";
    Ok(Source {
        name: def.name.clone(),
        filter: filter.map(|bound| bound.expect(whole)),
        customer: customer.expect(whole),
        at: at.expect(whole),
        keep_unknown: def.unknown_customer == UnknownCustomer::CostObject,
        makes_periods: def.makes_periods,
        trusts_statistics: def.trust_statistics,
        sale: None,
        values: plans.values,
        filters: plans.filters,
        aggregates: plans.aggregates,
        distinct: plans.distinct,
        columns,
        files,
    })
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
