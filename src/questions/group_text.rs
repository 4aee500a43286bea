//! An explained group for a person.

use super::customer::Step;
use super::exact::Exact;
use super::group::{GroupExplanation, GroupPlace};
use super::group_members::GroupMembers;
use super::text::Table;
use crate::terminal::escaped;
use std::fmt::{Display, Formatter, Result};

/// Lines of the waterfall that periods show; JSON has all of them.
const SHOWN: [&str; 3] = ["net_revenue", "contribution", "customer_profit"];

impl Display for GroupExplanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { level, group, currency, as_of, .. } = self;
        let (level, group) = (escaped(level), escaped(group));
        writeln!(f, "{level} {group}, amounts in {currency}, history before {as_of}")?;
        writeln!(f, "{}\n", place(&self.place))?;
        let mut table = Table::indented(2);
        for Step { step, amount } in &self.waterfall {
            table.row([step.clone(), amount.to_string()]);
        }
        if let Some(value) = self.residual_value {
            table.row(["residual_value".to_owned(), value.to_string()]);
        }
        writeln!(f, "{table}")?;
        write_members(f, &self.members)?;
        if self.periods.is_empty() {
            return Ok(());
        }
        let mut table = Table::indented(4);
        table.head(&["", "members", "active", SHOWN[0], SHOWN[1], SHOWN[2]]);
        for period in &self.periods {
            let of = |name: &str| period.waterfall.iter().find(|step| step.step == name);
            let amounts = SHOWN.map(|name| of(name).map(|step| step.amount.to_string()).unwrap_or_default());
            let counts = [period.members.to_string(), period.active_members.to_string()];
            table.row(std::iter::once(period.period_start.clone()).chain(counts).chain(amounts));
        }
        write!(f, "\n  by period\n{table}")
    }
}

fn place(place: &GroupPlace) -> String {
    let mut words = vec![match place.rank_profit {
        Some(rank) => format!("place {rank} of {} by customer profit", place.ranked_groups),
        None => "without a place, for nobody bought or returned".to_owned(),
    }];
    words.extend(place.profit_class.clone());
    words.extend(place.tier.as_ref().map(|tier| format!("tier {}", escaped(tier))));
    words.extend(place.next_level.as_ref().map(|level| match &place.next_group {
        Some(group) => format!("within {} {}", escaped(level), escaped(group)),
        None => format!("in several groups of {}", escaped(level)),
    }));
    words.join(", ")
}

fn write_members(f: &mut Formatter<'_>, members: &GroupMembers) -> Result {
    let shared = match members.shared {
        0 => String::new(),
        shared => format!(", {shared} of them shared with other groups"),
    };
    writeln!(f, "  {} members{shared}", members.members)?;
    let mut table = Table::indented(4);
    table.head(&["", "share", SHOWN[0], SHOWN[1], SHOWN[2]]);
    for member in &members.top {
        let share = Exact(member.share.0.normalised());
        let amounts = [member.net_revenue, member.contribution, member.customer_profit];
        let amounts = amounts.map(|amount| amount.to_string());
        let first = [format!("customer {}", member.customer), share.to_string()];
        table.row(first.into_iter().chain(amounts));
    }
    if let Some(others) = &members.others {
        let amounts = [others.net_revenue, others.contribution, others.customer_profit];
        let amounts = amounts.map(|amount| amount.to_string());
        let who = if others.members == 1 { "other" } else { "others" };
        table.row([format!("{} {who}", others.members), String::new()].into_iter().chain(amounts));
    }
    write!(f, "{table}")
}
