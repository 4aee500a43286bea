//! Writes movements of points: from the fourth month on who orders may join a loyalty programme, earns points with each order, redeems
//! some and loses those that are a year old. Who orders often is likelier to have joined, and nobody buys more or less for it: compared
//! with customers who ordered as often the programme has no effect.

use super::draw::Purpose;
use super::history::{History, Month};
use super::month::{Draft, NOBODY, PartKind};
use super::table_file::{ROWS_PER_GROUP, TableFile, cents, names, short_list};
use crate::error::Result;
use crate::units::MICROS_PER_DAY;
use arrow::array::{Date32Array, Int32Array, Int64Array};
use arrow::datatypes::{DataType, Field};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

const KINDS: [&str; 3] = ["earned", "redeemed", "expired"];
const EARNED: u8 = 0;
const REDEEMED: u8 = 1;
const EXPIRED: u8 = 2;

const FIRST_MONTH: u16 = 3;
const JOINS_CHANCE: f64 = 0.1;
const POINTS_PER_LINE: i32 = 100;
const EXPIRES_AFTER_MONTHS: u16 = 12;
/// Who has so many points may redeem, in steps.
const LEAST_REDEEMED: i32 = 1_000;
const STEP: i32 = 500;
const REDEEMS_CHANCE: f64 = 0.4;
/// What redeeming costs, in cents per thousand points.
const CENTS_PER_THOUSAND: i64 = 700;

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Movement {
    day: i32,
    customer: u32,
    kind: u8,
    points: i32,
}

/// Points of each member by month of earning, oldest first, while months are drawn one after another.
pub(super) struct Programme {
    file: TableFile,
    members: BTreeMap<u32, VecDeque<(u16, i32)>>,
    waiting: Vec<Movement>,
    rows: u64,
}

impl Programme {
    /// Before the first month.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let fields = vec![
            Field::new("customer_id", DataType::Int64, false),
            Field::new("booked_on", DataType::Date32, false),
            Field::new("kind", short_list(), false),
            Field::new("points", DataType::Int32, false),
            Field::new("cost", DataType::Decimal64(10, 2), false),
        ];
        let file = TableFile::create(path, fields, &[])?;
        Ok(Self { file, members: BTreeMap::new(), waiting: Vec::new(), rows: 0 })
    }

    /// The next month, with what falls in it.
    pub(super) fn add(&mut self, history: &History, month: &Month, draft: &Draft) -> Result<()> {
        if month.number < FIRST_MONTH {
            return Ok(());
        }
        let mut movements = self.expired(month);
        // Orders of a customer in order of time.
        let is_order = |what| matches!(what, PartKind::AllLines | PartKind::AllButTheLast);
        let orders = draft.parts.iter().filter(|part| part.customer != NOBODY && is_order(part.what));
        let mut orders: Vec<(u32, i64, u32, i32)> =
            orders.map(|part| (part.customer, part.at, part.order, i32::from(part.lines))).collect();
        orders.sort_unstable();
        for own in orders.chunk_by(|a, b| a.0 == b.0) {
            self.add_customer(history, month, own, &mut movements);
        }
        movements.sort_unstable();
        self.waiting.extend(movements);
        let full = self.waiting.len() / ROWS_PER_GROUP * ROWS_PER_GROUP;
        let rest = self.waiting.split_off(full);
        let full = std::mem::replace(&mut self.waiting, rest);
        full.chunks(ROWS_PER_GROUP).try_for_each(|rows| self.write(rows))
    }

    /// Writes what is left; returns the rows of the file.
    pub(super) fn finish(mut self) -> Result<u64> {
        let last = std::mem::take(&mut self.waiting);
        last.chunks(ROWS_PER_GROUP).try_for_each(|rows| self.write(rows))?;
        self.file.finish()?;
        Ok(self.rows)
    }

    /// Points that are a year old go on the first of the month.
    fn expired(&mut self, month: &Month) -> Vec<Movement> {
        let mut movements = Vec::new();
        for (customer, lots) in &mut self.members {
            let mut points = 0;
            while let Some((earned, lot)) = lots.front()
                && earned + EXPIRES_AFTER_MONTHS <= month.number
            {
                points += lot;
                lots.pop_front();
            }
            if points > 0 {
                movements.push(Movement { day: month.first_day, customer: *customer, kind: EXPIRED, points });
            }
        }
        movements
    }

    fn add_customer(
        &mut self,
        history: &History,
        month: &Month,
        orders: &[(u32, i64, u32, i32)],
        movements: &mut Vec<Movement>,
    ) {
        let customer = orders[0].0;
        let mut draw = history.streams.open(Purpose::Programme, month.number, customer);
        for (_, at, _, lines) in orders {
            if !self.members.contains_key(&customer) && !draw.chance(JOINS_CHANCE) {
                continue;
            }
            let day = i32::try_from(at.div_euclid(MICROS_PER_DAY)).expect("a day of the history");
            let lots = self.members.entry(customer).or_default();
            let balance: i32 = lots.iter().map(|(_, points)| points).sum();
            if balance >= LEAST_REDEEMED && draw.chance(REDEEMS_CHANCE) {
                let points = balance / STEP * STEP;
                movements.push(Movement { day, customer, kind: REDEEMED, points });
                take(lots, points);
            }
            let points = POINTS_PER_LINE * lines;
            movements.push(Movement { day, customer, kind: EARNED, points });
            lots.push_back((month.number, points));
        }
    }

    fn write(&mut self, rows: &[Movement]) -> Result<()> {
        self.rows += rows.len() as u64;
        let cost = |row: &Movement| match row.kind {
            REDEEMED => i64::from(row.points) * CENTS_PER_THOUSAND / 1_000,
            _ => 0,
        };
        self.file.write(vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| i64::from(row.customer) + 1))),
            Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.day))),
            names(rows.iter().map(|row| row.kind).collect(), &KINDS),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.points))),
            cents(rows.iter().map(cost).collect()),
        ])
    }
}

/// Takes points, the oldest first.
fn take(lots: &mut VecDeque<(u16, i32)>, mut points: i32) {
    while let Some((_, lot)) = lots.front_mut() {
        let taken = points.min(*lot);
        *lot -= taken;
        points -= taken;
        if *lot > 0 {
            break;
        }
        lots.pop_front();
    }
}
