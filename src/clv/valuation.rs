//! Every customer valued, slice by slice in key order: the table `customer_value`.

use super::census::Tally;
use super::equity::Equity;
use super::fits::Fits;
use super::money;
use super::outlook::{Forecast, Outlook};
use super::past::{Brought, Days, FULL, MEASURES, Purchase, Rows, Times, VALUED};
use super::segments::Segments;
use super::spend::Spend;
use super::tables::customer_value::{Columns, Row};
use crate::customers::slices;
use crate::error::Result;
use crate::pipeline::{ClvDef, SpendModel};
use crate::profitability::schema::{CustomerHistory, DaySlice};
use std::ops::Range;

/// What customers are valued by.
pub(crate) struct Valuation<'r> {
    pub(crate) clv: &'r ClvDef,
    pub(crate) history: &'r CustomerHistory,
    pub(crate) segments: &'r Segments,
    /// Exclusive end of the history.
    pub(crate) as_of: i32,
    /// By segment; none where nobody bought.
    valuers: Vec<Option<Valuer>>,
}

/// What customers of one segment are valued by.
struct Valuer {
    /// None where the fit found nothing to predict from.
    forecast: Option<Forecast>,
    spend: Spend,
    /// Squared error per expected purchase.
    dispersion: f64,
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

/// What is told of a segment's base, besides its fits.
pub(crate) struct Chosen<'r> {
    /// The model's place among the fits.
    pub(crate) model: usize,
    /// Squared error per expected purchase in the holdout.
    pub(crate) dispersion: f64,
    pub(crate) tally: &'r Tally,
}

impl<'r> Valuation<'r> {
    pub(crate) fn new(
        clv: &'r ClvDef,
        history: &'r CustomerHistory,
        segments: &'r Segments,
        as_of: i32,
        fits: &Fits,
        chosen: &[Chosen<'_>],
    ) -> Self {
        let horizons: Vec<u32> =
            clv.horizons.iter().map(|horizon| horizon.length.days_from(crate::units::Day(as_of))).collect();
        let discount = discount_per_day(clv);
        let valuer = |(segment, chosen): (usize, &Chosen<'_>)| {
            let fit = fits.of(0, segment, chosen.model)?;
            let spend = fits.spend(0, segment)?.spend.clone();
            let forecast = Forecast::new(fit, &horizons, discount, &chosen.tally.counts);
            Some(Valuer { forecast, spend, dispersion: chosen.dispersion })
        };
        let valuers = chosen.iter().enumerate().map(valuer).collect();
        Self { clv, history, segments, as_of, valuers }
    }

    /// Values everybody; rows are handed on in key order. Returns the equity of every segment.
    ///
    /// # Errors
    /// A value beyond 18 digits, or what `take` returns.
    pub(crate) fn value(&self, mut take: impl FnMut(Columns) -> Result<()> + Send) -> Result<Vec<Equity>> {
        let horizons = self.clv.horizons.len();
        let mut equities: Vec<Equity> = self.valuers.iter().map(|_| Equity::new(horizons)).collect();
        slices::in_order(
            0..self.history.days.customers(),
            |ranks| self.slice(ranks),
            |(columns, parts)| {
                equities.iter_mut().zip(&parts).for_each(|(equity, part)| equity.merge(part));
                take(columns)
            },
        )?;
        for (equity, valuer) in equities.iter_mut().zip(&self.valuers) {
            if let Some(valuer) = valuer {
                equity.close(&valuer.spend);
            }
        }
        Ok(equities)
    }

    fn slice(&self, ranks: Range<usize>) -> Result<(Columns, Vec<Equity>)> {
        let horizons = self.clv.horizons.len();
        let slice: DaySlice = self.history.days.slice(ranks.clone());
        let days = Days::new(&slice, self.clv.margin);
        let mut columns = Columns::with_room(ranks.len(), horizons);
        let mut equities: Vec<Equity> = self.valuers.iter().map(|_| Equity::new(horizons)).collect();
        let mut room = (Vec::new(), Vec::new());
        for (customer, rank) in ranks.enumerate() {
            let rows = days.of(customer).before(self.as_of);
            let Some(times) = Times::of(&rows, self.as_of) else { continue };
            let segment = self.segments.of(rank);
            let Some(valuer) = &self.valuers[segment] else { continue };
            let value = valuer.value(self.clv.spend, &rows, &times, &mut room);
            let row = self.row(rank, segment, times, value)?;
            equities[segment].add(&row, valuer.dispersion, &valuer.spend);
            columns.push(row);
        }
        Ok((columns, equities))
    }

    fn row(&self, rank: usize, segment: usize, times: Times, value: Value) -> Result<Row> {
        let discounted = value.outlook.as_ref().and_then(|outlook| outlook.discounted);
        let residual = match discounted {
            Some(purchases) => {
                let [valued, full, revenue] = value.each.map(|each| money::rounded(purchases.value * each));
                Some([valued?, full?, revenue?])
            }
            None => None,
        };
        let of = |values: &[i64]| values.get(rank).copied().unwrap_or(0);
        Ok(Row {
            rank: u32::try_from(rank).expect("ranks fit 32 bits"),
            segment,
            times,
            residual,
            profit: of(&self.history.profit),
            acquisition_cost: of(&self.history.acquisition_cost),
            value,
        })
    }
}

impl Valuer {
    fn value(
        &self,
        by: SpendModel,
        rows: &Rows<'_>,
        times: &Times,
        room: &mut (Vec<Purchase>, Vec<(i64, i64)>),
    ) -> Value {
        rows.purchases_into(&mut room.0);
        let brought = Brought::of(&room.0, &mut room.1);
        let each = self.spend.expect(by, &brought);
        let full = self.spend.shrunken(FULL, &brought);
        let revenue = self.spend.revenue(by, &brought);
        let credibility = match by {
            SpendModel::Shrunken => self.spend.shrunken(VALUED, &brought).credibility,
            SpendModel::GammaGamma => 1.0,
        };
        Value {
            outlook: self.forecast.as_ref().map(|forecast| forecast.at(times)),
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
