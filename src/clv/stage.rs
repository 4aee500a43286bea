//! The stage: count, fit, hold against the holdout, choose, value, add up.

use super::account::{self, Account, Place, Role};
use super::advice;
use super::alive::{Alive, AliveAt};
use super::backtest::{self, Backtest};
use super::candidate::Candidate;
use super::census::{Census, Scope};
use super::choice::{Choice, Earlier, choose};
use super::contextual_factors::ContextualFactors;
use super::covariates::Covariates;
use super::dates;
use super::discrete;
use super::equity::{Equity, Estimates};
use super::factor_advice;
use super::fits::{Fits, FittedPurchases};
use super::formulas::Inputs;
use super::lives::LivingRule;
use super::manifest::manifest;
use super::money;
use super::past::{self, VALUED};
use super::segments::Segments;
use super::tables::customer_equity::SegmentModels;
use super::tables::{self, TableContext};
use super::timing::{Timed, Timings};
use super::timing_choice::{self, TimingChoice};
use super::timing_kind::TimingKind;
use super::valuation::{Chosen, Fitted, Valuation, annual, discount_per_day};
use crate::customers::calendar::Calendar;
use crate::customers::history::CustomerHistory;
use crate::customers::operator::walk;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::Customers;
use crate::pipeline::{ClvDef, Definition, LifecycleDef, PurchaseModel, Season};
use crate::publish::{StageTables, TableFormat};
use crate::units::Day;
use std::sync::Arc;

/// What the run says of lifetime value.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Per segment: whom it holds, the model's name, and why it was chosen.
    pub models: Vec<(String, String, String)>,
    /// The seasons and factors that purchases are timed by, and why; none where nobody asked for any.
    pub season: Option<(String, String)>,
    /// Residual value of all customers, at `money_scale`; none where nobody could be valued.
    pub customer_equity: Option<i128>,
    /// The interval of 95 % about it; none where it is not known.
    pub interval: Option<[f64; 2]>,
    /// Customers with a purchase.
    pub customers: u64,
    /// Sum of probabilities alive; none where nothing is expected of anybody.
    pub alive_customers: Option<f64>,
    /// What a reader should know.
    pub warnings: Vec<String>,
    /// For the release's manifest.
    pub manifest: serde_json::Value,
}

/// Makes and stages every table of lifetime value. Returns who is alive too, for the early warning, where that is asked.
///
/// # Errors
/// Too many segments, money beyond 18 digits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    history: &CustomerHistory,
    earlier: &Earlier,
    staging: StageTables<'_>,
) -> Result<(Summary, Option<Alive>)> {
    let clv = definition.clv.as_ref().expect("the stage runs where [clv] is");
    let place = definition.place(clv.at);
    let customers = history.days.customers();
    let segments = Segments::new(clv.segment.as_deref(), facts.master.as_ref(), customers, &place)?;
    let segments = Arc::new(segments);
    let covariates = Covariates::new(&clv.covariates, facts.master.as_ref(), customers, &segments, &place)
        .map(Arc::new)?;
    let lifecycle = definition.lifecycle.as_ref();
    let gap_days = lifecycle.map_or_else(LifecycleDef::default_gap_days, |lifecycle| lifecycle.gap_days);
    let rule = LivingRule { calendar: Calendar::new(&facts.periods, facts.as_of), gap_days };
    let (calibration, mut warnings) = dates::calibration(clv, facts);
    let warning_days: Vec<Day> =
        lifecycle.map(|lifecycle| dates::warning(lifecycle, facts.as_of)).unwrap_or_default();
    let scope = Scope {
        history,
        segments: &segments,
        covariates: &covariates,
        rule: &rule,
        measures: past::measures(clv.margin),
        dates: std::iter::once(facts.as_of).chain(calibration).collect(),
        alive_dates: warning_days.iter().skip(1).copied().collect(),
        start: dates::start(facts),
        has_periods: clv.models.contains(&PurchaseModel::BgBb),
        has_gaps: clv.models.iter().any(|model| model.asks_for_gaps()),
    };
    let factors = ContextualFactors::of(definition, scope.start, facts.as_of)?;
    let census = walk(&history.days, &scope)?.finish();
    warnings.extend(advice::left_censored_start(&census));
    let kinds = TimingKind::all(clv.season, factors.is_some());
    let timings = Timings::new(kinds, factors.as_ref(), &census, &scope.dates, scope.start);
    let candidates = Candidate::all(clv);
    let mut fits = Fits::new(candidates, covariates.design(), &census, &timings, discount_per_day(clv))?;
    let sources = backtest::Sources {
        scope: &scope,
        census: &census,
        timings: &timings,
        fits: &fits,
        money_scale: facts.money_scale,
        discount_per_day: discount_per_day(clv),
    };
    let tests = backtest::backtests(&sources)?;
    let timing = timing_choice::choose(clv, &fits.candidates, &timings, &tests, earlier);
    warnings.extend(timing.warning(clv));
    if let Some(factors) = &factors {
        warnings.extend(factor_advice::of_factors(factors, &timings, timing.kind, clv, facts.as_of));
    }
    fits.value_by(&timings, timing.timing, discount_per_day(clv));
    let is_pooled: Vec<bool> = (0..segments.len()).map(|segment| fits.is_pooled(segment)).collect();
    let choices = choose(clv, &fits.candidates, &segments, timing.kind, &is_pooled, &tests, earlier);
    warnings.extend(advice::of_fits(&fits, &choices, &segments));
    warnings.extend(advice::of_periods(&census.tallies[0], &fits.candidates, &choices, &segments));
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let run = Run {
        clv,
        scope: &scope,
        census: &census,
        timings: &timings,
        timing: &timing,
        fits: &fits,
        tests: &tests,
        choices: &choices,
        context: TableContext {
            format,
            clv,
            segments: &segments,
            covariates: &covariates,
            factors: factors.as_ref(),
        },
        customers: &facts.customers,
    };
    let mut accounts = run.accounts();
    if let Some(release) = &earlier.drift_from {
        account::measure_drift(&mut accounts, release, segments.names());
    }
    let equities = run.value(staging)?;
    warnings.extend(advice::of_equities(&equities, &segments));
    let total = Equity::total(&equities, &run.estimates());
    run.publish(&accounts, &equities, &total, staging)?;
    let alive =
        lifecycle.map(|lifecycle| run.alive(warning_days, segments.clone(), covariates.clone(), lifecycle));
    let summary = Summary {
        models: run.chosen_models(),
        customer_equity: total.residual().map(|residual| residual[VALUED]),
        interval: total.interval().map(|(_, ends)| ends),
        customers: total.customers,
        alive_customers: total.expected(|total| total.alive),
        warnings,
        season: (clv.season != Some(Season::None) || factors.is_some())
            .then(|| (timing.kind.word(), timing.text())),
        manifest: manifest(&segments, &clv.covariates, &fits.candidates, &choices, &timing, &accounts),
    };
    Ok((summary, alive))
}

/// Everything that is known before customers are valued.
struct Run<'r> {
    clv: &'r ClvDef,
    scope: &'r Scope<'r>,
    census: &'r Census,
    timings: &'r Timings<'r>,
    timing: &'r TimingChoice,
    fits: &'r Fits,
    tests: &'r [Backtest],
    choices: &'r [Choice],
    context: TableContext<'r>,
    customers: &'r Customers,
}

impl Run<'_> {
    fn as_of(&self) -> i32 {
        self.scope.dates[0].0
    }

    /// Who is alive at the dates of the early warning, by the fits of the whole history.
    fn alive(
        &self,
        days: Vec<Day>,
        segments: Arc<Segments>,
        covariates: Arc<Covariates>,
        lifecycle: &LifecycleDef,
    ) -> Alive {
        let as_of = self.census.tallies[0].iter().map(|tally| &tally.histories).collect();
        let earlier = self.census.alive_counts.iter().map(|histories| histories.iter().collect());
        let at = AliveAt {
            days,
            histories: std::iter::once(as_of).chain(earlier).collect(),
            clock: self.timed().clock.clone(),
            discount_per_day: discount_per_day(self.clv),
            holdout_days: lifecycle.warning.holdout_days,
        };
        Alive::new(at, segments, covariates, &self.chosen_fits())
    }

    /// Dates, with what purchases are timed by.
    fn timed_dates(&self) -> Vec<(Day, TimingKind)> {
        let dates = self.scope.dates.iter().enumerate();
        dates.map(|(date, day)| (*day, self.timings.kind(date, self.timing.timing))).collect()
    }

    /// Histories of the whole history, timed as customers are valued.
    fn timed(&self) -> &Timed<'_> {
        self.timings.at(0, self.timing.timing)
    }

    /// The model of each segment.
    fn models(&self) -> Vec<PurchaseModel> {
        self.choices.iter().map(|choice| self.fits.candidates[choice.candidate].model).collect()
    }

    /// The chosen fit of each segment, of the whole history.
    fn chosen_fits(&self) -> Vec<Option<&FittedPurchases>> {
        let fit = |(segment, choice): (usize, &Choice)| self.fits.of(0, segment, choice.candidate);
        self.choices.iter().enumerate().map(fit).collect()
    }

    /// Which estimates each segment is valued by: those of all customers have the lowest numbers.
    fn estimates(&self) -> Vec<Estimates> {
        let candidates = self.fits.candidates.len();
        let of = |(segment, choice): (usize, &Choice)| {
            let own = candidates + segment;
            let is_pooled =
                self.fits.of(0, segment, choice.candidate).is_some_and(|fit| fit.pooled.is_some());
            let takes_mean = self.fits.spend(0, segment).is_some_and(|spend| spend.pooled.is_some());
            Estimates {
                purchases: if is_pooled { choice.candidate } else { own },
                spend: if takes_mean { 0 } else { own },
            }
        };
        self.choices.iter().enumerate().map(of).collect()
    }

    /// Whether the chosen model of each segment has the parameters of all customers.
    fn is_pooled(&self) -> Vec<bool> {
        self.chosen_fits().iter().map(|fit| fit.is_some_and(|fit| fit.pooled.is_some())).collect()
    }

    fn chosen_models(&self) -> Vec<(String, String, String)> {
        let of = |(segment, choice): (usize, &Choice)| {
            let candidate = self.fits.candidates[choice.candidate];
            let mut model = candidate.model.word().to_owned();
            if candidate.has_covariates {
                model += " by ";
                model += self.scope.covariates.word(true);
            }
            (self.scope.segments.label(segment), model, choice.text().to_owned())
        };
        self.choices.iter().enumerate().map(of).collect()
    }

    /// Every model and formula.
    fn accounts(&self) -> Vec<Account> {
        let unit = money::unit(self.context.format.money_scale);
        let mut accounts = account::of_fits(
            self.fits,
            self.scope.covariates,
            &self.timed_dates(),
            self.choices,
            self.clv.spend,
            unit,
        );
        for segment in 0..self.scope.segments.len() {
            let place = Place { segment, until: self.as_of(), is_whole: true };
            let inputs = Inputs {
                lives: &self.census.lives[segment],
                rule: self.scope.rule,
                money_scale: self.context.format.money_scale,
                discount_rate_annual: annual(self.clv),
                declared: self.clv.lifetime,
            };
            accounts.extend(account::of_formulas(place, inputs.lines()));
            accounts.push(discrete::shifted_beta_geometric(place, &inputs));
            accounts.extend(self.bg_bb(segment, &inputs));
        }
        accounts
    }

    /// BG/BB of the whole history, to compare with; of calibrations too where it is among the models.
    fn bg_bb(&self, segment: usize, inputs: &Inputs<'_>) -> Vec<Account> {
        let is_declared = self.clv.models.contains(&PurchaseModel::BgBb);
        let is_chosen = self.models()[segment] == PurchaseModel::BgBb;
        let role = match (is_declared, is_chosen) {
            (false, _) => Role::Formula,
            (true, false) => Role::Candidate,
            (true, true) => Role::Chosen,
        };
        let why = is_chosen.then(|| self.choices[segment].why.text());
        let dates = if is_declared { self.scope.dates.len() } else { 1 };
        let of = |date: usize| {
            let place = Place { segment, until: self.scope.dates[date].0, is_whole: date == 0 };
            let counts = &self.census.tallies[date][segment].opportunities;
            Account { why, ..discrete::bg_bb(place, role, counts, inputs) }
        };
        (0..dates).map(of).collect()
    }

    /// Values everybody and writes `customer_value` on the way.
    fn value(&self, staging: StageTables<'_>) -> Result<Vec<Equity>> {
        let chosen: Vec<Chosen> = (0..self.choices.len()).map(|segment| self.chosen(segment)).collect();
        let models = self.models();
        let tallies = &self.census.tallies[0];
        let fitted = Fitted { fits: self.fits, timed: self.timed(), tallies, chosen: &chosen };
        let valuation = Valuation::new(self.context, self.customers, self.scope, staging, &models, &fitted);
        let valued = walk(&self.scope.history.days, &valuation)?;
        valuation.finish(valued)
    }

    fn chosen(&self, segment: usize) -> Chosen {
        let candidate = self.choices[segment].candidate;
        let model = self.fits.candidates[candidate];
        let mut pooled = super::errors::Errors::default();
        for errors in self.tests.iter().filter_map(|test| test.by_segment(model, self.timing.kind)) {
            let own = if self.fits.is_pooled(segment) { errors } else { &errors[segment..=segment] };
            own.iter().for_each(|errors| pooled.merge(errors));
        }
        // Without holdout purchases scatter as Poisson's do, at least.
        let dispersion = pooled.dispersion().unwrap_or(1.0);
        Chosen { candidate, dispersion }
    }

    fn publish(
        &self,
        accounts: &[Account],
        equities: &[Equity],
        total: &Equity,
        staging: StageTables<'_>,
    ) -> Result<()> {
        let (models, is_pooled) = (self.models(), self.is_pooled());
        let segments = SegmentModels { models: &models, is_pooled: &is_pooled };
        let mut sheets = vec![
            tables::value_model::sheet(self.context, accounts),
            tables::purchase_season::sheet(self.context, self.timings, &self.scope.dates, self.timing.kind),
            tables::value_counts::sheet(self.context, &self.census.tallies[0]),
            tables::customer_equity::customer_equity(self.context, segments, total),
        ];
        sheets.extend(tables::value_backtest::sheets(self.context, self.tests));
        sheets.extend(self.context.factors.map(|factors| {
            let (dates, chosen) = (&self.scope.dates, self.timing.kind);
            tables::contextual_factor::sheet(self.context, factors, self.timings, dates, chosen)
        }));
        if self.context.segments.is_split() {
            sheets.push(tables::customer_equity::segment_equity(self.context, segments, equities));
        }
        for sheet in sheets {
            staging.put(&sheet.spec, None, sheet.arrays)?;
        }
        Ok(())
    }
}
