//! Files of one source that hold a column in different types: read as one where nothing is lost, refused where something is.

use super::support::{Columns, Line, Pipeline, Published, replace, table, write};
use super::{nothing_is_published, sound, ten_customers};
use arrow::array::{ArrayRef, Int64Array, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use std::sync::Arc;

/// The same customers a year on, in orders of their own.
fn later() -> Vec<Line> {
    let lines = ten_customers().into_iter();
    lines.map(|line| Line { order: line.order + 100, at: (line.at.0 + 366, 0), ..line }).collect()
}

/// Two files of which one has a column in a type of its own, in both orders of their names.
fn both_orders(column: &'static str, change: impl Fn(&ArrayRef) -> ArrayRef) -> [Pipeline; 2] {
    [["a", "b"], ["b", "a"]].map(|[plain, changed]| {
        let pipeline = Pipeline::new();
        write(&pipeline.data(&format!("lines/{plain}.parquet")), table(&ten_customers()));
        write(&pipeline.data(&format!("lines/{changed}.parquet")), changed_table(column, &change));
        pipeline
    })
}

fn changed_table(column: &'static str, change: &impl Fn(&ArrayRef) -> ArrayRef) -> Columns {
    let columns = table(&later());
    let array = change(&columns.iter().find(|(name, _)| *name == column).unwrap().1);
    replace(columns, column, array)
}

fn to(data_type: DataType) -> impl Fn(&ArrayRef) -> ArrayRef {
    move |array| cast(array, &data_type).unwrap()
}

/// What two files of one type give.
fn expected() -> Published {
    let pipeline = sound();
    write(&pipeline.data("lines/b.parquet"), table(&later()));
    pipeline.publish(&[])
}

#[test]
fn drift_without_loss_gives_what_files_of_one_type_give() {
    use DataType::{
        Date32, Decimal128, Decimal256, Dictionary, Float32, Float64, Int8, Int32, LargeUtf8, UInt16, UInt64,
        Utf8, Utf8View,
    };
    let wall = |unit| DataType::Timestamp(unit, None);
    let expected = expected();
    for (column, data_type) in [
        ("customer_id", Int32),
        ("customer_id", UInt16),
        ("customer_id", UInt64),
        ("customer_id", Float64), // pandas, where a customer is missing
        ("order_id", Int32),
        ("quantity", Int8),
        ("quantity", UInt64),
        ("quantity", Decimal128(9, 2)), // other units, the same values
        ("quantity", Float32),
        ("quantity", Float64),
        ("unit_price", Decimal128(7, 2)), // pandas, each month with a precision of its own
        ("unit_price", Decimal128(38, 2)),
        ("unit_price", Decimal128(12, 4)),
        ("unit_price", Decimal128(38, 20)),
        ("unit_price", Decimal256(50, 6)),
        ("ordered_at", wall(TimeUnit::Nanosecond)), // pandas 2, then pandas 3
        ("ordered_at", wall(TimeUnit::Millisecond)),
        ("ordered_at", Date32),
        ("channel", LargeUtf8),
        ("channel", Utf8View),
        ("product_group", Dictionary(Box::new(Int32), Box::new(Utf8))),
    ] {
        for pipeline in both_orders(column, to(data_type.clone())) {
            let published = pipeline.publish(&[]);
            assert_eq!(published.counts(), [40, 40, 0, 0, 0], "{column} {data_type}");
            for name in ["customer_period", "customer_product", "customer"] {
                assert_eq!(published.rows(name), expected.rows(name), "{name}: {column} {data_type}");
            }
        }
    }
}

#[test]
fn instants_of_any_zone_are_the_same_instants() {
    let zoned = |zone: &str, unit| DataType::Timestamp(unit, Some(zone.into()));
    let write_both = |second: DataType| {
        let pipeline = Pipeline::new();
        for (name, lines, data_type) in
            [("a", ten_customers(), zoned("+00:00", TimeUnit::Microsecond)), ("b", later(), second)]
        {
            let columns = table(&lines);
            let utc = cast(&columns[4].1, &zoned("+00:00", TimeUnit::Microsecond)).unwrap();
            let at = cast(&utc, &data_type).unwrap();
            write(&pipeline.data(&format!("lines/{name}.parquet")), replace(columns, "ordered_at", at));
        }
        pipeline
    };
    let expected = write_both(zoned("+00:00", TimeUnit::Microsecond)).publish(&[]).digests();
    for (zone, unit) in [
        ("+02:00", TimeUnit::Microsecond),
        ("+00:00", TimeUnit::Nanosecond),
        ("-08:00", TimeUnit::Millisecond),
    ] {
        assert_eq!(write_both(zoned(zone, unit)).publish(&[]).digests(), expected, "{zone} {unit:?}");
    }
}

#[test]
fn drift_that_loses_something_names_both_files_whatever_their_order() {
    let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    for (column, change) in [
        ("quantity", Box::new(to(DataType::Utf8)) as Box<dyn Fn(&ArrayRef) -> ArrayRef>),
        ("customer_id", Box::new(to(DataType::Utf8))),
        ("unit_price", Box::new(to(DataType::Float64))),
        ("ordered_at", Box::new(to(zoned))),
        ("quantity", Box::new(to(DataType::Boolean))),
    ] {
        for pipeline in both_orders(column, &change) {
            let texts = [
                &format!("column '{column}' is ") as &str,
                "a.parquet",
                "b.parquet",
                "neither holds the other",
            ];
            pipeline.abacus(&["check"]).fails(4, &texts);
            pipeline.abacus(&["run"]).fails(4, &texts);
            nothing_is_published(&pipeline);
        }
    }
}

#[test]
fn an_integer_that_a_double_does_not_hold_is_named() {
    let pipeline = sound();
    let odd = Arc::new(Int64Array::from(vec![(1 << 53) + 1; 20])) as ArrayRef;
    write(&pipeline.data("lines/a.parquet"), replace(table(&ten_customers()), "order_id", odd));
    write(&pipeline.data("lines/b.parquet"), changed_table("order_id", &to(DataType::Float64)));
    let place = "lines/a.parquet: row group 0: column 'order_id' holds 9007199254740993";
    pipeline.abacus(&["run"]).fails(4, &[place, "not exact as the double"]);
}

#[test]
fn a_file_without_rows_may_have_any_types() {
    for name in ["0", "z"] {
        let pipeline = sound();
        let expected = pipeline.publish(&[]).digests();
        let nulls = table(&[]).into_iter().map(|(name, _)| (name, new_null_array(&DataType::Null, 0)));
        write(&pipeline.data(&format!("lines/{name}.parquet")), nulls.collect());
        assert_eq!(pipeline.publish(&["--full"]).digests(), expected);
    }
}

#[test]
fn a_column_without_a_value_may_have_any_type() {
    // A tool that finds no value in a month has no way to know the type.
    for data_type in [DataType::Null, DataType::Float64, DataType::Int32, DataType::Boolean] {
        for pipeline in both_orders("product_group", |array| new_null_array(&data_type, array.len())) {
            let published = pipeline.publish(&[]);
            assert_eq!(published.counts(), [40, 40, 0, 0, 0], "{data_type}");
            let groups =
                published.rows("customer_product").into_iter().map(|row| row["product_group"].clone());
            assert!(
                groups.clone().any(|group| group == "(none)")
                    && groups.clone().any(|group| group != "(none)")
            );
        }
    }
}

#[test]
fn a_column_without_a_value_in_any_file_may_have_two_types() {
    for used in ["product_group", "line_no"] {
        let pipeline = sound();
        for (name, lines, data_type) in
            [("a", ten_customers(), DataType::Int64), ("b", later(), DataType::Utf8)]
        {
            let nulls = new_null_array(&data_type, lines.len());
            let path = pipeline.data(&format!("lines/{name}.parquet"));
            write(&path, replace(table(&lines), used, nulls));
        }
        assert_eq!(pipeline.publish(&[]).counts(), [40, 40, 0, 0, 0], "{used}");
    }
}

#[test]
fn a_column_may_be_missing_where_null_is_right_or_an_answer_is_given() {
    let without = |name: &str| {
        let pipeline = sound();
        let columns = table(&later()).into_iter().filter(|(known, _)| *known != name).collect();
        write(&pipeline.data("lines/b.parquet"), columns);
        write(&pipeline.data("lines/0.parquet"), table(&[]));
        pipeline
    };
    for (name, key) in
        [("unit_cost", "cost"), ("status", "where"), ("customer_id", "customer"), ("channel", "filter")]
    {
        let pipeline = without(name);
        let message = format!("column '{name}' is missing here and present in ");
        let texts =
            ["lines/b.parquet", &message, "lines/a.parquet", &format!("'{key}' would be null"), "coalesce"];
        pipeline.abacus(&["check"]).fails(4, &texts);
        pipeline.abacus(&["run"]).fails(4, &texts);
    }
    let answered = without("unit_cost").with("quantity * unit_cost", "quantity * coalesce(unit_cost, 0)");
    assert_eq!(answered.publish(&[]).counts(), [40, 40, 0, 0, 0]);
    let answered = without("status").with("status <> 'test'", "status is null or status <> 'test'");
    assert_eq!(answered.publish(&[]).counts(), [40, 40, 0, 0, 0]);
    let answered =
        without("status").with("status <> 'test'", "quantity > 0 and coalesce(status, '') <> 'test'");
    assert_eq!(answered.publish(&[]).counts(), [40, 40, 0, 0, 0]);
    without("status")
        .with("status <> 'test'", "quantity > 99 and status <> 'test'")
        .abacus(&["check"])
        .fails(4, &["column 'status' is missing here"]);
    assert_eq!(without("product_group").publish(&[]).counts(), [40, 40, 0, 0, 0]);
    // One condition that is null loses the row, whatever the others answer.
    for condition in
        ["status <> 'test' and coalesce(channel, '') <> 'x'", "try_cast(status as date) > date '2020-01-01'"]
    {
        let pipeline = without("status").with("status <> 'test'", condition);
        pipeline.abacus(&["check"]).fails(4, &["column 'status' is missing here"]);
    }
    let driver = "driver = \"sum(line_no)\"\n#";
    let pipeline = without("line_no").with("driver = \"count(*) filter (where quantity > 0)\"", driver);
    pipeline.abacus(&["check"]).fails(4, &["column 'line_no' is missing here", "'sum' would be null"]);
}

#[test]
fn a_file_that_widens_a_column_makes_keys_of_it_again() {
    let pipeline = sound().with("customer = \"customer_id\"", "customer = \"cast(customer_id as varchar)\"");
    pipeline.publish(&[]);
    let columns = table(&later());
    let doubles = to(DataType::Float64)(&columns.iter().find(|(name, _)| *name == "customer_id").unwrap().1);
    write(&pipeline.data("lines/b.parquet"), replace(columns, "customer_id", doubles));
    let nightly = pipeline.publish(&[]).digests();
    assert_eq!(pipeline.publish(&["--full"]).digests(), nightly);
}

#[test]
fn the_first_file_need_not_have_every_column() {
    let pipeline = sound();
    let columns =
        table(&ten_customers()).into_iter().filter(|(known, _)| *known != "product_group").collect();
    write(&pipeline.data("lines/a.parquet"), columns);
    write(&pipeline.data("lines/b.parquet"), table(&later()));
    assert_eq!(pipeline.publish(&[]).counts(), [40, 40, 0, 0, 0]);
}

#[test]
fn names_that_differ_in_capitals_from_file_to_file_are_one_column() {
    let expected = expected().digests();
    let pipeline = sound();
    let columns = table(&later()).into_iter().map(|(name, array)| match name {
        "unit_price" => ("Unit_Price", array),
        "customer_id" => ("CUSTOMER_ID", array),
        _ => (name, array),
    });
    write(&pipeline.data("lines/b.parquet"), columns.collect());
    assert_eq!(pipeline.publish(&[]).digests(), expected);
}

#[test]
fn capitals_tell_columns_apart_where_one_file_has_both() {
    let pipeline = sound();
    let mut columns = table(&later());
    columns.push(("Status", Arc::new(StringArray::from(vec!["test"; 20])) as ArrayRef));
    write(&pipeline.data("lines/b.parquet"), columns);
    assert_eq!(pipeline.publish(&[]).counts(), [40, 40, 0, 0, 0]);
}

#[test]
fn two_columns_of_one_name_are_an_error_where_they_are_used() {
    let pipeline = Pipeline::new();
    let columns = table(&ten_customers());
    let fields = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let doubled = |name: &str| {
        let mut fields: Vec<Field> = fields.clone().collect();
        let mut arrays: Vec<ArrayRef> = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
        let index = fields.iter().position(|field| field.name() == name).unwrap();
        fields.push(fields[index].clone());
        arrays.push(Arc::clone(&arrays[index]));
        let batch = arrow::array::RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        let file = std::fs::File::create(pipeline.data("lines/a.parquet")).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    };
    doubled("unit_price");
    let texts = ["lines/a.parquet: two columns are called 'unit_price'", "rename one of them"];
    pipeline.abacus(&["check"]).fails(4, &texts);
    pipeline.abacus(&["run"]).fails(4, &texts);
    doubled("line_no");
    assert_eq!(pipeline.publish(&[]).counts(), [20, 20, 0, 0, 0]);
}

#[test]
fn a_name_with_a_point_is_a_column_when_quoted() {
    let expected = sound().publish(&[]).digests();
    let pipeline = Pipeline::new().with("quantity * unit_price", "quantity * \\\"unit.price\\\"");
    let columns = table(&ten_customers()).into_iter();
    let columns =
        columns.map(|(name, array)| (if name == "unit_price" { "unit.price" } else { name }, array));
    write(&pipeline.data("lines/a.parquet"), columns.collect());
    assert_eq!(pipeline.publish(&[]).digests(), expected);
}

#[test]
fn a_file_that_widens_a_column_makes_earlier_periods_again() {
    // What is kept of units and aggregates has as many digits after the point as the column had.
    let pipeline =
        sound().with("driver = \"count(*) filter (where quantity > 0)\"", "driver = \"sum(quantity)\"");
    pipeline.publish(&[]);
    write(&pipeline.data("lines/b.parquet"), changed_table("quantity", &to(DataType::Decimal128(9, 2))));
    let second = pipeline.publish(&[]);
    assert_eq!(second.digests(), pipeline.publish(&["--full"]).digests());
}
