//! Settles the types of function calls.

use super::BindError;
use super::bind::{Bind, Binder, Typed, as_text};
use super::bind_arithmetic::{scaled, too_many_digits};
use super::common_kind::common_kind;
use super::node::{Comparison, Epoch, Format, Kind, Node, TextCall};
use super::rounding::{Mode, to_scale};
use super::text_call::Gives;
use crate::pipeline::sql::{DatePart, Expr, Literal, ScalarFunction, TimeFormat};
use crate::units::pow10;

impl Binder<'_> {
    /// A call with as many arguments, and literals where there must be ones, as the reader has checked.
    pub(super) fn call(&mut self, function: ScalarFunction, arguments: &[Expr]) -> Bind {
        use ScalarFunction as F;
        let name = format!("{}()", function.entry().name);
        match (function, arguments) {
            (F::Round, [x]) => rounded(self.number(x, &name)?, Mode::HalfAway, 0),
            (F::Round, [x, digits]) => rounded(self.number(x, &name)?, Mode::HalfAway, digits_of(digits)),
            (F::Floor, [x]) => rounded(self.number(x, &name)?, Mode::Floor, 0),
            (F::Ceil, [x]) => rounded(self.number(x, &name)?, Mode::Ceil, 0),
            (F::Sign, [x]) => {
                let node = Node::Sign(Box::new(self.number(x, &name)?.node));
                Ok(Typed { node, kind: Kind::Number(Format::INTEGER) })
            }
            (F::NullIf, [x, y]) => self.null_if(x, y),
            (F::Greatest | F::Least, values) => {
                let (nodes, kind) = self.alike(&values.iter().collect::<Vec<_>>())?;
                if kind == Kind::Null {
                    return Ok(Typed::null(kind));
                }
                Ok(Typed { node: Node::Extreme(nodes, function == F::Least), kind })
            }
            (F::DateTrunc, [Expr::Literal(Literal::Text(unit)), x]) => {
                let unit = DatePart::named(unit).expect("the reader knows the units");
                let Typed { node, kind } = self.moment(x, &name)?;
                let zoned = kind == Kind::Instant { zoned: true };
                let node = Node::DateTrunc(unit, Box::new(node), kind);
                Ok(Typed { node, kind: Kind::Instant { zoned } })
            }
            (F::Strptime | F::TryStrptime, [x, Expr::Literal(Literal::Text(format))]) => {
                let format = TimeFormat::read(format).expect("the reader has read the format");
                let kind = Kind::Instant { zoned: format.is_instant() };
                let text = Box::new(self.text(x, &name)?);
                Ok(Typed { node: Node::Strptime(text, format, function == F::TryStrptime), kind })
            }
            (F::MakeDate, [year, month, day]) => {
                let [year, month, day] = [
                    Box::new(self.whole(year, &name)?),
                    Box::new(self.whole(month, &name)?),
                    Box::new(self.whole(day, &name)?),
                ];
                Ok(Typed { node: Node::MakeDate(year, month, day), kind: Kind::Date })
            }
            (F::ToTimestamp, [x]) => {
                let x = self.number(x, &name)?;
                let epoch = Epoch { format: x.kind.format(), micros_per_unit: 1_000_000, zoned: true };
                Ok(Typed {
                    node: Node::FromEpoch(Box::new(x.node), epoch),
                    kind: Kind::Instant { zoned: true },
                })
            }
            (F::EpochMs | F::MakeTimestamp | F::MakeTimestampTz, [x]) => {
                let micros_per_unit = if function == F::EpochMs { 1_000 } else { 1 };
                let zoned = function == F::MakeTimestampTz;
                let epoch = Epoch { format: Some(Format::INTEGER), micros_per_unit, zoned };
                let node = Node::FromEpoch(Box::new(self.whole(x, &name)?), epoch);
                Ok(Typed { node, kind: Kind::Instant { zoned } })
            }
            (F::Concat, values) => {
                let parts = values.iter().map(|value| Ok(as_text(self.bind(value)?)));
                let parts = parts.collect::<Result<_, BindError>>()?;
                Ok(Typed { node: Node::Call(TextCall::Function(F::Concat), parts), kind: Kind::Text })
            }
            (function, arguments) => self.text_call(function, arguments, &name),
        }
    }

    fn text_call(&mut self, function: ScalarFunction, arguments: &[Expr], name: &str) -> Bind {
        use ScalarFunction as F;
        let takes_whole = |index: usize| match function {
            F::Left | F::Right | F::Substring => index > 0,
            F::SplitPart => index == 2,
            F::PadStart | F::PadEnd => index == 1,
            _ => false,
        };
        let mut nodes = Vec::with_capacity(arguments.len());
        for (index, argument) in arguments.iter().enumerate() {
            let is_whole = takes_whole(index);
            nodes.push(if is_whole { self.whole(argument, name)? } else { self.text(argument, name)? });
        }
        let call = TextCall::Function(function);
        let kind = match Gives::of(call) {
            Gives::Text => Kind::Text,
            Gives::Whole => Kind::Number(Format::INTEGER),
            Gives::Truth => Kind::Bool,
        };
        Ok(Typed { node: Node::Call(call, nodes), kind })
    }

    /// `case when x = y then null else x end`; x is evaluated once all the same.
    fn null_if(&mut self, x: &Expr, y: &Expr) -> Bind {
        let (a, b, result) = (self.bind(x)?, self.bind(y)?, self.bind(x)?);
        if a.kind == Kind::Null {
            return Ok(result);
        }
        let kind = common_kind(x, &a, y, &b)?;
        let (a, b) = (Box::new(self.to(a, kind)?), Box::new(self.to(b, kind)?));
        let is_equal = Node::Compare(a, Comparison::Equal, b);
        let branch = (is_equal, Node::Null(result.kind));
        Ok(Typed { node: Node::Case(vec![branch], Box::new(result.node)), kind: result.kind })
    }
}

fn digits_of(digits: &Expr) -> i32 {
    match digits {
        Expr::Literal(Literal::Number(number)) => {
            i32::try_from(number.mantissa).expect("the reader allows few digits")
        }
        other => unreachable!("the reader takes literals only: {other}"),
    }
}

/// A number rounded to digits after the point, or before it where negative.
fn rounded(x: Typed, mode: Mode, digits: i32) -> Bind {
    let Some(format) = x.kind.format() else {
        return Ok(Typed { node: Node::RoundedFloat(Box::new(x.node), mode, digits), kind: Kind::Float });
    };
    let size = u8::try_from(digits.unsigned_abs()).expect("the reader allows few digits");
    if let (0.., Kind::Number(Format { scale, divisor: 1 })) = (digits, x.kind)
        && scale <= size
    {
        return Ok(x);
    }
    if digits >= 0 {
        let (up, down) = to_scale(format, size);
        let node = Node::Rounded(Box::new(x.node), up, down, mode);
        return Ok(Typed { node, kind: Kind::Number(Format::decimal(size)) });
    }
    let unit = pow10(size);
    let down = format.denominator().checked_mul(unit).ok_or_else(|| too_many_digits("round()"))?;
    let node = Node::Rounded(Box::new(x.node), 1, down, mode);
    Ok(Typed { node: scaled(node, unit), kind: Kind::Number(Format::INTEGER) })
}
