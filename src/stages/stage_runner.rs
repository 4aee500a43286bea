//! Runs stages one after another, or takes their tables over from the current release where nothing that they follow from changed.

use super::contracts::of;
use super::ran::Ran;
use super::reuse::Reuse;
use crate::error::Result;
use crate::memory::Memory;
use crate::pipeline::Stage;
use crate::publish::{StageTables, Staging};
use crate::run::{Events, Progress};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The stages that are still to come, and the tables of those that were run.
pub(super) struct StageRunner {
    pub(super) progress: Progress,
    pub(super) staging: Staging,
    pub(super) memory: Memory,
    pub(super) reuse: Reuse,
}

/// A stage's summary, none of one that the pipeline does not have; and what it handed on, none of one that was not run.
pub(super) type Done<S, H> = (Option<S>, Option<H>);

impl StageRunner {
    /// Runs a stage, and keeps a record of it for the next run.
    pub(super) fn run<S: Serialize, H>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>, &dyn Events) -> Result<Ran<S, H>>,
    ) -> Result<(S, H)> {
        let stage = of(name);
        self.memory.release_freed();
        let (staging, is_kept) = (&self.staging, self.reuse.keeps(stage));
        let (tables, events) = (staging.for_stage(stage, is_kept), self.progress.events());
        let expected = self.reuse.last_seconds(stage);
        let Ran { summary, hands_on, account } = self.progress.run(stage, expected, || {
            if is_kept {
                staging.take_over(stage)?;
            }
            let ran = work(tables, events.as_ref())?;
            let account = ran.account.clone();
            Ok((ran, account))
        })?;
        self.reuse.record(stage, &summary, account, self.progress.last_seconds());
        Ok((summary, hands_on))
    }

    /// Runs a stage that not every pipeline has, or takes its tables over from the current release.
    pub(super) fn run_or_keep<S: Serialize + DeserializeOwned, H>(
        &mut self,
        name: &str,
        work: impl FnOnce(StageTables<'_>) -> Result<Ran<S, H>>,
    ) -> Result<Done<S, H>> {
        let stage = of(name);
        if !self.progress.is_next(stage) {
            return Ok((None, None));
        }
        if !self.reuse.runs(stage) {
            return Ok((Some(self.take_over(stage)?), None));
        }
        let (summary, hands_on) = self.run(name, |tables, _| work(tables))?;
        Ok((Some(summary), Some(hands_on)))
    }

    fn take_over<S: DeserializeOwned>(&mut self, stage: &'static Stage) -> Result<S> {
        let (staging, reuse) = (&self.staging, &mut self.reuse);
        self.progress.run(stage, None, || {
            staging.take_over(stage)?;
            let (summary, account) = reuse.recall(stage)?;
            Ok((summary, format!("{account}, as before")))
        })
    }
}
