//! The measures a rule may name, with their types, and the types of rules.

use crate::facts::schema::AttributeTypes;
use crate::pipeline::sql::{BinaryOp, Literal};
use crate::pipeline::{Definition, Expr};
use crate::published::Tables;
use arrow::datatypes::DataType;

/// What a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Flag,
    Date,
    Instant,
    /// Known when the customers source is read; or null.
    Any,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::Flag => "true or false",
            Kind::Date => "a date",
            Kind::Instant => "an instant",
            Kind::Any => "anything",
        }
    }

    fn fits(self, other: Kind) -> bool {
        self == other || self == Kind::Any || other == Kind::Any
    }
}

/// Which section a measure comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    Always,
    Lifecycle,
    Clv,
}

/// One measure.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) home: Home,
}

#[rustfmt::skip]
const NUMBERS: [&str; 29] = [
    "lines", "orders", "active_days", "units", "returned_units", "list_revenue", "discount", "returns", "net_revenue",
    "product_cost", "gross_margin", "price_concessions", "cost_to_serve", "contribution", "customer_level_cost",
    "financing_cost", "acquisition_cost", "customer_profit", "spread_cost", "unused_charged", "fully_loaded_profit",
    "orders_over_periods", "opening_acquisition_cost", "rank_profit",
    // Of this room.
    "recency_days", "frequency", "monetary", "tenure_days", "product_groups",
];

/// Numbers of this room that the customer has from rates.
const OWN_NUMBERS: [&str; 6] = ["r_score", "f_score", "m_score", "repeat_rate", "referrals", "loyalty_index"];

const OWN_TEXTS: [&str; 5] = ["rfm_segment", "tier", "size_class", "loyalty_cell", "profit_class"];

#[rustfmt::skip]
const OF_LIFECYCLE: [&str; 15] = [
    "relationship_days", "purchase_days", "repeat_purchases", "active_periods", "net_revenue_per_order",
    "net_revenue_per_active_period", "contribution_per_order", "contribution_per_active_period", "share_of_wallet",
    "channels", "gap_mean_days", "gap_median_days", "gap_sd_days", "expected_gap_days", "overdue_ratio",
];

#[rustfmt::skip]
const OF_CLV: [&str; 17] = [
    "purchases", "last_purchase_days", "age_days", "idle_days", "probability_alive", "probability_alive_se",
    "discounted_purchases", "discounted_purchases_se", "margin_per_purchase", "margin_per_purchase_se", "residual_value",
    "residual_value_se", "full_margin_per_purchase", "residual_value_full", "revenue_per_purchase", "residual_revenue",
    "past_profit",
];

/// Every measure that runs of this pipeline may have.
pub(crate) fn measures(
    definition: &Definition,
    tables: &Tables,
    attributes: &AttributeTypes,
) -> Vec<Measure> {
    let all = |names: &[&str], kind, home| -> Vec<Measure> {
        names.iter().map(|name| Measure { name: (*name).to_owned(), kind, home }).collect()
    };
    let mut known = all(&NUMBERS, Kind::Number, Home::Always);
    known.extend(all(&OWN_NUMBERS, Kind::Number, Home::Always));
    known.extend(all(&OWN_TEXTS, Kind::Text, Home::Always));
    known.extend(all(&["customer_id"], Kind::Any, Home::Always));
    known.extend(all(&["is_prospect", "is_unidentified"], Kind::Flag, Home::Always));
    known.extend(all(&["acquired_on"], Kind::Date, Home::Always));
    known.extend(all(&["first_order_at", "last_order_at"], Kind::Instant, Home::Always));
    known.extend(all(&OF_LIFECYCLE, Kind::Number, Home::Lifecycle));
    known.extend(all(&["state", "previous_state"], Kind::Text, Home::Lifecycle));
    known.extend(all(&["first_purchase_date", "last_purchase_date"], Kind::Date, Home::Lifecycle));
    known.extend(all(&OF_CLV, Kind::Number, Home::Clv));
    known.extend(all(&["model", "segment", "value_cell"], Kind::Text, Home::Clv));
    known.extend(horizons(definition));
    known.retain(|measure| tables.absent("customer", &measure.name).is_none());
    known.extend(declared(definition, tables, attributes));
    known
}

/// Measures that the pipeline file names: of activities, and attributes.
fn declared(definition: &Definition, tables: &Tables, attributes: &AttributeTypes) -> Vec<Measure> {
    let mut known = Vec::new();
    let mut add = |name: String, kind, home| known.push(Measure { name, kind, home });
    let has = |name: &String| tables.columns("customer").unwrap_or_default().contains(name);
    for activity in definition.costing.iter().flat_map(|costing| &costing.activities) {
        let columns = ["volume", "cost"].map(|what| format!("{what}_{}", activity.column));
        for column in columns.into_iter().filter(has) {
            add(column, Kind::Number, Home::Always);
        }
    }
    for attribute in definition.facts.customers.iter().flat_map(|customers| customers.attributes.keys()) {
        add(attribute.clone(), attributes.get(attribute).map_or(Kind::Any, of_type), Home::Always);
    }
    known
}

/// Measures of the horizons of `[clv]`.
fn horizons(definition: &Definition) -> Vec<Measure> {
    let mut known = Vec::new();
    let mut add = |name: String, kind, home| known.push(Measure { name, kind, home });
    for horizon in definition.clv.iter().flat_map(|clv| &clv.horizons) {
        add(format!("expected_purchases_{}", horizon.column), Kind::Number, Home::Clv);
        add(format!("expected_purchases_{}_se", horizon.column), Kind::Number, Home::Clv);
    }
    known
}

fn of_type(attribute: &DataType) -> Kind {
    match attribute {
        DataType::Int64 => Kind::Number,
        DataType::Boolean => Kind::Flag,
        DataType::Utf8 => Kind::Text,
        _ => Kind::Any,
    }
}

/// The type of an expression.
///
/// # Errors
/// What does not fit together, in words.
pub(crate) fn kind(expr: &Expr, of: &dyn Fn(&str) -> Kind) -> Result<Kind, String> {
    let kind = |x: &Expr| kind(x, of);
    let all = |x: &Expr, expected: Kind, what: &str| wanted(x, kind(x)?, expected, what);
    Ok(match expr {
        Expr::Column(name) => of(name),
        Expr::Literal(literal) => of_literal(literal),
        Expr::Negate(x) | Expr::Abs(x) => all(x, Kind::Number, "arithmetic")?,
        Expr::Not(x) => all(x, Kind::Flag, "'not'")?,
        Expr::Binary(left, op, right) => {
            let (l, r) = (kind(left)?, kind(right)?);
            of_operator(expr, *op, (left, l), (right, r))?
        }
        Expr::Case { branches, otherwise } => {
            let mut found = Kind::Any;
            for (condition, value) in branches {
                all(condition, Kind::Flag, "a condition")?;
                found = together(expr, found, kind(value)?)?;
            }
            match otherwise {
                Some(value) => together(expr, found, kind(value)?)?,
                None => found,
            }
        }
        Expr::Coalesce(values) => {
            values.iter().try_fold(Kind::Any, |found, value| together(expr, found, kind(value)?))?
        }
        Expr::InList(x, literals, _) => {
            literals.iter().try_fold(kind(x)?, |found, item| together(expr, found, of_literal(item)))?;
            Kind::Flag
        }
        Expr::Like(x, ..) => {
            all(x, Kind::Text, "'like'")?;
            Kind::Flag
        }
        Expr::IsNull(x, _) => {
            kind(x)?;
            Kind::Flag
        }
        Expr::DatePart(..) | Expr::Cast { .. } | Expr::Call(..) => {
            return Err(format!(
                "{expr}: rules know no casts, no parts of dates and no functions but abs and coalesce"
            ));
        }
    })
}

fn of_operator(expr: &Expr, op: BinaryOp, left: (&Expr, Kind), right: (&Expr, Kind)) -> Result<Kind, String> {
    use BinaryOp::*;
    match op {
        Add | Subtract | Multiply | Divide | Remainder => {
            wanted(left.0, left.1, Kind::Number, "arithmetic")?;
            wanted(right.0, right.1, Kind::Number, "arithmetic")
        }
        And | Or => {
            wanted(left.0, left.1, Kind::Flag, "'and' and 'or'")?;
            wanted(right.0, right.1, Kind::Flag, "'and' and 'or'")
        }
        _ => together(expr, left.1, right.1).map(|_| Kind::Flag),
    }
}

fn of_literal(literal: &Literal) -> Kind {
    match literal {
        Literal::Null => Kind::Any,
        Literal::Bool(_) => Kind::Flag,
        Literal::Number(_) => Kind::Number,
        Literal::Text(_) => Kind::Text,
        Literal::Date(_) => Kind::Date,
        Literal::Timestamp(_) => Kind::Instant,
    }
}

fn wanted(x: &Expr, found: Kind, expected: Kind, what: &str) -> Result<Kind, String> {
    if found.fits(expected) {
        return Ok(expected);
    }
    Err(format!("'{x}' is {}, {what} takes {}", found.name(), expected.name()))
}

fn together(expr: &Expr, left: Kind, right: Kind) -> Result<Kind, String> {
    if left.fits(right) {
        return Ok(if left == Kind::Any { right } else { left });
    }
    Err(format!("'{expr}' sets {} beside {}", left.name(), right.name()))
}
