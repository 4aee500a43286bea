//! The walk over cells of customers and product groups: `product_group_period`, the price waterfall, `customer_product` and
//! `product_group`.

use super::classes::Standing;
use super::lives;
use super::price_band::{BandColumns, PriceBands, kept_place};
use super::price_lines::PriceLines;
use super::price_waterfall::{Invoiced, PriceWaterfall, add_invoiced};
use super::product::{Slice, add_group_totals, cost_columns, merge, slices, slices_of_window};
use super::product_cost::{ProductPeriod, UnitCosts, Walk};
use super::product_groups::{self, Groups, PeriodGroups};
use super::product_tables::customer_product;
use super::table_context::TableContext;
use crate::costing::schema::{Activity, Costing};
use crate::customers::history::LifetimeWorth;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::measures::GROUP_MEASURES;
use crate::pipeline::Definition;
use crate::publish::StageTables;
use crate::units::{Day, Period};
use rayon::prelude::*;
use std::ops::Range;

/// What the tables of product groups are made from.
pub(crate) struct MatrixWalk<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) context: TableContext<'r>,
    pub(crate) facts: &'r FactSet,
    pub(crate) costing: &'r Costing,
    /// Where price components are declared.
    pub(crate) prices: Option<&'r PriceLines>,
}

/// Sums of measures, by product group.
type GroupTotals = Vec<[i128; GROUP_MEASURES]>;

/// What must be known of all cells of a period before any is published.
struct PeriodTotals {
    measures: GroupTotals,
    /// What posting a slice starts from, by activity.
    walks: Vec<Walk>,
    /// Of price components on invoice, by group; no columns where none is declared.
    invoiced: Invoiced,
    bands: Option<PriceBands>,
}

/// Amounts of the lines of the price waterfall of a period.
pub(crate) type PeriodPrices = (Period, Vec<i128>);

impl MatrixWalk<'_> {
    /// Writes the tables, and gives the price waterfall of each period where components are declared.
    ///
    /// # Errors
    /// A value beyond 18 digits, kept state that cannot be read, a failed write.
    pub(crate) fn write(
        &self,
        worth: &LifetimeWorth,
        standing: &Standing,
        staging: StageTables<'_>,
    ) -> Result<Vec<PeriodPrices>> {
        let names = &self.facts.groups;
        let slices = slices(self.facts.customers.len(), names.len());
        let costs = UnitCosts::new(self.costing, &self.facts.line_aggregates);
        let (mut measures, mut walks) = (Vec::new(), Vec::new());
        let (mut invoiced, mut bands) = (Vec::new(), Vec::new());
        for totals in self.totals(&costs, &slices)? {
            measures.push(totals.measures);
            walks.push(totals.walks);
            invoiced.push(totals.invoiced);
            bands.extend(totals.bands);
        }
        let prices = match self.prices {
            Some(prices) => {
                let cost_of = |period: usize, activity: usize, group: usize| {
                    costs.place(activity).map(|place| walks[period][place].cost(group))
                };
                let waterfall =
                    PriceWaterfall::new(prices, names, self.costing, &measures, invoiced, cost_of);
                self.write_prices(&waterfall, bands, staging)?;
                waterfall.of_periods().collect()
            }
            None => Vec::new(),
        };
        let totals = over_life(&measures, names.len());
        let of_periods = PeriodGroups { names, measures };
        let starts: Vec<Day> = self.facts.periods.iter().map(|period| period.period.start).collect();
        let sheet = of_periods.sheet(self.context.format, &starts);
        staging.put(&sheet.spec, None, sheet.arrays)?;
        self.write_matrix(&slices, costs, &walks, totals, (worth, standing), staging)?;
        Ok(prices)
    }

    fn write_prices(
        &self,
        waterfall: &PriceWaterfall<'_>,
        bands: Vec<PriceBands>,
        staging: StageTables<'_>,
    ) -> Result<()> {
        let format = self.context.format;
        let periods = self.facts.periods.iter().map(|period| period.period);
        let bands: Vec<(Period, PriceBands)> = periods.zip(bands).collect();
        let bands = PriceBands::sheet(&bands, &self.facts.groups, format);
        let mut sheets = waterfall.sheets(format).into_iter().chain([bands]);
        sheets.try_for_each(|sheet| staging.put(&sheet.spec, None, sheet.arrays))
    }

    /// Totals of all periods, which are read side by side, each a window of customers at a time.
    fn totals(&self, costs: &UnitCosts<'_>, slices: &[Range<usize>]) -> Result<Vec<PeriodTotals>> {
        let facts = self.facts;
        let groups = facts.groups.len();
        let kept = &facts.line_aggregates;
        let place = |aggregate: &usize| kept_place(kept, *aggregate);
        let invoiced = self.prices.map(|prices| prices.invoiced.iter().map(place).collect());
        let invoiced: Vec<usize> = invoiced.unwrap_or_default();
        let columns = self.prices.map(|prices| BandColumns::of(prices, kept));
        let of_period = |period: usize| {
            let mut totals = PeriodTotals {
                measures: vec![[0_i128; GROUP_MEASURES]; groups],
                walks: costs.walks(groups),
                invoiced: vec![vec![0; invoiced.len()]; groups],
                bands: columns.as_ref().map(|_| PriceBands::new(groups)),
            };
            for window in slices.chunks(slices_of_window(groups)) {
                let ranks = window[0].start..window[window.len() - 1].end;
                let cells = ProductPeriod::new(facts.product_facts(period, ranks)?);
                add_group_totals(&mut totals.measures, &cells.facts);
                add_invoiced(&mut totals.invoiced, &cells, &invoiced);
                if let (Some(bands), Some(columns)) = (&mut totals.bands, &columns) {
                    bands.add(&cells, columns, facts.customers.keys.len());
                }
                costs.advance(&mut totals.walks, period, &cells, window)?;
            }
            costs.close(&totals.walks, period);
            Ok(totals)
        };
        let periods = (0..facts.periods.len()).into_par_iter().with_max_len(1).map(of_period);
        periods.collect()
    }

    /// Writes `customer_product` and `product_group`; `totals` are sums of measures over life.
    fn write_matrix(
        &self,
        slices: &[Range<usize>],
        mut costs: UnitCosts<'_>,
        walks: &[Vec<Walk>],
        totals: GroupTotals,
        (worth, standing): (&LifetimeWorth, &Standing),
        staging: StageTables<'_>,
    ) -> Result<()> {
        let Self { context, facts, costing, .. } = *self;
        let names = &facts.groups;
        let of_group = costs.start_from(walks, slices.len(), names.len());
        let activities: Vec<&Activity> = costs.activities().collect();
        let of_group = (!activities.is_empty()).then_some(of_group);
        let totals = product_groups::totals(costing, names, totals, of_group);
        let profitability = self.definition.profitability.as_ref();
        let mut groups = Groups::new(profitability, facts.money_scale, names, totals)?;
        let known = facts.customers.keys.len();
        let empty = Slice::empty(cost_columns(activities.len()));
        let spec = customer_product(context, &groups, &|_| None, &activities, empty)?.spec;
        let mut writer = staging.table(&spec, Some(&facts.as_of.to_string()))?;
        let mut buyers = vec![0; names.len()];
        let window = slices_of_window(names.len());
        for (number, window) in (0..).step_by(window).zip(slices.chunks(window)) {
            let ranks = window[0].start..window[window.len() - 1].end;
            let classes = lives::classes(worth, ranks.clone(), known, standing)?;
            let class_of = |rank: u32| classes[rank as usize - ranks.start];
            let read = |period| facts.product_facts(period, ranks.clone()).map(ProductPeriod::new);
            let periods = (0..facts.periods.len()).into_par_iter().map(read).collect::<Result<Vec<_>>>()?;
            merge(
                &periods,
                number,
                window,
                names.len(),
                &costs,
                |slice| {
                    let bought = groups.count(&slice, known);
                    Ok((bought, customer_product(context, &groups, &class_of, &activities, slice)?.arrays))
                },
                |(bought, arrays)| {
                    buyers.iter_mut().zip(bought).for_each(|(sum, count)| *sum += count);
                    writer.write(arrays)
                },
            )?;
        }
        writer.finish()?;
        groups.customers = buyers;
        let own = if cost_columns(activities.len()) == activities.len() { activities } else { vec![] };
        let sheet = groups.sheet(context.format, &own);
        staging.put(&sheet.spec, None, sheet.arrays)
    }
}

/// Sums over all periods.
fn over_life(periods: &[GroupTotals], groups: usize) -> GroupTotals {
    let mut totals = vec![[0; GROUP_MEASURES]; groups];
    for of_period in periods {
        totals.iter_mut().flatten().zip(of_period.iter().flatten()).for_each(|(sum, more)| *sum += more);
    }
    totals
}
