//! What later rooms see of the facts: customers, periods, and per period one row per customer
//! (and per customer × product group), sorted by customer rank.

use super::inputs::source_view::SourceView;
use crate::pipeline::{Aggregate, KeyType, LedgerDef};
use crate::units::{Day, Period};
use arrow::array::{Array, ArrayRef, Int64Array, StringArray};
use std::sync::Arc;

pub use super::inputs::identity::Identity;

/// All customers of the run, sorted by key: integers numerically, text bytewise.
///
/// A customer's *rank* is its index here. The unidentified cost object, if any, has the last rank and a null key.
#[derive(Debug, Clone)]
pub struct Customers {
    /// The distinct keys, ascending.
    pub keys: Keys,
    /// Whether rows without customer form a cost object.
    pub has_unidentified: bool,
}

/// Distinct customer keys, ascending.
#[derive(Debug, Clone)]
pub enum Keys {
    /// Integer keys.
    Int(Vec<i64>),
    /// Text keys, bytewise.
    Text(StringArray),
}

impl Keys {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Keys::Int(keys) => keys.len(),
            Keys::Text(keys) => keys.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Keys::Int(keys) => size_of_val(&keys[..]) as u64,
            Keys::Text(keys) => keys.get_array_memory_size() as u64,
        }
    }

    /// What they are.
    pub fn key_type(&self) -> KeyType {
        match self {
            Keys::Int(_) => KeyType::Int,
            Keys::Text(_) => KeyType::Text,
        }
    }
}

impl Customers {
    /// Customers and, if present, the unidentified cost object.
    pub fn len(&self) -> usize {
        self.keys.len() + usize::from(self.has_unidentified)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this rank is the unidentified cost object.
    pub fn is_unidentified(&self, rank: u32) -> bool {
        rank as usize == self.keys.len()
    }

    /// The `customer_id` column of these ranks; null for the unidentified cost object.
    pub fn ids(&self, ranks: impl IntoIterator<Item = u32>) -> ArrayRef {
        let known = self.keys.len();
        let indices = ranks.into_iter().map(|rank| Some(rank as usize).filter(|index| *index < known));
        match &self.keys {
            Keys::Int(keys) => {
                Arc::new(indices.map(|index| index.map(|index| keys[index])).collect::<Int64Array>())
            }
            Keys::Text(keys) => {
                Arc::new(indices.map(|index| index.map(|index| keys.value(index))).collect::<StringArray>())
            }
        }
    }

    /// The rank of a key as a user writes it.
    pub fn rank_of(&self, key: &str) -> Option<u32> {
        let index = match &self.keys {
            Keys::Int(keys) => keys.binary_search(&key.parse().ok()?).ok()?,
            Keys::Text(keys) => {
                let (mut low, mut high) = (0, keys.len());
                while low < high {
                    let middle = usize::midpoint(low, high);
                    match keys.value(middle).as_bytes().cmp(key.as_bytes()) {
                        std::cmp::Ordering::Less => low = middle + 1,
                        std::cmp::Ordering::Equal => return u32::try_from(middle).ok(),
                        std::cmp::Ordering::Greater => high = middle,
                    }
                }
                return None;
            }
        };
        u32::try_from(index).ok()
    }
}

/// One aggregate that some activity or price component needs, kept as a column of the facts.
#[derive(Debug, Clone)]
pub struct AggregateColumn {
    /// `None` for transactions, else the index into `FactsDef::events`.
    pub source: Option<usize>,
    /// What is aggregated.
    pub aggregate: Aggregate,
    /// Digits after the point: 0 for counts, those of money for money, the expression's own for other sums.
    pub scale: u8,
}

/// Facts of one period, one row per customer with any row of any source in it; columns are parallel to `ranks`.
///
/// Money at `money_scale`, units at `volume_scale`.
#[derive(Debug, Clone, Default)]
pub struct CustomerFacts {
    /// Ascending, distinct.
    pub ranks: Vec<u32>,
    /// Sale lines.
    pub lines: Vec<i64>,
    /// Distinct orders with a sale line in the period.
    pub orders: Vec<i64>,
    /// Distinct days with a sale line.
    pub active_days: Vec<i64>,
    /// Units on sale lines.
    pub units: Vec<i64>,
    /// Units on return lines, as a positive number.
    pub returned_units: Vec<i64>,
    /// List value of sale lines.
    pub list_revenue: Vec<i64>,
    /// Discount on sale lines.
    pub discount: Vec<i64>,
    /// −(revenue − discount) of return lines.
    pub returns: Vec<i64>,
    /// Signed product cost of all lines.
    pub product_cost: Vec<i64>,
    /// First sale line, microseconds UTC (wall time without zone); `NO_INSTANT` without a sale line.
    pub first_order_at: Vec<i64>,
    /// Last sale line, likewise.
    pub last_order_at: Vec<i64>,
    /// One column per `AggregateColumn`, in order.
    pub aggregates: Vec<Vec<i64>>,
}

/// The member of orders whose lines are of several members of a dimension.
pub const SEVERAL: &str = "(several)";

/// Stands for "never" in instant columns.
pub const NO_INSTANT: i64 = i64::MIN;

/// Facts of one period, one row per customer × product group, sorted by (rank, group).
#[derive(Debug, Clone, Default)]
pub struct ProductFacts {
    /// Ascending.
    pub ranks: Vec<u32>,
    /// Index into `FactSet::groups`.
    pub groups: Vec<u32>,
    /// Sale lines.
    pub lines: Vec<i64>,
    /// Units on sale lines.
    pub units: Vec<i64>,
    /// Units on return lines, positive.
    pub returned_units: Vec<i64>,
    /// List value of sale lines.
    pub list_revenue: Vec<i64>,
    /// Discount on sale lines.
    pub discount: Vec<i64>,
    /// −(revenue − discount) of return lines.
    pub returns: Vec<i64>,
    /// Signed product cost of all lines.
    pub product_cost: Vec<i64>,
    /// One column per entry of `FactSet::line_aggregates`, in order.
    pub aggregates: Vec<Vec<i64>>,
}

/// What keys of orders are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderType {
    /// 64-bit integers.
    #[default]
    Int,
    /// Days.
    Date,
    /// Text.
    Text,
}

/// What keys of customers and of orders are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTypes {
    /// Of customers.
    pub customer: KeyType,
    /// Of orders.
    pub order: OrderType,
}

/// Facts of one period, one row per customer × order, sorted by rank. An order with lines in several periods has a row in
/// each.
#[derive(Debug, Clone, Default)]
pub struct OrderFacts {
    /// Ascending.
    pub ranks: Vec<u32>,
    /// Sale lines; 0 of an order that has return lines only.
    pub lines: Vec<i64>,
    /// List revenue less discount and returns.
    pub net_revenue: Vec<i64>,
    /// Signed product cost of all lines.
    pub product_cost: Vec<i64>,
    /// One column per entry of `FactSet::order_aggregates`, in order.
    pub aggregates: Vec<Vec<i64>>,
    /// Keys of the orders, if they are asked for.
    pub ids: Option<ArrayRef>,
    /// By dimension of `FactSet::dimensions`, the code of each order's member among the period's names.
    pub members: Vec<Vec<u32>>,
}

/// Facts of one period, one row per customer × day with a line, sorted by (rank, day).
///
/// A day is one of the pipeline's time zone. Over the days of a customer, net revenue and gross margin sum to those of
/// the period, and days with orders are its active days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayFacts {
    /// Ascending.
    pub ranks: Vec<u32>,
    /// Days since 1970-01-01.
    pub days: Vec<i32>,
    /// Distinct orders with a sale line on the day; 0 where there are return lines only.
    pub orders: Vec<i64>,
    /// List revenue less discount and returns of the day's lines, at `money_scale`.
    pub net_revenue: Vec<i64>,
    /// Net revenue less the signed product cost, at `money_scale`.
    pub gross_margin: Vec<i64>,
}

/// What drivers make of one source's used rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMatch {
    /// `transactions` or the event source.
    pub source: String,
    /// Rows in the facts of this period.
    pub rows: u64,
    /// Of these, the rows that some driver counts or adds up.
    pub matched: u64,
    /// List revenue less discount of the other rows; none for event sources.
    pub unmatched_net_revenue: Option<i128>,
}

/// The day each customer was won, in four bytes.
#[derive(Debug, Clone, Default)]
pub struct AcquiredOn(Vec<i32>);

/// Stands for a day that is not known.
const NO_DAY: i32 = i32::MIN;

impl AcquiredOn {
    /// The next customer's day.
    pub fn push(&mut self, day: Option<Day>) {
        self.0.push(day.map_or(NO_DAY, |day| day.0));
    }

    /// Room for so many more.
    pub fn reserve(&mut self, customers: usize) {
        self.0.reserve(customers);
    }

    /// As many customers; the days of new ones are not known.
    pub fn resize(&mut self, customers: usize) {
        self.0.resize(customers, NO_DAY);
    }

    /// A customer's day, where it is known.
    pub fn get(&self, rank: usize) -> Option<Day> {
        self.0.get(rank).filter(|day| **day != NO_DAY).map(|day| Day(*day))
    }
}

impl FromIterator<Option<Day>> for AcquiredOn {
    fn from_iter<I: IntoIterator<Item = Option<Day>>>(days: I) -> Self {
        let mut found = Self::default();
        days.into_iter().for_each(|day| found.push(day));
        found
    }
}

/// Customer master data, parallel to ranks.
#[derive(Debug, Clone, Default)]
pub struct CustomerMaster {
    /// The day each customer was won, where known.
    pub acquired_on: AcquiredOn,
    /// What winning each customer cost, at `money_scale`.
    pub acquisition_cost: Vec<i64>,
    /// Attribute columns by name: integers, texts, or dictionaries of texts.
    pub attributes: Vec<(String, ArrayRef)>,
}

impl CustomerMaster {
    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> u64 {
        let fixed = size_of_val(&self.acquired_on.0[..]) + size_of_val(&self.acquisition_cost[..]);
        let attributes = self.attributes.iter().map(|(_, values)| values.get_array_memory_size());
        (fixed + attributes.sum::<usize>()) as u64
    }
}

/// Arrow types of customer attributes, by name: text, integers or flags.
pub type AttributeTypes = std::collections::BTreeMap<String, arrow::datatypes::DataType>;

/// Where the rows of one source went: in = used + quarantined + excluded + after as-of + eliminated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowCounts {
    /// Rows read.
    pub read: u64,
    /// Rows in the facts.
    pub used: u64,
    /// Rows that broke the row contract.
    pub quarantined: u64,
    /// Rows excluded by `where`, and identical duplicates.
    pub excluded: u64,
    /// Rows at or after the as-of day.
    pub after_as_of: u64,
    /// Lines between companies of the group, which no customer has.
    #[serde(default, skip_serializing_if = "is_none")]
    pub eliminated: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Lines of a company and currency in one period, at `money_scale`; those between companies are apart.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Book {
    /// The company of the group; none where no line says of which it is.
    pub company: Option<String>,
    /// The currency of the lines.
    pub currency: String,
    /// Whether the lines are between companies of the group.
    pub is_eliminated: bool,
    /// Lines, of sales and returns.
    pub lines: u64,
    /// List value less discount in the lines' own currency.
    #[serde(with = "as_text")]
    pub own_revenue: i128,
    /// List value of sale lines.
    #[serde(with = "as_text")]
    pub list_revenue: i128,
    /// Discount on sale lines.
    #[serde(with = "as_text")]
    pub discount: i128,
    /// −(revenue − discount) of return lines.
    #[serde(with = "as_text")]
    pub returns: i128,
    /// Signed product cost of all lines.
    #[serde(with = "as_text")]
    pub product_cost: i128,
}

impl Book {
    /// List revenue less discount and returns.
    pub fn net_revenue(&self) -> i128 {
        self.list_revenue - self.discount - self.returns
    }
}

impl std::ops::AddAssign<&Self> for Book {
    fn add_assign(&mut self, other: &Self) {
        self.lines += other.lines;
        self.own_revenue += other.own_revenue;
        self.list_revenue += other.list_revenue;
        self.discount += other.discount;
        self.returns += other.returns;
        self.product_cost += other.product_cost;
    }
}

/// Sums as text: JSON numbers end at 64 bits.
mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(sum: &i128, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&sum.to_string())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<i128, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A period of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactPeriod {
    /// Which.
    pub period: Period,
    /// Whether the as-of day has reached its end.
    pub complete: bool,
}

/// Amounts of one ledger or driver file, summed exactly per account and period.
#[derive(Debug, Clone, Default)]
pub struct LedgerSums {
    /// The files' pattern, as written.
    pub files: String,
    /// The files and the columns of account, period and amount: what makes two definitions the same ledger.
    pub key: (std::path::PathBuf, [String; 3]),
    /// Whether it is a driver file: its accounts are takers, its amounts their quantities.
    pub holds_quantities: bool,
    /// Digits after the point of the sums: those of money or, for quantities, the finest found.
    pub scale: u8,
    /// The files that were read, by all their bytes.
    pub inputs: Vec<Identity>,
    /// The version of a lake table that the definition asks for.
    pub version: Option<u64>,
    /// What `check` and `plan` show of it.
    pub view: SourceView,
    /// What was guessed of how text files are written, for a person to confirm.
    pub guesses: Option<String>,
    /// Resources fed from it: indices into `CostingDef::resources`.
    pub resources: Vec<usize>,
    /// By (account, period).
    pub sums: std::collections::BTreeMap<(String, Period), i64>,
}

impl LedgerSums {
    /// Whether a definition means these files, of this version, and columns.
    pub fn is_of(&self, ledger: &LedgerDef) -> bool {
        self.key.0 == ledger.files.path
            && self.version == ledger.files.version
            && self.key.1.iter().eq(ledger.columns())
    }
}
