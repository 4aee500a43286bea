//! Cohorts: what customers who began together did, window by window after their first purchase.
//!
//! A customer counts in a window once the window is over for it, and then with all of the window. So a cell is about
//! the customers who were *observed* through it. In a cohort of one period, a cell in which not all were is not shown.

use super::windows::Windows;
use crate::customers::calendar::Calendar;
use crate::customers::days::{Amount, CustomerDaysView, Seen};

/// What is counted of one cohort, by window.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cohort {
    /// Customers.
    pub(crate) size: u64,
    /// Of these, the ones won before the history begins: their first purchase is that of the history.
    pub(crate) older: u64,
    /// Windows that have begun for any of them.
    pub(crate) begun: usize,
    windows: Vec<Sums>,
}

/// Sums of one window over the customers for whom it is over.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sums {
    active: u64,
    orders: u64,
    net_revenue: i128,
    gross_margin: i128,
    contribution: i128,
    /// Customers for whom this is the last window that is over.
    ending: u64,
    /// Contribution of all complete windows of those.
    contribution_of_ending: i128,
    /// Customers whose last complete window with a purchase, now or later, is this one.
    last_active: u64,
}

impl Sums {
    fn add(&mut self, more: &Self) {
        self.active += more.active;
        self.orders += more.orders;
        self.net_revenue += more.net_revenue;
        self.gross_margin += more.gross_margin;
        self.contribution += more.contribution;
        self.ending += more.ending;
        self.contribution_of_ending += more.contribution_of_ending;
        self.last_active += more.last_active;
    }
}

/// What is shown of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    /// Customers for whom the window is over.
    pub(crate) observed: u64,
    /// Of these, the ones with a purchase in the window.
    pub(crate) active: u64,
    /// With a purchase in the window or later.
    pub(crate) active_or_later: u64,
    pub(crate) orders: u64,
    pub(crate) net_revenue: i128,
    pub(crate) gross_margin: i128,
    pub(crate) contribution: i128,
    /// Of the window and those before it.
    pub(crate) cumulative_contribution: i128,
}

/// A customer as cohorts see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'s> {
    pub(crate) days: CustomerDaysView<'s>,
    pub(crate) seen: Seen,
    /// Won before the history begins.
    pub(crate) is_older: bool,
}

/// What one customer did in one window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowSums {
    window: usize,
    sums: Sums,
}

/// What one customer adds to every cohort it is of: worked out once for all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemberWindows<'w> {
    is_older: bool,
    /// Windows that have begun.
    begun: usize,
    /// Windows that are over.
    complete: usize,
    /// Of those, the ones with a day, ascending.
    windows: &'w [WindowSums],
}

impl<'w> MemberWindows<'w> {
    /// Of a customer's days; `windows` is a buffer.
    pub(crate) fn new(
        calendar: &Calendar,
        counting: Windows,
        member: Member<'_>,
        windows: &'w mut Vec<WindowSums>,
    ) -> Self {
        let Member { days, seen, is_older } = member;
        windows.clear();
        let begun = counting.of(calendar, seen.first, calendar.as_of.0 - 1) + 1;
        let complete = counting.complete(calendar, &seen);
        let (orders, net_revenue) = (days.orders(), days.amounts(Amount::NetRevenue));
        let (gross_margin, contribution) =
            (days.amounts(Amount::GrossMargin), days.amounts(Amount::Contribution));
        for (row, day) in days.days().iter().enumerate() {
            let window = counting.of(calendar, seen.first, *day);
            if window >= complete {
                break;
            }
            if windows.last().is_none_or(|last| last.window != window) {
                windows.push(WindowSums { window, sums: Sums::default() });
            }
            let sums = &mut windows.last_mut().expect("one was pushed").sums;
            sums.active |= u64::from(orders[row] > 0);
            sums.orders += u64::try_from(orders[row]).expect("orders are counted");
            sums.net_revenue += i128::from(net_revenue[row]);
            sums.gross_margin += i128::from(gross_margin[row]);
            sums.contribution += i128::from(contribution[row]);
        }
        if let Some(last) = complete.checked_sub(1) {
            let all: i128 = windows.iter().map(|window| window.sums.contribution).sum();
            of_window(windows, last).ending += 1;
            of_window(windows, last).contribution_of_ending += all;
            // A purchase in a window that is not over yet keeps the customer to the end of those that are.
            of_window(windows, counting.of(calendar, seen.first, seen.last).min(last)).last_active += 1;
        }
        Self { is_older, begun, complete, windows }
    }
}

/// The sums of a window, which is among the windows or behind their last.
fn of_window(windows: &mut Vec<WindowSums>, window: usize) -> &mut Sums {
    let place = match windows.binary_search_by_key(&window, |sums| sums.window) {
        Ok(place) => place,
        Err(place) => {
            windows.insert(place, WindowSums { window, sums: Sums::default() });
            place
        }
    };
    &mut windows[place].sums
}

impl Cohort {
    /// Adds a customer.
    pub(crate) fn add(&mut self, customer: MemberWindows<'_>) {
        self.size += 1;
        self.older += u64::from(customer.is_older);
        self.begun = self.begun.max(customer.begun);
        self.grow(customer.complete);
        for window in customer.windows {
            self.windows[window.window].add(&window.sums);
        }
    }

    fn grow(&mut self, windows: usize) {
        if self.windows.len() < windows {
            self.windows.resize(windows, Sums::default());
        }
    }

    /// The customers of both.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.size += other.size;
        self.older += other.older;
        self.begun = self.begun.max(other.begun);
        self.grow(other.windows.len());
        self.windows.iter_mut().zip(&other.windows).for_each(|(sums, more)| sums.add(more));
    }

    /// Every window that is over for somebody.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let (mut observed, mut later) = (0, 0);
        let mut cells = Vec::with_capacity(self.windows.len());
        for sums in self.windows.iter().rev() {
            observed += sums.ending;
            later += sums.last_active;
            cells.push(Cell {
                observed,
                active: sums.active,
                active_or_later: later,
                orders: sums.orders,
                net_revenue: sums.net_revenue,
                gross_margin: sums.gross_margin,
                contribution: sums.contribution,
                cumulative_contribution: 0,
            });
        }
        cells.reverse();
        // Up to a window: what all windows brought, less what those brought who are not observed through it.
        let mut cumulative = 0;
        for (cell, sums) in cells.iter_mut().zip(&self.windows) {
            cumulative += cell.contribution;
            cell.cumulative_contribution = cumulative;
            cumulative -= sums.contribution_of_ending;
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::days::DaySlice;
    use crate::lifecycle::tests::{days, months, slice};

    fn cohort(slice: &DaySlice, calendar: &Calendar, windows: Windows) -> Cohort {
        let mut cohort = Cohort::default();
        for days in slice.customers() {
            let member = Member { days, seen: days.seen(180).unwrap(), is_older: false };
            cohort.add(MemberWindows::new(calendar, windows, member, &mut Vec::new()));
        }
        cohort
    }

    #[test]
    fn a_cohort_is_followed_by_calendar_periods() {
        let calendar = months("2024-01-01", 4, "2024-04-10");
        let day = days(&["2024-01-10", "2024-01-25", "2024-02-03", "2024-03-05", "2024-03-09", "2024-04-02"]);
        // The third customer's purchase in April makes it stay through March, though it was not active then.
        let slice = slice(&[
            &[(day[0], 1, 40), (day[1], 2, 80), (day[3], 1, 40)],
            &[(day[0], 1, 16), (day[2], 0, -8), (day[4], 1, 24)],
            &[(day[1], 1, 20), (day[5], 1, 4)],
            &[(day[1], 1, 400)],
        ]);
        let cohort = cohort(&slice, &calendar, Windows::Calendar);
        assert_eq!((cohort.size, cohort.begun), (4, 4));
        let cells = cohort.cells();
        assert_eq!(cells.iter().map(|cell| cell.observed).collect::<Vec<_>>(), [4, 4, 4]);
        assert_eq!(cells.iter().map(|cell| cell.active).collect::<Vec<_>>(), [4, 0, 2]);
        assert_eq!(cells.iter().map(|cell| cell.active_or_later).collect::<Vec<_>>(), [4, 3, 3]);
        assert_eq!(cells.iter().map(|cell| cell.orders).collect::<Vec<_>>(), [6, 0, 2]);
        assert_eq!(cells.iter().map(|cell| cell.net_revenue).collect::<Vec<_>>(), [556, -8, 64]);
        assert_eq!(
            cells.iter().map(|cell| cell.cumulative_contribution).collect::<Vec<_>>(),
            [139, 137, 153]
        );
    }

    #[test]
    fn elapsed_windows_count_only_those_for_whom_they_are_over() {
        let calendar = months("2024-01-01", 4, "2024-04-10");
        // Days before the as-of date: 91, 61 and 5, so two, one and no windows of 40 days are over.
        let first = calendar.as_of.0 - 91;
        let slice = slice(&[
            &[(first, 1, 40), (first + 45, 1, 80), (first + 85, 1, 4)],
            &[(first + 30, 1, 8), (first + 75, 1, 400)],
            &[(first + 86, 1, 4)],
        ]);
        let cohort = cohort(&slice, &calendar, Windows::Elapsed(40));
        assert_eq!((cohort.size, cohort.begun), (3, 3));
        let cells = cohort.cells();
        assert_eq!(cells.iter().map(|cell| cell.observed).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(cells.iter().map(|cell| cell.active).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(cells.iter().map(|cell| cell.active_or_later).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(cells.iter().map(|cell| cell.net_revenue).collect::<Vec<_>>(), [48, 80]);
        // The second window is about the first customer alone: 10 + 20.
        assert_eq!(cells.iter().map(|cell| cell.cumulative_contribution).collect::<Vec<_>>(), [12, 30]);
    }

    #[test]
    fn cohorts_merge() {
        let calendar = months("2024-01-01", 4, "2024-04-10");
        let day = days(&["2024-01-10", "2024-03-05"]);
        let both = slice(&[&[(day[0], 1, 40)], &[(day[1], 1, 8)]]);
        let mut merged = cohort(&slice(&[&[(day[1], 1, 8)]]), &calendar, Windows::Elapsed(10));
        merged.merge(&cohort(&slice(&[&[(day[0], 1, 40)]]), &calendar, Windows::Elapsed(10)));
        assert_eq!(merged, cohort(&both, &calendar, Windows::Elapsed(10)));
    }
}
