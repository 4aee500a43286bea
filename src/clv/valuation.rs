//! Every customer valued: the operator over slices of customers that writes `customer_value`.

use super::census::{Scope, Tally};
use super::equity::{self, Equity};
use super::fits::Fits;
use super::models::{Asked, CovariateFit};
use super::money;
use super::outlook::{Forecast, Outlook};
use super::past::{Brought, FULL, MEASURES, Purchase, Times, VALUED, purchases_into};
use super::period_forecast::{PeriodForecast, PeriodsAhead};
use super::spend::Spend;
use super::tables::TableContext;
use super::tables::customer_value::{self, Row};
use super::timing::Timed;
use crate::customers::operator::{CustomerSlice, SliceOperator};
use crate::error::Result;
use crate::facts::schema::Customers;
use crate::pipeline::{ClvDef, PurchaseModel, SpendModel};
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableWriter};
use crate::units::{Day, Fixed18};
use arrow::array::ArrayRef;
use rayon::prelude::*;
use std::sync::Arc;

/// What customers are valued by.
pub(crate) struct Valuation<'r> {
    clv: &'r ClvDef,
    context: TableContext<'r>,
    customers: &'r Customers,
    scope: &'r Scope<'r>,
    staging: StageTables<'r>,
    /// The chosen model of each segment.
    models: &'r [PurchaseModel],
    /// By segment; none where nobody bought.
    valuers: Vec<Option<Valuer>>,
}

/// What customers of one segment are valued by.
struct Valuer {
    forecast: ForecastBy,
    /// None where the model has none.
    covariates: Option<Arc<CovariateFit>>,
    spend: Spend,
    /// Squared error per expected purchase.
    dispersion: f64,
}

/// How purchases are foretold; none where the fit found nothing to predict from.
enum ForecastBy {
    Continuous(Option<Forecast>),
    Periods(Option<PeriodForecast>),
}

/// One customer's value. Money is in smallest units.
pub(crate) struct Value {
    /// None where the fit found nothing to predict from.
    pub(crate) outlook: Option<Outlook>,
    /// What a purchase is expected to bring, and the same with all that the customer bears, and net revenue.
    pub(crate) each: [f64; MEASURES],
    pub(crate) each_error: Option<f64>,
    /// Weight of the customer's own mean, 0..=1, where the shrunken mean is used.
    pub(crate) credibility: f64,
}

impl Value {
    /// Standard error of the residual value, of two independent estimates; none unless both are known.
    pub(crate) fn error(&self) -> Option<f64> {
        let discounted = self.outlook.as_ref()?.discounted?;
        let (of_purchases, of_each) = (discounted.standard_error()?, self.each_error?);
        let (purchases, each) = (discounted.value, self.each[VALUED]);
        let squared =
            (each * of_purchases).powi(2) + (purchases * of_each).powi(2) + (of_purchases * of_each).powi(2);
        Some(squared.sqrt())
    }
}

/// What customers are valued by: models as they were fitted, the clock they were fitted on, and by segment the one chosen.
pub(crate) struct Fitted<'f> {
    pub(crate) fits: &'f Fits,
    pub(crate) timed: &'f Timed<'f>,
    /// What was counted at the as-of date, by segment.
    pub(crate) tallies: &'f [Tally],
    pub(crate) chosen: &'f [Chosen],
}

/// What is published of a segment's base, besides its fits.
pub(crate) struct Chosen {
    /// The model's place among the candidates.
    pub(crate) candidate: usize,
    /// Squared error per expected purchase in the holdout.
    pub(crate) dispersion: f64,
}

impl<'r> Valuation<'r> {
    pub(crate) fn new(
        context: TableContext<'r>,
        customers: &'r Customers,
        scope: &'r Scope<'r>,
        staging: StageTables<'r>,
        models: &'r [PurchaseModel],
        fitted: &Fitted<'_>,
    ) -> Self {
        let Fitted { fits, timed, tallies, chosen } = fitted;
        let clv = context.clv;
        let as_of = scope.dates[0];
        let horizons: Vec<u32> = clv.horizons.iter().map(|horizon| horizon.length.days_from(as_of)).collect();
        let lookahead = timed.clock.lookahead(as_of.0 - 1, &horizons, discount_per_day(clv));
        let ends: Vec<Day> = clv.horizons.iter().map(|horizon| horizon.length.after(as_of)).collect();
        let ahead = PeriodsAhead::new(&scope.rule.calendar, as_of, &ends, discount_per_day(clv));
        let valuer = |(segment, chosen): (usize, &Chosen)| {
            let spend = fits.spend(0, segment)?.spend.clone();
            if !models[segment].is_continuous() {
                let forecast = PeriodForecast::new(&tallies[segment], tallies, ahead.as_ref());
                let forecast = ForecastBy::Periods(forecast);
                return Some(Valuer { forecast, covariates: None, spend, dispersion: chosen.dispersion });
            }
            let fit = fits.of(0, segment, chosen.candidate)?;
            let histories = &timed.histories[segment];
            let forecast = Forecast::new(fit, &timed.clock, &lookahead, histories, Asked::Discounted);
            let forecast = ForecastBy::Continuous(forecast);
            let covariates = fit.covariates.clone();
            Some(Valuer { forecast, covariates, spend, dispersion: chosen.dispersion })
        };
        let valuers = chosen.par_iter().enumerate().map(valuer).collect();
        Self { clv, context, customers, scope, staging, models, valuers }
    }

    /// The equity of every segment, once all customers are valued.
    ///
    /// # Errors
    /// A failed write.
    pub(crate) fn finish(&self, total: Valued) -> Result<Vec<Equity>> {
        total.writer.finish()?;
        let mut equities = total.equities;
        for (equity, valuer) in equities.iter_mut().zip(&self.valuers) {
            if let Some(valuer) = valuer {
                equity.close(&valuer.spend, valuer.covariates.as_deref());
            }
        }
        Ok(equities)
    }

    fn no_equities(&self) -> Vec<Equity> {
        let cells = |valuer: &Valuer| valuer.covariates.as_ref().map_or(1, |fit| fit.cells.len());
        let equity =
            |valuer: &Option<Valuer>| Equity::new(self.clv.horizons.len(), valuer.as_ref().map_or(1, cells));
        self.valuers.iter().map(equity).collect()
    }

    fn sheet(&self, rows: &[Row]) -> Sheet {
        customer_value::sheet(self.context, self.customers, self.models, rows)
    }

    fn row(
        &self,
        rank: usize,
        segment: usize,
        times: Times,
        value: Value,
        [profit, acquisition_cost]: [i64; 2],
    ) -> Result<Row> {
        let discounted = value.outlook.as_ref().and_then(|outlook| outlook.discounted);
        let within = match value.outlook.as_ref().and_then(|outlook| outlook.discounted_within.as_ref()) {
            Some(within) => Some(
                within
                    .iter()
                    .map(|purchases| money::rounded(purchases * value.each[VALUED]))
                    .collect::<Result<_>>()?,
            ),
            None => None,
        };
        let variance = self.valuers[segment].as_ref().and_then(|valuer| {
            let scatter =
                equity::scatter(discounted?.value, value.each[VALUED], valuer.dispersion, &valuer.spend);
            Some(value.error()?.powi(2) + scatter)
        });
        let residual = match discounted {
            Some(purchases) => {
                let [valued, full, revenue] = value.each.map(|each| money::rounded(purchases.value * each));
                Some([valued?, full?, revenue?])
            }
            None => None,
        };
        Ok(Row {
            rank: u32::try_from(rank).expect("ranks fit 32 bits"),
            segment,
            times,
            residual,
            within,
            variance,
            profit: Fixed18::of_column(profit),
            acquisition_cost: Fixed18::of_column(acquisition_cost),
            value,
        })
    }
}

/// Customers valued so far.
pub(crate) struct Valued {
    writer: TableWriter,
    /// By segment.
    equities: Vec<Equity>,
}

impl SliceOperator for Valuation<'_> {
    type Window = ();
    /// Columns of `customer_value`, and equities by segment.
    type Part = (Vec<ArrayRef>, Vec<Equity>);
    type Total = Valued;

    fn begin(&self) -> Result<Valued> {
        let spec = self.sheet(&[]).spec;
        let writer = self.staging.table(&spec, Some(&self.context.format.as_of.to_string()))?;
        Ok(Valued { writer, equities: self.no_equities() })
    }

    fn slice(&self, _window: &(), customers: &CustomerSlice) -> Result<Self::Part> {
        let as_of = self.scope.dates[0];
        let mut rows = Vec::with_capacity(customers.ranks.len());
        let mut equities = self.no_equities();
        let mut buffers = Buffers::default();
        let worth = self.scope.history.worth.slice(&customers.ranks)?;
        for (place, days) in customers.days.customers().enumerate() {
            let rank = customers.ranks.start + place;
            let days = days.before(as_of);
            let Some(times) = Times::of_days(days, as_of) else { continue };
            let segment = self.scope.segments.of(rank);
            let cell = self.scope.covariates.of(rank);
            let Some(valuer) = &self.valuers[segment] else { continue };
            purchases_into(days, self.scope.measures, &mut buffers.purchases);
            let brought = Brought::of(&buffers.purchases, &mut buffers.pairs);
            let outlook = match &valuer.forecast {
                ForecastBy::Continuous(forecast) => {
                    forecast.as_ref().map(|forecast| forecast.at(cell, &times))
                }
                ForecastBy::Periods(forecast) => forecast
                    .as_ref()
                    .map(|forecast| forecast.at(&self.scope.rule.calendar, days, as_of).clone()),
            };
            let value = valuer.value(self.clv.spend, &brought, outlook);
            let worth = [worth.profit[place], worth.acquisition_cost[place]];
            let row = self.row(rank, segment, times, value, worth)?;
            // Without covariates there is one cell.
            let cell = if valuer.covariates.is_some() { cell } else { 0 };
            equities[segment].add(&row, cell, valuer.dispersion, &valuer.spend);
            rows.push(row);
        }
        Ok((self.sheet(&rows).arrays, equities))
    }

    fn take(&self, total: &mut Valued, (arrays, parts): Self::Part) -> Result<()> {
        total.equities.iter_mut().zip(&parts).for_each(|(equity, part)| equity.merge(part));
        total.writer.write(arrays)
    }
}

/// Buffers of one slice.
#[derive(Default)]
struct Buffers {
    purchases: Vec<Purchase>,
    pairs: Vec<(i64, i64)>,
}

impl Valuer {
    fn value(&self, by: SpendModel, brought: &Brought, outlook: Option<Outlook>) -> Value {
        let each = self.spend.expect(by, brought);
        let full = self.spend.shrunken(FULL, brought);
        let revenue = self.spend.revenue(by, brought);
        let credibility = match by {
            SpendModel::Shrunken => self.spend.shrunken(VALUED, brought).credibility,
            SpendModel::GammaGamma => 1.0,
        };
        Value {
            outlook,
            each: [each.mean, full.mean, revenue.mean],
            each_error: each.standard_error,
            credibility,
        }
    }
}

/// Continuous rate per day of an effective rate per year.
pub(crate) fn discount_per_day(clv: &ClvDef) -> f64 {
    annual(clv).ln_1p() / 365.25
}

/// Effective rate per year.
pub(crate) fn annual(clv: &ClvDef) -> f64 {
    let rate = clv.discount_rate_annual;
    money::float(rate.mantissa) / money::float(crate::units::pow10(rate.scale))
}
