//! Optional numbers in four bytes each: a source may have many more rows than there are customers.

/// Numbers of a column, of which any may be missing.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    codes: Vec<i32>,
    wide: WideNumbers,
}

/// Those that do not fit the 31 bits of a code.
#[derive(Debug, Clone, Default)]
struct WideNumbers(Vec<i64>);

/// The code of no number.
const ABSENT: i32 = i32::MIN;
/// Numbers above are their own code; codes from `ABSENT` + 1 up to here count through the wide ones.
const LAST_WIDE: i32 = i32::MIN / 2;

impl Numbers {
    /// Room for so many rows.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { codes: Vec::with_capacity(rows), wide: WideNumbers::default() }
    }

    pub(crate) fn push(&mut self, number: Option<i64>) {
        let code = self.wide.pack(number);
        self.codes.push(code);
    }

    /// Of every row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        self.codes.iter().map(|code| self.wide.number(*code))
    }

    /// The number of a row.
    pub fn get(&self, row: usize) -> Option<i64> {
        self.wide.number(self.codes[row])
    }
}

impl FromIterator<Option<i64>> for Numbers {
    fn from_iter<I: IntoIterator<Item = Option<i64>>>(numbers: I) -> Self {
        let mut packed = Self::default();
        numbers.into_iter().for_each(|number| packed.push(number));
        packed
    }
}

impl WideNumbers {
    /// The code of a number.
    fn pack(&mut self, number: Option<i64>) -> i32 {
        let Some(number) = number else { return ABSENT };
        match i32::try_from(number) {
            Ok(narrow) if narrow > LAST_WIDE => narrow,
            _ => {
                self.0.push(number);
                let code = i32::try_from(self.0.len()).ok().map(|count| ABSENT + count);
                code.filter(|code| *code <= LAST_WIDE).expect("fewer than 2^30 numbers of more than 30 bits")
            }
        }
    }

    /// The number of a code.
    fn number(&self, code: i32) -> Option<i64> {
        match code {
            ABSENT => None,
            code if code > LAST_WIDE => Some(i64::from(code)),
            code => Some(self.0[code.abs_diff(ABSENT) as usize - 1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_kept() {
        let last = i64::from(LAST_WIDE);
        let all = [
            None,
            Some(0),
            Some(-1),
            Some(80_000),
            Some(last),
            Some(last + 1),
            Some(i64::MAX),
            Some(i64::MIN),
        ];
        let packed: Numbers = all.into_iter().collect();
        for (row, number) in all.into_iter().enumerate() {
            assert_eq!(packed.get(row), number);
        }
    }
}
