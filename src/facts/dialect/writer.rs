//! Writes a typed tree as text: which node is written where.

use super::digits::Digits;
use super::engine::{Engine, date};
use super::exact::{aligned, literal};
use super::sql::Sql;
use super::written::{Exact, Written};
use crate::facts::expr::node::{Kind, Node};
use crate::units::Day;
use std::collections::BTreeMap;

/// Writes the expressions of one source.
pub(crate) struct Writer<'c> {
    pub(crate) engine: Engine,
    /// Where an instant's day begins.
    pub(crate) zone: chrono_tz::Tz,
    /// By column of exact numbers: its digits in the widest type of all files.
    pub(crate) digits: &'c BTreeMap<String, Digits>,
}

/// A node as text, or what the engine cannot say of it, with the way out.
pub(super) type Write<T> = Result<T, String>;

impl Writer<'_> {
    /// Writes a node. `claim` is the power of ten that constants among its numbers are given, where it matters to a reader.
    pub(super) fn write(&self, node: &Node, claim: Option<i16>) -> Write<Written> {
        match node {
            Node::Column(name, kind) => self.column(name, *kind),
            Node::Null(kind) => Ok(self.null(*kind, claim)),
            Node::Number(mantissa) => literal(*mantissa, claim.unwrap_or(0)),
            Node::Float(value) => Ok(Written::Float(Sql::atom(self.engine.float(*value)))),
            Node::Bool(truth) => Ok(Written::Bool(Sql::atom(if *truth { "true" } else { "false" }))),
            Node::Text(text) => Ok(Written::Text(Sql::atom(self.engine.text(text)))),
            Node::Date(day) => Ok(Written::Date(Sql::atom(date(Day(*day))))),
            Node::Negate(_)
            | Node::Abs(_)
            | Node::Add(..)
            | Node::Subtract(..)
            | Node::Multiply(..)
            | Node::Divide(..)
            | Node::Quotient(..)
            | Node::Remainder(..)
            | Node::Scale(..)
            | Node::ToFloat(..)
            | Node::Rounded(..)
            | Node::RoundedFloat(..)
            | Node::Sign(_) => self.number(node, claim),
            Node::Extreme(..) | Node::Case(..) | Node::Coalesce(_) => self.choice(node, claim),
            Node::Cast(of, how) => self.cast(of, how),
            Node::Call(call, arguments) => self.call(*call, arguments),
            Node::Instant(micros) => self.moment_constant(*micros, false),
            Node::Strptime(..)
            | Node::FromEpoch(..)
            | Node::MakeDate(..)
            | Node::DateTrunc(..)
            | Node::Midnight(..)
            | Node::ToDay(..)
            | Node::DatePart(..) => self.time(node),
            Node::Compare(..)
            | Node::InList(..)
            | Node::Like(..)
            | Node::IsNull(..)
            | Node::Not(_)
            | Node::And(..)
            | Node::Or(..) => self.condition(node).map(Written::Bool),
        }
    }

    fn column(&self, name: &str, kind: Kind) -> Write<Written> {
        let sql = Sql::atom(self.engine.quoted(name));
        Ok(match kind {
            Kind::Null => Written::Null,
            Kind::Number(format) | Kind::Ratio(format) => {
                let digits =
                    *self.digits.get(name).ok_or_else(|| format!("column '{name}' has no digits"))?;
                Written::Exact(Exact { sql, digits, claim: i16::from(format.scale), strain: None })
            }
            Kind::Float => Written::Float(sql),
            Kind::Bool => Written::Bool(sql),
            Kind::Text => Written::Text(sql),
            Kind::Date => Written::Date(sql),
            Kind::Instant { zoned } => Written::Instant(sql, zoned),
        })
    }

    fn null(&self, kind: Kind, claim: Option<i16>) -> Written {
        let of = |ty: &str| Sql::atom(format!("CAST(NULL AS {ty})"));
        match kind {
            Kind::Null => Written::Null,
            Kind::Number(_) | Kind::Ratio(_) => Written::Exact(Exact {
                sql: of("DECIMAL(1, 0)"),
                digits: Digits::decimal(1, 0),
                claim: claim.unwrap_or(0),
                strain: None,
            }),
            Kind::Float => Written::Float(of("DOUBLE")),
            Kind::Bool => Written::Bool(of("BOOLEAN")),
            Kind::Text => Written::Text(of(self.engine.text_type())),
            Kind::Date => Written::Date(of("DATE")),
            Kind::Instant { zoned } => Written::Instant(of(self.engine.time_type(zoned)), zoned),
        }
    }

    /// Two operands whose mantissas are aligned: a constant takes its power of ten from the other side.
    pub(super) fn pair(&self, x: &Node, y: &Node, claim: Option<i16>) -> Write<(Written, Written)> {
        if is_flexible(x) && !is_flexible(y) {
            let y = self.write(y, claim)?;
            let x = self.write(x, y.claim().or(claim))?;
            return Ok((x, y));
        }
        let (left, right) = (self.write(x, claim)?, self.write(y, claim)?);
        if let (Node::Instant(micros), Written::Instant(_, zoned)) = (x, &right) {
            return Ok((self.moment_constant(*micros, *zoned)?, right));
        }
        if let (Written::Instant(_, zoned), Node::Instant(micros)) = (&left, y) {
            let right = self.moment_constant(*micros, *zoned)?;
            return Ok((left, right));
        }
        let right =
            if left.claim() == right.claim() { right } else { self.write(y, left.claim().or(claim))? };
        aligned(left, right)
    }

    /// Several values of one kind, aligned likewise.
    pub(super) fn alike(&self, nodes: &[&Node], claim: Option<i16>) -> Write<Vec<Written>> {
        let firm = nodes.iter().find(|node| !is_flexible(node) && !matches!(node, Node::Instant(_)));
        let firm = firm.map(|node| self.write(node, claim)).transpose()?;
        let claim = firm.as_ref().and_then(Written::claim).or(claim);
        let of = |node: &&Node| match (self.write(node, claim)?, claim) {
            (Written::Instant(..), _) if matches!(firm, Some(Written::Instant(_, true))) => match node {
                Node::Instant(micros) => self.moment_constant(*micros, true),
                node => self.write(node, claim),
            },
            (Written::Exact(exact), Some(claim)) => Ok(Written::Exact(exact.claiming(claim)?)),
            (Written::Fraction(_), _) => Err(self.refused(
                "a choice between quotients of columns",
                "round each with round(x, digits) before it is chosen",
            )),
            (other, _) => Ok(other),
        };
        nodes.iter().map(of).collect()
    }

    /// What cannot be written, and the way out.
    pub(super) fn refused(&self, what: &str, way_out: &str) -> String {
        format!("{what} cannot be written for {} so that it is exact; {way_out}", self.engine.name())
    }

    /// The text of a value that is text, a truth, a float, a day or an instant.
    pub(super) fn plain(&self, node: &Node) -> Write<Sql> {
        match self.write(node, None)? {
            Written::Null => Ok(Sql::atom("NULL")),
            Written::Fraction(_) => {
                Err(self.refused("a quotient of columns here", "round it with round(x, digits)"))
            }
            written => Ok(written.sql().expect("all others are texts").clone()),
        }
    }
}

/// Whether a node's power of ten is free: constants take that of what they stand beside.
pub(super) fn is_flexible(node: &Node) -> bool {
    match node {
        Node::Number(_) | Node::Null(_) => true,
        Node::Negate(x) | Node::Abs(x) | Node::Scale(x, _) => is_flexible(x),
        _ => false,
    }
}
