//! What the files of every source are known by: a run whose sources have the same files as the last one's has nothing new
//! to read.

use super::file_kind::FileKind;
use super::find::{FoundFile, find};
use super::identity::{Identity, digest_all, digest_footer};
use super::ledger::ledger_files;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, Files, PerceptionDef, PlanDef};
use crate::storage::store_of;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// A digest of the files of each source, by the part of the pipeline file that names them, such as `facts.transactions`.
///
/// # Errors
/// A source without files, or a file that cannot be read.
pub fn source_digests(definition: &Definition, verify: bool) -> Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    for (name, files) in sources(definition) {
        let found = find(definition, files)?;
        let identities = found.files.par_iter().map(|file| identity(file, verify));
        let identities: Vec<Identity> = identities.collect::<Result<_>>()?;
        let known = format!("{:?} {identities:?}", found.table);
        digests.insert(name, blake3::hash(known.as_bytes()).to_string());
    }
    Ok(digests)
}

/// Every source of a definition, by the part of the pipeline file that names it.
pub fn sources(definition: &Definition) -> Vec<(String, &Files)> {
    let facts = &definition.facts;
    let mut sources = vec![("facts.transactions".to_owned(), &facts.transactions.files)];
    sources
        .extend(facts.events.iter().map(|events| (format!("facts.events.{}", events.name), &events.files)));
    sources.extend(facts.customers.iter().map(|customers| ("facts.customers".to_owned(), &customers.files)));
    sources.extend(facts.products.iter().map(|products| ("facts.products".to_owned(), &products.files)));
    let rates = facts.exchange_rates.as_ref().map(|rates| &rates.rows.files);
    sources.extend(rates.map(|files| ("facts.exchange_rates".to_owned(), files)));
    let ledgers = definition.costing.iter().flat_map(ledger_files);
    sources.extend(ledgers.map(|ledger| (format!("costing.{}", ledger.files.pattern), &ledger.files)));
    let planned = definition.plan.iter().flat_map(PlanDef::rows);
    sources.extend(planned.map(|rows| (format!("plan.{}", rows.section), rows.files())));
    let factors = definition.clv.iter().filter_map(|clv| clv.contextual_factors.as_ref());
    sources.extend(factors.map(|factors| ("clv.contextual_factors".to_owned(), factors.files())));
    let contracts = definition.contracts.iter();
    sources.extend(contracts.map(|contracts| ("contracts".to_owned(), &contracts.files)));
    let programme = definition.programme.iter();
    sources.extend(programme.map(|programme| ("programme".to_owned(), &programme.files)));
    let counted = definition.counted_histories.iter();
    sources.extend(counted.map(|counted| ("counted_histories".to_owned(), &counted.files)));
    let contacts = definition.effects.iter().filter_map(|effects| effects.contacts.as_ref());
    sources.extend(contacts.map(|contacts| ("effects.contacts".to_owned(), &contacts.files)));
    let shared = definition.hierarchy.iter().filter_map(|hierarchy| hierarchy.shared.as_ref());
    sources.extend(shared.map(|shared| ("hierarchy.shared".to_owned(), &shared.files)));
    let perception = definition.perception.iter().flat_map(PerceptionDef::sources);
    sources.extend(perception.map(|(name, files)| (format!("perception.{name}"), files)));
    sources
}

/// A file that a list of digests names is held against it, by all its bytes.
fn identity(found: &FoundFile, verify: bool) -> Result<Identity> {
    let path: &Path = &found.path;
    let io = |fault: std::io::Error| Error::io(Kind::Input, path, &fault);
    let file = store_of(path).open(path).map_err(io)?;
    let is_parquet = FileKind::of_file(&*file).map_err(io)? == FileKind::Parquet;
    let head = file.head().map_err(io)?;
    let size = head.size;
    let by_footer = is_parquet && !verify && found.expected.is_none();
    let digest = if by_footer { digest_footer(&*file, size) } else { digest_all(&*file, size) };
    let digest = digest.map_err(io)?;
    found.expected.iter().try_for_each(|expected| expected.check(path, &digest))?;
    Ok(Identity::new(&found.name, &head, digest, !by_footer))
}
