//! Second walk: every customer scored, in its groups and with its treatment, written slice by slice, and what groups add
//! up to.

use super::acquisition::Acquired;
use super::base::BaseSlice;
use super::change::Changes;
use super::customer_segment::Segmented;
use super::earlier::{Before, Then};
use super::groups::{GroupSums, Groups, Worth};
use super::loyalty::{Loyalty, LoyaltyMeasure};
use super::migration::Moves;
use super::next_product::NextProducts;
use super::own_measures::OwnMeasures;
use super::pairs::{Baskets, KeptBaskets};
use super::products::CLASSES;
use super::pyramid::Pyramid;
use super::rfm::{Rfm, RfmMeasures, ScoreRanges, Scored};
use super::rules::{self, RuleCounts};
use super::value::HighFrom;
use super::values::Values;
use crate::customers::bins::Bins;
use crate::error::{Error, Result};
use crate::pipeline::{Definition, SegmentsDef};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use std::collections::{BTreeMap, BTreeSet};

/// What customers are placed by, the same for all.
pub(crate) struct Placement<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) segments: &'r SegmentsDef,
    pub(crate) format: TableFormat<'r>,
    pub(crate) measures: RfmMeasures<'r>,
    pub(crate) rfm: &'r Rfm,
    pub(crate) pyramid: &'r Pyramid<'r>,
    pub(crate) tiers: &'r Bins,
    pub(crate) sizes: &'r Bins,
    pub(crate) high: HighFrom,
    pub(crate) loyalty: &'r LoyaltyMeasure<'r>,
    pub(crate) baskets: &'r KeptBaskets,
    pub(crate) next_products: &'r NextProducts<'r>,
    pub(crate) before: Option<&'r Before>,
    pub(crate) changes: Option<&'r Changes<'r>>,
    /// The attributes of the acquisition profile, without customers.
    pub(crate) acquired: &'r Acquired,
}

/// The customers of a slice, placed: rows of both tables, and what they add up to.
pub(crate) struct Placed {
    pub(crate) segments: Sheet,
    pub(crate) next_products: Sheet,
    pub(crate) tally: Tally,
}

/// What customers add up to.
pub(crate) struct Tally {
    /// By kind of groups, treatments last.
    pub(crate) sums: Vec<GroupSums>,
    pub(crate) scores: ScoreRanges,
    pub(crate) rules: RuleCounts,
    pub(crate) moves: Moves,
    pub(crate) acquired: Acquired,
}

impl Tally {
    /// Adds other customers.
    ///
    /// # Errors
    /// An attribute with too many values.
    pub(crate) fn merge(&mut self, definition: &Definition, other: Self) -> Result<()> {
        self.sums.iter_mut().zip(&other.sums).for_each(|(sums, more)| sums.merge(more));
        self.scores.merge(&other.scores);
        self.rules.merge(&other.rules);
        self.moves.merge(&other.moves);
        self.acquired.merge(definition, other.acquired)
    }
}

impl Placement<'_> {
    /// The columns that the walk reads.
    pub(crate) fn columns(&self) -> BTreeSet<&str> {
        let rules = self.segments.treatments.iter().flat_map(|treatment| &treatment.when.columns);
        (Worth::columns().into_iter())
            .chain(self.measures.columns())
            .chain(self.loyalty.columns())
            .chain([self.pyramid.measure(), "profit_class", "state"])
            .chain(self.acquired.columns())
            .chain(rules.map(|named| named.name.as_str()))
            .collect()
    }

    /// Places the customers of a slice.
    ///
    /// # Errors
    /// A column that is not there, a rule that cannot be evaluated.
    pub(crate) fn place(&self, slice: &BaseSlice<'_>) -> Result<Placed> {
        let worth = Worth::of(slice)?;
        let baskets = if slice.len() == 0 { Baskets::new() } else { self.baskets.slice(slice.number)? };
        let loyalty = self.loyalty.of(slice, &worth.orders, baskets.sizes())?;
        let scored = self.rfm.score(slice.number, self.measures.of(slice)?);
        let [tiers, classes, sizes, cells, loyal, state] = &self.groups(slice, &worth, &loyalty)?;
        let all = [&scored.groups, tiers, classes, sizes, cells, loyal, state];
        let columns = self.rule_columns(slice, &scored, &loyalty, &all)?;
        let (first, counts) =
            rules::apply(self.definition, &self.segments.treatments, &columns, slice.len())?;
        let names = self.segments.treatments.iter().map(|treatment| treatment.name.clone()).collect();
        let treatments = Groups { kind: "treatment", names, of: first };
        let then = self.before.map(|before| before.then(slice)).transpose()?.unwrap_or_default();
        let tally = Tally {
            sums: all.into_iter().chain([&treatments]).map(|groups| GroupSums::of(&worth, groups)).collect(),
            scores: ScoreRanges::of(&scored, self.segments.rfm.bins),
            rules: counts,
            moves: Moves::of(&[tiers, &scored.groups, state], &worth, &then),
            acquired: self.acquired.slice(self.definition, slice, &worth)?,
        };
        let keys = slice.keys();
        let next_products = self.next_products.slice(self.format, &keys, &baskets);
        let segmented = Segmented {
            definition: self.segments,
            keys,
            changes: self.changed(&scored, &then),
            scored: &scored,
            loyalty: &loyalty,
            worth: &worth,
            groups: &all,
            treatments: &treatments,
        };
        Ok(Placed { segments: segmented.sheet(self.format), next_products, tally })
    }

    /// Every way of telling customers apart but scores and treatments.
    fn groups(&self, slice: &BaseSlice<'_>, worth: &Worth, loyalty: &Loyalty) -> Result<[Groups; 6]> {
        let tiers = self.segments.pyramid.tiers.iter().map(|tier| tier.name.clone()).collect();
        let of = self.tiers.place(slice.number, &self.pyramid.values(slice)?);
        let tiers = Groups { kind: "tier", names: tiers, of };
        let sizes = ["large", "medium", "small"].map(str::to_owned).to_vec();
        let of = self.sizes.place(slice.number, &worth.net_revenue);
        Ok([
            tiers,
            Groups::by_column(slice, "profit_class", &CLASSES)?,
            Groups { kind: "size_class", names: sizes, of },
            self.high.value_cells(worth),
            self.high.loyalty_cells(worth, loyalty),
            Groups::by_column(slice, "state", &[])?,
        ])
    }

    fn changed(&self, scored: &Scored, then: &Then) -> Vec<Option<String>> {
        let of = |customer| self.changes.and_then(|changes| changes.of(scored, then, customer));
        (0..scored.groups.of.len()).map(of).collect()
    }

    /// The measures that rules name.
    fn rule_columns(
        &self,
        slice: &BaseSlice<'_>,
        scored: &Scored,
        loyalty: &Loyalty,
        groups: &[&Groups],
    ) -> Result<BTreeMap<&str, Values>> {
        let own = OwnMeasures { scored, loyalty, groups, money_scale: self.format.money_scale };
        let mut columns = BTreeMap::new();
        for named in self.segments.treatments.iter().flat_map(|treatment| &treatment.when.columns) {
            if columns.contains_key(named.name.as_str()) {
                continue;
            }
            let values = match own.values(&named.name) {
                Some(values) => Some(values),
                None => slice.column(&named.name)?,
            };
            let values = values.ok_or_else(|| {
                let place = self.definition.place(named.at);
                let message = "a line of cost, an attribute or a section it comes with is not there";
                Error::definition(format!("{place}: this run has no measure '{}'; {message}", named.name))
            })?;
            columns.insert(named.name.as_str(), values);
        }
        Ok(columns)
    }
}
