//! `customer_group`: what every group of every level brings, costs and is worth.

use super::group_sums::{GroupSums, Own};
use super::measures::{Measures, RESIDUAL_VALUE};
use super::tiers::Tiers;
use crate::customers::membership::Membership;
use crate::customers::part::SHARE_SCALE;
use crate::facts::schema::{Customers, NO_INSTANT};
use crate::pipeline::KeyType;
use crate::profitability::schema::{Class, Standing};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{Draft, TableFormat};
use crate::units::Fixed18;
use std::ops::Range;

/// What the rows of a level are made with.
pub(super) struct GroupTable<'r> {
    pub(super) format: TableFormat<'r>,
    pub(super) level: &'r str,
    pub(super) customers: &'r Customers,
    pub(super) measures: &'r Measures,
    pub(super) membership: &'r Membership,
    pub(super) next: Option<&'r Membership>,
    pub(super) standing: &'r Standing,
    pub(super) tiers: Option<&'r Tiers<'r>>,
    /// Of all groups that have a place.
    pub(super) profit: i128,
}

/// A share of 1 as a column.
pub(super) fn share_column(name: &'static str, meaning: &'static str) -> Column {
    Column::new(name, ColumnKind::Volume(SHARE_SCALE), "1", meaning)
}

/// The rows of consecutive groups.
pub(super) fn customer_group(table: &GroupTable<'_>, sums: &GroupSums, groups: Range<usize>) -> Sheet {
    let first = groups.start;
    let rows: Vec<u32> = groups.map(|group| u32::try_from(group).expect("groups fit 32 bits")).collect();
    let mut draft =
        table.format.draft("customer_group", "level and group of customers", Some("as_of"), &rows);
    draft.as_of();
    let level = table.level;
    draft.name("level", "Level of the hierarchy: the attribute whose values the groups are", |_| level);
    let meaning = "Key of the group; in parentheses that of a customer who is a group of its own";
    let keys = &table.membership.keys;
    draft.text("group_key", meaning, |group| keys.key(*group as usize));
    let row = |group: &u32| *group as usize - first;
    let meaning = "Key of the group of the next level that all members lie in; null if they lie in several, and at the last level";
    let next = sums.own(Own::Next);
    draft.text("next_group_key", meaning, |group| {
        let next = usize::try_from(next[row(group)]).ok();
        next.and_then(|next| table.next.map(|membership| membership.keys.key(next)))
    });
    let alone = sums.own(Own::Alone);
    draft.flag("is_single", "A customer without a group at this level", |group| alone[row(group)] > 0);
    add_members(&mut draft, sums);
    let has_residual = table.measures.place(RESIDUAL_VALUE).is_some();
    for (measure, values) in table.measures.all().iter().zip(&sums.measures) {
        let column = measure.column(table.format);
        if measure.is_value() {
            let known = |(value, unvalued): (&i64, &i64)| (*unvalued == 0).then_some(*value);
            let values = values.iter().zip(sums.own(Own::Unvalued)).map(known);
            draft.ready().fixed_or_null(column, values.collect());
        } else {
            draft.ready().fixed(column, values.clone());
        }
    }
    if !has_residual {
        draft.money(RESIDUAL_VALUE, "Null: there is no [clv]", |_| None::<Fixed18>);
    }
    add_standing(&mut draft, table, sums, first);
    add_spread(&mut draft, table, sums);
    draft.finish()
}

fn add_members(draft: &mut Draft<'_, u32>, sums: &GroupSums) {
    let mut count = |name, meaning, own| {
        let column = Column::new(name, ColumnKind::Integer, "customers", meaning);
        draft.ready().fixed(column, sums.own(own).to_vec());
    };
    count("members", "Customers of the group, a shared one in each of its groups", Own::Members);
    count("active_members", "Those with a sale line", Own::Active);
    count("shared_members", "Those who belong to other groups of the level too", Own::Shared);
    let meaning = "Members, each by its share: over the groups of a level they add up to the customers";
    draft.ready().fixed(share_column("member_shares", meaning), sums.own(Own::Shares).to_vec());
    let instant = |name, meaning| Column::new(name, ColumnKind::Timestamp, "", meaning);
    let first = instant("first_order_at", "First sale line of a member; null without one");
    draft.ready().instants(first, sums.own(Own::FirstOrderAt).to_vec().into(), NO_INSTANT);
    let last = instant("last_order_at", "Last sale line of a member; null without one");
    draft.ready().instants(last, sums.own(Own::LastOrderAt).to_vec().into(), NO_INSTANT);
}

fn add_standing<'r>(draft: &mut Draft<'r, u32>, table: &GroupTable<'r>, sums: &GroupSums, first: usize) {
    let profits = sums.profit(table.measures);
    let total = table.profit;
    let place = |group: u32| table.standing.places.of(group as usize);
    let profit = |group: u32| profits[group as usize - first];
    let meaning = "Of the customer profit of all groups that have a place; null without one, and if that is not above 0";
    draft.float("share_of_profit", "1", meaning, |group| {
        let share = profit(*group) as f64 / total as f64;
        place(*group).filter(|_| total > 0).map(|_| share)
    });
    let meaning = "Place by customer profit among the groups of the level, 1 the best; null where nobody bought or returned, and for \
                   the unidentified";
    draft.count("rank_profit", "", meaning, |group| place(*group));
    let meaning = "high profit, profit, break-even or loss by the bounds of [profitability], high profit from the group \
                   at the top 20 % on unless declared; null where rank_profit is";
    draft.name("profit_class", meaning, |group| {
        table.standing.class(*group as usize, profit(*group)).map(Class::name)
    });
    let meaning =
        "Tier of the pyramid among the groups of the level; null without a sale line, and without [segments]";
    draft.name("tier", meaning, |group| {
        table.tiers.and_then(|tiers| tiers.of(*group as usize).and_then(|tier| tiers.name(tier)))
    });
}

/// How far members lie apart, which the sum hides.
fn add_spread(draft: &mut Draft<'_, u32>, table: &GroupTable<'_>, sums: &GroupSums) {
    let column = Column::new(
        "members_at_a_loss",
        ColumnKind::Integer,
        "customers",
        "Members whose customer profit is below 0",
    );
    draft.ready().fixed(column, sums.own(Own::AtALoss).to_vec());
    let meaning = "What these lose, above 0: what the group would gain if they broke even";
    draft.ready().fixed(table.format.money("member_losses", meaning), sums.own(Own::Losses).to_vec());
    let is_text = table.customers.keys.key_type() == KeyType::Text;
    let kind = if is_text { ColumnKind::Text } else { ColumnKind::IntKey };
    for (name, meaning, member, profit_name, profit_meaning, profit) in [
        (
            "best_member",
            "Member with the highest customer profit, of equal ones the first; null of the unidentified",
            Own::Best,
            "best_member_profit",
            "Its customer profit, of a shared member its part",
            Own::BestProfit,
        ),
        (
            "worst_member",
            "Member with the lowest customer profit, likewise",
            Own::Worst,
            "worst_member_profit",
            "Its customer profit, likewise",
            Own::WorstProfit,
        ),
    ] {
        let rank = |rank: &i64| u32::try_from(*rank).expect("a rank");
        let ids = table.customers.ids(sums.own(member).iter().map(rank));
        draft.ready().add(Column::new(name, kind, "", meaning).nullable(), ids);
        draft.ready().fixed(table.format.money(profit_name, profit_meaning), sums.own(profit).to_vec());
    }
}
