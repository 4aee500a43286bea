//! Measures that this room makes itself before rules are asked: columns of `customer_segment` that rules may name.

use super::groups::Groups;
use super::loyalty::Loyalty;
use super::rfm::Scored;
use super::values::{Data, Values};

/// What the measures of the customers of a slice are made of.
pub(crate) struct OwnMeasures<'r> {
    pub(crate) scored: &'r Scored,
    pub(crate) loyalty: &'r Loyalty,
    pub(crate) groups: &'r [&'r Groups],
    pub(crate) money_scale: u8,
}

type OwnMeasure = (&'static str, fn(&OwnMeasures<'_>) -> Option<Values>);

const MEASURES: [OwnMeasure; 11] = [
    ("recency_days", |own| Some(counts(&own.scored.values[0]))),
    ("frequency", |own| Some(counts(&own.scored.values[1]))),
    ("monetary", |own| Some(Values::of(Data::Fixed(own.scored.values[2].clone(), Some(own.money_scale))))),
    ("r_score", |own| Some(scores(&own.scored.scores[0]))),
    ("f_score", |own| Some(scores(&own.scored.scores[1]))),
    ("m_score", |own| Some(scores(&own.scored.scores[2]))),
    ("tenure_days", |own| Some(counts(&own.loyalty.tenure_days))),
    ("product_groups", |own| Some(counts(&own.loyalty.product_groups))),
    ("repeat_rate", |own| Some(Values::of(Data::Floats(own.loyalty.repeat_rate.clone())))),
    ("referrals", |own| own.loyalty.referrals.clone()),
    ("loyalty_index", |own| {
        let index = &own.loyalty.index;
        Some(Values {
            data: Data::Floats(index.iter().map(|index| index.unwrap_or(0.0)).collect()),
            known: Some(index.iter().map(Option::is_some).collect()),
        })
    }),
];

/// Groups that are measures too, whatever the pipeline declares.
const GROUPS: [&str; 4] = ["rfm_segment", "tier", "size_class", "loyalty_cell"];

/// Whether the room makes a measure of this name.
pub(crate) fn is_own(name: &str) -> bool {
    GROUPS.contains(&name) || MEASURES.iter().any(|(known, _)| *known == name)
}

/// The same, of residual value.
pub(crate) fn is_own_of_clv(name: &str) -> bool {
    name == "value_cell"
}

impl OwnMeasures<'_> {
    /// A measure of each customer; none where the room does not make it.
    pub(crate) fn values(&self, name: &str) -> Option<Values> {
        if let Some(groups) = self.groups.iter().find(|groups| groups.kind == name) {
            return Some(names(groups));
        }
        let (_, of) = MEASURES.iter().find(|(known, _)| *known == name)?;
        of(self)
    }
}

fn counts(values: &[i64]) -> Values {
    Values::of(Data::Fixed(values.to_vec(), None))
}

fn scores(scores: &[u8]) -> Values {
    Values::of(Data::Fixed(scores.iter().map(|score| (*score).into()).collect(), None))
}

fn names(groups: &Groups) -> Values {
    let has_group = |group: &u16| usize::from(*group) < groups.names.len();
    let codes = groups.of.iter().map(|group| if has_group(group) { (*group).into() } else { 0 }).collect();
    let mut names = groups.names.clone();
    if names.is_empty() {
        names.push(String::new());
    }
    Values { data: Data::Texts(codes, names), known: Some(groups.of.iter().map(has_group).collect()) }
}
