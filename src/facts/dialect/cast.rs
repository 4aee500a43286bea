//! Casts. What a type does not hold is a reason that names the value, or null where it was tried only.

use super::digits::{Digits, MOST};
use super::engine::Engine;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer};
use super::written::{Exact, Written};
use crate::facts::expr::node::{Cast, Format, Kind, Node};
use crate::facts::expr::rounding::{Mode, to_scale};
use crate::pipeline::sql::SqlType;

impl Writer<'_> {
    pub(super) fn cast(&self, of: &Node, how: &Cast) -> Write<Written> {
        let claim = how.from.format().map(|format| i16::from(format.scale));
        let of = self.write(of, claim)?;
        if matches!(of, Written::Null) {
            return Ok(Written::Null);
        }
        match how.to {
            SqlType::Text => self.to_text(&of, how.from).map(Written::Text),
            SqlType::Integer { .. } | SqlType::Decimal { .. } => self.to_number(&of, how),
            SqlType::Float => {
                self.only_duckdb("a cast to float", "cast to double")?;
                let double = self.to_double(&of, how)?;
                let narrow = format!("TRY_CAST({} AS FLOAT)", double.text);
                let tried = self.tested(&of, how, &double, &narrow)?;
                Ok(Written::Float(Sql { text: format!("CAST({narrow} AS DOUBLE)"), ..tried }))
            }
            SqlType::Double => self.to_double(&of, how).map(Written::Float),
            SqlType::Bool => self.to_truth(&of, how).map(Written::Bool),
            SqlType::Date | SqlType::Timestamp | SqlType::Instant => self.to_moment(&of, how),
        }
    }

    fn only_duckdb(&self, what: &str, way_out: &str) -> Write<()> {
        if self.engine == Engine::DuckDb { Ok(()) } else { Err(self.refused(what, way_out)) }
    }

    /// A number as its text at its own scale, whatever the engine holds it in.
    pub(super) fn shown(&self, exact: &Exact, format: Format) -> Write<String> {
        let exact = exact.claiming(i16::from(format.scale))?;
        let all = exact.digits.whole() + format.scale;
        let text = if exact.digits.scale == format.scale || all > MOST {
            exact.sql.text
        } else {
            exact.cast(Digits::decimal(all, format.scale)).sql.text
        };
        Ok(format!("CAST({text} AS {})", self.engine.text_type()))
    }

    /// A value as text; Spark writes doubles and times in another way.
    pub(super) fn to_text(&self, of: &Written, from: Kind) -> Write<Sql> {
        let fault = super::rounding::fault_of(of);
        let text = match (of, from) {
            (Written::Text(sql), _) => return Ok(sql.clone()),
            (Written::Exact(exact), Kind::Number(format)) if format.divisor == 1 => {
                self.shown(exact, format)?
            }
            (Written::Bool(sql) | Written::Date(sql), _) => {
                format!("CAST({} AS {})", sql.text, self.engine.text_type())
            }
            (Written::Float(sql) | Written::Instant(sql, _), _) if self.engine == Engine::DuckDb => {
                format!("CAST({} AS VARCHAR)", sql.text)
            }
            _ => {
                let way_out =
                    "round a number to a decimal, and take the date of a timestamp, before it becomes text";
                return Err(self.refused("this value as text", way_out));
            }
        };
        Ok(Sql::atom(text).with_fault(fault))
    }

    fn to_number(&self, of: &Written, how: &Cast) -> Write<Written> {
        let digits = held(how.to);
        let ty = self.type_name(how.to)?;
        let from = match of {
            Written::Text(text) => {
                self.only_duckdb(
                    "a number from text",
                    "write the column as a decimal, or let DuckDB make it one",
                )?;
                text.clone()
            }
            Written::Float(float) => self.rounded_double(float, how.to)?,
            Written::Bool(truth) => {
                Sql::atom(format!("CAST({} AS INTEGER)", truth.text)).with_fault(truth.fault.clone())
            }
            exact => {
                let format = how.from.format().expect("a number has a format");
                let (up, down) = to_scale(format, digits.scale);
                let cut = self.rounded_ratio(exact, up, down, Mode::HalfAway)?;
                let cut = cut.claiming(i16::from(digits.scale))?;
                if cut.digits.whole() <= digits.whole() && !matches!(how.to, SqlType::Integer { .. }) {
                    return Ok(Written::Exact(Exact { claim: i16::from(digits.scale), ..cut.cast(digits) }));
                }
                cut.sql
            }
        };
        let tried = self.tested(of, how, &from, &format!("TRY_CAST({} AS {ty})", from.text))?;
        Ok(Written::Exact(Exact { sql: tried, digits, claim: i16::from(digits.scale), strain: None }))
    }

    /// A double as it is cast to a number: to integers halves go to even ones, in Spark by `rint`.
    fn rounded_double(&self, float: &Sql, to: SqlType) -> Write<Sql> {
        match (self.engine, to) {
            (Engine::DuckDb, _) => Ok(float.clone()),
            (Engine::Spark, SqlType::Integer { bits: ..=64, .. }) => {
                Ok(Sql::atom(format!("rint({})", float.text)).with_fault(float.fault.clone()))
            }
            (Engine::Spark, _) => Err(self.refused(
                "a double as a decimal, which Spark makes of its shortest text,",
                "leave the cast out of roles, which are rounded anyway, or write the column as a decimal",
            )),
        }
    }

    fn to_double(&self, of: &Written, how: &Cast) -> Write<Sql> {
        match of {
            Written::Float(sql) => Ok(sql.clone()),
            Written::Bool(sql) => {
                let text = format!("CAST(CAST({} AS INTEGER) AS DOUBLE)", sql.text);
                Ok(Sql::atom(text).with_fault(sql.fault.clone()))
            }
            Written::Text(sql) => {
                self.only_duckdb("a double from text", "write the column as a number")?;
                self.tested(of, how, sql, &format!("TRY_CAST({} AS DOUBLE)", sql.text))
            }
            Written::Exact(exact) => self.float_of(exact, how.from.format().expect("a number has a format")),
            _ => Err(self.refused("a quotient of columns as a double", "cast one of them to double")),
        }
    }

    fn to_truth(&self, of: &Written, how: &Cast) -> Write<Sql> {
        match of {
            Written::Bool(sql) => Ok(sql.clone()),
            Written::Text(sql) => {
                self.only_duckdb("a condition from text", "compare the text: x in ('true', 'yes')")?;
                self.tested(of, how, sql, &format!("TRY_CAST({} AS BOOLEAN)", sql.text))
            }
            Written::Exact(Exact { sql, .. }) | Written::Float(sql) => {
                let text = format!("{} <> 0", sql.at(Binds::Sum));
                Ok(Sql::new(text, Binds::Comparison).with_fault(sql.fault.clone()))
            }
            _ => Err(self.refused("a quotient as a condition", "compare its parts")),
        }
    }

    fn to_moment(&self, of: &Written, how: &Cast) -> Write<Written> {
        let zoned = how.to == SqlType::Instant;
        let wrap = |sql: Sql| {
            if how.to == SqlType::Date { Written::Date(sql) } else { Written::Instant(sql, zoned) }
        };
        let ty = match how.to {
            SqlType::Date => "DATE",
            _ => self.engine.time_type(zoned),
        };
        match of {
            Written::Text(sql) => {
                self.only_duckdb("a date or timestamp from text", "write the column as a date or timestamp")?;
                Ok(wrap(self.tested(of, how, sql, &format!("TRY_CAST({} AS {ty})", sql.text))?))
            }
            Written::Date(sql) | Written::Instant(sql, _) => {
                let becomes_instant = zoned && !matches!(of, Written::Instant(_, true));
                if becomes_instant {
                    self.check_wall()?;
                }
                let sql = Sql::atom(format!("CAST({} AS {ty})", sql.text)).with_fault(sql.fault.clone());
                Ok(wrap(sql))
            }
            other => unreachable!("bound as a moment: {other:?}"),
        }
    }

    /// Where the clock is put back a wall time occurs twice: abacus and DuckDB take the later instant, Spark the earlier.
    pub(super) fn check_wall(&self) -> Write<()> {
        let is_utc = matches!(self.zone, chrono_tz::Tz::UTC | chrono_tz::Tz::Etc__UTC);
        if self.engine == Engine::DuckDb || is_utc {
            return Ok(());
        }
        let what = "wall time as an instant, which is another one in Spark where the clock is put back,";
        Err(self.refused(what, "write the column as instants, or use wall time throughout"))
    }

    /// A cast that gives null where it fails, with the reason unless it was tried only.
    fn tested(&self, of: &Written, how: &Cast, from: &Sql, tried: &str) -> Write<Sql> {
        if how.or_null {
            return Ok(Sql::atom(tried).with_fault(from.fault.clone()));
        }
        let quote = self.engine.text("'");
        let shown = match of {
            Written::Float(sql) if self.engine == Engine::Spark => {
                format!("CAST({} AS STRING)", sql.text)
            }
            of => self.to_text(of, how.from)?.text,
        };
        let words = self.engine.text(&format!("' is no {}", how.to));
        let of = match of {
            Written::Fraction(_) => from,
            of => of.sql().expect("all others are texts"),
        };
        let failed = format!(
            "CASE WHEN {} IS NOT NULL AND {tried} IS NULL THEN concat({quote}, {shown}, {words}) END",
            of.at(Binds::Sum)
        );
        Ok(Sql::atom(tried).with_fault(first_fault([&from.fault, &Some(failed)])))
    }

    fn type_name(&self, to: SqlType) -> Write<String> {
        if self.engine == Engine::DuckDb {
            return Ok(to.to_string().to_uppercase());
        }
        Ok(match to {
            SqlType::Integer { bits: 8, signed: true } => "TINYINT".to_owned(),
            SqlType::Integer { bits: 16, signed: true } => "SMALLINT".to_owned(),
            SqlType::Integer { bits: 32, signed: true } => "INT".to_owned(),
            SqlType::Integer { bits: 64, signed: true } => "BIGINT".to_owned(),
            SqlType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
            other => {
                let way_out = "cast to bigint or to a decimal";
                return Err(self.refused(&format!("a cast to {other}"), way_out));
            }
        })
    }
}

/// The digits of a type of exact numbers.
fn held(to: SqlType) -> Digits {
    match to {
        SqlType::Decimal { precision, scale } => Digits::decimal(precision, scale),
        SqlType::Integer { bits: 8, .. } => Digits::integer(3),
        SqlType::Integer { bits: 16, .. } => Digits::integer(5),
        SqlType::Integer { bits: 32, .. } => Digits::integer(10),
        SqlType::Integer { bits: 64, signed: true } => Digits::integer(19),
        SqlType::Integer { bits: 64, signed: false } => Digits::integer(20),
        _ => Digits::integer(MOST),
    }
}
