//! What warnings would have been worth: made once more at an earlier date, and held against what followed.
//!
//! A customer *lapsed* if it did not buy from that date to the run's as-of date. The lead time of a warning that came
//! true is how many days it came before the relationship counts as ended, that is before last purchase + gap.

use super::discrimination::{Gains, RocCounts};
use super::predictor::{Foretold, Predictor, expected_loss};
use super::signal::SignalKind;
use super::tally::Tally;
use super::warning::{Candidate, Candidates};
use crate::customers::days::{CustomerDaysView, Seen};
use crate::units::Day;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Alerts that somebody may have time for: the first so many by expected loss.
const VOLUMES: [u64; 3] = [100, 1_000, 10_000];
const MOST_ALERTS: usize = 10_000;
const _: () = assert!(VOLUMES[VOLUMES.len() - 1] == MOST_ALERTS as u64, "as many are held as are asked for");

/// What followed a date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// The date at which warnings were made.
    pub(crate) date: Day,
    /// Until when they are held against what followed.
    pub(crate) until: Day,
    pub(crate) gap_days: i32,
}

impl Outcome {
    /// The lead time of a customer who lapsed, by all its days.
    pub(crate) fn lapsed(&self, days: CustomerDaysView<'_>, seen: &Seen) -> Option<u32> {
        let came_back = days.since(self.date).before(self.until).purchases().next().is_some();
        let lead = seen.last.saturating_add(self.gap_days) - self.date.0;
        (!came_back).then(|| u32::try_from(lead).unwrap_or(0))
    }
}

/// Whom a score is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Every candidate.
    All,
    /// Those with a sign of any kind.
    AnySign,
    Sign(SignalKind),
}

impl Listed {
    const COUNT: usize = 2 + SignalKind::ALL.len();

    fn every() -> impl Iterator<Item = Self> {
        [Self::All, Self::AnySign].into_iter().chain(SignalKind::ALL.map(Self::Sign))
    }

    /// As tables show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::AnySign => "any",
            Self::Sign(kind) => kind.name(),
        }
    }
}

/// The candidates of the earlier date, counted.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    read: [Tally; SignalKind::ALL.len()],
    listed: [Tally; Listed::COUNT],
    /// By whom they are about, and by the probability that losses are expected by.
    alerts: [[Alerts; 2]; Listed::COUNT],
    roc: [RocCounts; Predictor::ALL.len()],
    /// By contribution at stake, and by the loss expected by each probability.
    gains: [Gains; 3],
}

/// The customers with the highest expected loss, as many as are alerted at most; of equal ones those of lower rank.
#[derive(Debug, Default)]
struct Alerts(BinaryHeap<Reverse<Alert>>);

/// Expected loss, rank, and the lead time of a customer who lapsed.
type Alert = (i64, Reverse<u32>, Option<u32>);

impl Alerts {
    fn add(&mut self, alert: Alert) {
        if self.0.len() == MOST_ALERTS && self.0.peek().is_some_and(|least| alert <= least.0) {
            return;
        }
        self.0.push(Reverse(alert));
        if self.0.len() > MOST_ALERTS {
            self.0.pop();
        }
    }

    fn sorted(&self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.0.iter().map(|alert| alert.0).collect();
        alerts.sort_unstable_by(|a, b| b.cmp(a));
        alerts
    }
}

/// The record of one list of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) listed: Listed,
    /// The first so many by expected loss; none: all.
    pub(crate) volume: Option<u64>,
    /// Of whom such a sign can be read.
    pub(crate) candidates: Tally,
    pub(crate) warned: Tally,
}

/// The record of a predictor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PredictorScore {
    pub(crate) predictor: Predictor,
    /// Today's list is ranked by it.
    pub(crate) is_chosen: bool,
    /// Customers that it says something of, and those of them who lapsed.
    pub(crate) customers: [u64; 2],
    pub(crate) area: Option<f64>,
    /// Contribution at stake of the lapsed in the first tenth by the loss it expects; none if it is no probability.
    pub(crate) lost_in_first_tenth: Option<f64>,
    /// The same in the first tenth by contribution at stake, and of all.
    pub(crate) lost_by_stake: [f64; 2],
}

impl PredictorScore {
    /// How much more is lost in the first tenth by expected loss than in that by contribution at stake.
    pub(crate) fn lift(&self) -> Option<f64> {
        Some(self.lost_in_first_tenth? / Some(self.lost_by_stake[0]).filter(|lost| *lost > 0.0)?)
    }
}

impl Trial {
    /// Adds the candidates of a slice.
    pub(crate) fn add(&mut self, slice: &Candidates) {
        self.read.iter_mut().zip(slice.read).for_each(|(sum, more)| *sum = sum.merge(more));
        for candidate in &slice.customers {
            self.add_candidate(slice, candidate);
        }
    }

    fn add_candidate(&mut self, slice: &Candidates, candidate: &Candidate) {
        let (foretold, has_lapsed) = (&candidate.foretold, candidate.lapsed.is_some());
        let stake = candidate.stake.get();
        let lost = if has_lapsed { stake.max(0) } else { 0 };
        for (predictor, counts) in Predictor::ALL.into_iter().zip(&mut self.roc) {
            if let Some(step) = foretold.step(predictor) {
                counts.add(step, has_lapsed);
            }
        }
        let losses =
            [0, 1].map(|chosen| expected_loss(stake, Foretold::probability(foretold.no_purchase, chosen)));
        self.gains[0].add(stake, lost);
        self.gains[1].add(losses[0], lost);
        self.gains[2].add(losses[1], lost);
        let signals = slice.signals(candidate);
        for (number, listed) in Listed::every().enumerate() {
            let is_listed = match listed {
                Listed::All => true,
                Listed::AnySign => !signals.is_empty(),
                Listed::Sign(kind) => signals.iter().any(|signal| signal.kind == kind),
            };
            if is_listed {
                self.listed[number].add(candidate.lapsed);
                for (alerts, loss) in self.alerts[number].iter_mut().zip(losses) {
                    alerts.add((loss, Reverse(candidate.rank), candidate.lapsed));
                }
            }
        }
    }

    /// The place, among [`Predictor::PROBABILITIES`], of the one with the larger area; the purchase model's of equal ones.
    pub(crate) fn chosen(&self) -> usize {
        match (self.roc[0].area(), self.roc[1].area()) {
            (Some(of_model), Some(of_rhythm)) => usize::from(of_rhythm > of_model),
            _ => 0,
        }
    }

    /// Every predictor that says something.
    pub(crate) fn predictors(&self) -> Vec<PredictorScore> {
        let lost_by_stake = self.gains[0].lost_in_first_tenth();
        let mut scores = Vec::new();
        for (predictor, counts) in Predictor::ALL.into_iter().zip(&self.roc) {
            let place = Predictor::PROBABILITIES.iter().position(|known| *known == predictor);
            scores.push(PredictorScore {
                predictor,
                is_chosen: place == Some(self.chosen()),
                customers: counts.customers(),
                area: counts.area(),
                lost_in_first_tenth: place.map(|place| self.gains[1 + place].lost_in_first_tenth()[0]),
                lost_by_stake,
            });
        }
        scores.retain(|score| score.customers[0] > 0);
        scores
    }

    /// All candidates, those with any sign and those of every kind, at every volume.
    pub(crate) fn scores(&self) -> Vec<Score> {
        let chosen = self.chosen();
        let mut scores = Vec::new();
        for (number, listed) in Listed::every().enumerate() {
            let candidates = match listed {
                Listed::Sign(kind) => self.read[kind as usize],
                _ => self.listed[0],
            };
            let score = |volume, warned| Score { listed, volume, candidates, warned };
            let all = self.listed[number];
            let alerts = self.alerts[number][chosen].sorted();
            let mut tally = Tally::default();
            for (_, _, lapsed) in alerts {
                tally.add(lapsed);
                if VOLUMES.contains(&tally.customers) && tally.customers < all.customers {
                    scores.push(score(Some(tally.customers), tally));
                }
            }
            scores.push(score(None, all));
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::state::State;
    use crate::lifecycle::tests::{bought, slice};
    use crate::units::Fixed18;

    #[test]
    fn who_does_not_buy_in_the_holdout_lapsed() {
        let outcome = Outcome { date: Day(100), until: Day(190), gap_days: 60 };
        let slice = slice(&[&bought(&[10, 80]), &bought(&[10, 80, 189]), &bought(&[80, 190])]);
        let found =
            slice.customers().map(|days| outcome.lapsed(days, &days.before(Day(100)).seen(60).unwrap()));
        assert_eq!(found.collect::<Vec<_>>(), [Some(40), None, Some(40)]);
    }

    fn candidate(rank: u32, stake: i64, no_purchase: [f64; 2], has_lapsed: bool) -> Candidate {
        let foretold = Foretold { no_purchase: no_purchase.map(Some), ..Foretold::default() };
        Candidate {
            rank,
            last: 0,
            state: State::Active,
            stake: Fixed18::of_column(stake),
            foretold,
            signals: 0..0,
            lapsed: has_lapsed.then_some(7),
        }
    }

    #[test]
    fn losses_are_expected_by_the_probability_that_tells_more_lapsed_apart() {
        let mut trial = Trial::default();
        let mut customers = Vec::new();
        for rank in 0..200 {
            let has_lapsed = rank % 4 == 0;
            let right = if has_lapsed { 0.9 } else { 0.1 };
            customers.push(candidate(rank, 100, [0.5, right], has_lapsed));
        }
        customers.push(candidate(200, 9_000, [0.5, 0.001], false));
        trial.add(&Candidates { customers, ..Candidates::default() });
        assert_eq!(trial.chosen(), 1);
        let scores = trial.scores();
        let of = |listed: Listed, volume: Option<u64>| {
            let is = |score: &&Score| (score.listed, score.volume) == (listed, volume);
            scores.iter().find(is).unwrap().warned
        };
        assert_eq!(of(Listed::All, Some(100)), Tally { customers: 100, lapsed: 50, lead_days: 350 });
        assert_eq!(of(Listed::All, None).customers, 201);
        assert_eq!(of(Listed::AnySign, None), Tally::default());
        let predictors = trial.predictors();
        let areas: Vec<_> =
            predictors.iter().map(|score| (score.predictor.name(), score.is_chosen)).collect();
        assert_eq!(areas[..2], [("purchase model", false), ("rhythm", true)]);
        assert_eq!((predictors[0].area, predictors[1].area), (Some(0.5), Some(1.0)));
        // The first 21: of stake one of 9,000 and 20 of 200 alike, of whom a quarter lapsed; by the rhythm lapsed ones only.
        assert_eq!(predictors[1].lost_in_first_tenth, Some(2_100.0));
        assert_eq!(predictors[1].lift(), Some(2_100.0 / 500.0));
    }
}
