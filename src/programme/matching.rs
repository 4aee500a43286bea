//! Two walks over all customers: one brings members and others into cells, one sums up how far each lies from the mean of its cell.

use super::matched_effect::{ByMeasure, Cells, MatchedCells, MatchedEffect};
use super::movement::Points;
use super::occurrence::{Known, Observing, Occurrence};
use crate::customers::days::CustomerDaysView;
use crate::customers::history::CustomerHistory;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::error::Result;

/// Members of a combination of attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct MemberCounts {
    pub(super) members: u64,
    /// Of these, those whose outcomes are known, and those of them of whom something says whom to compare them with.
    pub(super) observed: u64,
    pub(super) comparable: u64,
}

/// Both studies of a programme.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// By combination.
    counts: Vec<MemberCounts>,
    effect: Compared,
    placebo: Compared,
}

/// One study.
#[derive(Debug, Clone)]
struct Compared {
    matched: MatchedCells,
    /// Squared deviations, by combination.
    squares: Vec<ByMeasure>,
}

/// What is known of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentEffect {
    pub(super) counts: MemberCounts,
    /// None without a matched member.
    pub(super) effect: Option<MatchedEffect>,
    pub(super) placebo: Option<MatchedEffect>,
}

impl Comparison {
    /// Walks twice; `studies` look at the same customers.
    ///
    /// # Errors
    /// A disk that fails, sums beyond 128 bits.
    pub(super) fn new(
        history: &CustomerHistory,
        points: &Points,
        studies: [&Observing<'_>; 2],
    ) -> Result<Self> {
        let [effect, placebo] = studies.map(|observing| CellWalk { observing, points });
        let ((of_effect, counts), (of_placebo, _)) = walk(&history.days, &(effect, placebo))?;
        let matched = [of_effect.matched(), of_placebo.matched()];
        let deviations =
            |study: usize| DeviationWalk { observing: studies[study], points, matched: &matched[study] };
        let (of_effect, of_placebo) = walk(&history.days, &(deviations(0), deviations(1)))?;
        let [effect, placebo] = matched;
        Ok(Self {
            counts,
            effect: Compared { matched: effect, squares: of_effect },
            placebo: Compared { matched: placebo, squares: of_placebo },
        })
    }

    /// Of customers of some combinations of attributes.
    pub(super) fn segment(&self, is_meant: impl Fn(usize) -> bool) -> SegmentEffect {
        let mut counts = MemberCounts::default();
        for of in (0..self.counts.len()).filter(|combination| is_meant(*combination)) {
            counts.add(&self.counts[of]);
        }
        let of = |study: &Compared| {
            let mut squares = ByMeasure::default();
            for (_, of) in study.squares.iter().enumerate().filter(|(combination, _)| is_meant(*combination))
            {
                squares.iter_mut().zip(of).for_each(|(sum, more)| *sum += more);
            }
            study.matched.effect(|combination| is_meant(combination as usize), squares)
        };
        SegmentEffect { counts, effect: of(&self.effect), placebo: of(&self.placebo) }
    }
}

impl MemberCounts {
    fn add(&mut self, other: &Self) {
        self.members += other.members;
        self.observed += other.observed;
        self.comparable += other.comparable;
    }
}

/// Calls `visit` with every customer of a slice, its days, and the day it joined.
fn each_customer(
    points: &Points,
    customers: &CustomerSlice,
    mut visit: impl FnMut(usize, CustomerDaysView<'_>, Option<i32>) -> Result<()>,
) -> Result<()> {
    let movements = points.of(&customers.ranks)?;
    let mut joined = movements.chunk_by(|a, b| a.who == b.who).map(|own| own[0]).peekable();
    for (rank, days) in customers.ranks.clone().zip(customers.days.customers()) {
        let joined = joined.next_if(|first| first.who as usize == rank).map(|first| first.day);
        visit(rank, days, joined)?;
    }
    Ok(())
}

/// Brings customers into cells.
struct CellWalk<'r> {
    observing: &'r Observing<'r>,
    points: &'r Points,
}

impl SliceOperator for CellWalk<'_> {
    type Window = ();
    type Part = (Cells, Vec<MemberCounts>);
    type Total = (Cells, Vec<MemberCounts>);

    fn begin(&self) -> Result<Self::Total> {
        Ok((Cells::default(), vec![MemberCounts::default(); self.observing.combinations.len()]))
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Self::Part> {
        let (mut cells, mut counts) = self.begin()?;
        each_customer(self.points, customers, |rank, days, joined| {
            let mut added = Ok(());
            let known = self.observing.observe(rank, days, joined, |found| {
                if added.is_ok() {
                    added = cells.add(&found);
                }
            });
            if joined.is_some() {
                let counts = &mut counts[self.observing.combinations.of(rank)];
                counts.members += 1;
                counts.observed += u64::from(known != Known::Unobserved);
                counts.comparable += u64::from(known == Known::Observed);
            }
            added
        })?;
        Ok((cells, counts))
    }

    fn take(&self, total: &mut Self::Total, (cells, counts): Self::Part) -> Result<()> {
        total.1.iter_mut().zip(&counts).for_each(|(sums, more)| sums.add(more));
        total.0.merge(&cells)
    }
}

/// Sums squared deviations by combination of attributes.
struct DeviationWalk<'r> {
    observing: &'r Observing<'r>,
    points: &'r Points,
    matched: &'r MatchedCells,
}

impl SliceOperator for DeviationWalk<'_> {
    type Window = ();
    type Part = Vec<ByMeasure>;
    type Total = Vec<ByMeasure>;

    fn begin(&self) -> Result<Self::Total> {
        Ok(vec![ByMeasure::default(); self.observing.combinations.len()])
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Self::Part> {
        let mut squares = self.begin()?;
        let mut own: Vec<Occurrence> = Vec::new();
        each_customer(self.points, customers, |rank, days, joined| {
            own.clear();
            self.observing.observe(rank, days, joined, |found| {
                if self.matched.has(&found.cell) {
                    own.push(found);
                }
            });
            if !own.is_empty() {
                let sums = &mut squares[self.observing.combinations.of(rank)];
                let deviation = self.matched.deviation(&own);
                sums.iter_mut().zip(deviation).for_each(|(sum, one)| *sum += one * one);
            }
            Ok(())
        })?;
        Ok(squares)
    }

    fn take(&self, total: &mut Self::Total, part: Self::Part) -> Result<()> {
        for (sums, more) in total.iter_mut().zip(part) {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        Ok(())
    }
}
