//! Writes what does not belong to a month's orders: customers, products and the ledger.

use super::catalogue::{Catalogue, Product};
use super::customer::Customer;
use super::draw::Purpose;
use super::groups::{Groups, household_name, parent_name};
use super::history::History;
use super::table_file::{ROWS_PER_GROUP, TableFile, cents};
use crate::error::Result;
use arrow::array::{ArrayRef, Date32Array, Decimal64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field};
use std::path::Path;
use std::sync::Arc;

/// An account of the ledger.
pub(super) struct Account {
    pub(super) number: &'static str,
    pub(super) name: &'static str,
    /// Its total in 1/10,000 of the history's net revenue.
    share: i128,
    /// How much of it is the same every month, in per cent; the rest follows the month's net revenue.
    fixed: i128,
}

const fn account(number: &'static str, name: &'static str, share: i128, fixed: i128) -> Account {
    Account { number, name, share, fixed }
}

/// Together about 19 % of net revenue; the last two are nobody's business but the company's.
pub(super) const ACCOUNTS: [Account; 12] = [
    account("6100", "customer service wages", 320, 80),
    account("6110", "customer service telephony", 50, 50),
    account("6200", "warehouse wages", 480, 50),
    account("6210", "warehouse rent", 180, 100),
    account("6300", "freight", 230, 5),
    account("6400", "field sales wages", 290, 90),
    account("6410", "field sales travel", 80, 40),
    account("6500", "web shop", 90, 70),
    account("6600", "invoicing and collections", 80, 60),
    account("6700", "customer administration", 60, 100),
    account("6900", "legal and audit", 25, 100),
    account("6910", "donations", 5, 100),
];

/// Writes `customers.parquet`.
pub(super) fn write_customers(path: &Path, history: &History) -> Result<()> {
    let fields = vec![
        Field::new("customer_id", DataType::Int64, false),
        Field::new("acquired_on", DataType::Date32, false),
        Field::new("acquisition_cost", DataType::Decimal64(10, 2), false),
        Field::new("channel", DataType::Utf8, false),
        Field::new("region", DataType::Utf8, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("parent_id", DataType::Utf8, true),
        Field::new("household_id", DataType::Utf8, true),
    ];
    let mut file = TableFile::create(path, fields, &["customer_id", "acquired_on"])?;
    let mut first_id = 1_i64;
    for customers in history.customers.chunks(ROWS_PER_GROUP) {
        let ids = first_id..;
        let indices = (0..).map(|index: u32| u32::try_from(first_id - 1).expect("few customers") + index);
        let groups: Vec<Groups> =
            indices.zip(customers).map(|(index, customer)| Groups::draw(history, index, customer)).collect();
        file.write(vec![
            Arc::new(Int64Array::from_iter_values(ids.take(customers.len()))),
            Arc::new(Date32Array::from_iter_values(customers.iter().map(|customer| customer.acquired_day))),
            cents(customers.iter().map(|customer| i64::from(customer.acquisition_cost_cents)).collect()),
            text(customers, Customer::source),
            text(customers, Customer::region),
            text(customers, |customer| customer.habits().name),
            Arc::new(groups.iter().map(|of| of.parent.map(parent_name)).collect::<StringArray>()),
            Arc::new(groups.iter().map(|of| of.household.map(household_name)).collect::<StringArray>()),
        ])?;
        first_id += i64::try_from(customers.len()).expect("a row group is small");
    }
    file.finish()
}

fn text(customers: &[Customer], of: impl Fn(&Customer) -> &'static str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(customers.iter().map(of)))
}

/// Writes `products.parquet`.
pub(super) fn write_products(path: &Path, products: &[Product]) -> Result<()> {
    let fields = vec![
        Field::new("product_id", DataType::Int32, false),
        Field::new("product_name", DataType::Utf8, false),
        Field::new("product_group", DataType::Utf8, false),
        Field::new("list_price", DataType::Decimal64(10, 2), false),
        Field::new("unit_cost", DataType::Decimal64(10, 2), false),
    ];
    let groups: Vec<_> = Catalogue::group_names().collect();
    let group_of = |product: &Product| groups[usize::from(product.group)];
    let mut file = TableFile::create(path, fields, &[])?;
    file.write(vec![
        Arc::new(Int32Array::from_iter_values(products.iter().map(|product| product.id))),
        Arc::new(StringArray::from_iter_values(products.iter().map(Catalogue::name))),
        Arc::new(StringArray::from_iter_values(products.iter().map(group_of))),
        cents(products.iter().map(|product| product.list_price_cents).collect()),
        cents(products.iter().map(|product| product.unit_cost_cents).collect()),
    ])?;
    file.finish()
}

/// Writes `ledger.parquet` and returns its total in cents.
pub(super) fn write_ledger(path: &Path, history: &History, net_revenue_micros: &[i128]) -> Result<i128> {
    let fields = vec![
        Field::new("account", DataType::Utf8, false),
        Field::new("account_name", DataType::Utf8, false),
        Field::new("period", DataType::Date32, false),
        Field::new("amount", DataType::Decimal64(18, 2), false),
    ];
    let amounts = ledger_cents(history, net_revenue_micros);
    let total = amounts.iter().map(|cents| i128::from(*cents)).sum();
    let amounts = Decimal64Array::from(amounts).with_precision_and_scale(18, 2);
    let rows =
        || history.months.iter().flat_map(|month| ACCOUNTS.iter().map(move |account| (month, account)));
    let mut file = TableFile::create(path, fields, &[])?;
    file.write(vec![
        Arc::new(StringArray::from_iter_values(rows().map(|(_, account)| account.number))),
        Arc::new(StringArray::from_iter_values(rows().map(|(_, account)| account.name))),
        Arc::new(Date32Array::from_iter_values(rows().map(|(month, _)| month.first_day))),
        Arc::new(amounts.expect("a valid precision and scale")),
    ])?;
    file.finish()?;
    Ok(total)
}

/// Amounts by month and account: a fixed and a variable part, 2 % either way.
fn ledger_cents(history: &History, net_revenue_micros: &[i128]) -> Vec<i64> {
    let count = i128::try_from(net_revenue_micros.len()).expect("a few months");
    let average = net_revenue_micros.iter().sum::<i128>() / count;
    let mut amounts = Vec::new();
    for (month, net_micros) in history.months.iter().zip(net_revenue_micros) {
        let mut draw = history.streams.open(Purpose::Ledger, month.number, 0);
        amounts.extend(ACCOUNTS.iter().map(|account| {
            let noise = 980 + i128::from(draw.below(41));
            cost_cents(account, average, *net_micros, noise)
        }));
    }
    amounts
}

/// What an account comes to in a month, its noise in 1/1,000.
pub(super) fn cost_cents(account: &Account, average: i128, net_micros: i128, noise: i128) -> i64 {
    let base = average * account.fixed + net_micros * (100 - account.fixed);
    // 100 for the per cent, 10,000 each for the share and from millionths to cents, 1,000 for the noise.
    let cents = base * account.share * noise / 100 / 10_000 / 10_000 / 1_000;
    i64::try_from(cents).expect("a company's monthly cost in cents")
}
