//! The pyramid of a level: groups from the best to the others, in layers of declared shares.

use super::group_sums::GroupSums;
use super::measures::{COST_TO_SERVE, CUSTOMER_PROFIT, Measures, NET_REVENUE};
use crate::customers::ranking::{Places, Ranking};
use crate::error::Result;
use crate::pipeline::{PyramidDef, TierDef};
use crate::segments::schema::layer_ends;
use std::ops::Range;

/// Layers of groups.
pub(super) struct Tiers<'r> {
    pub(super) tiers: &'r [TierDef],
    places: Places,
    /// The last place of each tier.
    ends: Vec<u64>,
    pub(super) layers: Vec<Layer>,
}

/// What a tier holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) groups: usize,
    /// The measure of its first group and of its last.
    pub(super) ends: Option<[i64; 2]>,
    pub(super) sums: TierSums,
}

/// Sums over the groups of a tier: net revenue, cost to serve, customer profit.
pub(super) type TierSums = [i128; 3];

/// What they are sums of.
const SUMMED: [&str; 3] = [NET_REVENUE, COST_TO_SERVE, CUSTOMER_PROFIT];

/// What groups are ranked by: the pyramid's measure, or customer profit where that does not add up over members.
pub(super) fn measure_of(pyramid: &PyramidDef, measures: &Measures) -> usize {
    let declared = measures.place(&pyramid.measure.name);
    declared.or_else(|| measures.place(CUSTOMER_PROFIT)).expect("every run has customer profit")
}

impl<'r> Tiers<'r> {
    /// Of the groups that have been ranked.
    ///
    /// # Errors
    /// A disk that fails.
    pub(super) fn new(pyramid: &'r PyramidDef, ranking: Ranking) -> Result<Self> {
        let shares: Vec<_> = pyramid.tiers.iter().map(|tier| tier.share).collect();
        let ends = layer_ends(ranking.len(), &shares);
        let mut layers = vec![Layer::default(); ends.len()];
        let (mut place, mut tier) = (0, 0);
        let places = ranking.finish(|value| {
            place += 1;
            while ends[tier] < place {
                tier += 1;
            }
            let layer = &mut layers[tier];
            layer.groups += 1;
            layer.ends = Some([layer.ends.map_or(value, |[first, _]| first), value]);
        })?;
        Ok(Self { tiers: &pyramid.tiers, places, ends, layers })
    }

    /// The tier of a group, by place among them; none without a sale line.
    pub(super) fn of(&self, group: usize) -> Option<usize> {
        let place = u64::from(self.places.of(group)?);
        Some(self.ends.partition_point(|end| *end < place))
    }

    /// The name of a tier; none of what the shares leave.
    pub(super) fn name(&self, tier: usize) -> Option<&'r str> {
        self.tiers.get(tier).map(|tier| tier.name.as_str())
    }

    /// Sums of these groups, by tier.
    pub(super) fn sums(&self, measures: &Measures, sums: &GroupSums, groups: Range<usize>) -> Vec<TierSums> {
        let mut found = vec![TierSums::default(); self.layers.len()];
        let columns = SUMMED.map(|name| measures.place(name).map(|place| &sums.measures[place]));
        for (row, group) in groups.enumerate() {
            let Some(tier) = self.of(group) else { continue };
            for (sum, column) in found[tier].iter_mut().zip(columns) {
                *sum += column.map_or(0, |column| i128::from(column[row]));
            }
        }
        found
    }

    /// Adds what [`Tiers::sums`] found.
    pub(super) fn add(&mut self, sums: &[TierSums]) {
        for (layer, sums) in self.layers.iter_mut().zip(sums) {
            layer.sums.iter_mut().zip(sums).for_each(|(sum, more)| *sum += more);
        }
    }
}
