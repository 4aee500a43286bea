//! One period: its grains, block by block of customers, become the key ranges that the reduction of a scan would have left.

use super::columns::column;
use super::customers::Customers;
use super::grain_files::{batches, columns_of};
use super::grain_rows::GrainRows;
use super::grain_values::{CellValues, DayValues, OrderValues, aggregate, dimension_name, measure};
use super::manifest::Manifest;
use super::matches::{Matches, TOTALS};
use crate::error::{Error, Result};
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::column::Column;
use crate::facts::kernel::days::Days;
use crate::facts::kernel::evaluate::digest_words;
use crate::facts::kernel::group_set::GroupSet;
use crate::facts::kernel::measures::{DISCOUNT, LIST_REVENUE, MEASURES, PRODUCT_COST, RETURNS};
use crate::facts::kernel::reduced::{Cells, OrderRows, Reduced};
use crate::facts::kernel::sums::index_u32;
use crate::facts::run::period_in_making::PeriodInMaking;
use crate::facts::run::schedule::Run;
use crate::facts::schema::SEVERAL;
use crate::facts::state::lines;
use crate::facts::state::period_run::aggregate_column;
use crate::facts::state::record::{PeriodRuns, StateFile};
use crate::units::Period;
use arrow::array::RecordBatch;
use std::cmp::Ordering;
use std::path::Path;

/// A period that is taken over.
pub(super) struct PeriodImport<'i> {
    pub(super) run: &'i Run<'i>,
    pub(super) manifest: &'i Manifest,
    pub(super) number: u16,
    pub(super) customers: &'i Interner,
}

/// The product groups of a period, by number.
fn groups(run: &Run<'_>, manifest: &Manifest, period: &str) -> Result<GroupSet> {
    let mut set = GroupSet::default();
    let names = vec!["product_group".to_owned()];
    for batch in columns_of(manifest, "customer_product", Some(period), Some(names)) {
        let numbers = column("customer_product", &batch?, "product_group")?.numbers(&run.groups)?;
        numbers.into_iter().for_each(|number| set.insert(number));
    }
    Ok(set)
}

/// The members of dimensions that the orders of a period are of, by number.
fn members(run: &Run<'_>, manifest: &Manifest, period: &str) -> Result<GroupSet> {
    let mut set = GroupSet::default();
    set.insert(run.members.intern(SEVERAL));
    let dimensions = run.sources[0].dimensions().len();
    if dimensions == 0 {
        return Ok(set);
    }
    let names: Vec<String> = (0..dimensions).map(dimension_name).collect();
    for batch in columns_of(manifest, "customer_order", Some(period), Some(names.clone())) {
        let batch = batch?;
        for name in &names {
            let numbers = column("customer_order", &batch, name)?.numbers(&run.members)?;
            numbers.into_iter().for_each(|number| set.insert(number));
        }
    }
    Ok(set)
}

impl PeriodImport<'_> {
    /// Makes the period's kept state; none if it has no customer.
    pub(super) fn make(&self, matches: &Matches, folder: &Path) -> Result<Option<PeriodRuns>> {
        let (run, manifest, period) = (self.run, self.manifest, self.period());
        let first_day = period.to_string();
        let found = matches.of(self.number).cloned().expect("the period has matches");
        let codes = run.codes(&groups(run, manifest, &first_day)?, &members(run, manifest, &first_day)?);
        let group_order = run.groups.order();
        let mut making = PeriodInMaking::new(run, self.number, folder, self.customers, codes)?;
        let open = |grain| GrainRows::open(manifest, grain, &first_day, run.key_type);
        let (mut cells, mut orders) = (open("customer_product"), open("customer_order"));
        let mut days = run.keeps_days.then(|| open("customer_day"));
        let (mut sums, mut before) = ([0; TOTALS.len()], None);
        for batch in batches(manifest, "customer_period", Some(&first_day)) {
            let batch = batch?;
            let keys = column("customer_period", &batch, "customer")?.keys(run.key_type)?;
            let block = Customers::of(&keys, run.key_type);
            self.check_order(&block, before.as_ref())?;
            let mut reduced = self.customers(&batch, &block)?;
            if before.is_none() {
                reduced.matches = found.matches.clone();
                reduced.duplicates = found.duplicates;
            }
            reduced.cells = self.cells(&mut cells, &block, &group_order)?;
            reduced.order_rows = self.orders(&mut orders, &block)?;
            reduced.days = days.as_mut().map(|days| self.days(days, &block)).transpose()?;
            self.check_sums(&reduced, &block)?;
            for (sum, measure) in sums.iter_mut().zip([LIST_REVENUE, DISCOUNT, RETURNS, PRODUCT_COST]) {
                *sum += reduced.measures[measure].total();
            }
            making.add(vec![reduced])?;
            before = Some(block);
        }
        cells.finish()?;
        orders.finish()?;
        days.map(GrainRows::finish).transpose()?;
        self.check_totals(&found, sums)?;
        self.check_books(&found)?;
        making.add_books(&found.books);
        if before.is_none() {
            return Ok(None);
        }
        making.finish(self.lines(folder)?, Some(found.last_day)).map(Some)
    }

    pub(super) fn period(&self) -> Period {
        self.run.periods.period(self.number)
    }

    /// A fault of the hand-over in this period.
    pub(super) fn fault(&self, what: impl std::fmt::Display) -> Error {
        Error::input(format!(
            "{}: period of {}: {what}; part of the facts is lost or twice there, so run the job again, on a new request",
            self.manifest.folder.display(),
            self.period()
        ))
    }

    /// Customers ascend within a block, and from the last of the block before.
    fn check_order(&self, block: &Customers, before: Option<&Customers>) -> Result<()> {
        let ascends_from = |before: &Customers| {
            block.len() == 0 || before.compare(before.len() - 1, block, 0) == Ordering::Less
        };
        let fault = (1..block.len()).find(|row| block.compare(row - 1, block, *row) != Ordering::Less);
        let fault = if before.is_none_or(ascends_from) { fault } else { Some(0) };
        fault.map_or(Ok(()), |row| {
            Err(self
                .fault(format!("grain customer_period: {} is twice there or out of order", block.shown(row))))
        })
    }

    /// The rows of customers.
    fn customers(&self, batch: &RecordBatch, block: &Customers) -> Result<Reduced> {
        let (run, of) = (self.run, |name| column("customer_period", batch, name));
        let mut measures = Vec::with_capacity(MEASURES.len());
        for (index, name) in MEASURES.iter().enumerate() {
            measures.push(measure(run, index, &of(name)?)?.into());
        }
        let mut aggregates = Vec::with_capacity(run.aggregates.len());
        for index in 0..run.aggregates.len() {
            let name = aggregate_column(index);
            let column = column("customer_period", batch, &name)?;
            aggregates.push(aggregate(run, index, &column)?.into());
        }
        let moments = [of("first_order_at")?.moments()?, of("last_order_at")?.moments()?];
        let [first, last] = moments;
        let mut reduced = Reduced {
            keys: block.words(self.customers),
            measures,
            instants: first.into_iter().zip(last).map(|(first, last)| [first, last]).collect(),
            orders: of("orders")?.counts()?.into(),
            active_days: of("active_days")?.counts()?.into(),
            aggregates,
            ..Reduced::default()
        };
        if run.zone != chrono_tz::UTC && run.has_wall_time() {
            reduced.shift_to_utc(run.zone);
        }
        Ok(reduced)
    }

    /// Customer × product group, by customer and name of the group.
    fn cells(&self, rows: &mut GrainRows<'_>, block: &Customers, order: &[u32]) -> Result<Cells> {
        let width = MEASURES.len() + self.run.line_aggregates.len();
        let mut values = CellValues { run: self.run, groups: Vec::new(), columns: vec![Vec::new(); width] };
        let places = rows.take(block, &mut values)?;
        let CellValues { groups, columns, .. } = values;
        for (place, group) in places.windows(2).zip(groups.windows(2)) {
            if place[0] == place[1] && order[group[0] as usize] >= order[group[1] as usize] {
                let customer = block.shown(place[0] as usize);
                let what =
                    format!("grain customer_product: {customer} has product groups twice or out of order");
                return Err(self.fault(what));
            }
        }
        Ok(Cells { rows: places, groups, measures: columns.into_iter().map(Column::from).collect() })
    }

    /// Customer × order, by customer and the words of the order's key.
    fn orders(&self, rows: &mut GrainRows<'_>, block: &Customers) -> Result<OrderRows> {
        let mut values = OrderValues::new(self.run);
        let rows = rows.take(block, &mut values)?;
        let words = &values.words;
        let mut order: Vec<u32> = (0..index_u32(rows.len())).collect();
        // Customers stay where they are.
        order.sort_unstable_by_key(|entry| (rows[*entry as usize], words[*entry as usize]));
        let is_same = |a: u32, b: u32| {
            let (a, b) = (a as usize, b as usize);
            (rows[a], words[a]) == (rows[b], words[b])
        };
        if let Some(pair) = order.windows(2).find(|pair| is_same(pair[0], pair[1])) {
            let customer = block.shown(rows[pair[0] as usize] as usize);
            return Err(self.fault(format!("grain customer_order: {customer} has an order twice")));
        }
        Ok(values.in_order(rows, &order))
    }

    /// Customer × day, by customer and day.
    fn days(&self, rows: &mut GrainRows<'_>, block: &Customers) -> Result<Days> {
        let mut values = DayValues { import: self, columns: Default::default() };
        let rows = rows.take(block, &mut values)?;
        let days = &values.columns[0];
        for (row, day) in rows.windows(2).zip(days.windows(2)) {
            if row[0] == row[1] && day[0] >= day[1] {
                let customer = block.shown(row[0] as usize);
                return Err(
                    self.fault(format!("grain customer_day: {customer} has days twice or out of order"))
                );
            }
        }
        Ok(Days { rows, columns: values.columns.map(Column::from) })
    }

    /// Keeps the identities of order lines, where they must be unique.
    fn lines(&self, folder: &Path) -> Result<Option<StateFile>> {
        if !self.manifest.has("order_line") {
            return Ok(None);
        }
        let mut identities = Vec::new();
        for batch in batches(self.manifest, "order_line", Some(&self.period().to_string())) {
            let batch = batch?;
            let of = |name| column("order_line", &batch, name);
            if of("rows")?.counts()?.into_iter().any(|rows| rows > 1) {
                return Err(
                    self.fault("grain order_line: rows of the same order and line contradict each other")
                );
            }
            let (orders, lines) = (of("order_key")?.words()?, of("line_key")?.words()?);
            identities.extend(orders.iter().zip(&lines).map(|(order, line)| digest_words(&[order, line])));
        }
        identities.sort_unstable();
        lines::keep(folder, &identities).map(Some)
    }
}
