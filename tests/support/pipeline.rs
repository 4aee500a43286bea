//! A pipeline file in a temporary folder, and the program run on it.

use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use tempfile::TempDir;

/// A pipeline over `data/lines/*.parquet`, with every part that reads transactions.
const DEFINITION: &str = r#"about = "A small history."

[facts]
period = "month"
currency = "EUR"

[facts.transactions]
files = "../data/lines/*.parquet"
where = "status <> 'test'"
customer = "customer_id"
order = "order_id"
product_group = "product_group"
at = "ordered_at"
quantity = "quantity"
revenue = "quantity * unit_price"
cost = "quantity * unit_cost"

[[costing.resource]]
name = "order desk"
amount = 1_000.00
capacity = { practical_minutes = 2_000 }

[[costing.resource]]
name = "warehouse"
amount = 777.77

[[costing.activity]]
name = "take order"
resource = "order desk"
minutes = "3 * count(distinct order) + 0.5 * count(*) filter (where channel = 'phone')"

[[costing.activity]]
name = "pick"
from = { "warehouse" = 0.7 }
driver = "count(*) filter (where quantity > 0)"

[[costing.activity]]
name = "keep account"
from = { "warehouse" = 0.2 }
driver = "per active customer"
level = "customer"

[profitability]
"#;

/// A pipeline in a folder of its own: `pipelines/history.toml`, `data/lines/`, `pipelines/out/history`.
pub(crate) struct Pipeline {
    folder: Rc<TempDir>,
}

impl Pipeline {
    /// With an empty `data/lines`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["pipelines", "data/lines"] {
            fs::create_dir_all(folder.path().join(name)).expect("folders can be made");
        }
        fs::write(folder.path().join("pipelines/history.toml"), DEFINITION).expect("files can be written");
        Self { folder: Rc::new(folder) }
    }

    /// The same pipeline file with one text in place of another, which it must hold.
    pub(crate) fn with(self, found: &str, replacement: &str) -> Self {
        let text = fs::read_to_string(self.file()).expect("the pipeline file");
        assert!(text.contains(found), "the pipeline file has no {found}");
        fs::write(self.file(), text.replacen(found, replacement, 1)).expect("files can be written");
        self
    }

    /// The same pipeline file with more at its end.
    pub(crate) fn and(self, more: &str) -> Self {
        let text = fs::read_to_string(self.file()).expect("the pipeline file");
        fs::write(self.file(), format!("{text}{more}")).expect("files can be written");
        self
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("pipelines/history.toml")
    }

    /// A file of the history.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("pipelines/out/history")
    }

    /// A command on this pipeline, not yet run: `["run"]`, `["releases", "list"]`.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
        let flags = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
        command.args(&words[..flags]).arg(self.file()).args(&words[flags..]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command on this pipeline: words, then flags.
    pub(crate) fn abacus(&self, words: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(words))
    }

    /// Runs the pipeline, which must work, and reads what it published.
    pub(crate) fn publish(&self, flags: &[&str]) -> Published {
        let outcome = self.abacus(&[&["run"], flags].concat());
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        self.published()
    }

    /// The current release.
    pub(crate) fn published(&self) -> Published {
        let published = Published::read(&self.out()).expect("there is a release");
        Published { folder: Some(self.folder.clone()), ..published }
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None` when it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().expect("abacus starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The command ended well, and said all of this on stderr.
    #[track_caller]
    pub(crate) fn succeeds(&self, texts: &[&str]) {
        assert_eq!(self.code, Some(0), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "no '{text}' in: {}", self.stderr);
        }
    }

    /// Fails unless the command ended so, with all of these texts in its messages.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "no '{text}' in: {}", self.stderr);
        }
        let told = self.stderr.lines().filter(|line| line.starts_with("error: "));
        assert!(told.clone().count() > 0, "{}", self.stderr);
        assert!(told.clone().all(|line| !line.ends_with('.')), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    /// stdout as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("{fault}: {self:?}"))
    }
}

/// A release as `release.json` tells it.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) release: serde_json::Value,
    out: PathBuf,
    /// Kept as long as its tables may be read.
    folder: Option<Rc<TempDir>>,
}

impl Published {
    /// The current release of an out folder; fails if a file of it is missing or changed.
    pub(crate) fn read(out: &Path) -> Option<Self> {
        let text = fs::read(out.join("release.json")).ok()?;
        let release = serde_json::from_slice(&text).expect("release.json is JSON");
        let published = Self { release, out: out.to_owned(), folder: None };
        for file in published.release["tables"].as_object().expect("tables").values().flat_map(files) {
            let path = file["path"].as_str().expect("a path");
            let bytes = fs::read(out.join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"));
            assert_eq!(file["blake3"], blake3::hash(&bytes).to_string(), "{path}");
        }
        Some(published)
    }

    pub(crate) fn id(&self) -> &str {
        self.release["release"].as_str().expect("a release has an id")
    }

    /// Digest of every file that must not depend on how the run was done, by table and partition.
    pub(crate) fn digests(&self) -> BTreeMap<String, String> {
        let tables = self.release["tables"].as_object().expect("tables");
        // `run` holds timings, `restatement` what was before, `quarantine` and `data_mistake` where rows lay.
        let others = ["run", "restatement", "quarantine", "data_mistake"];
        let fixed = tables.iter().filter(|(name, _)| !others.contains(&name.as_str()));
        let of = |(name, table): (&String, &serde_json::Value)| {
            let entry = |file: &serde_json::Value| {
                (format!("{name} {}", file["partition"]), format!("{} {}", file["rows"], file["blake3"]))
            };
            files(table).iter().map(entry).collect::<Vec<_>>()
        };
        fixed.flat_map(of).collect()
    }

    /// All rows of a table, each by column name, as text.
    pub(crate) fn rows(&self, table: &str) -> Vec<BTreeMap<String, String>> {
        let paths = files(&self.release["tables"][table]).iter();
        let paths = paths.map(|file| self.out.join(file["path"].as_str().expect("a path")));
        paths.flat_map(|path| rows_of(&path)).collect()
    }

    /// The run's account of rows: read, used, quarantined, excluded, after_as_of.
    pub(crate) fn counts(&self) -> [u64; 5] {
        let rows = &self.release["run"]["rows"];
        ["read", "used", "quarantined", "excluded", "after_as_of"]
            .map(|key| rows[key].as_u64().unwrap_or_else(|| panic!("{key} in {rows}")))
    }
}

fn files(table: &serde_json::Value) -> &Vec<serde_json::Value> {
    table["files"].as_array().expect("a table has files")
}

/// Rows whose columns say this.
pub(crate) fn those<'r>(
    rows: &'r [BTreeMap<String, String>],
    with: &[(&str, &str)],
) -> Vec<&'r BTreeMap<String, String>> {
    rows.iter().filter(|row| with.iter().all(|(column, value)| row[*column] == *value)).collect()
}

/// The rows of one Parquet file.
pub(crate) fn rows_of(path: &Path) -> Vec<BTreeMap<String, String>> {
    let file = File::open(path).expect("a published file");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file").build();
    let options = FormatOptions::default().with_null("null");
    let mut rows = Vec::new();
    for batch in reader.expect("a readable file") {
        let batch = batch.expect("a readable batch");
        let schema = batch.schema();
        let columns: Vec<ArrayRef> = batch.columns().iter().map(without_zone_name).collect();
        let formatter = |column| ArrayFormatter::try_new(column, &options).expect("a flat column");
        let formatters: Vec<_> =
            columns.iter().map(|column| formatter(column.as_ref() as &dyn Array)).collect();
        for row in 0..batch.num_rows() {
            let value = |(field, formatter): (&arrow::datatypes::FieldRef, &ArrayFormatter<'_>)| {
                (field.name().clone(), formatter.value(row).to_string())
            };
            rows.push(schema.fields().iter().zip(&formatters).map(value).collect());
        }
    }
    rows
}

/// Instants as text need an offset in place of the zone's name.
fn without_zone_name(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            cast(column, &DataType::Timestamp(*unit, Some("+00:00".into()))).expect("only the name changes")
        }
        _ => column.clone(),
    }
}
