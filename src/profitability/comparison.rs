//! Spans of periods that a bridge compares: each with the one before it, and with the same one a year before.

use crate::facts::schema::FactPeriod;
use crate::pipeline::BridgeSpan;
use crate::units::{Day, Period, PeriodKind};
use std::ops::Range;

/// Two spans, by place of their periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// `period before` or `year before`.
    pub(crate) name: &'static str,
    /// As declared.
    pub(crate) span: &'static str,
    pub(crate) before: Range<usize>,
    pub(crate) after: Range<usize>,
}

impl Comparison {
    /// The comparisons of the last `history` spans of these kinds, in the order of the last period they need, and then of
    /// the kinds.
    pub(crate) fn all(
        spans: &[BridgeSpan],
        history: usize,
        kind: PeriodKind,
        periods: &[FactPeriod],
    ) -> Vec<Self> {
        let mut found = Vec::new();
        for span in spans {
            match span {
                BridgeSpan::Period => {
                    let ranges: Vec<Range<usize>> =
                        (0..periods.len()).map(|place| place..place + 1).collect();
                    add(&mut found, *span, &ranges, history, kind.in_a_year());
                }
                BridgeSpan::Quarter => add_whole(&mut found, *span, PeriodKind::Quarter, history, periods),
                BridgeSpan::Year => add_whole(&mut found, *span, PeriodKind::Year, history, periods),
                BridgeSpan::YearToDate => found.extend(year_to_date(kind, periods)),
            }
        }
        // Stable, so that comparisons of one period stay in the order of the kinds.
        found.sort_by_key(|comparison: &Self| comparison.after.end);
        found
    }

    /// Both spans, the earlier first.
    pub(crate) fn spans(&self) -> [Range<usize>; 2] {
        [self.before.clone(), self.after.clone()]
    }
}

/// Compares each of the last spans with the one before it and, if `in_a_year` are more than one, with that so many before.
fn add(
    found: &mut Vec<Comparison>,
    span: BridgeSpan,
    ranges: &[Range<usize>],
    history: usize,
    in_a_year: usize,
) {
    for (place, after) in ranges.iter().enumerate().skip(ranges.len().saturating_sub(history)) {
        let mut compare = |name, back: usize| {
            if let Some(before) = place.checked_sub(back) {
                let before = ranges[before].clone();
                found.push(Comparison { name, span: span.name(), before, after: after.clone() });
            }
        };
        compare("period before", 1);
        if in_a_year > 1 {
            compare("year before", in_a_year);
        }
    }
}

/// Compares spans of a longer kind, of which the history has every period to its end.
fn add_whole(
    found: &mut Vec<Comparison>,
    span: BridgeSpan,
    kind: PeriodKind,
    history: usize,
    periods: &[FactPeriod],
) {
    let mut ranges = Vec::new();
    for (place, first) in periods.iter().enumerate() {
        let whole = Period::containing(kind, first.period.start);
        let rest = &periods[place..];
        let count =
            rest.iter().take_while(|known| known.complete && known.period.end() <= whole.end()).count();
        if whole.start == first.period.start && count > 0 && rest[count - 1].period.end() == whole.end() {
            ranges.push(place..place + count);
        }
    }
    add(found, span, &ranges, history, kind.in_a_year());
}

/// The year of the last complete period up to it, compared with the same periods of the year before.
fn year_to_date(kind: PeriodKind, periods: &[FactPeriod]) -> Option<Comparison> {
    let last = periods.iter().rposition(|period| period.complete)?;
    let start = year_start(periods[last].period);
    let first = periods.iter().position(|period| period.period.start == start)?;
    let back = kind.in_a_year();
    let before = first.checked_sub(back)?..last + 1 - back;
    Some(Comparison {
        name: "year before",
        span: BridgeSpan::YearToDate.name(),
        before,
        after: first..last + 1,
    })
}

fn year_start(period: Period) -> Day {
    Period::containing(PeriodKind::Year, period.start).start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods from a day on, the last of them unfinished if asked.
    fn periods(kind: PeriodKind, from: &str, count: usize, is_unfinished: bool) -> Vec<FactPeriod> {
        let mut found: Vec<FactPeriod> = Vec::new();
        let mut period = Period::containing(kind, from.parse().unwrap());
        for place in 1..=count {
            found.push(FactPeriod { period, complete: place < count || !is_unfinished });
            period = period.next();
        }
        found
    }

    fn places(spans: &[BridgeSpan], kind: PeriodKind, periods: &[FactPeriod]) -> Vec<[Range<usize>; 2]> {
        Comparison::all(spans, usize::MAX, kind, periods).iter().map(Comparison::spans).collect()
    }

    #[test]
    fn periods_are_compared_with_the_one_before_and_a_year_before() {
        let of = |kind, count| places(&[BridgeSpan::Period], kind, &periods(kind, "2024-01-01", count, true));
        assert_eq!(
            of(PeriodKind::Month, 14)[11..],
            [[11..12, 12..13], [0..1, 12..13], [12..13, 13..14], [1..2, 13..14]]
        );
        assert_eq!(of(PeriodKind::Year, 3), [[0..1, 1..2], [1..2, 2..3]]);
        assert_eq!(of(PeriodKind::Quarter, 5)[3..], [[3..4, 4..5], [0..1, 4..5]]);
        assert!(of(PeriodKind::Week, 1).is_empty());
    }

    #[test]
    fn the_last_spans_of_each_kind_are_compared() {
        let months = periods(PeriodKind::Month, "2023-01-01", 24, false);
        let spans = [BridgeSpan::Period, BridgeSpan::Quarter];
        let found = Comparison::all(&spans, 1, PeriodKind::Month, &months);
        let ends = found.iter().map(Comparison::spans).collect::<Vec<_>>();
        assert_eq!(ends, [[22..23, 23..24], [11..12, 23..24], [18..21, 21..24], [9..12, 21..24]]);
    }

    #[test]
    fn longer_spans_are_whole() {
        let spans = [BridgeSpan::Quarter, BridgeSpan::Year];
        // From February: the first quarter and the first year lack a month.
        let months = periods(PeriodKind::Month, "2023-02-01", 23, false);
        assert_eq!(places(&spans[..1], PeriodKind::Month, &months)[0], [2..5, 5..8]);
        assert!(places(&spans[1..], PeriodKind::Month, &months).is_empty());
        let months = periods(PeriodKind::Month, "2023-01-01", 24, false);
        assert_eq!(places(&spans[1..], PeriodKind::Month, &months), [[0..12, 12..24]]);
        let unfinished = periods(PeriodKind::Month, "2023-01-01", 24, true);
        assert!(places(&spans[1..], PeriodKind::Month, &unfinished).is_empty());
        let quarters = places(&spans, PeriodKind::Month, &months);
        assert_eq!(quarters.len(), 7 + 4 + 1);
        assert_eq!(quarters.last(), Some(&[0..12, 12..24]), "the year comes after the quarter it ends with");
    }

    #[test]
    fn the_year_to_date_ends_with_the_last_complete_period() {
        let of = |from, count, is_unfinished| {
            let months = periods(PeriodKind::Month, from, count, is_unfinished);
            places(&[BridgeSpan::YearToDate], PeriodKind::Month, &months)
        };
        assert_eq!(of("2023-01-01", 18, true), [[0..5, 12..17]]);
        assert_eq!(of("2023-01-01", 24, false), [[0..12, 12..24]]);
        assert!(of("2023-02-01", 17, false).is_empty(), "January of the year before is missing");
    }
}
