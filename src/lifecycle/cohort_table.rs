//! `cohort`: cohorts of the first purchase's period and of attributes, by both ways of counting windows.

use super::cohort::{Cell, Cohort, Member, MemberWindows, WindowSums};
use super::grouping::Grouping;
use super::layout::{Layout, count, float, name, share, whole};
use super::windows::Windows;
use crate::customers::calendar::Calendar;
use crate::publish::schema::{Column, ColumnKind, Sheet};
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
    pub(crate) fn sheet(&self, layout: &Layout<'_>, cohorts: &Cohorts) -> Sheet {
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
        sheet(layout, &rows)
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

/// Name, meaning and value of a column of money.
type Amount = (&'static str, &'static str, fn(&Cell) -> i128);

fn sheet(layout: &Layout<'_>, rows: &[Row<'_>]) -> Sheet {
    let mut sheet = Sheet::new("cohort", "cohort, way of counting windows, and window", None);
    add_identity(&mut sheet, rows);
    let counts =
        |of: fn(&Cell) -> u64| rows.iter().map(|row| row.cell.as_ref().map(|cell| whole(of(cell)))).collect();
    let meaning =
        "Of the observed, those with a purchase in the window; this and what follows is null where not shown";
    sheet.fixed_or_null(count("active", "customers", meaning), counts(|cell| cell.active));
    let ratios = |of: fn(&Cell) -> u64| {
        rows.iter().map(move |row| row.cell.as_ref().and_then(|cell| share(of(cell), cell.observed)))
    };
    sheet.floats(float("retention", "1", "active / observed_customers"), ratios(|cell| cell.active));
    let meaning = "Share of the observed with a purchase in the window or later, up to the as-of date";
    sheet.floats(float("rolling_retention", "1", meaning), ratios(|cell| cell.active_or_later));
    sheet.fixed_or_null(count("orders", "orders", "Orders in the window"), counts(|cell| cell.orders));
    let totals = |of: fn(&Cell) -> i128| rows.iter().map(|row| row.cell.as_ref().map(of)).collect();
    let amounts: [Amount; 4] = [
        ("net_revenue", "Net revenue of the window", |cell| cell.net_revenue),
        ("gross_margin", "Gross margin of the window", |cell| cell.gross_margin),
        ("contribution", "Contribution of the window", |cell| cell.contribution),
        (
            "cumulative_contribution",
            "Contribution of the window and those before it, by the same customers",
            |cell| cell.cumulative_contribution,
        ),
    ];
    for (name, meaning, of) in amounts {
        sheet.totals(layout.total(name, meaning).nullable(), totals(of));
    }
    let meaning = "cumulative_contribution per observed customer, those who left included";
    let each = |cell: &Cell| round_ratio(cell.cumulative_contribution, i128::from(cell.observed));
    sheet.totals(layout.total("cumulative_contribution_per_customer", meaning).nullable(), totals(each));
    sheet
}

fn add_identity(sheet: &mut Sheet, rows: &[Row<'_>]) {
    let meaning = "What the cohort shares: 'first purchase' for its period, or an attribute of the customer";
    sheet.texts(name("cohort_by", meaning), rows.iter().map(|row| Some(row.by)));
    let meaning = "First day of the period of the first purchase, or the attribute's value; null for customers without value";
    sheet.texts(name("cohort", meaning).nullable(), rows.iter().map(|row| row.value.as_deref()));
    let meaning = "calendar: k counts periods after that of the customer's first purchase; elapsed: windows of lifecycle.window_days since its day";
    sheet.texts(name("index_kind", meaning), rows.iter().map(|row| Some(row.windows.name())));
    let days = |row: &Row<'_>| match row.windows {
        Windows::Calendar => None,
        Windows::Elapsed(days) => Some(i64::from(days)),
    };
    sheet.fixed_or_null(
        count("window_days", "days", "Days of a window; null for calendar periods"),
        rows.iter().map(days).collect(),
    );
    let mut add = |name, unit, meaning, of: &dyn Fn(&Row<'_>) -> u64| {
        sheet.fixed(count(name, unit, meaning), rows.iter().map(|row| whole(of(row))).collect::<Vec<_>>());
    };
    add("k", "windows", "Number of the window, 0 that of the first purchase", &|row| row.k as u64);
    add("customers", "customers", "Size of the cohort", &|row| row.size);
    add(
        "older_customers",
        "customers",
        "Of these, customers won before the history begins: they are older than the cohort says",
        &|row| row.older,
    );
    add(
        "observed_customers",
        "customers",
        "Of the cohort, customers for whom the window is over: those a cell is about",
        &|row| row.observed,
    );
    let meaning =
        "The window is over for every customer of the cohort; cells of 'first purchase' are shown only then";
    let complete = rows.iter().map(|row| row.observed == row.size);
    sheet.flags(Column::new("is_complete", ColumnKind::Bool, "", meaning), complete);
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
