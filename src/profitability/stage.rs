//! The stage: one pass over the periods' facts makes every customer table.

use super::acquisition::Acquisition;
use super::classes::Standing;
use super::lifetime::{Life, Lifetime};
use super::product::{Slice, group_totals, merge};
use super::product_tables::{Groups, customer_product};
use super::reconciliation::{CustomerTotals, Reconciliation};
use super::tables::{Layout, customer, customer_period};
use super::waterfall::measure_period;
use super::whale::WhaleCurve;
use crate::costing::schema::Costing;
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::Definition;
use crate::publish::Staging;
use crate::publish::schema::Sheet;
use crate::units::Period;
use rayon::prelude::*;

/// What the run's summary says of customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Customers with a sale line.
    pub customers: usize,
    /// Customers in any source without one.
    pub prospects: usize,
    /// Customer profit of all customers and the unidentified cost object over life.
    pub profit: i128,
    /// Share of customer profit earned by the best 20 % of customers; none when it is not above 0.
    pub top_20_share: Option<f64>,
}

/// Makes and stages every profitability table.
///
/// # Errors
/// A negative driver volume, a number beyond 18 digits, a statement that does not close, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    costing: &Costing,
    staging: &Staging,
) -> Result<Summary> {
    let layout = layout(definition, facts, costing);
    let as_of = facts.as_of.to_string();
    let periods: Vec<Period> = facts.periods.iter().map(|period| period.period).collect();
    let acquisition = Acquisition::place(facts.master.as_ref(), &periods, facts.as_of);
    let (life, totals) = customer_periods(&layout, facts, costing, &acquisition, staging)?;
    let lives = CustomerTotals::of(&life.measures.product_cost, &life.measures.worth);
    let statement = Reconciliation::new(costing, &totals, lives, &acquisition);
    statement.verify(facts.money_scale)?;
    let standing = Standing::new(
        definition.profitability.as_ref(),
        facts.money_scale,
        facts.customers.keys.len(),
        &life.measures.lines,
        &life.measures.worth.customer_profit,
    )?;
    let curve = WhaleCurve::new(&standing.profits);
    let sheet = customer(&layout, &life, &standing, facts.master.as_ref())?;
    drop(life);
    staging.put(&sheet.spec, Some(&as_of), sheet.arrays)?;
    products(definition, &layout, facts, &standing, staging)?;
    for sheet in [curve.sheet(&layout), curve.summary(&layout), statement.sheet(&layout)] {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    Ok(Summary {
        customers: curve.customers(),
        prospects: standing.is_prospect.iter().filter(|is_prospect| **is_prospect).count(),
        profit: lives.customer_profit,
        top_20_share: curve.top(20, 100).2,
    })
}

fn layout<'r>(definition: &'r Definition, facts: &'r FactSet, costing: &'r Costing) -> Layout<'r> {
    Layout {
        customers: &facts.customers,
        activities: &costing.activities,
        currency: &definition.facts.currency,
        money_scale: facts.money_scale,
        volume_scale: facts.volume_scale,
        as_of: facts.as_of,
    }
}

/// Writes `customer_period` period by period and adds up the lives.
fn customer_periods(
    layout: &Layout<'_>,
    facts: &FactSet,
    costing: &Costing,
    acquisition: &Acquisition,
    staging: &Staging,
) -> Result<(Life, Vec<CustomerTotals>)> {
    let mut lifetime = Lifetime::new(facts.customers.len(), facts.aggregates.len(), costing.activities.len());
    let mut totals = Vec::with_capacity(costing.periods.len());
    // While a period is encoded, the facts of the next one are read.
    let mut read_ahead = (!costing.periods.is_empty()).then(|| facts.customer_facts(0));
    for (index, costed) in costing.periods.iter().enumerate() {
        let acquired = &acquisition.by_period[index];
        let period = read_ahead.take().expect("every period was read ahead")?;
        let period = measure_period(layout.customers, layout.activities, costed, period, acquired)?;
        lifetime.add(&period)?;
        totals.push(CustomerTotals::of(&period.measures.product_cost, &period.measures.worth));
        let sheet = customer_period(layout, costed.period, &period.measures);
        let recipe = recipe(facts, costing, index, acquired);
        drop(period);
        let following = index + 1;
        let (written, following) = rayon::join(
            || write_period(sheet, costed.period, recipe, staging),
            || (following < costing.periods.len()).then(|| facts.customer_facts(following)),
        );
        written?;
        read_ahead = following;
    }
    let life = lifetime.finish(&costing.activities, facts.lifetime_orders()?, acquisition)?;
    Ok((life, totals))
}

fn write_period(sheet: Sheet, period: Period, recipe: String, staging: &Staging) -> Result<()> {
    let partition = period.to_string();
    if staging.reuse(&sheet.spec, Some(&partition), &recipe)? {
        return Ok(());
    }
    let mut writer = staging.table(&sheet.spec, Some(&partition))?.with_recipe(recipe);
    writer.write(sheet.arrays)?;
    writer.finish()
}

/// All that a partition's rows follow from, besides its columns.
fn recipe(facts: &FactSet, costing: &Costing, index: usize, acquired: &[(u32, i64)]) -> String {
    let activities = costing.activities.iter().zip(&costing.periods[index].activities);
    let posted = activities.map(|(activity, costed)| {
        format!("{activity:?} {:?} {} {}", costed.rate, costed.volume, costed.unused_charged)
    });
    let posted: Vec<String> = posted.collect();
    let acquired: Vec<String> = acquired
        .iter()
        .map(|(rank, cost)| format!("{} {cost}", super::waterfall::key_text(&facts.customers, *rank)))
        .collect();
    format!("{}\n{}\n{}", facts.digest(index), posted.join("\n"), acquired.join("\n"))
}

fn products(
    definition: &Definition,
    layout: &Layout<'_>,
    facts: &FactSet,
    standing: &Standing,
    staging: &Staging,
) -> Result<()> {
    let periods = (0..facts.periods.len()).into_par_iter().map(|period| facts.product_facts(period));
    let periods = periods.collect::<Result<Vec<_>>>()?;
    let totals = group_totals(&periods, facts.groups.len());
    let profitability = definition.profitability.as_ref();
    let mut groups = Groups::new(profitability, facts.money_scale, &facts.groups, totals)?;
    let (customers, known) = (facts.customers.len(), facts.customers.keys.len());
    let empty = Slice { ranks: vec![], groups: vec![], measures: std::array::from_fn(|_| vec![].into()) };
    let spec = customer_product(layout, &groups, standing, empty)?.spec;
    let mut writer = staging.table(&spec, Some(&facts.as_of.to_string()))?;
    let mut buyers = vec![0; facts.groups.len()];
    merge(
        &periods,
        customers,
        facts.groups.len(),
        |slice| {
            let bought = groups.count(&slice, known);
            Ok((bought, customer_product(layout, &groups, standing, slice)?.arrays))
        },
        |(bought, arrays)| {
            buyers.iter_mut().zip(bought).for_each(|(sum, count)| *sum += count);
            writer.write(arrays)
        },
    )?;
    writer.finish()?;
    groups.customers = buyers;
    let sheet = groups.sheet(layout);
    staging.put(&sheet.spec, None, sheet.arrays)
}
