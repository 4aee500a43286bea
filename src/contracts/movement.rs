//! Recurring revenue from one end of a period to the next: what new contracts brought, changed prices, and ended contracts took
//! away. Each period closes exactly, as its parts are the differences of what runs.

use super::contract::Contract;
use crate::customers::calendar::Calendar;

/// What moved, by period, and what ran when the first period began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Movement {
    pub(super) opening: Moved,
    /// As long as was needed so far.
    pub(super) periods: Vec<PeriodMoves>,
}

/// Contracts, and their price per term in smallest units of money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) contracts: u64,
    pub(super) price: i128,
}

/// What moved in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PeriodMoves {
    pub(super) new: Moved,
    pub(super) ended: Moved,
    /// By higher and by lower prices, each from 0.
    pub(super) expansion: i128,
    pub(super) contraction: i128,
}

impl Movement {
    /// Adds a contract that began before the as-of date of the calendar.
    pub(super) fn add(&mut self, contract: &Contract<'_>, calendar: &Calendar) {
        // A history without a period has no movement.
        let Some(start) = calendar.periods.first().map(|period| period.period.start.0) else { return };
        let ended = contract.ended();
        if ended.is_some_and(|ended| ended < start) {
            return;
        }
        let before = contract.spans.partition_point(|span| span.started < start);
        match before.checked_sub(1).map(|last| &contract.spans[last]) {
            Some(running) => self.opening.add(running.price),
            None => self.period(calendar.index(contract.first().started)).new.add(contract.first().price),
        }
        for pair in contract.spans[before.saturating_sub(1)..].windows(2) {
            let difference = i128::from(pair[1].price) - i128::from(pair[0].price);
            let moves = self.period(calendar.index(pair[1].started));
            moves.expansion += difference.max(0);
            moves.contraction += (-difference).max(0);
        }
        if let Some(ended) = ended {
            self.period(calendar.index(ended)).ended.add(contract.last().price);
        }
    }

    fn period(&mut self, index: usize) -> &mut PeriodMoves {
        if self.periods.len() <= index {
            self.periods.resize(index + 1, PeriodMoves::default());
        }
        &mut self.periods[index]
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.opening.merge(other.opening);
        for (index, more) in other.periods.iter().enumerate() {
            let moves = self.period(index);
            moves.new.merge(more.new);
            moves.ended.merge(more.ended);
            moves.expansion += more.expansion;
            moves.contraction += more.contraction;
        }
    }

    /// Of so many periods: what ran when each began, what moved, and what ran at its end.
    pub(super) fn closed(&self, periods: usize) -> Vec<(Moved, PeriodMoves, Moved)> {
        let mut opening = self.opening;
        let mut closed = Vec::with_capacity(periods);
        for index in 0..periods {
            let moves = self.periods.get(index).copied().unwrap_or_default();
            let contracts = opening.contracts + moves.new.contracts - moves.ended.contracts;
            let price =
                opening.price + moves.new.price + moves.expansion - moves.contraction - moves.ended.price;
            closed.push((opening, moves, Moved { contracts, price }));
            opening = Moved { contracts, price };
        }
        closed
    }
}

impl Moved {
    fn add(&mut self, price: i64) {
        self.contracts += 1;
        self.price += i128::from(price);
    }

    fn merge(&mut self, other: Self) {
        self.contracts += other.contracts;
        self.price += other.price;
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::RUNS;
    use super::super::rows::tests::{contracts, span};
    use super::*;
    use crate::customers::calendar::tests::calendar;
    use crate::units::{Day, PeriodKind};

    #[test]
    fn what_runs_at_the_end_is_what_ran_and_what_moved() {
        let calendar = calendar(PeriodKind::Month, "2024-01-01", 3, "2024-03-20");
        let day = |text: &str| text.parse::<Day>().unwrap().0;
        let found = contracts(vec![
            span(1, day("2023-05-01"), day("2023-12-01"), 9), // before the history
            span(2, day("2023-05-01"), day("2023-09-01"), 4),
            span(2, day("2023-09-01"), day("2024-02-10"), 7), // 7 when it begins
            span(2, day("2024-02-10"), RUNS, 5),              // less from February on
            span(3, day("2024-01-15"), day("2024-02-01"), 3),
            span(3, day("2024-02-01"), day("2024-03-01"), 6),
        ]);
        let mut movement = Movement::default();
        found.of(&(0..9)).for_each(|spans| movement.add(&Contract { spans }, &calendar));
        let moved = |contracts, price| Moved { contracts, price };
        let found: Vec<_> = movement.closed(3);
        assert_eq!((found[0].0, found[0].1.new, found[0].2), (moved(1, 7), moved(1, 3), moved(2, 10)));
        assert_eq!((found[1].1.expansion, found[1].1.contraction, found[1].2), (3, 2, moved(2, 11)));
        assert_eq!((found[2].1.ended, found[2].2), (moved(1, 6), moved(1, 5)));
    }
}
