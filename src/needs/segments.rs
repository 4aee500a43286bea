//! Need segments: centres in the order of their sizes, named by the principal benefit sought (Haley 1968): the attribute
//! whose share of importance is most above that of all respondents.

use super::benefits::Benefits;
use super::k_means::{Clustering, nearest};
use crate::publish::{NO_SEGMENT, SegmentKey};
use std::cmp::Reverse;

/// How customers are divided.
pub(super) const NEED_SEGMENT: &str = "need_segment";

/// The segments that were found; none where respondents do not differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NeedSegments {
    /// Importance shares, in the order of the benefits.
    centres: Vec<Vec<f64>>,
    pub(super) names: Vec<String>,
    /// Place among the benefits.
    pub(super) principal: Vec<usize>,
}

impl NeedSegments {
    /// The largest first.
    pub(super) fn new(clustering: &Clustering, benefits: &Benefits, attributes: &[String]) -> Self {
        let sizes = clustering.sizes();
        let all = overall(&clustering.centres, &sizes);
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        // Equal sizes: by the centres, so that names do not depend on which start was the best.
        let centre = |cluster: &usize| &clustering.centres[*cluster];
        order.sort_by(|a, b| {
            let by_centre = || centre(b).partial_cmp(centre(a)).expect("shares are finite");
            sizes[*b].cmp(&sizes[*a]).then_with(by_centre)
        });
        let centres: Vec<Vec<f64>> = order.iter().map(|cluster| centre(cluster).clone()).collect();
        let (mut names, mut principal): (Vec<String>, Vec<usize>) = (Vec::new(), Vec::new());
        for centre in &centres {
            let sought = most_above(centre, &all);
            let name = (1..=sought.len()).map(|count| {
                let parts = sought[..count]
                    .iter()
                    .map(|place| attributes[benefits.attributes[*place] as usize].as_str());
                parts.collect::<Vec<_>>().join(", ")
            });
            // Segments that seek the same above all are named by what they seek next, too.
            let name = name.into_iter().find(|name| !names.contains(name));
            names.push(name.unwrap_or_else(|| format!("segment {}", principal.len() + 1)));
            principal.push(sought[0]);
        }
        Self { centres, names, principal }
    }

    pub(super) fn len(&self) -> usize {
        self.centres.len()
    }

    /// The segment of a respondent; none where there are no segments.
    pub(super) fn of(&self, shares: &[f64]) -> Option<usize> {
        (!self.centres.is_empty()).then(|| nearest(shares, &self.centres).0)
    }

    pub(super) fn name(&self, segment: Option<usize>) -> &str {
        segment.map_or(NO_SEGMENT, |segment| &self.names[segment])
    }

    pub(super) fn key(&self, segment: usize) -> SegmentKey<'_> {
        SegmentKey { by: NEED_SEGMENT, name: &self.names[segment] }
    }
}

/// Mean shares of everybody.
fn overall(centres: &[Vec<f64>], sizes: &[usize]) -> Vec<f64> {
    let count: usize = sizes.iter().sum();
    let mean = |place: usize| {
        let sum: f64 = centres.iter().zip(sizes).map(|(centre, size)| *size as f64 * centre[place]).sum();
        sum / count as f64
    };
    (0..centres[0].len()).map(mean).collect()
}

/// Places of benefits, the one most above the mean first; of equal ones the first.
fn most_above(centre: &[f64], all: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..centre.len()).collect();
    let above = |place: usize| centre[place] - all[place];
    places.sort_by(|a, b| Reverse(above(*a)).0.total_cmp(&above(*b)).reverse().then(a.cmp(b)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_named_by_what_they_seek_more_than_others() {
        let attributes = ["advice", "overall", "price", "speed"].map(str::to_owned);
        let benefits = Benefits { attributes: vec![0, 2, 3] };
        let clustering = Clustering {
            centres: vec![vec![0.2, 0.6, 0.2], vec![0.2, 0.2, 0.6], vec![0.1, 0.35, 0.55]],
            of: vec![0, 1, 2, 2, 2, 0, 0, 1],
            within: 0.0,
        };
        let found = NeedSegments::new(&clustering, &benefits, &attributes);
        // Of three respondents each the one with the greater first share comes first.
        assert_eq!(found.names, ["price", "speed", "speed, advice"]);
        assert_eq!((found.principal.clone(), found.of(&[0.2, 0.7, 0.1])), (vec![1, 2, 2], Some(0)));
        assert_eq!((found.name(None), NeedSegments::default().of(&[1.0])), ("(none)", None));
    }
}
