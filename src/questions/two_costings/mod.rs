//! Two costings of the same facts, read window by window of customers: the release's own, added up once (`release_lives`), and what
//! a scenario charges more or less (`differences`).

mod differences;
mod release_lives;

pub use release_lives::ReleaseLives;

use super::lives::bearing;
use super::recalled::Recalled;
use super::response::{PeriodTallies, Response, Responses, Tally};
use crate::costing::schema::{ActivityCosting, Rate, post};
use crate::error::{Error, Result};
use crate::facts::schema::CustomerFacts;
use crate::profitability::schema::{CostLine, Lines, Values};
use crate::units::{Decimal, Fixed18, pow10};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Two costings of a release's facts, with the volumes before the customers that come next.
pub(super) struct TwoCostings<'r> {
    pub(super) base: Recalled<'r>,
    pub(super) scenario: Recalled<'r>,
    /// Factor on list revenue, discount and returns in the scenario.
    prices: Decimal,
    /// What customers do in the scenario.
    responses: Responses<'r>,
    /// Whether they do what they did.
    is_as_it_was: bool,
    /// Activities that customers bear cost of, by index.
    bearing: Vec<usize>,
    /// Whether the run has lines below customer profit.
    pub(super) is_loaded: bool,
    avoidable_scale: u8,
    running: Mutex<Running>,
}

/// What was met of the customers before the next window.
struct Running {
    /// By period and bearing activity.
    volumes: Vec<Vec<RunningVolume>>,
    /// By change of the scenario.
    tallies: Vec<Tally>,
}

/// Driver volume of all customers so far.
#[derive(Debug, Clone, Copy, Default)]
struct RunningVolume {
    /// By either costing, of what customers did.
    sides: [i64; 2],
    /// What they do more in the scenario, with the digits of its responses.
    change: i64,
}

/// What customers bear of one activity in a period of a scenario.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChargedActivity {
    /// Among all activities.
    pub(super) activity: usize,
    /// Cost.
    pub(super) posted: i64,
    /// Unused capacity charged with it.
    pub(super) unused_charged: i64,
    /// Driver volume, with the digits of the scenario's responses.
    pub(super) volume: i64,
}

/// Facts of the customers of a window, by period: read once, however many costings there are.
pub(super) type WindowFacts = Arc<Vec<PeriodFacts>>;

/// A period's rows of customers, and what drivers are sums of.
pub(super) struct PeriodFacts {
    rows: CustomerFacts,
    aggregates: Vec<Values>,
}

/// What customers of several slices had in every period.
#[derive(Default)]
pub(super) struct LivesWindow {
    facts: WindowFacts,
    periods: Vec<WindowPeriod>,
}

struct WindowPeriod {
    /// What customers do in the scenario, where they do something else.
    response: Option<Response>,
    /// By bearing activity.
    activities: Vec<WindowActivity>,
}

/// Driver volumes, and those of all customers before the window.
struct WindowActivity {
    /// By either costing, of what customers did.
    volumes: [Values; 2],
    /// What they do more in the scenario, where they do something else.
    change: Option<Vec<i64>>,
    before: RunningVolume,
}

impl<'r> TwoCostings<'r> {
    /// Prices are list revenue, discount and returns times `prices`.
    pub(super) fn new(
        base: &Recalled<'r>,
        scenario: &Recalled<'r>,
        prices: Decimal,
        responses: Responses<'r>,
    ) -> Self {
        Self::of_activities(base, scenario, prices, responses, bearing(base).collect())
    }

    /// Of the activities alone that cost customers something else in the scenario; customers do what they did, at their prices.
    pub(super) fn of_differing(base: &Recalled<'r>, scenario: &Recalled<'r>) -> Self {
        let differing = bearing(base).filter(|activity| differs(base, scenario, *activity)).collect();
        Self::of_activities(base, scenario, Decimal::ONE, Responses::none(base), differing)
    }

    fn of_activities(
        base: &Recalled<'r>,
        scenario: &Recalled<'r>,
        prices: Decimal,
        responses: Responses<'r>,
        bearing: Vec<usize>,
    ) -> Self {
        let shares = base.costing.activities.iter().map(|activity| activity.avoidable.scale);
        let volumes = vec![vec![RunningVolume::default(); bearing.len()]; base.facts.periods.len()];
        let tallies = responses.tallies();
        Self {
            base: *base,
            scenario: *scenario,
            prices,
            is_as_it_was: tallies.is_empty(),
            responses,
            is_loaded: Self::is_loaded_in(base),
            avoidable_scale: shares.max().unwrap_or(0),
            running: Mutex::new(Running { volumes, tallies }),
            bearing,
        }
    }

    /// Whether a run has lines below customer profit.
    pub(super) fn is_loaded_in(base: &Recalled<'_>) -> bool {
        let lines = Lines::new(&base.costing.activities, base.is_unused_charged());
        lines.has(CostLine::Spread) || lines.has(CostLine::UnusedCharged)
    }

    /// The facts of the customers of a window.
    ///
    /// # Errors
    /// Unreadable state.
    pub(super) fn facts(base: &Recalled<'_>, ranks: &Range<usize>) -> Result<WindowFacts> {
        let read = |period: usize| -> Result<PeriodFacts> {
            let mut rows = base.facts.customer_facts(period, ranks.clone())?;
            let aggregates = std::mem::take(&mut rows.aggregates).into_iter().map(Values::from).collect();
            Ok(PeriodFacts { rows, aggregates })
        };
        let periods = (0..base.facts.periods.len()).into_par_iter().with_max_len(1).map(read);
        Ok(Arc::new(periods.collect::<Vec<Result<_>>>().into_iter().collect::<Result<_>>()?))
    }

    /// What the customers of the next window had; windows are read in the order of ranks.
    ///
    /// # Errors
    /// Unreadable state, a volume that cannot be charged.
    pub(super) fn window(&self, facts: WindowFacts, ranks: &Range<usize>) -> Result<LivesWindow> {
        let mut running = self.running.lock().expect("no thread panics while it reads");
        let Running { volumes, tallies } = &mut *running;
        let concerned = self.responses.concerned(ranks)?;
        let read = |(period, before): (usize, &mut Vec<RunningVolume>)| {
            self.window_period((period, &facts[period]), before, ranks, &concerned)
        };
        let periods = volumes.par_iter_mut().enumerate().with_max_len(1).map(read);
        let periods = periods.collect::<Vec<Result<_>>>().into_iter().collect::<Result<Vec<_>>>()?;
        let known = self.base.facts.customers.keys.len();
        let mut customers: Vec<Vec<u32>> = vec![Vec::new(); tallies.len()];
        let mut window = Vec::with_capacity(periods.len());
        for (period, found) in periods {
            window.push(period);
            for ((tally, ranks), (sum, customers)) in found.iter().zip(tallies.iter_mut().zip(&mut customers))
            {
                *sum += tally;
                customers.extend(ranks.iter().copied().filter(|rank| (*rank as usize) < known));
            }
        }
        for (tally, mut ranks) in tallies.iter_mut().zip(customers) {
            ranks.sort_unstable();
            ranks.dedup();
            tally.customers += ranks.len();
        }
        Ok(LivesWindow { facts, periods: window })
    }

    fn window_period(
        &self,
        (period, facts): (usize, &PeriodFacts),
        before: &mut [RunningVolume],
        ranks: &Range<usize>,
        concerned: &[bool],
    ) -> Result<(WindowPeriod, PeriodTallies)> {
        let aggregates = &facts.aggregates[..];
        let (response, found) = match self.is_as_it_was {
            true => (None, PeriodTallies::new()),
            false => {
                let rows = (&facts.rows, aggregates);
                let (response, found) = self.responses.respond(period, ranks, concerned, rows)?;
                (Some(response), found)
            }
        };
        let rows = facts.rows.ranks.len();
        let mut activities = Vec::with_capacity(self.bearing.len());
        for (index, before) in self.bearing.iter().zip(before) {
            let of_base = self.base.volumes(period, *index, aggregates, rows)?;
            let of_scenario = match has_same_driver(&self.base, &self.scenario, period, *index) {
                true => of_base.clone(),
                false => self.scenario.volumes(period, *index, aggregates, rows)?,
            };
            let change = response.as_ref().map(|response| {
                let changed = self.scenario.volumes(period, *index, &response.aggregates, rows)?;
                differences(&changed, &of_scenario, self.responses.digits)
            });
            let (volumes, change) = ([of_base, of_scenario], change.transpose()?);
            let sides = std::array::from_fn(|side| sum(&volumes[side]) + i128::from(before.sides[side]));
            let more = sum(change.as_deref().unwrap_or_default()) + i128::from(before.change);
            activities.push(WindowActivity { volumes, change, before: *before });
            *before = RunningVolume { sides: narrowed(sides)?, change: narrowed([more])?[0] };
        }
        Ok((WindowPeriod { response, activities }, found))
    }

    /// Digits that driver volumes of the scenario have more than those of the release.
    pub(super) fn digits(&self) -> u8 {
        self.responses.digits
    }

    /// What customers do about each change of the scenario, once all windows were read.
    pub(super) fn tallies(&self) -> Vec<Tally> {
        self.running.lock().expect("no thread panics while it reads").tallies.clone()
    }

    /// By period, what customers bear in the scenario, once all windows were read.
    ///
    /// # Errors
    /// A number beyond 18 digits.
    pub(super) fn charged(&self) -> Result<Vec<Vec<ChargedActivity>>> {
        let running = self.running.lock().expect("no thread panics while it reads");
        let of_period = |(period, volumes): (usize, &Vec<RunningVolume>)| {
            let volumes = self.bearing.iter().zip(volumes);
            volumes.map(|(activity, running)| self.charged_activity(period, *activity, *running)).collect()
        };
        running.volumes.iter().enumerate().map(of_period).collect()
    }

    fn charged_activity(
        &self,
        period: usize,
        activity: usize,
        running: RunningVolume,
    ) -> Result<ChargedActivity> {
        let costed = &self.scenario.costing.periods[period].activities[activity];
        let too_large = || self.too_large(activity);
        let and_change = |amount: i64, rate: Option<Rate>| -> Result<i64> {
            let Some(rate) = rate.filter(|_| running.change != 0) else { return Ok(amount) };
            let more = self.finer(rate)?.at(i128::from(running.change)).ok_or_else(too_large)?;
            Fixed18::new(i128::from(amount) + more).map(Fixed18::get).ok_or_else(too_large)
        };
        let volume = i128::from(running.sides[1]) * pow10(self.responses.digits) + i128::from(running.change);
        Ok(ChargedActivity {
            activity,
            posted: and_change(costed.posted, costed.rate)?,
            unused_charged: and_change(costed.unused_charged, unused_rate(costed))?,
            volume: narrowed([volume])?[0],
        })
    }

    /// A rate of the scenario on volumes with the digits of its responses.
    fn finer(&self, rate: Rate) -> Result<Rate> {
        let volume = Fixed18::new(i128::from(rate.volume) * pow10(self.responses.digits));
        let volume = volume.ok_or_else(|| {
            Error::too_many_digits("what-if: driver volumes, with shares of fewer digits than these")
        })?;
        Ok(Rate { volume: volume.get(), ..rate })
    }

    fn too_large(&self, activity: usize) -> Error {
        let name = &self.base.costing.activities[activity].name;
        Error::too_many_digits(format!("costing: a customer's part of '{name}'"))
    }

    /// What rows of a window are charged, where `before` is the volume before the window.
    fn posted(
        &self,
        index: usize,
        rate: Rate,
        volumes: &[i64],
        before: i64,
        rows: &Range<usize>,
    ) -> Result<Vec<i64>> {
        let [before] = narrowed([i128::from(before) + sum(&volumes[..rows.start])])?;
        post(rate, &volumes[rows.clone()], before).ok_or_else(|| self.too_large(index))
    }
}

/// What unused capacity costs by the volume of an activity; none where customers are charged none.
fn unused_rate(costed: &ActivityCosting) -> Option<Rate> {
    Some(Rate { money: costed.unused_charged, volume: costed.volume }).filter(|rate| rate.money != 0)
}

impl PeriodFacts {
    /// The rows of these customers.
    fn of(&self, ranks: &Range<usize>) -> Range<usize> {
        let bound = |rank: usize| self.rows.ranks.partition_point(|known| (*known as usize) < rank);
        bound(ranks.start)..bound(ranks.end)
    }
}

/// Whether both costings take the volume of all customers alike.
fn has_same_driver(base: &Recalled<'_>, scenario: &Recalled<'_>, period: usize, activity: usize) -> bool {
    let driver = |recalled: &Recalled<'_>| {
        let costed = &recalled.costing.periods[period].activities[activity];
        recalled.costing.activities[activity].driver_of(costed).cloned()
    };
    driver(base) == driver(scenario)
}

/// Whether an activity costs customers something else in a scenario, in any period.
fn differs(base: &Recalled<'_>, scenario: &Recalled<'_>, activity: usize) -> bool {
    (0..base.costing.periods.len()).any(|period| {
        let costed = [base, scenario].map(|side| &side.costing.periods[period].activities[activity]);
        let charged = costed.map(|costed| (costed.rate, costed.unused_charged, costed.volume));
        charged[0] != charged[1] || !has_same_driver(base, scenario, period, activity)
    })
}

/// What is changed of volumes; changed ones have so many more digits.
fn differences(changed: &[i64], volumes: &[i64], digits: u8) -> Result<Vec<i64>> {
    let factor = pow10(digits);
    let mut differences = Vec::with_capacity(changed.len());
    for (changed, volume) in changed.iter().zip(volumes) {
        let [difference] = narrowed([i128::from(*changed) - i128::from(*volume) * factor])?;
        differences.push(difference);
    }
    Ok(differences)
}

fn sum(values: &[i64]) -> i128 {
    values.iter().map(|value| i128::from(*value)).sum()
}

/// Running volumes, which have 18 digits as their totals do.
fn narrowed<const N: usize>(volumes: [i128; N]) -> Result<[i64; N]> {
    let mut narrow = [0; N];
    for (narrow, volume) in narrow.iter_mut().zip(volumes) {
        *narrow = i64::try_from(volume).map_err(|_| Error::too_many_digits("costing: a driver's volume"))?;
    }
    Ok(narrow)
}
