//! Rules that need no model: what a holdout has to be foretold better than.
//!
//! M. Wübben, F. von Wangenheim, "Instant customer base analysis: managerial heuristics often 'get it right'", Journal
//! of Marketing 72 (2008), 82–93: the hiatus heuristic, by which a customer is dead once idle for longer than a
//! threshold, and the rule that those who are left go on as they did. There the threshold comes from managers; here it
//! is the customer's own mean gap, or that of the base.

use super::past::Times;

/// A rule by which purchases of a holdout are foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Everybody goes on at the rate of the past: x / T.
    PastRate,
    /// Everybody buys as often as in the time before the calibration date, as long as the holdout where it reaches.
    LastPeriod,
    /// Dead once idle for longer than the own mean gap (the base's, for those who bought once); else the past rate.
    OwnGap,
    /// Dead once idle for longer than the mean gap of the base; else the past rate.
    MeanGap,
}

impl Rule {
    /// Every rule, in the order in which they are listed.
    pub(crate) const ALL: [Self; 4] = [Self::PastRate, Self::LastPeriod, Self::OwnGap, Self::MeanGap];

    /// As tables name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PastRate => "past_rate",
            Self::LastPeriod => "last_period",
            Self::OwnGap => "idle_beyond_own_gap",
            Self::MeanGap => "idle_beyond_mean_gap",
        }
    }
}

/// What the rules need to know of the base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Base {
    /// Days to foretell.
    pub(crate) holdout_days: u32,
    /// Days before the calibration date that are the last period: those of the holdout, or all there are.
    pub(crate) window_days: u32,
    /// Mean days between purchases of all customers; none if nobody bought twice.
    pub(crate) mean_gap: Option<f64>,
}

impl Base {
    /// Purchases of the holdout by a rule. `recent` counts those in the last period.
    pub(crate) fn expected(&self, rule: Rule, times: &Times, recent: u32) -> f64 {
        let holdout = f64::from(self.holdout_days);
        let past_rate = match times.age_days() {
            0 => 0.0,
            age => f64::from(times.repeats()) / f64::from(age) * holdout,
        };
        let mean_gap = self.mean_gap.unwrap_or(f64::INFINITY);
        let own_gap = match times.repeats() {
            0 => mean_gap,
            repeats => f64::from(times.last_days()) / f64::from(repeats),
        };
        let unless_idle = |gap: f64| if f64::from(times.idle_days()) > gap { 0.0 } else { past_rate };
        match rule {
            Rule::PastRate => past_rate,
            Rule::LastPeriod => f64::from(recent) * holdout / f64::from(self.window_days.max(1)),
            Rule::OwnGap => unless_idle(own_gap),
            Rule::MeanGap => unless_idle(mean_gap),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(purchases: u32, last: i32) -> Times {
        Times { first: 0, last, purchases, seen: 100 }
    }

    #[test]
    fn rules_by_hand() {
        let base = Base { holdout_days: 50, window_days: 25, mean_gap: Some(30.0) };
        for (rule, times, expected) in [
            (Rule::PastRate, times(5, 80), 2.0),
            (Rule::LastPeriod, times(5, 80), 6.0),
            (Rule::OwnGap, times(5, 80), 2.0),
            (Rule::OwnGap, times(6, 80), 0.0),
            (Rule::MeanGap, times(6, 80), 2.5),
            (Rule::MeanGap, times(2, 60), 0.0),
            (Rule::OwnGap, times(1, 0), 0.0),
        ] {
            assert_eq!(base.expected(rule, &times, 3), expected, "{rule:?} {times:?}");
        }
    }

    #[test]
    fn without_any_gap_nobody_is_idle_for_too_long() {
        let base = Base { holdout_days: 50, window_days: 0, mean_gap: None };
        let new = Times { first: 100, last: 100, purchases: 1, seen: 100 };
        for rule in Rule::ALL {
            assert_eq!(base.expected(rule, &new, 0), 0.0, "{rule:?}");
        }
    }
}
