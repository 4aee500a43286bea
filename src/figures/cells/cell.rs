//! A value as a release publishes it, and how it is shown.

use super::shown::{decimal, float, share};
use super::unit::Unit;
use super::value::Value;
use crate::figures::html::escaped;
use crate::report::grouped;
use std::sync::Arc;

/// A published value with its unit.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) value: Value,
    pub(crate) unit: Arc<Unit>,
}

impl Cell {
    /// Whether there is a value.
    pub(crate) fn is_there(&self) -> bool {
        self.value != Value::Missing
    }

    /// A text, empty where there is none.
    pub(crate) fn name(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            _ => "",
        }
    }

    /// Whether it is this text.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(&self.value, Value::Text(own) if own == text)
    }

    /// A whole number, none for other values.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// A number to be drawn, of a day its days since 1970-01-01; none where the value is missing.
    pub(crate) fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Missing => None,
            Value::Integer(number) => Some(*number as f64),
            Value::Decimal(decimal) => Some(decimal.mantissa as f64 / 10_f64.powi(decimal.scale.into())),
            Value::Float(number) => Some(*number),
            Value::Day(day) => Some(day.0.into()),
            Value::Text(text) => panic!("'{text}' is no number to draw"),
        }
    }

    /// Whether it is a number below zero.
    pub(crate) fn is_negative(&self) -> bool {
        self.number().is_some_and(|number| number < 0.0)
    }

    /// Whether it is a number above zero.
    pub(crate) fn is_positive(&self) -> bool {
        self.number().is_some_and(|number| number > 0.0)
    }

    /// The value with all its digits; empty where there is none.
    pub(crate) fn exact(&self) -> String {
        match &self.value {
            Value::Missing => String::new(),
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Decimal(decimal) => decimal.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Day(day) => day.to_string(),
        }
    }

    /// As a person reads it, rounded, without its unit; not escaped.
    pub(crate) fn text(&self) -> String {
        match (&self.value, &*self.unit) {
            (Value::Missing, _) => "–".to_owned(),
            // Keys, places and bins have no unit, and are names more than numbers.
            (Value::Integer(number), Unit::Named(unit)) if unit.is_empty() => number.to_string(),
            (Value::Integer(number), _) => grouped((*number).into()),
            (Value::Decimal(number), Unit::Money(_)) => decimal(*number, 2, 2),
            (Value::Decimal(number), _) => decimal(*number, 0, 2),
            (Value::Float(number), Unit::Share) => share(*number),
            (Value::Float(number), Unit::Money(_)) => float(*number, 2),
            (Value::Float(number), Unit::Named(_)) if number.fract() == 0.0 => float(*number, 0),
            (Value::Float(number), Unit::Named(_)) => float(*number, if number.abs() < 10.0 { 3 } else { 1 }),
            (Value::Text(_) | Value::Day(_), _) => self.exact(),
        }
    }

    /// The same for HTML, with the exact value for programs and tests.
    pub(crate) fn html(&self) -> String {
        let text = escaped(&self.text());
        match self.value {
            Value::Integer(_) | Value::Decimal(_) | Value::Float(_) => {
                format!("<data value=\"{}\">{text}</data>", self.exact())
            }
            Value::Day(_) => format!("<time>{text}</time>"),
            _ => text,
        }
    }

    /// The same with its unit, as a part of a sentence.
    pub(crate) fn words(&self) -> String {
        match &*self.unit {
            Unit::Money(currency) => format!("{}\u{a0}{}", self.html(), escaped(currency)),
            Unit::Named(word) if !word.is_empty() => format!("{} {}", self.html(), escaped(word)),
            _ => self.html(),
        }
    }

    /// Whether it is money.
    pub(crate) fn is_money(&self) -> bool {
        matches!(*self.unit, Unit::Money(_))
    }

    /// Whether it is a number, which tables align by its end.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.value, Value::Integer(_) | Value::Decimal(_) | Value::Float(_))
    }
}
