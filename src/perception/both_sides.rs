//! What customers bring and get, in four walks: whom referrals brought; `referral` and `delivered_value`;
//! `delivered_value_part`; `customer_perception` and the matrix `value_exchange`.

use super::customer_perception;
use super::delivered_table::{self, Deliveries};
use super::exchange::{self, Sides, firm_value, top_fifth};
use super::gather::Gathered;
use super::measures::{Known, Measured};
use super::referral::{self, Buyers, Credits, Losing};
use super::rows::within;
use super::sources::Asked;
use super::value_exchange::Matrix;
use super::worth::{Tables, Worth, WorthReader};
use crate::customers::keyed_rows::{KeyedRows, RowsOfRanks};
use crate::customers::order_statistics::{Pass, Search};
use crate::customers::slices::in_order_reading;
use crate::error::Result;
use crate::facts::{FactSet, evaluate_measures};
use crate::pipeline::{Definition, DeliveredDef, PerceptionDef};
use crate::publish::read::{Integers, PublishedReader, Wanted};
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat, TableWriter};
use arrow::array::RecordBatch;
use std::ops::Range;

/// What the walks share.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) facts: &'r FactSet,
    pub(crate) def: &'r PerceptionDef,
    pub(crate) asked: &'r Asked,
    pub(crate) tables: &'r Tables,
    pub(crate) staging: StageTables<'r>,
}

/// Makes and stages the tables; gives the number of customers over-served.
///
/// # Errors
/// Declared SQL that does not fit, sums beyond 18 digits, staged files that cannot be read back, a failed write.
pub(crate) fn publish(exchange: Exchange<'_>, gathered: &Gathered<'_>) -> Result<usize> {
    let (credits, buyers) = exchange.referrals()?;
    let word_of_mouth = exchange.def.word_of_mouth.as_ref();
    let loss = word_of_mouth.map(|def| referral::word_of_mouth_loss(def, buyers)).transpose()?;
    let [firm, delivered] = exchange.stage_given(&credits, loss.flatten())?;
    exchange.stage_parts(&credits)?;
    let table = exchange.delivered_values()?;
    let [high_firm, high_delivered] = exchange.best_fifths(firm, delivered, table.as_ref())?;
    let sides = Sides {
        by_delivered: exchange.def.delivered.is_some(),
        high_firm,
        high_delivered,
        overall: gathered.board.overall,
        complaints: &exchange.asked.complaints,
        ..Sides::new(&exchange.def.exchange, exchange.as_of(), &gathered.interviews)
    };
    exchange.stage_exchange(&sides, table.as_ref())
}

/// What a slice of customers gets, ready to be written.
struct GivenSlice {
    referral: Sheet,
    delivered: Option<Sheet>,
    passes: [Pass; 2],
}

impl<'r> Exchange<'r> {
    fn customers(&self) -> usize {
        self.facts.customers.keys.len()
    }

    fn format(&self) -> TableFormat<'r> {
        TableFormat::new(&self.definition.facts, self.facts.as_of)
    }

    fn as_of(&self) -> i32 {
        self.facts.as_of.0
    }

    fn worth(&self, columns: &[&'static str]) -> Result<WorthReader<'r>> {
        WorthReader::open(self.tables, self.facts, self.definition.facts.timezone, columns)
    }

    /// Whom referrals brought, and what those who bought are worth in all.
    fn referrals(&self) -> Result<(Credits, Buyers)> {
        let (mut credits, mut buyers) = (Credits::default(), Buyers::default());
        let referrals = &self.asked.referrals;
        if !referrals.is_empty() || self.def.word_of_mouth.is_some() {
            let mut reader = self.worth(&["contribution"])?;
            in_order_reading(
                0..self.customers(),
                |block| reader.read(block),
                |worth, ranks| {
                    Ok((referral::credits(referrals, &ranks, Some(worth)), Buyers::of(worth, ranks)))
                },
                |(found, more)| {
                    credits.extend(found);
                    buyers.add(more);
                    Ok(())
                },
            )?;
            // Whoever is referred beyond the last customer is none.
            let others = self.customers()..usize::MAX;
            credits.extend(referral::credits(referrals, &others, None));
            credits.sort();
        }
        Ok((credits, buyers))
    }

    /// Stages `referral` and `delivered_value`; begins the search for the best fifths of firm value and delivered value.
    fn stage_given(&self, credits: &Credits, word_of_mouth: Option<i128>) -> Result<[Search; 2]> {
        let measured = Measured::new(self.definition, self.def, self.asked, self.as_of());
        let mut columns = measured.columns();
        columns.push("orders");
        columns.extend(exchange::firm_column(&self.def.exchange));
        let mut reader = self.worth(&columns)?;
        let losing = Losing { as_of: self.as_of(), lost_days: self.def.lost_days, word_of_mouth };
        let give = |worth: &Worth, ranks: Range<usize>| self.given(&measured, credits, losing, worth, ranks);
        let mut referral: Option<TableWriter> = None;
        let mut delivered: Option<TableWriter> = None;
        let mut passes = [Pass::first(), Pass::first()];
        // A slice without customers names the columns.
        let empty = give(&self.worth(&columns)?.read(0..0)?, 0..0)?;
        let mut write = |slice: GivenSlice| -> Result<()> {
            self.append(&mut referral, slice.referral)?;
            slice.delivered.map(|sheet| self.append(&mut delivered, sheet)).transpose()?;
            let [firm, value] = slice.passes;
            passes[0].merge(firm);
            passes[1].merge(value);
            Ok(())
        };
        write(empty)?;
        in_order_reading(0..self.customers(), |block| reader.read(block), give, write)?;
        for writer in [referral, delivered].into_iter().flatten() {
            writer.finish()?;
        }
        Ok(passes.map(|pass| Search::new(pass, top_fifth)))
    }

    fn given(
        &self,
        measured: &Measured<'_>,
        credits: &Credits,
        losing: Losing,
        worth: &Worth,
        ranks: Range<usize>,
    ) -> Result<GivenSlice> {
        let definition = self.definition;
        let brought = credits.of(&ranks);
        let batch = measured.batch(&Known { ranks: ranks.clone(), worth, brought: &brought })?;
        let cooperation = self.def.cooperation.as_ref().map(|scalar| {
            let measure = [("cooperation".to_owned(), scalar)];
            let columns = evaluate_measures(definition, &batch, &measure, definition.facts.money_scale)?;
            Ok(columns.into_iter().next().expect("one column for one measure"))
        });
        let cooperation = cooperation.transpose()?;
        let rows = referral::rows(ranks.clone(), &brought, worth, losing, cooperation.as_deref())?;
        let referral =
            referral::sheet(self.format(), &self.facts.customers, &rows, self.tables.has_residual());
        let mut passes = [Pass::first(), Pass::first()];
        for rank in ranks.clone().filter(|rank| worth.has_bought(*rank)) {
            passes[0].add(firm_value(&self.def.exchange, worth, rank));
        }
        let Some(def) = &self.def.delivered else {
            return Ok(GivenSlice { referral, delivered: None, passes });
        };
        let found = self.delivered(def, &batch, worth, ranks)?;
        for (rank, value) in found.iter().filter_map(delivered_table::Row::of_all) {
            if worth.has_bought(rank as usize) {
                passes[1].add(value);
            }
        }
        Ok(GivenSlice {
            referral,
            delivered: Some(delivered_table::whole(self.format(), &self.facts.customers, def, found)),
            passes,
        })
    }

    /// What customers got and gave: of episodes, of the relationship, of both.
    fn delivered(
        &self,
        def: &DeliveredDef,
        batch: &RecordBatch,
        worth: &Worth,
        ranks: Range<usize>,
    ) -> Result<Vec<delivered_table::Row>> {
        let orders = worth.column("orders");
        let orders = |rank| orders.at(rank);
        Deliveries::new(self.definition, def, ranks, batch, orders, &self.asked.episodes)?.rows()
    }

    /// Stages `delivered_value_part`. In a walk of its own, for a table holds a row group while it is written: this one of
    /// thirty columns beside that of the whole would be a tenth of what a run takes.
    fn stage_parts(&self, credits: &Credits) -> Result<()> {
        let Some(def) = &self.def.delivered else { return Ok(()) };
        let measured = Measured::new(self.definition, self.def, self.asked, self.as_of());
        let mut columns = measured.columns();
        columns.push("orders");
        let mut reader = self.worth(&columns)?;
        let parts = |worth: &Worth, ranks: Range<usize>| {
            let brought = credits.of(&ranks);
            let batch = measured.batch(&Known { ranks: ranks.clone(), worth, brought: &brought })?;
            let rows = self.delivered(def, &batch, worth, ranks)?;
            Ok(delivered_table::parts(self.format(), &self.facts.customers, def, rows))
        };
        let mut writer = None;
        // A slice without customers names the columns.
        self.append(&mut writer, parts(&self.worth(&columns)?.read(0..0)?, 0..0)?)?;
        let write = |sheet| self.append(&mut writer, sheet);
        in_order_reading(0..self.customers(), |block| reader.read(block), parts, write)?;
        writer.into_iter().try_for_each(TableWriter::finish)
    }

    /// Appends to a table of this as-of date, which the first rows begin.
    fn append(&self, writer: &mut Option<TableWriter>, sheet: Sheet) -> Result<()> {
        let writer = match writer {
            Some(writer) => writer,
            None => {
                let partition = self.facts.as_of.to_string();
                writer.insert(self.staging.table(&sheet.spec, Some(&partition))?)
            }
        };
        writer.write(sheet.arrays)
    }

    /// `delivered_value`, to be read back.
    fn delivered_values(&self) -> Result<Option<PublishedReader>> {
        let open = |_: &DeliveredDef| PublishedReader::open(&self.staging.written("delivered_value"));
        self.def.delivered.as_ref().map(open).transpose()
    }

    /// From which value on one is among the best fifth, of firm value and of delivered value; beyond every value where
    /// there is none. Mostly one more pass over the values.
    fn best_fifths(
        &self,
        mut firm: Search,
        mut delivered: Search,
        table: Option<&PublishedReader>,
    ) -> Result<[i128; 2]> {
        loop {
            let (firm_pass, delivered_pass) = (firm.next_pass(), delivered.next_pass());
            if firm_pass.is_none() && delivered_pass.is_none() {
                break;
            }
            let mut passes = [firm_pass, delivered_pass];
            let empty = || passes.each_ref().map(|pass| pass.as_ref().map(Pass::empty));
            let columns: Vec<&'static str> = exchange::firm_column(&self.def.exchange).into_iter().collect();
            let mut found = empty();
            self.walk(
                &columns,
                table,
                |worth, delivered, ranks| {
                    let mut passes = empty();
                    if let Some(pass) = &mut passes[0] {
                        for rank in ranks.filter(|rank| worth.has_bought(*rank)) {
                            pass.add(firm_value(&self.def.exchange, worth, rank));
                        }
                    }
                    if let Some(pass) = &mut passes[1] {
                        for (_, value) in
                            delivered.iter().filter(|(rank, _)| worth.has_bought(*rank as usize))
                        {
                            pass.add(*value);
                        }
                    }
                    Ok(passes)
                },
                |passes| {
                    for (found, pass) in found.iter_mut().zip(passes) {
                        if let (Some(found), Some(pass)) = (found, pass) {
                            found.merge(pass);
                        }
                    }
                    Ok(())
                },
            )?;
            passes = found;
            let [firm_pass, delivered_pass] = passes;
            firm_pass.into_iter().for_each(|pass| firm.narrow(pass));
            delivered_pass.into_iter().for_each(|pass| delivered.narrow(pass));
        }
        let bound = |search: &Search| search.values().first().copied().unwrap_or(i128::MAX);
        Ok([bound(&firm), bound(&delivered)])
    }

    /// Stages `customer_perception` and the matrix.
    fn stage_exchange(&self, sides: &Sides<'_>, table: Option<&PublishedReader>) -> Result<usize> {
        let in_points = self.def.delivered.as_ref().is_some_and(|delivered| delivered.in_points);
        let mut writer = None;
        let mut matrix = Matrix::default();
        self.append(
            &mut writer,
            customer_perception::sheet(self.format(), &self.facts.customers, in_points, &[]),
        )?;
        self.walk(
            &exchange::columns(&self.def.exchange),
            table,
            |worth, delivered, ranks| {
                let customers = sides.customers(ranks, worth, delivered);
                Ok((
                    Matrix::of(&customers, worth),
                    customer_perception::sheet(self.format(), &self.facts.customers, in_points, &customers),
                ))
            },
            |(more, sheet)| {
                matrix.merge(&more);
                self.append(&mut writer, sheet)
            },
        )?;
        let sheet = matrix.sheet(self.format(), sides, self.tables.has_residual());
        self.staging.put(&sheet.spec, None, sheet.arrays)?;
        writer.into_iter().try_for_each(TableWriter::finish)?;
        Ok(matrix.over_served)
    }

    /// Walks over all customers with their worth and their delivered values, where `table` has some.
    fn walk<T: Send>(
        &self,
        columns: &[&'static str],
        table: Option<&PublishedReader>,
        make: impl Fn(&Worth, &[(u32, i64)], Range<usize>) -> Result<T> + Sync,
        take: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        let mut worth = self.worth(columns)?;
        let customers = &self.facts.customers;
        let wanted = [("delivered_value", Wanted::Values)];
        let open = |table| KeyedRows::open(customers, "delivered_value", table, &wanted);
        let mut delivered = table.map(open).transpose()?;
        let read = |block: Range<usize>| {
            let worth = worth.read(block.clone())?;
            let rows = delivered.as_mut().map(|rows| rows.next(block)).transpose()?;
            Ok((worth, rows.as_ref().map(delivered_by_rank).transpose()?.unwrap_or_default()))
        };
        let make_slice = |(worth, delivered): &(Worth, Vec<(u32, i64)>), ranks: Range<usize>| {
            make(worth, &delivered[within(delivered, &ranks, |(rank, _)| *rank)], ranks)
        };
        in_order_reading(0..self.customers(), read, make_slice, take)
    }
}

/// Delivered values by rank.
fn delivered_by_rank(rows: &RowsOfRanks) -> Result<Vec<(u32, i64)>> {
    let values = Integers::of(&rows.columns[0])?;
    let known = rows.ranks.iter().enumerate().map(|(row, rank)| Some((*rank, values.get(row)?)));
    Ok(known.flatten().collect())
}
