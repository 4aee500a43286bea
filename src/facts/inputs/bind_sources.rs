//! Binds the expressions of all sources to their files: a source whose columns do not fit is refused before a row is read.

use super::aggregates::Plans;
use super::binder::{Binder, Wanted};
use super::input::open;
use super::source::{BookOf, GroupOf, RateColumns, Sale, Source, ValueColumn, wanted_aggregates};
use crate::error::{Error, Kind, Result};
use crate::facts::expr::{Bound, Type};
use crate::facts::schema::AggregateColumn;
use crate::pipeline::sql::SqlType;
use crate::pipeline::{
    Definition, EXCHANGE_RATE, EventsDef, Expr, INVOICE_RATE, Scalar, TransactionsDef, UnknownCustomer,
};

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

fn bind_transactions(
    definition: &Definition,
    def: &TransactionsDef,
    aggregates: &mut [AggregateColumn],
    verify: bool,
) -> Result<Source> {
    let facts = &definition.facts;
    let files = open(definition, &def.files, verify)?;
    let roles = def.roles();
    let mut binder = Binder::new(definition, &files, &roles);
    // A row without product is in a group of its own; nothing else may be null.
    let never_null = roles.iter().copied().filter(|(key, _)| !["product", "product_group"].contains(key));
    let conditions = [("where", def.filter.as_ref()), ("currency", def.currency.as_ref())];
    for (key, scalar) in never_null.chain(conditions) {
        scalar
            .iter()
            .for_each(|scalar| binder.require(key, def.own_money(key).unwrap_or(&scalar.expr), false));
    }
    if let Some(conversion) = &def.conversion {
        binder.add_rates(&[EXCHANGE_RATE], Some(conversion), &definition.place(def.files.at));
    }
    def.is_return.iter().for_each(|scalar| binder.require("return", &scalar.expr, true));
    let filter = def.filter.as_ref().map(|scalar| binder.scalar("where", scalar, Wanted::Truth));
    let customer = binder.scalar("customer", &def.customer, Wanted::Key);
    let order = binder.scalar("order", &def.order, Wanted::Key);
    let line = def.line.as_ref().map(|scalar| binder.scalar("line", scalar, Wanted::Key));
    let at = binder.scalar("at", &def.at, Wanted::Instant);
    let currency = def.currency.as_ref().map(|scalar| binder.scalar("currency", scalar, Wanted::Text));
    let group = bind_group(&mut binder, def, facts.products.is_some());
    let dimensions: Vec<Option<Bound>> = def
        .dimensions
        .iter()
        .map(|(name, scalar)| named_key(&mut binder, &format!("dimensions.{name}"), scalar))
        .collect();
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
    let mut values = vec![ValueColumn {
        bound: quantity,
        constant: 1,
        scale,
        more_digits,
        role: Some("quantity"),
        is_component: false,
    }];
    for (role, scalar) in
        [("revenue", Some(&def.revenue)), ("discount", def.discount.as_ref()), ("cost", def.cost.as_ref())]
    {
        let bound = scalar.and_then(|scalar| binder.scalar(role, scalar, Wanted::Number));
        let scale = facts.money_scale;
        let role = Some(role);
        values.push(ValueColumn { bound, constant: 0, scale, more_digits: 0, role, is_component: false });
    }
    // Rounded as what is converted is, so that lines in the reporting currency are worth what they are.
    let own_revenue = def.conversion.as_ref().map(|conversion| {
        let own =
            [("own_revenue", Some(&conversion.revenue)), ("own_discount", conversion.discount.as_ref())];
        own.map(|(role, scalar)| {
            let bound = scalar.and_then(|scalar| binder.scalar(role, scalar, Wanted::Number));
            let (scale, role) = (facts.money_scale, Some(role));
            values.push(ValueColumn { bound, constant: 0, scale, more_digits: 0, role, is_component: false });
            values.len() - 1
        })
    });
    let company = def.company.as_ref().map(|scalar| named_key(&mut binder, "company", scalar));
    let intercompany =
        def.intercompany.as_ref().map(|scalar| binder.scalar("intercompany", scalar, Wanted::Truth));
    let mut plans = Plans { values, ..Plans::default() };
    plans.bind(&mut binder, None, aggregates, facts);
    let columns = binder.finish(&files)?;
    let whole = "bound, or a message was given";
    let at = at.expect(whole);
    let currency = currency.map(|bound| bound.expect(whole));
    let (rates, currency) = match (def.conversion.is_some(), currency) {
        (true, Some(currency)) => {
            (Some(RateColumns { currency, columns: vec![(EXCHANGE_RATE, at.clone())] }), None)
        }
        (_, currency) => (None, currency),
    };
    let books = def.has_books().then(|| BookOf {
        company: company.map(|bound| bound.expect(whole)),
        intercompany: intercompany.map(|bound| bound.expect(whole)),
        own_revenue,
    });
    Ok(Source {
        name: "transactions".to_owned(),
        rates,
        filter: filter.map(|bound| bound.expect(whole)),
        customer: customer.expect(whole),
        at,
        keep_unknown: def.unknown_customer == UnknownCustomer::CostObject,
        makes_periods: true,
        trusts_statistics: def.trust_statistics,
        sale: Some(Sale {
            keeps_texts: definition.publish.customer_order
                && order.as_ref().is_some_and(|order| order.ty() == Type::Text),
            order: order.expect(whole),
            line: line.map(|bound| bound.expect(whole)),
            group: group.expect(whole),
            is_return: is_return.expect(whole),
            currency,
            books,
            dimensions: dimensions.into_iter().map(|bound| bound.expect(whole)).collect(),
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
        (Some(group), _) => named_key(binder, "product_group", group).map(GroupOf::Column),
        (None, Some(product)) if has_products => {
            binder.scalar("product", product, Wanted::Key).map(GroupOf::Product)
        }
        _ => Some(GroupOf::All),
    }
}

/// Product groups and members of dimensions have names: of days, times and conditions their text.
fn named_key(binder: &mut Binder<'_>, key: &str, scalar: &Scalar) -> Option<Bound> {
    let bound = binder.scalar(key, scalar, Wanted::Key)?;
    if !matches!(bound.ty(), Type::Bool | Type::Date | Type::Timestamp { .. }) {
        return Some(bound);
    }
    let expr = Expr::Cast { of: Box::new(scalar.expr.clone()), to: SqlType::Text, or_null: false };
    binder.scalar(key, &Scalar { expr, ..scalar.clone() }, Wanted::Key)
}

fn bind_events(
    definition: &Definition,
    index: usize,
    def: &EventsDef,
    aggregates: &mut [AggregateColumn],
    verify: bool,
) -> Result<Source> {
    let files = open(definition, &def.files, verify)?;
    let roles = [("customer", Some(&def.customer)), ("at", Some(&def.at))];
    let mut binder = Binder::new(definition, &files, &roles);
    let required = def.filter.iter().map(|filter| ("where", filter)).chain(def.roles());
    required.for_each(|(key, scalar)| binder.require(key, &scalar.expr, false));
    if def.settlements.is_some() {
        binder.add_rates(&[EXCHANGE_RATE, INVOICE_RATE], None, &definition.place(def.files.at));
    }
    let settled = def.settlements.as_ref().map(|of| {
        let currency = binder.scalar("currency", &of.currency, Wanted::Text);
        (currency, binder.scalar("invoiced_on", &of.invoiced_on, Wanted::Instant))
    });
    let filter = def.filter.as_ref().map(|scalar| binder.scalar("where", scalar, Wanted::Truth));
    let customer = binder.scalar("customer", &def.customer, Wanted::Key);
    let at = binder.scalar("at", &def.at, Wanted::Instant);
    let mut plans = Plans::default();
    plans.bind(&mut binder, Some(index), aggregates, &definition.facts);
    // The money of events is the loss of settlements, which has rates: it is null where the amount is. Named once all is bound,
    // so that no driver's `amount` is taken for it.
    for loss in plans.values.iter_mut().filter(|value| value.is_component) {
        loss.role = Some("amount");
    }
    let columns = binder.finish(&files)?;
    let whole = "bound, or a message was given";
    let at = at.expect(whole);
    let rates = settled.map(|(currency, invoiced_on)| RateColumns {
        currency: currency.expect(whole),
        columns: vec![(EXCHANGE_RATE, at.clone()), (INVOICE_RATE, invoiced_on.expect(whole))],
    });
    Ok(Source {
        name: def.name.clone(),
        rates,
        filter: filter.map(|bound| bound.expect(whole)),
        customer: customer.expect(whole),
        at,
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
