//! The stage: a walk that counts, the rhythms that follow from it, and a walk that writes.

use super::breadth::{BreadthPlan, channel_aggregates};
use super::cohort_table::CohortPlan;
use super::dates::Dates;
use super::gathering::Gathering;
use super::grouping::groupings;
use super::growth_table::growth;
use super::holdout::{Outcome, scores};
use super::layout::Layout;
use super::period_facts::PeriodFacts;
use super::profile::View;
use super::profile_table::Known;
use super::signal::Watch;
use super::state::{Rules, State, days, number};
use super::survival_table::{summary, survival, survivals};
use super::transition::{Steps, pairs};
use super::transition_table::state_transition;
use super::trend::TrendPeriods;
use super::warning::Warnings;
use super::warning_table::{early_warning, early_warning_holdout};
use super::windows::Windows;
use super::writing::{Lookout, Writing};
use crate::clv::schema::Alive;
use crate::customers::calendar::Calendar;
use crate::customers::history::CustomerHistory;
use crate::customers::operator::walk;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{ClvDef, Definition, LifecycleDef};
use crate::publish::Staging;
use crate::publish::schema::Sheet;
use crate::units::Day;

/// What the run's summary says of the customer base at its as-of date.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Customers with a purchase.
    pub customers: u64,
    /// Of these: their first purchase is recent.
    pub new: u64,
    /// They came back after a gap that had ended the relationship.
    pub reactivated: u64,
    /// They are within their rhythm.
    pub active: u64,
    /// They are late.
    pub at_risk: u64,
    /// They are very late.
    pub dormant: u64,
    /// They are gone.
    pub lost: u64,
    /// Customers inactive in the last complete period over those active in the one before; none if nobody was.
    pub inactivity_rate: Option<f64>,
    /// Customers warned of.
    pub warnings: u64,
}

/// Makes and stages every table of the room. `alive` is there when the pipeline has `[clv]`.
///
/// # Errors
/// An attribute that the customers source does not give, an amount beyond 18 digits, kept state that cannot be read, a
/// failed write.
///
/// # Panics
/// When the pipeline has no `[lifecycle]`.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    history: &CustomerHistory,
    alive: Option<&Alive>,
    staging: &Staging,
) -> Result<Summary> {
    let lifecycle = definition.lifecycle.as_ref().expect("the stage runs for pipelines with [lifecycle]");
    let known = history.days.customers();
    let groupings = groupings(definition, lifecycle, facts.master.as_ref(), known)?;
    let calendar = Calendar::new(&facts.periods, facts.as_of);
    let as_of = as_of_dates(lifecycle, facts.as_of);
    let pairs = pairs(&calendar, &as_of);
    let warned = Day(facts.as_of.0 - days(lifecycle.warning.holdout_days));
    let wanted = wanted_dates(&calendar, &as_of, &pairs, warned);
    let rules = Rules::new(lifecycle);
    let windows = [Windows::Calendar, Windows::Elapsed(days(lifecycle.window_days).max(1))];
    let gathering = Gathering {
        cohorts: CohortPlan { calendar: &calendar, groupings: &groupings, windows },
        master: facts.master.as_ref(),
        dates: &wanted,
        gap_days: rules.gap_days,
    };
    let gathered = walk(&history.days, &gathering)?;
    let dates = Dates::new(wanted.clone(), gathered.gaps, &calendar);
    gathered.growth.verify();
    let base =
        Base { definition, lifecycle, facts, alive, calendar: &calendar, rules: &rules, dates: &dates };
    let writing = base.writing(&as_of, &pairs, warned, staging)?;
    let mut written = walk(&history.days, &writing)?;
    written.finish_tables()?;
    let layout = &writing.layout;
    let curves = survivals(&groupings, &gathered.lives);
    let rate = definition.clv.as_ref();
    let rate = rate.map_or_else(ClvDef::default_discount_rate_annual, |clv| clv.discount_rate_annual);
    let sheets = [
        gathering.cohorts.sheet(layout, &gathered.cohorts),
        survival(&curves),
        summary(&curves, &gathered.growth, &calendar, lifecycle.gap_days),
        growth(&calendar, &groupings, &gathered.growth),
        state_transition(layout, &written.transitions, number(rate)),
    ];
    sheets.into_iter().try_for_each(|sheet| put(staging, sheet))?;
    let [then, now] = &written.warnings;
    put(staging, early_warning_holdout(&base.outcome(warned), &scores(then)))?;
    write_warnings(layout, calendar.as_of, now, staging)?;
    let last = calendar.complete().checked_sub(1);
    Ok(Summary {
        inactivity_rate: last.and_then(|last| gathered.growth.groups[0][last].inactivity_rate()),
        warnings: now.customers.len() as u64,
        ..Summary::of(written.states)
    })
}

/// The dates of `lifecycle`: those declared up to the run's own, and that. What lies behind it is not known yet.
fn as_of_dates(lifecycle: &LifecycleDef, own: Day) -> Vec<Day> {
    let mut dates: Vec<Day> = lifecycle.as_of.iter().copied().filter(|day| *day < own).collect();
    dates.push(own);
    dates.sort_unstable();
    dates.dedup();
    dates
}

/// The dates at which customers are looked at, ascending: those of transitions, those of `lifecycle` with the start of
/// the period that each ends, and that of earlier warnings.
fn wanted_dates(calendar: &Calendar, as_of: &[Day], pairs: &[(Day, Day)], warned: Day) -> Vec<Day> {
    let starts = as_of.iter().map(|day| calendar.period_before(*day).start);
    let mut wanted: Vec<Day> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
    wanted.extend(as_of.iter().copied().chain(starts).chain([warned]));
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// What the writing walk is made from.
struct Base<'r> {
    definition: &'r Definition,
    lifecycle: &'r LifecycleDef,
    facts: &'r FactSet,
    alive: Option<&'r Alive>,
    calendar: &'r Calendar,
    rules: &'r Rules,
    dates: &'r Dates,
}

impl<'r> Base<'r> {
    fn writing(
        &self,
        as_of: &[Day],
        pairs: &'r [(Day, Day)],
        warned: Day,
        staging: &'r Staging,
    ) -> Result<Writing<'r>> {
        let channels = channel_aggregates(self.definition, self.facts);
        let lookouts =
            [self.lookout(warned, Some(self.outcome(warned))), self.lookout(self.calendar.as_of, None)];
        let has_prices = |period: usize| lookouts.iter().any(|lookout| lookout.needs_prices(period));
        Ok(Writing {
            layout: Layout::new(self.definition, self.facts),
            staging,
            rules: self.rules,
            dates: self.dates,
            pairs,
            steps: Steps::new(pairs, self.dates),
            views: as_of.iter().map(|day| self.view(*day)).collect(),
            breadth: BreadthPlan::new(self.calendar, as_of, self.facts.groups.len(), channels.len()),
            master: Known::new(self.definition, self.lifecycle, self.facts.master.as_ref())?,
            facts: PeriodFacts::read(self.facts, &channels, has_prices)?,
            alive: self.alive,
            lookouts,
        })
    }

    fn view(&self, day: Day) -> View<'r> {
        let places = [day, self.calendar.period_before(day).start].map(|day| self.dates.place(day));
        View { date: self.dates.at(places[0]), places, calendar: self.calendar }
    }

    /// Where customers are warned of at a date.
    fn lookout(&self, day: Day, outcome: Option<Outcome>) -> Lookout<'r> {
        let warning = &self.lifecycle.warning;
        let place = self.dates.place(day);
        let periods = TrendPeriods::before(day, self.calendar, warning);
        let watch = Watch { date: self.dates.at(place), warning, calendar: self.calendar, periods };
        Lookout { watch, place, before: Day(day.0 - days(warning.holdout_days)), outcome }
    }

    /// What followed an earlier date.
    fn outcome(&self, date: Day) -> Outcome {
        Outcome { date, until: self.calendar.as_of, gap_days: self.rules.gap_days }
    }
}

/// Rows of `early_warning` whose texts are held at a time.
const ROWS: usize = 1 << 16;

/// Today's warnings, in the order of keys, each with its place by what is at stake.
fn write_warnings(layout: &Layout<'_>, as_of: Day, all: &Warnings, staging: &Staging) -> Result<()> {
    let mut places = vec![0; all.customers.len()];
    all.by_stake().into_iter().zip(1..).for_each(|(index, place)| places[index] = place);
    let sheet = |rows: std::ops::Range<usize>| {
        early_warning(layout, as_of, all, &places[rows.clone()], &all.customers[rows])
    };
    let mut writer = staging.table(&sheet(0..0).spec, None)?;
    for start in (0..places.len()).step_by(ROWS) {
        writer.write(sheet(start..places.len().min(start + ROWS)).arrays)?;
    }
    writer.finish()
}

fn put(staging: &Staging, sheet: Sheet) -> Result<()> {
    staging.put(&sheet.spec, None, sheet.arrays)
}

impl Summary {
    /// Of customers by state.
    fn of([new, reactivated, active, at_risk, dormant, lost]: [u64; State::ALL.len()]) -> Self {
        let customers = new + reactivated + active + at_risk + dormant + lost;
        Self { customers, new, reactivated, active, at_risk, dormant, lost, ..Self::default() }
    }
}
