//! `lifecycle`: one row per customer and as-of date.

use super::profile::Profile;
use super::state::State;
use crate::error::{Error, Result};
use crate::facts::schema::{CustomerMaster, Customers};
use crate::pipeline::{Definition, LifecycleDef};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::{Day, PeriodKind, pow10};
use arrow::array::{Array, AsArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};

/// What the customers source adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'r> {
    pub(crate) master: Option<&'r CustomerMaster>,
    /// What each customer spends per year in the category, in whole units of the currency.
    pub(crate) wallet: Option<&'r Int64Array>,
}

impl<'r> Known<'r> {
    /// # Errors
    /// The declared wallet is no integer attribute.
    pub(crate) fn new(
        definition: &Definition,
        lifecycle: &LifecycleDef,
        master: Option<&'r CustomerMaster>,
    ) -> Result<Self> {
        let Some(wallet) = &lifecycle.wallet else { return Ok(Self { master, wallet: None }) };
        let values = super::grouping::attribute(definition, lifecycle, master, wallet)?;
        check_wallet(definition, lifecycle, wallet, values.data_type())?;
        Ok(Self { master, wallet: Some(values.as_primitive::<Int64Type>()) })
    }

    fn acquired_on(&self, rank: u32) -> Option<Day> {
        self.master.and_then(|master| master.acquired_on.get(rank as usize))
    }

    /// The wallet, where it is known and not empty.
    fn wallet_of(&self, rank: usize) -> Option<i64> {
        let wallet = self.wallet.filter(|wallet| rank < wallet.len() && wallet.is_valid(rank))?;
        Some(wallet.value(rank)).filter(|wallet| *wallet > 0)
    }

    /// Share of the wallet that an amount is; none where the wallet is not known or empty.
    fn share_of_wallet(&self, rank: u32, amount: i64, money_scale: u8) -> Option<f64> {
        let wallet = self.wallet_of(rank as usize)?;
        Some(amount as f64 / (wallet as f64 * pow10(money_scale) as f64))
    }

    /// All that rows have of it, for a digest.
    pub(crate) fn bytes(&self, rank: usize) -> [u8; 12] {
        let acquired_on = self.master.and_then(|master| master.acquired_on.get(rank));
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&acquired_on.map_or(i32::MIN, |day| day.0).to_le_bytes());
        bytes[4..].copy_from_slice(&self.wallet_of(rank).unwrap_or(0).to_le_bytes());
        bytes
    }
}

/// Checks that the wallet is a number.
///
/// # Errors
/// It is not.
pub(crate) fn check_wallet(
    definition: &Definition,
    lifecycle: &LifecycleDef,
    wallet: &str,
    kind: &DataType,
) -> Result<()> {
    if *kind == DataType::Int64 {
        return Ok(());
    }
    let place = definition.place(lifecycle.at);
    Err(Error::definition(format!(
        "{place}: lifecycle.wallet: attribute '{wallet}' is text, expected whole {} per year; cast it in [facts.customers], \
         such as cast(… as bigint)",
        definition.facts.currency
    )))
}

/// Profiles at one date, as they are published.
pub(crate) fn lifecycle(
    format: TableFormat<'_>,
    period: PeriodKind,
    customers: &Customers,
    known: Known<'_>,
    rows: &[Profile],
) -> Sheet {
    let grain = "customer with a purchase before the as-of date, and as-of date";
    let mut draft = format.draft("lifecycle", grain, Some("as_of"), rows);
    // The ids of any ranks may be those of the unidentified cost object, which is no customer of this room.
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.rank)), true);
    draft.as_of();
    add_times(&mut draft, known);
    add_depth(&mut draft, known, period);
    add_rhythm(&mut draft);
    let meaning = "new, reactivated, active, at risk, dormant or lost: the first whose rule holds";
    draft.name("state", meaning, |row| row.state.name());
    let meaning = "The state at the start of the period of the last day before the as-of date; null for those without purchase then";
    draft.name("previous_state", meaning, |row| row.previous.map(State::name));
    draft.finish()
}

fn add_times(draft: &mut Draft<'_, Profile>, known: Known<'_>) {
    let as_of = draft.format().as_of;
    let meaning = "The day the customer was won, where it is known";
    draft.day("acquired_on", meaning, |row| known.acquired_on(row.rank));
    let meaning = "First day with a sale line in the history";
    draft.day("first_purchase_date", meaning, |row| Day(row.seen.first));
    let meaning = "Last day with a sale line before the as-of date";
    draft.day("last_purchase_date", meaning, |row| Day(row.seen.last));
    let meaning = "From the first purchase to the last day before the as-of date";
    draft.count("tenure_days", "days", meaning, |row| row.seen.tenure(as_of));
    let meaning = "From the last purchase to the last day before the as-of date";
    draft.count("recency_days", "days", meaning, |row| row.seen.recency(as_of));
    draft.count("relationship_days", "days", "From the first to the last purchase", |row| {
        row.seen.relationship()
    });
}

fn add_depth(draft: &mut Draft<'_, Profile>, known: Known<'_>, period: PeriodKind) {
    let meaning = "Orders, counted once per day with a sale line of theirs";
    draft.count("orders", "orders", meaning, |row| row.orders);
    draft.count("active_days", "days", "Distinct days with a sale line", |row| row.seen.purchases);
    let meaning = "Purchase days after the first: frequency";
    draft.count("repeat_purchases", "days", meaning, |row| row.seen.repeats());
    let meaning = format!("Periods ({}s) with a purchase", period.name());
    draft.count("active_periods", "periods", meaning, |row| row.active_periods);
    draft.money("net_revenue", "Net revenue: monetary value, total", |row| row.net_revenue);
    let meaning = "Net revenue per order: monetary value, mean";
    draft.money("net_revenue_per_order", meaning, |row| row.net_revenue.per(row.orders));
    draft.money("net_revenue_per_active_period", "Net revenue per active period: depth", |row| {
        row.net_revenue.per(row.active_periods.into())
    });
    let meaning = "Gross margin − price concessions − cost to serve";
    draft.money("contribution", meaning, |row| row.contribution);
    draft.money("contribution_per_order", "Contribution per order", |row| row.contribution.per(row.orders));
    draft.money("contribution_per_active_period", "Contribution per active period: depth", |row| {
        row.contribution.per(row.active_periods.into())
    });
    let meaning = "Net revenue of the last 365 days over what the customer spends per year in the category; null where that is not known";
    let scale = draft.format().money_scale;
    draft.float("share_of_wallet", "1", meaning, |row| {
        known.share_of_wallet(row.rank, row.net_revenue_of_year.get(), scale)
    });
    let meaning = "Distinct product groups bought; before the run's as-of date those of the periods that ended by the as-of date";
    draft.count("product_groups", "product groups", meaning, |row| row.breadth.product_groups);
    let meaning = "Declared channels used, likewise; null if none is declared";
    draft.count("channels", "channels", meaning, |row| row.breadth.channels);
}

fn add_rhythm(draft: &mut Draft<'_, Profile>) {
    let as_of = draft.format().as_of;
    let meaning = "Mean days between purchases; null without a repeat";
    draft.float("gap_mean_days", "days", meaning, |row| row.gaps.mean_days);
    let meaning = "Median days between purchases; null without a repeat";
    draft.float("gap_median_days", "days", meaning, |row| row.gaps.median_days);
    let meaning = "Sample standard deviation of the days between purchases; null below two repeats";
    draft.float("gap_sd_days", "days", meaning, |row| row.gaps.sd_days);
    let meaning = "Days to expect between purchases: the customer's own, shrunken to the base's when repeats are few (Gamma–Poisson); null while nobody in the base bought twice";
    draft.float("expected_gap_days", "days", meaning, |row| row.expected_gap_days);
    let meaning = "recency_days / expected_gap_days";
    draft.float("overdue_ratio", "1", meaning, |row| row.overdue_ratio(as_of));
}
