//! Periods that each row group may reach into, by its statistics.

use crate::error::Result;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::source::Source;
use crate::facts::inputs::statistics::{Days, row_group_days};
use crate::facts::kernel::periods::PeriodIndex;
use crate::pipeline::{DayBounds, FactsDef};
use crate::units::Day;

/// First and last period a row group may reach into; `None` when its statistics do not tell.
pub(crate) type Reach = Option<(u16, u16)>;

/// The reach of a row group without a dated row: from a later period to an earlier one there is none.
const NOWHERE: (u16, u16) = (1, 0);

/// Days each row group can hold, per source, file and row group.
///
/// # Errors
/// Statistics that cannot be.
pub(crate) fn days_of(sources: &[Source], zone: chrono_tz::Tz) -> Result<Vec<Vec<Vec<Days>>>> {
    let file = |source: &Source, file: &InputFile| row_group_days(file, source, zone);
    sources.iter().map(|source| source.files.iter().map(|input| file(source, input)).collect()).collect()
}

/// Periods each row group may reach into.
pub(crate) fn reach_of(
    sources: &[Source],
    days: &[Vec<Vec<Days>>],
    periods: &PeriodIndex,
    facts: &FactsDef,
) -> Vec<Vec<Vec<Reach>>> {
    let number = |day: Day| periods.of_day(day.0);
    let reach = |days: Days| match days {
        Days::Unknown => None,
        Days::None => Some(NOWHERE),
        Days::Between(first, last) => Some((number(first), number(last))),
    };
    let of_source = |(source, files): (&Source, &Vec<Vec<Days>>)| {
        // Rows beyond the bounds are quarantined, so they reach into no period.
        let bounds = if source.makes_periods { facts.bounds } else { DayBounds::default() };
        let file =
            |row_groups: &Vec<Days>| row_groups.iter().map(|days| reach(days.within(bounds))).collect();
        files.iter().map(file).collect()
    };
    sources.iter().zip(days).map(of_source).collect()
}
