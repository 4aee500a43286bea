//! The contract every stage keeps, and the plan that follows from it.

use super::Definition;
use crate::error::{Error, Result};

/// In place of the name of a table: whatever tables were made before.
pub const EVERY_TABLE: &str = "*";

/// What a step of a run takes and makes. What is not a table is handed on in memory; both are named in one list, for a
/// stage may not know which it will be.
#[derive(Debug)]
pub struct Stage {
    /// Its room's name.
    pub name: &'static str,
    /// What it does, for `plan` and the progress line.
    pub about: &'static str,
    /// The sections of the pipeline file that its tables follow from, with the files of the sources that they name.
    pub reads: &'static [&'static str],
    /// What it cannot do without.
    pub needs: &'static [&'static str],
    /// What it takes where the pipeline has it.
    pub may_use: &'static [&'static str],
    /// Whether the definition has it take something of that.
    pub takes_where: fn(&Definition, &str) -> bool,
    /// Tables it publishes.
    pub makes: &'static [&'static str],
    /// What it hands on in memory.
    pub hands_on: &'static [&'static str],
    /// Whether the definition turns it on.
    pub enabled: fn(&Definition) -> bool,
}

impl Stage {
    /// The definition with the sections it reads, and no other; what says where things lie stays. A new section does not
    /// compile until it is decided here who sees it.
    pub fn view(&self, definition: &Definition) -> Definition {
        let has = |section: &str| self.reads.contains(&section);
        let Definition {
            path,
            name,
            about,
            digest,
            text,
            sections,
            facts,
            costing,
            scenarios,
            profitability,
            lifecycle,
            clv,
            contracts,
            counted_histories,
            plan,
            forecast,
            sensitivity,
            segments,
            effects,
            hierarchy,
            acquisition,
            programme,
            perception,
            needs,
            run,
            publish,
            expect,
        } = definition.clone();
        Definition {
            path,
            name,
            about,
            digest,
            text,
            sections,
            facts,
            costing: costing.filter(|_| has("costing")),
            scenarios: if has("whatif") { scenarios } else { Vec::new() },
            profitability: profitability.filter(|_| has("profitability")),
            lifecycle: lifecycle.filter(|_| has("lifecycle")),
            clv: clv.filter(|_| has("clv")),
            contracts: contracts.filter(|_| has("contracts")),
            counted_histories: counted_histories.filter(|_| has("counted_histories")),
            plan: plan.filter(|_| has("plan")),
            forecast: forecast.filter(|_| has("forecast")),
            sensitivity: sensitivity.filter(|_| has("sensitivity")),
            segments: segments.filter(|_| has("segments")),
            effects: effects.filter(|_| has("effects")),
            hierarchy: hierarchy.filter(|_| has("hierarchy")),
            acquisition: acquisition.filter(|_| has("acquisition")),
            programme: programme.filter(|_| has("programme")),
            perception: perception.filter(|_| has("perception")),
            needs: needs.filter(|_| has("needs")),
            run,
            publish,
            expect: if has("expect") { expect } else { Vec::new() },
        }
    }

    /// What it may take, whether it needs it or not.
    pub fn takes(&self) -> impl Iterator<Item = &'static str> {
        self.needs.iter().chain(self.may_use).copied()
    }

    /// Whether by the definition it takes something that another makes or hands on.
    pub fn takes_of(&self, of: &Stage, definition: &Definition) -> bool {
        let takes = |name: &&'static str| self.needs.contains(name) || (self.takes_where)(definition, name);
        let mut taken = self.takes().filter(takes);
        taken.any(|name| name == EVERY_TABLE || of.makes.contains(&name) || of.hands_on.contains(&name))
    }

    /// Whether it may read a table: one it takes, or one of its own.
    pub fn may_read(&self, table: &str) -> bool {
        [self.needs, self.may_use, self.makes]
            .into_iter()
            .flatten()
            .any(|name| [table, EVERY_TABLE].contains(name))
    }
}

/// The enabled stages, in the order of the flow.
///
/// # Errors
/// When an enabled stage needs what no enabled stage before it makes. When something is made twice, or when a stage
/// takes what only a later one makes: faults of the list itself.
pub fn plan(stages: &'static [Stage], definition: &Definition) -> Result<Vec<&'static Stage>> {
    let mut listed: Vec<&str> = Vec::new();
    let mut made: Vec<&str> = Vec::new();
    let mut planned = Vec::new();
    for stage in stages {
        let takes = stage.needs.iter().chain(stage.may_use);
        if let Some(name) = takes.clone().find(|name| !listed.contains(*name) && **name != EVERY_TABLE) {
            return Err(Error::internal(format!("stage '{}' comes before '{name}' is made", stage.name)));
        }
        let makes = stage.makes.iter().chain(stage.hands_on);
        if let Some(name) = makes.clone().find(|name| listed.contains(*name)) {
            return Err(Error::internal(format!("'{name}' is made twice, once by stage '{}'", stage.name)));
        }
        listed.extend(makes.clone());
        if !(stage.enabled)(definition) {
            continue;
        }
        let missing: Vec<&str> = stage.needs.iter().filter(|name| !made.contains(*name)).copied().collect();
        if !missing.is_empty() {
            return Err(Error::definition(format!(
                "stage '{}' needs {}, which no enabled stage makes",
                stage.name,
                missing.join(", ")
            )));
        }
        made.extend(makes);
        planned.push(stage);
    }
    Ok(planned)
}
