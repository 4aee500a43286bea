//! Statistics of row groups: which days a row group can hold, as its footer claims, and the proof that it does.
//!
//! They decide which periods a row group is read for, and when a period has all its rows. A wrong one would leave rows
//! out, so every day that is read is held against them.

use super::constant::ConstantColumn;
use super::input_file::InputFile;
use super::source::Source;
use crate::error::{Error, Result};
use crate::facts::expr::{Bound, Instants};
use crate::pipeline::DayBounds;
use crate::units::{Day, MICROS_PER_DAY};
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit as StoredUnit, Type as Physical};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;

/// The days a row group can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Days {
    /// Statistics do not tell.
    Unknown,
    /// It has no row with a date.
    None,
    /// From the first to the last.
    Between(Day, Day),
}

/// The way out of every contradiction.
const WAY_OUT: &str = "write the file again, or read it without them: trust_statistics = false in its source";

impl Days {
    /// Those within the bounds.
    pub(crate) fn within(self, bounds: DayBounds) -> Self {
        let Days::Between(first, last) = self else { return self };
        let first = bounds.earliest.map_or(first, |earliest| first.max(earliest));
        let last = bounds.latest.map_or(last, |latest| last.min(latest));
        if first <= last { Days::Between(first, last) } else { Days::None }
    }

    /// Holds the days of a batch against these; `span` is the least and the greatest of them.
    ///
    /// # Errors
    /// Names the first row that the statistics exclude.
    pub(crate) fn check(
        self,
        instants: &Instants,
        span: (i32, i32),
        first_row: u64,
        column: &str,
    ) -> Result<()> {
        let is_allowed = |day: i32| match self {
            Self::Unknown => true,
            Self::None => false,
            Self::Between(first, last) => (first.0..=last.0).contains(&day),
        };
        if is_allowed(span.0) && is_allowed(span.1) {
            return Ok(());
        }
        // Rows without a usable date have day 0, of which the statistics need know nothing.
        let mut faults = instants.faults.iter().map(|(row, _)| *row as usize).peekable();
        for (row, day) in instants.days.iter().enumerate() {
            let is_usable = faults.next_if_eq(&row).is_none()
                && instants.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            if is_usable && !is_allowed(*day) {
                let (row, day) = (first_row + row as u64, Day(*day));
                return Err(Error::input(format!(
                    "column '{column}' row {row} is of {day}, and the statistics of the row group claim {}; {WAY_OUT}",
                    self.words()
                )));
            }
        }
        Ok(())
    }

    fn words(self) -> String {
        match self {
            Self::Unknown => "nothing".to_owned(),
            Self::None => "that it has no date".to_owned(),
            Self::Between(first, last) => format!("{first} to {last}"),
        }
    }
}

/// The days of each row group.
///
/// # Errors
/// Statistics whose least value is above the greatest.
pub(crate) fn row_group_days(file: &InputFile, source: &Source, zone: chrono_tz::Tz) -> Result<Vec<Days>> {
    let row_groups = file.metadata.metadata().row_groups();
    let all = |days: Days| Ok(vec![days; row_groups.len()]);
    if let Some(constant) = source.at.is_column().and_then(|name| file.constant(file.stored_name(name)?)) {
        return all(constant_days(constant, zone).unwrap_or(Days::Unknown));
    }
    if !source.trusts_statistics {
        return all(Days::Unknown);
    }
    let Some(column) = DateColumn::of(file, &source.at) else { return all(Days::Unknown) };
    let days = |(number, row_group): (usize, &RowGroupMetaData)| {
        let statistics = row_group.column(column.leaf).statistics();
        if let Some((low, high)) = statistics.and_then(bounds)
            && low > high
        {
            let (path, name) = (file.path.display(), column.name);
            return Err(Error::input(format!(
                "{path}: row group {number} column '{name}' has statistics whose least value, {low}, is above the greatest, \
                 {high}; {WAY_OUT}"
            )));
        }
        Ok(column.days_of(row_group, zone).unwrap_or(Days::Unknown))
    };
    row_groups.iter().enumerate().map(days).collect()
}

/// The column that rows are dated by, as the file stores it.
struct DateColumn<'f> {
    name: &'f str,
    leaf: usize,
    /// Stored units in a day.
    per_day: i64,
    is_instant: bool,
}

impl<'f> DateColumn<'f> {
    fn of(file: &'f InputFile, at: &'f Bound) -> Option<Self> {
        let name = file.stored_name(at.is_column()?)?;
        let leaf = file.leaf_of(name)?;
        let data_type = file.metadata.schema().field(file.root_of(name)?).data_type();
        let per_day = units_per_day(&file.metadata.parquet_schema().column(leaf), data_type)?;
        Some(Self { name, leaf, per_day, is_instant: is_instant(data_type) })
    }

    fn days_of(&self, row_group: &RowGroupMetaData, zone: chrono_tz::Tz) -> Option<Days> {
        if row_group.num_rows() == 0 {
            return Some(Days::None);
        }
        let statistics = row_group.column(self.leaf).statistics()?;
        if statistics.null_count_opt().and_then(|nulls| i64::try_from(nulls).ok())
            == Some(row_group.num_rows())
        {
            return Some(Days::None);
        }
        Some(between(bounds(statistics)?, self.per_day, self.is_instant, zone))
    }
}

/// The days of a column that is constant over its file, which no footer has to vouch for.
fn constant_days(column: &ConstantColumn, zone: chrono_tz::Tz) -> Option<Days> {
    if column.value().is_null(0) {
        return Some(Days::None);
    }
    let data_type = column.field().data_type();
    let per_day = match data_type {
        DataType::Date32 => 1,
        other => arrow_units_per_day(other)?,
    };
    let wide = cast(column.value(), &DataType::Int64).ok()?;
    let value = wide.as_primitive::<Int64Type>().value(0);
    Some(between((value, value), per_day, is_instant(data_type), zone))
}

fn is_instant(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, Some(_)))
}

fn between((low, high): (i64, i64), per_day: i64, is_instant: bool, zone: chrono_tz::Tz) -> Days {
    // Away from UTC an instant may fall on a neighbouring day.
    let slack = i64::from(is_instant && zone != chrono_tz::UTC);
    let (low, high) = (low.div_euclid(per_day), high.div_euclid(per_day));
    Days::Between(clamped(low.saturating_sub(slack)), clamped(high.saturating_add(slack)))
}

/// Days outside the plausible range are quarantined, whatever the statistics say of them.
fn clamped(day: i64) -> Day {
    let day = day.clamp(i64::from(Day::MIN.0), i64::from(Day::END.0) - 1);
    Day(i32::try_from(day).expect("plausible days fit 32 bits"))
}

fn bounds(statistics: &Statistics) -> Option<(i64, i64)> {
    match statistics {
        Statistics::Int32(values) => Some((i64::from(*values.min_opt()?), i64::from(*values.max_opt()?))),
        Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
        // The order of INT96 was never defined, so that writers differ.
        _ => None,
    }
}

/// Units of the stored values, and so of the statistics, in a day. Arrow's type may be of another unit: what it calls
/// Date64 is stored in days, and pyarrow stores its seconds as milliseconds.
fn units_per_day(column: &ColumnDescriptor, data_type: &DataType) -> Option<i64> {
    let (millis, micros) = (MICROS_PER_DAY / 1_000, MICROS_PER_DAY);
    let is_date = column.logical_type_ref() == Some(&LogicalType::Date)
        || column.converted_type() == ConvertedType::DATE;
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT32, _, _) if is_date => Some(1),
        (Physical::INT64, Some(LogicalType::Timestamp(timestamp)), _) => Some(match timestamp.unit {
            StoredUnit::MILLIS => millis,
            StoredUnit::MICROS => micros,
            StoredUnit::NANOS => micros * 1_000,
        }),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS) => Some(millis),
        (Physical::INT64, None, ConvertedType::TIMESTAMP_MICROS) => Some(micros),
        // Plain integers that only the Arrow schema in the footer makes dates, in its own units.
        (Physical::INT64, None, ConvertedType::NONE) => arrow_units_per_day(data_type),
        _ => None,
    }
}

/// Units of a date or timestamp in 64 bits in a day.
fn arrow_units_per_day(data_type: &DataType) -> Option<i64> {
    let per_second = match data_type {
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        DataType::Timestamp(TimeUnit::Second, _) => 1,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 1_000_000_000,
        _ => return None,
    };
    Some(MICROS_PER_DAY / 1_000_000 * per_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::expr::Fault;
    use arrow::buffer::NullBuffer;

    fn instants(days: &[i32], nulls: Option<Vec<bool>>, faults: &[u32]) -> Instants {
        Instants {
            days: days.to_vec(),
            micros: vec![0; days.len()].into(),
            nulls: nulls.map(NullBuffer::from),
            faults: faults.iter().map(|row| (*row, Fault::OutOfRange)).collect(),
        }
    }

    fn check(claim: Days, instants: &Instants) -> Result<()> {
        let (least, most) = (instants.days.iter().min().unwrap(), instants.days.iter().max().unwrap());
        claim.check(instants, (*least, *most), 1_000, "day")
    }

    #[test]
    fn a_day_outside_the_claim_is_told_with_its_row() {
        let january = Days::Between(Day(19_723), Day(19_753));
        for (days, row) in [(vec![19_723, 19_754], 1), (vec![19_722, 19_740], 0), (vec![0, 19_740], 0)] {
            let message = check(january, &instants(&days, None, &[])).unwrap_err().messages.join("");
            assert!(message.contains(&format!("row {}", 1_000 + row)), "{message}");
            assert!(message.contains("claim 2024-01-01 to 2024-01-31"), "{message}");
        }
        assert!(check(january, &instants(&[19_723, 19_753], None, &[])).is_ok());
        assert!(check(Days::Unknown, &instants(&[5], None, &[])).is_ok());
    }

    #[test]
    fn rows_without_a_usable_date_contradict_nothing() {
        let january = Days::Between(Day(19_723), Day(19_753));
        let nulls = Some(vec![true, false, true]);
        assert!(check(january, &instants(&[19_730, 0, 19_731], nulls.clone(), &[])).is_ok());
        assert!(check(january, &instants(&[19_730, 0, 0], nulls, &[2])).is_ok());
        assert!(check(Days::None, &instants(&[0], Some(vec![false]), &[])).is_ok());
        assert!(check(Days::None, &instants(&[0], None, &[])).is_err());
    }
}
