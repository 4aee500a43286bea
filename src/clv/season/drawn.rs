//! A small history whose indices and coefficients another program found too.

use super::activity::Activity;
use crate::clv::models::Counts;
use crate::units::Day;

/// Sixty customers drawn by a congruential generator, by their days with a purchase, and the first and the exclusive last day of
/// the history; fewer of their purchases fall into January, February and July.
pub(super) fn drawn() -> (Vec<Vec<i32>>, Day, Day) {
    let (start, end): (Day, Day) = ("2021-03-10".parse().unwrap(), "2023-08-20".parse().unwrap());
    let customer = |number: i32| {
        let mut state = u64::try_from(number).unwrap() * 7919 + 13;
        let first = start.0 + number * 37 % 500;
        let (mut day, mut days) = (first, vec![first]);
        loop {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            day += 5 + i32::try_from(state >> 16).unwrap() % (40 + number);
            let is_slow = matches!(Day(day).ymd().1, 1 | 2 | 7);
            if is_slow && (state >> 8) % 3 == 0 {
                continue;
            }
            if day >= end.0 || i32::try_from(days.len()).unwrap() > 3 + number % 11 {
                return days;
            }
            days.push(day);
        }
    };
    ((0..60).map(customer).collect(), start, end)
}

/// What customers bought between their first and their last purchase.
pub(super) fn counted(customers: &[Vec<i32>], start: Day, end: Day) -> Activity {
    let mut repeats = vec![0; usize::try_from(end.0 - start.0).unwrap()];
    let history = |days: &Vec<i32>| {
        for day in &days[1..] {
            repeats[usize::try_from(day - start.0).unwrap()] += 1;
        }
        let since = |day: i32| u32::try_from(day - days[0]).unwrap();
        (u32::try_from(days.len() - 1).unwrap(), since(days[days.len() - 1]), since(end.0 - 1))
    };
    let counts = Counts::of_customers(customers.iter().map(history).collect::<Vec<_>>());
    Activity::before(std::iter::once(&counts), &repeats, start, end)
}
