//! Cost to serve against gross margin, customer by customer (R. S. Kaplan and V. G. Narayanan, "Measuring and Managing
//! Customer Profitability", Journal of Cost Management, 2001).

use super::cells::{Row, Rows, Tables, compact};
use super::drawn::Drawn;
use super::figure::Figure;
use super::picture::{Plot, Scale, legend};
use crate::error::Result;

pub(super) const SERVING_COST: Figure = Figure {
    id: "serving-cost",
    chapter: "Profit",
    title: "Cost to serve and gross margin of the best and the worst customers",
    reading: "Each dot is a customer. On the line, serving a customer costs just what its purchases bring; below it, more. \
              Shown are the customers at both ends of the ranking by profit.",
    comes_with: "[profitability], and at least one customer",
    draw,
};

/// Customers at each end of the ranking.
const ENDS: i64 = 75;

const COLUMNS: [&str; 7] = [
    "rank_profit",
    "customer_id",
    "net_revenue",
    "gross_margin",
    "cost_to_serve",
    "contribution",
    "customer_profit",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let summary = tables.all("whale_summary", &["customers"])?;
    let Some(ranked) = summary.rows.first().and_then(|row| row.cell("customers").integer()) else {
        return Ok(None);
    };
    let mut customers = tables.rows("customer", &COLUMNS, &|row| is_at_an_end(row, ranked))?;
    if customers.rows.is_empty() {
        return Ok(None);
    }
    customers.rows.sort_by_key(|row| row.cell("rank_profit").integer());
    if ranked > 2 * ENDS {
        customers.which = Some(format!("the first {ENDS} and the last {ENDS} customers by profit"));
    }
    Ok(Some(Drawn { seen: seen(&customers), picture: picture(&customers), rows: customers }))
}

fn is_at_an_end(row: &Row, ranked: i64) -> bool {
    row.cell("rank_profit").integer().is_some_and(|rank| rank <= ENDS || rank > ranked - ENDS)
}

fn seen(customers: &Rows) -> String {
    let (best, worst) = (&customers.rows[0], &customers.rows[customers.rows.len() - 1]);
    format!("The most profitable customer, {}. The least profitable, {}.", says(best), says(worst))
}

fn says(customer: &Row) -> String {
    format!(
        "{}, brings {} of gross margin, costs {} to serve and ends at {}",
        customer.cell("customer_id").html(),
        customer.cell("gross_margin").words(),
        customer.cell("cost_to_serve").words(),
        customer.cell("customer_profit").words()
    )
}

fn picture(customers: &Rows) -> String {
    let x = Scale::with_zero(customers.numbers("cost_to_serve")).wider(0.02);
    let y = Scale::with_zero(customers.numbers("gross_margin")).wider(0.02);
    let mut plot = Plot::new(x, y, compact, compact);
    plot.name_axes("cost to serve", "gross margin");
    let [from, to] = [x.low().max(y.low()), x.high().min(y.high())];
    let ends = [plot.at(from, from), plot.at(to, to)];
    plot.svg.rule("border", ends[0], ends[1]);
    for row in &customers.rows {
        let (x, y) = (row.cell("cost_to_serve").number(), row.cell("gross_margin").number());
        let profit = row.cell("customer_profit");
        let (Some(x), Some(y), Some(amount)) = (x, y, profit.number()) else { continue };
        let class = if amount < 0.0 { "bad" } else { "good" };
        let title = format!("{}: customer profit {}", row.cell("customer_id").text(), profit.text());
        let at = plot.at(x, y);
        plot.svg.dot(class, at, 4.5, &title);
    }
    legend(&[("good", "earns"), ("bad", "loses")]) + &plot.finish()
}
