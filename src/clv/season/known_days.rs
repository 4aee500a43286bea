//! Days that are known to be faster or slower than others, on top of a clock without them: a table of operational time.
//!
//! Before its first day time is that of the clock without; after its last day it runs on like that, ahead or behind by what the
//! known days brought.

use super::clock::float;

/// How many times as fast the fastest day seen is as the slowest may be: a day without purchases says no more than that.
const WIDEST: f64 = 1000.0;
/// How many times as fast as without a day to come may be: an effect may be extrapolated beyond all bounds.
const FASTEST: f64 = 100.0;

/// Time at the end of each known day.
#[derive(Debug, Clone)]
pub(super) struct KnownDays {
    /// The first of them.
    start: i32,
    /// Time when it begins.
    begin: i64,
    table: Vec<i64>,
    /// What later days are ahead of the clock without.
    ahead: i64,
}

impl KnownDays {
    /// By the speed of each day relative to the others, of which those seen have as much time together as on the clock without;
    /// `plain` is its time at the end of a day.
    pub(super) fn new(start: i32, seen: usize, speeds: &[f64], plain: impl Fn(i32) -> i64) -> Self {
        let lengths: Vec<f64> =
            (start..).take(speeds.len()).map(|day| float(plain(day) - plain(day - 1))).collect();
        let fastest = speeds[..seen].iter().copied().fold(0.0, f64::max);
        let speed = |day: usize| speeds[day].max(fastest / WIDEST);
        let without: f64 = lengths[..seen].iter().sum();
        let with: f64 = (0..seen).map(|day| lengths[day] * speed(day)).sum();
        let scale = without / with;
        let begin = plain(start - 1);
        let (mut sum, mut table) = (0.0, Vec::with_capacity(speeds.len()));
        for (day, length) in lengths.iter().enumerate() {
            let relative = speed(day) * scale;
            sum += length * if day < seen { relative } else { relative.min(FASTEST) };
            #[expect(clippy::cast_possible_truncation, reason = "times are below 2^53 ticks")]
            table.push(begin + sum.round() as i64);
        }
        let ahead = table.last().map_or(0, |last| last - begin - whole(&lengths));
        Self { start, begin, table, ahead }
    }

    /// Time at the end of a day; `plain` is that of the clock without.
    pub(super) fn at(&self, day: i32, plain: impl Fn(i32) -> i64) -> i64 {
        match usize::try_from(day - self.start) {
            Ok(place) => self.table.get(place).copied().unwrap_or_else(|| plain(day) + self.ahead),
            Err(_) => plain(day),
        }
    }

    /// Known days after a day.
    pub(super) fn after(&self, day: i32) -> u32 {
        let end = self.start + i32::try_from(self.table.len()).expect("a calendar has few days");
        u32::try_from(end - 1 - day).unwrap_or(0)
    }

    /// The day that begins at, or is under way at, a time, with the part of it that is over; of a later time what the clock
    /// without takes it for.
    pub(super) fn day_at(&self, time: f64) -> Result<f64, f64> {
        let place = self.table.partition_point(|end| float(*end) <= time);
        let Some(end) = self.table.get(place) else { return Err(time - float(self.ahead)) };
        let begin = if place == 0 { self.begin } else { self.table[place - 1] };
        let part = (time - float(begin)) / float(end - begin);
        Ok(f64::from(self.start) + place as f64 + part)
    }
}

/// The sum of lengths, which are whole ticks.
#[expect(clippy::cast_possible_truncation, reason = "times are below 2^53 ticks")]
fn whole(lengths: &[f64]) -> i64 {
    lengths.iter().sum::<f64>() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of 1024 ticks each.
    fn calendar(day: i32) -> i64 {
        (i64::from(day) + 1) * 1024
    }

    /// Four days seen, one of them at three times the speed of the others: 6 parts for 4 days; then one that is as fast.
    fn known() -> KnownDays {
        KnownDays::new(10, 4, &[1.0, 3.0, 1.0, 1.0, 3.0], calendar)
    }

    #[test]
    fn days_seen_have_as_much_time_together_as_without() {
        let known = known();
        let at = |day| known.at(day, calendar) - calendar(9);
        // 4096/6 = 682.67 ticks a part.
        assert_eq!([9, 10, 11, 12, 13].map(at), [0, 683, 2731, 3413, 4096]);
        // The day to come has 3 parts, 2048 ticks, and all later ones are 1024 ticks ahead.
        assert_eq!([14, 15, 100].map(at), [6144, 7168, 94_208]);
        assert_eq!(at(5), -4 * 1024, "as without");
        assert_eq!([9, 13, 14, 20].map(|day| known.after(day)), [5, 1, 0, 0]);
    }

    #[test]
    fn times_go_back_to_days() {
        let known = known();
        let time = |ticks: i64| float(calendar(9) + ticks);
        assert_eq!(known.day_at(time(0)), Ok(10.0));
        assert_eq!(known.day_at(time(683)), Ok(11.0));
        assert_eq!(known.day_at(time(1707)), Ok(11.5));
        assert_eq!(known.day_at(time(6144)), Err(float(calendar(9) + 5120)));
    }

    #[test]
    fn no_day_is_beyond_what_was_seen_without_bounds() {
        let known = KnownDays::new(0, 2, &[0.0, 1.0, 1e300, f64::INFINITY], calendar);
        let at = |day| known.at(day, calendar);
        assert_eq!(at(1), 2048);
        assert!((1..=3).contains(&at(0)), "{}", at(0));
        assert_eq!(at(2) - at(1), 100 * 1024);
        assert_eq!(at(3) - at(2), 100 * 1024);
    }
}
