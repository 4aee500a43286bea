//! The stage: dates and the base's rhythm before each, then the tables.

use super::breadth::{Breadth, breadths};
use super::calendar::Calendar;
use super::cohort_table::CohortPlan;
use super::counts::{CountPlan, Counts};
use super::dates::Dates;
use super::grouping::{Grouping, groupings};
use super::growth_table::growth;
use super::holdout::{Outcome, scores};
use super::layout::Layout;
use super::profile::{Profile, View};
use super::profile_table::{Known, lifecycle};
use super::signal::Watch;
use super::slices::in_order;
use super::state::{Rules, State, days, number};
use super::survival_table::{summary, survival, survivals};
use super::transition::pairs;
use super::transition_table::state_transition;
use super::trend::{TrendPeriods, Trends};
use super::warning::{Warnings, warnings};
use super::warning_table::{early_warning, early_warning_holdout};
use super::windows::Windows;
use crate::clv::schema::Alive;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{ClvDef, Definition, LifecycleDef};
use crate::profitability::schema::CustomerHistory;
use crate::publish::schema::Sheet;
use crate::publish::{Staging, TableWriter};
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
    let starts = as_of.iter().map(|day| calendar.period_before(*day).start);
    let mut wanted: Vec<Day> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
    wanted.extend(as_of.iter().copied().chain(starts).chain([warned]));
    let rules = Rules::new(lifecycle);
    let dates = Dates::new(&history.days, &calendar, wanted);
    let layout = Layout::new(definition, facts);
    let base = Base { definition, lifecycle, facts, history, alive, calendar, rules, dates, layout };
    let mut found = Summary::default();
    base.count_all(&groupings, &pairs, staging, &mut found)?;
    base.profiles(&as_of, staging, &mut found)?;
    base.holdout(warned, staging)?;
    base.warn(staging, &mut found)?;
    Ok(found)
}

/// The dates of `lifecycle`: those declared up to the run's own, and that. What lies behind it is not known yet.
fn as_of_dates(lifecycle: &LifecycleDef, own: Day) -> Vec<Day> {
    let mut dates: Vec<Day> = lifecycle.as_of.iter().copied().filter(|day| *day < own).collect();
    dates.push(own);
    dates.sort_unstable();
    dates.dedup();
    dates
}

/// What all tables are made from.
struct Base<'r> {
    definition: &'r Definition,
    lifecycle: &'r LifecycleDef,
    facts: &'r FactSet,
    history: &'r CustomerHistory,
    alive: Option<&'r Alive>,
    calendar: Calendar,
    rules: Rules,
    dates: Dates,
    layout: Layout<'r>,
}

impl Base<'_> {
    /// Cohorts, survival, growth and transitions.
    fn count_all(
        &self,
        groupings: &[Grouping],
        pairs: &[(Day, Day)],
        staging: &Staging,
        found: &mut Summary,
    ) -> Result<()> {
        let windows = [Windows::Calendar, Windows::Elapsed(days(self.lifecycle.window_days).max(1))];
        let cohorts = CohortPlan { calendar: &self.calendar, groupings, windows };
        let (master, dates, rules) = (self.facts.master.as_ref(), &self.dates, &self.rules);
        let counts: Counts = CountPlan { cohorts, master, dates, rules, pairs }.count(&self.history.days);
        let rate = self.definition.clv.as_ref();
        let rate = rate.map_or_else(ClvDef::default_discount_rate_annual, |clv| clv.discount_rate_annual);
        let curves = survivals(groupings, &counts.lives);
        let sheets = [
            cohorts.sheet(&self.layout, &counts.cohorts),
            survival(&curves),
            summary(&curves, &counts.growth, &self.calendar, self.lifecycle.gap_days),
            growth(&self.calendar, groupings, &counts.growth),
            state_transition(&self.layout, &counts.transitions, number(rate)),
        ];
        sheets.into_iter().try_for_each(|sheet| put(staging, sheet))?;
        let last = self.calendar.ended_by(self.calendar.as_of).checked_sub(1);
        found.inactivity_rate = last.and_then(|last| counts.growth.groups[0][last].inactivity_rate());
        Ok(())
    }

    /// `lifecycle` at every date, in one walk.
    fn profiles(&self, as_of: &[Day], staging: &Staging, found: &mut Summary) -> Result<()> {
        let known = Known::new(self.definition, self.lifecycle, self.facts.master.as_ref())?;
        let breadths = breadths(self.definition, self.facts, &self.calendar, as_of)?;
        let views: Vec<View<'_>> =
            as_of.iter().zip(&breadths).map(|(day, breadth)| self.view(*day, breadth)).collect();
        let sheet = |view: &View<'_>, rows: &[Profile]| lifecycle(&self.layout, view.date.day, known, rows);
        let writer =
            |view: &View<'_>| staging.table(&sheet(view, &[]).spec, Some(&view.date.day.to_string()));
        let mut writers = views.iter().map(writer).collect::<Result<Vec<_>>>()?;
        let make = |first_rank: usize, slice: &_| {
            let of_view = |view: &View<'_>| {
                let rows = view.profiles(first_rank, slice)?;
                Ok((tally(&rows), sheet(view, &rows).arrays))
            };
            views.iter().map(of_view).collect::<Result<Vec<_>>>()
        };
        in_order(&self.history.days, make, |made| {
            // The run's own date is the last.
            made.last().into_iter().for_each(|(states, _)| found.add(*states));
            writers.iter_mut().zip(made).try_for_each(|(writer, (_, arrays))| writer.write(arrays))
        })?;
        writers.into_iter().try_for_each(TableWriter::finish)
    }

    fn view<'v>(&'v self, day: Day, breadth: &'v Breadth) -> View<'v> {
        let (date, before) = (self.dates.at(day), self.dates.at(self.calendar.period_before(day).start));
        View { date, before, rules: &self.rules, calendar: &self.calendar, breadth }
    }

    /// The record of warnings made at an earlier date.
    fn holdout(&self, date: Day, staging: &Staging) -> Result<()> {
        let outcome = Outcome { date, until: self.calendar.as_of, gap_days: self.rules.gap_days };
        let found = self.warnings(date, Some(&outcome))?;
        put(staging, early_warning_holdout(&outcome, &scores(&found)))
    }

    /// Today's warnings.
    fn warn(&self, staging: &Staging, found: &mut Summary) -> Result<()> {
        let as_of = self.calendar.as_of;
        let all = self.warnings(as_of, None)?;
        found.warnings = all.customers.len() as u64;
        let mut places = vec![0; all.customers.len()];
        all.by_stake().into_iter().zip(1..).for_each(|(index, place)| places[index] = place);
        let sheet = |rows: std::ops::Range<usize>| {
            early_warning(&self.layout, as_of, &all, &places[rows.clone()], &all.customers[rows])
        };
        let mut writer = staging.table(&sheet(0..0).spec, None)?;
        for start in (0..places.len()).step_by(ROWS) {
            writer.write(sheet(start..places.len().min(start + ROWS)).arrays)?;
        }
        writer.finish()
    }

    /// Warnings at a date.
    fn warnings(&self, day: Day, outcome: Option<&Outcome>) -> Result<Warnings> {
        let warning = &self.lifecycle.warning;
        let periods = TrendPeriods::before(day, &self.calendar, warning);
        let trends = periods.as_ref().map(|periods| Trends::gather(self.facts, periods)).transpose()?;
        let alive = self.alive_at(day);
        let alive = alive.map(|now| (now, self.alive_at(Day(day.0 - days(warning.holdout_days)))));
        let (date, trend) = (self.dates.at(day), periods.as_ref().zip(trends.as_ref()));
        let watch = Watch { date, warning, calendar: &self.calendar, trend, alive };
        let mut all = Warnings::default();
        let make = |first_rank: usize, slice: &_| warnings(&watch, &self.rules, outcome, (first_rank, slice));
        in_order(&self.history.days, make, |found| {
            all.append(found);
            Ok(())
        })?;
        Ok(all)
    }

    /// Probability alive by rank, where lifetime value knows it at this date.
    fn alive_at(&self, day: Day) -> Option<&[Option<f32>]> {
        let place = self.alive?.days.iter().position(|known| *known == day)?;
        self.alive?.probability.get(place).map(Vec::as_slice)
    }
}

/// Rows of `early_warning` whose texts are held at a time.
const ROWS: usize = 1 << 16;

fn put(staging: &Staging, sheet: Sheet) -> Result<()> {
    staging.put(&sheet.spec, None, sheet.arrays)
}

/// Customers by state.
fn tally(rows: &[Profile]) -> [u64; State::ALL.len()] {
    let mut states = [0; State::ALL.len()];
    rows.iter().for_each(|row| states[row.state as usize] += 1);
    states
}

impl Summary {
    fn add(&mut self, [new, reactivated, active, at_risk, dormant, lost]: [u64; State::ALL.len()]) {
        self.customers += new + reactivated + active + at_risk + dormant + lost;
        self.new += new;
        self.reactivated += reactivated;
        self.active += active;
        self.at_risk += at_risk;
        self.dormant += dormant;
        self.lost += lost;
    }
}
