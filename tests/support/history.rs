//! Small histories, drawn from a seed or written down row by row, and the Parquet files they lie in.

use arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// One order line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) customer: Option<i64>,
    pub(crate) order: i64,
    pub(crate) line: i32,
    pub(crate) group: &'static str,
    /// Days since 2024-01-01, and seconds of that day.
    pub(crate) at: (i64, i64),
    pub(crate) quantity: i64,
    /// Cents.
    pub(crate) price: i128,
    pub(crate) channel: &'static str,
    pub(crate) status: &'static str,
}

impl Line {
    /// A line of two pieces at 12.50 on a day.
    pub(crate) fn new(customer: i64, order: i64, day: i64) -> Self {
        Self {
            customer: Some(customer),
            order,
            line: 1,
            group: "tools",
            at: (day, 36_000),
            quantity: 2,
            price: 1_250,
            channel: "web",
            status: "ok",
        }
    }

    fn micros(&self) -> i64 {
        const START: i64 = 19_723; // 2024-01-01
        (START + self.at.0) * MICROS_PER_DAY + self.at.1 * 1_000_000
    }
}

/// Numbers without pattern, the same for the same seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Below `limit`, by splitmix64.
    pub(crate) fn below(&mut self, limit: u64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((mixed ^ (mixed >> 31)) % limit).expect("limits are small")
    }
}

/// Some lines over `days` days: orders that cross days, returns, tests, lines without customer.
pub(crate) fn lines(seed: u64, count: i64, days: u64) -> Vec<Line> {
    let mut dice = Dice(seed);
    let mut lines = Vec::new();
    for order in 1.. {
        let customer = (dice.below(40) > 0).then(|| 7 * dice.below(60) - 90);
        let day = dice.below(days);
        for line in 1..=(1 + i32::try_from(dice.below(4)).expect("a small number")) {
            let is_return = dice.below(9) == 0;
            let last = i64::try_from(days).expect("few days") - 1;
            lines.push(Line {
                customer,
                order,
                line,
                group: ["tools", "paint", "garden"][usize::try_from(dice.below(3)).expect("below 3")],
                at: ((day + dice.below(3) * dice.below(20)).min(last), dice.below(86_400)),
                quantity: (1 + dice.below(9)) * if is_return { -1 } else { 1 },
                price: i128::from(dice.below(20_000)),
                channel: if order % 3 == 0 { "phone" } else { "web" },
                status: if dice.below(25) == 0 { "test" } else { "ok" },
            });
            if i64::try_from(lines.len()) == Ok(count) {
                return lines;
            }
        }
    }
    unreachable!("the loop ends when there are enough lines")
}

/// Named columns, in file order.
pub(crate) type Columns = Vec<(&'static str, ArrayRef)>;

/// Lines as columns; each test spoils what it is about.
pub(crate) fn table(lines: &[Line]) -> Columns {
    let money = |cents: Vec<i128>| -> ArrayRef {
        let array = Decimal128Array::from(cents).with_precision_and_scale(10, 2);
        Arc::new(array.expect("prices have few digits"))
    };
    let texts = |of: &dyn Fn(&Line) -> &'static str| -> ArrayRef {
        Arc::new(lines.iter().map(|line| Some(of(line))).collect::<StringArray>())
    };
    vec![
        ("customer_id", Arc::new(lines.iter().map(|line| line.customer).collect::<Int64Array>())),
        ("order_id", Arc::new(lines.iter().map(|line| Some(line.order)).collect::<Int64Array>())),
        ("line_no", Arc::new(lines.iter().map(|line| Some(line.line)).collect::<Int32Array>())),
        ("product_group", texts(&|line| line.group)),
        ("ordered_at", Arc::new(TimestampMicrosecondArray::from_iter_values(lines.iter().map(Line::micros)))),
        ("quantity", Arc::new(lines.iter().map(|line| Some(line.quantity)).collect::<Int64Array>())),
        ("unit_price", money(lines.iter().map(|line| line.price).collect())),
        ("unit_cost", money(lines.iter().map(|line| line.price / 2).collect())),
        ("channel", texts(&|line| line.channel)),
        ("status", texts(&|line| line.status)),
    ]
}

/// The same columns with one in place of another.
pub(crate) fn replace(mut columns: Columns, name: &str, array: ArrayRef) -> Columns {
    let column = columns.iter_mut().find(|(known, _)| *known == name);
    column.expect("the column exists").1 = array;
    columns
}

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) row_group_rows: usize,
    pub(crate) statistics: bool,
    pub(crate) compression: Compression,
}

impl Default for Written {
    fn default() -> Self {
        Self { row_group_rows: 1 << 20, statistics: true, compression: Compression::UNCOMPRESSED }
    }
}

/// Writes a Parquet file.
pub(crate) fn write(path: &Path, columns: Columns) {
    write_with(path, columns, Written::default());
}

/// Writes a Parquet file in a given way.
pub(crate) fn write_with(path: &Path, columns: Columns, how: Written) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.expect("columns are of one length");
    let statistics = if how.statistics { EnabledStatistics::Page } else { EnabledStatistics::None };
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(how.row_group_rows))
        .set_statistics_enabled(statistics)
        .set_compression(how.compression)
        .build();
    let file = File::create(path).expect("the folder exists");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a plain schema");
    writer.write(&batch).expect("the batch fits its schema");
    writer.close().expect("the file can be closed");
}

/// Customers who buy in their own rhythm by a clock that runs twice as fast on some days, and stop after some purchases; they are
/// won within the first so many days. One more buys on the first and on the last day.
pub(crate) fn buyers(
    customers: i64,
    [days, won_within]: [i64; 2],
    is_fast: impl Fn(i64) -> bool,
) -> Vec<Line> {
    let mut lines = vec![Line::new(customers + 1, 1, 0), Line::new(customers + 1, 2, days - 1)];
    for customer in 1..=customers {
        let (mut day, gap) = (customer * 37 % won_within, 12 + customer * customer % 50);
        for purchase in 0..2 + customer * 7 % 97 {
            lines.push(Line::new(customer, 1_000 * customer + purchase, day));
            let mut left = gap + customer * 31 * (purchase + 1) % 13;
            while left > 0 {
                left -= if is_fast(day) { 2 } else { 1 };
                day += 1;
            }
            if day >= days - 1 {
                break;
            }
        }
    }
    lines
}
