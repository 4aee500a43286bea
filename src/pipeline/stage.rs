//! The contract every stage keeps, and the plan that follows from it.

use crate::error::{Error, Result};

/// One step of a run. `W` is the workspace the stages hand their tables through.
pub struct Stage<W> {
    /// Its room's name.
    pub name: &'static str,
    /// What it does, for `plan` and the progress line.
    pub about: &'static str,
    /// Tables it needs.
    pub reads: &'static [&'static str],
    /// Tables it makes.
    pub writes: &'static [&'static str],
    /// Whether the definition turns it on.
    pub enabled: fn(&super::Definition) -> bool,
    /// Makes its tables. Returns a short account for the progress line.
    pub run: fn(&mut W) -> Result<String>,
}

/// The enabled stages in an order in which every table is written before it is read.
///
/// # Errors
/// When a table has two writers, or an enabled stage reads a table nobody writes.
pub fn plan<'s, W>(stages: &'s [Stage<W>], definition: &super::Definition) -> Result<Vec<&'s Stage<W>>> {
    let mut waiting: Vec<&Stage<W>> = stages.iter().filter(|stage| (stage.enabled)(definition)).collect();
    let mut written: Vec<&str> = Vec::new();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|stage| stage.reads.iter().all(|table| written.contains(table)));
        let Some(index) = ready else {
            let stage = waiting[0];
            let missing: Vec<_> =
                stage.reads.iter().filter(|table| !written.contains(table)).copied().collect();
            return Err(Error::definition(format!(
                "stage '{}' needs {}, which no enabled stage makes",
                stage.name,
                missing.join(", ")
            )));
        };
        let stage = waiting.remove(index);
        if let Some(table) = stage.writes.iter().find(|table| written.contains(table)) {
            return Err(Error::internal(format!("table '{table}' has two writers, '{}' is one", stage.name)));
        }
        written.extend(stage.writes);
        ordered.push(stage);
    }
    Ok(ordered)
}
