//! The state of a customer at a date: the first whose rule holds.

use super::rhythm::Rhythm;
use crate::customers::days::Seen;
use crate::pipeline::LifecycleDef;
use crate::units::{Day, Decimal};

/// States, in the order in which their rules are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    /// The first purchase is recent.
    New,
    /// Bought in this period after a gap that ended the relationship.
    Reactivated,
    /// Within its rhythm.
    Active,
    /// Beyond its rhythm.
    AtRisk,
    /// Far beyond its rhythm.
    Dormant,
    /// Gone.
    Lost,
}

impl State {
    /// All of them.
    pub(crate) const ALL: [State; 6] =
        [State::New, State::Reactivated, State::Active, State::AtRisk, State::Dormant, State::Lost];

    /// As tables show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::New => "new",
            State::Reactivated => "reactivated",
            State::Active => "active",
            State::AtRisk => "at risk",
            State::Dormant => "dormant",
            State::Lost => "lost",
        }
    }
}

/// Where the states begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    new_days: i32,
    active: f64,
    at_risk: f64,
    dormant_days: i32,
    /// Days without purchase after which a relationship counts as ended.
    pub(crate) gap_days: i32,
}

impl Rules {
    pub(crate) fn new(lifecycle: &LifecycleDef) -> Self {
        let states = &lifecycle.states;
        Self {
            new_days: days(states.new_days),
            active: number(states.active),
            at_risk: number(states.at_risk),
            dormant_days: days(states.dormant_days),
            gap_days: days(lifecycle.gap_days),
        }
    }

    /// The state of a customer at a date, whose period begins on `period_start`.
    ///
    /// Where nobody in the base bought twice there is no rhythm to be late against: a customer is active until the
    /// declared gap has passed.
    pub(crate) fn state(&self, seen: &Seen, date: &AsOf) -> State {
        let recency = seen.recency(date.day);
        let within = |times: f64, otherwise: bool| match date.rhythm {
            Some(rhythm) => f64::from(recency) <= times * rhythm.expected_gap_days(seen),
            None => otherwise,
        };
        if seen.tenure(date.day) <= self.new_days {
            State::New
        } else if seen.returned.is_some_and(|day| day >= date.period_start.0) {
            State::Reactivated
        } else if within(self.active, recency <= self.gap_days) {
            State::Active
        } else if within(self.at_risk, false) {
            State::AtRisk
        } else if recency <= self.dormant_days {
            State::Dormant
        } else {
            State::Lost
        }
    }
}

/// A date at which customers are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AsOf {
    /// Exclusive bound.
    pub(crate) day: Day,
    /// Start of the period of the day before.
    pub(crate) period_start: Day,
    /// The rhythm of the base before the date; none while nobody bought twice.
    pub(crate) rhythm: Option<Rhythm>,
}

/// Days beyond any history count as that.
pub(crate) fn days(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX / 4).min(i32::MAX / 4)
}

/// A declared number for comparison with a ratio.
pub(crate) fn number(decimal: Decimal) -> f64 {
    decimal.mantissa as f64 / 10_f64.powi(i32::from(decimal.scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { new_days: 30, active: 1.5, at_risk: 3.0, dormant_days: 365, gap_days: 180 };

    fn date(day: i32, rhythm: Option<Rhythm>) -> AsOf {
        AsOf { day: Day(day), period_start: Day(day - 30), rhythm }
    }

    #[test]
    fn the_first_rule_that_holds_decides() {
        let rhythm = Some(Rhythm { shape: 1.0, rate_days: 20.0 });
        // Ten gaps in 200 days: expected (20 + 200) / (1 + 10) = 20.
        let seen = |last| Seen { first: last - 200, last, purchases: 11, returned: None };
        for (recency, state) in [
            (0, State::Active),
            (30, State::Active),
            (31, State::AtRisk),
            (60, State::AtRisk),
            (61, State::Dormant),
            (365, State::Dormant),
            (366, State::Lost),
        ] {
            let date = date(1000, rhythm);
            assert_eq!(RULES.state(&seen(999 - recency), &date), state, "{recency}");
        }
    }

    #[test]
    fn new_and_reactivated_come_before_the_rhythm() {
        let rhythm = Some(Rhythm { shape: 1.0, rate_days: 5.0 });
        let once = Seen { first: 969, last: 969, purchases: 1, returned: None };
        assert_eq!(RULES.state(&once, &date(1000, rhythm)), State::New);
        assert_ne!(RULES.state(&once, &date(1001, rhythm)), State::New);
        let back = Seen { first: 0, last: 970, purchases: 3, returned: Some(970) };
        assert_eq!(RULES.state(&back, &date(1000, rhythm)), State::Reactivated);
        assert_ne!(RULES.state(&back, &date(1001, rhythm)), State::Reactivated);
    }

    #[test]
    fn without_a_rhythm_the_declared_gap_decides() {
        let seen = |last| Seen { first: last, last, purchases: 1, returned: None };
        for (recency, state) in
            [(31, State::Active), (180, State::Active), (181, State::Dormant), (366, State::Lost)]
        {
            assert_eq!(RULES.state(&seen(999 - recency), &date(1000, None)), state, "{recency}");
        }
    }
}
