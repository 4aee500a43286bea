//! Columns of customers, narrow and by position.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use hashbrown::HashMap;

/// A column. Where `known` is given, the other rows are null and their values mean nothing.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) data: Data,
    pub(crate) known: Option<Vec<bool>>,
}

/// What a column holds.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Counts (no scale), or money and volumes with so many digits after the point.
    Fixed(Vec<i64>, Option<u8>),
    Floats(Vec<f64>),
    /// Codes of names.
    Texts(Vec<u32>, Vec<String>),
    Flags(Vec<bool>),
    /// Days since 1970-01-01.
    Days(Vec<i32>),
    /// Microseconds since 1970-01-01.
    Instants(Vec<i64>),
}

/// A row that is not there.
pub(crate) const ABSENT: u32 = u32::MAX;

impl Values {
    /// A column without nulls.
    pub(crate) fn of(data: Data) -> Self {
        Self { data, known: None }
    }

    /// Whether a row has a value.
    pub(crate) fn is_known(&self, row: usize) -> bool {
        self.known.as_ref().is_none_or(|known| known[row])
    }

    /// The integers of counts and money; none of other columns.
    pub(crate) fn fixed(&self) -> Option<&[i64]> {
        match &self.data {
            Data::Fixed(values, _) => Some(values),
            _ => None,
        }
    }

    /// The integer of a row, where it is known.
    pub(crate) fn fixed_at(&self, row: usize) -> Option<i64> {
        self.fixed().filter(|_| self.is_known(row)).map(|values| values[row])
    }

    /// The float of a row, where it is known.
    pub(crate) fn float_at(&self, row: usize) -> Option<f64> {
        match &self.data {
            Data::Floats(values) if self.is_known(row) => Some(values[row]),
            _ => None,
        }
    }

    /// Code and name of a row, where it is known.
    pub(crate) fn text_at(&self, row: usize) -> Option<&str> {
        match &self.data {
            Data::Texts(codes, names) if self.is_known(row) => Some(&names[codes[row] as usize]),
            _ => None,
        }
    }

    /// These rows; `ABSENT` becomes null.
    pub(crate) fn gather(&self, rows: &[u32]) -> Self {
        fn take<T: Copy + Default>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values.get(*row as usize).copied().unwrap_or_default()).collect()
        }
        let data = match &self.data {
            Data::Fixed(values, scale) => Data::Fixed(take(values, rows), *scale),
            Data::Floats(values) => Data::Floats(take(values, rows)),
            Data::Texts(codes, names) => Data::Texts(take(codes, rows), names.clone()),
            Data::Flags(values) => Data::Flags(take(values, rows)),
            Data::Days(values) => Data::Days(take(values, rows)),
            Data::Instants(values) => Data::Instants(take(values, rows)),
        };
        let has_nulls = self.known.is_some() || rows.contains(&ABSENT);
        let known = |row: &u32| *row != ABSENT && self.is_known(*row as usize);
        Self { data, known: has_nulls.then(|| rows.iter().map(known).collect()) }
    }

    /// The column of an array of a published table; none of another type.
    pub(crate) fn from_array(array: &ArrayRef) -> Option<Self> {
        let known =
            (array.null_count() > 0).then(|| (0..array.len()).map(|row| array.is_valid(row)).collect());
        let data = match array.data_type() {
            DataType::Int64 => Data::Fixed(array.as_primitive::<Int64Type>().values().to_vec(), None),
            DataType::Decimal128(_, scale) => Data::Fixed(narrow(array)?, Some(u8::try_from(*scale).ok()?)),
            DataType::Float64 => Data::Floats(array.as_primitive::<Float64Type>().values().to_vec()),
            DataType::Utf8 => {
                let (codes, names) = coded(array);
                Data::Texts(codes, names)
            }
            DataType::Boolean => Data::Flags(array.as_boolean().values().iter().collect()),
            DataType::Date32 => Data::Days(array.as_primitive::<Date32Type>().values().to_vec()),
            DataType::Timestamp(_, _) => {
                Data::Instants(array.as_primitive::<TimestampMicrosecondType>().values().to_vec())
            }
            _ => return None,
        };
        Some(Self { data, known })
    }

    /// Parts one after another; names keep the order in which they are first met.
    pub(crate) fn joined(parts: Vec<Values>) -> Option<Self> {
        let rows = parts.iter().map(Values::len).sum();
        let known = parts.iter().any(|part| part.known.is_some()).then(|| {
            let of = |part: &Values| part.known.clone().unwrap_or_else(|| vec![true; part.len()]);
            parts.iter().flat_map(of).collect()
        });
        let mut parts = parts.into_iter();
        let mut data = parts.next()?.data;
        data.reserve(rows);
        for part in parts {
            data.append(part.data)?;
        }
        Some(Self { data, known })
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Fixed(values, _) | Data::Instants(values) => values.len(),
            Data::Floats(values) => values.len(),
            Data::Texts(codes, _) => codes.len(),
            Data::Flags(values) => values.len(),
            Data::Days(values) => values.len(),
        }
    }
}

impl Data {
    fn reserve(&mut self, rows: usize) {
        match self {
            Data::Fixed(values, _) | Data::Instants(values) => values.reserve_exact(rows - values.len()),
            Data::Floats(values) => values.reserve_exact(rows - values.len()),
            Data::Texts(codes, _) => codes.reserve_exact(rows - codes.len()),
            Data::Flags(values) => values.reserve_exact(rows - values.len()),
            Data::Days(values) => values.reserve_exact(rows - values.len()),
        }
    }

    /// None when the types differ.
    fn append(&mut self, other: Data) -> Option<()> {
        match (self, other) {
            (Data::Fixed(values, scale), Data::Fixed(more, other)) if *scale == other => values.extend(more),
            (Data::Floats(values), Data::Floats(more)) => values.extend(more),
            (Data::Flags(values), Data::Flags(more)) => values.extend(more),
            (Data::Days(values), Data::Days(more)) => values.extend(more),
            (Data::Instants(values), Data::Instants(more)) => values.extend(more),
            (Data::Texts(codes, names), Data::Texts(more, other)) => {
                let known = names.iter().cloned().zip(0_u32..);
                let mut known: HashMap<String, u32> = known.collect();
                let mut place = |name: String| {
                    *known.entry(name).or_insert_with_key(|name| {
                        names.push(name.clone());
                        u32::try_from(names.len() - 1).expect("names fit 32 bits")
                    })
                };
                let places: Vec<u32> = other.into_iter().map(&mut place).collect();
                codes.extend(more.into_iter().map(|code| places[code as usize]));
            }
            _ => return None,
        }
        Some(())
    }
}

/// Mantissas of decimals that fit 64 bits, as all of one customer do; none if one does not.
fn narrow(array: &ArrayRef) -> Option<Vec<i64>> {
    array.as_primitive::<Decimal128Type>().values().iter().map(|value| i64::try_from(*value).ok()).collect()
}

/// Codes by first appearance.
fn coded(array: &ArrayRef) -> (Vec<u32>, Vec<String>) {
    let texts = array.as_string::<i32>();
    let mut codes: HashMap<&str, u32> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut found = Vec::with_capacity(texts.len());
    for row in 0..texts.len() {
        let text = if texts.is_valid(row) { texts.value(row) } else { "" };
        let code = *codes.entry(text).or_insert_with(|| {
            names.push(text.to_owned());
            u32::try_from(names.len() - 1).expect("names fit 32 bits")
        });
        found.push(code);
    }
    (found, names)
}
