//! An explanation for a person.

use super::explain::{ActivityExplanation, Explanation, PeriodExplanation, Step};
use std::fmt::{Display, Formatter, Result};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(
            f,
            "customer {}, amounts in {}, history before {}",
            self.customer, self.currency, self.as_of
        )?;
        writeln!(f)?;
        write_steps(f, &self.waterfall)?;
        if has_digits(&self.opening_acquisition_cost) {
            writeln!(f, "  of acquisition_cost, before the history: {}", self.opening_acquisition_cost)?;
        }
        for period in &self.periods {
            write_period(f, period, self.periods.len() > 1)?;
        }
        Ok(())
    }
}

/// Amounts are right-aligned at this column.
const WIDTH: usize = 20;

/// Whether a number is not 0.
fn has_digits(number: &str) -> bool {
    number.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
}

fn write_steps(f: &mut Formatter<'_>, steps: &[Step]) -> Result {
    let names = steps.iter().map(|step| step.step.chars().count()).max().unwrap_or(0);
    for Step { step, amount } in steps {
        writeln!(f, "  {step:names$} {amount:>WIDTH$}")?;
    }
    Ok(())
}

fn write_period(f: &mut Formatter<'_>, period: &PeriodExplanation, with_waterfall: bool) -> Result {
    writeln!(f, "\nperiod {}", period.period_start)?;
    if with_waterfall {
        write_steps(f, &period.waterfall)?;
    }
    period.activities.iter().try_for_each(|activity| write_activity(f, activity))
}

fn write_activity(f: &mut Formatter<'_>, activity: &ActivityExplanation) -> Result {
    writeln!(f, "\n  {} ({} level): {}", activity.activity, activity.level, activity.cost)?;
    if let Some(reason) = activity.unassigned {
        return writeln!(f, "    not assigned: {reason}");
    }
    if !has_digits(&activity.volume) && !has_digits(&activity.cost) {
        return Ok(());
    }
    let terms: Vec<String> = activity
        .terms
        .iter()
        .map(|term| match term.coefficient.as_str() {
            "1" => format!("{} [{}]", term.value, term.aggregate),
            coefficient => format!("{coefficient} × {} [{}]", term.value, term.aggregate),
        })
        .collect();
    writeln!(f, "    volume {} = {}", activity.volume, terms.join(" + "))?;
    let rate = activity.rate.map(|rate| format!(" ≈ {rate:.6}")).unwrap_or_default();
    writeln!(f, "    rate {}{rate}", activity.rate_exact)?;
    for pool in &activity.pools {
        writeln!(f, "    {:>WIDTH$} of {} from {}", pool.amount, pool.pool, pool.resource)?;
    }
    Ok(())
}
