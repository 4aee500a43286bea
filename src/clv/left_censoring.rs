//! Whether the data begin in the middle of relationships: then everybody who was there already seems new at once.

use super::lives::Lives;

/// How many times the next periods' newcomers are too many.
const SPIKE: u64 = 2;

/// New customers of the first period and, on average, of the two after it, if the first has far more than both these
/// and the middle one of all later periods.
pub(crate) fn spike(lives: &[Lives]) -> Option<(u64, u64)> {
    let periods = lives.first()?.new.len();
    let new: Vec<u64> =
        (0..periods).map(|period| lives.iter().map(|lives| lives.new[period]).sum()).collect();
    let (first, later) = new.split_first().filter(|(_, later)| later.len() >= 3)?;
    let mut sorted = later.to_vec();
    sorted.sort_unstable();
    let usual = sorted[sorted.len() / 2].max((later[0] + later[1]) / 2);
    (*first > SPIKE * usual && *first >= 10).then_some((*first, usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(new: &[u64]) -> Option<(u64, u64)> {
        let mut lives = Lives::new(new.len());
        lives.new = new.to_vec();
        spike(&[lives])
    }

    #[test]
    fn only_a_first_period_far_above_the_others_is_a_spike() {
        assert_eq!(found(&[400, 60, 40, 45, 50]), Some((400, 50)));
        assert_eq!(found(&[780, 860, 700, 0, 0, 0, 0, 0]), None, "a cohort is acquired in its first months");
        assert_eq!(found(&[60, 50, 40, 45]), None);
        assert_eq!(
            found(&[948, 421, 380, 440, 299, 279]),
            Some((948, 400)),
            "UCI Online Retail begins in mid-business"
        );
        assert_eq!(found(&[400, 50]), None, "too short to tell");
    }
}
