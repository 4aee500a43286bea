//! The measures a rule may name, with their types, and the types of rules.

use super::own_measures::{is_own, is_own_of_clv};
use crate::facts::schema::{AttributeTypes, KeyTypes, OrderType};
use crate::pipeline::sql::{BinaryOp, Literal};
use crate::pipeline::{Definition, Expr, KeyType};
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
    Perception,
    Contracts,
    Programme,
}

/// One measure.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) home: Home,
}

/// Every measure that runs of this pipeline may have: the columns of the tables of customers, each in the first table
/// that has it, and the attributes.
pub(crate) fn measures(
    definition: &Definition,
    tables: &Tables,
    attributes: &AttributeTypes,
) -> Vec<Measure> {
    let mut known: Vec<Measure> = Vec::new();
    let any = |_: &str| true;
    type IsMeant<'m> = &'m dyn Fn(&str) -> bool;
    let homes: [(&str, Home, IsMeant<'_>); 9] = [
        ("customer", Home::Always, &any),
        ("customer_segment", Home::Always, &is_own),
        ("lifecycle", Home::Lifecycle, &any),
        ("customer_value", Home::Clv, &any),
        ("customer_segment", Home::Clv, &is_own_of_clv),
        ("early_warning", Home::Lifecycle, &any),
        ("customer_voice", Home::Perception, &any),
        ("customer_contract", Home::Contracts, &any),
        ("customer_points", Home::Programme, &any),
    ];
    let keys = KeyTypes { customer: KeyType::Int, order: OrderType::Int };
    for (table, home, is_meant) in homes {
        let schema = tables.schema(table, keys, &AttributeTypes::new());
        for field in schema.iter().flat_map(|schema| schema.fields()) {
            let name = field.name();
            if is_meant(name) && known.iter().all(|measure| measure.name != *name) {
                let kind = if name == KEY { Kind::Any } else { of_type(field.data_type()) };
                known.push(Measure { name: name.clone(), kind, home });
            }
        }
    }
    for attribute in definition.facts.customers.iter().flat_map(|customers| customers.attributes.keys()) {
        let kind = attributes.get(attribute).map_or(Kind::Any, of_type);
        known.push(Measure { name: attribute.clone(), kind, home: Home::Always });
    }
    known
}

/// The key of customers, whose type is known when the sources are read.
const KEY: &str = "customer_id";

fn of_type(column: &DataType) -> Kind {
    match column {
        DataType::Int64 | DataType::Float64 | DataType::Decimal128(..) => Kind::Number,
        DataType::Boolean => Kind::Flag,
        DataType::Utf8 => Kind::Text,
        DataType::Date32 => Kind::Date,
        DataType::Timestamp(..) => Kind::Instant,
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
        Expr::DatePart(_, of) => match (&**of, kind(of)?) {
            (Expr::Column(_), Kind::Date | Kind::Instant | Kind::Any) => Kind::Number,
            (Expr::Column(_), found) => {
                return Err(format!("'{of}' is {}, parts are of dates", found.name()));
            }
            _ => return Err(format!("{expr}: rules know parts of columns only; name one")),
        },
        Expr::Cast { .. } | Expr::Call(..) => {
            return Err(format!(
                "{expr}: rules know no casts, and no functions but abs, coalesce and parts of dates"
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
