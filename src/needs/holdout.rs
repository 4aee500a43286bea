//! How well traits predict the segments of respondents held out, beside the most frequent segment: the share of hits, and the
//! log loss, which is least for the true probabilities and by which the way to assign customers is chosen.

use super::naive_bayes::{Predictor, most_probable};

/// Respondents held out, by what was said of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct HoldoutScore {
    pub(super) respondents: u64,
    pub(super) hits: u64,
    /// Sum of −ln of the probability of the true segment.
    surprise: f64,
}

impl HoldoutScore {
    pub(super) fn add(&mut self, segment: usize, probabilities: &[f64]) {
        self.respondents += 1;
        self.hits += u64::from(most_probable(probabilities).0 == segment);
        self.surprise -= probabilities[segment].ln();
    }

    /// Merge in a fixed order: floats add up differently in others.
    pub(super) fn merge(&mut self, other: &Self) {
        self.respondents += other.respondents;
        self.hits += other.hits;
        self.surprise += other.surprise;
    }

    /// None without respondents.
    pub(super) fn hit_rate(&self) -> Option<f64> {
        (self.respondents > 0).then(|| self.hits as f64 / self.respondents as f64)
    }

    /// Standard error of the share.
    pub(super) fn hit_rate_error(&self) -> Option<f64> {
        let rate = self.hit_rate()?;
        Some((rate * (1.0 - rate) / self.respondents as f64).sqrt())
    }

    /// In nats per respondent.
    pub(super) fn log_loss(&self) -> Option<f64> {
        (self.respondents > 0).then(|| self.surprise / self.respondents as f64)
    }
}

/// By what customers are assigned: traits, unless they predicted those held out worse than the sizes of segments do.
pub(super) fn better(scores: &[HoldoutScore; 2]) -> Predictor {
    let [without, with] = scores.each_ref().map(HoldoutScore::log_loss);
    match without.zip(with) {
        Some((without, with)) if with >= without => Predictor::MostFrequent,
        _ => Predictor::Traits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_and_surprise_are_those_by_hand() {
        let (mut sure, mut even) = (HoldoutScore::default(), HoldoutScore::default());
        for segment in [0, 0, 0, 1] {
            sure.add(segment, &[0.75, 0.25]);
            even.add(segment, &[0.5, 0.5]);
        }
        assert_eq!((sure.hit_rate(), sure.hits), (Some(0.75), 3));
        assert!((sure.hit_rate_error().unwrap() - (0.1875_f64 / 4.0).sqrt()).abs() < 1e-12);
        let expected = -(3.0 * 0.75_f64.ln() + 0.25_f64.ln()) / 4.0;
        assert!((sure.log_loss().unwrap() - expected).abs() < 1e-12);
        assert_eq!(better(&[even, sure]), Predictor::Traits);
        assert_eq!(better(&[sure, even]), Predictor::MostFrequent);
        assert_eq!(better(&[HoldoutScore::default(); 2]), Predictor::Traits);
    }
}
