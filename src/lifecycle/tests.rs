//! What the room's tests share.

use crate::customers::calendar::{self, Calendar};
use crate::customers::days::DaySlice;
use crate::pipeline::{LifecycleDef, Position, StatesDef, WarningDef};
use crate::publish::TableFormat;
use crate::units::{Day, PeriodKind};

/// A day of a customer: day, orders, net revenue. Gross margin is half of it, contribution a quarter.
pub(crate) type TestDay = (i32, i64, i64);

/// The days of customers, one after another.
pub(crate) fn slice(customers: &[&[TestDay]]) -> DaySlice {
    let mut slice = DaySlice { starts: vec![0], ..Default::default() };
    for days in customers {
        for &(day, orders, net_revenue) in *days {
            slice.day.push(day);
            slice.orders.push(orders);
            slice.net_revenue.push(net_revenue);
            slice.gross_margin.push(net_revenue / 2);
            slice.contribution.push(net_revenue / 4);
            slice.avoidable_margin.push(net_revenue / 4);
            slice.full_margin.push(net_revenue / 4);
        }
        slice.starts.push(slice.day.len());
    }
    slice
}

/// One order of 8 on each of these days.
pub(crate) fn bought(days: &[i32]) -> Vec<TestDay> {
    days.iter().map(|day| (*day, 1, 8)).collect()
}

/// Months from the one that begins on `start`.
pub(crate) fn months(start: &str, count: usize, as_of: &str) -> Calendar {
    calendar::tests::calendar(PeriodKind::Month, start, count, as_of)
}

/// The days since 1970-01-01 of dates.
pub(crate) fn days(texts: &[&str]) -> Vec<i32> {
    texts.iter().map(|text| text.parse::<Day>().unwrap().0).collect()
}

/// `[lifecycle]` with all defaults.
pub(crate) fn definition() -> LifecycleDef {
    let decimal = |text: &str| text.parse().unwrap();
    LifecycleDef {
        as_of: vec![],
        gap_days: 180,
        window_days: 30,
        by: vec![],
        wallet: None,
        channels: vec![],
        states: StatesDef { new_days: 30, active: decimal("1.5"), at_risk: decimal("3"), dormant_days: 365 },
        warning: WarningDef {
            overdue: decimal("2"),
            alive_below: decimal("0.5"),
            drop: decimal("0.5"),
            recent_periods: 3,
            earlier_periods: 6,
            holdout_days: 90,
        },
        at: Position::default(),
    }
}

/// Cents and euros.
pub(crate) fn format() -> TableFormat<'static> {
    TableFormat { currency: "EUR", money_scale: 2, volume_scale: 0, as_of: Day(0) }
}
