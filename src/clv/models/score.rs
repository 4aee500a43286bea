//! Predictions for millions of customers: look-ups in pair tables, one exponential and a logarithm each.
//!
//! P(alive) = a/(e^f + e^g), with a and f of the pair (x, T) and g of the pair (x, t_x); what an alive customer will buy
//! depends on (x, T) alone. Tables hold them with their pulls (see [`Estimate`]), so that errors cost additions only.
//!
//! Where purchases are every k-th event, a pair (x, T) has an entry per phase, and a customer takes their mean by the time since
//! the last purchase (see `phases`).
//!
//! The likelihood of a history is e^f + e^g. That of no purchase up to T + h is the same history seen until then, so the
//! probability of none, given the history, is the quotient of the two likelihoods, whatever the model.

use super::condensed::Condensed;
use super::estimate::Pulls;
use super::horizon::Horizon;
use super::lookahead::{Discounting, Lookahead, NODES, ResidualByCalendar, Span};
use super::pairs::{Pairs, Side};
use super::phases::{self, Phases};
use super::predict::alive_probability;
use super::purchase_law::PurchaseLaw;
use super::terms::Slope;
use super::{Counts, DAYS_PER_WEEK, Estimate, Fit, TICKS_PER_DAY};
use rayon::prelude::*;

/// How many horizons may be declared.
pub const MOST_HORIZONS: usize = 4;

/// What is asked for besides P(alive) and purchases within the horizons: purchases for ever take longer than all these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// Nothing.
    Purchases,
    /// The probability of no purchase within each horizon.
    NoPurchase,
    /// That, and discounted purchases within each horizon and for ever.
    Discounted,
}

/// Pairs whose predictions are made in one piece.
const PIECE: usize = 64;

/// A fit with its horizons and discount rate, ready to score the customers that were counted.
#[derive(Debug)]
pub struct Scorer {
    ages: Places,
    lasts: Places,
    timing: Condensed,
    /// By slot of (x, T), phase after phase.
    of_ages: Vec<AgeEntry>,
    of_lasts: Vec<Slope>,
    later: Vec<Later>,
    horizons: usize,
    asked: Asked,
    has_errors: bool,
}

/// What is expected of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Probability alive.
    pub alive: Estimate,
    /// Expected purchases within each declared horizon, in order; 0 beyond those declared.
    pub purchases: [Estimate; MOST_HORIZONS],
    /// Discounted expected residual transactions, for ever; 0 unless [`Asked::Discounted`].
    pub residual: Estimate,
    /// Probability of no purchase within each declared horizon, in order; 0 beyond those declared.
    pub no_purchase: [f64; MOST_HORIZONS],
    /// Discounted purchases within each declared horizon, in order; 0 beyond those declared.
    pub discounted: [f64; MOST_HORIZONS],
    /// Operational days until the next purchase that one who is alive and stays so exceeds with probability ½; 0 unless
    /// [`Asked::Discounted`].
    pub median_wait_days: f64,
}

/// What is seen at the end of a horizon of customers who do not buy within it.
#[derive(Debug)]
struct Later {
    weeks: f64,
    /// f of (x, T + h), by slot of (x, T), phase after phase.
    survived: Vec<f64>,
}

/// What depends on (x, T) and the phase; gradients are pulls.
#[derive(Debug, Clone, Copy)]
struct AgeEntry {
    alive: Slope,
    survived: Slope,
    /// Per horizon, then for ever: purchases of one who is alive.
    ahead: [Slope; MOST_HORIZONS + 1],
    /// Per horizon: discounted purchases of one who is alive.
    discounted: [f64; MOST_HORIZONS],
}

impl Scorer {
    /// Tables for the histories of `counts`, whose times are of the clock that `lookahead` looks ahead by. `None` where the fit found nothing to predict from.
    ///
    /// # Panics
    /// With more than [`MOST_HORIZONS`] horizons, or a discount rate that is not positive.
    pub fn new(fit: &Fit, lookahead: &Lookahead, counts: &Counts, asked: Asked) -> Option<Self> {
        assert!(lookahead.horizons.len() <= MOST_HORIZONS, "at most {MOST_HORIZONS} horizons");
        let law = fit.law()?;
        let pairs = Pairs::new(counts);
        let later = if asked >= Asked::NoPurchase { &lookahead.horizons[..] } else { &[] };
        let horizons = Horizons::new(lookahead, asked);
        let pulls = fit.covariance.as_ref().map(Pulls::new);
        let pulled = |slope: Slope| Slope {
            gradient: pulls.as_ref().map_or([0.0; 4], |pulls| pulls.of(&slope.gradient)),
            ..slope
        };
        Some(Self {
            of_ages: of_ages(&*law, &pairs.ages, &horizons, &pulled),
            of_lasts: of_lasts(&*law, &pairs.lasts).into_iter().map(pulled).collect(),
            later: later.iter().map(|span| Later::new(&*law, &pairs.ages, span)).collect(),
            timing: law.timing(),
            asked,
            ages: Places::new(&pairs.ages),
            lasts: Places::new(&pairs.lasts),
            horizons: lookahead.horizons.len(),
            has_errors: pulls.is_some(),
        })
    }

    /// What is expected of a customer with x purchases after the first, the last at t_x, at age T, in days.
    ///
    /// # Panics
    /// When no customer of the counts has the pair (x, T) or (x, t_x).
    pub fn score(&self, purchases: u32, last_purchase_days: u32, age_days: u32) -> Score {
        let k = self.timing.k as usize;
        let slot = self.ages.slot(purchases, age_days) * k;
        let idle_weeks = f64::from(age_days - last_purchase_days) / DAYS_PER_WEEK;
        let mean;
        let entry = match &self.of_ages[slot..slot + k] {
            [only] => only,
            phases => {
                mean = AgeEntry::mean(phases, idle_weeks);
                &mean
            }
        };
        let lapsed = &self.of_lasts[self.lasts.slot(purchases, last_purchase_days)];
        let alive = alive_probability(&entry.alive, &entry.survived, lapsed);
        let mut ahead = [self.estimate(Slope::ZERO); MOST_HORIZONS];
        for (estimate, slope) in ahead.iter_mut().zip(&entry.ahead[..self.horizons]) {
            *estimate = self.estimate(alive.times(slope));
        }
        let residual = self.estimate(alive.times(&entry.ahead[self.horizons]));
        let mut no_purchase = [0.0; MOST_HORIZONS];
        let likelihood = ln_sum(entry.survived.value, lapsed.value);
        for (probability, later) in no_purchase.iter_mut().zip(&self.later) {
            let survived = phases::ln_sum(&later.survived[slot..slot + k], idle_weeks + later.weeks);
            *probability = (ln_sum(survived, lapsed.value) - likelihood).exp().min(1.0);
        }
        let median_wait_days = match self.asked {
            Asked::Discounted => {
                DAYS_PER_WEEK
                    * self.timing.median_wait(purchases, f64::from(age_days) / DAYS_PER_WEEK, idle_weeks)
            }
            Asked::Purchases | Asked::NoPurchase => 0.0,
        };
        Score {
            alive: self.estimate(alive),
            purchases: ahead,
            residual,
            no_purchase,
            discounted: entry.discounted.map(|purchases| alive.value * purchases),
            median_wait_days,
        }
    }

    fn estimate(&self, slope: Slope) -> Estimate {
        Estimate { value: slope.value, pull: self.has_errors.then_some(slope.gradient) }
    }
}

impl AgeEntry {
    /// The mean over phases of a customer who has been idle for so long.
    fn mean(phases: &[Self], idle_weeks: f64) -> Self {
        let mixed = Phases::new(phases.iter().map(|entry| entry.survived), idle_weeks);
        let mut mean = Self {
            alive: mixed.survived,
            survived: mixed.survived,
            ahead: std::array::from_fn(|index| mixed.mean(|phase| phases[phase].ahead[index])),
            discounted: [0.0; MOST_HORIZONS],
        };
        for ((share, _), entry) in mixed.shares().zip(phases) {
            for (sum, purchases) in mean.discounted.iter_mut().zip(entry.discounted) {
                *sum += share * purchases;
            }
        }
        mean
    }
}

/// What a law is asked for, in order: horizons as declared, for ever, and what discounting within them needs.
struct Horizons {
    asked: Vec<Horizon>,
    /// As declared.
    discounting: Vec<Discounting>,
    residual: Option<ResidualByCalendar>,
}

impl Horizons {
    fn new(lookahead: &Lookahead, asked: Asked) -> Self {
        let declared = &lookahead.horizons;
        let discounts = asked == Asked::Discounted;
        let residual = lookahead.residual.filter(|_| discounts);
        let mut horizons: Vec<Horizon> = declared.iter().map(|span| undiscounted(span.weeks())).collect();
        if discounts {
            horizons.push(Horizon::forever(lookahead.discount_per_day));
            horizons.extend(declared.iter().flat_map(at_nodes));
        }
        if let Some(by_calendar) = &residual {
            horizons.extend(at_nodes(&by_calendar.first_days));
            horizons.push(undiscounted(by_calendar.first_days.weeks()));
        }
        Self {
            asked: horizons,
            discounting: declared.iter().map(|span| span.discounting).collect(),
            residual,
        }
    }

    /// What is within the declared horizons, and for ever.
    fn ahead(&self, slopes: &[Slope]) -> [Slope; MOST_HORIZONS + 1] {
        let declared = self.discounting.len();
        let mut ahead = [Slope::ZERO; MOST_HORIZONS + 1];
        let whole = slopes.len().min(declared + 1);
        ahead[..whole].copy_from_slice(&slopes[..whole]);
        if let Some(ResidualByCalendar { factor, first_days }) = &self.residual {
            let (nodes, whole) = slopes.split_at(slopes.len() - 1);
            let nodes = &nodes[nodes.len() - NODES.len()..];
            let Discounting { end, weights, .. } = &first_days.discounting;
            let forever = ahead[declared].scaled(*factor).plus(&whole[0].scaled(*end));
            let terms = nodes.iter().zip(weights);
            ahead[declared] = terms.fold(forever, |sum, (slope, weight)| sum.plus(&slope.scaled(*weight)));
        }
        ahead
    }

    /// Discounted purchases within the declared horizons; 0 where nobody asks.
    fn discounted(&self, slopes: &[Slope]) -> [f64; MOST_HORIZONS] {
        let declared = self.discounting.len();
        let nodes = slopes.get(declared + 1..).unwrap_or_default();
        let within = nodes.chunks(NODES.len()).zip(slopes).zip(&self.discounting);
        let mut discounted = [0.0; MOST_HORIZONS];
        for (place, ((nodes, whole), discounting)) in discounted.iter_mut().zip(within) {
            *place = discounting.of(whole, nodes);
        }
        discounted
    }
}

fn undiscounted(weeks: f64) -> Horizon {
    Horizon { weeks, discount_per_week: 0.0 }
}

fn at_nodes(span: &Span) -> [Horizon; NODES.len()] {
    NODES.map(|(node, _)| undiscounted(node * span.weeks()))
}

impl Discounting {
    fn of(&self, whole: &Slope, nodes: &[Slope]) -> f64 {
        let terms = self.weights.iter().zip(nodes);
        let integral = terms.fold(0.0, |sum, (weight, purchases)| sum + weight * purchases.value);
        self.end * whole.value + self.scale * integral
    }
}

fn of_ages(
    law: &dyn PurchaseLaw,
    side: &Side,
    horizons: &Horizons,
    pulled: &(impl Fn(Slope) -> Slope + Sync),
) -> Vec<AgeEntry> {
    let phases = 0..law.timing().k;
    let survived: Vec<_> = phases.map(|phase| law.survived_side(side, 1.0 / DAYS_PER_WEEK, phase)).collect();
    let by_age = ByAge::new(law, side, &horizons.asked);
    let piece = |slots: std::ops::Range<usize>| -> Vec<AgeEntry> {
        let purchases = side.pairs[slots.start].0;
        let ages: Vec<_> =
            side.pairs[slots.clone()].iter().map(|&(_, age)| f64::from(age) / DAYS_PER_WEEK).collect();
        let of_ages: Vec<_> = side.pairs[slots.clone()].iter().map(|&(_, age)| by_age.at(age)).collect();
        let aheads = law.ahead(purchases, &ages, &of_ages, &horizons.asked);
        let entry = |slot: usize, age: f64, phase: usize, slopes: &[Slope]| {
            let survived = survived[phase][slot].into();
            AgeEntry {
                alive: pulled(law.alive(purchases, age, &survived)),
                survived: pulled(survived),
                ahead: horizons.ahead(slopes).map(pulled),
                discounted: horizons.discounted(slopes),
            }
        };
        let asked = horizons.asked.len();
        let mut entries = Vec::with_capacity(slots.len() * survived.len());
        for ((slot, age), slopes) in slots.zip(&ages).zip(aheads) {
            let of_phase = |phase: usize| entry(slot, *age, phase, &slopes[phase * asked..][..asked]);
            entries.extend((0..survived.len()).map(of_phase));
        }
        entries
    };
    let pieces = side
        .by_purchases
        .iter()
        .flat_map(|(_, range)| range.clone().step_by(PIECE).map(|start| start..range.end.min(start + PIECE)));
    pieces.collect::<Vec<_>>().into_par_iter().map(piece).collect::<Vec<_>>().concat()
}

/// What a law asks of ages alone.
struct ByAge {
    /// Ascending.
    ages: Vec<u32>,
    slopes: Vec<Vec<Slope>>,
}

impl ByAge {
    fn new(law: &dyn PurchaseLaw, side: &Side, horizons: &[Horizon]) -> Self {
        let mut ages: Vec<u32> = side.pairs.iter().map(|(_, age)| *age).collect();
        ages.sort_unstable();
        ages.dedup();
        let slopes =
            ages.par_iter().map(|age| law.of_age(f64::from(*age) / DAYS_PER_WEEK, horizons)).collect();
        Self { ages, slopes }
    }

    fn at(&self, age: u32) -> &[Slope] {
        &self.slopes[self.ages.partition_point(|other| *other < age)]
    }
}

impl Later {
    fn new(law: &dyn PurchaseLaw, side: &Side, span: &Span) -> Self {
        let per_day = u32::try_from(TICKS_PER_DAY).expect("a power of 2");
        let pairs =
            side.pairs.iter().map(|&(purchases, age)| (purchases, age * per_day + span.ticks)).collect();
        let later = Side { pairs, by_purchases: side.by_purchases.clone() };
        let weeks_per_tick = 1.0 / DAYS_PER_WEEK / f64::from(per_day);
        let phases = law.timing().k;
        let mut survived = vec![0.0; later.pairs.len() * phases as usize];
        for phase in 0..phases {
            let places = survived.iter_mut().skip(phase as usize).step_by(phases as usize);
            let terms = law.survived_side(&later, weeks_per_tick, phase);
            places.zip(&terms).for_each(|(place, term)| *place = term.value);
        }
        Self { weeks: span.weeks(), survived }
    }
}

/// ln(e^f + e^g).
fn ln_sum(survived: f64, lapsed: f64) -> f64 {
    survived.max(lapsed) + (-(survived - lapsed).abs()).exp().ln_1p()
}

fn of_lasts(law: &dyn PurchaseLaw, side: &Side) -> Vec<Slope> {
    law.lapsed_side(side, 1.0 / DAYS_PER_WEEK).into_iter().map(Slope::from).collect()
}

/// Where each pair stands, by x and time.
#[derive(Debug)]
struct Places {
    /// Per x: the first time, and where the slots of its times begin.
    of_purchases: Vec<(u32, usize)>,
    slots: Vec<u32>,
}

impl Places {
    const NOWHERE: u32 = u32::MAX;

    fn new(side: &Side) -> Self {
        let highest = side.by_purchases.last().map_or(0, |(purchases, _)| *purchases as usize);
        let mut places = Self { of_purchases: vec![(u32::MAX, 0); highest + 2], slots: Vec::new() };
        for (purchases, range) in &side.by_purchases {
            let (earliest, latest) = (side.pairs[range.start].1, side.pairs[range.end - 1].1);
            let start = places.slots.len();
            places.of_purchases[*purchases as usize] = (earliest, start);
            places.slots.resize(start + (latest - earliest) as usize + 1, Self::NOWHERE);
            for slot in range.clone() {
                let time = side.pairs[slot].1;
                places.slots[start + (time - earliest) as usize] =
                    u32::try_from(slot).expect("fewer than 2^32 pairs");
            }
        }
        places
    }

    fn slot(&self, purchases: u32, time: u32) -> usize {
        let (earliest, start) = self.of_purchases.get(purchases as usize).copied().unwrap_or((u32::MAX, 0));
        let offset = time.checked_sub(earliest).map(|days| start + days as usize);
        let slot = offset.and_then(|offset| self.slots.get(offset).copied()).unwrap_or(Self::NOWHERE);
        assert!(slot != Self::NOWHERE, "no counted customer has {purchases} purchases and day {time}");
        slot as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::families::continuous;
    use crate::clv::models::{Gaps, History, Predictor, Rhythm, fit_regular};
    use crate::pipeline::PurchaseModel;

    #[test]
    fn a_score_is_the_prediction_of_one_customer() {
        let customers = (0..400).map(|index| {
            let age = 100 + index * 7 % 300;
            let purchases = index % 5 * (index % 3);
            (purchases, if purchases == 0 { 0 } else { 1 + index * 11 % age }, age)
        });
        let counts = Counts::of_customers(customers);
        let rhythms = continuous().map(|model| (model, 1)).into_iter().chain([(PurchaseModel::MbgCnbdK, 3)]);
        for (model, k) in rhythms {
            let fit = fit_regular(model, &counts, &Rhythm::new(k, Gaps::NONE));
            let scorer =
                Scorer::new(&fit, &Lookahead::calendar(&[91, 365], 4e-4), &counts, Asked::Discounted)
                    .unwrap();
            let predictor = Predictor::new(&fit).unwrap();
            for row in counts.rows() {
                let score = scorer.score(row.purchases, row.last_purchase_days, row.age_days);
                let history = History::of_days(row.purchases, row.last_purchase_days, row.age_days);
                assert_same(&score.alive, &predictor.alive(&history));
                assert_same(&score.purchases[1], &predictor.purchases(&history, &Horizon::of_days(365)));
                assert_same(&score.residual, &predictor.purchases(&history, &Horizon::forever(4e-4)));
                for (place, days) in [91, 365].into_iter().enumerate() {
                    let weeks = f64::from(days) / DAYS_PER_WEEK;
                    let expected =
                        predictor.purchases(&history, &Horizon { weeks, ..Horizon::forever(4e-4) }).value;
                    let found = score.discounted[place];
                    // What comes at a beat is less smooth between the nodes of a horizon.
                    let close = if k == 1 { 1e-6 } else { 1e-3 };
                    assert!(
                        (found - expected).abs() < close * expected,
                        "{model:?} {history:?}: {found} {expected}"
                    );
                }
                // Another way to the same: 1 − P(alive) · P(a purchase within 13 weeks, if alive).
                let silent = predictor.silent(&history, 13.0).value;
                assert!((score.no_purchase[0] - silent).abs() < 1e-9, "{model:?} {history:?}: {silent}");
            }
        }
    }

    fn assert_same(left: &Estimate, right: &Estimate) {
        assert!((left.value / right.value - 1.0).abs() < 1e-12, "{left:?} {right:?}");
        let errors = (left.standard_error(), right.standard_error());
        let (Some(left), Some(right)) = errors else { return assert_eq!(errors.0, errors.1) };
        assert!((left - right).abs() <= 1e-9 * right, "{left} {right}");
    }
}
