//! Today's candidates, kept slice by slice until they can be ranked by expected loss: by which probability is known only
//! once the holdout is counted.

use super::predictor::{Foretold, expected_loss};
use super::signal::{Signal, SignalKind};
use super::state::State;
use super::warning::{Candidate, Candidates};
use crate::customers::ranking::{Places, Ranking};
use crate::customers::slices::SLICE_CUSTOMERS;
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use crate::units::Fixed18;
use std::ops::Range;

/// Columns of candidates, then of signs, whose length is another.
#[derive(Clone, Copy)]
enum Kept {
    Rank,
    Stake,
    ByModel,
    ByRhythm,
    Last,
    State,
    Signs,
    Kind,
    Measure,
    Threshold,
    Before,
    Now,
}

/// All candidates of today.
#[derive(Debug)]
pub(crate) struct WarningList {
    kept: Scratch,
    customers: usize,
    memory: Memory,
    pub(crate) candidates: u64,
    /// Those with a sign.
    pub(crate) with_sign: u64,
}

/// A row of `early_warning`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Warning {
    pub(crate) rank: u32,
    /// Place by expected loss, from 1.
    pub(crate) place: u32,
    pub(crate) expected_loss: Fixed18,
    /// None where nothing is known of it.
    pub(crate) no_purchase: Option<f64>,
    pub(crate) stake: Fixed18,
    pub(crate) last: i32,
    pub(crate) state: State,
    /// Among the signs of the slice.
    pub(crate) signals: Range<usize>,
}

impl WarningList {
    /// For customers of ranks below `customers`.
    pub(crate) fn new(customers: usize, memory: &Memory) -> Self {
        let kept = Scratch::new(customers.div_ceil(SLICE_CUSTOMERS), memory);
        Self { kept, customers, memory: memory.clone(), candidates: 0, with_sign: 0 }
    }

    /// Keeps the candidates of a slice, each slice once.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn keep(&mut self, slice: usize, found: &Candidates) -> Result<()> {
        let customers = &found.customers;
        self.candidates += customers.len() as u64;
        self.with_sign += customers.iter().filter(|customer| !customer.signals.is_empty()).count() as u64;
        let of_customers = |of: fn(&Candidate) -> i64| customers.iter().map(of).collect::<Vec<i64>>();
        let of_signs = |of: fn(&Signal) -> i64| found.signals.iter().map(of).collect::<Vec<i64>>();
        // In the order of `Kept`.
        let columns = [
            of_customers(|customer| customer.rank.into()),
            of_customers(|customer| customer.stake.get()),
            of_customers(|customer| bits_or_none(customer.foretold.no_purchase[0])),
            of_customers(|customer| bits_or_none(customer.foretold.no_purchase[1])),
            of_customers(|customer| customer.last.into()),
            of_customers(|customer| customer.state as i64),
            of_customers(|customer| customer.signals.len() as i64),
            of_signs(|signal| signal.kind as i64),
            of_signs(|signal| bits(signal.measure)),
            of_signs(|signal| bits(signal.threshold)),
            of_signs(|signal| bits(signal.before)),
            of_signs(|signal| bits(signal.now)),
        ];
        self.kept.keep(slice, columns.iter().map(Vec::as_slice))
    }

    fn column(&self, slice: usize, column: Kept) -> Result<Vec<i64>> {
        self.kept.column(slice, column as usize)
    }

    /// Slices of customers.
    pub(crate) fn slices(&self) -> usize {
        self.kept.slices()
    }

    /// The place of every candidate by the loss that the chosen probability expects, ties in the order of ranks.
    ///
    /// # Errors
    /// A disk that is full or fails.
    pub(crate) fn places(&self, chosen: usize) -> Result<Places> {
        let mut ranking = Ranking::new(self.customers, &self.memory);
        for slice in 0..self.slices() {
            let (ranks, stakes) = (self.column(slice, Kept::Rank)?, self.column(slice, Kept::Stake)?);
            let probabilities = self.probabilities(slice)?;
            for ((rank, stake), no_purchase) in ranks.into_iter().zip(stakes).zip(probabilities) {
                let loss = expected_loss(stake, Foretold::probability(no_purchase, chosen));
                ranking.add(u32::try_from(rank).expect("it was 32 bits wide"), loss)?;
            }
        }
        ranking.finish(|_| {})
    }

    fn probabilities(&self, slice: usize) -> Result<Vec<[Option<f64>; 2]>> {
        let [by_model, by_rhythm] = [self.column(slice, Kept::ByModel)?, self.column(slice, Kept::ByRhythm)?];
        Ok(by_model.into_iter().zip(by_rhythm).map(|(a, b)| [a, b].map(known)).collect())
    }

    /// The rows of a slice in the order of ranks, and their signs.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn rows(
        &self,
        slice: usize,
        places: &Places,
        chosen: usize,
    ) -> Result<(Vec<Warning>, Vec<Signal>)> {
        let column = |column: Kept| self.column(slice, column);
        let (ranks, stakes, last) = (column(Kept::Rank)?, column(Kept::Stake)?, column(Kept::Last)?);
        let (states, signs) = (column(Kept::State)?, column(Kept::Signs)?);
        let probabilities = self.probabilities(slice)?;
        let mut rows = Vec::with_capacity(ranks.len());
        let mut signals = 0;
        for row in 0..ranks.len() {
            let rank = u32::try_from(ranks[row]).expect("it was 32 bits wide");
            let no_purchase = probabilities[row];
            let probability = Foretold::probability(no_purchase, chosen);
            let start = signals;
            signals += usize::try_from(signs[row]).expect("a count");
            rows.push(Warning {
                rank,
                place: places.of(rank as usize).expect("every candidate is ranked"),
                expected_loss: Fixed18::of_column(expected_loss(stakes[row], probability)),
                no_purchase: no_purchase.iter().any(Option::is_some).then_some(probability),
                stake: Fixed18::of_column(stakes[row]),
                last: i32::try_from(last[row]).expect("it was 32 bits wide"),
                state: State::ALL[usize::try_from(states[row]).expect("a state")],
                signals: start..signals,
            });
        }
        Ok((rows, self.signals(slice)?))
    }

    fn signals(&self, slice: usize) -> Result<Vec<Signal>> {
        let numbers =
            |column: Kept| Ok(self.column(slice, column)?.into_iter().map(number).collect::<Vec<f64>>());
        let kinds = self.column(slice, Kept::Kind)?;
        let (measures, thresholds) = (numbers(Kept::Measure)?, numbers(Kept::Threshold)?);
        let (before, now) = (numbers(Kept::Before)?, numbers(Kept::Now)?);
        let mut signals = Vec::with_capacity(kinds.len());
        for (row, kind) in kinds.into_iter().enumerate() {
            signals.push(Signal {
                kind: SignalKind::ALL[usize::try_from(kind).expect("a kind")],
                measure: measures[row],
                threshold: thresholds[row],
                before: before[row],
                now: now[row],
            });
        }
        Ok(signals)
    }
}

fn bits(value: f64) -> i64 {
    value.to_bits().cast_signed()
}

fn number(bits: i64) -> f64 {
    f64::from_bits(bits.cast_unsigned())
}

/// NaN stands for a probability that is not known.
fn bits_or_none(probability: Option<f64>) -> i64 {
    bits(probability.unwrap_or(f64::NAN))
}

fn known(probability: i64) -> Option<f64> {
    Some(number(probability)).filter(|probability| !probability.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryBudget, SpillFile};
    use std::sync::Arc;

    fn candidate(rank: u32, stake: i64, no_purchase: [Option<f64>; 2], signals: Range<usize>) -> Candidate {
        let foretold = Foretold { no_purchase, ..Foretold::default() };
        let stake = Fixed18::of_column(stake);
        Candidate { rank, last: 5, state: State::AtRisk, stake, foretold, signals, lapsed: None }
    }

    #[test]
    fn candidates_come_back_ranked_held_or_spilled() {
        let sign =
            Signal { kind: SignalKind::Overdue, measure: 2.5, threshold: 2.0, before: 10.0, now: 25.0 };
        let found = Candidates {
            customers: vec![
                candidate(0, 100, [Some(0.5), None], 0..0),
                candidate(2, 90, [None, Some(0.75)], 0..1),
                candidate(7, 1_000, [Some(0.05), Some(0.9)], 1..1),
                candidate(8, 60, [None, None], 1..1),
            ],
            signals: vec![sign],
            ..Candidates::default()
        };
        for budget in [MemoryBudget::unlimited(), MemoryBudget::of(0)] {
            let folder = tempfile::tempdir().unwrap();
            let memory = Memory { allocator: None, budget, spill: Arc::new(SpillFile::new(folder.path())) };
            let mut list = WarningList::new(10, &memory);
            list.keep(0, &found).unwrap();
            assert_eq!((list.candidates, list.with_sign), (4, 1));
            let (rows, signals) = list.rows(0, &list.places(0).unwrap(), 0).unwrap();
            let places: Vec<_> =
                rows.iter().map(|row| (row.rank, row.place, row.expected_loss.get())).collect();
            assert_eq!(places, [(0, 3, 50), (2, 1, 68), (7, 4, 50), (8, 2, 60)]);
            assert_eq!((rows[3].no_purchase, rows[1].no_purchase), (None, Some(0.75)));
            assert_eq!((signals, rows[1].signals.clone(), rows[2].signals.clone()), (vec![sign], 0..1, 1..1));
            let (rows, _) = list.rows(0, &list.places(1).unwrap(), 1).unwrap();
            assert_eq!((rows[2].place, rows[2].expected_loss.get()), (1, 900));
        }
    }
}
