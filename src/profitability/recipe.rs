//! What a period's customer tables follow from.

use super::stage::Sources;

impl Sources<'_> {
    /// All that the rows of a period follow from, besides their columns.
    pub(crate) fn recipe(&self, period: usize) -> String {
        let Self { facts, costing, acquisition, .. } = *self;
        let activities = costing.activities.iter().zip(&costing.periods[period].activities);
        let posted = activities.map(|(activity, costed)| {
            let (rate, volume, unused) = (costed.rate, costed.volume, costed.unused_charged);
            format!("{activity:?} {rate:?} {volume} {} {unused}", costed.is_fallback)
        });
        let posted: Vec<String> = posted.collect();
        let acquired = acquisition.digest(period, &facts.customers.keys);
        format!("{}\n{}\n{acquired}", facts.digest(period), posted.join("\n"))
    }

    /// Digest of all that customers' days in a period follow from.
    pub(crate) fn digest_of_days(&self, period: usize) -> String {
        let recipe = format!("{}\n{}", self.recipe(period), self.facts.digest_of_days(period));
        blake3::hash(recipe.as_bytes()).to_string()
    }
}
