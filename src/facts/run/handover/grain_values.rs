//! Columns of grains other than the customer: of product groups, orders and days.

use super::columns::{GrainColumn, column};
use super::grain_rows::Values;
use super::period::PeriodImport;
use crate::error::Result;
use crate::facts::inputs::source::QUANTITY;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::measures::{LINES, MEASURES, RETURNED_UNITS, UNITS};
use crate::facts::kernel::orders::{ORDER_LINES, ORDER_MEASURES};
use crate::facts::kernel::reduced::OrderRows;
use crate::facts::run::schedule::Run;
use crate::facts::state::period_run::aggregate_column;
use crate::pipeline::Function;
use arrow::array::{RecordBatch, StringArray};
use std::ops::Range;

/// A measure of customers or product groups, by its place among `MEASURES`.
pub(super) fn measure(run: &Run<'_>, index: usize, column: &GrainColumn<'_>) -> Result<Vec<i64>> {
    match index {
        LINES => column.counts(),
        UNITS | RETURNED_UNITS => column.fixed_small(run.sources[0].values[QUANTITY].scale),
        _ => column.fixed_small(run.money_scale),
    }
}

/// An aggregate that drivers need.
pub(super) fn aggregate(run: &Run<'_>, index: usize, column: &GrainColumn<'_>) -> Result<Vec<i64>> {
    let aggregate = &run.aggregates[index];
    match aggregate.aggregate.function {
        Function::Sum(_) | Function::Money(_) => column.fixed_small(aggregate.scale),
        _ => column.counts(),
    }
}

/// The column of a dimension's members.
pub(super) fn dimension_name(place: usize) -> String {
    format!("dimension_{place}")
}

/// Groups and sums of cells.
pub(super) struct CellValues<'v> {
    pub(super) run: &'v Run<'v>,
    pub(super) groups: Vec<u32>,
    pub(super) columns: Vec<Vec<i64>>,
}

impl Values for CellValues<'_> {
    fn append(&mut self, batch: &RecordBatch, rows: Range<usize>) -> Result<()> {
        let batch = batch.slice(rows.start, rows.len());
        let of = |name| column("customer_product", &batch, name);
        let run = self.run;
        self.groups.extend(of("product_group")?.numbers(&run.groups)?);
        let (measures, aggregates) = self.columns.split_at_mut(MEASURES.len());
        for (index, values) in measures.iter_mut().enumerate() {
            values.extend(measure(run, index, &of(MEASURES[index])?)?);
        }
        for (index, values) in run.line_aggregates.iter().zip(aggregates) {
            let name = aggregate_column(*index);
            values.extend(aggregate(run, *index, &column("customer_product", &batch, &name)?)?);
        }
        Ok(())
    }
}

/// Orders as the engine has them: words of their keys, sums, members of dimensions and, where they are kept, texts.
pub(super) struct OrderValues<'v> {
    run: &'v Run<'v>,
    pub(super) words: Vec<[u64; 2]>,
    columns: Vec<Vec<i64>>,
    members: Vec<Vec<u32>>,
    texts: Option<Vec<StringArray>>,
}

impl<'v> OrderValues<'v> {
    pub(super) fn new(run: &'v Run<'v>) -> Self {
        let transactions = &run.sources[0];
        Self {
            run,
            words: Vec::new(),
            columns: vec![Vec::new(); ORDER_MEASURES.len() + run.order_aggregates.len()],
            members: vec![Vec::new(); transactions.dimensions().len()],
            texts: transactions.keeps_texts().then(Vec::new),
        }
    }

    /// The orders of these rows in another order.
    pub(super) fn in_order(self, rows: Vec<u32>, order: &[u32]) -> OrderRows {
        let at = || order.iter().map(|entry| *entry as usize);
        let texts = self.texts.map(|texts| {
            let all: Vec<Option<&str>> = texts.iter().flat_map(StringArray::iter).collect();
            at().map(|entry| all[entry]).collect::<StringArray>()
        });
        let words = at().map(|entry| self.words[entry]).collect();
        let column = |values: &Vec<i64>| Column::from(at().map(|entry| values[entry]).collect::<Vec<_>>());
        let columns = self.columns.iter().map(column).collect();
        let members = self.members.iter().map(|members| at().map(|entry| members[entry]).collect()).collect();
        OrderRows { rows, words, columns, members, texts }
    }
}

impl Values for OrderValues<'_> {
    fn append(&mut self, batch: &RecordBatch, rows: Range<usize>) -> Result<()> {
        let batch = batch.slice(rows.start, rows.len());
        let of = |name| column("customer_order", &batch, name);
        let run = self.run;
        self.words.extend(of("order_key")?.words()?);
        if let Some(texts) = &mut self.texts {
            texts.push(of("order_key")?.names()?);
        }
        let (measures, aggregates) = self.columns.split_at_mut(ORDER_MEASURES.len());
        for (index, values) in measures.iter_mut().enumerate() {
            let found = of(ORDER_MEASURES[index])?;
            values.extend(if index == ORDER_LINES {
                found.counts()?
            } else {
                found.fixed_small(run.money_scale)?
            });
        }
        for (index, values) in run.order_aggregates.iter().zip(aggregates) {
            let name = aggregate_column(*index);
            values.extend(aggregate(run, *index, &column("customer_order", &batch, &name)?)?);
        }
        for (place, members) in self.members.iter_mut().enumerate() {
            let name = dimension_name(place);
            members.extend(column("customer_order", &batch, &name)?.numbers(&run.members)?);
        }
        Ok(())
    }
}

/// Days since the period began, orders, net revenue and gross margin.
pub(super) struct DayValues<'v> {
    pub(super) import: &'v PeriodImport<'v>,
    pub(super) columns: [Vec<i64>; 4],
}

impl Values for DayValues<'_> {
    fn append(&mut self, batch: &RecordBatch, rows: Range<usize>) -> Result<()> {
        let batch = batch.slice(rows.start, rows.len());
        let of = |name| column("customer_day", &batch, name);
        let period = self.import.period();
        let [days, orders, net_revenue, gross_margin] = &mut self.columns;
        for day in of("day")?.days()? {
            if !(period.start..period.end()).contains(&day) {
                return Err(self.import.fault(format!("grain customer_day: {day} lies in another period")));
            }
            days.push(i64::from(day.0 - period.start.0));
        }
        orders.extend(of("orders")?.counts()?);
        net_revenue.extend(of("net_revenue")?.fixed_small(self.import.run.money_scale)?);
        gross_margin.extend(of("gross_margin")?.fixed_small(self.import.run.money_scale)?);
        Ok(())
    }
}
