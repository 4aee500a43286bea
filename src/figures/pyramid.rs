//! The customer pyramid: what share of the profit each tier of customers earns (J. Curry and A. Curry, "The Customer
//! Marketing Method", Free Press, 2000).

use super::cells::{Rows, Tables};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Bar, BarRow, bar_rows};
use crate::error::Result;

pub(super) const PYRAMID: Figure = Figure {
    id: "pyramid",
    chapter: "Profit",
    title: "Customer pyramid: share of customers and share of profit",
    reading: "Beside each tier stand its share of all customers and its share of the profit, or its profit where there is \
              none to share. A bar to the left of the line is a loss.",
    comes_with: "[segments]",
    draw,
};

const COLUMNS: [&str; 9] = [
    "tier",
    "customers",
    "share_of_customers",
    "share_of_profit",
    "share_of_revenue",
    "share_of_cost_to_serve",
    "customer_profit",
    "net_revenue",
    "cost_to_serve",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let tiers = tables.all("pyramid", &COLUMNS)?;
    if tiers.rows.is_empty() {
        return Ok(None);
    }
    Ok(Some(Drawn { seen: seen(&tiers), picture: picture(&tiers), rows: tiers }))
}

fn seen(tiers: &Rows) -> String {
    let top = &tiers.rows[0];
    let mut seen = format!(
        "The top tier, {}, holds {} and earns {}.",
        top.cell("tier").html(),
        top.cell("customers").words(),
        top.cell("customer_profit").words()
    );
    if let Some(least) = tiers.lowest("customer_profit")
        && least.cell("customer_profit").is_negative()
    {
        seen += &format!(
            " The tier {} holds {} of all customers and ends at {}.",
            least.cell("tier").html(),
            least.cell("share_of_customers").html(),
            least.cell("customer_profit").words()
        );
    }
    seen
}

/// Where all customers together earn nothing there are no shares of it: then the money is drawn.
fn picture(tiers: &Rows) -> String {
    let has_shares = tiers.rows.iter().all(|tier| tier.cell("share_of_profit").is_there());
    let mut rows = Vec::new();
    for tier in &tiers.rows {
        let customers = tier.cell("share_of_customers");
        let profit = tier.cell(if has_shares { "share_of_profit" } else { "customer_profit" });
        let base = customers.number().filter(|_| has_shares).map(|to| Bar::of("idle", 0.0, to));
        rows.push(BarRow {
            name: tier.cell("tier").name().to_owned(),
            shown: format!("{} · {}", customers.text(), profit.text()),
            bars: base.into_iter().chain(profit.number().map(Bar::from_zero)).collect(),
        });
    }
    match has_shares {
        true => {
            bar_rows(&rows, &[("idle", "share of customers"), ("good", "share of profit"), ("bad", "loss")])
        }
        false => bar_rows(&rows, &[("good", "profit"), ("bad", "loss")]),
    }
}
