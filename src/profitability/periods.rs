//! `customer_period` and `customer_activity`, period by period, and what adds up over them.

use super::activity_table::ActivityRows;
use super::customer_totals::CustomerTotals;
use super::hierarchy::Earned;
use super::history::{Avoidable, period_days};
use super::lifetime::{Life, Lifetime};
use super::posted::Posted;
use super::stage::Sources;
use super::tables::{Layout, customer_period};
use super::waterfall::{Books, Measures, key_text, measure_period};
use crate::customers::history::CustomerDays;
use crate::error::Result;
use crate::memory::Memory;
use crate::publish::schema::Sheet;
use crate::publish::{Staging, TableWriter};
use crate::units::{Day, Period};

/// What one pass over the periods leaves.
pub(crate) struct Lived {
    pub(crate) life: Life,
    /// By period.
    pub(crate) earned: Vec<Earned>,
    /// Where days are wanted.
    pub(crate) days: Option<CustomerDays>,
}

/// What is made beside `customer_period`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside {
    /// `customer_activity`.
    pub(crate) is_listed: bool,
    /// What customers' days brought and cost.
    pub(crate) days: bool,
}

/// Writes the tables and adds up the lives.
///
/// # Errors
/// What measuring, reading and writing return.
pub(crate) fn customer_periods(
    layout: &Layout<'_>,
    books: &Books<'_>,
    sources: Sources<'_>,
    beside: Beside,
    memory: &Memory,
    staging: &Staging,
) -> Result<Lived> {
    let Sources { facts, costing, acquisition, channels } = sources;
    let mut lifetime = Lifetime::new(books, facts.customers.len());
    let mut earned = Vec::with_capacity(costing.periods.len());
    let known = facts.customers.keys.len();
    let mut days = beside.days.then(|| CustomerDays::new(known, costing.periods.len(), memory));
    // While a period is encoded, the next one is read.
    let read = |index: usize| {
        let is_one = index < costing.periods.len();
        is_one.then(|| facts.customer_facts(index, ..).map(|period| (period, recipe(sources, index))))
    };
    let mut read_ahead = read(0);
    for (index, costed) in costing.periods.iter().enumerate() {
        let (period, recipe) = read_ahead.take().expect("every period was read ahead")?;
        let mut list = match beside.is_listed {
            true => List::begin(layout, costed.period, &recipe, staging)?,
            false => None,
        };
        let mut avoidable = days.is_some().then(|| Avoidable::new(&costing.activities));
        let mut each = |ranks: &[u32], posted: &Posted| {
            avoidable.iter_mut().try_for_each(|avoidable| avoidable.add(ranks.len(), posted))?;
            list.iter_mut().try_for_each(|list| list.add(ranks, posted))
        };
        let acquired = &acquisition.by_period[index];
        let measures = measure_period(books, costed, period, acquired, &mut each)?;
        list.map(List::finish).transpose()?;
        let acquired = acquired.iter().map(|(_, cost)| i128::from(*cost)).sum();
        let (added, of_period) = rayon::join(
            || lifetime.add(&measures),
            || Earned {
                incomes: channels.incomes(facts.customers.keys.len(), &measures, Measures::bought),
                totals: CustomerTotals::of(&measures, acquired),
            },
        );
        added?;
        earned.push(of_period);
        if let Some((days, avoidable)) = days.as_mut().zip(avoidable) {
            let last_day = Day(costed.period.end().min(facts.as_of).0 - 1);
            days.add(&period_days(&measures, avoidable, facts.day_facts(index, ..)?, last_day, known)?)?;
        }
        let sheet = customer_period(layout, costed.period, &measures);
        drop(measures);
        let (written, following) =
            rayon::join(|| write_period(sheet, costed.period, recipe, staging), || read(index + 1));
        written?;
        read_ahead = following;
    }
    let life = lifetime.finish(facts.lifetime_orders(..)?, acquisition)?;
    Ok(Lived { life, earned, days })
}

/// One period's `customer_activity` while it is written.
struct List<'l> {
    rows: ActivityRows<'l>,
    writer: TableWriter,
}

impl<'l> List<'l> {
    /// None when the current release has the same rows, which are taken over.
    fn begin(
        layout: &'l Layout<'l>,
        period: Period,
        recipe: &str,
        staging: &Staging,
    ) -> Result<Option<Self>> {
        let rows = ActivityRows::new(layout, period);
        let (spec, partition) = (rows.sheet().spec, period.to_string());
        if staging.reuse(&spec, Some(&partition), recipe)? {
            return Ok(None);
        }
        let writer = staging.table(&spec, Some(&partition))?.with_recipe(recipe.to_owned());
        Ok(Some(Self { rows, writer }))
    }

    fn add(&mut self, ranks: &[u32], posted: &Posted) -> Result<()> {
        self.rows.write(ranks, posted, &mut self.writer)
    }

    fn finish(self) -> Result<()> {
        self.writer.finish()
    }
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
fn recipe(sources: Sources<'_>, index: usize) -> String {
    let Sources { facts, costing, acquisition, .. } = sources;
    let activities = costing.activities.iter().zip(&costing.periods[index].activities);
    let posted = activities.map(|(activity, costed)| {
        let (rate, volume, unused) = (costed.rate, costed.volume, costed.unused_charged);
        format!("{activity:?} {rate:?} {volume} {} {unused}", costed.is_fallback)
    });
    let posted: Vec<String> = posted.collect();
    let acquired = acquisition.by_period[index].iter();
    let acquired = acquired.map(|(rank, cost)| format!("{} {cost}", key_text(&facts.customers, *rank)));
    let acquired: Vec<String> = acquired.collect();
    format!("{}\n{}\n{}", facts.digest(index), posted.join("\n"), acquired.join("\n"))
}
