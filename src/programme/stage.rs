//! The stage: count the movements of points, keep the books, write the members, compare them with others.

use super::cell::Bands;
use super::cohort::Worth;
use super::ledger::{Ledger, Terms, ledger};
use super::matching::Comparison;
use super::movement::{Movement, Points};
use super::occurrence::{JoinedIn, Observing, Study};
use super::tables::{EffectRow, programme_cohort, programme_effect, programme_period, programme_redemption};
use super::tally::{Tally, period_of};
use super::writing::Writing;
use crate::customers::calendar::Calendar;
use crate::customers::combinations::Combinations;
use crate::customers::days::Amount;
use crate::customers::grouping::{Grouping, Unlabelled};
use crate::customers::history::CustomerHistory;
use crate::customers::operator::{CustomerSlice, SliceOperator, walk};
use crate::customers::outcome::Measure;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::pipeline::{Definition, MatchingDef};
use crate::publish::{SegmentKey, StageTables, TableFormat};
use crate::units::Day;

/// Most combinations of values by which members are matched.
const MOST_COMBINATIONS: usize = 10_000;

/// What the run says of the programme.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Customers with points.
    pub members: u64,
    /// Points of all members.
    pub points: i128,
    /// Deferred revenue that is not released, at `money_scale`.
    pub liability: i128,
    /// Share of points earned in the last period that is expected to be redeemed.
    pub redemption: f64,
    /// Points redeemed or expired that nobody had earned.
    pub overdrawn: i128,
    /// Effect on contribution and its interval, at `money_scale`; none without matched members.
    pub effect: Option<[f64; 3]>,
    /// Outcomes of all customers in which members differed beyond chance before they joined.
    pub doubtful: usize,
    /// Members of whom something says whom to compare them with.
    pub comparable: u64,
}

/// Makes and stages every table of the programme.
///
/// # Errors
/// More combinations of attributes than there is room for, numbers beyond 128 bits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    history: &CustomerHistory,
    points: &Points,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.programme.as_ref().expect("the stage runs where [programme] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let calendar = &Calendar::new(&facts.periods, facts.as_of);
    let counting = Counting { points, calendar, is_price_known: def.paid.is_some() };
    let tally = walk(&history.days, &counting)?;
    let worth = Worth::new(def.worth, format.money_scale);
    let terms = Terms { worth, redemption: &def.redemption, is_price_known: def.paid.is_some() };
    let ledger = &ledger(terms, calendar, &tally)?;
    let customers = &facts.customers;
    Writing { points, calendar, customers, format, ledger, worth }.write(tables)?;
    for sheet in [
        programme_period(format, calendar, &ledger.periods, worth)?,
        programme_cohort(format, calendar, &ledger.cohorts),
        programme_redemption(format, &ledger.life_table),
    ] {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    let mut summary = Summary::of(ledger);
    if let Some(matching) = &def.matching {
        let comparing =
            Comparing { definition, def: matching, facts, history, points, calendar, tally: &tally };
        comparing.publish(format, tables, &mut summary)?;
    }
    Ok(summary)
}

/// Counts movements, slice by slice.
struct Counting<'r> {
    points: &'r Points,
    calendar: &'r Calendar,
    /// Whether the source says what was paid.
    is_price_known: bool,
}

impl SliceOperator for Counting<'_> {
    type Window = ();
    type Part = Tally;
    type Total = Tally;

    fn begin(&self) -> Result<Tally> {
        Ok(Tally::default())
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Tally> {
        let mut tally = Tally::default();
        let movements = self.points.of(&customers.ranks)?;
        let mut members = movements.chunk_by(|a, b| a.who == b.who).peekable();
        for (rank, days) in customers.ranks.clone().zip(customers.days.customers()) {
            let Some(own) = members.next_if(|own: &&[Movement]| own[0].who as usize == rank) else {
                continue;
            };
            tally.add(own, self.calendar);
            let joined = own[0].day;
            let is_idle = days.purchases().all(|day| day != joined);
            tally.period(period_of(self.calendar, joined)).joined_idle += u64::from(is_idle);
            if !self.is_price_known {
                let since = days.since(Day(joined));
                for (day, amount) in since.days().iter().zip(since.amounts(Amount::NetRevenue)) {
                    tally.period(period_of(self.calendar, *day)).paid += i128::from(*amount);
                }
            }
        }
        Ok(tally)
    }

    fn take(&self, total: &mut Tally, part: Tally) -> Result<()> {
        total.merge(&part);
        Ok(())
    }
}

impl Summary {
    fn of(ledger: &Ledger) -> Self {
        let Some(last) = ledger.periods.last() else { return Self::default() };
        Self {
            members: last.members,
            points: last.closing,
            liability: last.liability_closing,
            redemption: last.redemption as f64 / super::redemption::WHOLE as f64,
            overdrawn: ledger.periods.iter().map(|books| books.sums.overdrawn).sum(),
            ..Self::default()
        }
    }
}

/// Members against customers who did not join.
struct Comparing<'r> {
    definition: &'r Definition,
    def: &'r MatchingDef,
    facts: &'r FactSet,
    history: &'r CustomerHistory,
    points: &'r Points,
    calendar: &'r Calendar,
    tally: &'r Tally,
}

impl Comparing<'_> {
    fn publish(&self, format: TableFormat<'_>, tables: StageTables<'_>, summary: &mut Summary) -> Result<()> {
        let groupings = self.groupings()?;
        let combinations = self.combinations(groupings.clone())?;
        let bands = Bands::new(self.def, format.money_scale);
        let days = |days: u32| i32::try_from(days).expect("at most a century");
        let mut joined_in = vec![JoinedIn::default(); self.calendar.len()];
        for (joined, number) in joined_in.iter_mut().zip(1..) {
            let sums = self.tally.periods.get(&number).copied().unwrap_or_default();
            *joined = JoinedIn { by_buying: sums.joined > sums.joined_idle, idle: sums.joined_idle > 0 };
        }
        let study = |study| Observing {
            study,
            calendar: self.calendar,
            joined_in: &joined_in,
            bands: &bands,
            combinations: &combinations,
            window_days: days(self.def.window_days),
            baseline_days: days(self.def.baseline_days),
        };
        let comparison =
            Comparison::new(self.history, self.points, [&study(Study::Effect), &study(Study::Placebo)])?;
        let mut rows = rows(SegmentKey::ALL, comparison.segment(|_| true));
        let cells = combinations.cells();
        for (attribute, (name, grouping)) in self.def.by.iter().zip(&groupings).enumerate() {
            for (group, label) in grouping.labels.iter().enumerate() {
                let found = comparison.segment(|combination| cells[combination][attribute] == group);
                rows.extend(self::rows(SegmentKey::of(name, label.as_deref()), found));
            }
        }
        summary.add(&rows);
        let sheet = programme_effect(format, [self.def.window_days, self.def.baseline_days], &rows);
        tables.put(&sheet.spec, None, sheet.arrays)
    }

    fn groupings(&self) -> Result<Vec<Grouping>> {
        let known = self.history.days.customers();
        let mut groupings = Vec::new();
        for name in &self.def.by {
            let mut attributes = self.facts.master.iter().flat_map(|master| &master.attributes);
            let Some((_, values)) = attributes.find(|(attribute, _)| attribute == name) else {
                return Err(Error::definition(format!(
                    "{}: programme.matching.by: [facts.customers] does not give the attribute '{name}'; add it to its attributes",
                    self.definition.place(self.def.at)
                )));
            };
            let values = values.slice(0, known.min(values.len()));
            groupings.push(Grouping::by_values(&values, Unlabelled::Last)?);
        }
        Ok(groupings)
    }

    fn combinations(&self, groupings: Vec<Grouping>) -> Result<Combinations> {
        if groupings.is_empty() {
            return Ok(Combinations::one());
        }
        let found = Combinations::new(groupings, self.history.days.customers(), MOST_COMBINATIONS);
        found.ok_or_else(|| {
            Error::check(format!(
                "{}: customers have more than {MOST_COMBINATIONS} combinations of values of programme.matching.by; name fewer \
                 attributes, or values that are bands of several, in the attribute's SQL",
                self.definition.place(self.def.at)
            ))
        })
    }
}

fn rows(segment: SegmentKey<'_>, found: super::matching::SegmentEffect) -> Vec<EffectRow<'_>> {
    Measure::ALL.into_iter().map(|measure| EffectRow { segment, measure, found }).collect()
}

impl Summary {
    /// What a person should know of the source and of the comparison.
    pub fn doubts(&self, definition: &Definition) -> Vec<String> {
        let Some(def) = &definition.programme else { return Vec::new() };
        let mut doubts = Vec::new();
        if self.overdrawn > 0 {
            doubts.push(format!(
                "{}: programme: {} points were redeemed or expired that members had not earned in the source before; give opening balances as \
                 rows of kind earned, dated before what takes them; programme_period and customer_points have them as points_overdrawn",
                definition.place(def.at),
                self.overdrawn
            ));
        }
        if let Some(matching) = def.matching.as_ref().filter(|_| self.effect.is_none() && self.comparable > 0)
        {
            doubts.push(format!(
                "{}: programme.matching: none of {} members is in a cell with another member and two others; wider bands, or fewer attributes \
                 in 'by', match more",
                definition.place(matching.at),
                self.comparable
            ));
        }
        doubts
    }

    fn add(&mut self, rows: &[EffectRow<'_>]) {
        for row in rows.iter().filter(|row| row.segment == SegmentKey::ALL) {
            self.comparable = row.found.counts.comparable;
            let measure = row.measure as usize;
            if let Some(placebo) = &row.found.placebo {
                self.doubtful += usize::from(placebo.effects[measure].is_beyond_chance());
            }
            if let Some(effect) = row.found.effect.filter(|_| row.measure == Measure::Contribution) {
                let [low, high] = effect.effects[measure].interval();
                self.effect = Some([effect.effects[measure].value, low, high]);
            }
        }
    }
}
