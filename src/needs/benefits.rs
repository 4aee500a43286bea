//! Importance shares: each rating of a respondent divided by the sum of its ratings, so that people who use a scale high or
//! low are compared by what they set against what.

use crate::perception::schema::{Ratings, Respondent, Score};

/// The attributes whose importance is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Benefits {
    pub(super) attributes: Vec<u32>,
}

/// Who rated which attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RatedCounts {
    /// Customers with a rating of the importance of anything.
    pub(super) respondents: u64,
    /// By attribute.
    rated: Vec<u64>,
}

impl RatedCounts {
    pub(super) fn new(attributes: usize) -> Self {
        Self { respondents: 0, rated: vec![0; attributes] }
    }

    pub(super) fn add(&mut self, respondent: &Respondent, ratings: Ratings<'_>) {
        let mut is_rated = false;
        for (attribute, count) in (0..).zip(&mut self.rated) {
            if ratings.is_item(attribute) && rating(respondent, attribute).is_some() {
                *count += 1;
                is_rated = true;
            }
        }
        self.respondents += u64::from(is_rated);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.respondents += other.respondents;
        self.rated.iter_mut().zip(&other.rated).for_each(|(count, more)| *count += more);
    }

    /// Attributes that at least half of the respondents rated; the others would leave few complete answers.
    pub(super) fn benefits(&self) -> Benefits {
        let often = |(attribute, rated): (u32, &u64)| {
            (*rated > 0 && 2 * rated >= self.respondents).then_some(attribute)
        };
        Benefits { attributes: (0..).zip(&self.rated).filter_map(often).collect() }
    }
}

impl Benefits {
    /// One share per attribute, which sum to 1; none of a respondent who left one out, rated one below 0, or all 0.
    pub(super) fn shares(&self, respondent: &Respondent) -> Option<Vec<f64>> {
        let mut ratings = Vec::with_capacity(self.attributes.len());
        for attribute in &self.attributes {
            ratings.push(rating(respondent, *attribute)?);
        }
        shares_of(&ratings)
    }
}

/// The mean rating of all interviews.
fn rating(respondent: &Respondent, attribute: u32) -> Option<f64> {
    respondent.sum(attribute, Score::Importance).mean()
}

pub(super) fn shares_of(ratings: &[f64]) -> Option<Vec<f64>> {
    let sum: f64 = ratings.iter().sum();
    let is_usable = ratings.iter().all(|rating| *rating >= 0.0) && sum > 0.0;
    is_usable.then(|| ratings.iter().map(|rating| rating / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_high_scale_has_the_shares_of_a_low_one() {
        assert_eq!(shares_of(&[8.0, 4.0, 4.0]), Some(vec![0.5, 0.25, 0.25]));
        assert_eq!(shares_of(&[2.0, 1.0, 1.0]), shares_of(&[8.0, 4.0, 4.0]));
        assert_eq!((shares_of(&[0.0, 0.0]), shares_of(&[3.0, -1.0])), (None, None));
    }

    #[test]
    fn attributes_that_few_rated_are_left_out() {
        let counts = RatedCounts { respondents: 9, rated: vec![9, 5, 4, 0] };
        assert_eq!(counts.benefits().attributes, [0, 1]);
        assert_eq!(RatedCounts::new(2).benefits(), Benefits::default());
    }
}
