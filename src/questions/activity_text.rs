//! An activity's flows for a person.

use super::activity::ActivityFlows;
use super::text::{Table, flows, one_line, takers};
use std::fmt::{Display, Formatter, Result};

impl Display for ActivityFlows {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { activity, level, currency, cost, .. } = self;
        writeln!(f, "activity {activity} ({level} level), cost {cost}, amounts in {currency}")?;
        writeln!(f, "\n  from\n{}", flows(&self.from))?;
        writeln!(f, "  which is own money of\n{}", flows(&self.origins))?;
        writeln!(f, "  to\n{}", flows(&self.to))?;
        if !self.unused_charged.is_zero() {
            writeln!(f, "  beside it, unused capacity charged to customers: {}\n", self.unused_charged)?;
        }
        let driver = if self.driver.is_empty() { "no driver" } else { &self.driver };
        writeln!(f, "  by volume of {}", one_line(driver))?;
        let mut table = Table::indented(4);
        table.head(&["period", "volume", "cost", "to customers", "rate", ""]);
        for period in &self.periods {
            let rate = period.rate.map(|rate| format!("{rate:.6}")).unwrap_or_else(|| "none".into());
            let exact = period.rate_exact.as_ref().map(|exact| format!("= {exact}")).unwrap_or_default();
            let numbers = [period.volume, period.cost, period.posted].map(|number| number.to_string());
            table.row([period.period_start.clone()].into_iter().chain(numbers).chain([rate, exact]));
        }
        writeln!(f, "{table}")?;
        writeln!(f, "  {} customers, {}", self.customers.customers, self.customers.amount)?;
        write!(f, "{}", takers(&self.customers))
    }
}
