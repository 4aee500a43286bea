//! The roles of a source as columns, and the branches of a row's fate that each brings: faults, nulls, foreign currencies.

use super::rows::{Asked, RowColumns};
use crate::facts::dialect::{Engine, MomentSql, RoleSql, Writer};
use crate::facts::expr::{Bound, Type};
use crate::facts::inputs::products::NO_GROUP;
use crate::facts::inputs::source::{GroupOf, Sale, Source};

/// The longest text that is a customer's key, in bytes.
const LONGEST_KEY: u32 = 1 << 16;

/// Collects roles and the branches of the fate they bring.
pub(super) struct Roles {
    pub(super) engine: Engine,
    /// `(value, column)`.
    pub(super) columns: Vec<(String, String)>,
    /// `WHEN … THEN …`.
    pub(super) branches: Vec<String>,
}

impl Roles {
    pub(super) fn add(&mut self, column: &str, value: String) {
        self.columns.push((value, column.to_owned()));
    }

    /// A role; a row that has no value for it is quarantined, with what messages call it.
    pub(super) fn add_role(&mut self, column: &str, role: RoleSql, called: &str) {
        self.add(column, role.value);
        if let Some(fault) = role.fault {
            let name = format!("{column}_fault");
            self.add(&name, fault);
            let called = self.engine.text(&format!("{called}: "));
            self.branches.push(format!("WHEN {name} IS NOT NULL THEN concat({called}, {name})"));
        }
    }

    /// A moment and its day, `name` and `name_day`; a row without either is quarantined.
    pub(super) fn add_moment(&mut self, name: &str, called: &str, moment: MomentSql) {
        self.add(name, moment.at.clone());
        self.add(&format!("{name}_day"), moment.day.clone());
        self.judge_moment(name, called, moment);
    }

    /// The branches of a moment that is a column already.
    fn judge_moment(&mut self, name: &str, called: &str, moment: MomentSql) {
        // A fault of the value itself comes first; what has none may still be null.
        let Some(fault) = moment.fault else { return self.refuse_null(name, called) };
        let column = format!("{name}_fault");
        self.add(&column, fault);
        self.branches.push(format!("WHEN {name} IS NULL AND {column} IS NULL THEN '{called} is null'"));
        self.branches.push(format!("WHEN {column} IS NOT NULL THEN concat('{called}: ', {column})"));
    }

    fn refuse_null(&mut self, column: &str, called: &str) {
        self.branches.push(format!("WHEN {column} IS NULL THEN '{called} is null'"));
    }
}

/// A role, or which role cannot be written.
pub(super) fn role<T>(called: &str, written: Result<T, String>) -> Result<T, String> {
    written.map_err(|fault| format!("'{called}': {fault}"))
}

pub(super) fn add_moment(writer: &Writer<'_>, source: &Source, roles: &mut Roles) -> Result<(), String> {
    let moment = role("at", writer.moment(&source.at))?;
    roles.add("moment", moment.at.clone());
    roles.add("day", moment.day.clone());
    roles.judge_moment("moment", "at", moment);
    Ok(())
}

pub(super) fn add_customer(writer: &Writer<'_>, source: &Source, roles: &mut Roles) -> Result<(), String> {
    roles.add_role("customer", role("customer", writer.key(&source.customer))?, "customer");
    if source.customer.ty() == Type::Text {
        let bytes = match writer.engine {
            Engine::DuckDb => "strlen(customer)",
            Engine::Spark => "octet_length(customer)",
        };
        let text = writer.engine.text_type();
        roles.branches.push(format!(
            "WHEN {bytes} > {LONGEST_KEY} THEN concat('customer is a text of ', CAST({bytes} AS {text}), ' bytes, expected at \
             most {LONGEST_KEY}')"
        ));
    } else {
        let most = i64::MAX;
        roles.branches.push(format!(
            "WHEN customer = {most} THEN 'customer is the largest 64-bit integer, which is reserved'"
        ));
    }
    if !source.keep_unknown {
        roles.refuse_null("customer", "customer");
    }
    Ok(())
}

pub(super) fn add_sale(
    asked: &Asked<'_>,
    writer: &Writer<'_>,
    sale: &Sale,
    roles: &mut Roles,
    columns: &mut RowColumns,
) -> Result<(), String> {
    roles.add_role("order_key", role("order", writer.key(&sale.order))?, "order");
    roles.refuse_null("order_key", "order");
    let as_text = |key: &RoleSql, bound: &Bound| match bound.ty() {
        Type::Text => key.value.clone(),
        _ => format!("CAST({} AS {})", key.value, writer.engine.text_type()),
    };
    match &sale.group {
        GroupOf::All => roles.add("product_group", "'all'".to_owned()),
        GroupOf::Column(bound) => {
            let key = role("product_group", writer.key(bound))?;
            let value = format!("coalesce({}, '{NO_GROUP}')", as_text(&key, bound));
            roles.add_role("product_group", RoleSql { value, ..key }, "product_group");
        }
        GroupOf::Product(bound) => {
            roles.add_role("product_key", role("product", writer.key(bound))?, "product");
            columns.looks_up_products = true;
        }
    }
    for (dimension, bound) in sale.dimensions.iter().enumerate() {
        let key = role("dimensions", writer.key(bound))?;
        let value = format!("coalesce({}, '{NO_GROUP}')", as_text(&key, bound));
        let column = format!("dimension_{dimension}");
        roles.add_role(&column, RoleSql { value, ..key }, "dimensions");
        columns.dimensions.push(column);
    }
    roles.add_role("is_return", role("return", writer.truth(&sale.is_return))?, "return");
    if let Some(line) = &sale.line {
        roles.add_role("line_key", role("line", writer.key(line))?, "line");
        roles.refuse_null("line_key", "line");
    }
    if let Some(bound) = sale.books.as_ref().and_then(|books| books.company.as_ref()) {
        let key = role("company", writer.key(bound))?;
        let value = format!("coalesce({}, '{NO_GROUP}')", as_text(&key, bound));
        roles.add_role("company", RoleSql { value, ..key }, "company");
        columns.books.push("company".to_owned());
    }
    if let Some(bound) = sale.books.as_ref().and_then(|books| books.intercompany.as_ref()) {
        let truth = role("intercompany", writer.truth(bound))?;
        roles.add_role("is_intercompany", truth, "intercompany");
    }
    if let Some(currency) = &sale.currency {
        roles.add_role("currency", role("currency", writer.key(currency))?, "currency");
        let expected = &asked.definition.facts.currency;
        let text = writer.engine.text(expected);
        roles.branches.push(format!(
            "WHEN currency IS NULL THEN 'currency is null, expected {expected}'\n    WHEN currency <> {text} THEN \
             concat('currency is ', {quote}, currency, {quote}, ', expected {expected}')",
            quote = writer.engine.text("'")
        ));
    }
    Ok(())
}

pub(super) fn add_values(
    writer: &Writer<'_>,
    source: &Source,
    roles: &mut Roles,
    columns: &mut RowColumns,
) -> Result<(), String> {
    for (index, value) in source.values.iter().enumerate() {
        let column = value.role.map_or_else(|| format!("value_{index}"), str::to_owned);
        match &value.bound {
            None => {
                let unit = crate::units::format_fixed(value.constant.into(), value.scale);
                roles.add(
                    &column,
                    format!("CAST({unit} AS DECIMAL({}, {}))", 18 - value.more_digits, value.scale),
                );
            }
            Some(bound) => {
                let called = value.called();
                let fixed = role(called, writer.fixed(bound, value.scale, value.more_digits))?;
                roles.add_role(&column, fixed, called);
                if value.role.is_some() {
                    roles.refuse_null(&column, called);
                }
            }
        }
        columns.values.push(column);
    }
    for (bit, filter) in source.filters.iter().enumerate() {
        let column = format!("filter_{bit}");
        roles.add_role(&column, role("filter", writer.truth(filter))?, "a driver's filter");
        columns.filters.push(column);
    }
    for (set, key) in source.distinct.iter().enumerate() {
        let column = format!("key_{set}");
        roles.add_role(&column, role("count(distinct …)", writer.key(key))?, "a driver's key");
        columns.keys.push(column);
    }
    Ok(())
}
