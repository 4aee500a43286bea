//! Retention: which releases a vacuum leaves.

use std::collections::BTreeSet;
use std::time::Duration;

/// Which releases a vacuum leaves, besides the current one and those that are tagged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// So many of the newest.
    pub newest: usize,
    /// The last of each of so many calendar months, of the newest that have a release.
    pub month_ends: usize,
    /// Those that were current so short a time ago: readers may still be at them.
    pub grace: Duration,
}

/// What retention asks of a release.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'c> {
    pub(super) id: &'c str,
    pub(super) is_current: bool,
    pub(super) is_tagged: bool,
    /// How long ago it ceased to be current; none if that is not known.
    pub(super) since_replaced: Option<Duration>,
}

impl Retention {
    /// So many of the newest, and no other.
    pub fn newest(newest: usize) -> Self {
        Self { newest, ..Self::default() }
    }

    /// Whether each of these releases stays, oldest first.
    pub(super) fn keeps(self, releases: &[Candidate<'_>]) -> Vec<bool> {
        let first_of_newest = releases.len().saturating_sub(self.newest);
        let mut months = BTreeSet::new();
        let mut keeps = vec![false; releases.len()];
        for (place, release) in releases.iter().enumerate().rev() {
            let is_month_end = months.len() < self.month_ends && months.insert(month_of(release.id));
            let is_read = release.since_replaced.is_some_and(|since| since < self.grace);
            let is_held = release.is_current || release.is_tagged;
            keeps[place] = place >= first_of_newest || is_month_end || is_read || is_held;
        }
        keeps
    }
}

/// Year and month, which ids begin with.
fn month_of(id: &str) -> String {
    id.chars().take("YYYYMM".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 6] =
        ["20250105T0", "20250131T0", "20250228T0", "20250301T0", "20250302T0", "20250303T0"];

    fn kept(retention: Retention, since: impl Fn(&str) -> Option<Duration>) -> Vec<&'static str> {
        let candidate = |id: &&'static str| Candidate {
            id,
            is_current: *id == "20250302T0",
            is_tagged: *id == "20250105T0",
            since_replaced: since(id),
        };
        let keeps = retention.keeps(&IDS.iter().map(candidate).collect::<Vec<_>>());
        IDS.into_iter().zip(keeps).filter(|(_, keeps)| *keeps).map(|(id, _)| id).collect()
    }

    #[test]
    fn the_current_and_the_tagged_stay_whatever_the_rules() {
        assert_eq!(kept(Retention::default(), |_| None), ["20250105T0", "20250302T0"]);
        let all = ["20250105T0", "20250302T0", "20250303T0"];
        assert_eq!(kept(Retention::newest(1), |_| None), all);
    }

    #[test]
    fn months_keep_their_last_release() {
        let retention = Retention { month_ends: 3, ..Retention::default() };
        let expected = ["20250105T0", "20250131T0", "20250228T0", "20250302T0", "20250303T0"];
        assert_eq!(kept(retention, |_| None), expected);
    }

    #[test]
    fn what_was_replaced_a_moment_ago_stays_for_its_readers() {
        let retention = Retention { grace: Duration::from_secs(60), ..Retention::default() };
        let since = |id: &str| match id {
            "20250228T0" => Some(Duration::from_secs(61)),
            "20250301T0" => Some(Duration::from_secs(59)),
            _ => None,
        };
        assert_eq!(kept(retention, since), ["20250105T0", "20250301T0", "20250302T0"]);
    }
}
