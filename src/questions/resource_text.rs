//! A resource's flows for a person.

use super::resource::ResourceFlows;
use super::text::{Table, flows, shown, takers};
use std::fmt::{Display, Formatter, Result};

impl Display for ResourceFlows {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "resource {}, cost {}, amounts in {}", self.resource, self.cost, self.currency)?;
        writeln!(f, "\n  from\n{}", flows(&self.from))?;
        writeln!(f, "  to\n{}", flows(&self.to))?;
        let is_timed = self.periods.iter().any(|period| period.practical_minutes.is_some());
        let mut table = Table::indented(4);
        if is_timed {
            table.head(&["period", "cost", "practical minutes", "used", "unused", "overdriven"]);
        } else {
            table.head(&["period", "cost"]);
        }
        for period in &self.periods {
            let minutes = [
                period.practical_minutes,
                period.used_minutes,
                period.unused_minutes,
                period.overdriven_minutes,
            ];
            let minutes = minutes.into_iter().filter(|_| is_timed).map(shown);
            table.row([period.period_start.clone(), period.cost.to_string()].into_iter().chain(minutes));
        }
        writeln!(f, "  by period\n{table}")?;
        writeln!(f, "  its own money ends\n{}", flows(&self.reached))?;
        writeln!(f, "  of it with {} customers, {}", self.customers.customers, self.customers.amount)?;
        write!(f, "{}", takers(&self.customers))
    }
}
