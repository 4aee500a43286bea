//! A way to time purchases: by the calendar, by seasons of the year, by contextual factors, or by both.

use crate::pipeline::Season;

/// What a clock follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimingKind {
    pub(crate) season: Season,
    /// Whether it follows the contextual factors too.
    pub(crate) has_factors: bool,
}

impl TimingKind {
    /// Every day is like any other.
    pub(crate) const CALENDAR: Self = Self { season: Season::None, has_factors: false };

    /// The calendar first; then the seasons asked for, months where all are, of which a year has seen enough to tell; then the
    /// same with factors, where any are declared.
    pub(crate) fn all(asked: Option<Season>, has_factors: bool) -> Vec<Self> {
        let seasons = match asked {
            Some(Season::None) => vec![Season::None],
            asked => vec![Season::None, asked.unwrap_or(Season::Month)],
        };
        let with: &[bool] = if has_factors { &[false, true] } else { &[false] };
        let of = |has_factors: bool| seasons.iter().map(move |season| Self { season: *season, has_factors });
        with.iter().flat_map(|has_factors| of(*has_factors)).collect()
    }

    pub(crate) fn has_seasons(self) -> bool {
        self.season != Season::None
    }

    /// Its word, in manifests and for a person.
    pub(crate) fn word(self) -> String {
        match (self.season, self.has_factors) {
            (season, false) => season.word().to_owned(),
            (Season::None, true) => "factors".to_owned(),
            (season, true) => format!("{}_and_factors", season.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_comes_first() {
        let words = |asked, has_factors| -> Vec<String> {
            TimingKind::all(asked, has_factors).into_iter().map(TimingKind::word).collect()
        };
        assert_eq!(words(Some(Season::None), false), ["none"]);
        assert_eq!(words(None, false), ["none", "month"]);
        assert_eq!(words(Some(Season::None), true), ["none", "factors"]);
        assert_eq!(words(Some(Season::Week), true), ["none", "week", "factors", "week_and_factors"]);
    }
}
