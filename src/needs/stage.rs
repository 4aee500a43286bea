//! The stage: what was rated, the segments that follow, who is in them.

use super::benefits::{Benefits, RatedCounts};
use super::choice::{Tried, choose};
use super::draws::Draws;
use super::sample::Sample;
use super::segments::NeedSegments;
use super::tables::{
    Made, need_segment, need_segment_choice, need_segment_holdout, need_segment_importance,
    need_segment_trait,
};
use super::traits::Traits;
use super::walk::Walk;
use super::worth::WorthTables;
use crate::customers::slices::in_order;
use crate::error::Result;
use crate::facts::FactSet;
use crate::perception::schema::{Asked, Ratings};
use crate::pipeline::Definition;
use crate::publish::read::PublishedReader;
use crate::publish::{StageTables, TableFormat};

/// What the run says of needs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    /// Segments; 0 where respondents do not differ, or are too few.
    pub segments: usize,
    /// Customers who rated the importance of all attributes.
    pub respondents: u64,
    /// Mean silhouette of the chosen partition.
    pub silhouette: Option<f64>,
    /// Share of those held out whose segment is predicted by the most frequent one, and by traits.
    pub hit_rates: [Option<f64>; 2],
}

/// Makes and stages the tables of needs.
///
/// # Errors
/// A trait of too many values, staged files that cannot be read back, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    asked: &Asked,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.needs.as_ref().expect("the stage runs where [needs] is");
    let perception = definition.perception.as_ref().expect("[needs] comes with surveys");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let ratings = Ratings::new(asked, perception);
    let benefits = rated(facts, ratings)?.benefits();
    let draws = Draws::new(def);
    let (points, respondents) = sampled(facts, ratings, &benefits, &draws)?;
    let (tried, clustering) = choose(&points, def);
    let segments =
        clustering.map(|clustering| NeedSegments::new(&clustering, &benefits, ratings.attributes()));
    let table = tables.written("customer_segment").into_iter().next();
    let table = table.map(|path| PublishedReader::open(&[path])).transpose()?;
    let walk = Walk {
        format,
        facts,
        ratings,
        benefits,
        segments: segments.unwrap_or_default(),
        traits: Traits::new(definition, def, facts, table.as_ref())?,
        table,
        draws,
    };
    let profile = walk.profile()?;
    let worth = WorthTables::open(facts, tables)?;
    let written = walk.write(&profile, &worth, tables)?;
    let made = Made { walk: &walk, profile: &profile, written: &written, has_residual: worth.has_residual() };
    let counts = [respondents, points.len() as u64];
    for sheet in [
        need_segment(&made),
        need_segment_importance(&made),
        need_segment_choice(format, def.criterion, counts, &tried),
        need_segment_holdout(&made),
        need_segment_trait(&made),
    ] {
        tables.put(&sheet.spec, None, sheet.arrays)?;
    }
    let chosen = tried.iter().find(|tried| tried.is_chosen);
    Ok(Summary {
        segments: walk.segments.len(),
        respondents,
        silhouette: chosen.and_then(|tried: &Tried| Some(tried.found.as_ref()?.criteria.silhouette)),
        hit_rates: written.scores.map(|score| score.hit_rate()),
    })
}

/// Customers who can have answered: neither strangers nor the unidentified cost object.
fn respondents(facts: &FactSet, ratings: Ratings<'_>) -> std::ops::Range<usize> {
    0..facts.customers.keys.len().min(ratings.end_rank())
}

fn rated(facts: &FactSet, ratings: Ratings<'_>) -> Result<RatedCounts> {
    let mut counts = RatedCounts::new(ratings.attributes().len());
    let count = |ranks| {
        let mut part = RatedCounts::new(ratings.attributes().len());
        ratings.of(&ranks)?.iter().for_each(|respondent| part.add(respondent, ratings));
        Ok(part)
    };
    in_order(respondents(facts, ratings), count, |part| {
        counts.merge(&part);
        Ok(())
    })?;
    Ok(counts)
}

/// The shares that are clustered, and how many respondents there are.
fn sampled(
    facts: &FactSet,
    ratings: Ratings<'_>,
    benefits: &Benefits,
    draws: &Draws,
) -> Result<(Vec<Vec<f64>>, u64)> {
    let mut sample = Sample::default();
    let shares = |ranks| {
        let mut part = Sample::default();
        for respondent in ratings.of(&ranks)? {
            if let Some(shares) = benefits.shares(&respondent) {
                let hash = draws.of_sample(&facts.customers, respondent.rank);
                part.add(hash, respondent.rank, shares);
            }
        }
        Ok(part)
    };
    in_order(respondents(facts, ratings), shares, |part| {
        sample.append(part);
        Ok(())
    })?;
    let respondents = sample.respondents;
    Ok((sample.finish(), respondents))
}
