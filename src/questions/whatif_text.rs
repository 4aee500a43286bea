//! A scenario's difference for a person.

use super::text::{Table, shown};
use super::whatif_answer::{Difference, Turn, WhatIf};
use std::fmt::{Display, Formatter, Result};

impl Display for WhatIf {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let about = self.about.as_ref().map(|about| format!(": {}", about.trim())).unwrap_or_default();
        writeln!(f, "scenario '{}'{about}\namounts in {}, over all periods", self.scenario, self.currency)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))?;
        writeln!(f)?;
        let mut table = Table::indented(2);
        table.head(&["", "base", "scenario", "difference", "avoidable"]);
        let avoidable = self.avoidable_difference.to_string();
        if !self.responses.is_empty() {
            table.row(cells("net revenue", &self.net_revenue));
            self.fee_income.iter().for_each(|fees| table.row(cells("fee income", fees)));
            table.row(cells("product cost", &self.product_cost));
        }
        table.row(cells("gross margin", &self.gross_margin));
        table.row(cells("customer profit", &self.profit).into_iter().chain([avoidable]));
        for (name, line) in [
            ("spread cost", self.spread_cost),
            ("unused capacity charged", self.unused_charged),
            ("fully loaded profit", self.fully_loaded_profit),
        ] {
            line.iter().for_each(|line| table.row(cells(name, line)));
        }
        for line in &self.company {
            let amounts = [line.amount.base, line.amount.scenario];
            if amounts.iter().any(|amount| !amount.is_zero()) {
                table.row(cells(&format!("cost {}", line.line), &line.amount));
            }
        }
        writeln!(f, "{table}\n  the company's result differs by {}\n", self.result_difference)?;
        if !self.responses.is_empty() {
            writeln!(f, "{}", self.responses())?;
        }
        write!(f, "{}", self.activities())?;
        let profit = if self.fully_loaded_profit.is_some() { "fully loaded profit" } else { "profit" };
        writeln!(f, "\n  customers whose {profit} differs: {}", self.customers_affected)?;
        for (what, turn) in [
            ("turn profitable", &self.turn_profitable),
            ("turn unprofitable", &self.turn_unprofitable),
            ("gain", &self.gains),
            ("lose", &self.losses),
        ] {
            write_turn(f, what, turn)?;
        }
        Ok(())
    }
}

impl WhatIf {
    fn responses(&self) -> Table {
        let mut table = Table::indented(2);
        table.head(&[
            "responses",
            "customers",
            "orders",
            "paying",
            "lost",
            "merged",
            "raised",
            "fee income",
            "revenue lost",
            "raised",
            "by price",
            "gross margin",
            "of other goods",
            "lost",
        ]);
        for of in &self.responses {
            let orders = [of.orders, of.orders_paying, of.orders_lost, of.orders_merged, of.orders_raised];
            let money = [
                of.fee_income,
                of.net_revenue_lost,
                of.net_revenue_raised,
                of.net_revenue_by_price,
                of.gross_margin_difference,
            ];
            let others = [of.other_gross_margin, of.other_net_revenue_lost];
            let numbers = orders.into_iter().chain(money.map(Some)).chain(others).map(shown);
            table.row([of.name.clone(), of.customers.to_string()].into_iter().chain(numbers));
        }
        table
    }

    fn activities(&self) -> Table {
        let mut table = Table::indented(2);
        table.head(&[
            "cost to customers",
            "base",
            "scenario",
            "difference",
            "avoidable",
            "rate",
            "in scenario",
        ]);
        for activity in &self.activities {
            let rate = |rate: Option<f64>| rate.map_or("none".to_string(), |rate| format!("{rate:.6}"));
            let avoidable = activity.avoidable_difference.to_string();
            let rates = [rate(activity.base_rate), rate(activity.scenario_rate)];
            let amounts = cells(&activity.activity, &activity.cost).into_iter();
            table.row(amounts.chain([avoidable]).chain(rates));
        }
        table
    }
}

fn cells(name: &str, amount: &Difference) -> [String; 4] {
    [name.to_string(), amount.base.to_string(), amount.scenario.to_string(), amount.difference.to_string()]
}

fn write_turn(f: &mut Formatter<'_>, what: &str, turn: &Turn) -> Result {
    writeln!(f, "  {} {what}", turn.customers)?;
    let mut table = Table::indented(4);
    for customer in &turn.top {
        let amounts = cells(&format!("customer {}", customer.customer), &customer.profit).into_iter();
        table.row(amounts.chain([customer.avoidable_difference.to_string()]));
    }
    write!(f, "{table}")
}
