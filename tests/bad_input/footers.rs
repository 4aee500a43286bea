//! Footers that claim what is not so. What they claim decides which rows belong to which period, so it is verified.

use super::support::{
    Columns, Pipeline, Published, claiming_rows, replace, table, with_row_groups, with_statistics, write,
};
use super::{nothing_is_published, sound, ten_customers};
use arrow::array::{ArrayRef, Date32Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;
/// 2024-01-01, in microseconds; the lines are of that day and of 2024-02-01.
const JANUARY: i64 = 19_723 * DAY;
const FEBRUARY: i64 = JANUARY + 31 * DAY;

fn micros(least: i64, most: i64, nulls: u64) -> Option<Statistics> {
    Some(Statistics::int64(Some(least), Some(most), None, Some(nulls), false))
}

/// The sound pipeline, whose footer has other statistics on its dates.
fn claiming(statistics: Option<Statistics>) -> Pipeline {
    let pipeline = sound();
    with_statistics(&pipeline.data("lines/a.parquet"), "ordered_at", statistics);
    pipeline
}

fn trusting_nothing(pipeline: Pipeline) -> Pipeline {
    pipeline.with("quantity = \"quantity\"", "trust_statistics = false\nquantity = \"quantity\"")
}

#[track_caller]
fn fails(pipeline: &Pipeline, texts: &[&str]) {
    for threads in ["1", "4"] {
        pipeline.abacus(&["run", "--threads", threads]).fails(4, texts);
        nothing_is_published(pipeline);
    }
}

#[test]
fn a_date_that_the_statistics_exclude_is_named_with_its_place_and_the_way_out() {
    let way_out = "trust_statistics = false";
    let expected = sound().publish(&[]).digests();
    for (statistics, row, day, claim) in [
        (micros(JANUARY, JANUARY + 5 * DAY, 0), "10", "2024-02-01", "2024-01-01 to 2024-01-06"),
        (micros(FEBRUARY, FEBRUARY, 0), "0", "2024-01-01", "2024-02-01 to 2024-02-01"),
        (micros(0, 0, 0), "0", "2024-01-01", "1970-01-01 to 1970-01-01"),
        (Some(Statistics::int64(None, None, None, Some(20), false)), "0", "2024-01-01", "no date"),
    ] {
        let pipeline = claiming(statistics);
        let place = format!("lines/a.parquet: row group 0: column 'ordered_at' row {row} is of {day}");
        fails(&pipeline, &[&place, claim, way_out]);
        let published = trusting_nothing(pipeline).publish(&[]);
        assert_eq!(published.digests(), expected);
    }
}

#[test]
fn statistics_that_cannot_be_are_refused_before_anything_is_read() {
    let pipeline = claiming(micros(FEBRUARY, JANUARY, 0));
    fails(
        &pipeline,
        &["lines/a.parquet: row group 0 column 'ordered_at'", "is above the greatest", "trust_statistics"],
    );
    pipeline.abacus(&["check"]).fails(4, &["is above the greatest"]);
    trusting_nothing(pipeline).publish(&[]);
}

#[test]
fn right_statistics_too_wide_ones_and_none_give_the_same_bytes() {
    let expected = sound().publish(&[]).digests();
    for statistics in
        [None, micros(i64::MIN, i64::MAX, 0), micros(JANUARY - 400 * DAY, FEBRUARY + 400 * DAY, 3)]
    {
        assert_eq!(claiming(statistics).publish(&[]).digests(), expected);
    }
}

#[test]
fn one_file_with_and_one_without_statistics_lose_no_row() {
    let pipeline = sound();
    let mut other = ten_customers();
    other.iter_mut().for_each(|line| line.order += 100);
    write(&pipeline.data("lines/b.parquet"), table(&other));
    let expected = pipeline.publish(&[]).digests();
    with_statistics(&pipeline.data("lines/a.parquet"), "ordered_at", None);
    for threads in ["1", "2", "4"] {
        assert_eq!(pipeline.publish(&["--full", "--threads", threads]).digests(), expected);
    }
}

#[test]
fn rows_that_the_footer_does_not_count_are_an_error() {
    let counts = |of_row_group: i64| {
        let pipeline = sound();
        with_row_groups(&pipeline.data("lines/a.parquet"), |row_group| {
            row_group.into_builder().set_num_rows(of_row_group).build().unwrap()
        });
        pipeline
    };
    for (of_row_group, claimed, text) in
        [(19, 20, "claims 20 rows, and its row groups 19"), (20, -1, "claims -1 rows")]
    {
        let pipeline = counts(of_row_group);
        claiming_rows(&pipeline.data("lines/a.parquet"), of_row_group, claimed);
        fails(&pipeline, &["lines/a.parquet", text]);
    }
    for rows in [0, 19, 21] {
        fails(&counts(rows), &["lines/a.parquet: row group 0 column", "20 values", &format!("{rows} rows")]);
    }
    // Every column agrees with the footer, and the pages do not.
    for rows in [19, 21] {
        let pipeline = sound();
        with_row_groups(&pipeline.data("lines/a.parquet"), |row_group| {
            let columns = row_group.columns().iter().cloned();
            let columns = columns.map(|column| column.into_builder().set_num_values(rows).build().unwrap());
            let columns = columns.collect();
            row_group.into_builder().set_num_rows(rows).set_column_metadata(columns).build().unwrap()
        });
        fails(
            &pipeline,
            &["lines/a.parquet: row group 0", "the pages hold 20 rows", &format!("claims {rows}")],
        );
    }
}

/// Publishes the sound history with the dates in another type; `options` write them as parquet-rs does by default.
fn dated(dates: ArrayRef, options: ArrowWriterOptions) -> Published {
    let pipeline = Pipeline::new();
    let columns: Columns = replace(table(&ten_customers()), "ordered_at", dates);
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = std::fs::File::create(pipeline.data("lines/a.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new_with_options(file, batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    pipeline.publish(&[])
}

#[test]
fn dates_of_every_type_lie_in_the_periods_that_their_statistics_say() {
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values((0..20).map(|row| 19_723 + row / 10 * 31)));
    let expected = dated(Arc::clone(&days), ArrowWriterOptions::new());
    assert_eq!(expected.rows("customer_period").len(), 20);
    let units = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let wall = units.into_iter().map(|unit| DataType::Timestamp(unit, None));
    let instants = units.into_iter().map(|unit| DataType::Timestamp(unit, Some("+00:00".into())));
    for data_type in wall.chain(instants).chain([DataType::Date64]) {
        for is_coerced in [false, true] {
            let properties = WriterProperties::builder().set_coerce_types(is_coerced).build();
            let options = ArrowWriterOptions::new().with_properties(properties);
            let published = dated(cast(&days, &data_type).unwrap(), options);
            assert_eq!(
                published.rows("customer_period"),
                expected.rows("customer_period"),
                "{data_type} {is_coerced}"
            );
        }
    }
}
