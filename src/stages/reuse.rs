//! Incremental runs: the tables of stages whose recipes are those of the current release are taken over.

use super::stage_record::StageRecord;
use crate::error::{Error, Result};
use crate::facts::Scan;
use crate::pipeline::Stage;
use crate::publish::Release;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// What the summary and the manifest take of every run.
const REPORTED: &[&str] = &["facts", "answers", "costing"];

/// Which stages of a run are taken over from the current release.
pub(super) struct Reuse {
    recipes: BTreeMap<&'static str, String>,
    /// Of the stages whose tables are taken over.
    kept: BTreeMap<&'static str, StageRecord>,
    /// Of the plan, those that are neither asked for nor as they were.
    left_out: Vec<&'static str>,
    /// The stages that are run, for their tables or for what they hand on in memory.
    run: BTreeSet<&'static str>,
    /// Of the other stages of the release.
    before: BTreeMap<String, StageRecord>,
    /// Of the stages that are done, for the manifest.
    pub(super) records: BTreeMap<&'static str, StageRecord>,
}

impl Reuse {
    /// Tables of stages of the plan that have the recipe they had in the release are taken over, unless `is_whole` says
    /// that one of them is damaged. Other tables are made where they are wanted, and else left out.
    pub(super) fn new(
        (plan, wanted): (&[&'static Stage], &BTreeSet<&'static str>),
        recipes: BTreeMap<&'static str, String>,
        from: Option<&Release>,
        is_whole: impl Fn(&Stage) -> bool,
    ) -> Self {
        let mut before = from.map(records_of).unwrap_or_default();
        let (mut kept, mut run): (BTreeMap<_, _>, Vec<&Stage>) = Default::default();
        let mut left_out = Vec::new();
        for stage in plan.iter().copied().rev() {
            let is_same = |record: &StageRecord| recipes.get(stage.name) == Some(&record.recipe);
            if before.get(stage.name).is_some_and(is_same) && is_whole(stage) {
                kept.extend(before.remove(stage.name).map(|record| (stage.name, record)));
            }
            if !kept.contains_key(stage.name) && !wanted.contains(stage.name) {
                left_out.push(stage.name);
                continue;
            }
            let is_taken =
                |name: &&str| REPORTED.contains(name) || run.iter().any(|later| takes(later, name));
            if !kept.contains_key(stage.name) || stage.hands_on.iter().any(is_taken) {
                run.push(stage);
            }
        }
        let run = run.iter().map(|stage| stage.name).collect();
        left_out.reverse();
        Self { recipes, kept, left_out, run, before, records: BTreeMap::new() }
    }

    /// Whether a stage's tables are taken over.
    pub(super) fn keeps(&self, stage: &Stage) -> bool {
        self.kept.contains_key(stage.name)
    }

    /// Whether a release has tables of all these stages, or would if they had any.
    pub(super) fn has_all(release: &Release, stages: &BTreeSet<&'static str>) -> bool {
        let records = records_of(release);
        stages.iter().all(|name| records.contains_key(*name))
    }

    /// Whether a stage of the plan is left out.
    pub(super) fn leaves_out(&self, stage: &Stage) -> bool {
        self.left_out.contains(&stage.name)
    }

    /// What a person should know of stages that are left out.
    pub(super) fn left_out(&self) -> Option<String> {
        let names = self.left_out.join(", ");
        let way_out =
            "their tables would follow from what has changed since; a run without --only makes them";
        (!names.is_empty()).then(|| format!("left out of this release: {names}; {way_out}"))
    }

    /// Whether a stage is run.
    pub(super) fn runs(&self, stage: &Stage) -> bool {
        self.run.contains(stage.name)
    }

    /// The last scan that the run of a release, or of one before it, made.
    pub(super) fn scan_of(release: &Release) -> Option<Scan> {
        records_of(release).get("facts")?.scan()
    }

    /// Seconds that a stage is going to take, by those it took; what reads the sources takes them by the row. None where it
    /// has not run yet.
    pub(super) fn expected_seconds(&self, stage: &Stage, rows: u64) -> Option<f64> {
        if !self.runs(stage) {
            return Some(0.0);
        }
        let record = self.record_of(stage)?;
        let scan = if stage.hands_on.contains(&"facts") { record.scan() } else { None };
        Some(scan.map_or(record.seconds, |scan| record.seconds - scan.seconds + scan.seconds_of(rows)))
    }

    /// Seconds that a stage took when it was run last; none where it has not run yet, and for what reads the sources, which
    /// takes as long as there are rows to read.
    pub(super) fn last_seconds(&self, stage: &Stage) -> Option<f64> {
        let record = self.record_of(stage).filter(|_| !stage.hands_on.contains(&"facts"));
        record.map(|record| record.seconds)
    }

    fn record_of(&self, stage: &Stage) -> Option<&StageRecord> {
        self.kept.get(stage.name).or_else(|| self.before.get(stage.name))
    }

    /// Whether a stage that is run takes what another hands on under this name.
    pub(super) fn is_wanted(&self, plan: &[&'static Stage], name: &str) -> bool {
        plan.iter().any(|stage| self.runs(stage) && takes(stage, name))
    }

    /// The summary of a stage that is taken over, and what it did.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub(super) fn recall<S: DeserializeOwned>(&mut self, stage: &Stage) -> Result<(S, String)> {
        let record = self.kept[stage.name].clone();
        let summary = serde_json::from_str(&record.summary).map_err(|fault| {
            Error::input(format!(
                "the record of stage '{}' cannot be read: {fault}; run with --full",
                stage.name
            ))
        })?;
        let account = record.account.clone();
        self.records.insert(stage.name, record);
        Ok((summary, account))
    }

    /// Keeps a record of a stage for the next run.
    pub(super) fn record<S: Serialize>(&mut self, stage: &Stage, summary: &S, account: String, seconds: f64) {
        let Some(recipe) = self.recipes.get(stage.name).cloned() else { return };
        let summary = serde_json::to_string(summary).expect("a summary is plain JSON");
        self.records.insert(stage.name, StageRecord { recipe, account, seconds, summary });
    }
}

fn takes(stage: &Stage, name: &str) -> bool {
    stage.takes().any(|taken| taken == name)
}

/// None where another program wrote them.
fn records_of(release: &Release) -> BTreeMap<String, StageRecord> {
    let records = release.run.get("stages").cloned();
    records.and_then(|records| serde_json::from_value(records).ok()).unwrap_or_default()
}
