//! The stage: one walk that gathers, then tables from what it gathered.

use super::cell_sums::{CellSums, ValueSums};
use super::cohort::{Cohort, CohortKey};
use super::door_model::DoorModel;
use super::entry::Entries;
use super::expected_payback::{Development, ExpectedPayback, Part};
use super::forecast::{Forecast, Predictor};
use super::gathering::{Gathered, Gathering, RESIDUAL};
use super::newcomer_tables::{CellExpectation, CellRow, ChosenPredictor, newcomer_holdout, newcomer_value};
use super::observation::Observation;
use super::payback::{Curve, Payback};
use super::tables::{CohortRow, PaybackRow, acquisition, acquisition_payback, acquisition_total};
use crate::customers::calendar::Calendar;
use crate::customers::combinations::Combinations;
use crate::customers::grouping::{Grouping, Unlabelled};
use crate::customers::history::CustomerHistory;
use crate::customers::keyed_rows::KeyedRows;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::perception::schema::Asked;
use crate::pipeline::{AcquisitionDef, Definition};
use crate::publish::read::{PublishedReader, Wanted};
use crate::publish::{ALL_CUSTOMERS, NO_SEGMENT, StageTables, TableFormat};
use crate::units::{Day, pow10};
use std::collections::BTreeMap;

/// The attribute that says how customers were won.
const CHANNEL: &str = "channel";
/// Most combinations of values that have a row of their own.
const MOST_CELLS: usize = 10_000;

/// What the run says of acquisition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Customers, and of them those who bought.
    pub customers: [u64; 2],
    /// Acquisition cost and rewards, at `money_scale`.
    pub cost: i128,
    /// Cohorts with a cost whose first period is known, and of them those that are paid back.
    pub cohorts: [usize; 2],
    /// Of the others, those that are expected to be.
    pub expected: usize,
    /// Lifetime value to cost; none without `[clv]`, or where nothing was spent.
    pub value_to_cost: Option<f64>,
    /// 1 − squared errors / those of the mean, of newcomers held out; none without a holdout.
    pub skill: Option<f64>,
    /// How the value of newcomers is expected, as the holdout chose; none without one.
    pub predictor: Option<&'static str>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Makes and stages the tables of acquisition.
///
/// # Errors
/// More cohorts or cells than there is room for, sums beyond 128 bits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    history: &CustomerHistory,
    asked: &Asked,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.acquisition.as_ref().expect("the stage runs where [acquisition] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let calendar = Calendar::new(&facts.periods, facts.as_of);
    let start = facts.periods.first().map_or(facts.as_of, |period| period.period.start);
    let channels = grouping(facts, CHANNEL, history.days.customers())?;
    let (cells, names) = cells(definition, def, facts, history.days.customers())?;
    let gathering = Gathering {
        history,
        asked,
        calendar: &calendar,
        period: definition.facts.period,
        entries: Entries { master: facts.master.as_ref(), as_of: facts.as_of },
        channels: &channels,
        cells: &cells,
        observation: Observation::new(start, facts.as_of, def.horizon, def.holdout_days),
        unit: pow10(format.money_scale) as f64,
    };
    let values = PublishedReader::open(&tables.written_as_of("customer_value", facts.as_of))?;
    let has_residual = values.has(RESIDUAL[0]);
    let wanted = RESIDUAL.map(|column| (column, Wanted::Values));
    let rows = has_residual.then(|| KeyedRows::open(&facts.customers, "customer_value", &values, &wanted));
    let gathered = gathering.walk(rows.transpose()?)?;
    let cohorts = Cohorts {
        channels: &channels,
        calendar: &calendar,
        found: &gathered.cohorts,
        development: Development::of(&gathered.cohorts, &calendar),
    };
    let (rows, totals) = (cohorts.rows(), cohorts.totals());
    let (cell_rows, chosen, forecasts) = newcomers(&gathered, &cells.cells(), &names)?;
    for sheet in [
        acquisition(format, has_residual, &rows),
        acquisition_total(format, has_residual, &totals),
        acquisition_payback(format, &cohorts.curves()),
        newcomer_value(format, def.horizon, chosen, &cell_rows),
        newcomer_holdout(format, chosen, &forecasts),
    ] {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    let warnings = newcomer_doubt(definition, def, (start, facts.as_of), &gathered).into_iter().collect();
    Ok(Summary { warnings, ..summary(&rows, &totals[0].cohort, has_residual, chosen, &forecasts) })
}

/// Customers by an attribute; all together where the customers source does not give it.
fn grouping(facts: &FactSet, attribute: &str, customers: usize) -> Result<Grouping> {
    let mut attributes = facts.master.iter().flat_map(|master| &master.attributes);
    match attributes.find(|(name, _)| name == attribute) {
        Some((_, values)) => {
            Grouping::by_values(&values.slice(0, customers.min(values.len())), Unlabelled::Last)
        }
        None => Ok(Grouping::one()),
    }
}

/// Cells of customers with the same values of the declared attributes, and their names.
fn cells(
    definition: &Definition,
    def: &AcquisitionDef,
    facts: &FactSet,
    customers: usize,
) -> Result<(Combinations, Vec<String>)> {
    if def.attributes.is_empty() {
        return Ok((Combinations::one(), vec![ALL_CUSTOMERS.to_owned()]));
    }
    let groupings: Vec<Grouping> =
        def.attributes.iter().map(|name| grouping(facts, name, customers)).collect::<Result<_>>()?;
    let labels: Vec<Vec<Option<String>>> = groupings.iter().map(|grouping| grouping.labels.clone()).collect();
    let Some(found) = Combinations::new(groupings, customers, MOST_CELLS) else {
        let sizes: Vec<String> = (def.attributes.iter().zip(&labels))
            .map(|(name, labels)| format!("'{name}' has {}", labels.len()))
            .collect();
        return Err(Error::check(format!(
            "{}: customers have more than {MOST_CELLS} combinations of values of acquisition.attributes ({}); name fewer \
             attributes, or values that are bands of several, in the attribute's SQL",
            definition.place(def.at),
            sizes.join(", ")
        )));
    };
    let mut names = Vec::with_capacity(found.len());
    for values in found.cells() {
        let mut parts = Vec::with_capacity(values.len());
        for ((name, labels), value) in def.attributes.iter().zip(&labels).zip(values) {
            let label = labels.get(value).and_then(Option::as_deref).unwrap_or(NO_SEGMENT);
            parts.push(format!("{name} = {label}"));
        }
        names.push(parts.join(", "));
    }
    Ok((found, names))
}

/// Cohorts, and how they are shown.
struct Cohorts<'r> {
    channels: &'r Grouping,
    calendar: &'r Calendar,
    found: &'r BTreeMap<CohortKey, Cohort>,
    development: Development,
}

impl<'r> Cohorts<'r> {
    fn channel(&self, key: &CohortKey) -> &'r str {
        self.channels.labels.get(key.channel).and_then(Option::as_deref).unwrap_or(NO_SEGMENT)
    }

    fn rows(&self) -> Vec<CohortRow<'r>> {
        let row = |(key, cohort): (&CohortKey, &Cohort)| {
            self.row(None, self.channel(key), key.start.map(Day), &[(key, cohort)])
        };
        self.found.iter().map(row).collect()
    }

    /// All, then by channel, then by period.
    fn totals(&self) -> Vec<CohortRow<'r>> {
        let all: Vec<(&CohortKey, &Cohort)> = self.found.iter().collect();
        let mut rows = vec![self.row(Some("all"), ALL_CUSTOMERS, None, &all)];
        let mut by_channel: BTreeMap<usize, Vec<(&CohortKey, &Cohort)>> = BTreeMap::new();
        let mut by_start: BTreeMap<Option<i32>, Vec<(&CohortKey, &Cohort)>> = BTreeMap::new();
        for (key, cohort) in self.found {
            by_channel.entry(key.channel).or_default().push((key, cohort));
            by_start.entry(key.start).or_default().push((key, cohort));
        }
        for parts in by_channel.into_values() {
            rows.push(self.row(Some("channel"), self.channel(parts[0].0), None, &parts));
        }
        for (start, parts) in by_start {
            rows.push(self.row(Some("cohort_start"), ALL_CUSTOMERS, start.map(Day), &parts));
        }
        rows
    }

    /// A cohort, or several together.
    fn row(
        &self,
        total_by: Option<&'static str>,
        channel: &'r str,
        start: Option<Day>,
        parts: &[(&CohortKey, &Cohort)],
    ) -> CohortRow<'r> {
        let mut sum = Cohort::default();
        parts.iter().for_each(|(_, cohort)| sum.merge(cohort));
        let (payback, expected_payback) = self.payback(parts);
        CohortRow { total_by, channel, start, cohort: sum, payback, expected_payback }
    }

    fn payback(&self, parts: &[(&CohortKey, &Cohort)]) -> (Payback, Option<ExpectedPayback>) {
        let part = |(key, cohort): &(&CohortKey, &Cohort)| {
            let curve = Curve::of(cohort, key.start?, self.calendar)?;
            Some(Part { channel: key.channel, customers: cohort.customers, curve })
        };
        let of_history: Vec<Part> = parts.iter().filter_map(part).collect();
        if of_history.is_empty() {
            let is_known = parts.iter().any(|(key, _)| key.start.is_some());
            return (if is_known { Payback::BeforeHistory } else { Payback::NoKnownDay }, None);
        }
        let curves: Vec<&Curve> = of_history.iter().map(|part| &part.curve).collect();
        let payback = Payback::of(&curves, self.calendar);
        let is_open = payback == Payback::NotYet;
        (payback, is_open.then(|| self.development.payback(&of_history, self.calendar)))
    }

    fn curves(&self) -> Vec<PaybackRow<'r>> {
        let mut rows = Vec::new();
        for (key, cohort) in self.found {
            let Some(start) = key.start else { continue };
            let curve = Curve::of(cohort, start, self.calendar);
            for point in curve.iter().flat_map(Curve::points) {
                rows.push(PaybackRow {
                    channel: self.channel(key),
                    start: Day(start),
                    period_start: self.calendar.period(point.period).start,
                    is_complete: point.period < self.calendar.complete(),
                    point,
                });
            }
        }
        rows
    }
}

/// Rows of cells, and how far expectations lie off the holdout.
fn newcomers(
    gathered: &Gathered,
    values: &[Vec<usize>],
    names: &[String],
) -> Result<(Vec<CellRow>, ChosenPredictor, Vec<Forecast>)> {
    let observed: Vec<ValueSums> = gathered.cells.iter().map(CellSums::observed).collect::<Result<_>>()?;
    let training: Vec<ValueSums> = gathered.cells.iter().map(|cell| cell.training).collect();
    let holdout: Vec<ValueSums> = gathered.cells.iter().map(|cell| cell.holdout).collect();
    let model = DoorModel::fit(&observed, values);
    let of_training = DoorModel::fit(&training, values);
    let forecasts = of_training.as_ref().map(|model| Forecast::all(model, &training, &holdout));
    let forecasts = forecasts.unwrap_or_default();
    let predictor = Predictor::best(&forecasts);
    let mut rows = Vec::with_capacity(names.len());
    for (cell, (name, sums)) in names.iter().zip(&gathered.cells).enumerate() {
        let expected = |model: &DoorModel| {
            let (value, error) = predictor.of(model, cell);
            CellExpectation { found: model.cells[cell], value, error }
        };
        rows.push(CellRow {
            cell: name.clone(),
            sums: *sums,
            observed: observed[cell],
            expected: model.as_ref().map(expected),
            of_training: of_training.as_ref().map(|model| predictor.of(model, cell).0),
        });
    }
    Ok((rows, ChosenPredictor { predictor, has_holdout: !forecasts.is_empty() }, forecasts))
}

/// Why nothing is expected of newcomers, or nothing is held out.
fn newcomer_doubt(
    definition: &Definition,
    def: &AcquisitionDef,
    (start, as_of): (Day, Day),
    gathered: &Gathered,
) -> Option<String> {
    let count = |of: fn(&CellSums) -> u64| gathered.cells.iter().map(of).sum::<u64>();
    let (training, holdout) = (count(|cell| cell.training.customers), count(|cell| cell.holdout.customers));
    let place = definition.place(def.at);
    if training + holdout == 0 {
        return Some(format!(
            "{place}: acquisition: nothing is expected of newcomers (newcomer_value, newcomer_holdout): of those who came since the \
             history begins on {start} nobody is observed for {} before {as_of}; name a shorter acquisition.horizon, or begin earlier",
            def.horizon
        ));
    }
    (training == 0).then(|| {
        format!(
            "{place}: acquisition: what newcomers are worth is held against nothing (newcomer_holdout): all {holdout} observed for {} \
             came within the last {} days that have so long to go; name fewer acquisition.holdout_days, or a shorter acquisition.horizon",
            def.horizon, def.holdout_days
        )
    })
}

fn summary(
    rows: &[CohortRow<'_>],
    total: &Cohort,
    has_residual: bool,
    chosen: ChosenPredictor,
    forecasts: &[Forecast],
) -> Summary {
    let count = |of: fn(Payback) -> bool| rows.iter().filter(|row| of(row.payback)).count();
    let paid_back = count(|payback| matches!(payback, Payback::After(_)));
    let cost = total.cost();
    let expected = |row: &&CohortRow<'_>| matches!(row.expected_payback, Some(ExpectedPayback::After(_)));
    let of_chosen = forecasts.iter().find(|forecast| forecast.predictor == chosen.predictor);
    Summary {
        customers: [total.customers, total.buyers],
        cost,
        cohorts: [paid_back + count(|payback| payback == Payback::NotYet), paid_back],
        value_to_cost: total
            .lifetime_value()
            .filter(|_| has_residual && cost > 0)
            .map(|value| value as f64 / cost as f64),
        expected: rows.iter().filter(expected).count(),
        predictor: of_chosen.map(|forecast| forecast.predictor.word()),
        warnings: Vec::new(),
        skill: of_chosen.map(|forecast| forecast.skill).filter(|skill| skill.is_finite()),
    }
}
