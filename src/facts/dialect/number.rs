//! Exact numbers and doubles: arithmetic whose every result has known digits.

use super::digits::{Digits, MOST, NARROW};
use super::engine::Engine;
use super::exact::literal;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer, is_flexible};
use super::written::{Exact, Fraction, Strain, Written};
use crate::facts::expr::node::{Format, Node};

/// An exact operator: its sign, how tightly it binds, and the digits of its result.
type Operator = (&'static str, Binds, fn(Digits, Digits) -> Digits);

const ADD: Operator = ("+", Binds::Sum, Digits::sum);
const SUBTRACT: Operator = ("-", Binds::Sum, Digits::sum);
const MULTIPLY: Operator = ("*", Binds::Product, Digits::product);

impl Writer<'_> {
    pub(super) fn number(&self, node: &Node, claim: Option<i16>) -> Write<Written> {
        match node {
            Node::Negate(x) => {
                self.signed(x, claim, |text| Sql::new(format!("-{}", text.at(Binds::Atom)), Binds::Sum))
            }
            Node::Abs(x) => self.signed(x, claim, |text| Sql::atom(format!("abs({})", text.text))),
            Node::Add(x, y) => self.sum(x, y, ADD, claim),
            Node::Subtract(x, y) => self.sum(x, y, SUBTRACT, claim),
            Node::Multiply(x, y) => self.product(x, y, claim),
            Node::Divide(x, y) => self.float_quotient(x, y),
            Node::Quotient(x, y) => self.quotient(x, y),
            Node::Remainder(x, y) => self.remainder(x, y, claim),
            Node::Scale(x, factor) => self.scale(x, *factor, claim),
            Node::ToFloat(x, format) => match self.write(x, Some(i16::from(format.scale)))? {
                Written::Exact(exact) => self.float_of(&exact, *format).map(Written::Float),
                _ => Err(self.refused("a quotient of columns as a double", "cast one of them to double")),
            },
            Node::Rounded(x, up, down, mode) => self.rounded(x, *up, *down, *mode),
            Node::RoundedFloat(x, mode, digits) => self.rounded_float(x, *mode, *digits),
            Node::Sign(x) => self.sign(x),
            other => unreachable!("{other:?} is no number"),
        }
    }

    /// A text around a number that leaves its size as it is.
    fn signed(&self, x: &Node, claim: Option<i16>, of: fn(&Sql) -> Sql) -> Write<Written> {
        Ok(match self.write(x, claim)? {
            Written::Fraction(fraction) => {
                let Fraction { over, under, fault } = *fraction;
                // The sign of a denominator is settled when the fraction is rounded.
                let is_abs = of(&Sql::atom("x")).text.starts_with("abs");
                let under = if is_abs { Exact { sql: of(&under.sql), ..under } } else { under };
                Written::Fraction(Box::new(Fraction {
                    over: Exact { sql: of(&over.sql), ..over },
                    under,
                    fault,
                }))
            }
            Written::Exact(exact) => {
                // The least integer has no counterpart in its own type.
                let exact = exact.as_decimal();
                let sql = of(&exact.sql).with_fault(exact.sql.fault.clone());
                let strained = |strain: Strain| {
                    let tried = of(&Sql::new(strain.tried, Binds::Sum)).text;
                    Strain { tried, ..strain }
                };
                let strain = exact.strain.map(strained);
                Written::Exact(Exact { sql, strain, ..exact })
            }
            Written::Null => Written::Null,
            other => {
                let sql = other.sql().expect("a float is text");
                let sql = of(sql).with_fault(sql.fault.clone());
                other.with(sql)
            }
        })
    }

    fn sum(&self, x: &Node, y: &Node, operator: Operator, claim: Option<i16>) -> Write<Written> {
        Ok(match self.pair(x, y, claim)? {
            (Written::Exact(x), Written::Exact(y)) => {
                Written::Exact(self.combined(&x, operator, &y, x.claim)?)
            }
            (Written::Float(x), Written::Float(y)) => Written::Float(binary(&x, operator, &y)),
            (Written::Null, other) | (other, Written::Null) => other,
            _ => {
                let what = "a sum with a quotient of columns";
                return Err(self.refused(what, "round the quotient with round(x, digits) first"));
            }
        })
    }

    fn product(&self, x: &Node, y: &Node, claim: Option<i16>) -> Write<Written> {
        // What one side claims is no longer to be claimed by the other.
        let left_of =
            |of: &Written| claim.zip(of.claim()).map(|(both, own)| both - own).filter(|rest| *rest >= 0);
        // A column claims what it has, whatever it is asked for, so that constants inside the other side can claim the rest.
        let (x, y) = if is_flexible(x) || matches!(y, Node::Column(..)) {
            let y = self.write(y, None)?;
            (self.write(x, left_of(&y))?, y)
        } else {
            let x = self.write(x, None)?;
            let rest = left_of(&x);
            (x, self.write(y, rest)?)
        };
        Ok(match (x, y) {
            (Written::Exact(x), Written::Exact(y)) => {
                Written::Exact(self.combined(&x, MULTIPLY, &y, x.claim + y.claim)?)
            }
            (Written::Float(x), Written::Float(y)) => Written::Float(binary(&x, MULTIPLY, &y)),
            (Written::Fraction(fraction), Written::Exact(by))
            | (Written::Exact(by), Written::Fraction(fraction)) => {
                let over = self.combined(&fraction.over, MULTIPLY, &by, fraction.over.claim + by.claim)?;
                Written::Fraction(Box::new(Fraction { over, ..*fraction }))
            }
            (Written::Null, other) | (other, Written::Null) => other,
            _ => {
                let what = "a product of two quotients of columns";
                return Err(self.refused(what, "round one of them with round(x, digits) first"));
            }
        })
    }

    /// `x operator y`, cast where the engine's own rule for the result has too few digits.
    pub(super) fn combined(
        &self,
        x: &Exact,
        (sign, binds, digits_of): Operator,
        y: &Exact,
        claim: i16,
    ) -> Write<Exact> {
        let digits = digits_of(x.digits, y.digits);
        if digits.scale > MOST {
            let what = format!("a result of {} digits after the point", digits.scale);
            return Err(self.refused(&what, "round one of its parts with round(x, digits)"));
        }
        let x = if self.engine == Engine::DuckDb
            && digits.all > NARROW
            && x.digits.all.max(y.digits.all) <= NARROW
        {
            x.cast(Digits::decimal(NARROW + 1, x.digits.scale))
        } else if x.digits.is_integer && y.digits.is_integer {
            x.as_decimal()
        } else {
            x.clone()
        };
        let tighter = if binds == Binds::Sum { Binds::Product } else { Binds::Atom };
        let text = format!("{} {sign} {}", x.sql.at(binds), y.sql.at(tighter));
        let fault = first_fault([&x.sql.fault, &y.sql.fault]);
        let strain = (digits.all > MOST).then(|| self.strain(&x, sign, y, &text));
        let digits = Digits { all: digits.all.min(MOST), ..digits };
        Ok(Exact { sql: Sql::new(text, binds).with_fault(fault), digits, claim, strain })
    }

    fn strain(&self, x: &Exact, sign: &str, y: &Exact, text: &str) -> Strain {
        let known = format!("{} IS NOT NULL AND {} IS NOT NULL", x.sql.at(Binds::Sum), y.sql.at(Binds::Sum));
        let of = match sign {
            "*" => "try_multiply",
            "+" => "try_add",
            _ => "try_subtract",
        };
        let tried = match self.engine {
            Engine::DuckDb => format!("TRY({text})"),
            Engine::Spark => format!("{of}({}, {})", x.sql.text, y.sql.text),
        };
        Strain { known, tried }
    }

    fn scale(&self, x: &Node, factor: i128, claim: Option<i16>) -> Write<Written> {
        let (tens, rest) = tens_of(factor);
        let inner = claim.map(|claim| claim - tens).filter(|claim| *claim >= 0);
        Ok(match self.write(x, inner)? {
            Written::Exact(exact) => Written::Exact(self.times(&exact, rest, tens, claim)?),
            Written::Fraction(fraction) => {
                let over = self.times(&fraction.over, rest, tens, None)?;
                Written::Fraction(Box::new(Fraction { over, ..*fraction }))
            }
            other => other,
        })
    }

    /// A mantissa × `rest` × 10^`tens`: the tens move the claim, and a rest is a factor that keeps the claim wanted.
    fn times(&self, exact: &Exact, rest: i128, tens: i16, claim: Option<i16>) -> Write<Exact> {
        let moved = exact.claim + tens;
        if rest == 1 {
            return Ok(Exact { claim: moved, ..exact.clone() });
        }
        let digits = claim.map_or(0, |claim| (claim - moved).max(0));
        let Written::Exact(factor) = literal(rest, digits)? else { unreachable!("a number is exact") };
        self.combined(exact, MULTIPLY, &factor, moved + digits)
    }

    fn quotient(&self, x: &Node, y: &Node) -> Write<Written> {
        let way_out = "round the inner quotient with round(x, digits) first";
        let (Written::Exact(over), Written::Exact(under)) = (self.write(x, None)?, self.write(y, None)?)
        else {
            return Err(self.refused("a quotient of quotients", way_out));
        };
        let zero = format!(
            "CASE WHEN {} IS NOT NULL AND {} = 0 THEN 'division by zero' END",
            over.sql.at(Binds::Sum),
            under.sql.at(Binds::Sum)
        );
        let fault = first_fault([&over.sql.fault, &under.sql.fault, &Some(zero)]);
        Ok(Written::Fraction(Box::new(Fraction { over, under, fault })))
    }

    fn float_quotient(&self, x: &Node, y: &Node) -> Write<Written> {
        let is_safe = matches!(y, Node::Float(y) if *y != 0.0);
        if self.engine == Engine::Spark && !is_safe {
            let way_out = "divide by a constant, or cast both to decimals";
            return Err(self.refused("a quotient of doubles, which may divide by 0,", way_out));
        }
        let (x, y) = (self.plain(x)?, self.plain(y)?);
        let text = format!("{} / {}", x.at(Binds::Product), y.at(Binds::Atom));
        Ok(Written::Float(Sql::new(text, Binds::Product).with_fault(first_fault([&x.fault, &y.fault]))))
    }

    fn remainder(&self, x: &Node, y: &Node, claim: Option<i16>) -> Write<Written> {
        let (x, y) = match self.pair(x, y, claim)? {
            (Written::Exact(x), Written::Exact(y)) => (x, y),
            _ => return Err(self.refused("'%' of doubles", "cast both sides to decimals")),
        };
        let wide =
            Digits::decimal(x.digits.common(y.digits).all.min(MOST), x.digits.scale.max(y.digits.scale));
        let text = format!("{} % nullif({}, 0)", x.cast(wide).sql.text, y.cast(wide).sql.text);
        let zero = format!(
            "CASE WHEN {} IS NOT NULL AND {} = 0 THEN 'division by zero' END",
            x.sql.at(Binds::Sum),
            y.sql.at(Binds::Sum)
        );
        let fault = first_fault([&x.sql.fault, &y.sql.fault, &Some(zero)]);
        let sql = Sql::new(text, Binds::Product).with_fault(fault);
        Ok(Written::Exact(Exact { sql, digits: wide, claim: x.claim, strain: None }))
    }

    /// The mantissa as a double, divided by its denominator: what `to_float` does.
    pub(super) fn float_of(&self, exact: &Exact, format: Format) -> Write<Sql> {
        /// Digits of an integer that both engines make the nearest double.
        const NEAREST: u8 = 18;
        let whole = exact.claiming(0)?;
        let shift = u8::try_from(exact.claim).unwrap_or(0);
        if exact.digits.whole() + shift > NEAREST || exact.digits.scale > shift {
            let what = "a number of more than 18 digits as a double";
            return Err(self.refused(what, "cast it to a shorter decimal first"));
        }
        let mantissa = if shift == 0 { exact.clone() } else { whole };
        let float = format!("CAST(CAST({} AS BIGINT) AS DOUBLE)", mantissa.sql.text);
        let sql = match format.denominator() {
            1 => Sql::atom(float),
            #[allow(clippy::cast_precision_loss, reason = "as the evaluation does")]
            denominator => {
                Sql::new(format!("{float} / {}", self.engine.float(denominator as f64)), Binds::Product)
            }
        };
        Ok(sql.with_fault(exact.sql.fault.clone()))
    }

    fn sign(&self, x: &Node) -> Write<Written> {
        let (of, start, fault) = match self.write(x, None)? {
            Written::Exact(exact) => (exact.sql.at(Binds::Sum), String::new(), exact.sql.fault),
            // NaN is above all numbers to engines, and has no sign.
            Written::Float(sql) => {
                (sql.at(Binds::Sum), format!(" WHEN isnan({}) THEN 0", sql.text), sql.fault)
            }
            _ => return Err(self.refused("sign() of a quotient of columns", "write a case over its parts")),
        };
        let text = format!("CASE{start} WHEN {of} > 0 THEN 1 WHEN {of} < 0 THEN -1 WHEN {of} = 0 THEN 0 END");
        let sql = Sql::atom(text).with_fault(fault);
        Ok(Written::Exact(Exact { sql, digits: Digits::integer(10), claim: 0, strain: None }))
    }
}

/// A factor as 10^tens × rest.
fn tens_of(mut factor: i128) -> (i16, i128) {
    let mut tens = 0;
    while factor != 0 && factor % 10 == 0 {
        (factor, tens) = (factor / 10, tens + 1);
    }
    (tens, factor)
}

/// `x operator y` of doubles.
fn binary(x: &Sql, (sign, binds, _): Operator, y: &Sql) -> Sql {
    let tighter = if binds == Binds::Sum { Binds::Product } else { Binds::Atom };
    let text = format!("{} {sign} {}", x.at(binds), y.at(tighter));
    Sql::new(text, binds).with_fault(first_fault([&x.fault, &y.fault]))
}
