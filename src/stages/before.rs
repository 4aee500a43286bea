//! What a run finds before its first stage.

use super::check::{earlier, earlier_contracts};
use super::contracts::STAGES;
use super::only::wanted;
use super::recipe::Recipe;
use super::reuse::Reuse;
use super::run_options::RunOptions;
use crate::clv;
use crate::contracts;
use crate::error::Result;
use crate::facts::schema::Identity;
use crate::facts::{Record, Scan};
use crate::memory::Memory;
use crate::pipeline::{self, Definition, Stage};
use crate::publish::{Home, Release, Staging, WriteOptions};
use crate::recall::{damaged_state, ledgers_of, record_of};
use crate::segments;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What a run finds before its first stage.
pub(super) struct Before {
    pub(super) state: PathBuf,
    /// The stages that the pipeline has.
    pub(super) plan: Vec<&'static Stage>,
    /// Those whose tables are asked for.
    wanted: BTreeSet<&'static str>,
    pub(super) memory: Memory,
    /// What the run follows from; none where a source cannot be found, which the stages say better.
    pub(super) recipe: Option<Recipe>,
    /// The current release.
    pub(super) base: Option<Release>,
    /// The release that may be taken over; none where everything is made again.
    current: Option<Release>,
    /// Whether it is what was published, its own account of itself too.
    is_whole: bool,
    /// Tables of it with a file that is not.
    damaged: BTreeSet<String>,
    /// What it kept of its facts.
    pub(super) record: Option<Record>,
    /// The ledgers of the current release.
    pub(super) ledgers: Vec<Identity>,
    /// What earlier releases say of lifetime value.
    pub(super) lifetime: clv::Earlier,
    /// What the last release chose for contracts.
    pub(super) contracts: contracts::Earlier,
    /// Releases that segments start from.
    pub(super) groups: segments::Earlier,
}

impl Before {
    pub(super) fn read(definition: &Definition, home: &Home, options: &RunOptions) -> Result<Self> {
        let plan = pipeline::plan(STAGES, definition)?;
        let wanted = wanted(&plan, definition, &options.only)?;
        let current = home.current()?;
        let lifetime = earlier(definition, home, options.reselect)?;
        let contracts = earlier_contracts(definition, home, options.reselect)?;
        let groups = segments::earlier(definition, home)?;
        let earlier = BTreeMap::from([
            ("clv".to_owned(), lifetime.digest()),
            ("contracts".to_owned(), contracts.digest()),
            ("segments".to_owned(), groups.digest()),
        ]);
        let recipe = Recipe::new(definition, options.as_of, options.verify_inputs, earlier).ok();
        let base = current.clone();
        let current = current.filter(|_| !options.full);
        let (is_whole, damaged) = current.as_ref().map_or((true, BTreeSet::new()), |of| verify(home, of));
        Ok(Self {
            state: home.state(),
            plan,
            wanted,
            memory: Memory::of(options.memory.or(definition.run.memory), &home.state()),
            recipe,
            record: current.as_ref().and_then(|current| home.or_warn(record_of(current))).flatten(),
            ledgers: ledgers_of(base.as_ref()),
            base,
            current,
            is_whole,
            damaged,
            lifetime,
            contracts,
            groups,
        })
    }

    /// The current release, if it follows from all that this run follows from, and is whole, its kept state too.
    pub(super) fn unchanged(&self, home: &Home, options: &RunOptions) -> Option<&Release> {
        let asks_for_more = options.full || options.again.is_some() || options.reselect || options.republish;
        let current = self.current.as_ref().filter(|_| !asks_for_more && self.is_whole)?;
        let is_same = self.changes()?.is_empty() && Reuse::has_all(current, &self.wanted);
        (is_same && damaged_state(home, current).is_ok_and(|files| files.is_empty())).then_some(current)
    }

    /// What is not as it was when the current release was made; none without one.
    pub(super) fn changes(&self) -> Option<Vec<String>> {
        let before = Recipe::of(self.current.as_ref()?)?;
        self.recipe.as_ref().map(|recipe| recipe.changes(&before))
    }

    /// Which stages of the plan are taken over from the current release, and which are left out.
    pub(super) fn reuse(&self, definition: &Definition) -> Reuse {
        let is_whole = |stage: &Stage| !stage.makes.iter().any(|table| self.damaged.contains(*table));
        let recipes = self.recipe.as_ref().map(|recipe| recipe.of_stages(&self.plan, definition));
        let recipes = recipes.unwrap_or_default();
        Reuse::new((&self.plan, &self.wanted), recipes, self.current.as_ref(), is_whole)
    }

    /// What tells how fast the sources are read: this run's scan, or that of the last run that read a row.
    pub(super) fn last_scan(&self, scan: Scan) -> Scan {
        let before = || self.current.as_ref().and_then(Reuse::scan_of);
        if scan.rows > 0 { scan } else { before().unwrap_or(scan) }
    }

    pub(super) fn begin(&self, definition: &Definition, home: &Home) -> Result<Staging> {
        home.begin(WriteOptions {
            encoding: definition.publish.encoding,
            row_group_rows: definition.publish.row_group_rows,
            delta: definition.publish.delta,
        })
    }
}

/// Holds every file of the current release against its digest, and warns of those that are not what was published: whether
/// all are, and the tables that are to be made again, all of them if that is not known.
fn verify(home: &Home, current: &Release) -> (bool, BTreeSet<String>) {
    let Some(damages) = home.or_warn(home.verify(current)) else {
        return (false, current.tables.keys().cloned().collect());
    };
    for damage in &damages {
        let path = home.path().join(&damage.path);
        home.warn(format!("{}: {}; what it holds is made again", path.display(), damage.found));
    }
    let is_damaged = |name: &&String| {
        let files = current.files(name);
        files.iter().any(|file| damages.iter().any(|damage| damage.path == file.path))
    };
    (damages.is_empty(), current.tables.keys().filter(is_damaged).cloned().collect())
}
