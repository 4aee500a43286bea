//! What earlier releases say: cut points to use again, and where customers were.

use super::base::{BaseSlice, JoinedTable};
use super::cut::Cut;
use super::values::Values;
use crate::error::{Error, Result};
use crate::pipeline::{Definition, KeyType, Named, Position, RfmDef};
use crate::publish::read::{PublishedReader, Wanted};
use crate::publish::{Home, Release};
use arrow::datatypes::DataType;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The earlier releases a run uses.
#[derive(Debug, Default)]
pub struct Earlier {
    out: PathBuf,
    /// Where migration and changes of scores start from.
    pub migration: Option<Release>,
    /// Whose cut points are used again.
    pub cut_points: Option<Release>,
}

/// A file of an earlier release that a run used.
#[derive(Debug, Clone, serde::Serialize, PartialEq, Eq)]
pub struct UsedFile {
    /// The release.
    pub release: String,
    /// Relative to the out folder.
    pub path: String,
    /// Its digest.
    pub blake3: String,
}

/// Finds the releases that `[segments]` names; for migration, unless named, the last one that has segments.
///
/// # Errors
/// A named release that is not there, lacks what is wanted of it or is damaged, with the place in the pipeline file.
pub fn earlier(definition: &Definition, home: &Home) -> Result<Earlier> {
    let Some(segments) = &definition.segments else { return Ok(Earlier::default()) };
    let releases = home.releases()?;
    let find = |named: &Named, tables: &[&str]| {
        let place = definition.place(named.at);
        let Some(release) = releases.iter().find(|release| release.id == named.name) else {
            let known: Vec<&str> = releases.iter().map(|release| release.id.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Error::definition(format!(
                "{place}: no release '{}'; there are: {known}",
                named.name
            )));
        };
        if release.rows(tables[0]) == 0 {
            let message =
                format!("{place}: release '{}' has no {}; name one with [segments]", named.name, tables[0]);
            return Err(Error::definition(message));
        }
        match damage(home, release, tables)? {
            Some(found) => {
                Err(Error::input(format!("{place}: {found}; name another release, or leave its key out")))
            }
            None => Ok(release.clone()),
        }
    };
    let frozen = segments.rfm.cut_points_from.as_ref().map(|named| find(named, &[CUT_POINTS])).transpose()?;
    let tables = [SEGMENTS, CUT_POINTS];
    let migration = match &segments.migration_from {
        Some(named) => Some(find(named, &tables)?),
        None => {
            let last = home.last_with(|release| release.rows(SEGMENTS) > 0)?;
            last.filter(|last| is_whole(home, last, &tables))
        }
    };
    Ok(Earlier { out: home.path().to_owned(), migration, cut_points: frozen })
}

/// Whether these tables of a release are what was published; else migration starts anew, with a warning.
fn is_whole(home: &Home, release: &Release, tables: &[&str]) -> bool {
    let found = damage(home, release, tables).unwrap_or_else(|fault| Some(fault.to_string()));
    if let Some(found) = &found {
        home.warn(format!("{found}; nothing is compared with release {}", release.id));
    }
    found.is_none()
}

/// The first file of these tables that is not what was published, and how.
fn damage(home: &Home, release: &Release, tables: &[&str]) -> Result<Option<String>> {
    for file in tables.iter().flat_map(|table| release.files(table)) {
        let path = home.path().join(&file.path);
        if let Some(found) = file.damage_at(&path)? {
            return Ok(Some(format!("{}: {found}", path.display())));
        }
    }
    Ok(None)
}

const SEGMENTS: &str = "customer_segment";
const CUT_POINTS: &str = "rfm_cut_point";

/// Cut points of a release.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    pub(crate) release: String,
    pub(crate) cuts: [Vec<Cut>; 3],
}

/// Customers as an earlier release had them.
pub(crate) struct Before {
    pub(crate) release: String,
    /// Its `customer_segment`.
    table: PublishedReader,
    /// The columns of it that are read.
    columns: Vec<&'static str>,
    /// The cut points of then, if scores mean the same as now.
    pub(crate) frozen: Option<Frozen>,
}

/// What an earlier release says, by column: of the customers of a slice, null for those who were not there, and of
/// those who are gone, where the slice begins a block.
#[derive(Debug, Default)]
pub(crate) struct Then {
    pub(crate) here: BTreeMap<&'static str, Values>,
    pub(crate) gone: BTreeMap<&'static str, Values>,
    pub(crate) customers_gone: usize,
}

impl Before {
    /// How the table is merged with the base.
    pub(crate) fn joined(&self) -> JoinedTable<'_> {
        JoinedTable { table: SEGMENTS, reader: &self.table, columns: &self.columns }
    }

    /// What it says of the customers of a slice.
    ///
    /// # Errors
    /// Columns of an unknown type.
    pub(crate) fn then(&self, slice: &BaseSlice<'_>) -> Result<Then> {
        let Some((arrays, _)) = slice.joined() else { return Ok(Then::default()) };
        let (here, gone) = (slice.joined_rows(), slice.unmatched_rows());
        let mut then = Then { customers_gone: gone.len(), ..Then::default() };
        for (name, array) in self.columns.iter().zip(arrays) {
            let unknown = || Error::internal(format!("column '{name}' of an unknown type"));
            then.here.insert(name, Values::taken(array, &here).ok_or_else(unknown)?);
            then.gone.insert(name, Values::taken(array, &gone).ok_or_else(unknown)?);
        }
        Ok(then)
    }
}

/// Columns of `customer_segment` that are compared with those of now.
const COMPARED: [&str; 8] =
    ["r_score", "f_score", "m_score", "tier", "rfm_segment", "state", "customer_profit", "residual_value"];

impl Earlier {
    /// The cut points to use again.
    ///
    /// # Errors
    /// Files that changed, or scores that mean something else.
    pub(crate) fn frozen(&self, definition: &Definition, rfm: &RfmDef) -> Result<Option<Frozen>> {
        let Some(release) = &self.cut_points else { return Ok(None) };
        let place = rfm.cut_points_from.as_ref().map_or(Position::default(), |named| named.at);
        let frozen = self.cuts(release, rfm, definition.facts.money_scale)?;
        let frozen = frozen.ok_or_else(|| {
            Error::definition(format!(
                "{}: release '{}' has other bins, measures or digits of money, or bins by rank; expected the same as here",
                definition.place(place),
                release.id
            ))
        })?;
        Ok(Some(frozen))
    }

    /// The customers of the release that migration starts from.
    ///
    /// # Errors
    /// Files that changed, or keys of another type.
    pub(crate) fn before(
        &self,
        definition: &Definition,
        rfm: &RfmDef,
        keys: KeyType,
    ) -> Result<Option<Before>> {
        let Some(release) = &self.migration else { return Ok(None) };
        let table = PublishedReader::open(&self.files(release, SEGMENTS))?;
        let is_text = table.data_type("customer_id") == Some(DataType::Utf8);
        if table.rows() > 0 && is_text != (keys == KeyType::Text) {
            let message = format!("release '{}' has customer keys of another type", release.id);
            return Err(Error::definition(message));
        }
        let columns = COMPARED.into_iter().filter(|name| table.has(name)).collect();
        let frozen = self.cuts(release, rfm, definition.facts.money_scale)?;
        Ok(Some(Before { release: release.id.clone(), table, columns, frozen }))
    }

    /// Every file of earlier releases that this run reads.
    pub fn used(&self) -> Vec<UsedFile> {
        let migration =
            self.migration.iter().flat_map(|release| [(release, SEGMENTS), (release, CUT_POINTS)]);
        let frozen = self.cut_points.iter().map(|release| (release, CUT_POINTS));
        let of = |(release, table): (&Release, &str)| {
            let file = |file: &crate::publish::PublishedFile| UsedFile {
                release: release.id.clone(),
                path: file.path.clone(),
                blake3: file.blake3.clone(),
            };
            release.files(table).iter().map(file).collect::<Vec<_>>()
        };
        let mut used: Vec<UsedFile> = migration.chain(frozen).flat_map(of).collect();
        used.sort_by(|a, b| a.path.cmp(&b.path));
        used.dedup();
        used
    }

    /// Of every file of earlier releases that this run reads.
    pub fn digest(&self) -> String {
        blake3::hash(format!("{:?}", self.used()).as_bytes()).to_string()
    }

    fn files(&self, release: &Release, table: &str) -> Vec<PathBuf> {
        release.files(table).iter().map(|file| self.out.join(&file.path)).collect()
    }

    fn cuts(&self, release: &Release, rfm: &RfmDef, money_scale: u8) -> Result<Option<Frozen>> {
        let table = PublishedReader::open(&self.files(release, CUT_POINTS))?;
        let names = ["measure", "counts", "numerator", "denominator", "scale"];
        if !names.iter().all(|name| table.has(name)) {
            return Ok(None);
        }
        let arrays = table.cursor(&names.map(|name| (name, Wanted::Values)))?.next(table.rows())?;
        let rows: Vec<u32> = (0_u32..).take(table.rows()).collect();
        let columns: Option<Vec<Values>> = arrays.iter().map(|array| Values::taken(array, &rows)).collect();
        let columns =
            columns.ok_or_else(|| Error::internal(format!("{CUT_POINTS}: a column of an unknown type")))?;
        let [measure, counts, numerator, denominator, scale] = &columns[..] else {
            unreachable!("five were asked for")
        };
        let mut cuts: [Vec<Cut>; 3] = Default::default();
        for row in 0..rows.len() {
            let place = super::rfm::MEASURES.iter().position(|known| measure.text_at(row) == Some(known));
            let Some(place) = place else { return Ok(None) };
            let digits = if place == 2 { money_scale } else { 0 };
            let same = counts.text_at(row) == Some(super::rfm::meaning(rfm, place))
                && scale.fixed_at(row) == Some(digits.into());
            if !same {
                return Ok(None);
            }
            if let (Some(numerator), Some(denominator)) = (numerator.fixed_at(row), denominator.fixed_at(row))
            {
                cuts[place].push(Cut { numerator: numerator.into(), denominator });
            }
        }
        cuts.iter_mut().for_each(|cuts| cuts.sort_by_key(|cut| cut.numerator));
        let complete = cuts.iter().all(|cuts| cuts.len() + 1 == rfm.bins);
        Ok(complete.then(|| Frozen { release: release.id.clone(), cuts }))
    }
}
