//! What became of the rows of each file: counts and findings as the engine made them, each held against the footer, and the
//! marked rows read from the file itself.

use super::columns::column;
use super::grain_files::batches;
use super::layout::counted;
use super::manifest::Manifest;
use super::marked_rows::{MarkedRows, Refused};
use super::matches::count;
use crate::error::{Error, Result};
use crate::facts::inputs::file_outcome::FileOutcome;
use crate::facts::inputs::findings::Found;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::source::{GroupOf, Source};
use crate::facts::run::options::GatherOptions;
use crate::facts::run::schedule::Run;
use crate::facts::schema::RowCounts;
use crate::facts::state::record::FileAccount;
use crate::pipeline::Mistake;
use std::collections::BTreeMap;

/// By source, and by file as the request calls it.
pub(super) struct Accounts<'m> {
    manifest: &'m Manifest,
    files: BTreeMap<(String, String), FileRows>,
}

/// What is said of a file's rows.
#[derive(Default)]
struct FileRows {
    counts: RowCounts,
    mistakes: Vec<CountedMistake>,
    /// Quarantined rows, in order.
    refused: Vec<Refused>,
}

/// What row checks found of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedMistake {
    pub(super) mistake: Mistake,
    rows: u64,
    money: i128,
    /// The first such row, counted over the file.
    pub(super) first: u64,
}

impl<'m> Accounts<'m> {
    /// # Errors
    /// A damaged grain.
    pub(super) fn read(manifest: &'m Manifest, run: &Run<'_>) -> Result<Self> {
        let mut accounts = Self { manifest, files: BTreeMap::new() };
        let looks_up_products = looks_up_products(&run.sources[0]);
        for batch in batches(manifest, "account", None) {
            let batch = batch?;
            let of = |name| column("account", &batch, name);
            let (sources, files) = (of("source")?.names()?, of("file")?.names()?);
            let [read, used, quarantined, excluded, after_as_of] =
                ["read", "used", "quarantined", "excluded", "after_as_of"].map(|name| of(name)?.counts());
            let counts = [read?, used?, quarantined?, excluded?, after_as_of?];
            let eliminated = match batch.column_by_name("eliminated") {
                Some(_) => of("eliminated")?.counts()?,
                None => vec![0; batch.num_rows()],
            };
            let mut mistakes = Vec::new();
            for mistake in counted(looks_up_products) {
                let names = ["rows", "money", "first"].map(|what| format!("{}_{what}", mistake.name()));
                let of = |name| column("account", &batch, name);
                let (rows, money) = (of(&names[0])?.counts()?, of(&names[1])?.fixed(run.money_scale)?);
                mistakes.push((mistake, rows, money, of(&names[2])?.counts_or_null()?));
            }
            for row in 0..batch.num_rows() {
                let file = accounts.file(sources.value(row), files.value(row));
                let [read, used, quarantined, excluded, after_as_of] =
                    counts.each_ref().map(|counts| count(counts[row]));
                file.counts = RowCounts {
                    read: read?,
                    used: used?,
                    quarantined: quarantined?,
                    excluded: excluded?,
                    after_as_of: after_as_of?,
                    eliminated: count(eliminated[row])?,
                };
                for (mistake, rows, money, first) in &mistakes {
                    if let (rows @ 1.., Some(first)) = (count(rows[row])?, first[row]) {
                        let (mistake, money, first) = (*mistake, money[row], count(first)?);
                        file.mistakes.push(CountedMistake { mistake, rows, money, first });
                    }
                }
            }
        }
        for batch in batches(manifest, "quarantine", None) {
            let batch = batch?;
            let of = |name| column("quarantine", &batch, name);
            let (sources, files) = (of("source")?.names()?, of("file")?.names()?);
            let (rows, reasons) = (of("row")?.counts()?, of("reason")?.names()?);
            for (index, row) in rows.into_iter().enumerate() {
                let refused = Refused { row: count(row)?, reason: reasons.value(index).to_owned() };
                accounts.file(sources.value(index), files.value(index)).refused.push(refused);
            }
        }
        accounts.files.values_mut().for_each(|file| file.refused.sort_unstable());
        Ok(accounts)
    }

    fn file(&mut self, source: &str, file: &str) -> &mut FileRows {
        self.files.entry((source.to_owned(), file.to_owned())).or_default()
    }

    /// Accounts of the files that have none yet.
    ///
    /// # Errors
    /// Counts that do not add up to the footer, rows that are not what the engine says, a file that cannot be read.
    pub(super) fn of_files(
        mut self,
        run: &Run<'_>,
        options: &GatherOptions<'_>,
        customers: &Interner,
    ) -> Result<Vec<FileAccount>> {
        let mut accounts = Vec::new();
        for (source_index, source) in run.sources.iter().enumerate() {
            for file_index in run.files_to_account_for(source_index) {
                let file = &source.files[file_index];
                let path = self.manifest.path_of(&source.name, &file.identity);
                let path = path.expect("every file to read was asked for").to_owned();
                let found = self.files.remove(&(source.name.clone(), path)).unwrap_or_default();
                let RowCounts { read, used, quarantined, excluded, after_as_of, eliminated } = found.counts;
                let parts = [used, quarantined, excluded, after_as_of, eliminated].iter().sum::<u64>();
                let listed = found.refused.len() as u64;
                if read != file.rows() || read != parts || quarantined != listed {
                    return Err(Error::input(format!(
                        "{}: the footer has {} rows; the facts account for {read}, whose parts sum to {parts}, and list {listed} \
                         of {quarantined} quarantined rows; run the job again, on a new request",
                        file.path.display(),
                        file.rows()
                    )));
                }
                let marked = MarkedRows {
                    run,
                    source: source_index,
                    file: file_index,
                    as_of: options.as_of,
                    customers,
                };
                let FileOutcome { quarantined, mistakes, .. } =
                    marked.read(&found.refused, &found.mistakes)?;
                let mistakes = counted_as(mistakes, &found.mistakes);
                let outcome = FileOutcome { counts: found.counts, quarantined, mistakes };
                accounts.push(run.account(source_index, file_index, outcome, &options.folder)?);
            }
        }
        Ok(accounts)
    }
}

/// Examples from the file, with the counts of all its rows.
fn counted_as(examples: Vec<Found>, counted: &[CountedMistake]) -> Vec<Found> {
    let with_counts = |example: Found| {
        let of_kind = counted.iter().find(|counted| counted.mistake == example.mistake)?;
        Some(Found { rows: of_kind.rows, money: of_kind.money.to_string(), ..example })
    };
    examples.into_iter().filter_map(with_counts).collect()
}

/// Whether the lines of a source look their group up by product.
fn looks_up_products(source: &Source) -> bool {
    source.sale.as_ref().is_some_and(|sale| matches!(sale.group, GroupOf::Product(_)))
}
