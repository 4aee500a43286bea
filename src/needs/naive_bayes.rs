//! Naive Bayes: the probability of each segment by traits that are taken to be independent within a segment.
//!
//! P(segment | traits) ∝ P(segment) × Π P(value of trait | segment), with m-estimates of the probabilities (B. Cestnik,
//! "Estimating probabilities: a crucial task in machine learning", ECAI 1990): (respondents of the segment with the value +
//! m × share of the value among all) / (respondents of the segment + m), m = 2, so that few respondents say little. A segment's
//! own probability is (respondents + 1) / (all + segments), the rule of succession. A value that no respondent has says nothing.
//! Traits that depend on each other make it too sure, not wrong about the order: the log loss on the holdout shows it.

/// Weight of what all respondents show, in respondents.
const M: f64 = 2.0;

/// Respondents by segment, and by trait, value and segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TraitCounts {
    pub(super) segments: Vec<u64>,
    pub(super) values: Vec<Vec<Vec<u64>>>,
}

impl TraitCounts {
    /// Of so many segments, and traits of so many values.
    pub(super) fn new(segments: usize, values: &[usize]) -> Self {
        let of_trait = |values: &usize| vec![vec![0; segments]; *values];
        Self { segments: vec![0; segments], values: values.iter().map(of_trait).collect() }
    }

    pub(super) fn add(&mut self, segment: usize, traits: impl Iterator<Item = usize>) {
        self.segments[segment] += 1;
        for (values, value) in self.values.iter_mut().zip(traits) {
            values[value][segment] += 1;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        add_all(&mut self.segments, &other.segments);
        for (values, more) in self.values.iter_mut().zip(&other.values) {
            values.iter_mut().zip(more).for_each(|(counts, more)| add_all(counts, more));
        }
    }

    pub(super) fn respondents(&self) -> u64 {
        self.segments.iter().sum()
    }
}

fn add_all(counts: &mut [u64], more: &[u64]) {
    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
}

/// Which traits are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    /// None: everybody is taken to be in the most frequent segment.
    MostFrequent,
    /// All of them.
    Traits,
}

impl Predictor {
    pub(super) const ALL: [Predictor; 2] = [Predictor::MostFrequent, Predictor::Traits];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::MostFrequent => "most frequent segment",
            Self::Traits => "traits",
        }
    }
}

/// Logarithms of the probabilities.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NaiveBayes {
    priors: Vec<f64>,
    /// By trait, value and segment; empty for values that no respondent has.
    likelihoods: Vec<Vec<Vec<f64>>>,
}

impl NaiveBayes {
    pub(super) fn new(counts: &TraitCounts, predictor: Predictor) -> Self {
        let all = counts.respondents() as f64;
        let segments = counts.segments.len() as f64;
        let prior = |count: &u64| ((*count as f64 + 1.0) / (all + segments)).ln();
        let likelihoods = match predictor {
            Predictor::MostFrequent => Vec::new(),
            Predictor::Traits => {
                counts.values.iter().map(|values| of_trait(values, &counts.segments)).collect()
            }
        };
        Self { priors: counts.segments.iter().map(prior).collect(), likelihoods }
    }

    /// One probability per segment, which sum to 1.
    pub(super) fn probabilities(&self, traits: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut logs = self.priors.clone();
        for (values, value) in self.likelihoods.iter().zip(traits) {
            logs.iter_mut().zip(&values[value]).for_each(|(log, more)| *log += more);
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    }
}

fn of_trait(values: &[Vec<u64>], segments: &[u64]) -> Vec<Vec<f64>> {
    let all: u64 = segments.iter().sum();
    let mut logs = Vec::with_capacity(values.len());
    for counts in values {
        let found: u64 = counts.iter().sum();
        let share = found as f64 / all as f64;
        let log = |(count, segment): (&u64, &u64)| ((*count as f64 + M * share) / (*segment as f64 + M)).ln();
        logs.push(match found {
            0 => Vec::new(),
            _ => counts.iter().zip(segments).map(log).collect(),
        });
    }
    logs
}

/// The most probable segment, the first of several, and its probability.
pub(super) fn most_probable(probabilities: &[f64]) -> (usize, f64) {
    let mut found = (0, f64::NEG_INFINITY);
    for (segment, probability) in probabilities.iter().enumerate() {
        if *probability > found.1 {
            found = (segment, *probability);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: five respondents, three of the first segment; two traits of two values and a value that nobody has.
    fn counts() -> TraitCounts {
        let mut counts = TraitCounts::new(2, &[3, 2]);
        for (segment, traits) in [(0, [0, 0]), (0, [0, 1]), (0, [1, 0]), (1, [1, 1]), (1, [1, 1])] {
            counts.add(segment, traits.into_iter());
        }
        counts
    }

    #[test]
    fn probabilities_are_those_by_hand() {
        let model = NaiveBayes::new(&counts(), Predictor::Traits);
        // First trait 0: (2 + 2 × 2/5) / 5 and (0 + 2 × 2/5) / 4; second trait 0: the same.
        let (first, second) = (4.0 / 7.0 * 0.56 * 0.56, 3.0 / 7.0 * 0.2 * 0.2);
        let found = model.probabilities([0, 0].into_iter());
        assert!((found[0] - first / (first + second)).abs() < 1e-12, "{found:?}");
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let unknown = model.probabilities([2, 0].into_iter());
        let (first, second) = (4.0 / 7.0 * 0.56, 3.0 / 7.0 * 0.2);
        assert!((unknown[0] - first / (first + second)).abs() < 1e-12, "a value nobody has says nothing");
        assert_eq!(most_probable(&found).0, 0);
    }

    #[test]
    fn without_traits_everybody_is_in_the_most_frequent_segment() {
        let model = NaiveBayes::new(&counts(), Predictor::MostFrequent);
        let found = model.probabilities([1, 1].into_iter());
        assert!((found[0] - 4.0 / 7.0).abs() < 1e-12);
        let none = NaiveBayes::new(&TraitCounts::new(2, &[2]), Predictor::Traits);
        assert_eq!(most_probable(&none.probabilities([1].into_iter())), (0, 0.5));
    }
}
