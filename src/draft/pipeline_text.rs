//! The text of a drafted pipeline.

use super::recognition::{Roles, sql_name};
use super::role::Role;
use crate::facts::SourceColumn;
use std::fmt::Write;

/// A pipeline over a history, with what could follow as comments. `files` as the pipeline file is to name them.
pub fn pipeline_text(
    name: &str,
    files: &str,
    currency: &str,
    columns: &[SourceColumn],
    roles: &Roles,
) -> String {
    let mut text = format!(
        "#:schema ./abacus.schema.json\n\
         about = \"\"\"\nWhat each customer is worth. Drafted by `abacus init` from the names and types of the columns: read it \
         through.\n\"\"\"\n\n\
         [facts]\n\
         period   = \"month\"                        # costs are pooled, and results shown, month by month\n\
         currency = {}                          # of every amount; nothing is converted\n\n\
         [facts.transactions]                      # a row is an order line; right-hand sides are SQL over the columns\n",
        quoted(currency)
    );
    line(&mut text, "files", files, "");
    for (role, sql) in roles {
        line(&mut text, role.name(), sql, remark(*role));
    }
    let unused: Vec<&str> = columns
        .iter()
        .filter(|column| !roles.values().any(|sql| speaks_of(sql, &column.name)))
        .map(|column| column.name.as_str())
        .collect();
    if !unused.is_empty() {
        // A name may hold anything, and a comment is one line.
        let unused = crate::terminal::escaped(&unused.join(", "));
        writeln!(text, "# columns that nothing speaks of: {unused}").expect("a string takes text");
    }
    text.push_str(AFTER);
    writeln!(text, "[publish]\npath = {}", quoted(&format!("out/{name}"))).expect("a string takes text");
    text
}

/// Whether SQL names a column.
fn speaks_of(sql: &str, column: &str) -> bool {
    let name = sql_name(column);
    if name != column {
        return sql.contains(&name);
    }
    sql.split(|character: char| !character.is_alphanumeric() && character != '_').any(|word| word == name)
}

/// What can follow. Every part that is on is right without a key.
const AFTER: &str = r#"
# [facts.customers]                       # master data: when and how customers were won
# files            = "customers.parquet"
# customer         = "customer_id"
# acquired_on      = "acquired_on"
# attributes       = { region = "region" }

# ---- What customers cost: resources, and what is done with them. `pipelines/time_driven.toml` is a tour. ---------------

# [[costing.resource]]
# name   = "shipping"
# amount = 12_000                         # a month; or ledger = { files = "ledger.parquet", account = "6300" }

# [[costing.activity]]
# name   = "ship an order"
# from   = { shipping = 1 }
# driver = "count(distinct order)"

[profitability]

[lifecycle]

[clv]
horizons = ["90 days", "1 year"]

[segments]

"#;

fn remark(role: Role) -> &'static str {
    match role {
        Role::Quantity => "negative on a return, and with it everything below",
        Role::Revenue => "list value of the line, before discount",
        Role::Discount => "in money",
        Role::Cost => "of the goods",
        _ => "",
    }
}

fn line(text: &mut String, key: &str, value: &str, remark: &str) {
    let value = quoted(value);
    let remark = if remark.is_empty() {
        String::new()
    } else {
        format!("{:>1$}# {remark}", "", 28_usize.saturating_sub(value.len()).max(1))
    };
    writeln!(text, "{key:<13} = {value}{remark}").expect("a string takes text");
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
