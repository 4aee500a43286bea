//! `lifecycle`: one row per customer and as-of date.

use super::layout::{Layout, count, date, float, name};
use super::profile::Profile;
use super::state::State;
use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;
use crate::pipeline::{Definition, LifecycleDef};
use crate::publish::schema::Sheet;
use crate::units::{Day, pow10};
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

    fn acquired_on(&self, rank: u32) -> Option<i32> {
        self.master.and_then(|master| master.acquired_on.get(rank as usize)).map(|day| day.0)
    }

    /// Share of the wallet that an amount is; none where the wallet is not known or empty.
    fn share_of_wallet(&self, rank: u32, amount: i64, money_scale: u8) -> Option<f64> {
        let (wallet, rank) = (self.wallet?, rank as usize);
        let known = rank < wallet.len() && wallet.is_valid(rank) && wallet.value(rank) > 0;
        known.then(|| amount as f64 / (wallet.value(rank) as f64 * pow10(money_scale) as f64))
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
pub(crate) fn lifecycle(layout: &Layout<'_>, as_of: Day, known: Known<'_>, rows: &[Profile]) -> Sheet {
    let mut sheet = Sheet::new(
        "lifecycle",
        "customer with a purchase before the as-of date, and as-of date",
        Some("as_of"),
    );
    let ranks: Vec<u32> = rows.iter().map(|row| row.rank).collect();
    sheet.add(layout.key(), layout.customers.ids(&ranks));
    Layout::add_as_of(&mut sheet, as_of, rows.len());
    add_times(&mut sheet, as_of, known, rows);
    add_depth(&mut sheet, layout, known, rows);
    add_rhythm(&mut sheet, as_of, rows);
    add_states(&mut sheet, rows);
    sheet
}

fn add_times(sheet: &mut Sheet, as_of: Day, known: Known<'_>, rows: &[Profile]) {
    let acquired = date("acquired_on", "The day the customer was won, where it is known").nullable();
    sheet.days(acquired, rows.iter().map(|row| known.acquired_on(row.rank)));
    let first = date("first_purchase_date", "First day with a sale line in the history");
    sheet.days(first, rows.iter().map(|row| Some(row.seen.first)));
    let last = date("last_purchase_date", "Last day with a sale line before the as-of date");
    sheet.days(last, rows.iter().map(|row| Some(row.seen.last)));
    let mut add = |name, meaning, of: &dyn Fn(&Profile) -> i32| {
        sheet
            .fixed(count(name, "days", meaning), rows.iter().map(|row| of(row).into()).collect::<Vec<i64>>());
    };
    add("tenure_days", "From the first purchase to the last day before the as-of date", &|row| {
        row.seen.tenure(as_of)
    });
    add("recency_days", "From the last purchase to the last day before the as-of date", &|row| {
        row.seen.recency(as_of)
    });
    add("relationship_days", "From the first to the last purchase", &|row| row.seen.relationship());
}

fn add_depth(sheet: &mut Sheet, layout: &Layout<'_>, known: Known<'_>, rows: &[Profile]) {
    let integers = |of: &dyn Fn(&Profile) -> i64| rows.iter().map(of).collect::<Vec<i64>>();
    sheet.fixed(
        count("orders", "orders", "Orders, counted once per day with a sale line of theirs"),
        integers(&|row| row.orders),
    );
    sheet.fixed(
        count("purchase_days", "days", "Distinct days with a sale line"),
        integers(&|row| row.seen.purchases.into()),
    );
    sheet.fixed(
        count("repeat_purchases", "days", "Purchase days after the first: frequency"),
        integers(&|row| row.seen.repeats().into()),
    );
    let periods = format!("Periods ({}s) with a purchase", layout.period_name());
    sheet.fixed(count("active_periods", "periods", periods), integers(&|row| row.active_periods.into()));
    let mut add =
        |name, meaning, of: &dyn Fn(&Profile) -> i64| sheet.fixed(layout.money(name, meaning), integers(of));
    add("net_revenue", "Net revenue: monetary value, total", &|row| row.net_revenue);
    add("net_revenue_per_order", "Net revenue per order: monetary value, mean", &|row| {
        Profile::per(row.net_revenue, row.orders)
    });
    add("net_revenue_per_active_period", "Net revenue per active period: depth", &|row| {
        Profile::per(row.net_revenue, row.active_periods.into())
    });
    add("contribution", "Gross margin − price concessions − cost to serve", &|row| row.contribution);
    add("contribution_per_order", "Contribution per order", &|row| {
        Profile::per(row.contribution, row.orders)
    });
    add("contribution_per_active_period", "Contribution per active period: depth", &|row| {
        Profile::per(row.contribution, row.active_periods.into())
    });
    let meaning = "Net revenue of the last 365 days over what the customer spends per year in the category; null where that is not known";
    let shares =
        rows.iter().map(|row| known.share_of_wallet(row.rank, row.net_revenue_of_year, layout.money_scale));
    sheet.floats(float("share_of_wallet", "1", meaning), shares);
    let meaning = "Distinct product groups bought; before the run's as-of date those of the periods that ended by the as-of date";
    sheet.fixed(
        count("product_groups", "product groups", meaning),
        integers(&|row| row.breadth.product_groups.into()),
    );
    let meaning = "Declared channels used, likewise; null if none is declared";
    sheet.fixed_or_null(
        count("channels", "channels", meaning),
        rows.iter().map(|row| row.breadth.channels.map(i64::from)).collect(),
    );
}

fn add_rhythm(sheet: &mut Sheet, as_of: Day, rows: &[Profile]) {
    let mut add = |name, unit, meaning, of: &dyn Fn(&Profile) -> Option<f64>| {
        sheet.floats(float(name, unit, meaning), rows.iter().map(of));
    };
    add("gap_mean_days", "days", "Mean days between purchases; null without a repeat", &|row| {
        row.gaps.mean_days
    });
    add("gap_median_days", "days", "Median days between purchases; null without a repeat", &|row| {
        row.gaps.median_days
    });
    add(
        "gap_sd_days",
        "days",
        "Sample standard deviation of the days between purchases; null below two repeats",
        &|row| row.gaps.sd_days,
    );
    add(
        "expected_gap_days",
        "days",
        "Days to expect between purchases: the customer's own, shrunken to the base's when repeats are few (Gamma–Poisson); null while nobody in the base bought twice",
        &|row| row.expected_gap_days,
    );
    add("overdue_ratio", "1", "recency_days / expected_gap_days", &|row| row.overdue_ratio(as_of));
}

fn add_states(sheet: &mut Sheet, rows: &[Profile]) {
    let meaning = "new, reactivated, active, at risk, dormant or lost: the first whose rule holds";
    sheet.texts(name("state", meaning), rows.iter().map(|row| Some(row.state.name())));
    let meaning = "The state at the start of the period of the last day before the as-of date; null for those without purchase then";
    sheet.texts(
        name("previous_state", meaning).nullable(),
        rows.iter().map(|row| row.previous.map(State::name)),
    );
}
