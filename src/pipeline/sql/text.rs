//! Trees back to SQL text, for messages and explanations.

use super::words::name;
use super::{Aggregate, BinaryOp, Driver, Expr, Function, Literal};
use crate::units::{Day, Decimal, MICROS_PER_DAY};
use std::fmt::{Display, Formatter, Result};

impl Display for Driver {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, (coefficient, aggregate)) in self.terms.iter().enumerate() {
            f.write_str(match (index, coefficient.mantissa < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            let size = Decimal { mantissa: coefficient.mantissa.abs(), ..*coefficient };
            if size != Decimal::ONE {
                write!(f, "{size} * ")?;
            }
            aggregate.fmt(f)?;
        }
        Ok(())
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.function {
            Function::CountRows => write!(f, "count(*)")?,
            Function::Count(of) => write!(f, "count({of})")?,
            Function::CountDistinct(of) => write!(f, "count(distinct {of})")?,
            Function::Sum(of) | Function::Money(of) => write!(f, "sum({of})")?,
        }
        match &self.filter {
            Some(filter) => write!(f, " filter (where {filter})"),
            None => Ok(()),
        }
    }
}

impl Display for Expr {
    /// Parts of operators stand in parentheses, unless they are a name, a constant or a call.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Expr::Column(column) => f.write_str(&name(column)),
            Expr::Literal(literal) => literal.fmt(f),
            Expr::Negate(of) => write!(f, "-{}", Part(of)),
            Expr::Not(of) => write!(f, "not {}", Part(of)),
            Expr::Binary(left, op, right) => write!(f, "{} {} {}", Part(left), op.sign(), Part(right)),
            Expr::Case { branches, otherwise } => {
                f.write_str("case")?;
                for (when, then) in branches {
                    write!(f, " when {when} then {then}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " else {otherwise}")?;
                }
                f.write_str(" end")
            }
            Expr::Coalesce(of) => write!(f, "coalesce({})", list(of)),
            Expr::Abs(of) => write!(f, "abs({of})"),
            Expr::InList(of, literals, negated) => {
                write!(f, "{} {}in ({})", Part(of), not(*negated), list(literals))
            }
            Expr::Like(of, pattern, negated, is_case_insensitive) => {
                let like = if *is_case_insensitive { "ilike" } else { "like" };
                write!(f, "{} {}{like} {}", Part(of), not(*negated), quoted(pattern))
            }
            Expr::IsNull(of, negated) => write!(f, "{} is {}null", Part(of), not(*negated)),
            Expr::Cast { of, to, or_null } => {
                let cast = if *or_null { "try_cast" } else { "cast" };
                write!(f, "{cast}({of} as {to})")
            }
            Expr::Call(function, of) => write!(f, "{}({})", function.entry().name, list(of)),
            Expr::DatePart(part, of) => write!(f, "{}({of})", part.name()),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Bool(value) => value.fmt(f),
            Literal::Number(value) => value.fmt(f),
            Literal::Text(value) => f.write_str(&quoted(value)),
            Literal::Date(day) => write!(f, "date '{day}'"),
            Literal::Timestamp(micros) => {
                let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).map_err(|_| std::fmt::Error)?;
                let seconds = micros.rem_euclid(MICROS_PER_DAY) / 1_000_000;
                let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
                write!(f, "timestamp '{} {hour:02}:{minute:02}:{second:02}", Day(day))?;
                match micros.rem_euclid(1_000_000) {
                    0 => f.write_str("'"),
                    rest => write!(f, ".{rest:06}'"),
                }
            }
        }
    }
}

/// An operand.
struct Part<'e>(&'e Expr);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Expr::Negate(_)
            | Expr::Not(_)
            | Expr::Binary(..)
            | Expr::InList(..)
            | Expr::Like(..)
            | Expr::IsNull(..) => write!(f, "({})", self.0),
            simple => simple.fmt(f),
        }
    }
}

fn list<T: Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn not(negated: bool) -> &'static str {
    if negated { "not " } else { "" }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl BinaryOp {
    fn sign(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::Concat => "||",
            BinaryOp::Equal => "=",
            BinaryOp::NotEqual => "<>",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_driver;

    #[test]
    fn an_aggregate_prints_as_sql_that_parses_to_itself() {
        for sql in [
            "count(*)",
            "count(distinct order)",
            "sum(quantity * (unit_price - 1.50)) filter (where channel in ('web', 'it''s') and (not rush))",
            "sum(case when abs(quantity) > 2 then coalesce(a, b, 0) else -quantity end)",
            "count(x) filter (where (name not like 'A%') or (at >= date '2024-01-31'))",
            "count(x) filter (where (y is not null) and (hour(at) = 3))",
            "count(distinct cast(at as date))",
            "sum(try_cast(x as decimal(9, 2)) / nullif(\"order\", 0) % 7)",
            "sum(length(upper(left(name, 2)) || '-' || substring(\"a \"\"b\"\"\", 2, 3)))",
            "count(distinct date_trunc('month', cast(day as timestamptz)))",
            "sum(round(x, -2) + greatest(a, b, 1) - epoch(at))",
            "count(strptime(x, '%d.%m.%Y'))",
        ] {
            let driver = parse_driver(sql).unwrap();
            let (_, aggregate) = &driver.terms[0];
            assert_eq!(parse_driver(&aggregate.to_string()).unwrap(), driver, "{sql} as {aggregate}");
        }
    }
}
