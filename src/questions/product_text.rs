//! A product group's flows for a person.

use super::product::ProductFlows;
use super::text::{Table, flows, takers};
use crate::terminal::escaped;
use std::fmt::{Display, Formatter, Result};

impl Display for ProductFlows {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "product group {}, amounts in {}\n", escaped(&self.product_group), self.currency)?;
        let steps = [
            ("units", self.units),
            ("list_revenue", self.list_revenue),
            ("discount", self.discount),
            ("returns", self.returns),
            ("net_revenue", self.net_revenue),
            ("product_cost", self.product_cost),
            ("gross_margin", self.gross_margin),
            ("product_margin", self.product_margin),
        ];
        let mut table = Table::indented(2);
        steps.iter().for_each(|(name, amount)| table.row([(*name).to_string(), amount.to_string()]));
        writeln!(f, "{table}")?;
        for (what, costs) in
            [("unit-level activities", &self.unit_level), ("kept at its level", &self.sustaining)]
        {
            if !costs.is_empty() {
                writeln!(f, "  {what}\n{}", flows(costs))?;
            }
        }
        writeln!(
            f,
            "  product margin from {} customers, {}",
            self.customers.customers, self.customers.amount
        )?;
        write!(f, "{}", takers(&self.customers))
    }
}
