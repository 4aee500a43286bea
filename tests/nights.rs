//! A run makes what follows from something that changed, and takes over the rest: each change of the pipeline file or of
//! its inputs is made to a release of the sample, and what the run leaves is held against a run that makes everything.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use abacus::pipeline::CONTROL_TOTALS;
use arrow::array::{Array, AsArray, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use support::Outcome;
use tempfile::TempDir;

/// A sample and its pipeline in a folder of their own, and its name.
struct Sample(TempDir, &'static str);

impl Sample {
    fn new() -> Self {
        Self::of("retail")
    }

    fn of(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let data = Path::new("sample_data").join(name);
        copy(&root.join(&data), &folder.path().join(&data));
        fs::create_dir(folder.path().join("pipelines")).unwrap();
        let sample = Self(folder, name);
        fs::copy(root.join(format!("pipelines/{name}.toml")), sample.file()).unwrap();
        sample
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(format!("pipelines/{}.toml", self.1))
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out").join(self.1)
    }

    fn abacus(&self, words: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
        let flags = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
        Outcome::of(command.args(&words[..flags]).arg(self.file()).args(&words[flags..]))
    }

    fn run(&self, flags: &[&str]) {
        let outcome = self.abacus(&[&["run"], flags].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }

    fn change(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.file()).unwrap();
        assert_eq!(text.matches(from).count(), 1, "'{from}' in the pipeline file");
        fs::write(self.file(), text.replace(from, to)).unwrap();
    }

    /// The expectations of the sample would stop what changes its totals.
    fn only_warn_of_totals(&self) {
        let text = fs::read_to_string(self.file()).unwrap();
        fs::write(self.file(), text.replace("equals = ", "severity = \"warn\"\nequals = ")).unwrap();
    }

    fn release(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.out().join("release.json")).unwrap()).unwrap()
    }

    /// Table and partition of every file of the current release, with its path, but of the tables about the run.
    fn files(&self) -> BTreeMap<(String, String), PathBuf> {
        let release = self.release();
        let mut files = BTreeMap::new();
        for (name, table) in release["tables"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| !["run", "restatement"].contains(&name.as_str()))
        {
            for file in table["files"].as_array().unwrap() {
                let path = self.out().join(file["path"].as_str().unwrap());
                files.insert((name.clone(), file["partition"].to_string()), path);
            }
        }
        files
    }

    fn bytes(&self) -> BTreeMap<(String, String), Vec<u8>> {
        self.files().into_iter().map(|(key, path)| (key, fs::read(path).unwrap())).collect()
    }

    /// Files on disk, which hard links share.
    fn inodes(&self) -> BTreeMap<(String, String), u64> {
        self.files().into_iter().map(|(key, path)| (key, fs::metadata(path).unwrap().ino())).collect()
    }

    /// Every file and folder of the sample, with its time and size.
    fn listing(&self) -> Vec<(PathBuf, SystemTime, u64)> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let (path, metadata) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
                found.push((path.clone(), metadata.modified().unwrap(), metadata.len()));
                folders.extend(metadata.is_dir().then_some(path));
            }
        }
        found.sort();
        found
    }

    /// By table, the stage that makes it; and the stages whose tables would be made again.
    fn plan(&self) -> (BTreeMap<String, String>, BTreeSet<String>) {
        let plan = self.abacus(&["plan", "--format", "json"]).json();
        let (mut makers, mut made) = (BTreeMap::new(), BTreeSet::new());
        for stage in plan["stages"].as_array().unwrap() {
            let name = stage["stage"].as_str().unwrap();
            let tables = stage["tables"].as_array().unwrap().iter();
            makers.extend(tables.map(|table| (table["table"].as_str().unwrap().to_owned(), name.to_owned())));
            if stage["kept"] == false {
                made.insert(name.to_owned());
            }
        }
        (makers, made)
    }

    /// Runs a night after a change, and holds it against one that makes everything; goes back to the release before.
    fn night(&self, what: &str, expected: &[&str]) {
        let before = self.inodes();
        let (makers, planned) = self.plan();
        let expected: BTreeSet<String> = [ALWAYS, expected].concat().into_iter().map(str::to_owned).collect();
        assert_eq!(planned, expected, "{what}");
        self.run(&[]);
        let (found, after) = (self.bytes(), self.inodes());
        for (file, inode) in &after {
            let is_linked = before.get(file) == Some(inode);
            // A table that the release before does not have is a new one.
            let is_made = makers.get(&file.0).is_none_or(|maker| expected.contains(maker));
            assert!(is_linked || is_made, "{what}: {file:?} was made again");
        }
        self.abacus(&["releases", "rollback"]).succeeds(&[]);
        self.run(&["--full"]);
        let fresh = self.bytes();
        let differing: Vec<_> = found
            .iter()
            .filter(|(file, bytes)| fresh.get(*file) != Some(*bytes))
            .map(|(file, _)| file)
            .collect();
        assert!(differing.is_empty() && found.len() == fresh.len(), "{what}: {differing:?}");
        self.abacus(&["releases", "rollback"]).succeeds(&[]);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => fs::copy(entry.path(), to.join(entry.file_name())).map(drop).unwrap(),
        }
    }
}

/// Segments start from the release before, and others take what they make.
const ALWAYS: &[&str] = &["segments", "perception", "needs", "star", "expect"];

/// Complaints and interviews are reasons of warnings; contacts, contracts, points and shared customers are read with them, and
/// rewards of referrals.
const ANSWERS: &[&str] =
    &["answers", "contracts", "lifecycle", "effects", "programme", "acquisition", "hierarchy"];

/// Groups and cohorts sum up residual values.
const CUSTOMER_BASE: &[&str] = &["clv", "lifecycle", "acquisition", "hierarchy"];

/// Contracts are valued within the same horizons.
const LIFETIME_VALUE: &[&str] = &["clv", "contracts", "lifecycle", "acquisition", "hierarchy"];

/// Nothing but what compares with it follows from a plan.
const PLAN: &[&str] = &["plan", "forecast"];

const PROFIT: &[&str] = &[
    "profitability",
    "plan",
    "sensitivity",
    "clv",
    "lifecycle",
    "effects",
    "programme",
    "acquisition",
    "hierarchy",
];

const ALL: &[&str] = &[
    "facts",
    "answers",
    "costing",
    "profitability",
    "plan",
    "forecast",
    "whatif",
    "sensitivity",
    "clv",
    "contracts",
    "lifecycle",
    "effects",
    "programme",
    "acquisition",
    "hierarchy",
];

/// What is changed in the pipeline file, and the further stages whose tables follow from it.
const CHANGES: &[(&str, &str, &[&str])] = &[
    ("discount      = \"quantity * unit_price * discount\"", "discount = \"0 * quantity\"", ALL),
    ("practical_minutes = 6_500", "practical_minutes = 6_400", ALL),
    ("[profitability] ", "[profitability]\nhigh_profit = 500\n#", PROFIT),
    ("[profitability] ", "[profitability]\norder_bands = [0, 100]\n#", PROFIT),
    ("bridges = [\"period\", \"quarter\", \"year\"]", "bridges = [\"period\"]", PROFIT),
    ("bridge_history = 24", "bridge_history = 2", PROFIT),
    ("off_by    = 0.1 ", "off_by    = 0.2 ", &["sensitivity"]),
    ("periods = 6", "periods = 7", &["forecast"]),
    ("{ \"freight\" = 1.2 }", "{ \"freight\" = 1.3 }", &["whatif"]),
    ("order_channel = \"channel\"", "order_channel = \"lower(channel)\"", ALL),
    ("discount_column     = \"discount\"", "", PLAN),
    ("horizons = [\"90 days\", \"1 year\"]", "horizons = [\"60 days\", \"1 year\"]", LIFETIME_VALUE),
    ("segment  = \"kind\"", "season = \"month\"\nsegment  = \"kind\"", LIFETIME_VALUE),
    (
        "segment  = \"kind\"",
        "contextual_factors = { files = \"../sample_data/retail/calendar.csv\", columns = \"campaign\" }\nsegment  = \"kind\"",
        LIFETIME_VALUE,
    ),
    ("gap_days = 180", "gap_days = 150", CUSTOMER_BASE),
    ("as_of    = [\"2024-01-01\", \"2024-07-01\"]", "as_of = [\"2024-01-01\"]", CUSTOMER_BASE),
    ("cost        = \"0.7 * price\"", "cost = \"0.6 * price\"", ANSWERS),
    ("share = 0.1\n", "share = 0.2\n", ANSWERS),
    ("holdout_days = 120", "holdout_days = 60", &["acquisition"]),
    ("worth    = 0.01", "worth = 0.02", ANSWERS),
    ("next_products = 2", "next_products = 1", &["hierarchy"]),
    ("criterion = \"silhouette\"", "criterion = \"calinski_harabasz\"", &[]),
    ("tolerance   = 1 ", "tolerance = 2 ", ANSWERS),
    ("at_most  = 500", "at_most = 499", &[]),
    ("path = \"../out/retail\"", "path = \"../out/retail\"\nrow_group_rows = 1000", ALL),
    ("path = \"../out/retail\"", "path = \"../out/retail\"\ndelta = true", &[]),
];

/// What one of the changes reads.
const CALENDAR: &str = "day,campaign\n2023-01-01,0\n2023-05-01,1\n2023-06-01,0\n2024-03-01,1\n2025-12-31,0\n";

/// Files of the sample that come with another time, and the further stages whose tables may follow from them.
const FILES: &[(&str, &[&str])] = &[
    ("transactions/2024-12.parquet", ALL),
    ("support_calls/2023-01.parquet", ALL),
    ("customers.parquet", ALL),
    ("products.parquet", ALL),
    ("ledger.parquet", ALL),
    ("surveys.parquet", ANSWERS),
    ("points.parquet", ANSWERS),
    ("referrals.parquet", ANSWERS),
    ("plan_sales.parquet", PLAN),
];

#[test]
fn what_follows_from_a_change_is_made_again_and_nothing_else() {
    let sample = Sample::new();
    fs::write(sample.0.path().join("sample_data/retail/calendar.csv"), CALENDAR).unwrap();
    sample.run(&[]);
    // From the second release on the models are those of the release before.
    sample.run(&["--republish"]);
    let original = fs::read_to_string(sample.file()).unwrap();
    for (from, to, expected) in CHANGES {
        sample.change(from, to);
        sample.only_warn_of_totals();
        sample.night(to, expected);
        fs::write(sample.file(), &original).unwrap();
    }
    for (name, expected) in FILES {
        let path = sample.0.path().join("sample_data/retail").join(name);
        let file = fs::File::options().write(true).open(path).unwrap();
        let time = file.metadata().unwrap().modified().unwrap();
        file.set_modified(time + Duration::from_secs(1)).unwrap();
        sample.night(name, expected);
        file.set_modified(time).unwrap();
    }
}

#[test]
fn a_night_without_changes_publishes_nothing_and_says_so() {
    let sample = Sample::new();
    sample.run(&[]);
    let first = sample.release();
    // What no result follows from: comments, layout, what the pipeline is for, what a run may take, scenarios.
    sample.change("[facts]\n", "[run]\nmemory = \"1GiB\"\n\n[facts] # of the shop\n\n");
    let outcome = sample.abacus(&["run"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.starts_with("unchanged "), "{outcome:?}");
    assert_eq!(sample.release(), first);
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_abacus"));
    elsewhere.args(["run", "retail.toml"]).current_dir(sample.file().parent().unwrap());
    assert!(Outcome::of(&mut elsewhere).stdout.starts_with("unchanged "), "another working folder");
    let json = sample.abacus(&["run", "--format", "json"]).json();
    assert_eq!((&json["unchanged"], &json["release"]), (&true.into(), &first["release"]));
    assert_eq!(json["control_totals"], first["run"]["control_totals"]);
    let (before, plan) = (sample.listing(), sample.abacus(&["plan", "--format", "json"]).json());
    assert_eq!(plan["unchanged"], first["release"]);
    assert_eq!(sample.listing(), before, "a plan writes nothing");
    // A question is about the same release, whatever the layout of the file is now.
    sample.abacus(&["explain", "--customer", "17"]).succeeds(&[]);
    sample.run(&["--republish"]);
    assert_ne!(sample.release()["release"], first["release"]);
}

#[test]
fn a_damaged_file_is_no_night_without_changes() {
    let sample = Sample::new();
    sample.run(&[]);
    let right = sample.bytes();
    let victim = sample.files().into_iter().find(|((table, _), _)| table == "customer").unwrap().1;
    let mut bytes = fs::read(&victim).unwrap();
    bytes[60] ^= 1;
    fs::write(&victim, bytes).unwrap();
    sample.run(&[]);
    let found = sample.bytes();
    assert!(found.keys().eq(right.keys()) && sample.abacus(&["releases", "verify"]).code == Some(0));
    let customer = right.keys().find(|(table, _)| table == "customer").unwrap();
    assert!(found[customer] == right[customer]);
}

#[test]
fn a_changed_digit_of_the_release_is_no_night_without_changes() {
    let sample = Sample::new();
    sample.run(&[]);
    let (right, first) = (sample.bytes(), sample.release());
    let pointer = sample.out().join("release.json");
    let text = fs::read_to_string(&pointer).unwrap();
    let customers = "\"customers\": 2632";
    assert_eq!(text.matches(customers).count(), 1);
    fs::write(&pointer, text.replace(customers, "\"customers\": 2633")).unwrap();
    sample.abacus(&["run"]).succeeds(&["warning: ", "release.json"]);
    let second = sample.release();
    assert_ne!(second["release"], first["release"]);
    assert_eq!(second["run"]["control_totals"], first["run"]["control_totals"]);
    assert_eq!(sample.abacus(&["releases", "verify"]).code, Some(0));
    assert!(sample.bytes().keys().eq(right.keys()));
}

#[test]
fn a_run_of_some_stages_leaves_out_what_would_not_follow() {
    let sample = Sample::new();
    sample.run(&[]);
    let (makers, made) = sample.plan();
    assert!(made.is_empty(), "nothing has changed, and {made:?} would be made");
    assert!(sample.abacus(&["run", "--only", "clv"]).stdout.starts_with("unchanged "));
    sample.change("practical_minutes = 6_500", "practical_minutes = 6_400");
    sample.only_warn_of_totals();
    let outcome = sample.abacus(&["run", "--only", "lifecycle"]);
    outcome.succeeds(&[
        "left out of this release: plan, forecast, sensitivity, contracts, effects, programme, acquisition, hierarchy, segments, whatif, \
         perception, needs, star, expect; ",
        "a run without --only",
    ]);
    let made: BTreeSet<&str> = sample.files().keys().map(|(table, _)| makers[table].as_str()).collect();
    let left_out = [
        "facts",
        "plan",
        "forecast",
        "whatif",
        "sensitivity",
        "contracts",
        "effects",
        "programme",
        "acquisition",
        "hierarchy",
    ];
    let asked: BTreeSet<&str> = ALL.iter().copied().filter(|stage| !left_out.contains(stage)).collect();
    assert_eq!(made, asked, "lifecycle takes from clv, and what is before is in every release");
    assert!(sample.abacus(&["run", "--only", "lifecycle"]).stdout.starts_with("unchanged "));
    sample.run(&[]);
    let found = sample.bytes();
    let made: BTreeSet<&str> = found.keys().map(|(table, _)| makers[table].as_str()).collect();
    assert!(made.contains("segments") && made.contains("perception"));
    sample.abacus(&["releases", "rollback"]).succeeds(&[]);
    sample.run(&["--full"]);
    assert!(found == sample.bytes(), "what was left out starts from the last release that has it");
    let outcome = sample.abacus(&["run", "--only", "segment"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("no such stage; did you mean 'segments'?"), "{outcome:?}");
}

type Rewrite = fn(&RecordBatch) -> RecordBatch;

/// Rewrites a small file.
fn rewrite(path: &Path, change: Rewrite) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let (schema, reader) = (reader.schema().clone(), reader.with_batch_size(1 << 20).build().unwrap());
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let [batch] = &batches[..] else { panic!("{} batches", batches.len()) };
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&change(batch)).unwrap();
    writer.close().unwrap();
}

fn without_its_last_rows(batch: &RecordBatch) -> RecordBatch {
    batch.slice(0, batch.num_rows() - 10)
}

/// An order a day later, between others of its customer: nothing of the month changes but the day.
fn with_an_order_a_day_later(batch: &RecordBatch) -> RecordBatch {
    let [order, at] = ["order_id", "ordered_at"].map(|name| batch.schema().index_of(name).unwrap());
    let orders = batch.column(order).as_primitive::<Int64Type>();
    let times = batch.column(at).as_primitive::<TimestampMicrosecondType>();
    let later = orders.values().iter().zip(times.values()).map(|(order, time)| match order {
        16_000_000_276 => time + 86_400_000_000,
        _ => *time,
    });
    let later = TimestampMicrosecondArray::from_iter_values(later).with_data_type(times.data_type().clone());
    let mut columns = batch.columns().to_vec();
    assert_ne!(times, &later);
    columns[at] = Arc::new(later);
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[test]
fn as_of_dates_and_bridges_are_taken_over_until_something_that_they_follow_from_is_restated() {
    let sample = Sample::new();
    sample.only_warn_of_totals();
    sample.run(&[]);
    let dates = ["2024-01-01", "2024-07-01", "2025-01-01"];
    let changes: [(&str, Rewrite, [bool; 3], Bridges); 4] = [
        ("2024-12", without_its_last_rows, [true, true, false], Some(&["2024-12-01"])),
        ("2024-04", with_an_order_a_day_later, [true, false, false], Some(&[])),
        ("2024-03", without_its_last_rows, [true, false, false], Some(&OF_MARCH)),
        // Who first bought in April is new later, or never: bridges of later months follow from that too.
        ("2024-04", without_its_last_rows, [true, false, false], None),
    ];
    for (month, change, taken_over, bridges) in changes {
        let before = sample.inodes();
        rewrite(&sample.0.path().join(format!("sample_data/retail/transactions/{month}.parquet")), change);
        sample.run(&[]);
        let (after, found) = (sample.inodes(), sample.bytes());
        for (date, taken_over) in dates.into_iter().zip(taken_over) {
            let file = ("lifecycle".to_owned(), format!("\"{date}\""));
            assert_eq!(before[&file] == after[&file], taken_over, "lifecycle as of {date} after {month}");
        }
        if let Some(bridges) = bridges {
            let is_made = |(file, inode): &(&(String, String), &u64)| {
                file.0 == "bridge" && before.get(*file) != Some(*inode)
            };
            let made: Vec<&str> =
                after.iter().filter(is_made).map(|(file, _)| file.1.trim_matches('"')).collect();
            assert_eq!(made, bridges, "bridges made after {month}");
        }
        sample.abacus(&["releases", "rollback"]).succeeds(&[]);
        sample.run(&["--full"]);
        assert!(sample.bytes() == found, "a run that makes everything after {month}");
    }
}

/// The partitions of bridges that are made again; none where they are not named.
type Bridges = Option<&'static [&'static str]>;

/// Partitions of bridges with spans that March 2024 is in: itself with its quarter, April, the next quarter, and the year.
const OF_MARCH: [&str; 4] = ["2024-03-01", "2024-04-01", "2024-06-01", "2024-12-01"];

/// First days of the periods that a run would make.
fn periods_to_make(sample: &Sample) -> Vec<String> {
    let plan = sample.abacus(&["plan", "--format", "json"]).json();
    let made = plan["made"].as_array().unwrap_or_else(|| panic!("{plan}"));
    made.iter().map(|period| period["period"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_changed_rate_makes_the_months_again_that_it_reaches() {
    let sample = Sample::of("group");
    // Without payments, which are valued at rates of days before theirs, a rate reaches its own month.
    let text = fs::read_to_string(sample.file()).unwrap();
    let (before, rest) = text.split_once("[facts.settlements]").unwrap();
    let (_, after) = rest.split_once("[facts.customers]").unwrap();
    fs::write(sample.file(), format!("{before}[facts.customers]{after}")).unwrap();
    let rates = sample.0.path().join("sample_data/group/rates.csv");
    let original = fs::read_to_string(&rates).unwrap();
    // Half of what dollars were worth in the middle of June.
    let halved = original.replace("USD,2023-06-1", "USD,2023-06-1#");
    let halved: Vec<String> = halved
        .lines()
        .map(|row| match row.split_once('#') {
            Some((key, rest)) => format!("{key}{},0.450000", &rest[..1]),
            None => row.to_owned(),
        })
        .collect();
    let halved = halved.join("\n") + "\n";
    sample.run(&[]);
    for settlements in [false, true] {
        if settlements {
            fs::write(sample.file(), &text).unwrap();
            sample.run(&[]);
        }
        assert!(periods_to_make(&sample).is_empty());
        // A rate of a day beyond the history is another file, and changes nothing.
        fs::write(&rates, format!("{original}USD,2024-03-01,0.900000\n")).unwrap();
        assert!(periods_to_make(&sample).is_empty());
        fs::write(&rates, &halved).unwrap();
        let made = periods_to_make(&sample);
        if settlements {
            // Of files that reach into June all rows are judged again, and so are the months before that they have rows of.
            assert!(made.ends_with(&SINCE_JUNE.map(str::to_owned)), "{made:?}");
            assert!(!made.contains(&"2023-02-01".to_owned()), "{made:?}");
        } else {
            assert_eq!(made, ["2023-06-01"]);
        }
        let before = sample.bytes();
        sample.run(&[]);
        let found = sample.bytes();
        sample.run(&["--full"]);
        assert!(found == sample.bytes(), "what a night makes is what a run makes that makes everything");
        assert!(before != found);
        fs::write(&rates, &original).unwrap();
        sample.run(&[]);
    }
}

const SINCE_JUNE: [&str; 7] =
    ["2023-06-01", "2023-07-01", "2023-08-01", "2023-09-01", "2023-10-01", "2023-11-01", "2023-12-01"];

#[test]
fn what_a_release_restates_adds_up_by_cause() {
    let sample = Sample::new();
    sample.only_warn_of_totals();
    sample.run(&[]);
    // Order lines of a month that had calls only, a month without its lines and a change of the costing, all at once.
    let history = sample.0.path().join("sample_data/retail/transactions");
    let december = history.join("2024-12.parquet");
    let kept = sample.0.path().join("2024-12.parquet");
    fs::rename(&december, &kept).unwrap();
    sample.run(&[]);
    fs::rename(&kept, &december).unwrap();
    fs::remove_file(history.join("2023-02.parquet")).unwrap();
    sample.change("practical_minutes = 6_500", "practical_minutes = 6_400");
    sample.run(&[]);
    let periods = sample.release()["run"]["period_totals"].clone();
    for totals in periods.as_object().unwrap().values() {
        let names: BTreeSet<&str> = totals.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, CONTROL_TOTALS.iter().copied().collect(), "what a gate may name");
    }
    let diff = sample.abacus(&["releases", "diff", "--format", "json"]).json();
    let number = |value: &serde_json::Value| -> i128 {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        format!("{whole}{fraction:0<4}").parse().unwrap()
    };
    let parts = diff["restated"].as_array().unwrap();
    let causes: BTreeSet<&str> = parts.iter().map(|part| part["cause"].as_str().unwrap()).collect();
    let expected = ["changed definition: costing.resource", "late rows", "removed rows"];
    assert!(expected.iter().all(|cause| causes.contains(cause)), "{causes:?}");
    for (name, after) in diff["control_totals"]["after"].as_object().unwrap() {
        let before = &diff["control_totals"]["before"][name];
        let of_total = parts.iter().filter(|part| part["control_total"] == name.as_str());
        let sum: i128 = of_total.map(|part| number(&part["change"])).sum();
        assert_eq!(sum, number(after) - number(before), "{name}");
    }
    assert_eq!(sample.release()["tables"]["restatement"]["files"][0]["rows"], parts.len());
    // A bound is held before anything is published.
    let release = sample.release();
    sample
        .change("path = \"../out/retail\"", "path = \"../out/retail\"\ngate = { customer_profit = 0.0001 }");
    sample.change("practical_minutes = 6_400", "practical_minutes = 6_000");
    sample.abacus(&["run", "--gate"]).fails(3, &["publish.gate: customer_profit", "changed definition"]);
    assert_eq!(sample.release(), release);
    sample.change("customer_profit = 0.0001", "customer_profit = 1");
    sample.run(&["--gate"]);
}
