//! A source's rows with their roles, and what becomes of each: the first reason to leave a row out stands.

use super::columns::digits_of;
use super::mistakes;
use super::products::ListedProducts;
use super::rated::{add_rates, rated_view};
use super::roles::{Roles, add_customer, add_moment, add_sale, add_values, role};
use super::source_view::source_view;
use super::statement::Statement;
use crate::facts::dialect::{Engine, Writer, date};
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::products::NO_GROUP;
use crate::facts::inputs::source::Source;
use crate::pipeline::{DayBounds, Definition, Duplicates};
use crate::units::Day;
use std::collections::BTreeSet;

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
    /// By dimension of orders: its column.
    pub(super) dimensions: Vec<String>,
    /// What lines are added up by beside customers: their columns.
    pub(super) books: Vec<String>,
    /// Whether groups are looked up by product.
    pub(super) looks_up_products: bool,
}

/// What every source is asked with.
pub(super) struct Asked<'d> {
    pub(super) engine: Engine,
    pub(super) definition: &'d Definition,
    /// Rows on this day or later are left out.
    pub(super) as_of: Option<Day>,
    /// What foreign currencies are worth.
    pub(super) rates: Option<&'d ExchangeRates>,
    pub(super) products: Option<ListedProducts>,
    /// First days of the periods that are asked for; all of them if it is none.
    pub(super) periods: Option<Vec<Day>>,
}

/// The statements that read these files of a source and give its used rows.
///
/// # Errors
/// What the engine cannot do exactly, with the role it is needed for.
pub(super) fn row_statements(
    asked: &Asked<'_>,
    source: &Source,
    files: &BTreeSet<usize>,
) -> Result<RowStatements, String> {
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
    if let Some(rates) = &source.rates {
        add_rates(&writer, rates, &mut roles)?;
        columns.books.extend(source.books().map(|_| "currency".to_owned()));
    }
    add_values(&writer, source, &mut roles, &mut columns)?;
    let mut later = Vec::new();
    if source.makes_periods {
        later.extend(beyond(asked.definition.facts.bounds, asked.engine));
    }
    later.extend(asked.as_of.map(|as_of| format!("WHEN day >= {} THEN 'after as-of'", date(as_of))));
    roles.branches.extend(later);
    let mut checks = Vec::new();
    if source.sale.is_some() {
        let policies = &asked.definition.facts.checks;
        checks.extend(mistakes::branches(asked.engine, source, policies));
        let listed = asked.products.as_ref().filter(|_| columns.looks_up_products);
        checks.extend(listed.and_then(|listed| mistakes::unlisted(asked.engine, listed, policies)));
    }
    if mistakes::has_eliminations(source) {
        checks.push("WHEN is_intercompany THEN 'eliminated'".to_owned());
    }
    let mut all = vec![source_view(asked.engine, source, files)?];
    if let Some(rates) = &source.rates {
        all.push(rated_view(&writer, source, rates, &asked.definition.facts.currency)?);
    }
    all.extend(statements(asked, source, &roles, &checks, &columns)?);
    Ok(RowStatements { statements: all, columns })
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
    checks: &[String],
    columns: &RowColumns,
) -> Result<Vec<Statement>, String> {
    let suffixed = |suffix: &str| format!("{}_{suffix}", source.name);
    let name = |suffix: &str| asked.engine.quoted(&suffixed(suffix));
    let selected: Vec<String> =
        roles.columns.iter().map(|(value, column)| format!("  {value} AS {column}")).collect();
    let rows = if source.rates.is_some() { "rated" } else { "read" };
    let with_roles = format!("SELECT\n{},\n  _file, _row\nFROM {}", selected.join(",\n"), name(rows));
    let from = match columns.looks_up_products {
        false => name("roles"),
        true => format!(
            "(\n  SELECT roles.*, coalesce(products.product_group, '{NO_GROUP}') AS product_group,\n    \
             products.product IS NOT NULL AS is_listed\n  FROM {} AS roles LEFT JOIN products ON products.product = \
             roles.product_key\n) AS grouped",
            name("roles")
        ),
    };
    let judged = |branches: &[String]| {
        if branches.is_empty() {
            return "'used'".to_owned();
        }
        format!("CASE\n    {}\n    ELSE 'used'\n  END", branches.join("\n    "))
    };
    let mut fates = format!("SELECT *,\n  {} AS fate\nFROM {from}", judged(&roles.branches));
    if source.sale.is_some() {
        // What row checks are held against, whatever they make of it: rows that nothing before them refused.
        let branches = [vec!["WHEN contract <> 'used' THEN contract".to_owned()], checks.to_vec()].concat();
        let contract = format!("SELECT *,\n  {} AS contract\nFROM {from}", judged(&roles.branches));
        fates = format!("SELECT *,\n  {} AS fate\nFROM (\n{contract}\n) AS judged", judged(&branches));
    }
    let drops_copies = is_checked(source, Duplicates::DropIdentical);
    if drops_copies && !source.distinct.is_empty() {
        return Err("'duplicates = \"drop_identical\"' together with count(distinct …) of something else than orders and \
                    customers cannot be written: what is counted is no part of a line's content; leave one of the two out"
            .to_owned());
    }
    let books = source.books().map(|_| {
        let mut names = used_columns(source, columns);
        names.extend(columns.books.iter().cloned());
        let between = mistakes::has_eliminations(source).then_some("is_intercompany");
        names.extend(between.map(str::to_owned));
        let query = format!(
            "SELECT {}customer, {} AS period, {}\nFROM {}\nWHERE {}",
            if drops_copies { "DISTINCT " } else { "" },
            period_of(asked, "day"),
            names.join(", "),
            name("fates"),
            is_asked(asked, mistakes::used(source))
        );
        let about = "Lines by company and currency, those between companies of the group among them.";
        Statement::step(suffixed("booked"), about, query)
    });
    let used = format!(
        "SELECT {}customer, {} AS period, {}\nFROM {}\nWHERE {}",
        if drops_copies { "DISTINCT " } else { "" },
        period_of(asked, "day"),
        used_columns(source, columns).join(", "),
        name("fates"),
        is_asked(asked, "fate = 'used'")
    );
    let about = match drops_copies {
        true => "The rows that the facts are made of; of identical lines one counts.",
        false => "The rows that the facts are made of.",
    };
    let roles_about = "What each row is to the facts, each amount rounded once, half away from zero.";
    let fates_about = "What becomes of each row: used, excluded, after the as-of day, or the reason for which it is quarantined.";
    let mut statements = vec![
        Statement::step(suffixed("roles"), roles_about, with_roles),
        Statement::step(suffixed("fates"), fates_about, fates),
        Statement::step(suffixed("used"), about, used),
    ];
    statements.extend(books);
    Ok(statements)
}

/// The columns of used rows beside customer and period.
fn used_columns(source: &Source, columns: &RowColumns) -> Vec<String> {
    let mut names = vec!["day".to_owned(), "moment".to_owned()];
    if let Some(sale) = &source.sale {
        names.extend(["order_key", "product_group", "is_return"].map(str::to_owned));
        names.extend(sale.looks_for_duplicates().then(|| "line_key".to_owned()));
    }
    let columns = [&columns.values, &columns.filters, &columns.keys, &columns.dimensions];
    names.extend(columns.into_iter().flatten().cloned());
    names
}

/// Whether repeated lines of a source are looked for, by their keys.
pub(super) fn is_checked(source: &Source, duplicates: Duplicates) -> bool {
    source.sale.as_ref().is_some_and(|sale| sale.looks_for_duplicates() && sale.duplicates == duplicates)
}

/// Whether a row has this fate, and is of a period that is asked for.
pub(super) fn is_asked(asked: &Asked<'_>, fate: &str) -> String {
    let Some(periods) = &asked.periods else { return fate.to_owned() };
    if periods.is_empty() {
        return "false".to_owned();
    }
    let periods: Vec<String> = periods.iter().copied().map(date).collect();
    format!("{fate} AND {} IN ({})", period_of(asked, "day"), periods.join(", "))
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
