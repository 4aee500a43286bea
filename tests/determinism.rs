//! The same history gives the same bytes, however it lies in files, whoever reads it, and whatever was kept.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use parquet::basic::{Compression, ZstdLevel};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use support::{Columns, Line, Pipeline, Published, Written, lines, replace, table, write, write_with};

const MONTHS: i64 = 4;
const FIRST_DAYS: [i64; 5] = [0, 31, 60, 91, 121];

/// A pipeline that uses all there is: events, distinct counts, time equations.
fn pipeline() -> Pipeline {
    let call = "[facts.events.call]\nfiles = \"../data/calls.parquet\"\ncustomer = \"customer_id\"\nat = \"ordered_at\"\n\n[[costing.resource]]";
    let pipeline = Pipeline::new().with("[[costing.resource]]", call).with(
        "[profitability]",
        "[[costing.activity]]\nname = \"answer call\"\non = \"call\"\nlevel = \"customer\"\nresource = \"order desk\"\n\
         minutes = \"0.3 * sum(unit_price) filter (where channel = 'phone')\"\n\n\
         [[costing.activity]]\nname = \"advise\"\nfrom = { \"warehouse\" = 0.05 }\n\
         driver = \"count(distinct product_group) + 2 * count(distinct channel) filter (where quantity > 3)\"\n\n[profitability]",
    );
    let calls: Vec<Line> = history().into_iter().filter(|line| line.order % 7 == 0).collect();
    write(&pipeline.data("calls.parquet"), table(&calls));
    pipeline
}

fn history() -> Vec<Line> {
    lines(11, 3_000, 121)
}

/// Lines as columns, with some that end in quarantine.
fn columns(lines: &[Line]) -> Columns {
    let quantity = lines.iter().map(|line| (line.order % 97 > 0).then_some(line.quantity));
    replace(table(lines), "quantity", Arc::new(quantity.collect::<Int64Array>()))
}

/// Lines of one month, counted from 0.
fn of_month(lines: &[Line], month: usize) -> Vec<Line> {
    let days = FIRST_DAYS[month]..FIRST_DAYS[month + 1];
    lines.iter().filter(|line| days.contains(&line.at.0)).cloned().collect()
}

/// A pipeline with one file a month.
fn by_month() -> Pipeline {
    let pipeline = pipeline();
    for month in 0..FIRST_DAYS.len() - 1 {
        let path = pipeline.data(&format!("lines/{month}.parquet"));
        write(&path, columns(&of_month(&history(), month)));
    }
    pipeline
}

/// What one file with all lines gives on one thread.
fn expected() -> Published {
    let pipeline = pipeline();
    write(&pipeline.data("lines/all.parquet"), columns(&history()));
    pipeline.publish(&["--threads", "1"])
}

/// The order of cards after a riffle: far from the first, and the same every time.
fn shuffled(lines: &[Line]) -> Vec<Line> {
    let step = 1_009;
    assert!(!lines.len().is_multiple_of(step));
    (0..lines.len()).map(|place| lines[place * step % lines.len()].clone()).collect()
}

#[test]
fn bytes_do_not_depend_on_threads() {
    let pipeline = pipeline();
    let how = Written { row_group_rows: 100, ..Written::default() };
    write_with(&pipeline.data("lines/a.parquet"), columns(&history()), how);
    let all = |published: Published| (published.digests(), published.rows("quarantine"));
    let expected = all(pipeline.publish(&["--threads", "1", "--full"]));
    assert!(!expected.1.is_empty());
    for threads in ["2", "8"] {
        assert!(all(pipeline.publish(&["--threads", threads, "--full"])) == expected, "{threads} threads");
    }
}

#[test]
fn bytes_do_not_depend_on_memory() {
    let pipeline = pipeline();
    // Row groups of no known days: the records of every period wait for the last row group of the run.
    let how = Written { row_group_rows: 100, statistics: false, ..Written::default() };
    write_with(&pipeline.data("lines/a.parquet"), columns(&history()), how);
    let all = |published: Published| (published.digests(), published.rows("quarantine"));
    let expected = all(pipeline.publish(&["--full"]));
    for memory in ["64MiB", "256MiB", "1TiB"] {
        assert!(all(pipeline.publish(&["--memory", memory, "--full"])) == expected, "{memory}");
    }
    let state = fs::read_dir(pipeline.out().join("state")).unwrap();
    let mut names: Vec<_> = state.map(|file| file.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["facts", "lock", "staging"], "nothing that was spilled is left");
}

#[test]
fn memory_that_nothing_can_run_in_is_refused() {
    for (memory, says) in [("1MiB", "at least 64MiB"), ("much", "no amount of memory"), ("512", "MiB")] {
        let outcome = pipeline().abacus(&["run", "--memory", memory]);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.contains(says), "{outcome:?}");
    }
}

/// What it is called, the lines of each file by its name, and how files are written.
type Layout<'n> = (&'n str, Vec<(&'n str, Vec<Line>)>, Written);

#[test]
fn bytes_do_not_depend_on_how_rows_lie_in_files() {
    let expected = expected();
    let (rows, counts) = (history(), expected.counts());
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let plain = Written::default();
    let cases: Vec<Layout<'_>> = vec![
        ("rows in another order", vec![("a", shuffled(&rows))], plain),
        ("small row groups", vec![("a", rows.clone())], Written { row_group_rows: 7, ..plain }),
        (
            "rows in another order in small row groups",
            vec![("a", shuffled(&rows))],
            Written { row_group_rows: 64, ..plain },
        ),
        ("no statistics", vec![("a", rows.clone())], Written { statistics: false, ..plain }),
        (
            "no statistics in small row groups",
            vec![("a", shuffled(&rows))],
            Written { statistics: false, row_group_rows: 300, ..plain },
        ),
        ("compressed", vec![("a", rows.clone())], Written { compression: zstd, ..plain }),
        ("two files", vec![("a", rows[..1_234].to_vec()), ("b", rows[1_234..].to_vec())], plain),
        (
            "two files by other names",
            vec![("z", rows[..1_234].to_vec()), ("b", rows[1_234..].to_vec())],
            plain,
        ),
        (
            "orders split over files",
            (0..5)
                .map(|part| {
                    (
                        ["e", "a", "d", "b", "c"][part],
                        shuffled(&rows).into_iter().skip(part).step_by(5).collect(),
                    )
                })
                .collect(),
            Written { row_group_rows: 50, ..plain },
        ),
        (
            "a file a month",
            (0..4).map(|month| (["d", "c", "b", "a"][month], of_month(&rows, month))).collect(),
            plain,
        ),
    ];
    for (what, files, how) in cases {
        let pipeline = pipeline();
        for (name, lines) in files {
            write_with(&pipeline.data(&format!("lines/{name}.parquet")), columns(&lines), how);
        }
        for threads in ["1", "8"] {
            let found = pipeline.publish(&["--threads", threads, "--full"]);
            assert_eq!(found.counts(), counts, "{what}");
            assert_eq!(found.digests(), expected.digests(), "{what}, {threads} threads");
        }
    }
}

/// Publishes the history with one column of another type; the calls' keys follow.
fn with_column(name: &str, change: &dyn Fn(&ArrayRef) -> ArrayRef) -> Published {
    let pipeline = pipeline();
    let changed = |columns: Columns| -> Columns {
        let old = columns.iter().find(|(known, _)| *known == name).map(|(_, array)| array.clone());
        replace(columns, name, change(&old.expect("the column exists")))
    };
    let calls: Vec<Line> = history().into_iter().filter(|line| line.order % 7 == 0).collect();
    write(&pipeline.data("calls.parquet"), changed(table(&calls)));
    write(&pipeline.data("lines/a.parquet"), changed(columns(&history())));
    pipeline.publish(&[])
}

fn as_text(keys: &ArrayRef) -> ArrayRef {
    let text = cast(keys, &DataType::Utf8).unwrap();
    let named = |key: Option<&str>| key.map(|key| format!("Zoë {key}"));
    let texts: StringArray = text.as_string::<i32>().iter().map(named).collect();
    Arc::new(texts)
}

#[test]
fn bytes_do_not_depend_on_how_keys_are_typed() {
    let to = |data_type: DataType| move |array: &ArrayRef| cast(array, &data_type).unwrap();
    let dictionary = |key: DataType| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    let integers = with_column("customer_id", &|keys| keys.clone());
    assert_eq!(integers.digests(), expected().digests());
    for data_type in [DataType::Int32, DataType::Int16] {
        let found = with_column("customer_id", &to(data_type.clone()));
        assert_eq!(found.digests(), integers.digests(), "customers are {data_type}");
    }
    let texts = with_column("customer_id", &as_text);
    for data_type in
        [DataType::LargeUtf8, DataType::Utf8View, dictionary(DataType::Int32), dictionary(DataType::UInt16)]
    {
        let found = with_column("customer_id", &|keys| cast(&as_text(keys), &data_type).unwrap());
        assert_eq!(found.digests(), texts.digests(), "customers are {data_type}");
    }
    for data_type in [DataType::LargeUtf8, dictionary(DataType::Int8)] {
        let found = with_column("product_group", &to(data_type.clone()));
        assert_eq!(found.digests(), integers.digests(), "product groups are {data_type}");
    }
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Nanosecond] {
        let found = with_column("ordered_at", &to(DataType::Timestamp(unit, None)));
        assert_eq!(found.digests(), integers.digests(), "instants are in {unit:?}");
    }
}

/// `abacus plan` as (rows to read, periods to make).
fn plan(pipeline: &Pipeline, flags: &[&str]) -> (u64, Vec<String>) {
    let plan = pipeline.abacus(&[&["plan", "--format", "json"], flags].concat()).json();
    let made = plan["made"].as_array().unwrap().iter();
    (plan["rows"].as_u64().unwrap(), made.map(|entry| entry["period"].as_str().unwrap().to_owned()).collect())
}

/// Spoils every page of a file and leaves its path, size, time and footer.
fn spoil(path: &Path) {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let mut bytes = fs::read(path).unwrap();
    for chunk in reader.metadata().row_groups().iter().flat_map(|row_group| row_group.columns()) {
        let (start, length) = chunk.byte_range();
        let range = usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap();
        bytes[range].iter_mut().for_each(|byte| *byte ^= 0xff);
    }
    fs::write(path, bytes).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

#[test]
fn a_second_run_reads_no_transaction_and_publishes_the_same_bytes() {
    let pipeline = by_month();
    let first = pipeline.publish(&[]);
    assert_eq!(plan(&pipeline, &[]), (0, vec![]));
    for month in 0..MONTHS {
        spoil(&pipeline.data(&format!("lines/{month}.parquet")));
    }
    spoil(&pipeline.data("calls.parquet"));
    assert_eq!(pipeline.publish(&[]).id(), first.id());
    let second = pipeline.publish(&["--republish"]);
    assert_ne!(first.id(), second.id());
    assert_eq!((first.digests(), first.counts()), (second.digests(), second.counts()));
    assert_eq!(first.rows("quarantine"), second.rows("quarantine"));
    assert_eq!(first.release["run"]["facts"], second.release["run"]["facts"]);
    // All bytes are another matter, and so is a run that reads.
    pipeline.abacus(&["run", "--verify-inputs"]).fails(4, &["cannot be decoded"]);
    pipeline.abacus(&["run", "--full"]).fails(4, &["cannot be decoded"]);
}

#[test]
fn periods_that_statistics_reach_and_rows_do_not_are_not_read_again() {
    // A filter that leaves January empty; a zone that lets every file reach into the months beside its own.
    let lines: Vec<Line> = history().into_iter().filter(|line| line.at.0 < 31 || line.at.0 >= 60).collect();
    let dated = |lines: &[Line]| {
        let columns = columns(lines);
        let at: &TimestampMicrosecondArray = columns[4].1.as_primitive();
        let at = Arc::new(at.clone().with_timezone("UTC"));
        replace(columns, "ordered_at", at)
    };
    let pipeline = pipeline()
        .with("currency = \"EUR\"", "currency = \"EUR\"\ntimezone = \"America/New_York\"")
        .with("status <> 'test'", "status <> 'test' and ordered_at >= timestamp '2024-02-01 00:00:00'");
    write(&pipeline.data("lines/a.parquet"), dated(&lines));
    write(&pipeline.data("calls.parquet"), dated(&lines[lines.len() / 2..]));
    let first = pipeline.publish(&[]);
    assert_eq!(plan(&pipeline, &[]), (0, vec![]));
    assert_eq!(pipeline.publish(&[]).digests(), first.digests());
    assert_eq!(plan(&pipeline, &[]), (0, vec![]));
    // With an as-of day the months after it are empty, night after night.
    pipeline.publish(&["--as-of", "2024-03-20"]);
    assert_eq!(plan(&pipeline, &["--as-of", "2024-03-20"]), (0, vec![]));
    assert_eq!(pipeline.publish(&[]).digests(), first.digests());
}

#[test]
fn late_rows_make_only_their_periods_again() {
    let pipeline = by_month();
    pipeline.publish(&[]);
    let late = |day, order| vec![Line::new(3, order, day), Line::new(1_000, order + 1, day + 1)];
    // A file of its own, then a month's file written again.
    write(&pipeline.data("lines/late.parquet"), columns(&late(40, 9_000)));
    let (rows, made) = plan(&pipeline, &[]);
    assert_eq!(made, ["2024-02-01"]);
    assert!(rows < 2_000, "{rows}");
    equals_a_full_run(&pipeline);
    let march = [of_month(&history(), 2), late(70, 9_500)].concat();
    write(&pipeline.data("lines/2.parquet"), columns(&march));
    assert_eq!(plan(&pipeline, &[]).1, ["2024-03-01"]);
    equals_a_full_run(&pipeline);
    // Rows in a month that had none, and a file that goes away.
    write(&pipeline.data("lines/new.parquet"), columns(&late(150, 9_900)));
    assert_eq!(plan(&pipeline, &[]), (2, vec!["2024-05-01".to_owned()]));
    equals_a_full_run(&pipeline);
    fs::remove_file(pipeline.data("lines/late.parquet")).unwrap();
    fs::remove_file(pipeline.data("lines/new.parquet")).unwrap();
    assert_eq!(plan(&pipeline, &[]).1, ["2024-02-01"]);
    equals_a_full_run(&pipeline);
}

/// Publishes from what is kept, and fails unless a run that keeps nothing publishes the same.
#[track_caller]
fn equals_a_full_run(pipeline: &Pipeline) {
    let kept = pipeline.publish(&[]);
    let full = pipeline.publish(&["--full"]);
    assert_eq!((kept.digests(), kept.counts()), (full.digests(), full.counts()));
    assert_eq!(kept.rows("quarantine"), full.rows("quarantine"));
    assert_eq!(kept.release["run"]["facts"], full.release["run"]["facts"]);
}

#[test]
fn a_file_without_statistics_takes_its_rows_with_it() {
    let pipeline = by_month();
    let expected = pipeline.publish(&[]).digests();
    let how = Written { statistics: false, ..Written::default() };
    write_with(&pipeline.data("lines/late.parquet"), columns(&[Line::new(3, 9_000, 40)]), how);
    assert_ne!(pipeline.publish(&[]).digests(), expected);
    fs::remove_file(pipeline.data("lines/late.parquet")).unwrap();
    assert_eq!(pipeline.publish(&[]).digests(), expected);
}

#[test]
fn asking_for_some_days_makes_their_periods_again() {
    let pipeline = by_month();
    let expected = pipeline.publish(&[]).digests();
    let flags = ["--from", "2024-02-10", "--until", "2024-03-02"];
    assert_eq!(plan(&pipeline, &flags).1, ["2024-02-01", "2024-03-01"]);
    assert_eq!(pipeline.publish(&flags).digests(), expected);
}

#[test]
fn another_definition_makes_every_period_again_and_the_old_one_comes_back() {
    let pipeline = by_month();
    let first = pipeline.publish(&[]);
    let pipeline = pipeline.with("quantity * unit_cost", "quantity * unit_cost * 1.5");
    assert_eq!(plan(&pipeline, &[]).1.len(), 4);
    equals_a_full_run(&pipeline);
    let pipeline = pipeline.with("quantity * unit_cost * 1.5", "quantity * unit_cost");
    assert_eq!(pipeline.publish(&[]).digests(), first.digests());
    // Rates are no facts: another amount reads nothing.
    let pipeline = pipeline.with("amount = 777.77", "amount = 888.88");
    assert_eq!(plan(&pipeline, &[]), (0, vec![]));
    equals_a_full_run(&pipeline);
}

#[test]
fn a_rollback_brings_back_the_release_and_its_state() {
    let pipeline = by_month();
    let first = pipeline.publish(&[]);
    write(&pipeline.data("lines/late.parquet"), columns(&[Line::new(3, 9_000, 40)]));
    let second = pipeline.publish(&[]);
    assert_ne!(first.digests(), second.digests());
    let outcome = pipeline.abacus(&["releases", "rollback"]);
    assert_eq!(outcome.stdout, format!("current is now {}\n", first.id()), "{outcome:?}");
    let back = pipeline.published();
    assert_eq!((back.id(), back.digests()), (first.id(), first.digests()));
    assert_eq!(pipeline.abacus(&["releases", "verify"]).code, Some(0));
    // The state is the first release's: February is made again for the late row.
    assert_eq!(plan(&pipeline, &[]).1, ["2024-02-01"]);
    assert_eq!(pipeline.publish(&[]).digests(), second.digests());
    assert_eq!(
        pipeline.abacus(&["releases", "list", "--format", "json"]).json().as_array().unwrap().len(),
        3
    );
}

#[test]
fn state_that_is_gone_is_made_again() {
    let pipeline = by_month();
    let first = pipeline.publish(&[]);
    let customers = first.release["run"]["facts"]["periods"][1]["customers"]["digest"].as_str().unwrap();
    fs::remove_file(pipeline.out().join(format!("state/facts/{customers}.arrow"))).unwrap();
    assert_eq!(plan(&pipeline, &[]).1, ["2024-02-01"]);
    assert_eq!(pipeline.publish(&[]).digests(), first.digests());
}

#[test]
fn an_as_of_day_within_a_period_equals_a_history_that_ends_there() {
    let pipeline = by_month();
    let whole = pipeline.publish(&[]);
    for (as_of, day) in [("2024-03-15", 74), ("2024-03-01", 60), ("2024-02-29", 59)] {
        let kept = pipeline.publish(&["--as-of", as_of]);
        let [read, used, quarantined, excluded, after] = kept.counts();
        assert_eq!(read, used + quarantined + excluded + after, "{as_of}");
        assert!(after > 0, "{as_of}");
        let truncated = self::pipeline();
        let before =
            |lines: Vec<Line>| -> Vec<Line> { lines.into_iter().filter(|line| line.at.0 < day).collect() };
        let calls: Vec<Line> = history().into_iter().filter(|line| line.order % 7 == 0).collect();
        write(&truncated.data("calls.parquet"), table(&before(calls)));
        write(&truncated.data("lines/all.parquet"), columns(&before(history())));
        assert_eq!(kept.digests(), truncated.publish(&["--as-of", as_of]).digests(), "{as_of}");
        assert_eq!(kept.digests(), pipeline.publish(&["--as-of", as_of, "--full"]).digests(), "{as_of}");
    }
    assert_eq!(pipeline.publish(&[]).digests(), whole.digests());
    // The day after the last row changes nothing: it is the default.
    assert_eq!(pipeline.publish(&["--as-of", "2024-05-01"]).digests(), whole.digests());
}
