//! A split change for a person.

use super::change::Change;
use super::text::Table;
use crate::terminal::escaped;
use std::fmt::{Display, Formatter, Result};

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let whose = self
            .customer
            .as_ref()
            .map_or("all customers".to_string(), |key| format!("customer {}", escaped(key)));
        writeln!(f, "contribution of {whose}, amounts in {}\n", self.currency)?;
        let mut table = Table::indented(2);
        table.row([self.from.clone(), self.before.to_string()]);
        for effect in &self.effects {
            table.row([format!("  {}", meaning(effect.effect)), effect.amount.to_string()]);
        }
        table.row([self.to.clone(), self.after.to_string()]);
        table.row(["change".to_string(), self.change.to_string()]);
        write!(f, "{table}")?;
        for effect in self.effects.iter().filter(|effect| !effect.parts.is_empty()) {
            let mut table = Table::indented(4);
            for part in &effect.parts {
                table.row([format!("{} {}", part.kind, part.name), part.amount.to_string()]);
            }
            write!(f, "\n  {}, {}\n{table}", meaning(effect.effect), effect.amount)?;
        }
        Ok(())
    }
}

fn meaning(effect: &'static str) -> &'static str {
    match effect {
        "new customers" => "new customers: bought in the second period, never before",
        "returned customers" => "returned customers: not in the first period, but before it",
        "lost customers" => "lost customers: bought in the first period alone",
        "volume" => "volume: units sold, in the old mix",
        "mix" => "product mix",
        "list price" => "list price per unit",
        "discount" => "discount per unit",
        "returns" => "returns per unit",
        "product cost" => "product cost per unit",
        "price concession" => "price concessions",
        "service intensity" => "service intensity per unit",
        "driver rate" => "driver rates",
        other => other,
    }
}
