//! Which days a row group can hold, by the statistics of its footer.

use super::expr::Bound;
use super::input::InputFile;
use crate::units::{Day, MICROS_PER_DAY};
use arrow::datatypes::{DataType, TimeUnit};
use parquet::file::statistics::Statistics;

/// First and last day of each row group; `None` where statistics do not tell.
pub(crate) fn row_group_days(file: &InputFile, at: &Bound, zone: chrono_tz::Tz) -> Vec<Option<(Day, Day)>> {
    let metadata = file.metadata.metadata();
    let unknown = || vec![None; metadata.num_row_groups()];
    let Some(column) = at.is_column() else { return unknown() };
    let Ok(field) = file.schema().field_with_name(column) else { return unknown() };
    let descriptor = metadata.file_metadata().schema_descr();
    let position =
        (0..descriptor.num_columns()).find(|index| descriptor.column(*index).path().string() == column);
    let Some(position) = position else { return unknown() };
    let days = |row_group: &parquet::file::metadata::RowGroupMetaData| {
        let (low, high) = bounds(row_group.column(position).statistics()?)?;
        to_days(field.data_type(), low, high, zone)
    };
    metadata.row_groups().iter().map(days).collect()
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
