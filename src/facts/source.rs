//! A source bound to its files: every expression of the pipeline file resolved to file columns.

use super::expr::{Bound, Type, bind};
use super::input::{InputFile, check_drift, open};
use super::schema::AggregateColumn;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{
    Definition, Duplicates, EventsDef, Expr, FactsDef, Function, KeyType, Scalar, TransactionsDef,
    UnknownCustomer,
};
use std::collections::BTreeMap;

/// One source (transactions or events), bound to its files.
pub(crate) struct Source {
    /// `transactions` or the event source's name.
    pub(crate) name: String,
    pub(crate) files: Vec<InputFile>,
    pub(crate) filter: Option<Bound>,
    pub(crate) customer: Bound,
    pub(crate) at: Bound,
    pub(crate) keep_unknown: bool,
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

/// The distinct aggregates of all activities; scales are filled in when they are bound.
pub(crate) fn wanted_aggregates(definition: &Definition) -> Vec<AggregateColumn> {
    let mut wanted: Vec<AggregateColumn> = Vec::new();
    for activity in definition.costing.iter().flat_map(|costing| &costing.activities) {
        for (_, aggregate) in &activity.driver().driver.terms {
            if !wanted.iter().any(|known| known.source == activity.on && known.aggregate == *aggregate) {
                wanted.push(AggregateColumn { source: activity.on, aggregate: aggregate.clone(), scale: 0 });
            }
        }
    }
    wanted
}

/// Binds the expressions of one source and collects what is wrong with them.
struct Binder<'d> {
    definition: &'d Definition,
    schema: arrow::datatypes::SchemaRef,
    file: String,
    roles: BTreeMap<String, Expr>,
    columns: Vec<String>,
    messages: Vec<String>,
}

impl<'d> Binder<'d> {
    fn new(definition: &'d Definition, files: &[InputFile], roles: &[(&str, Option<&Scalar>)]) -> Self {
        let of = |(name, scalar): &(&str, Option<&Scalar>)| {
            Some(((*name).to_owned(), scalar.as_ref()?.expr.clone()))
        };
        Self {
            definition,
            schema: files[0].schema().clone(),
            file: files[0].path.display().to_string(),
            roles: roles.iter().filter_map(of).collect(),
            columns: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Binds a tree; `place` is the head of a message about it.
    fn tree(&mut self, expr: &Expr, place: &str, with_roles: bool) -> Option<Bound> {
        let none = BTreeMap::new();
        let roles = if with_roles { &self.roles } else { &none };
        match bind(expr, &self.schema, roles, self.definition.facts.timezone) {
            Ok(bound) => {
                self.columns.extend(bound.columns().iter().cloned());
                Some(bound)
            }
            Err(fault) => {
                self.messages.push(format!("{place}: {} (in {})", fault.message, self.file));
                None
            }
        }
    }

    /// Binds an expression of the pipeline file that speaks of file columns and must have one of the types.
    fn scalar(&mut self, key: &str, scalar: &Scalar, wanted: Wanted) -> Option<Bound> {
        self.typed(key, scalar, wanted, false)
    }

    fn typed(&mut self, key: &str, scalar: &Scalar, wanted: Wanted, with_roles: bool) -> Option<Bound> {
        let place = self.definition.place(scalar.at);
        let bound = self.tree(&scalar.expr, &place, with_roles)?;
        if wanted.holds(bound.ty()) {
            return Some(bound);
        }
        self.messages.push(format!(
            "{place}: '{key}' is {} in {}, expected {}: '{}'",
            bound.ty(),
            self.file,
            wanted.words(),
            scalar.text
        ));
        None
    }

    fn finish(mut self, files: &[InputFile]) -> Result<Vec<String>> {
        if !self.messages.is_empty() {
            return Err(Error { kind: Kind::Definition, messages: self.messages });
        }
        self.columns.sort();
        self.columns.dedup();
        check_drift(files, &self.columns)?;
        Ok(self.columns)
    }
}

/// What an expression must yield.
#[derive(Clone, Copy)]
enum Wanted {
    Truth,
    Number,
    Instant,
    Key,
    Text,
}

impl Wanted {
    fn holds(self, ty: Type) -> bool {
        match self {
            Wanted::Truth => matches!(ty, Type::Bool | Type::Null),
            Wanted::Number => matches!(ty, Type::Integer | Type::Decimal(_) | Type::Float | Type::Null),
            Wanted::Instant => matches!(ty, Type::Date | Type::Timestamp { .. }),
            Wanted::Key => {
                matches!(ty, Type::Integer | Type::Text | Type::Date | Type::Bool | Type::Timestamp { .. })
            }
            Wanted::Text => matches!(ty, Type::Text),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Wanted::Truth => "a condition",
            Wanted::Number => "a number",
            Wanted::Instant => "a date or timestamp",
            Wanted::Key => "an integer, text or date",
            Wanted::Text => "text",
        }
    }
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
    let filter = def.filter.as_ref().map(|scalar| binder.scalar("where", scalar, Wanted::Truth));
    let customer = binder.scalar("customer", &def.customer, Wanted::Key);
    let order = binder.scalar("order", &def.order, Wanted::Key);
    let line = def.line.as_ref().map(|scalar| binder.scalar("line", scalar, Wanted::Key));
    let at = binder.scalar("at", &def.at, Wanted::Instant);
    let currency = def.currency.as_ref().map(|scalar| binder.scalar("currency", scalar, Wanted::Text));
    let group = bind_group(&mut binder, def, facts.products.is_some());
    let is_return = match &def.is_return {
        Some(scalar) => binder.typed("return", scalar, Wanted::Truth, true),
        None => default_return(&mut binder),
    };
    let money = facts.money_scale;
    let one = crate::units::pow10(facts.volume_scale);
    let one = i64::try_from(one).expect("the volume scale is at most 9");
    let mut values = Vec::new();
    for (role, scalar, constant, scale) in [
        ("quantity", def.quantity.as_ref(), one, facts.volume_scale),
        ("revenue", Some(&def.revenue), 0, money),
        ("discount", def.discount.as_ref(), 0, money),
        ("cost", def.cost.as_ref(), 0, money),
    ] {
        let bound = scalar.and_then(|scalar| binder.scalar(role, scalar, Wanted::Number));
        values.push(ValueColumn { bound, constant, scale, role: Some(role) });
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
        (Some(group), _) => binder.scalar("product_group", group, Wanted::Key).map(GroupOf::Column),
        (None, Some(product)) if has_products => {
            binder.scalar("product", product, Wanted::Key).map(GroupOf::Product)
        }
        _ => Some(GroupOf::All),
    }
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
        sale: None,
        values: plans.values,
        filters: plans.filters,
        aggregates: plans.aggregates,
        distinct: plans.distinct,
        columns,
        files,
    })
}

/// The aggregates of one source, with what each needs evaluated only once.
#[derive(Default)]
struct Plans {
    values: Vec<ValueColumn>,
    value_exprs: Vec<(Expr, usize)>,
    filters: Vec<Bound>,
    filter_exprs: Vec<Expr>,
    distinct: Vec<Bound>,
    distinct_exprs: Vec<Expr>,
    aggregates: Vec<(usize, AggregatePlan)>,
}

impl Plans {
    fn bind(
        &mut self,
        binder: &mut Binder<'_>,
        source: Option<usize>,
        aggregates: &mut [AggregateColumn],
        facts: &FactsDef,
    ) {
        for (index, wanted) in aggregates.iter_mut().enumerate().filter(|(_, wanted)| wanted.source == source)
        {
            let place = place_of(binder.definition, source, wanted);
            let filter = match &wanted.aggregate.filter {
                Some(expr) => match self.filter(binder, expr, &place) {
                    Some(bit) => Some(bit),
                    None => continue,
                },
                None => None,
            };
            let plan = match &wanted.aggregate.function {
                Function::CountRows => Some(AggregatePlan::Count { filter }),
                Function::Count(expr) => self.count(binder, expr, wanted.aggregate.filter.as_ref(), &place),
                Function::Sum(expr) => self.value(binder, expr, facts, &place).map(|value| {
                    wanted.scale = self.values[value].scale;
                    AggregatePlan::Sum { value, filter }
                }),
                Function::CountDistinct(expr) => {
                    self.distinct(binder, expr, filter, source.is_none(), &place)
                }
            };
            self.aggregates.extend(plan.map(|plan| (index, plan)));
        }
    }

    /// `count(x) filter (where c)` is `count(*) filter (where c and x is not null)`.
    fn count(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &Expr,
        filter: Option<&Expr>,
        place: &str,
    ) -> Option<AggregatePlan> {
        let present = Expr::IsNull(Box::new(expr.clone()), true);
        let both = match filter {
            Some(filter) => {
                Expr::Binary(Box::new(filter.clone()), crate::pipeline::sql::BinaryOp::And, Box::new(present))
            }
            None => present,
        };
        self.filter(binder, &both, place).map(|bit| AggregatePlan::Count { filter: Some(bit) })
    }

    fn filter(&mut self, binder: &mut Binder<'_>, expr: &Expr, place: &str) -> Option<u8> {
        if let Some(index) = self.filter_exprs.iter().position(|known| known == expr) {
            return u8::try_from(index).ok();
        }
        let bound = binder.tree(expr, place, true)?;
        if !Wanted::Truth.holds(bound.ty()) {
            binder.messages.push(format!("{place}: a filter is {}, expected a condition", bound.ty()));
            return None;
        }
        if self.filters.len() == MAX_FILTERS {
            binder.messages.push(format!(
                "{place}: more than {MAX_FILTERS} different filters on one source; split the activities over pipelines"
            ));
            return None;
        }
        self.filters.push(bound);
        self.filter_exprs.push(expr.clone());
        u8::try_from(self.filters.len() - 1).ok()
    }

    fn value(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &Expr,
        facts: &FactsDef,
        place: &str,
    ) -> Option<usize> {
        // A role is summed as the facts hold it, so that sum(revenue) is the published revenue.
        if let Expr::Column(name) = expr
            && let Some(index) = self.values.iter().position(|value| value.role == Some(name.as_str()))
            && self.values[index].bound.is_some()
        {
            return Some(index);
        }
        if let Some((_, index)) = self.value_exprs.iter().find(|(known, _)| known == expr) {
            return Some(*index);
        }
        let bound = binder.tree(expr, place, true)?;
        if !Wanted::Number.holds(bound.ty()) {
            binder.messages.push(format!("{place}: sum of {}, expected a number", bound.ty()));
            return None;
        }
        let scale = bound.natural_scale(facts.volume_scale);
        self.values.push(ValueColumn { bound: Some(bound), constant: 0, scale, role: None });
        self.value_exprs.push((expr.clone(), self.values.len() - 1));
        Some(self.values.len() - 1)
    }

    fn distinct(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &Expr,
        filter: Option<u8>,
        is_sale: bool,
        place: &str,
    ) -> Option<AggregatePlan> {
        match expr {
            Expr::Column(name) if name == "customer" => return Some(AggregatePlan::Any { filter }),
            Expr::Column(name) if name == "order" && is_sale => {
                return Some(AggregatePlan::Orders { filter });
            }
            _ => {}
        }
        if let Some(set) = self.distinct_exprs.iter().position(|known| known == expr) {
            return Some(AggregatePlan::Distinct { set, filter });
        }
        let bound = binder.tree(expr, place, true)?;
        if !Wanted::Key.holds(bound.ty()) {
            binder.messages.push(format!("{place}: count(distinct …) of {}, expected a key", bound.ty()));
            return None;
        }
        self.distinct.push(bound);
        self.distinct_exprs.push(expr.clone());
        Some(AggregatePlan::Distinct { set: self.distinct.len() - 1, filter })
    }
}

/// Filter answers share a record word with the product group and the day.
pub(crate) const MAX_FILTERS: usize = 32;

/// Where the first driver that uses this aggregate is written.
fn place_of(definition: &Definition, source: Option<usize>, wanted: &AggregateColumn) -> String {
    let activities = definition.costing.iter().flat_map(|costing| &costing.activities);
    let uses = |activity: &&crate::pipeline::ActivityDef| {
        activity.on == source
            && activity.driver().driver.terms.iter().any(|(_, aggregate)| *aggregate == wanted.aggregate)
    };
    activities.into_iter().find(uses).map_or_else(
        || definition.path.display().to_string(),
        |activity| definition.place(activity.driver().at),
    )
}

/// The one kind of customer key all sources must share.
///
/// # Errors
/// Names the sources that disagree.
pub(crate) fn key_type(sources: &[Source]) -> Result<KeyType> {
    let of = |source: &Source| if source.customer.ty() == Type::Text { KeyType::Text } else { KeyType::Int };
    let first = of(&sources[0]);
    match sources.iter().find(|source| of(source) != first) {
        None => Ok(first),
        Some(other) => Err(Error::definition(format!(
            "customer is {} in '{}' and {} in '{}'; both must be integers or both text",
            sources[0].customer.ty(),
            sources[0].name,
            other.customer.ty(),
            other.name
        ))),
    }
}
