//! The fact tables of the star schema, as views: the tables of a release with the keys of its dimensions, which are never
//! null, and without what the dimensions say.

use super::release::{PublishedTable, Release};
use super::schema::{Column, ColumnKind, Sheet};
use super::star_facts::{
    ACTIVITY, CHANNEL, CUSTOMER, FACTS, Fact, GROUP, Join, PERIOD, SEGMENT, SEGMENT_KINDS,
};
use super::views::quoted;
use arrow::array::{ArrayRef, StringArray};
use std::fmt::Write;
use std::sync::Arc;

/// Of the view that has a row for each customer, period and activity.
const CUSTOMER_ACTIVITY: [Join; 3] = [CUSTOMER, PERIOD, ACTIVITY];

/// Adds the views of a release with dimensions.
pub(super) fn append(text: &mut String, release: &Release) -> std::fmt::Result {
    if !release.tables.contains_key(CUSTOMER.dimension) {
        return Ok(());
    }
    for fact in FACTS {
        if let Some(table) = release.tables.get(fact.table) {
            append_fact(text, fact, table)?;
        }
    }
    append_customer_activity(text, release)?;
    append_customer_segment(text, release)
}

fn append_fact(text: &mut String, fact: &Fact, table: &PublishedTable) -> std::fmt::Result {
    let activities = activity_columns(table);
    let is_shown = |name: &str| {
        let is_key = fact.joins.iter().any(|join| join.column == name);
        let is_of_activity = activities.iter().any(|column| measures_of(column).iter().any(|of| of == name));
        !is_key && !is_of_activity && !fact.of_dimensions.contains(&name)
    };
    let names = table.columns.iter().map(|column| column.name.as_str()).filter(|name| is_shown(name));
    let columns: Vec<String> = fact.joins.iter().map(shown).chain(names.map(quoted)).collect();
    writeln!(text, "\n-- fact: {}", table.grain)?;
    writeln!(text, "create or replace view {} as\nselect {}", fact.view, columns.join(", "))?;
    let rows = if fact.filter.is_empty() { String::new() } else { format!("\nwhere {}", fact.filter) };
    writeln!(text, "from {}{rows};", quoted(fact.table))
}

/// The key of a dimension, of a row of a fact.
fn shown(join: &Join) -> String {
    let Join { dimension, key, column } = join;
    if *key == SEGMENT.key {
        return format!("segment_by || ': ' || segment as {key}");
    }
    if *key == GROUP.key {
        return format!("level || ': ' || group_key as {key}");
    }
    if *key != CUSTOMER.key {
        return format!("{} as {key}", quoted(column));
    }
    let unidentified = format!("(select {key} from {dimension} where is_unidentified)");
    format!("coalesce({}, {unidentified}) as {key}", quoted(column))
}

/// Columns of activities: those for which a table has volume and cost.
fn activity_columns(table: &PublishedTable) -> Vec<&str> {
    let has = |name: &str| table.columns.iter().any(|column| column.name == name);
    let costs = table.columns.iter().filter_map(|column| column.name.strip_prefix("cost_"));
    costs.filter(|column| has(&format!("volume_{column}"))).collect()
}

fn measures_of(activity_column: &str) -> [String; 2] {
    ["volume", "cost"].map(|measure| format!("{measure}_{activity_column}"))
}

/// A row for each customer, period and activity that cost something or was used, so that a new activity is no new column.
fn append_customer_activity(text: &mut String, release: &Release) -> std::fmt::Result {
    let wide = release.tables.get("customer_period");
    let columns = wide.map(activity_columns).unwrap_or_default();
    let is_long = release.tables.contains_key("customer_activity");
    if !is_long && columns.is_empty() {
        return Ok(());
    }
    let [customer, period, activity] = CUSTOMER_ACTIVITY.each_ref().map(shown);
    // Wide columns name the activity by its column, and the dimension says which that is.
    let activity = if is_long { activity } else { ACTIVITY.key.to_owned() };
    writeln!(text, "\n-- fact: customer, period and activity")?;
    writeln!(text, "create or replace view fact_customer_activity as")?;
    writeln!(text, "select {customer}, {period}, {activity}, volume, cost")?;
    if is_long {
        return writeln!(text, "from customer_activity;");
    }
    let pairs = columns.iter().map(|column| {
        let [volume, cost] = measures_of(column).map(|name| quoted(&name));
        format!("({volume}, {cost}) as '{}'", column.replace('\'', "''"))
    });
    let pairs: Vec<String> = pairs.collect();
    writeln!(text, "from (unpivot customer_period on\n    {}", pairs.join(",\n    "))?;
    writeln!(text, "    into name activity_column value volume, cost)")?;
    writeln!(text, "join dim_activity using (activity_column)\nwhere volume <> 0 or cost <> 0;")
}

/// A row for each customer and kind of segments.
fn append_customer_segment(text: &mut String, release: &Release) -> std::fmt::Result {
    if !release.tables.contains_key(SEGMENT.dimension) {
        return Ok(());
    }
    let customers =
        release.tables.get(CUSTOMER.dimension).map(|table| &table.columns[..]).unwrap_or_default();
    let has = |kind: &&str| customers.iter().any(|column| column.name == **kind);
    let kinds: Vec<&str> = SEGMENT_KINDS.iter().copied().filter(has).collect();
    // Without [segments] there are segments of attributes alone.
    if kinds.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n-- fact: customer and kind of segments")?;
    writeln!(text, "create or replace view fact_customer_segment as")?;
    writeln!(text, "select customer_key, kind || ': ' || segment as {}", SEGMENT.key)?;
    let kinds = kinds.join(", ");
    // Without the attributes, of which one may be called kind.
    writeln!(text, "from (unpivot (select customer_key, {kinds} from dim_customer)")?;
    writeln!(text, "    on {kinds} into name kind value segment)")?;
    writeln!(text, "where segment <> '(none)';")
}

/// A row of `relations`: a fact as view and as table, its key, and the join.
type Relation = (&'static str, &'static str, &'static str, &'static Join);

/// How facts join dimensions, of the tables there are.
pub fn relations_table(has: impl Fn(&str) -> bool) -> Sheet {
    let mut relations: Vec<Relation> = Vec::new();
    for fact in FACTS {
        relations.extend(fact.joins.iter().map(|join| (fact.view, fact.table, join.key, join)));
    }
    if let Some(table) = ["customer_activity", "customer_period"].into_iter().find(|table| has(table)) {
        let joins = CUSTOMER_ACTIVITY.iter();
        relations.extend(joins.map(|join| ("fact_customer_activity", table, join.key, join)));
    }
    for join in [&CUSTOMER, &SEGMENT] {
        relations.push(("fact_customer_segment", "customer_segment", join.key, join));
    }
    relations.push(("dim_customer", "dim_customer", CHANNEL.column, &CHANNEL));
    relations.retain(|(_, table, _, join)| has(table) && has(join.dimension));
    let mut sheet = Sheet::new("relations", "join of a fact and a dimension", None);
    let relations = &relations[..];
    add_names(&mut sheet, relations, ("fact", "View of the fact"), |row| row.0);
    let meaning = "Its key of the dimension; null only in a dimension that has another";
    add_names(&mut sheet, relations, ("fact_key", meaning), |row| row.2);
    add_names(&mut sheet, relations, ("fact_table", "Table that the view shows"), |row| row.1);
    let meaning =
        "Column of the table from which the key follows; of segments and of groups of customers two";
    add_names(&mut sheet, relations, ("fact_column", meaning), |row| row.3.column);
    add_names(&mut sheet, relations, ("dimension", "Table with a row for each member"), |row| {
        row.3.dimension
    });
    add_names(&mut sheet, relations, ("dimension_key", "Its key"), |row| row.3.key);
    sheet
}

fn add_names(
    sheet: &mut Sheet,
    relations: &[Relation],
    (name, meaning): (&'static str, &'static str),
    of: fn(&Relation) -> &'static str,
) {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(relations.iter().map(of)));
    sheet.add(Column::new(name, ColumnKind::Name, "", meaning), values);
}
