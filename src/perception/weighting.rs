//! Weights of attributes and of what they belong to: shares of importance.

use super::answers::Board;
use super::cuts::Segment;
use super::importance::Derived;
use crate::pipeline::OfferGroup;
use std::collections::BTreeMap;

/// Whether importance was said or shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Basis {
    Stated,
    Derived,
}

impl Basis {
    pub(crate) const ALL: [Basis; 2] = [Basis::Stated, Basis::Derived];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Derived => "derived",
        }
    }
}

/// Share of each attribute in the importance of all; empty where there is no importance.
pub(crate) type Shares = BTreeMap<u32, f64>;

/// Shares of one segment. A derived importance below 0 weighs nothing.
pub(crate) fn shares(board: &Board<'_>, segment: Segment, derived: Option<&Derived>, basis: Basis) -> Shares {
    let items = board.items(segment, 0);
    let importance = |(item, cell): &(u32, &super::answers::Cell)| match basis {
        Basis::Stated => cell.importance.mean(),
        Basis::Derived => derived.and_then(|derived| derived.of(*item)).map(|(coefficient, _)| coefficient),
    };
    let found = items.iter().filter_map(|item| Some((item.0, importance(item)?.max(0.0))));
    let found: Vec<(u32, f64)> = found.collect();
    let total: f64 = found.iter().map(|(_, importance)| importance).sum();
    match total > 0.0 {
        true => found.into_iter().map(|(item, importance)| (item, importance / total)).collect(),
        false => Shares::new(),
    }
}

/// Stated shares, else derived ones.
pub(crate) fn best_shares(
    board: &Board<'_>,
    segment: Segment,
    derived: Option<&Derived>,
) -> Option<(Basis, Shares)> {
    let of = |basis| (basis, shares(board, segment, derived, basis));
    Basis::ALL.into_iter().map(of).find(|(_, shares)| !shares.is_empty())
}

/// What attributes belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Group(OfferGroup),
    Driver(OfferGroup, String),
}

impl Level {
    pub(crate) fn level(&self) -> &'static str {
        match self {
            Self::Group(_) => "group",
            Self::Driver(..) => "driver",
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Group(group) => group.name(),
            Self::Driver(_, driver) => driver,
        }
    }

    pub(crate) fn group(&self) -> OfferGroup {
        match self {
            Self::Group(group) | Self::Driver(group, _) => *group,
        }
    }
}

/// The declared attributes of each group and driver among these.
pub(crate) fn levels(board: &Board<'_>, items: &[u32]) -> BTreeMap<Level, Vec<u32>> {
    let mut levels: BTreeMap<Level, Vec<u32>> = BTreeMap::new();
    for item in items {
        let Some(declared) = board.declared(*item) else { continue };
        levels.entry(Level::Group(declared.group)).or_default().push(*item);
        if let Some(driver) = &declared.driver {
            levels.entry(Level::Driver(declared.group, driver.clone())).or_default().push(*item);
        }
    }
    levels
}

/// Mean of a score over attributes, weighted by their shares; none without a score.
pub(crate) fn weighted(items: &[u32], shares: &Shares, score: impl Fn(u32) -> Option<f64>) -> Option<f64> {
    let scored = items.iter().filter_map(|item| Some((*shares.get(item)?, score(*item)?)));
    let (weight, sum) =
        scored.fold((0.0, 0.0), |(weight, sum), (share, score)| (weight + share, sum + share * score));
    (weight > 0.0).then(|| sum / weight)
}
