//! Columns recognised by name and type.

use super::role::Role;
use crate::facts::{SourceColumn, SourceKind};
use std::collections::BTreeMap;

/// By role, SQL over the columns.
pub type Roles = BTreeMap<Role, String>;

/// What the columns of a history are, as far as names and types say it; `given` is what a person said, which counts first.
pub fn recognised(columns: &[SourceColumn], given: &Roles) -> Roles {
    let mut roles = Roles::new();
    let mut taken: Vec<&str> = Vec::new();
    for role in Role::ALL {
        if let Some(sql) = given.get(&role) {
            roles.insert(role, sql.clone());
            taken.extend(columns.iter().map(|column| &*column.name).filter(|name| *sql == sql_name(name)));
            continue;
        }
        let is_free = |column: &&SourceColumn| !taken.contains(&&*column.name) && role.takes(column.kind);
        let free: Vec<&SourceColumn> = columns.iter().filter(is_free).collect();
        let by_name =
            role.names().iter().find_map(|name| free.iter().find(|column| plain(&column.name) == *name));
        if let Some(column) = by_name.copied().or_else(|| only_instant(role, &free)) {
            taken.push(&column.name);
            roles.insert(role, sql_of(role, column));
        }
    }
    combine(&mut roles);
    if !given.contains_key(&Role::Discount) {
        make_discount_money(&mut roles, columns);
    }
    roles
}

/// A name in lower case, without anything between words.
fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// When a history has one column of dates, that says when.
fn only_instant<'c>(role: Role, free: &[&'c SourceColumn]) -> Option<&'c SourceColumn> {
    let mut instants = free.iter().filter(|column| role == Role::At && column.kind == SourceKind::Instant);
    instants.next().copied().filter(|_| instants.next().is_none())
}

fn sql_of(role: Role, column: &SourceColumn) -> String {
    let name = sql_name(&column.name);
    match role {
        Role::At if column.kind == SourceKind::Text => format!("cast({name} as timestamp)"),
        _ => name,
    }
}

/// A column as SQL names it.
pub(super) fn sql_name(column: &str) -> String {
    let is_plain = column.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && column.chars().all(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
        });
    // A word of SQL is a column all the same where it is quoted.
    if is_plain && !WORDS.contains(&column) {
        column.to_owned()
    } else {
        format!("\"{}\"", column.replace('"', "\"\""))
    }
}

/// Words of SQL that could be names of columns of order lines.
const WORDS: [&str; 16] = [
    "order", "group", "select", "where", "from", "case", "when", "then", "else", "end", "and", "or", "not",
    "as", "in", "between",
];

/// Prices and costs of a unit become those of the line, and a discount that is a share of the list value becomes money.
fn combine(roles: &mut Roles) {
    let quantity = roles.get(&Role::Quantity).cloned();
    let of_line =
        |unit: String| quantity.as_ref().map_or(unit.clone(), |quantity| format!("{quantity} * {unit}"));
    for (unit, line) in [(Role::UnitPrice, Role::Revenue), (Role::UnitCost, Role::Cost)] {
        if let Some(unit) = roles.remove(&unit) {
            roles.entry(line).or_insert_with(|| of_line(unit));
        }
    }
}

/// Makes money of a discount that is a share of the list value, which its greatest value tells.
fn make_discount_money(roles: &mut Roles, columns: &[SourceColumn]) {
    let Some(discount) = roles.get(&Role::Discount) else { return };
    let column = columns.iter().find(|column| sql_name(&column.name) == *discount);
    // Of money it would be the most that anybody ever got off.
    let is_number = |column: &&SourceColumn| column.kind == SourceKind::Number;
    let greatest = column.filter(is_number).and_then(|column| column.greatest);
    let is_share = greatest.is_some_and(|greatest| greatest <= 1.0);
    if let Some(revenue) = roles.get(&Role::Revenue).filter(|_| is_share) {
        let money = format!("{revenue} * {discount}");
        roles.insert(Role::Discount, money);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: SourceKind, greatest: Option<f64>) -> SourceColumn {
        SourceColumn { name: name.to_owned(), kind, greatest }
    }

    fn found(columns: &[SourceColumn], given: &Roles) -> Vec<(&'static str, String)> {
        let roles = recognised(columns, given);
        roles.into_iter().map(|(role, sql)| (role.name(), sql)).collect()
    }

    #[test]
    fn order_lines_of_three_systems_are_recognised() {
        use SourceKind::{Instant, Integer, Number, Text};
        let retail = [
            column("order_id", Integer, None),
            column("customer_id", Integer, None),
            column("product_id", Integer, None),
            column("product_group", Text, None),
            column("ordered_at", Instant, None),
            column("quantity", Integer, None),
            column("unit_price", Number, Some(900.0)),
            column("discount", Number, Some(0.3)),
            column("unit_cost", Number, Some(300.0)),
        ];
        let expected = [
            ("customer", "customer_id"),
            ("order", "order_id"),
            ("product", "product_id"),
            ("product_group", "product_group"),
            ("at", "ordered_at"),
            ("quantity", "quantity"),
            ("revenue", "quantity * unit_price"),
            ("discount", "quantity * unit_price * discount"),
            ("cost", "quantity * unit_cost"),
        ];
        assert_eq!(found(&retail, &Roles::new()), expected.map(|(role, sql)| (role, sql.to_owned())));
        let online = [
            column("InvoiceNo", Text, None),
            column("StockCode", Text, None),
            column("Quantity", Integer, None),
            column("InvoiceDate", Text, None),
            column("Price", Number, Some(9.0)),
            column("Customer ID", Integer, None),
        ];
        let expected = [
            ("customer", "\"Customer ID\""),
            ("order", "\"InvoiceNo\""),
            ("product", "\"StockCode\""),
            ("at", "cast(\"InvoiceDate\" as timestamp)"),
            ("quantity", "\"Quantity\""),
            ("revenue", "\"Quantity\" * \"Price\""),
        ];
        assert_eq!(found(&online, &Roles::new()), expected.map(|(role, sql)| (role, sql.to_owned())));
        let odd = [column("kd", Integer, None), column("order", Instant, None), column("amt", Number, None)];
        let given = Roles::from([(Role::Customer, "kd".to_owned()), (Role::Revenue, "amt".to_owned())]);
        let expected = [("customer", "kd"), ("order", "\"order\""), ("revenue", "amt")];
        assert_eq!(found(&odd, &given), expected.map(|(role, sql)| (role, sql.to_owned())));
    }
}
