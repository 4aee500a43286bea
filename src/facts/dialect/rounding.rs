//! Rounding, once and exactly: by a cast where only digits are cut, else by whole numbers.

use super::digits::{Digits, MOST};
use super::engine::Engine;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer};
use super::written::{Exact, Fraction, Written};
use crate::facts::expr::node::Node;
use crate::facts::expr::rounding::Mode;

/// A whole number as text, without a sign of its own to look at: what a fraction is made of.
struct Whole {
    text: String,
    /// No value has more digits.
    digits: u8,
}

/// Digits of a BIGINT, which is what Spark's whole division gives.
const BIGINT: u8 = 18;

impl Writer<'_> {
    /// mantissa × up / down, rounded to a whole mantissa.
    pub(super) fn rounded(&self, x: &Node, up: i128, down: i128, mode: Mode) -> Write<Written> {
        let written = self.write(x, None)?;
        if let Written::Null = written {
            return Ok(Written::Null);
        }
        self.rounded_ratio(&written, up, down, mode).map(Written::Exact)
    }

    /// The same of what is written already.
    pub(super) fn rounded_ratio(&self, x: &Written, up: i128, down: i128, mode: Mode) -> Write<Exact> {
        match x {
            Written::Exact(exact) => match (power_of_ten(up, down), mode) {
                (Some(tens), Mode::HalfAway) if exact.claim + tens >= 0 => {
                    self.cut(exact, exact.claim + tens)
                }
                (Some(tens), Mode::Floor | Mode::Ceil) if exact.claim + tens == 0 => {
                    Ok(self.next_whole(exact, mode))
                }
                _ => {
                    let one = Whole { text: "1".to_owned(), digits: 1 };
                    let tens = exact.claim - i16::from(exact.digits.scale);
                    self.divided(&self.whole(exact)?, &one, tens, (up, down), mode, &exact.sql.fault)
                }
            },
            Written::Fraction(fraction) => {
                let Fraction { over, under, fault } = &**fraction;
                let tens =
                    over.claim - i16::from(over.digits.scale) - under.claim + i16::from(under.digits.scale);
                let mut denominator = self.whole(under)?;
                denominator.text = format!("nullif({}, 0)", denominator.text);
                self.divided(&self.whole(over)?, &denominator, tens, (up, down), mode, fault)
            }
            other => unreachable!("bound as an exact number: {other:?}"),
        }
    }

    /// Rounded half away from zero to digits after the point, as casts of decimals do in both engines.
    fn cut(&self, exact: &Exact, digits: i16) -> Write<Exact> {
        let scale = u8::try_from(digits).unwrap_or(u8::MAX);
        if exact.digits.scale <= scale {
            return Ok(Exact { claim: digits, ..exact.clone() });
        }
        let held = Digits::decimal(exact.digits.whole() + 1 + scale, scale);
        if held.all > MOST {
            let what = format!("a number of {} digits to be rounded", held.all);
            return Err(self.refused(&what, "cast it to a shorter decimal first"));
        }
        Ok(Exact { claim: digits, ..exact.cast(held) })
    }

    /// The next whole number below or above.
    fn next_whole(&self, exact: &Exact, mode: Mode) -> Exact {
        if exact.digits.scale == 0 {
            return Exact { claim: 0, ..exact.clone() };
        }
        let function = if mode == Mode::Floor { "floor" } else { "ceil" };
        let text = format!("{function}({})", exact.sql.text);
        let sql = Sql::atom(text).with_fault(exact.sql.fault.clone());
        Exact { sql, claim: 0, ..exact.clone() }.cast(Digits::decimal(exact.digits.whole() + 1, 0))
    }

    /// The text's value × 10^scale, a whole number of up to 38 digits.
    fn whole(&self, exact: &Exact) -> Write<Whole> {
        let scaled = Exact { claim: i16::from(exact.digits.scale), ..exact.clone() }.claiming(0)?;
        let text = format!("CAST({} AS {})", scaled.sql.text, self.engine.wide_type());
        Ok(Whole { text, digits: exact.digits.all })
    }

    /// over / under × 10^tens × up / down, by whole division of sizes: (2·over + under) / (2·under) rounds half up.
    fn divided(
        &self,
        over: &Whole,
        under: &Whole,
        tens: i16,
        (up, down): (i128, i128),
        mode: Mode,
        fault: &Option<String>,
    ) -> Write<Exact> {
        let power = |tens: i16| 10_i128.checked_pow(u32::from(tens.max(0).unsigned_abs()));
        let factors = power(tens).and_then(|tens| up.checked_mul(tens));
        let factors = factors.zip(power(-tens).and_then(|tens| down.checked_mul(tens)));
        let limit = format!("a rounding of more than {MOST} digits");
        let way_out = "cast the parts to shorter decimals first";
        let (up, down) = factors.ok_or_else(|| self.refused(&limit, way_out))?;
        let digits_of = |x: i128| u8::try_from(x.to_string().len()).unwrap_or(u8::MAX);
        let (over_digits, under_digits) = (over.digits + digits_of(up), under.digits + digits_of(down));
        if over_digits.max(under_digits) + 1 > MOST {
            return Err(self.refused(&limit, way_out));
        }
        let size = |of: &Whole, factor: i128| match (&*of.text, factor) {
            ("1", factor) => self.wide(factor),
            (text, 1) => format!("abs({text})"),
            (text, factor) => format!("abs({text}) * {}", self.wide(factor)),
        };
        let (n, d, by) = (size(over, up), size(under, down), self.engine.whole_division());
        let is_negative = match &*under.text {
            "1" => format!("{} < 0", over.text),
            under => format!("({} < 0) <> ({under} < 0)", over.text),
        };
        let (below, above) = (format!("{n} {by} ({d})"), format!("({n} + {d} - 1) {by} ({d})"));
        let nearest = format!("({n} * 2 + {d}) {by} ({d} * 2)");
        let (positive, negative) = match mode {
            Mode::HalfAway => (nearest.clone(), nearest),
            Mode::Floor => (below, above),
            Mode::Ceil => (above, below),
        };
        let text = format!("CASE WHEN {is_negative} THEN -({negative}) ELSE {positive} END");
        let digits = over_digits.min(MOST);
        if self.engine == Engine::Spark && digits > BIGINT && under.text != "1" {
            let what = format!("a quotient of up to {digits} digits");
            return Err(self.refused(&what, "cast its parts to shorter decimals, such as decimal(12, 2)"));
        }
        let sql = Sql::atom(text).with_fault(fault.clone());
        let exact = Exact { sql, digits: Digits::decimal(digits, 0), claim: 0, strain: None };
        Ok(exact.cast(exact.digits))
    }

    /// A whole constant of the type on which whole division is exact.
    fn wide(&self, number: i128) -> String {
        format!("CAST('{number}' AS {})", self.engine.wide_type())
    }

    /// Doubles are scaled, rounded and scaled back, which is DuckDB's own way.
    pub(super) fn rounded_float(&self, x: &Node, mode: Mode, digits: i32) -> Write<Written> {
        if self.engine == Engine::Spark {
            let what = "round(), floor() or ceil() of doubles";
            return Err(self.refused(what, "cast it to a decimal first: cast(x as decimal(18, 4))"));
        }
        let x = self.plain(x)?;
        let text = match (mode, digits) {
            (Mode::HalfAway, digits) => format!("round({}, {digits})", x.text),
            (Mode::Floor, _) => format!("floor({})", x.text),
            (Mode::Ceil, _) => format!("ceil({})", x.text),
        };
        Ok(Written::Float(Sql::atom(text).with_fault(x.fault.clone())))
    }

    /// A double × 10^scale as a whole number, halves away from zero, for sizes below 10^18.
    pub(super) fn whole_of_float(&self, scaled: &Sql) -> String {
        let x = scaled.at(Binds::Product);
        match self.engine {
            Engine::DuckDb => format!("CAST(round({}) AS BIGINT)", scaled.text),
            // Spark's own round goes by the shortest decimal text of the double.
            Engine::Spark => format!(
                "CAST({x} AS BIGINT) + CASE WHEN {x} - CAST({x} AS BIGINT) >= 0.5D THEN 1 \
                 WHEN {x} - CAST({x} AS BIGINT) <= -0.5D THEN -1 ELSE 0 END"
            ),
        }
    }
}

/// up / down as a power of ten.
fn power_of_ten(up: i128, down: i128) -> Option<i16> {
    let tens = |mut number: i128| {
        let mut tens = 0;
        while number % 10 == 0 {
            (number, tens) = (number / 10, tens + 1);
        }
        (number == 1).then_some(tens)
    };
    Some(tens(up)? - tens(down)?)
}

/// The reasons of both parts of a fraction.
pub(super) fn fault_of(written: &Written) -> Option<String> {
    match written {
        Written::Fraction(fraction) => first_fault([&fraction.fault]),
        other => other.sql().and_then(|sql| sql.fault.clone()),
    }
}
