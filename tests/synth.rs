//! Synthetic histories: what must hold of every one of them, whoever reads the files.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use abacus::synth::{SynthOptions, SynthTotals, generate};
use abacus::units::Day;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    Decimal32Type, Decimal64Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const SMALL: SynthOptions =
    SynthOptions { lines: 8_000, customers: 500, months: 6, seed: 7, start: Day(19_358), group: false };

fn made(options: &SynthOptions) -> (tempfile::TempDir, SynthTotals) {
    let folder = tempfile::tempdir().unwrap();
    let totals = generate(folder.path(), options, &|_, _| ()).unwrap();
    (folder, totals)
}

/// Path below the folder → bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let read = |path: PathBuf| (path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
    parquet_files(folder).into_iter().map(read).collect()
}

fn parquet_files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let paths = entries.map(|entry| entry.unwrap().into_path());
    let is_data = |path: &PathBuf| path.extension().is_some_and(|of| of == "parquet" || of == "csv");
    paths.filter(is_data).collect()
}

fn read(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// A column of any integer, decimal or timestamp type, as integers.
fn numbers(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let column = batch.column_by_name(name).unwrap();
    if let Some(array) = column.as_primitive_opt::<Int64Type>() {
        return array.values().to_vec();
    }
    if let Some(array) = column.as_primitive_opt::<Decimal64Type>() {
        return array.values().to_vec();
    }
    if let Some(array) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return array.values().to_vec();
    }
    if let Some(array) = column.as_primitive_opt::<Decimal128Type>() {
        return array.values().iter().map(|value| i64::try_from(*value).unwrap()).collect();
    }
    if let Some(array) = column.as_primitive_opt::<Decimal32Type>() {
        return array.values().iter().map(|value| i64::from(*value)).collect();
    }
    column.as_primitive::<Int32Type>().values().iter().map(|value| i64::from(*value)).collect()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    batch.column_by_name(name).unwrap().as_string::<i32>().iter().map(|text| text.unwrap().into()).collect()
}

fn transactions(folder: &Path) -> Vec<RecordBatch> {
    parquet_files(&folder.join("transactions")).iter().map(|path| read(path)).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_and_on_three() {
    let in_pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (folder, _) = pool.install(|| made(&SMALL));
        bytes(folder.path())
    };
    let once = in_pool(1);
    assert!(once == in_pool(3));
    assert!(once == in_pool(1));
}

#[test]
fn another_seed_gives_another_history() {
    let (first, _) = made(&SMALL);
    let (second, _) = made(&SynthOptions { seed: 8, ..SMALL });
    let (first, second) = (bytes(first.path()), bytes(second.path()));
    assert!(first.keys().eq(second.keys()));
    assert!(first.iter().all(|(path, bytes)| second[path] != *bytes));
}

/// The bytes depend on nothing but the options: not on the platform, nor on the C library's ln and exp.
#[test]
fn the_numbers_of_a_known_history_do_not_change() {
    let (_folder, totals) = made(&SMALL);
    let expected = SynthTotals {
        lines: 8_000,
        return_lines: 258,
        orders: 2_491,
        customers: 500,
        support_calls: 290,
        sales_visits: 49,
        answers: 612,
        complaints: 19,
        referrals: 113,
        contacts: 110,
        household_shares: 12,
        contracts: 51,
        points: 542,
        planned: 123,
        net_revenue_micros: 662_879_750_300,
        ledger_cents: 12_522_399,
    };
    assert_eq!(totals, expected);
}

/// A newer Parquet writer may well change the bytes: then make the sample again, as its README says.
#[test]
fn the_sample_data_is_what_its_readme_says_it_is_made_by() {
    let group =
        SynthOptions { lines: 6_000, customers: 300, months: 12, group: true, ..SynthOptions::default() };
    for (name, options) in [("retail", SynthOptions::default()), ("group", group)] {
        let (folder, _) = made(&options);
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data").join(name);
        let (made, kept) = (bytes(folder.path()), bytes(&sample));
        assert!(made.keys().eq(kept.keys()), "{name}");
        let changed: Vec<_> = made.iter().filter(|(path, bytes)| kept[*path] != **bytes).collect();
        assert!(changed.is_empty(), "{:?}", changed.iter().map(|(path, _)| path).collect::<Vec<_>>());
    }
}

/// What a group of companies has besides changes nothing of what is drawn otherwise.
#[test]
fn a_group_sells_what_a_company_sells() {
    let (alone, totals) = made(&SMALL);
    let (group, of_group) = made(&SynthOptions { group: true, ..SMALL });
    assert_eq!(totals, of_group);
    for (alone, group) in transactions(alone.path()).iter().zip(transactions(group.path())) {
        let columns = alone.num_columns();
        assert_eq!(alone.columns(), &group.columns()[..columns]);
        let names: Vec<_> = group.schema().fields()[columns..].iter().map(|of| of.name().clone()).collect();
        assert_eq!(names, ["company", "currency", "sold_to"]);
    }
    let rates = std::fs::read_to_string(group.path().join("rates.csv")).unwrap();
    assert!(rates.starts_with("currency,day,rate\nCHF,2022-12-26,"), "{rates}");
}

#[test]
fn exactly_the_rows_asked_for_are_written() {
    for (lines, customers, months) in
        [(8_000, 500, 6), (1, 1, 1), (50, 400, 12), (20_000, 3, 2), (999, 40, 30)]
    {
        let (folder, totals) = made(&SynthOptions { lines, customers, months, ..SMALL });
        let parts = transactions(folder.path());
        assert_eq!(parts.len(), usize::from(months));
        assert_eq!(parts.iter().map(|part| part.num_rows() as u64).sum::<u64>(), lines);
        assert_eq!(totals.lines, lines);
        let customers_written = read(&folder.path().join("customers.parquet"));
        assert_eq!(customers_written.num_rows() as u64, u64::from(customers));
    }
}

#[test]
fn every_month_has_its_own_file_with_the_rows_of_that_month_in_order_of_time() {
    let (folder, _) = made(&SMALL);
    for (table, time) in
        [("transactions", "ordered_at"), ("support_calls", "called_at"), ("sales_visits", "visited_at")]
    {
        for month in 1..=6_u32 {
            let path = folder.path().join(format!("{table}/2023-{month:02}.parquet"));
            let times = numbers(&read(&path), time);
            let first = Day::from_ymd(2023, month, 1).unwrap().micros();
            let end = Day::from_ymd(2023, month + 1, 1).unwrap().micros();
            assert!(times.is_sorted(), "{table} {month}");
            assert!(times.iter().all(|at| (first..end).contains(at)), "{table} {month}");
            assert!(!times.is_empty(), "{table} {month}");
        }
    }
}

#[test]
fn no_order_line_is_there_twice_and_lines_of_an_order_stand_together() {
    let (folder, totals) = made(&SMALL);
    let (mut seen, mut orders) = (HashSet::new(), BTreeSet::new());
    for part in transactions(folder.path()) {
        let order = numbers(&part, "order_id");
        let blocks: Vec<(i64, i64)> = order.iter().copied().zip(numbers(&part, "ordered_at")).collect();
        let distinct: HashSet<_> = blocks.iter().collect();
        assert_eq!(blocks.chunk_by(|a, b| a == b).count(), distinct.len());
        for (row, line) in numbers(&part, "line_no").into_iter().enumerate() {
            assert!(seen.insert((order[row], line)), "order {} line {line}", order[row]);
        }
        orders.extend(order);
    }
    let credit_notes = orders.iter().filter(|order| *order % 1_000_000_000 > 500_000_000).count();
    assert_eq!(orders.len() - credit_notes, usize::try_from(totals.orders).unwrap());
}

#[test]
fn returns_are_negative_lines_later_than_their_order_at_its_price() {
    let (folder, totals) = made(&SMALL);
    let (mut sold, mut returned) = (BTreeMap::new(), Vec::new());
    for part in transactions(folder.path()) {
        let [order, product, quantity, price, at] =
            ["order_id", "product_id", "quantity", "unit_price", "ordered_at"]
                .map(|name| numbers(&part, name));
        for row in 0..part.num_rows() {
            // A credit note has its order's number plus 500,000,000.
            let order_number =
                order[row] - if order[row] % 1_000_000_000 > 500_000_000 { 500_000_000 } else { 0 };
            let key = (order_number, product[row], price[row]);
            if quantity[row] > 0 {
                let first = sold.entry(key).or_insert((at[row], 0));
                first.1 += quantity[row];
            } else {
                returned.push((key, at[row], -quantity[row]));
            }
        }
    }
    assert_eq!(returned.len() as u64, totals.return_lines);
    assert!((0.025..0.065).contains(&(returned.len() as f64 / 8_000.0)), "{}", returned.len());
    for (key, at, units) in returned {
        let (sold_at, sold_units) = sold[&key];
        assert!(units > 0 && units <= sold_units && at > sold_at, "{key:?}");
    }
}

#[test]
fn some_rows_have_no_customer_some_are_tests_and_some_orders_cross_months() {
    let (folder, _) = made(&SynthOptions { lines: 60_000, customers: 3_000, ..SMALL });
    let (mut nameless, mut tests, mut months) = (0, 0, BTreeMap::<i64, usize>::new());
    for part in transactions(folder.path()) {
        nameless += part.column_by_name("customer_id").unwrap().null_count();
        tests += texts(&part, "status").iter().filter(|status| *status == "test").count();
        let orders: BTreeSet<i64> = numbers(&part, "order_id").into_iter().collect();
        orders.into_iter().for_each(|order| *months.entry(order).or_default() += 1);
    }
    let crossing = months.values().filter(|count| **count > 1).count();
    assert!((100..400).contains(&nameless), "{nameless}");
    assert!((10..200).contains(&tests), "{tests}");
    assert!((months.len() / 500..months.len() / 25).contains(&crossing), "{crossing} of {}", months.len());
}

#[test]
fn customers_buy_from_the_day_they_are_won_and_prospects_never() {
    let (folder, _) = made(&SMALL);
    let master = read(&folder.path().join("customers.parquet"));
    let acquired = master.column_by_name("acquired_on").unwrap();
    let acquired = acquired.as_primitive::<arrow::datatypes::Date32Type>();
    let mut buyers = BTreeSet::new();
    for part in transactions(folder.path()) {
        let customer = part.column_by_name("customer_id").unwrap().as_primitive::<Int64Type>().clone();
        for (row, at) in numbers(&part, "ordered_at").into_iter().enumerate() {
            if customer.is_valid(row) {
                let id = customer.value(row);
                let won = Day(acquired.value(usize::try_from(id - 1).unwrap()));
                assert!(at >= won.micros(), "customer {id}");
                buyers.insert(id);
            }
        }
    }
    assert!((350..490).contains(&buyers.len()), "{}", buyers.len());
}

#[test]
fn the_ledger_covers_every_month_with_a_plausible_share_of_net_revenue() {
    let (folder, totals) = made(&SMALL);
    let ledger = read(&folder.path().join("ledger.parquet"));
    assert_eq!(ledger.num_rows(), 6 * 12);
    let amounts = numbers(&ledger, "amount");
    assert!(amounts.iter().all(|cents| *cents > 0));
    assert_eq!(amounts.iter().map(|cents| i128::from(*cents)).sum::<i128>(), totals.ledger_cents);
    let per_cent = totals.ledger_cents * 1_000_000 / totals.net_revenue_micros;
    assert!((14..22).contains(&per_cent), "{per_cent} %");
}

#[test]
fn progress_ends_at_all_lines() {
    let folder = tempfile::tempdir().unwrap();
    let last = std::sync::atomic::AtomicU64::new(0);
    generate(folder.path(), &SMALL, &|done, all| {
        assert!(done <= all && all == 8_000);
        last.fetch_max(done, std::sync::atomic::Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(last.into_inner(), 8_000);
}

#[test]
fn impossible_options_are_all_told_at_once() {
    let options = SynthOptions { lines: 0, customers: 0, months: 0, start: Day(19_359), ..SMALL };
    let folder = tempfile::tempdir().unwrap();
    let error = generate(folder.path(), &options, &|_, _| ()).unwrap_err();
    assert_eq!((error.exit_code(), error.messages.len()), (2, 4), "{error}");
    assert!(error.messages.iter().any(|message| message.contains("--start: found 2023-01-02")), "{error}");
}

#[test]
fn a_folder_that_holds_a_history_is_refused_and_left_alone() {
    let (folder, _) = made(&SMALL);
    let before = bytes(folder.path());
    let error = generate(folder.path(), &SynthOptions { seed: 8, ..SMALL }, &|_, _| ()).unwrap_err();
    assert!(error.to_string().contains("transactions: already exists"), "{error}");
    assert!(before == bytes(folder.path()));
}
