//! Rows with their exchange rates: columns that no file has, which money is multiplied by.

use crate::error::Result;
use crate::facts::expr::{Checked, Instants, KeyColumn, Rows};
use crate::facts::inputs::binder::{RATE_TYPE, rate_field};
use crate::facts::inputs::exchange_rates::{ExchangeRates, NO_CURRENCY};
use crate::facts::inputs::source::RateColumns;
use crate::units::Day;
use arrow::array::{Array, ArrayRef, Decimal64Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Schema;
use std::sync::Arc;

use super::evaluate::{codes_by, text_at};
use super::fates::Fates;

/// A batch with a rate of each row, and what rates were looked up by.
pub(crate) struct Rated {
    pub(crate) batch: RecordBatch,
    /// The number of each row's currency.
    pub(crate) numbers: Vec<u32>,
    currencies: Checked<KeyColumn>,
    moments: Vec<Instants>,
}

impl Rated {
    /// Looks the rates of a batch up: null where there is none.
    pub(crate) fn new(rates: &ExchangeRates, of: &RateColumns, batch: &RecordBatch) -> Result<Self> {
        let rows = Rows::of(batch);
        let currencies = of.currency.keys(&rows)?;
        let number = |text: &str| rates.number(text);
        let numbers = codes_by(&currencies.value, number, |_| NO_CURRENCY, || NO_CURRENCY);
        let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        let mut moments = Vec::with_capacity(of.columns.len());
        for (name, at) in &of.columns {
            let instants = at.instants(&rows)?;
            fields.push(Arc::new(rate_field(name)));
            columns.push(Arc::new(rates_of(rates, &numbers, &instants.days)));
            moments.push(instants);
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns);
        let batch = batch.expect("rates are as many as rows");
        Ok(Self { batch, numbers, currencies, moments })
    }

    /// Quarantines the rows that have no rate.
    pub(crate) fn judge(&self, of: &RateColumns, fates: &mut Fates) {
        fates.quarantine_faults(&self.currencies.faults, "currency");
        let keys = &self.currencies.value;
        let first_rate = self.batch.num_columns() - of.columns.len();
        for (place, ((name, _), moments)) in of.columns.iter().zip(&self.moments).enumerate() {
            // The first is at the moment of the row itself, whose own faults were judged before.
            if place > 0 {
                fates.quarantine_nulls(moments.nulls.as_ref(), INVOICED_ON);
                fates.quarantine_faults(&moments.faults, INVOICED_ON);
                self.refuse_later(moments, fates);
            }
            let rates = self.batch.column(first_rate + place);
            let Some(nulls) = rates.nulls().filter(|nulls| nulls.null_count() > 0) else { continue };
            for row in (!nulls.inner()).set_indices() {
                let day = Day(moments.days[row]);
                fates.quarantine(row, || match text_at(keys, row) {
                    None => "currency is null".to_owned(),
                    Some(currency) => format!("no {}: '{currency}' on {day}", name.replace('_', " ")),
                });
            }
        }
    }

    /// Quarantines rows that were invoiced after they were paid: of those nothing was owed.
    fn refuse_later(&self, invoiced: &Instants, fates: &mut Fates) {
        for (row, (paid, invoiced)) in self.moments[0].days.iter().zip(invoiced.days.iter()).enumerate() {
            if invoiced > paid {
                let (invoiced, paid) = (Day(*invoiced), Day(*paid));
                fates.quarantine(row, || format!("{INVOICED_ON}: {invoiced} is after the payment on {paid}"));
            }
        }
    }
}

/// What messages call the moment of the second rate.
const INVOICED_ON: &str = "invoiced_on";

fn rates_of(rates: &ExchangeRates, numbers: &[u32], days: &[i32]) -> Decimal64Array {
    let rate = |(number, day): (&u32, &i32)| rates.rate(*number as usize, *day);
    let (mut values, mut nulls) = (Vec::with_capacity(days.len()), Vec::new());
    for (row, rate) in numbers.iter().zip(days).map(rate).enumerate() {
        if rate.is_none() {
            nulls.push(row);
        }
        values.push(rate.unwrap_or(0));
    }
    let mut valid = vec![true; if nulls.is_empty() { 0 } else { days.len() }];
    nulls.iter().for_each(|row| valid[*row] = false);
    let nulls = (!nulls.is_empty()).then(|| NullBuffer::from(valid));
    Decimal64Array::new(values.into(), nulls).with_data_type(RATE_TYPE)
}
