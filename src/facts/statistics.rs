//! Which days a row group can hold, by the statistics of its footer.

use super::constant::ConstantColumn;
use super::expr::Bound;
use super::input::InputFile;
use crate::pipeline::DayBounds;
use crate::units::{Day, MICROS_PER_DAY};
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

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

impl Days {
    /// Those within the bounds.
    pub(crate) fn within(self, bounds: DayBounds) -> Self {
        let Days::Between(first, last) = self else { return self };
        let first = bounds.earliest.map_or(first, |earliest| first.max(earliest));
        let last = bounds.latest.map_or(last, |latest| last.min(latest));
        if first <= last { Days::Between(first, last) } else { Days::None }
    }
}

/// The days of each row group.
pub(crate) fn row_group_days(file: &InputFile, at: &Bound, zone: chrono_tz::Tz) -> Vec<Days> {
    let metadata = file.metadata.metadata();
    let days = |row_group| days_of(file, row_group, at, zone).unwrap_or(Days::Unknown);
    metadata.row_groups().iter().map(days).collect()
}

fn days_of(file: &InputFile, row_group: &RowGroupMetaData, at: &Bound, zone: chrono_tz::Tz) -> Option<Days> {
    if row_group.num_rows() == 0 {
        return Some(Days::None);
    }
    let column = at.is_column()?;
    if let Some(constant) = file.constant(column) {
        return constant_days(constant, zone);
    }
    let field = file.schema().field_with_name(column).ok()?;
    let chunk = row_group.columns().iter().find(|chunk| chunk.column_path().string() == column)?;
    let statistics = chunk.statistics()?;
    if statistics.null_count_opt().and_then(|nulls| i64::try_from(nulls).ok()) == Some(row_group.num_rows()) {
        return Some(Days::None);
    }
    let (low, high) = bounds(statistics)?;
    let (first, last) = to_days(field.data_type(), low, high, zone)?;
    Some(Days::Between(first, last))
}

fn constant_days(column: &ConstantColumn, zone: chrono_tz::Tz) -> Option<Days> {
    if column.value().is_null(0) {
        return Some(Days::None);
    }
    let wide = cast(column.value(), &DataType::Int64).ok()?;
    let value = wide.as_primitive::<Int64Type>().value(0);
    let (first, last) = to_days(column.field().data_type(), value, value, zone)?;
    Some(Days::Between(first, last))
}

fn bounds(statistics: &Statistics) -> Option<(i64, i64)> {
    match statistics {
        Statistics::Int32(values) => Some((i64::from(*values.min_opt()?), i64::from(*values.max_opt()?))),
        Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
        _ => None,
    }
}

fn to_days(data_type: &DataType, low: i64, high: i64, zone: chrono_tz::Tz) -> Option<(Day, Day)> {
    let per_day = match data_type {
        DataType::Date32 => 1,
        DataType::Date64 => MICROS_PER_DAY / 1_000,
        DataType::Timestamp(TimeUnit::Second, _) => MICROS_PER_DAY / 1_000_000,
        DataType::Timestamp(TimeUnit::Millisecond, _) => MICROS_PER_DAY / 1_000,
        DataType::Timestamp(TimeUnit::Microsecond, _) => MICROS_PER_DAY,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => MICROS_PER_DAY * 1_000,
        _ => return None,
    };
    // Away from UTC an instant may fall on a neighbouring day.
    let zoned = matches!(data_type, DataType::Timestamp(_, Some(_))) && zone != chrono_tz::UTC;
    let slack = i32::from(zoned);
    let day = |value: i64| i32::try_from(value.div_euclid(per_day)).ok();
    let clamp = |day: i32| Day(day.clamp(Day::MIN.0, Day::END.0 - 1));
    Some((clamp(day(low)?.saturating_sub(slack)), clamp(day(high)?.saturating_add(slack))))
}
