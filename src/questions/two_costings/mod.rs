//! Two costings of the same facts, read window by window of customers: the release's own, posted once (`release_costing`), and what
//! a scenario charges more or less (`differences`).

mod differences;
mod release_costing;
mod window_volumes;

pub(super) use release_costing::{ReleaseCosting, ReleaseWindow};

use super::lives::bearing;
use super::recalled::Recalled;
use super::response::{PeriodTallies, Response, Responses, Tally};
use crate::costing::schema::{ActivityCosting, Rate};
use crate::error::{Error, Result};
use crate::profitability::schema::{CostLine, Lines};
use crate::units::{Decimal, Fixed18, pow10};
use rayon::prelude::*;
use std::sync::{Arc, Mutex};
use window_volumes::WindowVolumes;

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

/// Driver volume of all customers so far, by the scenario.
#[derive(Debug, Clone, Copy, Default)]
struct RunningVolume {
    /// Of what customers did.
    volume: i64,
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

/// What customers of several slices had in every period of the scenario.
#[derive(Default)]
pub(super) struct ScenarioWindow {
    periods: Vec<ScenarioPeriod>,
}

struct ScenarioPeriod {
    /// What customers do in the scenario, where they do something else.
    response: Option<Response>,
    /// By bearing activity.
    activities: Vec<ScenarioActivity>,
}

/// Driver volumes by the scenario.
struct ScenarioActivity {
    /// Of what customers did; the release's own where both costings take them alike.
    volumes: Arc<WindowVolumes>,
    /// What they do more, where they do something else.
    change: Option<WindowVolumes>,
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

    /// What the customers of the release's next window had; windows are read in the order of ranks.
    ///
    /// # Errors
    /// Unreadable state, a volume that cannot be charged.
    pub(super) fn window(&self, release: &ReleaseWindow) -> Result<ScenarioWindow> {
        let mut running = self.running.lock().expect("no thread panics while it reads");
        let Running { volumes, tallies } = &mut *running;
        let concerned = self.responses.concerned(&release.ranks)?;
        let read = |(period, before): (usize, &mut Vec<RunningVolume>)| {
            self.window_period(period, before, release, &concerned)
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
        Ok(ScenarioWindow { periods: window })
    }

    fn window_period(
        &self,
        period: usize,
        before: &mut [RunningVolume],
        release: &ReleaseWindow,
        concerned: &[bool],
    ) -> Result<(ScenarioPeriod, PeriodTallies)> {
        let had = &release.periods[period];
        let (response, found) = match self.is_as_it_was {
            true => (None, PeriodTallies::new()),
            false => {
                let rows = (&had.rows, &had.aggregates[..]);
                let (response, found) = self.responses.respond(period, &release.ranks, concerned, rows)?;
                (Some(response), found)
            }
        };
        let rows = had.rows.ranks.len();
        let mut activities = Vec::with_capacity(self.bearing.len());
        for (index, before) in self.bearing.iter().zip(before) {
            let of_release = had.volumes[*index].as_ref().expect("customers bear its cost");
            let is_same = has_same_driver(&self.base, &self.scenario, period, *index);
            let values = match is_same {
                true => of_release.values.clone(),
                false => self.scenario.volumes(period, *index, &had.aggregates, rows)?,
            };
            let mut change = None;
            if let Some(response) = &response {
                let changed = self.scenario.volumes(period, *index, &response.aggregates, rows)?;
                let more = differences(&changed, &values, self.responses.digits)?;
                change = Some(WindowVolumes::new(more.into(), before.change, &had.slices)?);
            }
            let volumes = match is_same && of_release.before(0) == before.volume {
                true => Arc::clone(of_release),
                false => Arc::new(WindowVolumes::new(values, before.volume, &had.slices)?),
            };
            before.volume = volumes.after();
            before.change = change.as_ref().map_or(before.change, WindowVolumes::after);
            activities.push(ScenarioActivity { volumes, change });
        }
        Ok((ScenarioPeriod { response, activities }, found))
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
        let too_large = || too_large(&self.base, activity);
        let and_change = |amount: i64, rate: Option<Rate>| -> Result<i64> {
            let Some(rate) = rate.filter(|_| running.change != 0) else { return Ok(amount) };
            let more = self.finer(rate)?.at(i128::from(running.change)).ok_or_else(too_large)?;
            Fixed18::new(i128::from(amount) + more).map(Fixed18::get).ok_or_else(too_large)
        };
        let volume = i128::from(running.volume) * pow10(self.responses.digits) + i128::from(running.change);
        Ok(ChargedActivity {
            activity,
            posted: and_change(costed.posted, costed.rate)?,
            unused_charged: and_change(costed.unused_charged, unused_rate(costed))?,
            volume: narrowed(volume)?,
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
}

/// The error of a customer's cost beyond 18 digits.
fn too_large(recalled: &Recalled<'_>, activity: usize) -> Error {
    let name = &recalled.costing.activities[activity].name;
    Error::too_many_digits(format!("costing: a customer's part of '{name}'"))
}

/// What unused capacity costs by the volume of an activity; none where customers are charged none.
fn unused_rate(costed: &ActivityCosting) -> Option<Rate> {
    Some(Rate { money: costed.unused_charged, volume: costed.volume }).filter(|rate| rate.money != 0)
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
        differences.push(narrowed(i128::from(*changed) - i128::from(*volume) * factor)?);
    }
    Ok(differences)
}

/// A running volume, which has 18 digits as its total does.
fn narrowed(volume: i128) -> Result<i64> {
    i64::try_from(volume).map_err(|_| Error::too_many_digits("costing: a driver's volume"))
}
