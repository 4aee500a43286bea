//! Tables of levels: `customer_group_summary`, `customer_group_whale_curve`, `customer_group_pyramid` and
//! `customer_group_reconciliation`.

use super::group_table::share_column;
use super::level::Level;
use super::measures::Measures;
use super::tiers::Layer;
use crate::pipeline::TierDef;
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// Shares of groups whose share of profit is published, in per cent.
const TOP_SHARES: [usize; 4] = [1, 5, 10, 20];

const LEVEL: &str = "Level of the hierarchy: the attribute whose values the groups are";

/// Every level in one row.
pub(super) fn summary(format: TableFormat<'_>, levels: &[Level<'_>]) -> Sheet {
    let mut draft = format.draft("customer_group_summary", "level of the hierarchy", None, levels);
    draft.as_of();
    draft.name("level", LEVEL, |level| level.name);
    draft.count("groups", "groups", "Groups, customers without one among them", |level| level.counts.groups);
    let mut count =
        |name: &'static str, unit: &'static str, meaning: &'static str, of: fn(&Level<'_>) -> i128| {
            draft.count(name, unit, meaning, move |level| i64::try_from(of(level)).expect("a count"));
        };
    let meaning = "Groups of one customer who has no group at this level";
    count("single_groups", "groups", meaning, |level| level.counts.alone);
    let meaning = "Customers in groups, a shared one in each of its groups";
    count("members", "customers", meaning, |level| level.counts.members);
    count("shared_members", "customers", "Those who are in other groups too", |level| level.counts.shared);
    let meaning = "Members, each by its share: as many as customers, the unidentified cost object among them";
    draft.fixed(share_column("member_shares", meaning), |level| {
        i64::try_from(level.counts.shares).expect("customers are few enough for 18 digits")
    });
    let meaning = "Groups in which somebody bought or returned: those that have a place";
    draft.count("ranked_groups", "groups", meaning, |level| level.curve.customers());
    let meaning = "Those whose profit is above 0";
    draft.count("profitable_groups", "groups", meaning, |level| level.curve.profitable());
    let meaning = "Profitable groups that have members at a loss";
    draft.count("groups_with_hidden_losses", "groups", meaning, |level| level.counts.hiding);
    let meaning = "What the members at a loss of these groups lose, above 0";
    draft.total("hidden_losses", meaning, |level| level.counts.hidden_losses);
    let meaning = "The fewest groups with the highest cumulative profit";
    draft.count("peak_groups", "groups", meaning, |level| level.curve.peak_customers());
    draft.total("total_profit", "Customer profit of the groups that have a place", |level| {
        level.curve.total()
    });
    draft.total("peak_profit", "Highest cumulative profit", |level| level.curve.peak_profit());
    draft.total("value_destroyed", "Peak profit − total profit", |level| level.curve.value_destroyed());
    let meaning = "Customer profit of groups in which nobody bought or returned";
    draft.total("prospect_profit", meaning, |level| level.counts.prospect_profit);
    let meaning = "Customer profit of rows without customer";
    draft.total("unidentified_profit", meaning, |level| level.counts.unidentified_profit);
    let meaning = "Of all groups, and of all customers: total profit + prospect profit + unidentified profit";
    draft.total("customer_profit", meaning, |level| {
        level.curve.total() + level.counts.prospect_profit + level.counts.unidentified_profit
    });
    for per_cent in TOP_SHARES {
        let meaning = format!("Share of total profit of the best {per_cent} % of groups, rounded up");
        draft.float(format!("top_{per_cent}_share"), "1", meaning, move |level| {
            level.curve.top(10 * per_cent).2
        });
    }
    draft.float("stobachoff", "1", "Stobachoff coefficient, (S − ½)/S", |level| level.curve.stobachoff());
    draft.finish()
}

/// Points of the whale curves.
pub(super) fn whale_curve(format: TableFormat<'_>, levels: &[Level<'_>]) -> Sheet {
    let points =
        levels.iter().flat_map(|level| level.curve.points().into_iter().map(|point| (level.name, point)));
    let points: Vec<_> = points.collect();
    let grain = "level and point of its whale curve";
    let mut draft = format.draft("customer_group_whale_curve", grain, None, &points);
    draft.as_of();
    draft.name("level", LEVEL, |(level, _)| *level);
    draft.count("per_mille", "‰", "Best groups; null at the peak", |(_, point)| point.per_mille);
    draft.count("groups", "groups", "How many, rounded up", |(_, point)| point.customers);
    let meaning = "Customer profit of these groups over life";
    draft.total("cumulative_profit", meaning, |(_, point)| point.profit);
    let meaning = "Of all groups' profit; null if that is not above 0";
    draft.float("share_of_total", "1", meaning, |(_, point)| point.share);
    draft.finish()
}

/// A tier of the pyramid of a level.
struct TierRow<'r> {
    level: &'r str,
    place: usize,
    tier: Option<&'r TierDef>,
    measure: &'static str,
    /// Digits after the point of the measure.
    scale: Option<u8>,
    layer: Layer,
    all: Layer,
}

/// The pyramids; none without `[segments]`.
pub(super) fn pyramid(format: TableFormat<'_>, levels: &[Level<'_>], measures: &Measures) -> Option<Sheet> {
    let mut rows = Vec::new();
    for level in levels {
        let (measure, tiers) = level.pyramid.as_ref()?;
        let measure = measures.all()[*measure];
        let mut all = Layer::default();
        for layer in &tiers.layers {
            all.groups += layer.groups;
            all.sums.iter_mut().zip(layer.sums).for_each(|(sum, more)| *sum += more);
        }
        for (at, layer) in tiers.layers.iter().enumerate() {
            let (level, tier, scale) = (level.name, tiers.tiers.get(at), measure.scale(format));
            rows.push(TierRow {
                level,
                place: at + 1,
                tier,
                measure: measure.name,
                scale,
                layer: *layer,
                all,
            });
        }
    }
    let scale = rows.first().and_then(|row| row.scale);
    let mut draft = format.draft("customer_group_pyramid", "level and tier", None, &rows);
    draft.as_of();
    draft.name("level", LEVEL, |row| row.level);
    draft.count("place", "", "1 for the top", |row| row.place);
    draft.name("tier", "The tier; (none): groups beyond the declared shares", |row| {
        row.tier.map_or("(none)", |tier| tier.name.as_str())
    });
    let meaning = "What groups are ranked by: the pyramid's measure, or customer profit where that does not add up over members";
    draft.name("measure", meaning, |row| row.measure);
    draft.float("declared_share", "1", "Share of groups as declared", |row| {
        let share = row.tier?.share;
        Some(share.mantissa as f64 / crate::units::pow10(share.scale) as f64)
    });
    draft.count("groups", "groups", "Groups in the tier", |row| row.layer.groups);
    let kind = scale.map_or(ColumnKind::Integer, ColumnKind::Money);
    let meaning = "The measure of its first group; null without groups";
    draft.fixed(Column::new("highest", kind, "", meaning), |row| row.layer.ends.map(|[first, _]| first));
    let meaning = "The measure of its last group; null without groups";
    draft.fixed(Column::new("lowest", kind, "", meaning), |row| row.layer.ends.map(|[_, last]| last));
    let share = |part: i128, whole: i128| (whole > 0).then(|| part as f64 / whole as f64);
    draft.float("share_of_groups", "1", "Of all groups with a sale line; null without any", move |row| {
        share(row.layer.groups as i128, row.all.groups as i128)
    });
    for (place, name, meaning) in [
        (0, "share_of_revenue", "Of these groups' net revenue; null if that is not above 0"),
        (1, "share_of_cost_to_serve", "Of these groups' cost to serve; null if that is not above 0"),
        (2, "share_of_profit", "Of these groups' profit; null if that is not above 0"),
    ] {
        draft.float(name, "1", meaning, move |row| share(row.layer.sums[place], row.all.sums[place]));
    }
    draft.total("net_revenue", "Net revenue", |row| row.layer.sums[0]);
    draft.total("cost_to_serve", "Cost to serve; 0 where the run has none", |row| row.layer.sums[1]);
    draft.total("customer_profit", "Customer profit", |row| row.layer.sums[2]);
    Some(draft.finish())
}

/// A measure of a level.
struct Closing<'r> {
    level: &'r str,
    measure: &'static str,
    customers: i128,
    groups: i128,
}

/// What groups add up to against what customers have, measure by measure.
pub(super) fn reconciliation(format: TableFormat<'_>, levels: &[Level<'_>], measures: &Measures) -> Sheet {
    let mut rows = Vec::new();
    for level in levels {
        let [customers, groups] = &level.totals;
        for ((measure, customers), groups) in measures.all().iter().zip(customers).zip(groups) {
            // Counts stand at the scale of money, so that one column holds all.
            let to_money = |value: i128| {
                let scale = measure.scale(format).unwrap_or(0);
                crate::units::rescale(value, scale, format.money_scale).unwrap_or(value)
            };
            let [customers, groups] = [customers, groups].map(|value| to_money(*value));
            rows.push(Closing { level: level.name, measure: measure.name, customers, groups });
        }
    }
    let mut draft =
        format.draft("customer_group_reconciliation", "level and measure of the groups", None, &rows);
    draft.as_of();
    draft.name("level", LEVEL, |row| row.level);
    draft.name("measure", "Column of customer_group", |row| row.measure);
    draft.total("of_customers", "Sum over the table it comes from, with as many digits as money", |row| {
        row.customers
    });
    draft.total("of_groups", "Sum over the groups of the level", |row| row.groups);
    draft.total("difference", "of_customers − of_groups: 0", |row| row.customers - row.groups);
    draft.finish()
}
