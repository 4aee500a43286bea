//! A budget for a person.

use super::budget::Budget;
use super::text::Table;
use std::fmt::{Display, Formatter, Result};

impl Display for Budget {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { scenario, base_period, currency, .. } = self;
        writeln!(f, "budget '{scenario}' per period, from {base_period}, amounts in {currency}\n")?;
        let mut table = Table::indented(2);
        table.head(&["activity", "volume before", "planned", "", "rate", "fixed", "cost before", "cost"]);
        for activity in &self.activities {
            let how = match (activity.is_planned, activity.rate) {
                (true, _) => "by name",
                (false, Some(_)) => "grown",
                (false, None) => "",
            };
            table.row([
                activity.activity.clone(),
                activity.base_volume.to_string(),
                activity.volume.to_string(),
                how.to_string(),
                activity.rate.map_or("none".to_string(), |rate| format!("{rate:.6}")),
                Some(activity.fixed_cost)
                    .filter(|fixed| !fixed.is_zero())
                    .map_or(String::new(), |fixed| fixed.to_string()),
                activity.base_cost.to_string(),
                activity.cost.to_string(),
            ]);
        }
        let (base, cost) = (self.base_cost.to_string(), self.cost.to_string());
        let empty = || String::new();
        table.row(["all activities".into(), empty(), empty(), empty(), empty(), empty(), base, cost]);
        write!(f, "{table}")?;
        if self.resources.is_empty() {
            return Ok(());
        }
        let mut table = Table::indented(2);
        table.head(&[
            "resource, minutes",
            "before",
            "needed",
            "practical",
            "slack",
            "shortfall",
            "cost",
            "steps",
            "cost",
        ]);
        for resource in &self.resources {
            let minutes = [
                resource.base_minutes,
                resource.minutes,
                resource.practical_minutes,
                resource.slack_minutes,
                resource.shortfall_minutes,
                resource.cost,
            ];
            let steps = resource.steps.as_ref();
            let steps = steps.map_or([String::new(), String::new()], |steps| {
                [format!("{} × {}", steps.steps, steps.step_minutes), steps.cost.to_string()]
            });
            let minutes = minutes.map(|number| number.to_string());
            table.row([resource.resource.clone()].into_iter().chain(minutes).chain(steps));
        }
        write!(f, "\n{table}")
    }
}
