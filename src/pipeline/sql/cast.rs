//! The types of casts.

use std::fmt;

/// A type that values are cast to, with DuckDB's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// `varchar`.
    Text,
    /// `tinyint` to `hugeint` and `utinyint` to `ubigint`.
    Integer {
        /// 8, 16, 32, 64 or 128.
        bits: u8,
        /// Whether it holds negative numbers.
        signed: bool,
    },
    /// `decimal(precision, scale)`.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `float`, 32 bits.
    Float,
    /// `double`, 64 bits.
    Double,
    /// `boolean`.
    Bool,
    /// `date`.
    Date,
    /// `timestamp`: wall time.
    Timestamp,
    /// `timestamptz`: an instant.
    Instant,
}

const INTEGERS: [(&str, u8, bool, &[&str]); 9] = [
    ("tinyint", 8, true, &["int1"]),
    ("smallint", 16, true, &["int2", "int16", "short"]),
    ("integer", 32, true, &["int", "int4", "int32", "signed"]),
    ("bigint", 64, true, &["int8", "int64", "long"]),
    ("hugeint", 128, true, &["int128"]),
    ("utinyint", 8, false, &["uint8"]),
    ("usmallint", 16, false, &["uint16"]),
    ("uinteger", 32, false, &["uint32"]),
    ("ubigint", 64, false, &["uint64"]),
];

/// The message for a cast to another type.
pub(super) const TYPES: &str = "varchar, tinyint, smallint, integer, bigint, hugeint, utinyint, usmallint, uinteger, \
    ubigint, decimal(p, s), float, double, boolean, date, timestamp and timestamptz";

impl SqlType {
    /// The type of this name, as sqlparser prints it.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let (word, arguments) = match name.split_once('(') {
            Some((word, rest)) => (word.trim(), Some(rest.strip_suffix(')')?)),
            None => (name.as_str(), None),
        };
        if let "decimal" | "numeric" | "dec" = word {
            return Self::decimal(arguments);
        }
        if let "varchar" | "text" | "string" | "char" | "bpchar" = word {
            return Some(Self::Text);
        }
        if arguments.is_some() {
            return None;
        }
        let integer = INTEGERS.iter().find(|(known, .., more)| *known == word || more.contains(&word));
        if let Some((_, bits, signed, _)) = integer {
            return Some(Self::Integer { bits: *bits, signed: *signed });
        }
        Some(match word {
            "float" | "real" | "float4" => Self::Float,
            "double" | "double precision" | "float8" => Self::Double,
            "boolean" | "bool" | "logical" => Self::Bool,
            "date" => Self::Date,
            "timestamp" | "datetime" | "timestamp without time zone" => Self::Timestamp,
            "timestamptz" | "timestamp with time zone" => Self::Instant,
            _ => return None,
        })
    }

    /// `decimal` alone is `decimal(18, 3)`, as in DuckDB.
    fn decimal(arguments: Option<&str>) -> Option<Self> {
        let (precision, scale) = match arguments {
            None => (18, 3),
            Some(arguments) => match arguments.split_once(',') {
                Some((precision, scale)) => (precision.trim().parse().ok()?, scale.trim().parse().ok()?),
                None => (arguments.trim().parse().ok()?, 0),
            },
        };
        // Denominators of more than 35 digits leave no room for mantissas.
        let holds = (1..=38).contains(&precision) && scale <= precision && scale <= 35;
        holds.then_some(Self::Decimal { precision, scale })
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Integer { bits, signed } => {
                let is_this = |(_, of, with, _): &&(_, u8, bool, _)| *of == bits && *with == signed;
                f.write_str(INTEGERS.iter().find(is_this).expect("integers have these widths").0)
            }
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Self::Text => f.write_str("varchar"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Bool => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Instant => f.write_str("timestamptz"),
        }
    }
}
