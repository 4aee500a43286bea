//! The number of segments: the one whose partition has the greatest criterion.

use super::k_means::{Clustering, Criteria, cluster};
use crate::pipeline::{NeedCriterion, NeedsDef};

/// A number of segments that was tried.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tried {
    pub(super) segments: usize,
    /// None where respondents do not differ enough for so many.
    pub(super) found: Option<Partition>,
    pub(super) is_chosen: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Partition {
    pub(super) criteria: Criteria,
    pub(super) within: f64,
    /// Respondents of the smallest segment.
    pub(super) smallest: usize,
}

impl Partition {
    pub(super) fn criterion(&self, criterion: NeedCriterion) -> f64 {
        match criterion {
            NeedCriterion::CalinskiHarabasz => self.criteria.calinski_harabasz,
            NeedCriterion::Silhouette => self.criteria.silhouette,
        }
    }
}

/// Tries every number of the range; of equal criteria the fewer segments win. No partition where none is possible.
pub(super) fn choose(points: &[Vec<f64>], def: &NeedsDef) -> (Vec<Tried>, Option<Clustering>) {
    let [fewest, most] = def.segments.map(|count| count as usize);
    let (mut tried, mut best): (Vec<Tried>, Option<(f64, Clustering)>) = (Vec::new(), None);
    for segments in fewest..=most {
        // With a segment for each respondent nothing is left to judge by.
        let clustering = cluster(points, segments, def.seed).filter(|_| points.len() > segments);
        let found = clustering.as_ref().map(|clustering| Partition {
            criteria: clustering.criteria(points),
            within: clustering.within,
            smallest: clustering.sizes().into_iter().min().unwrap_or(0),
        });
        let criterion = found.as_ref().map(|found| found.criterion(def.criterion));
        if let (Some(criterion), Some(clustering)) = (criterion, clustering)
            && best.as_ref().is_none_or(|(most, _)| criterion > *most)
        {
            best = Some((criterion, clustering));
        }
        tried.push(Tried { segments, found, is_chosen: false });
    }
    let best = best.map(|(_, clustering)| clustering);
    for tried in &mut tried {
        tried.is_chosen = best.as_ref().is_some_and(|best| best.centres.len() == tried.segments);
    }
    (tried, best)
}
