//! The stage: fit, look ahead, publish.

use super::forecast::Forecast;
use super::rows::CountedHistories;
use super::tables::{counted_history, counted_history_model};
use crate::clv::models::bg_bb;
use crate::error::Result;
use crate::pipeline::{ClvDef, CountedHistoriesDef, Definition};
use crate::publish::{StageTables, TableFormat};
use crate::units::{Day, Duration, pow10};
use serde::{Deserialize, Serialize};

/// What the run says of counted histories.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Customers, and histories.
    pub customers: u64,
    /// Different histories.
    pub histories: u64,
    /// Sum of probabilities to be alive at the next opportunity; none without a fit.
    pub alive: Option<f64>,
    /// What customers are worth, at `money_scale`; none without a fit or a contribution.
    pub value: Option<i128>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Makes and stages the tables of counted histories.
///
/// # Errors
/// A failed write.
pub fn run(
    definition: &Definition,
    as_of: Day,
    histories: &CountedHistories,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.counted_histories.as_ref().expect("the stage runs where [counted_histories] is");
    let discount_rate = discount_rate(definition, def);
    let forecast = Forecast::new(histories, def.horizon, discount_rate, def.contribution.is_some());
    let format = TableFormat::new(&definition.facts, as_of);
    for sheet in [counted_history(format, def, &forecast), counted_history_model(format, &forecast)] {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    Ok(Summary {
        customers: forecast.customers,
        histories: forecast.rows.len() as u64,
        alive: forecast.sum(|expected| expected.alive_next),
        value: forecast.value(),
        warnings: warnings(definition, def, &forecast),
    })
}

/// Per opportunity: that of `[clv]` is an effective rate per year.
fn discount_rate(definition: &Definition, def: &CountedHistoriesDef) -> f64 {
    let declared = definition.clv.as_ref().map(|clv| clv.discount_rate_annual);
    let rate = declared.unwrap_or_else(ClvDef::default_discount_rate_annual);
    let annual = rate.mantissa as f64 / pow10(rate.scale) as f64;
    let years = match def.every {
        Duration::Months(months) => f64::from(months) / 12.0,
        Duration::Days(days) => f64::from(days) / 365.25,
    };
    (annual.ln_1p() * years).exp_m1()
}

fn warnings(definition: &Definition, def: &CountedHistoriesDef, forecast: &Forecast) -> Vec<String> {
    let place = definition.place(def.at);
    match &forecast.fit {
        Err(reason) => {
            vec![format!("{place}: counted histories: nothing is expected of customers: {reason}")]
        }
        Ok(fit) if bg_bb::shows_no_lapse(fit) => vec![format!(
            "{place}: counted histories: no customer was seen to lapse beyond chance, so that all count as alive and only the \
             discount rate limits what they are worth for ever; expected purchases within the horizon are the safer figure"
        )],
        Ok(_) => Vec::new(),
    }
}
