//! Drivers: linear combinations of SQL aggregates.

use super::reader::Reader;
use super::scalar::scalar;
use super::{Aggregate, Driver, Expr, Function, Literal, SqlError};
use crate::units::Decimal;
use sqlparser::ast::{
    self, BinaryOperator, DuplicateTreatment, Expr as Ast, FunctionArg, FunctionArgExpr, FunctionArguments,
    UnaryOperator,
};

const ALLOWED: &str =
    "count(*), count(x), count(distinct x) and sum(x), each with filter (where ...) if wanted";
const NO_CONSTANT: &str = "a time equation has no constant term; write 5 * count(*) for minutes per row or \
    5 * count(distinct order) per order";

/// Coefficients have at most this many digits, so that coefficient × volume fits 128 bits.
const MOST_DIGITS: u8 = 18;
const COEFFICIENT_LIMIT: i128 = 10_i128.pow(MOST_DIGITS as u32);

/// Reads an activity driver or a time equation, such as `8 * count(distinct order) + 0.5 * count(*)`.
pub fn parse_driver(text: &str) -> Result<Driver, SqlError> {
    if text.split_whitespace().map(str::to_lowercase).eq(["per", "active", "customer"]) {
        return Ok(Driver { terms: vec![(Decimal::ONE, per_active_customer())] });
    }
    let (reader, tree) = Reader::read(text)?;
    let mut terms = Terms { reader: &reader, found: Vec::new() };
    terms.add(&tree, Decimal::ONE)?;
    let mut found = terms.found;
    found.retain(|(coefficient, _)| coefficient.mantissa != 0);
    if found.is_empty() {
        return Err(
            reader.fault_at(&tree, "the driver is zero whatever the data; expected at least one aggregate")
        );
    }
    Ok(Driver { terms: found })
}

fn per_active_customer() -> Aggregate {
    Aggregate { function: Function::CountDistinct(Expr::Column("customer".into())), filter: None }
}

struct Terms<'a> {
    reader: &'a Reader<'a>,
    found: Vec<(Decimal, Aggregate)>,
}

impl Terms<'_> {
    /// Adds `coefficient × tree`.
    fn add(&mut self, tree: &Ast, coefficient: Decimal) -> Result<(), SqlError> {
        if let Some(number) = self.constant(tree)? {
            return if number.mantissa == 0 { Ok(()) } else { Err(self.reader.fault_at(tree, NO_CONSTANT)) };
        }
        match tree {
            Ast::Nested(inner) | Ast::UnaryOp { op: UnaryOperator::Plus, expr: inner } => {
                self.add(inner, coefficient)
            }
            Ast::UnaryOp { op: UnaryOperator::Minus, expr } => self.add(expr, negative(coefficient)),
            Ast::BinaryOp { left, op: BinaryOperator::Plus, right } => {
                self.add(left, coefficient)?;
                self.add(right, coefficient)
            }
            Ast::BinaryOp { left, op: BinaryOperator::Minus, right } => {
                self.add(left, coefficient)?;
                self.add(right, negative(coefficient))
            }
            Ast::BinaryOp { left, op: BinaryOperator::Multiply, right } => {
                let (number, inner) = match (self.constant(left)?, self.constant(right)?) {
                    (Some(number), _) => (number, right),
                    (_, Some(number)) => (number, left),
                    _ => {
                        let message = "a product of two aggregates; a driver is linear: numbers times aggregates, added up";
                        return Err(self.reader.fault_at(tree, message));
                    }
                };
                self.add(inner, self.within_range(tree, times(coefficient, number))?)
            }
            Ast::BinaryOp { left, op: BinaryOperator::Divide, right } => {
                let Some(divisor) = self.constant(right)? else {
                    let message = format!("division by '{right}'; a driver is divided by a number only");
                    return Err(self.reader.fault_at(&**right, message));
                };
                self.add(left, self.quotient(right, coefficient, divisor)?)
            }
            Ast::Function(function) => {
                let aggregate = self.aggregate(tree, function)?;
                self.join(tree, coefficient, aggregate)
            }
            Ast::Identifier(name) => {
                let message = format!(
                    "column '{}' outside an aggregate; write sum({name}) or count({name})",
                    name.value
                );
                Err(self.reader.fault_at(tree, message))
            }
            other => {
                let message =
                    format!("'{other}' outside an aggregate; a driver adds up numbers times {ALLOWED}");
                Err(self.reader.fault_at(other, message))
            }
        }
    }

    fn join(&mut self, tree: &Ast, coefficient: Decimal, aggregate: Aggregate) -> Result<(), SqlError> {
        match self.found.iter().position(|(_, known)| *known == aggregate) {
            Some(index) => {
                let sum = self.within_range(tree, plus(self.found[index].0, coefficient))?;
                self.found[index].0 = sum;
            }
            None => self.found.push((coefficient.normalised(), aggregate)),
        }
        Ok(())
    }

    /// The value of a tree of number literals only.
    fn constant(&self, tree: &Ast) -> Result<Option<Decimal>, SqlError> {
        Ok(match tree {
            Ast::Value(ast::ValueWithSpan { value: ast::Value::Number(..), .. }) => {
                match scalar(self.reader, tree)? {
                    Expr::Literal(Literal::Number(number)) => Some(number),
                    _ => None,
                }
            }
            Ast::Nested(inner) | Ast::UnaryOp { op: UnaryOperator::Plus, expr: inner } => {
                self.constant(inner)?
            }
            Ast::UnaryOp { op: UnaryOperator::Minus, expr } => self.constant(expr)?.map(negative),
            Ast::BinaryOp { left, op, right } => match (self.constant(left)?, self.constant(right)?) {
                (Some(left), Some(divisor)) if *op == BinaryOperator::Divide => {
                    Some(self.quotient(right, left, divisor)?)
                }
                (Some(left), Some(right)) => {
                    let value = match op {
                        BinaryOperator::Plus => plus(left, right),
                        BinaryOperator::Minus => plus(left, negative(right)),
                        BinaryOperator::Multiply => times(left, right),
                        _ => return Ok(None),
                    };
                    Some(self.within_range(tree, value)?)
                }
                _ => None,
            },
            _ => None,
        })
    }

    fn quotient(&self, divisor_tree: &Ast, number: Decimal, divisor: Decimal) -> Result<Decimal, SqlError> {
        if divisor.mantissa == 0 {
            return Err(self.reader.fault_at(divisor_tree, "division by zero"));
        }
        exact_quotient(number, divisor).ok_or_else(|| {
            let message = format!(
                "{number} / {divisor} has no finite decimals, and coefficients are exact; divide each row instead, \
                 such as sum(x / {divisor}), or write the coefficient with the digits you want"
            );
            self.reader.fault_at(divisor_tree, message)
        })
    }

    fn within_range(&self, tree: &Ast, value: Option<Decimal>) -> Result<Decimal, SqlError> {
        value
            .filter(|value| value.mantissa.abs() < COEFFICIENT_LIMIT && value.scale <= MOST_DIGITS)
            .ok_or_else(|| {
                self.reader.fault_at(tree, "a coefficient has too many digits; at most 18 in all are held")
            })
    }

    fn aggregate(&self, tree: &Ast, function: &ast::Function) -> Result<Aggregate, SqlError> {
        let name = function.name.to_string().to_lowercase();
        let foreign = || {
            let message = format!("aggregate '{name}' is not part of the grammar; allowed are {ALLOWED}");
            self.reader.fault_at(tree, message)
        };
        if !matches!(name.as_str(), "count" | "sum") {
            return Err(foreign());
        }
        let (distinct, argument) = self.argument(tree, function)?;
        let function_of = match (name.as_str(), distinct, argument) {
            ("count", false, None) => Function::CountRows,
            ("count", false, Some(x)) => Function::Count(scalar(self.reader, x)?),
            ("count", true, Some(x)) => Function::CountDistinct(scalar(self.reader, x)?),
            ("sum", false, Some(x)) => Function::Sum(scalar(self.reader, x)?),
            _ => {
                let message = format!("'{tree}' is not part of the grammar; allowed are {ALLOWED}");
                return Err(self.reader.fault_at(tree, message));
            }
        };
        let filter =
            function.filter.as_deref().map(|condition| scalar(self.reader, condition)).transpose()?;
        Ok(Aggregate { function: function_of, filter })
    }

    /// Whether it is distinct, and the one argument; `None` for `*`.
    fn argument<'a>(
        &self,
        tree: &Ast,
        function: &'a ast::Function,
    ) -> Result<(bool, Option<&'a Ast>), SqlError> {
        let bare =
            function.over.is_none() && function.null_treatment.is_none() && function.within_group.is_empty();
        if let FunctionArguments::List(list) = &function.args
            && bare
            && list.clauses.is_empty()
        {
            let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
            match list.args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(x))] => return Ok((distinct, Some(x))),
                [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => return Ok((distinct, None)),
                _ => {}
            }
        }
        let message = format!("'{tree}' is not part of the grammar; allowed are {ALLOWED}");
        Err(self.reader.fault_at(tree, message))
    }
}

fn negative(number: Decimal) -> Decimal {
    Decimal { mantissa: -number.mantissa, scale: number.scale }
}

fn times(left: Decimal, right: Decimal) -> Option<Decimal> {
    let mantissa = left.mantissa.checked_mul(right.mantissa)?;
    Some(Decimal { mantissa, scale: left.scale.checked_add(right.scale)? }.normalised())
}

fn plus(left: Decimal, right: Decimal) -> Option<Decimal> {
    let scale = left.scale.max(right.scale);
    let mantissa = left.at_scale(scale)?.checked_add(right.at_scale(scale)?)?;
    Some(Decimal { mantissa, scale }.normalised())
}

/// `number / divisor`, if it has finitely many digits. The divisor is not 0.
fn exact_quotient(number: Decimal, divisor: Decimal) -> Option<Decimal> {
    let numerator = number.mantissa.checked_mul(10_i128.checked_pow(u32::from(divisor.scale))?)?;
    let denominator = divisor.mantissa.checked_mul(10_i128.checked_pow(u32::from(number.scale))?)?;
    (0..=MOST_DIGITS).find_map(|scale| {
        let numerator = numerator.checked_mul(10_i128.checked_pow(u32::from(scale))?)?;
        (numerator % denominator == 0).then(|| Decimal { mantissa: numerator / denominator, scale })
    })
}
