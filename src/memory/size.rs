//! A memory budget as a user writes it: a number and a unit, `512MiB` or `4 GB`.

use crate::units::Decimal;
use std::fmt;
use std::str::FromStr;

/// Bytes of memory that a run may take, at least as many as one can work in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

/// Below this, the program and the row groups that its threads read leave nothing to share out.
const LEAST: u64 = 64 << 20;

/// Binary units, then decimal ones.
const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

impl MemorySize {
    /// In bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for MemorySize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || {
            let units: Vec<&str> = UNITS.iter().map(|(unit, _)| *unit).collect();
            format!(
                "'{text}' is no amount of memory; write a number and one of the units {}, such as 512MiB",
                units.join(", ")
            )
        };
        let unit_at = text.find(|letter: char| letter.is_ascii_alphabetic()).ok_or_else(unknown)?;
        let (number, unit) = (text[..unit_at].trim(), text[unit_at..].trim());
        let (_, unit_bytes) =
            UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(unknown)?;
        let number = number.parse::<Decimal>().map_err(|_| unknown())?;
        let divisor = 10_i128.pow(u32::from(number.scale));
        let bytes = number.mantissa.saturating_mul(i128::from(*unit_bytes)) / divisor;
        if bytes < i128::from(LEAST) {
            return Err(format!("'{text}' is too little memory to run in; give at least {}", Self(LEAST)));
        }
        // What cannot even be addressed is no limit.
        Ok(Self(u64::try_from(bytes).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for MemorySize {
    /// In the largest binary unit of which it is a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary = UNITS.iter().take(5).rev();
        let (unit, bytes) =
            binary.copied().find(|(_, bytes)| self.0.is_multiple_of(*bytes)).unwrap_or(UNITS[0]);
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_are_read_and_written() {
        let cases = [
            ("512MiB", 512 << 20, "512MiB"),
            ("1.5 GiB", 3 << 29, "1536MiB"),
            ("4gb", 4_000_000_000, "3906250KiB"),
            ("67108864 B", LEAST, "64MiB"),
            ("2TiB", 2 << 40, "2TiB"),
        ];
        for (text, bytes, written) in cases {
            let size: MemorySize = text.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string().as_str()), (bytes, written), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_and_what_is_too_small_is_refused_with_a_way_out() {
        for text in ["", "512", "MiB", "x MiB", "512 MiX", "1e3 MiB", "1 MiB MiB"] {
            let fault = text.parse::<MemorySize>().unwrap_err();
            assert!(fault.contains("is no amount of memory"), "{fault}");
        }
        for text in ["63MiB", "0B", "-1GiB"] {
            let fault = text.parse::<MemorySize>().unwrap_err();
            assert!(fault.contains("give at least 64MiB"), "{fault}");
        }
        assert_eq!("99999999 TiB".parse::<MemorySize>().unwrap().bytes(), u64::MAX);
    }
}
