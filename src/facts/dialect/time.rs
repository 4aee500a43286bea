//! Days, wall times and instants.

use super::digits::Digits;
use super::engine::Engine;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer};
use super::written::{Exact, Written};
use crate::facts::expr::node::{Epoch, Kind, Node};
use crate::facts::expr::rounding::Mode;
use crate::pipeline::sql::{DatePart, TimeFormat, TimeItem};

impl Writer<'_> {
    pub(super) fn time(&self, node: &Node) -> Write<Written> {
        match node {
            Node::ToDay(x, zoned) => {
                let x = self.plain(x)?;
                let text = self.local_day(&x, *zoned);
                Ok(Written::Date(Sql::atom(text).with_fault(x.fault)))
            }
            Node::Midnight(x, zoned) => {
                if *zoned {
                    self.check_wall()?;
                }
                let x = self.plain(x)?;
                let text = format!("CAST({} AS {})", x.text, self.engine.time_type(*zoned));
                Ok(Written::Instant(Sql::atom(text).with_fault(x.fault), *zoned))
            }
            Node::DatePart(part, x, kind) => self.part(*part, x, *kind),
            Node::DateTrunc(unit, x, kind) => self.trunc(*unit, x, *kind),
            Node::FromEpoch(x, epoch) => self.moment_of_epoch(x, *epoch),
            Node::Strptime(x, format, or_null) => self.strptime(x, format, *or_null),
            Node::MakeDate(year, month, day) => self.make_date([year, month, day]),
            other => unreachable!("{other:?} is no time"),
        }
    }

    /// A constant: an instant or, unless what it stands beside is one, a wall time.
    pub(super) fn moment_constant(&self, micros: i64, zoned: bool) -> Write<Written> {
        let text = if zoned { self.engine.instant(micros) } else { self.engine.wall(micros) };
        let way_out = "use one of the years 1900 to 2199";
        let text = text.ok_or_else(|| self.refused("a timestamp so far away", way_out))?;
        Ok(Written::Instant(Sql::atom(text), zoned))
    }

    /// The day of an instant in the pipeline's zone, or of a wall time.
    pub(super) fn local_day(&self, x: &Sql, zoned: bool) -> String {
        match (self.engine, zoned) {
            (Engine::DuckDb, true) => {
                format!("CAST(timezone('{}', {}) AS DATE)", self.zone.name(), x.text)
            }
            // By the session's zone, which the settings make the pipeline's.
            _ => format!("CAST({} AS DATE)", x.text),
        }
    }

    /// Days since 1970-01-01.
    pub(super) fn day_number(&self, x: &Sql) -> String {
        match self.engine {
            Engine::DuckDb => format!("CAST({} - DATE '1970-01-01' AS BIGINT)", x.at(Binds::Product)),
            Engine::Spark => format!("CAST(unix_date({}) AS BIGINT)", x.text),
        }
    }

    /// Microseconds since 1970-01-01.
    pub(super) fn micros(&self, x: &Sql, zoned: bool) -> Write<String> {
        match (self.engine, zoned) {
            (Engine::DuckDb, _) => Ok(format!("epoch_us({})", x.text)),
            (Engine::Spark, true) => Ok(format!("unix_micros({})", x.text)),
            (Engine::Spark, false) => {
                Err(self.refused("a wall time as a number", "use its date, or write it as text"))
            }
        }
    }

    fn part(&self, part: DatePart, x: &Node, kind: Kind) -> Write<Written> {
        let x = self.plain(x)?;
        let zoned = kind == Kind::Instant { zoned: true };
        if part == DatePart::Epoch {
            let micros = match kind {
                Kind::Date => format!("CAST({} AS DECIMAL(19, 0)) * 86400000000", self.day_number(&x)),
                _ => format!("CAST({} AS DECIMAL(19, 0))", self.micros(&x, zoned)?),
            };
            let sql = Sql::new(format!("{micros} * 0.000001"), Binds::Product).with_fault(x.fault);
            return Ok(Written::Exact(Exact { sql, digits: Digits::decimal(26, 6), claim: 6, strain: None }));
        }
        let text = match self.engine {
            Engine::DuckDb => {
                let of = match kind {
                    Kind::Instant { zoned: true } => format!("timezone('{}', {})", self.zone.name(), x.text),
                    Kind::Date => format!("CAST({} AS TIMESTAMP)", x.text),
                    _ => x.text.clone(),
                };
                format!("{}({of})", duckdb_part(part))
            }
            Engine::Spark => spark_part(part, &x.text, kind),
        };
        let sql = Sql::atom(format!("CAST({text} AS INTEGER)")).with_fault(x.fault);
        Ok(Written::Exact(Exact { sql, digits: Digits::integer(10), claim: 0, strain: None }))
    }

    fn trunc(&self, unit: DatePart, x: &Node, kind: Kind) -> Write<Written> {
        let zoned = kind == Kind::Instant { zoned: true };
        let is_within_day = matches!(unit, DatePart::Hour | DatePart::Minute | DatePart::Second);
        if is_within_day && (zoned || self.engine == Engine::Spark) {
            let what = "date_trunc() to hours, minutes or seconds";
            return Err(self.refused(what, "truncate to a day, or use wall time"));
        }
        let x = self.plain(x)?;
        let day = self.local_day(&x, zoned);
        let text = match self.engine {
            Engine::DuckDb if is_within_day => {
                format!("date_trunc('{}', CAST({} AS TIMESTAMP))", duckdb_part(unit), x.text)
            }
            Engine::DuckDb => format!("date_trunc('{}', {day})", duckdb_part(unit)),
            Engine::Spark => match unit {
                DatePart::Year => format!("trunc({day}, 'YEAR')"),
                DatePart::Quarter => format!("trunc({day}, 'QUARTER')"),
                DatePart::Month => format!("trunc({day}, 'MM')"),
                DatePart::Week => format!("trunc({day}, 'WEEK')"),
                DatePart::IsoYear => {
                    let way_out = "truncate to a week or a year";
                    return Err(self.refused("date_trunc() to the year of ISO weeks", way_out));
                }
                _ => day,
            },
        };
        if zoned {
            self.check_wall()?;
        }
        let text = format!("CAST({text} AS {})", self.engine.time_type(zoned));
        Ok(Written::Instant(Sql::atom(text).with_fault(x.fault), zoned))
    }

    fn moment_of_epoch(&self, x: &Node, epoch: Epoch) -> Write<Written> {
        let written = self.write(x, epoch.format.map(|format| i16::from(format.scale)))?;
        let (micros, fault, of) = match (&written, epoch.format) {
            (Written::Null, _) => return Ok(Written::Null),
            (Written::Float(sql), _) if self.engine == Engine::DuckDb => {
                let micros =
                    format!("round({} * {}.0::DOUBLE)", sql.at(Binds::Product), epoch.micros_per_unit);
                let near = format!("CASE WHEN abs({micros}) < 9.2e18::DOUBLE THEN {micros} END");
                (near, sql.fault.clone(), sql.text.clone())
            }
            (Written::Exact(exact), Some(format)) => {
                let micros = i128::from(epoch.micros_per_unit);
                let rounded = self
                    .rounded_ratio(&written, micros, format.denominator(), Mode::HalfAway)?
                    .claiming(0)?;
                (rounded.sql.text, exact.sql.fault.clone(), exact.sql.at(Binds::Sum))
            }
            _ => {
                let way_out = "round it to whole units with cast(x as bigint)";
                return Err(self.refused("a time from this number", way_out));
            }
        };
        let micros = format!("TRY_CAST({micros} AS BIGINT)");
        let text = match (self.engine, epoch.zoned) {
            (Engine::DuckDb, true) => format!("timezone('UTC', make_timestamp({micros}))"),
            (Engine::DuckDb, false) => format!("make_timestamp({micros})"),
            (Engine::Spark, true) => format!("timestamp_micros({micros})"),
            (Engine::Spark, false) => {
                format!("TIMESTAMP_NTZ'1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, {micros} * 0.000001)")
            }
        };
        let outside = format!("CASE WHEN {of} IS NOT NULL AND {micros} IS NULL THEN 'date out of range' END");
        let sql = Sql::atom(text).with_fault(first_fault([&fault, &Some(outside)]));
        Ok(Written::Instant(sql, epoch.zoned))
    }

    fn strptime(&self, x: &Node, format: &TimeFormat, or_null: bool) -> Write<Written> {
        if self.engine == Engine::Spark {
            let way_out = "write the column as a date or timestamp, or let DuckDB read it";
            return Err(self.refused("a time of a given format", way_out));
        }
        let x = self.plain(x)?;
        let tried = format!("try_strptime({}, {})", x.text, self.engine.text(&format_text(format)));
        let failed = format!(
            "CASE WHEN {} IS NOT NULL AND {tried} IS NULL THEN concat('''', {}, ''' is no time of the given format') END",
            x.at(Binds::Sum),
            x.text
        );
        let failed = (!or_null).then_some(failed);
        let sql = Sql::atom(tried).with_fault(first_fault([&x.fault, &failed]));
        Ok(Written::Instant(sql, format.is_instant()))
    }

    fn make_date(&self, parts: [&Node; 3]) -> Write<Written> {
        if self.engine == Engine::Spark {
            return Err(self.refused("make_date(), which fails on a bad date,", "write the column as a date"));
        }
        let mut texts = Vec::new();
        let mut faults = Vec::new();
        for part in parts {
            let Written::Exact(exact) = self.write(part, Some(0))? else { return Ok(Written::Null) };
            faults.push(exact.sql.fault.clone());
            texts.push(format!("CAST({} AS BIGINT)", exact.claiming(0)?.sql.text));
        }
        let tried = format!("TRY(make_date({}))", texts.join(", "));
        let known: Vec<String> = texts.iter().map(|text| format!("{text} IS NOT NULL")).collect();
        let failed = format!(
            "CASE WHEN {} AND {tried} IS NULL THEN concat('''', {}, ''' is no date') END",
            known.join(" AND "),
            texts.join(", '-', ")
        );
        faults.push(Some(failed));
        Ok(Written::Date(Sql::atom(tried).with_fault(first_fault(&faults))))
    }
}

/// The function, or the unit, of a part.
fn duckdb_part(part: DatePart) -> &'static str {
    match part {
        DatePart::Year => "year",
        DatePart::IsoYear => "isoyear",
        DatePart::Quarter => "quarter",
        DatePart::Month => "month",
        DatePart::Week => "week",
        DatePart::Day => "day",
        DatePart::DayOfWeek => "dayofweek",
        DatePart::IsoDayOfWeek => "isodow",
        DatePart::DayOfYear => "dayofyear",
        DatePart::Hour => "hour",
        DatePart::Minute => "minute",
        DatePart::Second => "second",
        DatePart::Epoch => "epoch",
    }
}

/// Spark counts days of the week from 1, Sunday; a date has no hours.
fn spark_part(part: DatePart, x: &str, kind: Kind) -> String {
    let is_date = kind == Kind::Date;
    match part {
        DatePart::Hour | DatePart::Minute | DatePart::Second if is_date => {
            format!("CASE WHEN {x} IS NOT NULL THEN 0 END")
        }
        DatePart::DayOfWeek => format!("dayofweek({x}) - 1"),
        DatePart::IsoDayOfWeek => format!("weekday({x}) + 1"),
        DatePart::IsoYear => format!("extract(YEAROFWEEK FROM {x})"),
        DatePart::Week => format!("weekofyear({x})"),
        other => format!("{}({x})", duckdb_part(other)),
    }
}

/// A format as DuckDB writes it.
fn format_text(format: &TimeFormat) -> String {
    let mut text = String::new();
    for item in &format.items {
        match item {
            TimeItem::Character('%') => text.push_str("%%"),
            TimeItem::Character(other) => text.push(*other),
            TimeItem::Spaces => text.push(' '),
            TimeItem::Year => text.push_str("%Y"),
            TimeItem::ShortYear => text.push_str("%y"),
            TimeItem::Month => text.push_str("%m"),
            TimeItem::MonthName => text.push_str("%B"),
            TimeItem::ShortMonthName => text.push_str("%b"),
            TimeItem::Day => text.push_str("%d"),
            TimeItem::DayOfYear => text.push_str("%j"),
            TimeItem::WeekdayName => text.push_str("%A"),
            TimeItem::ShortWeekdayName => text.push_str("%a"),
            TimeItem::Hour => text.push_str("%H"),
            TimeItem::HourOfHalf => text.push_str("%I"),
            TimeItem::Half => text.push_str("%p"),
            TimeItem::Minute => text.push_str("%M"),
            TimeItem::Second => text.push_str("%S"),
            TimeItem::Fraction => text.push_str("%f"),
            TimeItem::Offset => text.push_str("%z"),
        }
    }
    text
}
