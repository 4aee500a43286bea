//! Executes a plan: stage by stage, timed, reported as events. Knows no stage by name and prints nothing.

mod resources;

pub use resources::peak_memory_bytes;

use crate::error::Result;
use crate::pipeline::Stage;
use std::time::Instant;

/// What an observer of a run is told. Calls may come from several threads.
pub trait Events: Sync + Send {
    /// A stage begins.
    fn stage_started(&self, name: &str, about: &str);
    /// A stage got on: (done, of).
    fn progress(&self, done: u64, of: u64);
    /// A stage ended, with a short account of what it did.
    fn stage_finished(&self, name: &str, seconds: f64, account: &str);
}

/// Seconds a stage took.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Timing {
    /// The stage.
    pub stage: String,
    /// Wall seconds.
    pub seconds: f64,
}

/// Runs the stages in order; `done` sees the timings so far, for the stage that publishes them.
///
/// # Errors
/// The first error of a stage ends the run.
pub fn execute<W>(
    plan: &[&Stage<W>],
    workspace: &mut W,
    events: &dyn Events,
    mut done: impl FnMut(&mut W, Timing),
) -> Result<()> {
    for stage in plan {
        events.stage_started(stage.name, stage.about);
        let start = Instant::now();
        let account = (stage.run)(workspace)?;
        let seconds = start.elapsed().as_secs_f64();
        events.stage_finished(stage.name, seconds, &account);
        done(workspace, Timing { stage: stage.name.to_owned(), seconds });
    }
    Ok(())
}
