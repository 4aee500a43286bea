//! `cohort`: cohorts of the first purchase's period and of attributes, by both ways of counting windows.

use super::cohort::{Cell, Cohort, Member, MemberWindows, WindowSums};
use super::grouping::Grouping;
use super::ratio::share;
use super::windows::Windows;
use crate::customers::calendar::Calendar;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::round_ratio;

/// What `cohort_by` says of cohorts by the period of the first purchase.
const FIRST_PURCHASE: &str = "first purchase";

/// All cohorts of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cohorts {
    /// By way of counting, then by period of the first purchase.
    by_period: Vec<Vec<Cohort>>,
    /// By way of counting, then by attribute, then by group.
    by_group: Vec<Vec<Vec<Cohort>>>,
}

/// What cohorts are counted by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CohortPlan<'r> {
    pub(crate) calendar: &'r Calendar,
    /// All customers together first.
    pub(crate) groupings: &'r [Grouping],
    pub(crate) windows: [Windows; 2],
}

impl<'r> CohortPlan<'r> {
    fn attributes(&self) -> &'r [Grouping] {
        &self.groupings[1..]
    }

    pub(crate) fn empty(&self) -> Cohorts {
        let of_group = |grouping: &Grouping| vec![Cohort::default(); grouping.values().len()];
        let by_group: Vec<Vec<Cohort>> = self.attributes().iter().map(of_group).collect();
        Cohorts {
            by_period: vec![vec![Cohort::default(); self.calendar.len()]; self.windows.len()],
            by_group: vec![by_group; self.windows.len()],
        }
    }

    /// Adds a customer to every cohort it is of.
    pub(crate) fn add(
        &self,
        cohorts: &mut Cohorts,
        rank: usize,
        member: Member<'_>,
        buffer: &mut Vec<WindowSums>,
    ) {
        let period = self.calendar.index(member.seen.first);
        for (index, windows) in self.windows.into_iter().enumerate() {
            let customer = MemberWindows::new(self.calendar, windows, member, buffer);
            cohorts.by_period[index][period].add(customer);
            for (grouping, cohorts) in self.attributes().iter().zip(&mut cohorts.by_group[index]) {
                cohorts[grouping.group(rank)].add(customer);
            }
        }
    }

    /// The published table.
    pub(crate) fn sheet(&self, format: TableFormat<'_>, cohorts: &Cohorts) -> Sheet {
        let mut rows = Vec::new();
        for (index, windows) in self.windows.into_iter().enumerate() {
            for (period, cohort) in cohorts.by_period[index].iter().enumerate() {
                let start = self.calendar.period(period).start.to_string();
                add_rows(&mut rows, (FIRST_PURCHASE, Some(start), windows, true), cohort);
            }
            for (grouping, cohorts) in self.attributes().iter().zip(&cohorts.by_group[index]) {
                for (value, cohort) in grouping.values().iter().zip(cohorts) {
                    add_rows(&mut rows, (&grouping.by, value.clone(), windows, false), cohort);
                }
            }
        }
        sheet(format, &rows)
    }
}

/// One row.
struct Row<'r> {
    by: &'r str,
    value: Option<String>,
    windows: Windows,
    k: usize,
    size: u64,
    older: u64,
    observed: u64,
    /// None where the cell is not shown.
    cell: Option<Cell>,
}

impl Row<'_> {
    fn of<T>(&self, of: fn(&Cell) -> T) -> Option<T> {
        self.cell.as_ref().map(of)
    }

    /// Share of the observed.
    fn share(&self, of: fn(&Cell) -> u64) -> Option<f64> {
        self.cell.as_ref().and_then(|cell| share(of(cell), cell.observed))
    }
}

/// Who a cohort is: by what, its value, its windows, and whether its cells are shown only if all were observed.
type Identity<'r> = (&'r str, Option<String>, Windows, bool);

fn add_rows<'r>(rows: &mut Vec<Row<'r>>, (by, value, windows, whole): Identity<'r>, cohort: &Cohort) {
    if cohort.size == 0 {
        return;
    }
    let cells = cohort.cells();
    for k in 0..cohort.begun {
        let cell = cells.get(k).copied();
        let observed = cell.map_or(0, |cell| cell.observed);
        rows.push(Row {
            by,
            value: value.clone(),
            windows,
            k,
            size: cohort.size,
            older: cohort.older,
            observed,
            cell: cell.filter(|_| observed > 0 && (!whole || observed == cohort.size)),
        });
    }
}

fn sheet(format: TableFormat<'_>, rows: &[Row<'_>]) -> Sheet {
    let mut draft = format.draft("cohort", "cohort, way of counting windows, and window", None, rows);
    add_identity(&mut draft);
    let meaning =
        "Of the observed, those with a purchase in the window; this and what follows is null where not shown";
    draft.count("active", "customers", meaning, |row| row.of(|cell| cell.active));
    draft.float("retention", "1", "active / observed_customers", |row| row.share(|cell| cell.active));
    let meaning = "Share of the observed with a purchase in the window or later, up to the as-of date";
    draft.float("rolling_retention", "1", meaning, |row| row.share(|cell| cell.active_or_later));
    draft.count("orders", "orders", "Orders in the window", |row| row.of(|cell| cell.orders));
    draft.total("net_revenue", "Net revenue of the window", |row| row.of(|cell| cell.net_revenue));
    draft.total("gross_margin", "Gross margin of the window", |row| row.of(|cell| cell.gross_margin));
    draft.total("contribution", "Contribution of the window", |row| row.of(|cell| cell.contribution));
    let meaning = "Contribution of the window and those before it, by the same customers";
    draft.total("cumulative_contribution", meaning, |row| row.of(|cell| cell.cumulative_contribution));
    let meaning = "cumulative_contribution per observed customer, those who left included";
    draft.total("cumulative_contribution_per_customer", meaning, |row| {
        row.of(|cell| round_ratio(cell.cumulative_contribution, i128::from(cell.observed)))
    });
    draft.finish()
}

fn add_identity<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "What the cohort shares: 'first purchase' for its period, or an attribute of the customer";
    draft.name("cohort_by", meaning, |row| row.by);
    let meaning = "First day of the period of the first purchase, or the attribute's value; null for customers without value";
    draft.name("cohort", meaning, |row| row.value.as_deref());
    let meaning = "calendar: k counts periods after that of the customer's first purchase; elapsed: windows of lifecycle.window_days since its day";
    draft.name("index_kind", meaning, |row| row.windows.name());
    let meaning = "Days of a window; null for calendar periods";
    draft.count("window_days", "days", meaning, |row| match row.windows {
        Windows::Calendar => None,
        Windows::Elapsed(days) => Some(days),
    });
    draft.count("k", "windows", "Number of the window, 0 that of the first purchase", |row| row.k);
    draft.count("customers", "customers", "Size of the cohort", |row| row.size);
    let meaning = "Of these, customers won before the history begins: they are older than the cohort says";
    draft.count("older_customers", "customers", meaning, |row| row.older);
    let meaning = "Of the cohort, customers for whom the window is over: those a cell is about";
    draft.count("observed_customers", "customers", meaning, |row| row.observed);
    let meaning =
        "The window is over for every customer of the cohort; cells of 'first purchase' are shown only then";
    draft.flag("is_complete", meaning, |row| row.observed == row.size);
}

impl Cohorts {
    /// The customers of both.
    pub(crate) fn merge(&mut self, other: &Self) {
        let pairs = self.by_period.iter_mut().flatten().zip(other.by_period.iter().flatten());
        pairs.for_each(|(cohort, other)| cohort.merge(other));
        let pairs =
            self.by_group.iter_mut().flatten().flatten().zip(other.by_group.iter().flatten().flatten());
        pairs.for_each(|(cohort, other)| cohort.merge(other));
    }
}
