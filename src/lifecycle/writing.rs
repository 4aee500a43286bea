//! Everything that needs the rhythm of the base: transitions, profiles and warnings, the second operator over slices.
//! It writes `lifecycle` as it goes.

use super::breadth::BreadthPlan;
use super::dates::{Dates, Standing};
use super::holdout::{Outcome, Trial};
use super::period_facts::PeriodFacts;
use super::plan::Plan;
use super::profile::{Profile, View};
use super::signal::{Known, Watch};
use super::state::State;
use super::transition::{self, Steps, Transition};
use super::trend::{Trend, trends};
use super::warning::Candidates;
use super::warning_list::WarningList;
use crate::clv::schema::Alive;
use crate::customers::days::CustomerDaysView;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::customers::slices::SLICE_CUSTOMERS;
use crate::error::Result;
use crate::memory::Memory;
use crate::perception::schema::Voice;
use crate::publish::{StageTables, TableFormat, TableWriter};
use crate::units::Day;
use arrow::array::ArrayRef;
use std::ops::Range;

/// What is written, and from what.
pub(crate) struct Writing<'r> {
    pub(crate) plan: &'r Plan<'r>,
    pub(crate) format: TableFormat<'r>,
    pub(crate) staging: StageTables<'r>,
    pub(crate) dates: &'r Dates,
    pub(crate) steps: Steps,
    /// By as-of date of `lifecycle` that is not taken over, ascending.
    pub(crate) views: Vec<View<'r>>,
    /// By view.
    pub(crate) recipes: Vec<&'r str>,
    pub(crate) breadth: BreadthPlan,
    /// Of each declared channel, the aggregates that tell of its use.
    pub(crate) channels: Vec<Vec<usize>>,
    pub(crate) alive: Option<&'r Alive>,
    /// What customers said, where the pipeline asks them.
    pub(crate) voice: Option<Voice<'r>>,
    pub(crate) memory: &'r Memory,
    /// Warnings of an earlier date, held against what followed, and those of today.
    pub(crate) lookouts: [Lookout<'r>; 2],
}

/// One date at which customers are warned of.
pub(crate) struct Lookout<'r> {
    pub(crate) watch: Watch<'r>,
    /// The date's place among all dates.
    pub(crate) place: usize,
    /// One holdout earlier.
    pub(crate) before: Day,
    pub(crate) outcome: Option<Outcome>,
}

/// The sum of all slices so far.
pub(crate) struct Written {
    /// By view.
    writers: Vec<TableWriter>,
    pub(crate) transitions: Vec<Transition>,
    /// Customers by state at the last as-of date, which is the run's own.
    pub(crate) states: [u64; State::ALL.len()],
    /// The candidates of the earlier date.
    pub(crate) trial: Trial,
    /// Those of today.
    pub(crate) list: WarningList,
}

/// A slice's part.
pub(crate) struct Part {
    /// Columns of `lifecycle` by view.
    tables: Vec<Vec<ArrayRef>>,
    transitions: Vec<Transition>,
    states: [u64; State::ALL.len()],
    /// By lookout.
    candidates: [Candidates; 2],
    slice: usize,
}

impl SliceOperator for Writing<'_> {
    type Window = PeriodFacts;
    type Part = Part;
    type Total = Written;

    fn begin(&self) -> Result<Written> {
        let mut writers = Vec::with_capacity(self.views.len());
        for (view, recipe) in self.views.iter().zip(&self.recipes) {
            let date = view.date.day;
            let spec = self.plan.sheet(date, &[]).spec;
            writers.push(self.staging.table(&spec, Some(&date.to_string()))?.with_recipe(recipe));
        }
        let transitions = transition::empty(&self.plan.pairs);
        let list = WarningList::new(self.plan.facts.customers.keys.len(), self.memory);
        Ok(Written { writers, transitions, states: Default::default(), trial: Trial::default(), list })
    }

    fn read(&self, ranks: Range<usize>) -> Result<PeriodFacts> {
        let has_prices = |period: usize| self.lookouts.iter().any(|lookout| lookout.needs_prices(period));
        PeriodFacts::read(self.plan.facts, &ranks, &self.channels, has_prices)
    }

    fn slice(&self, facts: &PeriodFacts, customers: &CustomerSlice) -> Result<Part> {
        let breadth = self.breadth.count(facts, &customers.ranks);
        let mut trends = [None, None];
        for (lookout, trends) in self.lookouts.iter().zip(&mut trends) {
            *trends = lookout.trends(facts, customers)?;
        }
        let mut profiles: Vec<Vec<Profile>> =
            self.views.iter().map(|_| Vec::with_capacity(customers.ranks.len())).collect();
        let mut transitions = transition::empty(&self.plan.pairs);
        let mut candidates = [Candidates::default(), Candidates::default()];
        let voice = self.voice.map(|voice| voice.of(&customers.ranks)).transpose()?;
        let (mut standings, mut gaps, mut states) = (Vec::new(), Vec::new(), [0; State::ALL.len()]);
        let [_, Lookout { place: now, .. }] = self.lookouts;
        for (place, days) in customers.days.customers().enumerate() {
            let rank = customers.ranks.start + place;
            self.dates.stand(days, &self.plan.rules, &mut standings);
            self.steps.add(&mut transitions, days, &standings);
            standings[now].iter().for_each(|standing| states[standing.state as usize] += 1);
            for (date, (view, profiles)) in self.views.iter().zip(&mut profiles).enumerate() {
                let breadth = breadth.of(place, date);
                profiles.extend(view.profile(rank, days, &standings, breadth, &mut gaps)?);
            }
            for ((lookout, candidates), trends) in self.lookouts.iter().zip(&mut candidates).zip(&trends) {
                let Some(standing) = &standings[lookout.place] else { continue };
                let trend = trends.as_ref().map(|trends: &Vec<Trend>| trends[place]);
                let date = lookout.watch.date.day;
                let said = || voice.as_ref().map(|voice| voice.before(rank, date)).unwrap_or_default();
                let known = || Known { trend, said: said(), ..self.known(lookout, rank, days, standing) };
                let customer = (rank, days, standing);
                let outcome = lookout.outcome.as_ref();
                candidates.look_at(&lookout.watch, self.plan.rules.gap_days, outcome, customer, known)?;
            }
        }
        let sheet = |(view, rows): (&View<'_>, &Vec<Profile>)| self.plan.sheet(view.date.day, rows).arrays;
        let tables = self.views.iter().zip(&profiles).map(sheet);
        let slice = customers.ranks.start / SLICE_CUSTOMERS;
        Ok(Part { tables: tables.collect(), transitions, states, candidates, slice })
    }

    fn take(&self, total: &mut Written, part: Part) -> Result<()> {
        for (writer, arrays) in total.writers.iter_mut().zip(part.tables) {
            writer.write(arrays)?;
        }
        total.transitions.iter_mut().zip(&part.transitions).for_each(|(sum, more)| sum.merge(more));
        total.states.iter_mut().zip(part.states).for_each(|(sum, more)| *sum += more);
        let [then, now] = &part.candidates;
        total.trial.add(then);
        total.list.keep(part.slice, now)
    }
}

impl Written {
    /// Once all customers are in: `lifecycle` is complete.
    ///
    /// # Errors
    /// A failed write.
    pub(crate) fn finish_tables(&mut self) -> Result<()> {
        self.writers.drain(..).try_for_each(TableWriter::finish)
    }
}

impl Writing<'_> {
    /// What lifetime value knows of a customer at the date of a lookout.
    fn known(
        &self,
        lookout: &Lookout<'_>,
        rank: usize,
        days: CustomerDaysView<'_>,
        standing: &Standing,
    ) -> Known {
        let (now, before) = (lookout.watch.date.day, lookout.before);
        let Some(alive) = self.alive.filter(|alive| alive.is_known(now)) else {
            return Known::default();
        };
        let seen_before = days.before(before).seen(i32::MAX).filter(|_| alive.is_known(before));
        Known {
            alive: alive.probability(rank, &standing.seen, now),
            alive_before: seen_before.and_then(|seen| alive.probability(rank, &seen, before)),
            no_purchase: alive.no_purchase(rank, &standing.seen, now),
            ..Known::default()
        }
    }
}

impl Lookout<'_> {
    /// Whether the prices of a period are asked for.
    fn needs_prices(&self, period: usize) -> bool {
        self.watch.periods.as_ref().is_some_and(|periods| periods.contains(period))
    }

    fn trends(&self, facts: &PeriodFacts, customers: &CustomerSlice) -> Result<Option<Vec<Trend>>> {
        let periods = self.watch.periods.as_ref();
        periods.map(|periods| trends(periods, facts, &customers.ranks)).transpose()
    }
}
