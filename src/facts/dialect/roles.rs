//! What a role takes of an expression: money at its scale, a key, a condition, a moment.

use super::digits::Digits;
use super::engine::{Engine, date};
use super::rounding::fault_of;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer};
use super::written::{Exact, Written};
use crate::facts::expr::Bound;
use crate::facts::expr::node::{Format, Kind};
use crate::facts::expr::rounding::{Mode, to_scale};
use crate::units::{Day, format_fixed};

/// A role's value in SQL.
#[derive(Debug, Clone)]
pub(crate) struct RoleSql {
    /// Null where it is null or faulty.
    pub(crate) value: String,
    /// The reason's words where a row has no value, else null. None if every row has one or is null.
    pub(crate) fault: Option<String>,
}

/// A point in time in SQL.
#[derive(Debug, Clone)]
pub(crate) struct MomentSql {
    /// The instant, wall time or day.
    pub(crate) at: String,
    /// Its local day.
    pub(crate) day: String,
    /// As in `RoleSql`; a day outside the years 1900 to 2199 is one.
    pub(crate) fault: Option<String>,
}

/// Digits that money and volumes hold.
const FIXED_DIGITS: u8 = 18;

impl Writer<'_> {
    /// Money or a volume of at most 18 − `room` digits, rounded once, half away from zero.
    pub(crate) fn fixed(&self, bound: &Bound, scale: u8, room: u8) -> Write<RoleSql> {
        let kind = bound.kind();
        let format = kind.format().unwrap_or(Format::INTEGER);
        let held = Digits::decimal(FIXED_DIGITS - room, scale);
        let written = match self.write(bound.node(), Some(i16::from(format.scale)))? {
            Written::Null => {
                return Ok(RoleSql { value: format!("CAST(NULL AS {})", held.ty()), fault: None });
            }
            Written::Float(sql) => return Ok(self.fixed_float(&sql, held)),
            Written::Bool(sql) => {
                let number = Sql::atom(format!("CAST({} AS INTEGER)", sql.text)).with_fault(sql.fault);
                Written::Exact(Exact { sql: number, digits: Digits::integer(1), claim: 0, strain: None })
            }
            written => written,
        };
        let exact = match &written {
            Written::Exact(exact) if format.divisor == 1 => match &exact.strain {
                Some(strain) if exact.claim == i16::from(format.scale) => {
                    // A result past 38 digits is one past 18 digits at the role's scale, so that it is an overflow here too.
                    if exact.digits.whole() < held.whole() {
                        let what = "a number of more than 38 digits";
                        return Err(self.refused(what, "cast its parts to shorter decimals first"));
                    }
                    let (known, tried) = (&strain.known, &strain.tried);
                    let value = format!("TRY_CAST({tried} AS {})", held.ty());
                    let overflow = format!("CASE WHEN {known} AND {value} IS NULL THEN 'overflow' END");
                    let fault = first_fault([&exact.sql.fault, &Some(overflow)]);
                    return Ok(RoleSql { value, fault });
                }
                _ => exact.claiming(i16::from(format.scale))?,
            },
            written => {
                let (up, down) = to_scale(format, scale);
                self.rounded_ratio(written, up, down, Mode::HalfAway)?.claiming(i16::from(scale))?
            }
        };
        Ok(fixed_exact(&exact, held))
    }

    fn fixed_float(&self, x: &Sql, held: Digits) -> RoleSql {
        let factor = 10_f64.powi(i32::from(held.scale));
        let limit = self.engine.float(10_f64.powi(i32::from(held.all)));
        let scaled = match held.scale {
            0 => x.clone(),
            _ => {
                Sql::new(format!("{} * {}", x.at(Binds::Product), self.engine.float(factor)), Binds::Product)
            }
        };
        let whole = self.whole_of_float(&scaled);
        let wide = Digits::decimal(19 + held.scale, 0).ty();
        let unit = format_fixed(1, held.scale);
        let value = format!(
            "CASE WHEN abs({}) < {limit} THEN CAST(CAST({whole} AS {wide}) * {unit} AS {}) END",
            scaled.text,
            held.ty()
        );
        let infinite = match self.engine {
            Engine::DuckDb => format!("NOT isfinite({})", x.text),
            Engine::Spark => format!("isnan({0}) OR abs({0}) = double('Infinity')", x.text),
        };
        let fault = format!(
            "CASE WHEN {infinite} THEN 'not finite' WHEN abs({}) >= {limit} THEN 'overflow' END",
            scaled.text
        );
        RoleSql { value, fault: first_fault([&x.fault, &Some(fault)]) }
    }

    /// A condition; null counts as false.
    pub(crate) fn truth(&self, bound: &Bound) -> Write<RoleSql> {
        let sql = self.plain(bound.node())?;
        let value =
            if sql.text == "NULL" { "false".to_owned() } else { format!("coalesce({}, false)", sql.text) };
        Ok(RoleSql { value, fault: sql.fault })
    }

    /// A key: an integer of 64 bits or a text.
    pub(crate) fn key(&self, bound: &Bound) -> Write<RoleSql> {
        let written = self.write(bound.node(), None)?;
        let fault = fault_of(&written);
        let value = match (&written, bound.kind()) {
            (Written::Null, _) => "CAST(NULL AS BIGINT)".to_owned(),
            (Written::Text(sql), _) => sql.text.clone(),
            (Written::Bool(sql), _) => format!("CAST({} AS BIGINT)", sql.text),
            (Written::Date(sql), _) => self.day_number(sql),
            (Written::Instant(sql, zoned), _) => self.micros(sql, *zoned)?,
            (Written::Exact(exact), Kind::Number(format)) if format.divisor == 1 => {
                return self.whole_key(&exact.claiming(i16::from(format.scale))?, format);
            }
            (Written::Float(sql), _) => return self.float_key(sql),
            _ => {
                let way_out = "round it, as in round(x), or use it as text";
                return Err(self.refused("a key that is a quotient", way_out));
            }
        };
        Ok(RoleSql { value, fault })
    }

    fn whole_key(&self, exact: &Exact, format: Format) -> Write<RoleSql> {
        let fault = exact.sql.fault.clone();
        if exact.digits.scale == 0 {
            return Ok(RoleSql { value: format!("CAST({} AS BIGINT)", exact.sql.text), fault });
        }
        let text = &exact.sql.text;
        let value = format!("CASE WHEN floor({text}) = {text} THEN CAST({text} AS BIGINT) END");
        let shown = self.shown(exact, format)?;
        let odd = format!(
            "CASE WHEN floor({text}) <> {text} THEN concat('a key of ', {shown}, ' is not a whole number') END"
        );
        Ok(RoleSql { value, fault: first_fault([&fault, &Some(odd)]) })
    }

    /// Whole doubles up to 2^53, past which one may stand for several keys.
    fn float_key(&self, x: &Sql) -> Write<RoleSql> {
        if self.engine == Engine::Spark {
            return Err(self.refused("a key of doubles", "cast it to bigint: cast(x as bigint)"));
        }
        let is_whole = format!("isfinite({0}) AND trunc({0}) = {0} AND abs({0}) <= 9007199254740992", x.text);
        let shown = format!(
            "CASE WHEN isnan({0}) THEN 'NaN' ELSE CAST({0} AS {1}) END",
            x.text,
            self.engine.text_type()
        );
        let odd = format!(
            "CASE WHEN NOT ({is_whole}) THEN concat('a key of ', {shown}, ' is not a whole number') END"
        );
        let value = format!("CASE WHEN {is_whole} THEN CAST({} AS BIGINT) END", x.text);
        Ok(RoleSql { value, fault: first_fault([&x.fault, &Some(odd)]) })
    }

    /// A date or timestamp and its local day.
    pub(crate) fn moment(&self, bound: &Bound) -> Write<MomentSql> {
        let written = self.write(bound.node(), None)?;
        let (at, day) = match &written {
            Written::Date(sql) => (sql.text.clone(), sql.at(Binds::Sum)),
            Written::Instant(sql, zoned) => (sql.text.clone(), self.local_day(sql, *zoned)),
            other => unreachable!("bound as a date or timestamp: {other:?}"),
        };
        let (first, end) = (date(Day::MIN), date(Day::END));
        let outside = format!("CASE WHEN {day} < {first} OR {day} >= {end} THEN 'date out of range' END");
        let fault = first_fault([&fault_of(&written), &Some(outside)]);
        Ok(MomentSql { at, day, fault })
    }
}

/// An exact number at a role's scale: tried only where its digits may not fit.
fn fixed_exact(exact: &Exact, held: Digits) -> RoleSql {
    let carries = u8::from(exact.digits.scale > held.scale);
    let fault = exact.sql.fault.clone();
    let text = &exact.sql.text;
    if exact.digits.whole() + carries <= held.whole() {
        return RoleSql { value: format!("CAST({text} AS {})", held.ty()), fault };
    }
    let value = format!("TRY_CAST({text} AS {})", held.ty());
    let of = exact.sql.at(Binds::Sum);
    let overflow = format!("CASE WHEN {of} IS NOT NULL AND {value} IS NULL THEN 'overflow' END");
    RoleSql { value, fault: first_fault([&fault, &Some(overflow)]) }
}
