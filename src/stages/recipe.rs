//! The recipe of a release: digests of all that a run follows from. The next run compares, and makes again what follows
//! from something else.

use crate::error::Result;
use crate::facts::source_digests;
use crate::pipeline::{Definition, Stage, changed_keys, lies_in};
use crate::publish::Release;
use crate::units::Day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Digests of all that a run follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recipe {
    /// The program's own sources.
    program: String,
    /// By key of the pipeline file.
    definition: BTreeMap<String, String>,
    /// By the part of the pipeline file that names the files.
    sources: BTreeMap<String, String>,
    /// The as-of day that was asked for.
    as_of: Option<String>,
    /// What stages start from in earlier releases, by stage.
    earlier: BTreeMap<String, String>,
}

impl Recipe {
    /// Identifies the files of every source; `earlier` is what stages start from in earlier releases.
    ///
    /// # Errors
    /// A source whose files cannot be found or read.
    pub(super) fn new(
        definition: &Definition,
        as_of: Option<Day>,
        verify_inputs: bool,
        earlier: BTreeMap<String, String>,
    ) -> Result<Self> {
        Ok(Self {
            program: env!("ABACUS_SOURCES").to_owned(),
            definition: definition.sections.decisive(),
            sources: source_digests(definition, verify_inputs)?,
            as_of: as_of.map(|day| day.to_string()),
            earlier,
        })
    }

    /// That of a release; none if it was made by a program that kept no recipes, or other ones.
    pub(super) fn of(release: &Release) -> Option<Self> {
        Self::of_run(&release.run)
    }

    /// That of a manifest in the making.
    pub(super) fn of_run(run: &serde_json::Value) -> Option<Self> {
        serde_json::from_value(run.get("recipe")?.clone()).ok()
    }

    /// Keys of the pipeline file that are not what they were.
    pub(super) fn changed_keys(&self, before: &Self) -> Vec<String> {
        changed_keys(&self.definition, &before.definition)
    }

    /// Whether sources that a part of the pipeline file names have other files.
    pub(super) fn has_other_sources(&self, before: &Self, part: &str) -> bool {
        changed_keys(&self.sources, &before.sources).iter().any(|source| lies_in(source, part))
    }

    /// Whether another as-of day was asked for.
    pub(super) fn has_another_as_of(&self, before: &Self) -> bool {
        self.as_of != before.as_of
    }

    /// Whether another build of the program made it.
    pub(super) fn is_of_another_program(&self, before: &Self) -> bool {
        self.program != before.program
    }

    /// What is not as it was, in words; what stages start from in earlier releases changes with every release, and does
    /// not count.
    pub(super) fn changes(&self, before: &Self) -> Vec<String> {
        let mut changes = self.changed_keys(before);
        let sources = changed_keys(&self.sources, &before.sources);
        changes.extend(sources.iter().map(|source| format!("files of {source}")));
        if self.has_another_as_of(before) {
            changes.push("the as-of day that is asked for".to_owned());
        }
        if self.is_of_another_program(before) {
            changes.push("the program".to_owned());
        }
        changes
    }

    /// By stage of a plan, the digest of all that its tables follow from: the program, the keys and sources that it reads,
    /// and the recipes of what it takes.
    pub(super) fn of_stages(
        &self,
        plan: &[&'static Stage],
        definition: &Definition,
    ) -> BTreeMap<&'static str, String> {
        let mut recipes: BTreeMap<&'static str, String> = BTreeMap::new();
        for (place, stage) in plan.iter().enumerate() {
            let taken = plan[..place].iter().filter(|earlier| stage.takes_of(earlier, definition));
            let taken: Vec<&String> = taken.map(|earlier| &recipes[earlier.name]).collect();
            // Of what is published, all that decides how files look; Delta logs are made of any files.
            let parts = [stage.reads, &["publish"]].concat();
            let text = format!(
                "{} {} {:?} {:?} {:?} {:?} {taken:?}",
                stage.name,
                self.program,
                parts_of(&self.definition, &parts),
                parts_of(&self.sources, &parts),
                self.as_of,
                self.earlier.get(stage.name),
            );
            recipes.insert(stage.name, blake3::hash(text.as_bytes()).to_string());
        }
        recipes
    }
}

fn parts_of<'d>(digests: &'d BTreeMap<String, String>, parts: &[&str]) -> Vec<(&'d String, &'d String)> {
    let decides = |key: &str| key != "publish.delta" && parts.iter().any(|part| lies_in(key, part));
    digests.iter().filter(|(key, _)| decides(key)).collect()
}
