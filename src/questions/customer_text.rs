//! An explained customer for a person.

use super::customer::{ActivityExplanation, Explanation, PeriodExplanation, Step};
use super::exact::Exact;
use super::left::Leaving;
use super::text::{Table, flows};
use crate::terminal::escaped;
use std::fmt::{Display, Formatter, Result};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { currency, as_of, .. } = self;
        let customer = escaped(&self.customer);
        writeln!(f, "customer {customer}, amounts in {currency}, history before {as_of}\n")?;
        write!(f, "{}", steps(&self.waterfall))?;
        if !self.acquisition.is_empty() {
            write!(f, "  acquisition_cost is\n{}", flows(&self.acquisition))?;
        }
        if !self.opening_acquisition_cost.is_zero() {
            writeln!(f, "  of acquisition_cost, before the history: {}", self.opening_acquisition_cost)?;
        }
        write_leaving(f, &self.if_left)?;
        self.periods.iter().try_for_each(|period| write_period(f, period, self.periods.len() > 1))
    }
}

fn steps(steps: &[Step]) -> Table {
    let mut table = Table::indented(2);
    for Step { step, amount } in steps {
        table.row([step.clone(), amount.to_string()]);
    }
    table
}

fn write_leaving(f: &mut Formatter<'_>, left: &Leaving) -> Result {
    writeln!(f, "\n  if this customer left")?;
    let mut table = Table::indented(4);
    table.head(&["", "full cost", "share", "avoidable"]);
    for activity in &left.activities {
        let share = Exact(activity.avoidable_share.0.normalised());
        let (full, avoidable) = (activity.full_cost, activity.avoidable_cost);
        table.row([activity.activity.clone(), full.to_string(), share.to_string(), avoidable.to_string()]);
    }
    table.row([
        "all activities".into(),
        left.full_cost.to_string(),
        String::new(),
        left.avoidable_cost.to_string(),
    ]);
    table.row(["gross margin missing".into(), String::new(), String::new(), left.gross_margin.to_string()]);
    table.row(["change of the result".into(), String::new(), String::new(), left.result_change.to_string()]);
    write!(f, "{table}")
}

fn write_period(f: &mut Formatter<'_>, period: &PeriodExplanation, with_waterfall: bool) -> Result {
    writeln!(f, "\nperiod {}", period.period_start)?;
    if with_waterfall {
        write!(f, "{}", steps(&period.waterfall))?;
    }
    period.activities.iter().try_for_each(|activity| write_activity(f, activity))
}

fn write_activity(f: &mut Formatter<'_>, activity: &ActivityExplanation) -> Result {
    writeln!(f, "\n  {} ({} level): {}", activity.activity, activity.level, activity.cost)?;
    let terms: Vec<String> = activity
        .terms
        .iter()
        .map(|term| match term.coefficient.to_string().as_str() {
            "1" => format!("{} [{}]", term.value, term.aggregate),
            coefficient => format!("{coefficient} × {} [{}]", term.value, term.aggregate),
        })
        .collect();
    let fallback = if activity.is_fallback { ", by the fallback driver" } else { "" };
    writeln!(f, "    volume {} = {}{fallback}", activity.volume, terms.join(" + "))?;
    if let Some(reason) = activity.unassigned {
        return writeln!(f, "    not assigned: {reason}");
    }
    let kind = match activity.rate_kind {
        "actual" => String::new(),
        kind => format!("{kind} "),
    };
    let exact = activity.rate_exact.as_deref().unwrap_or("none");
    let is_fraction = exact.contains('/');
    let rate = activity.rate.filter(|_| is_fraction).map(|rate| format!(" ≈ {rate:.6}"));
    writeln!(f, "    {kind}rate {exact}{}", rate.unwrap_or_default())?;
    write!(f, "{}", flows(&activity.from))?;
    write!(f, "      which is\n{}", flows(&activity.origins))?;
    if !activity.unused_charged.is_zero() {
        writeln!(f, "    and of unused capacity: {}", activity.unused_charged)?;
        write!(f, "{}", flows(&activity.unused_origins))?;
    }
    Ok(())
}
