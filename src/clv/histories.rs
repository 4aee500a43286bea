//! Counted histories of a segment: of all its customers, and by cell of covariates where any are declared.

use super::models::Counts;
use super::pile::merged;
use super::season::Clock;
use crate::units::Day;
use std::borrow::Cow;

/// What fits and forecasts are made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histories<'c> {
    pub(crate) all: Cow<'c, Counts>,
    /// By cell; empty where no covariates are declared.
    pub(crate) cells: Vec<Cow<'c, Counts>>,
}

impl Histories<'static> {
    /// Of cells, or of all customers where there are none.
    pub(crate) fn of_cells(mut counts: Vec<Counts>, has_cells: bool) -> Self {
        if !has_cells {
            return Self { all: Cow::Owned(counts.pop().unwrap_or_default()), cells: Vec::new() };
        }
        let all = Counts::of_rows(counts.iter().flat_map(Counts::rows).copied());
        Self { all: Cow::Owned(all), cells: counts.into_iter().map(Cow::Owned).collect() }
    }
}

impl Histories<'_> {
    /// As a clock sees what came before a date.
    pub(crate) fn timed(&self, clock: &Clock, date: Day) -> Histories<'_> {
        let timed = |counts| clock.counts(counts, date);
        Histories { all: timed(&*self.all), cells: self.cells.iter().map(|cell| timed(&**cell)).collect() }
    }

    /// With those of other customers.
    pub(crate) fn merged(&self, other: &Histories<'_>) -> Histories<'static> {
        if self.all.rows().is_empty() {
            return other.to_owned_counts();
        }
        let cells = self.cells.iter().zip(&other.cells);
        Histories {
            all: Cow::Owned(merged(&self.all, &other.all)),
            cells: cells.map(|(a, b)| Cow::Owned(merged(a, b))).collect(),
        }
    }

    fn to_owned_counts(&self) -> Histories<'static> {
        let owned = |counts: &Cow<'_, Counts>| Cow::Owned(counts.clone().into_owned());
        Histories { all: owned(&self.all), cells: self.cells.iter().map(owned).collect() }
    }

    /// All customers of several segments.
    pub(crate) fn together(segments: &[Histories<'_>]) -> Histories<'static> {
        let cells = segments.first().map_or(0, |segment| segment.cells.len());
        let of_all = segments.iter().flat_map(|segment| segment.all.rows()).copied();
        let of_cell = |cell: usize| {
            let rows = segments.iter().flat_map(|segment| segment.cells[cell].rows()).copied();
            Cow::Owned(Counts::of_rows(rows))
        };
        Histories { all: Cow::Owned(Counts::of_rows(of_all)), cells: (0..cells).map(of_cell).collect() }
    }

    /// By cell, without a copy.
    pub(crate) fn by_cell(&self) -> Vec<&Counts> {
        self.cells.iter().map(|cell| &**cell).collect()
    }
}
