//! Runs stages one after another: timed, reported as events. Knows no stage by name and prints nothing.

mod resources;

pub use resources::peak_memory_bytes;

use crate::error::Result;
use crate::pipeline::Stage;
use std::sync::Arc;
use std::time::Instant;

/// The events that an observer of a run receives. Calls may come from several threads.
pub trait Events: Sync + Send {
    /// A stage begins; `expected` is the seconds it is going to take, by those it took.
    fn stage_started(&self, name: &str, about: &str, expected: Option<f64>);
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

/// The stages of a plan that are still to come, and the seconds of those that were run.
pub struct Progress {
    coming: std::vec::IntoIter<&'static Stage>,
    events: Arc<dyn Events>,
    /// Of the stages run so far.
    pub timings: Vec<Timing>,
}

impl Progress {
    /// Before the first stage.
    pub fn new(plan: Vec<&'static Stage>, events: Arc<dyn Events>) -> Self {
        Self { coming: plan.into_iter(), events, timings: Vec::new() }
    }

    /// Receives how far a stage is.
    pub fn events(&self) -> Arc<dyn Events> {
        self.events.clone()
    }

    /// Whether the plan has this stage next; stages that are not enabled are in no plan.
    pub fn is_next(&self, stage: &Stage) -> bool {
        self.coming.as_slice().first().is_some_and(|next| next.name == stage.name)
    }

    /// Of the stage that was run last; 0 before the first.
    pub fn last_seconds(&self) -> f64 {
        self.timings.last().map_or(0.0, |timing| timing.seconds)
    }

    /// Runs the next stage, which gives what it hands on and a short account of what it did.
    ///
    /// # Errors
    /// The stage's.
    pub fn run<T>(
        &mut self,
        stage: &Stage,
        expected: Option<f64>,
        work: impl FnOnce() -> Result<(T, String)>,
    ) -> Result<T> {
        assert!(self.is_next(stage), "stages run in the order of the plan, '{}' does not", stage.name);
        self.coming.next();
        self.events.stage_started(stage.name, stage.about, expected);
        let start = Instant::now();
        let (made, account) = work()?;
        let seconds = start.elapsed().as_secs_f64();
        self.events.stage_finished(stage.name, seconds, &account);
        self.timings.push(Timing { stage: stage.name.to_owned(), seconds });
        Ok(made)
    }
}
