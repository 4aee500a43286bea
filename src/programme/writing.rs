//! `customer_points`, written slice by slice: what members have, and their parts of what all points are worth and of the liability,
//! which add up to the whole as an allocation does: by running totals in key order.

use super::account::Account;
use super::cohort::Worth;
use super::ledger::Ledger;
use super::movement::{Kind, Movement, Points};
use super::tables::customer_points;
use super::tally::period_of;
use crate::customers::calendar::Calendar;
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::publish::{StageTables, TableFormat};
use crate::units::{Day, Fixed18, round_ratio};
use std::ops::Range;

/// One member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) who: u32,
    pub(super) since: Day,
    pub(super) last: Day,
    pub(super) earned: i64,
    pub(super) redeemed: i64,
    pub(super) expired: i64,
    pub(super) account: Account,
    /// Filled in once what comes before is known.
    pub(super) worth: Fixed18,
    pub(super) liability: Fixed18,
}

/// What members are written by.
pub(super) struct Writing<'r> {
    pub(super) points: &'r Points,
    pub(super) calendar: &'r Calendar,
    pub(super) customers: &'r Customers,
    pub(super) format: TableFormat<'r>,
    pub(super) ledger: &'r Ledger,
    pub(super) worth: Worth,
}

impl Writing<'_> {
    /// Writes the table.
    ///
    /// # Errors
    /// Money beyond 18 digits, a failed write.
    pub(super) fn write(&self, tables: StageTables<'_>) -> Result<()> {
        let mut writer = tables.table(&customer_points(self.format, self.customers, &[]).spec, None)?;
        let mut running = Running::new(self.ledger, self.worth);
        let make = |ranks: Range<usize>| {
            let movements = self.points.of(&ranks)?;
            movements.chunk_by(|a, b| a.who == b.who).map(|own| Member::of(own, self.calendar)).collect()
        };
        slices::in_order(0..self.customers.keys.len(), make, |mut members: Vec<Member>| {
            members.iter_mut().try_for_each(|member| running.divide(member))?;
            writer.write(customer_points(self.format, self.customers, &members).arrays)
        })?;
        assert_eq!(running.liability, running.ledger_liability(), "members have all of the liability");
        writer.finish()
    }
}

impl Member {
    fn of(movements: &[Movement], calendar: &Calendar) -> Result<Self> {
        let mut account = Account::default();
        let mut sums = [0_i64; 3];
        for movement in movements {
            account.apply(movement, period_of(calendar, movement.day), |_, _| ());
            let sum = &mut sums[movement.kind as usize];
            *sum = sum.checked_add(movement.points).ok_or_else(too_many)?;
        }
        let [earned, redeemed, expired] =
            [Kind::Earned, Kind::Redeemed, Kind::Expired].map(|kind| sums[kind as usize]);
        Ok(Self {
            who: movements[0].who,
            since: Day(movements[0].day),
            last: Day(movements[movements.len() - 1].day),
            earned,
            redeemed,
            expired,
            account,
            worth: Fixed18::default(),
            liability: Fixed18::default(),
        })
    }
}

fn too_many() -> Error {
    Error::check("programme: the points of a customer leave 64 bits; count points in thousands")
}

/// What the members before have.
struct Running<'r> {
    ledger: &'r Ledger,
    worth: Worth,
    balance: i128,
    /// By cohort, points open.
    open: Vec<i128>,
    liability: i128,
}

impl<'r> Running<'r> {
    fn new(ledger: &'r Ledger, worth: Worth) -> Self {
        Self { ledger, worth, balance: 0, open: vec![0; ledger.cohorts.len()], liability: 0 }
    }

    /// Gives a member its part: what the rounded running totals differ by.
    fn divide(&mut self, member: &mut Member) -> Result<()> {
        let before = self.worth.of(self.balance)?;
        self.balance += i128::from(member.account.balance());
        member.worth = Fixed18::checked(
            self.worth.of(self.balance)? - before,
            "programme: the worth of a customer's points",
        )?;
        let mut liability = 0;
        for lot in &member.account.lots {
            let number = lot.cohort as usize;
            let cohort = &self.ledger.cohorts[number];
            let part = |open: i128| round_ratio(cohort.liability() * open, cohort.open());
            let before = self.open[number];
            self.open[number] += i128::from(lot.points);
            liability += part(self.open[number]) - part(before);
        }
        self.liability += liability;
        member.liability = Fixed18::checked(liability, "programme: the liability for a customer's points")?;
        Ok(())
    }

    fn ledger_liability(&self) -> i128 {
        self.ledger.cohorts.iter().map(super::cohort::Cohort::liability).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::{PeriodBooks, Terms, ledger};
    use super::super::tally::Tally;
    use super::*;
    use crate::customers::calendar::tests::calendar;
    use crate::units::PeriodKind;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn movement() -> impl Strategy<Value = Movement> {
        let kind = prop_oneof![3 => Just(Kind::Earned), 2 => Just(Kind::Redeemed), 1 => Just(Kind::Expired)];
        // From the month before the first period until the end of the last.
        (0..5_u32, 19_690..19_875_i32, kind, 0..60_i64, 0..900_i64)
            .prop_map(|(who, day, kind, points, paid)| Movement { who, day, kind, points, paid, cost: 0 })
    }

    proptest! {
        /// Whatever happens to points, books close, and members add up to them.
        #[test]
        fn books_close_and_members_add_up(
            mut movements in prop::collection::vec(movement(), 1..60),
            worth in 1..400_i128,
            share in prop::option::of(0..=100_i128),
        ) {
            movements.sort_unstable();
            let calendar = calendar(PeriodKind::Month, "2024-01-01", 5, "2024-05-20");
            let mut tally = Tally::default();
            let mut members = Vec::new();
            for own in movements.chunk_by(|a, b| a.who == b.who) {
                tally.add(own, &calendar);
                members.push(Member::of(own, &calendar).unwrap());
            }
            let worth = Worth::new(crate::units::Decimal { mantissa: worth, scale: 3 }, 2);
            let first = calendar.period(0);
            let redemption: BTreeMap<_, _> =
                share.into_iter().map(|share| (first, crate::units::Decimal { mantissa: share, scale: 2 })).collect();
            let terms = Terms { worth, redemption: &redemption, is_price_known: true };
            let books = ledger(terms, &calendar, &tally).unwrap();
            let mut running = Running::new(&books, worth);
            members.iter_mut().try_for_each(|member| running.divide(member)).unwrap();
            let last = books.periods.last().unwrap();
            let sum = |of: fn(&Member) -> i64| members.iter().map(|member| i128::from(of(member))).sum::<i128>();
            prop_assert_eq!(sum(|member| member.account.balance()), last.closing);
            prop_assert_eq!(books.cohorts.iter().map(|cohort| cohort.open()).sum::<i128>(), last.closing);
            prop_assert_eq!(sum(|member| member.worth.get()), worth.of(last.closing).unwrap());
            prop_assert_eq!(sum(|member| member.liability.get()), last.liability_closing);
            prop_assert_eq!(last.members, members.len() as u64);
            for pair in books.periods.windows(2) {
                prop_assert_eq!(pair[1].opening, pair[0].closing);
                prop_assert_eq!(pair[1].liability_opening, pair[0].liability_closing);
            }
            for books in &books.periods {
                let PeriodBooks { sums, opening, closing, .. } = books;
                prop_assert_eq!(opening + sums.earned + sums.overdrawn - sums.redeemed - sums.expired, *closing);
                prop_assert!(*closing >= 0 && books.expected <= closing * super::super::redemption::WHOLE);
                prop_assert!(books.liability_closing >= 0 && books.expected >= 0);
            }
            let overdrawn: i128 = tally.periods.values().map(|sums| sums.overdrawn).sum();
            prop_assert_eq!(overdrawn, sum(|member| member.account.overdrawn));
            let deferred: i128 = books.cohorts.iter().map(|cohort| cohort.deferred).sum();
            prop_assert!(deferred <= movements.iter().map(|movement| i128::from(movement.paid)).sum::<i128>());
        }
    }
}
