//! The dates that histories are looked at from: as-of, calibration, and those of the early warning.

use crate::facts::FactSet;
use crate::pipeline::{ClvDef, LifecycleDef};
use crate::units::Day;

/// Calibration dates within the history, ascending, and what is to be said of those that are not.
pub(crate) fn calibration(clv: &ClvDef, facts: &FactSet) -> (Vec<Day>, Vec<String>) {
    let (start, end) = (start(facts).0, facts.as_of.0);
    if clv.calibration.is_empty() {
        let date = start + (end - start) / 3 * 2 + (end - start) % 3 * 2 / 3;
        return ((start < date && date < end).then_some(Day(date)).into_iter().collect(), Vec::new());
    }
    let (within, outside): (Vec<Day>, Vec<Day>) =
        clv.calibration.iter().partition(|day| start < day.0 && day.0 < end);
    let left_out = |day: &Day| {
        format!(
            "[clv] calibration {day} is left out: the history goes from {} until {}",
            Day(start),
            facts.as_of
        )
    };
    (within, outside.iter().map(left_out).collect())
}

/// The first day of the history.
pub(crate) fn start(facts: &FactSet) -> Day {
    facts.periods.first().map_or(facts.as_of, |period| period.period.start)
}

/// Dates at which the early warning asks who is alive: as-of, and twice back by its holdout.
pub(crate) fn warning(lifecycle: &LifecycleDef, as_of: Day) -> Vec<Day> {
    let holdout = i64::from(lifecycle.warning.holdout_days);
    let back = |times: i64| {
        let day = (i64::from(as_of.0) - times * holdout).max(i64::from(Day::MIN.0));
        Day(i32::try_from(day).expect("between the calendar's start and a day"))
    };
    (0..3).map(back).collect()
}
