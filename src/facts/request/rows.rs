//! A source's rows with their roles, and what becomes of each: the first reason to leave a row out stands.

use super::columns::digits_of;
use super::mistakes;
use super::products::ListedProducts;
use super::source_view::source_view;
use super::statement::Statement;
use crate::facts::dialect::{Engine, RoleSql, Writer, date};
use crate::facts::expr::{Bound, Type};
use crate::facts::inputs::products::NO_GROUP;
use crate::facts::inputs::source::{GroupOf, Sale, Source};
use crate::pipeline::{DayBounds, Definition, Duplicates};
use crate::units::Day;

/// The rows of a source as statements, and the columns that the used ones have.
pub(super) struct RowStatements {
    pub(super) statements: Vec<Statement>,
    pub(super) columns: RowColumns,
}

/// The columns of used rows, beside customer, period, day and at.
#[derive(Debug, Default)]
pub(super) struct RowColumns {
    /// By value of the source: its column.
    pub(super) values: Vec<String>,
    /// By filter of the source: its column.
    pub(super) filters: Vec<String>,
    /// By key counted distinct: its column.
    pub(super) keys: Vec<String>,
    /// Whether groups are looked up by product.
    pub(super) looks_up_products: bool,
}

/// What every source is asked with.
pub(super) struct Asked<'d> {
    pub(super) engine: Engine,
    pub(super) definition: &'d Definition,
    /// Rows on this day or later are left out.
    pub(super) as_of: Option<Day>,
    pub(super) products: Option<ListedProducts>,
}

/// The longest text that is a customer's key, in bytes.
const LONGEST_KEY: u32 = 1 << 16;

/// Collects roles and the branches of the fate they bring.
struct Roles {
    engine: Engine,
    /// `(value, column)`.
    columns: Vec<(String, String)>,
    /// `WHEN … THEN …`.
    branches: Vec<String>,
}

impl Roles {
    fn add(&mut self, column: &str, value: String) {
        self.columns.push((value, column.to_owned()));
    }

    /// A role; a row that has no value for it is quarantined, with what messages call it.
    fn add_role(&mut self, column: &str, role: RoleSql, called: &str) {
        self.add(column, role.value);
        if let Some(fault) = role.fault {
            let name = format!("{column}_fault");
            self.add(&name, fault);
            let called = self.engine.text(&format!("{called}: "));
            self.branches.push(format!("WHEN {name} IS NOT NULL THEN concat({called}, {name})"));
        }
    }

    fn refuse_null(&mut self, column: &str, called: &str) {
        self.branches.push(format!("WHEN {column} IS NULL THEN '{called} is null'"));
    }
}

/// The statements that read a source and give its used rows.
///
/// # Errors
/// What the engine cannot do exactly, with the role it is needed for.
pub(super) fn row_statements(asked: &Asked<'_>, source: &Source) -> Result<RowStatements, String> {
    let digits = digits_of(source);
    let writer = Writer { engine: asked.engine, zone: asked.definition.facts.timezone, digits: &digits };
    let mut roles = Roles { engine: asked.engine, columns: Vec::new(), branches: Vec::new() };
    if let Some(filter) = &source.filter {
        let is_wanted = role("where", writer.truth(filter))?;
        roles.add_role("is_wanted", is_wanted, "where");
        roles.branches.push("WHEN NOT is_wanted THEN 'excluded'".to_owned());
    }
    add_moment(&writer, source, &mut roles)?;
    add_customer(&writer, source, &mut roles)?;
    let mut columns = RowColumns::default();
    if let Some(sale) = &source.sale {
        add_sale(asked, &writer, sale, &mut roles, &mut columns)?;
    }
    add_values(&writer, source, &mut roles, &mut columns)?;
    let mut later = Vec::new();
    if source.makes_periods {
        later.extend(beyond(asked.definition.facts.bounds, asked.engine));
    }
    later.extend(asked.as_of.map(|as_of| format!("WHEN day >= {} THEN 'after as-of'", date(as_of))));
    if source.sale.is_some() {
        let checks = &asked.definition.facts.checks;
        later.extend(mistakes::branches(asked.engine, source, checks));
        let listed = asked.products.as_ref().filter(|_| columns.looks_up_products);
        later.extend(listed.and_then(|listed| mistakes::unlisted(asked.engine, listed, checks)));
    }
    roles.branches.extend(later);
    let statements = statements(asked, source, &roles, &columns)?;
    Ok(RowStatements { statements, columns })
}

/// A role, or which role cannot be written.
fn role<T>(called: &str, written: Result<T, String>) -> Result<T, String> {
    written.map_err(|fault| format!("'{called}': {fault}"))
}

fn add_moment(writer: &Writer<'_>, source: &Source, roles: &mut Roles) -> Result<(), String> {
    let moment = role("at", writer.moment(&source.at))?;
    roles.add("moment", moment.at);
    roles.add("day", moment.day);
    // A fault of the value itself comes first; what has none may still be null.
    match moment.fault {
        None => roles.refuse_null("moment", "at"),
        Some(fault) => {
            roles.add("moment_fault", fault);
            roles.branches.push("WHEN moment IS NULL AND moment_fault IS NULL THEN 'at is null'".to_owned());
            roles.branches.push("WHEN moment_fault IS NOT NULL THEN concat('at: ', moment_fault)".to_owned());
        }
    }
    Ok(())
}

fn add_customer(writer: &Writer<'_>, source: &Source, roles: &mut Roles) -> Result<(), String> {
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

fn add_sale(
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
    roles.add_role("is_return", role("return", writer.truth(&sale.is_return))?, "return");
    if let Some(line) = &sale.line {
        roles.add_role("line_key", role("line", writer.key(line))?, "line");
        roles.refuse_null("line_key", "line");
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

fn add_values(
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
                let called = value.role.unwrap_or("a driver's value");
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

/// Rows beyond the days that a history may have.
fn beyond(bounds: DayBounds, engine: Engine) -> Vec<String> {
    let text = engine.text_type();
    let branch = |sign: &str, day: Day, words: &str| {
        format!(
            "WHEN day {sign} {} THEN concat('at: ', CAST(day AS {text}), {})",
            date(day),
            engine.text(&format!(" is {words}, {day}"))
        )
    };
    let earliest = bounds.earliest.map(|day| branch("<", day, "before 'earliest'"));
    let latest = bounds.latest.map(|day| branch(">", day, "after 'latest'"));
    earliest.into_iter().chain(latest).collect()
}

fn statements(
    asked: &Asked<'_>,
    source: &Source,
    roles: &Roles,
    columns: &RowColumns,
) -> Result<Vec<Statement>, String> {
    let suffixed = |suffix: &str| format!("{}_{suffix}", source.name);
    let name = |suffix: &str| asked.engine.quoted(&suffixed(suffix));
    let selected: Vec<String> =
        roles.columns.iter().map(|(value, column)| format!("  {value} AS {column}")).collect();
    let with_roles = format!("SELECT\n{},\n  _file, _row\nFROM {}", selected.join(",\n"), name("read"));
    let from = match columns.looks_up_products {
        false => name("roles"),
        true => format!(
            "(\n  SELECT roles.*, coalesce(products.product_group, '{NO_GROUP}') AS product_group,\n    \
             products.product IS NOT NULL AS is_listed\n  FROM {} AS roles LEFT JOIN products ON products.product = \
             roles.product_key\n) AS grouped",
            name("roles")
        ),
    };
    let fates = format!(
        "SELECT *,\n  CASE\n    {}\n    ELSE 'used'\n  END AS fate\nFROM {from}",
        roles.branches.join("\n    ")
    );
    let drops_copies = is_checked(source, Duplicates::DropIdentical);
    if drops_copies && !source.distinct.is_empty() {
        return Err("'duplicates = \"drop_identical\"' together with count(distinct …) of something else than orders and \
                    customers cannot be written: what is counted is no part of a line's content; leave one of the two out"
            .to_owned());
    }
    let used = format!(
        "SELECT {}customer, {} AS period, {}\nFROM {}\nWHERE fate = 'used'",
        if drops_copies { "DISTINCT " } else { "" },
        period_of(asked, "day"),
        used_columns(source, columns).join(", "),
        name("fates")
    );
    let about = match drops_copies {
        true => "The rows that the facts are made of; of identical lines one counts.",
        false => "The rows that the facts are made of.",
    };
    let roles_about = "What each row is to the facts, each amount rounded once, half away from zero.";
    let fates_about = "What becomes of each row: used, excluded, after the as-of day, or the reason for which it is quarantined.";
    Ok(vec![
        source_view(asked.engine, source)?,
        Statement::step(suffixed("roles"), roles_about, with_roles),
        Statement::step(suffixed("fates"), fates_about, fates),
        Statement::step(suffixed("used"), about, used),
    ])
}

/// The columns of used rows beside customer and period.
fn used_columns(source: &Source, columns: &RowColumns) -> Vec<String> {
    let mut names = vec!["day".to_owned(), "moment".to_owned()];
    if let Some(sale) = &source.sale {
        names.extend(["order_key", "product_group", "is_return"].map(str::to_owned));
        names.extend(sale.looks_for_duplicates().then(|| "line_key".to_owned()));
    }
    names.extend(columns.values.iter().chain(&columns.filters).chain(&columns.keys).cloned());
    names
}

/// Whether a source's lines are told apart, to do this with a second one.
pub(super) fn is_checked(source: &Source, duplicates: Duplicates) -> bool {
    source.sale.as_ref().is_some_and(|sale| sale.looks_for_duplicates() && sale.duplicates == duplicates)
}

/// The first day of the period a day lies in.
pub(super) fn period_of(asked: &Asked<'_>, day: &str) -> String {
    use crate::units::PeriodKind as P;
    let kind = asked.definition.facts.period;
    match asked.engine {
        Engine::DuckDb => format!("CAST(date_trunc('{}', {day}) AS DATE)", kind.name()),
        Engine::Spark => {
            let unit = match kind {
                P::Week => "WEEK",
                P::Month => "MM",
                P::Quarter => "QUARTER",
                P::Year => "YEAR",
            };
            format!("trunc({day}, '{unit}')")
        }
    }
}
