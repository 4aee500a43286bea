//! Groups that customers belong to: parents of offices and resellers, households of private customers, of whom some belong to two.
//! They have streams of their own, and change nothing that customers do.

use super::customer::{Customer, Kind};
use super::draw::Purpose;
use super::history::History;
use super::table_file::{ROWS_PER_GROUP, TableFile, small_decimal};
use crate::error::Result;
use arrow::array::{Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use std::path::Path;
use std::sync::Arc;

/// Of offices and resellers, the share that has a parent; and customers for each parent there is.
const PARENT_CHANCE: f64 = 0.6;
const CUSTOMERS_PER_PARENT: u32 = 40;
/// Of private customers, the share that has a household, and the share of these that has a second one.
const HOUSEHOLD_CHANCE: f64 = 0.5;
const CUSTOMERS_PER_HOUSEHOLD: u32 = 5;
const SECOND_CHANCE: f64 = 0.03;

/// Numbers of the groups of one customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Groups {
    pub(super) parent: Option<u32>,
    pub(super) household: Option<u32>,
    /// Another household, and the tenths of the customer that belong to it.
    second: Option<(u32, i32)>,
}

impl Groups {
    /// Those of a customer, by index.
    pub(super) fn draw(history: &History, index: u32, customer: &Customer) -> Self {
        let mut draw = history.streams.open(Purpose::Group, 0, index);
        let count = u32::try_from(history.customers.len()).expect("customers are counted in 32 bits");
        if customer.kind != Kind::Household {
            let parents = count / CUSTOMERS_PER_PARENT + 1;
            let parent = draw.chance(PARENT_CHANCE).then(|| draw.below(parents));
            return Self { parent, ..Self::default() };
        }
        let households = count / CUSTOMERS_PER_HOUSEHOLD + 1;
        if !draw.chance(HOUSEHOLD_CHANCE) {
            return Self::default();
        }
        let household = draw.below(households);
        let other = (household + 1 + draw.below(households)) % households;
        let tenths = i32::try_from(draw.between(1, 6)).expect("few tenths");
        let second = (draw.chance(SECOND_CHANCE) && other != household).then_some((other, tenths));
        Self { household: Some(household), second, ..Self::default() }
    }
}

pub(super) fn parent_name(number: u32) -> String {
    format!("P{:05}", number + 1)
}

pub(super) fn household_name(number: u32) -> String {
    format!("H{:07}", number + 1)
}

/// Writes `household_shares.parquet`, the customers of two households; returns its rows.
pub(super) fn write_household_shares(path: &Path, history: &History) -> Result<u64> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("household_id", DataType::Utf8, false),
        Field::new("share", DataType::Decimal32(3, 2), false),
    ];
    let mut file = TableFile::create(path, fields, &["customer_id"])?;
    let mut shares: Vec<(i64, u32, i32)> = Vec::new();
    for (index, customer) in (0..).zip(&history.customers) {
        let groups = Groups::draw(history, index, customer);
        if let (Some(first), Some((second, tenths))) = (groups.household, groups.second) {
            let id = i64::from(index) + 1;
            shares.extend([(id, first, 100 - 10 * tenths), (id, second, 10 * tenths)]);
        }
    }
    for shares in shares.chunks(ROWS_PER_GROUP) {
        file.write(vec![
            Arc::new(Int64Array::from_iter_values(shares.iter().map(|(id, ..)| *id))),
            Arc::new(StringArray::from_iter_values(shares.iter().map(|(_, of, _)| household_name(*of)))),
            small_decimal(shares.iter().map(|(.., share)| *share).collect(), 3, 2),
        ])?;
    }
    file.finish()?;
    Ok(shares.len() as u64)
}
