//! What the walks of the room are planned by: everything that follows from the pipeline and the facts alone.

use super::as_of_recipe::MasterDigests;
use super::breadth::{BreadthPlan, channel_aggregates};
use super::cohort_table::CohortPlan;
use super::dates::Dates;
use super::gathering::Gathering;
use super::grouping::{Grouping, groupings};
use super::holdout::Outcome;
use super::profile::{Profile, View};
use super::profile_table::{Known, lifecycle};
use super::signal::Watch;
use super::stage::KnownElsewhere;
use super::state::{Rules, days};
use super::transition::{Steps, pairs};
use super::trend::TrendPeriods;
use super::windows::Windows;
use super::writing::{Lookout, Writing};
use crate::customers::calendar::Calendar;
use crate::error::Result;
use crate::facts::FactSet;
use crate::memory::Memory;
use crate::pipeline::{Definition, LifecycleDef};
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};
use crate::units::Day;

/// The plan of a run.
pub(crate) struct Plan<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) lifecycle: &'r LifecycleDef,
    pub(crate) facts: &'r FactSet,
    pub(crate) calendar: Calendar,
    /// All customers together first.
    pub(crate) groupings: Vec<Grouping>,
    /// What the customers source adds.
    master: Known<'r>,
    pub(crate) rules: Rules,
    /// The dates of `lifecycle`, ascending; the run's own is the last.
    as_of: Vec<Day>,
    /// Pairs of dates of the transitions.
    pub(crate) pairs: Vec<(Day, Day)>,
    /// The date of earlier warnings, which are held against what followed.
    warned: Day,
    /// All dates at which customers are looked at, ascending.
    wanted: Vec<Day>,
}

impl<'r> Plan<'r> {
    /// For the customers of ranks below `customers`.
    ///
    /// # Errors
    /// An attribute that the customers source does not give, or one with too many values; a wallet that is no number.
    ///
    /// # Panics
    /// When the pipeline has no `[lifecycle]`.
    pub(crate) fn new(definition: &'r Definition, facts: &'r FactSet, customers: usize) -> Result<Self> {
        let lifecycle = definition.lifecycle.as_ref();
        let lifecycle = lifecycle.expect("the stage runs for pipelines with [lifecycle]");
        let calendar = Calendar::new(&facts.periods, facts.as_of);
        let as_of = as_of_dates(lifecycle, facts.as_of);
        let pairs = pairs(&calendar, &as_of);
        let warned = Day(facts.as_of.0 - days(lifecycle.warning.holdout_days));
        Ok(Self {
            definition,
            lifecycle,
            facts,
            groupings: groupings(definition, lifecycle, facts.master.as_ref(), customers)?,
            master: Known::new(definition, lifecycle, facts.master.as_ref())?,
            rules: Rules::new(lifecycle),
            wanted: wanted_dates(&calendar, &as_of, &pairs, warned),
            calendar,
            as_of,
            pairs,
            warned,
        })
    }

    /// What the first walk counts.
    pub(crate) fn gathering(&self) -> Gathering<'_> {
        let window_days = days(self.lifecycle.window_days).max(1);
        let windows = [Windows::Calendar, Windows::Elapsed(window_days)];
        Gathering {
            cohorts: CohortPlan { calendar: &self.calendar, groupings: &self.groupings, windows },
            master: self.facts.master.as_ref(),
            dates: &self.wanted,
            gap_days: self.rules.gap_days,
        }
    }

    /// Every date with the rhythm of the base before it.
    pub(crate) fn dates(&self, gaps: Vec<super::rhythm::GapCounts>) -> Dates {
        Dates::new(self.wanted.clone(), gaps, &self.calendar)
    }

    /// Digests of the customers source, which the first walk makes too.
    pub(crate) fn master_digests(&self) -> MasterDigests<'_> {
        MasterDigests { master: self.master, dates: &self.as_of }
    }

    /// Of each declared channel, the aggregates that tell of its use.
    pub(crate) fn channels(&self) -> Vec<Vec<usize>> {
        channel_aggregates(self.definition, self.facts)
    }

    /// Takes `lifecycle` over at dates whose recipes are those of the current release; the others with their recipes.
    ///
    /// # Errors
    /// A file that cannot be linked.
    pub(crate) fn dates_to_write(
        &self,
        recipes: &[String],
        staging: StageTables<'_>,
    ) -> Result<Vec<(Day, String)>> {
        let mut to_write = Vec::new();
        for (date, recipe) in self.as_of.iter().zip(recipes) {
            if !staging.reuse(&self.sheet(*date, &[]).spec, Some(&date.to_string()), recipe)? {
                to_write.push((*date, recipe.clone()));
            }
        }
        Ok(to_write)
    }

    /// Rows of `lifecycle` at a date.
    pub(crate) fn sheet(&self, date: Day, rows: &[Profile]) -> Sheet {
        let format = TableFormat::new(&self.definition.facts, date);
        lifecycle(format, self.definition.facts.period, &self.facts.customers, self.master, rows)
    }

    /// What the second walk writes: `lifecycle` at these dates, with their recipes.
    pub(crate) fn writing<'p>(
        &'p self,
        dates: &'p Dates,
        to_write: &'p [(Day, String)],
        known: KnownElsewhere<'p>,
        memory: &'p Memory,
        staging: StageTables<'p>,
    ) -> Writing<'p> {
        let channels = self.channels();
        let lookouts = [
            self.lookout(dates, self.warned, Some(self.outcome())),
            self.lookout(dates, self.calendar.as_of, None),
        ];
        let product_groups = self.facts.groups.len();
        let days: Vec<Day> = to_write.iter().map(|(date, _)| *date).collect();
        Writing {
            plan: self,
            format: TableFormat::new(&self.definition.facts, self.facts.as_of),
            staging,
            dates,
            steps: Steps::new(&self.pairs, dates),
            views: days.iter().map(|day| self.view(dates, *day)).collect(),
            recipes: to_write.iter().map(|(_, recipe)| recipe.as_str()).collect(),
            breadth: BreadthPlan::new(&self.calendar, &days, product_groups, channels.len()),
            channels,
            alive: known.alive,
            voice: known.voice,
            memory,
            lookouts,
        }
    }

    fn view<'p>(&'p self, dates: &'p Dates, day: Day) -> View<'p> {
        let places = [day, self.calendar.period_before(day).start].map(|day| dates.place(day));
        View { date: dates.at(places[0]), places, calendar: &self.calendar }
    }

    /// Where customers are warned of at a date.
    fn lookout<'p>(&'p self, dates: &'p Dates, day: Day, outcome: Option<Outcome>) -> Lookout<'p> {
        let warning = &self.lifecycle.warning;
        let place = dates.place(day);
        let periods = TrendPeriods::before(day, &self.calendar, warning);
        let watch = Watch { date: dates.at(place), warning, calendar: &self.calendar, periods };
        Lookout { watch, place, before: Day(day.0 - days(warning.holdout_days)), outcome }
    }

    /// What followed the earlier warnings.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome { date: self.warned, until: self.calendar.as_of, gap_days: self.rules.gap_days }
    }
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
