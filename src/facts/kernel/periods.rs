//! Which period a day falls in, by table.

use crate::units::{Day, Period, PeriodKind};

/// Every period of the plausible range, numbered from 0.
pub(crate) struct PeriodIndex {
    periods: Vec<Period>,
    of_day: Vec<u16>,
}

impl PeriodIndex {
    pub(crate) fn new(kind: PeriodKind) -> Self {
        let mut periods = Vec::new();
        let mut of_day = Vec::new();
        let mut period = Period::containing(kind, Day::MIN);
        while period.start < Day::END {
            let number = u16::try_from(periods.len()).expect("300 years have fewer than 2¹⁶ weeks");
            let first = period.start.0.max(Day::MIN.0);
            let end = period.end().0.min(Day::END.0);
            of_day.extend((first..end).map(|_| number));
            periods.push(period);
            period = period.next();
        }
        Self { periods, of_day }
    }

    pub(crate) fn len(&self) -> usize {
        self.periods.len()
    }

    /// The period of a day in the plausible range.
    pub(crate) fn of_day(&self, day: i32) -> u16 {
        self.of_day[usize::try_from(day - Day::MIN.0).expect("a day in the plausible range")]
    }

    pub(crate) fn period(&self, number: u16) -> Period {
        self.periods[usize::from(number)]
    }

    /// First day of a period.
    pub(crate) fn start(&self, number: u16) -> Day {
        self.period(number).start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_in_its_period() {
        for (_, kind) in PeriodKind::ALL {
            let index = PeriodIndex::new(kind);
            for day in (Day::MIN.0..Day::END.0).step_by(13) {
                let period = index.period(index.of_day(day));
                assert_eq!(period, Period::containing(kind, Day(day)));
            }
            assert!(index.len() > 299);
        }
    }
}
