//! Columns that rules and queries name, against those that the run of this very definition makes.

use super::support::{Pipeline, Published, write};
use super::{nothing_is_published, sound};
use abacus::published::Tables;
use arrow::array::{Int64Array, StringArray};
use std::collections::BTreeSet;
use std::sync::Arc;

fn query(sql: &str) -> String {
    format!("\n[[expect]]\nname = \"total\"\nsql = \"{sql}\"\nat_least = -1_000_000\nseverity = \"warn\"\n")
}

fn rule(when: &str) -> String {
    format!("\n[segments]\n\n[[segments.treatment]]\nname = \"look\"\nwhen = \"{when}\"\n")
}

fn activity(name: &str, keys: &str) -> String {
    format!("\n[[costing.activity]]\nname = \"{name}\"\n{keys}\nfrom = {{ warehouse = 0.001 }}\n")
}

/// Three activities of the pipeline and as many more.
fn with_many(more: usize, level: &str) -> Pipeline {
    let keys = format!("level = \"{level}\"\ndriver = \"count(*)\"");
    let activities: String = (0..more).map(|index| activity(&format!("step {index}"), &keys)).collect();
    sound().and(&activities)
}

/// An activity of every level, and a fixed one of a product group.
fn with_levels() -> Pipeline {
    let own = [
        ("sort", "level = \"unit\"\ndriver = \"count(*)\""),
        ("ship", "level = \"order\"\ndriver = \"count(distinct order)\""),
        ("call", "level = \"customer\"\ndriver = \"count(*)\""),
        ("show", "level = \"product\"\nof = \"tools\""),
        ("list", "level = \"product\""),
        ("run it", "level = \"facility\""),
    ];
    sound().and(&own.map(|(name, keys)| activity(name, keys)).concat())
}

/// One line of the waterfall more than every run has.
fn with_lines() -> Pipeline {
    let own = [
        ("lend", "level = \"customer\"\nline = \"financing\"\ndriver = \"count(*)\""),
        ("rebate", "line = \"price_concession\"\ndriver = \"count(*)\""),
        ("rent", "level = \"facility\"\nspread = \"count(*)\""),
    ];
    sound().and(&own.map(|(name, keys)| activity(name, keys)).concat())
}

#[track_caller]
fn both_refuse(pipeline: &Pipeline, texts: &[&str]) {
    for command in ["check", "run"] {
        pipeline.abacus(&[command]).fails(2, texts);
    }
    nothing_is_published(pipeline);
}

/// Fails unless every table of a release has the columns that were known before it was made.
#[track_caller]
fn is_foreseen(pipeline: &Pipeline, published: &Published) {
    let definition = abacus::pipeline::read(&pipeline.file()).unwrap();
    let known = Tables::of(&definition);
    let tables = published.release["tables"].as_object().unwrap();
    for (name, table) in tables {
        let columns = table["columns"].as_array().unwrap();
        let found: BTreeSet<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
        let foreseen: BTreeSet<&str> = known.columns(name).unwrap().iter().map(String::as_str).collect();
        assert_eq!(found, foreseen, "{name}");
        assert_eq!(known.unmade(name), None, "{name}");
    }
    assert_eq!(tables.contains_key("customer_activity"), known.unmade("customer_activity").is_none());
}

#[test]
fn a_release_has_the_columns_that_were_known_before() {
    for pipeline in [
        sound(),
        with_many(37, "order"),
        with_many(38, "order"),
        with_many(41, "unit"),
        with_levels(),
        with_lines(),
        sound().and("\n[publish]\ncustomer_activity = true\n"),
        with_orders("\"order_id\""),
        with_lines().and("\n[publish]\ncustomer_order = true\n"),
        with_components("0.1 * revenue"),
        with_components("0.1 * revenue").and("\n[publish]\ncustomer_price = true\n"),
        sound().with("practical_minutes = 2_000", "practical_minutes = 2_000, unused = \"proportional\""),
    ] {
        is_foreseen(&pipeline, &pipeline.publish(&[]));
    }
}

/// Price components on and off invoice, of this amount each.
fn with_components(amount: &str) -> Pipeline {
    let component = |name: &str, invoice: &str| {
        let keys = format!("name = \"{name}\"\namount = \"{amount}\"\ninvoice = \"{invoice}\"");
        format!("\n[[facts.transactions.price_component]]\n{keys}\n")
    };
    sound().and(&[component("campaign", "on"), component("year-end rebate", "off")].concat())
}

#[test]
fn a_price_component_is_money_of_columns_that_there_are() {
    let place = "history.toml:";
    both_refuse(&with_components("rebates"), &[place, "column 'rebates' does not exist"]);
    both_refuse(
        &with_components("product_group"),
        &[place, "'amount' is text, expected a number", "cast(product_group as decimal(18, 2))"],
    );
}

#[test]
fn a_row_whose_price_component_is_no_number_is_quarantined() {
    let published = with_components("10 / (customer_id - 3)").publish(&[]);
    let quarantined = published.rows("quarantine");
    assert!(!quarantined.is_empty());
    for row in &quarantined {
        assert!(row["reason"].contains("a price component"), "{row:?}");
    }
}

#[test]
fn price_tables_come_with_components() {
    for table in ["price_waterfall", "price_waterfall_total", "price_band", "customer_price"] {
        let all = query(&format!("select count(*) from {table}"));
        let way_out = "it comes with a [[facts.transactions.price_component]]";
        both_refuse(&sound().and(&all), &[&format!("there is no table '{table}'"), way_out]);
    }
    let all = query("select count(*) from customer_price");
    both_refuse(&with_components("1").and(&all), &["publish.customer_price = true"]);
    let cost = query("select sum(cost_year_end_rebate - price_concessions) from customer_period");
    with_components("1").and(&cost).publish(&[]);
}

/// Every order published, with keys like this and a dimension.
fn with_orders(order: &str) -> Pipeline {
    let keys = format!("order = {order}\ndimensions = {{ size = \"quantity > 1\" }}");
    sound().with("order = \"order_id\"", &keys).and("\n[publish]\ncustomer_order = true\n")
}

#[test]
fn orders_are_asked_by_keys_of_their_own_type() {
    let ask = |key: &str| query(&format!("select count(*) from customer_order where order_id = {key}"));
    with_orders("\"order_id\"").and(&ask("7")).publish(&[]);
    with_orders("\"'number ' || cast(order_id as varchar)\"").and(&ask("'number 7'")).publish(&[]);
    with_orders("\"cast(ordered_at as date)\"").and(&ask("date '2024-01-31'")).publish(&[]);
    let all = query("select count(*) from customer_order");
    both_refuse(&sound().and(&all), &["there is no table 'customer_order'", "publish.customer_order = true"]);
}

#[test]
fn a_dimension_may_not_hide_a_column_of_orders() {
    for name in ["lines", "order_id", "period"] {
        let dimension = format!("order = \"order_id\"\ndimensions = {{ {name} = \"quantity\" }}");
        let texts = [&*format!("dimension '{name}' has the name of"), &*format!("own_{name}")];
        both_refuse(&sound().with("order = \"order_id\"", &dimension), &texts);
    }
}

#[test]
fn activities_beyond_forty_have_rows_and_no_columns() {
    let rows = "rows in customer_activity in place of columns; ask that table";
    for table in ["customer", "customer_period"] {
        both_refuse(
            &with_many(38, "order").and(&query(&format!("select sum(cost_pick) from {table}"))),
            &["'total': unknown column 'cost_pick'", rows],
        );
    }
    both_refuse(&with_many(38, "order").and(&rule("cost_pick > 5")), &["unknown measure 'cost_pick'", rows]);
    let sum = query("select sum(cost) from customer_activity where activity = 'pick'");
    with_many(38, "order").and(&sum).publish(&[]);
    both_refuse(
        &sound().and(&sum),
        &["'total': there is no table 'customer_activity'", "publish.customer_activity = true"],
    );
    sound().and("\n[publish]\ncustomer_activity = true\n").and(&sum).publish(&[]);
    let sums =
        [query("select sum(cost_pick) + sum(volume_pick) from customer"), rule("cost_pick > 5")].concat();
    with_many(37, "order").and(&sums).publish(&[]);
}

#[test]
fn a_level_has_columns_where_its_cost_is_borne() {
    for (table, column, why) in [
        ("customer", "cost_run_it", "of level facility, whose cost is not charged to customers"),
        ("customer_period", "volume_list", "of level product, whose cost is not charged to customers"),
        ("customer_product", "cost_ship", "of level order, and only those of level unit reach products"),
        ("product_group", "cost_call", "of level customer, and only those of level unit reach products"),
        (
            "product_group",
            "volume_sort",
            "tables of products have no volumes, only cost; ask customer_period",
        ),
    ] {
        let pipeline = with_levels().and(&query(&format!("select sum({column}) from {table}")));
        both_refuse(&pipeline, &[&format!("unknown column '{column}'"), why]);
    }
    both_refuse(
        &with_levels().and(&rule("cost_run_it > 0")),
        &["unknown measure 'cost_run_it'", "level facility"],
    );
    let right = "select sum(cost_sort) + sum(product_level_cost) + sum(product_income) from product_group";
    with_levels().and(&query(right)).publish(&[]);
    both_refuse(
        &sound().and(&query("select sum(product_income) from product_group")),
        &["of level product with 'of'"],
    );
    let unit = "select sum(product_contribution) from customer_product";
    with_levels().and(&query(unit)).publish(&[]);
    both_refuse(&sound().and(&query(unit)), &["no activity is of level unit"]);
    let sum = "select sum(cost_step_7) from product_group";
    both_refuse(
        &with_many(41, "unit").and(&query(sum)),
        &["of the 41 activities of level unit only the sum is kept"],
    );
}

#[test]
fn a_line_of_the_waterfall_is_there_where_an_activity_forms_it() {
    for (column, why) in [
        ("financing_cost", "no activity has line = \"financing\""),
        ("price_concessions", "no activity has line = \"price_concession\""),
        ("spread_cost", "no activity has a 'spread'"),
        ("unused_charged", "no capacity has unused = \"proportional\""),
        ("fully_loaded_profit", "no cost is spread and no unused capacity charged"),
    ] {
        both_refuse(&sound().and(&query(&format!("select sum({column}) from customer"))), &[column, why]);
        both_refuse(&sound().and(&rule(&format!("{column} > 0"))), &[column, why]);
    }
    let sums =
        "select sum(financing_cost + price_concessions + spread_cost + fully_loaded_profit) from customer";
    with_lines().and(&query(sums)).and(&rule("financing_cost > 0 and spread_cost > 1")).publish(&[]);
}

#[test]
fn a_table_of_a_part_that_is_off_is_not_asked() {
    let pipeline = sound().and("\n[perception]\n");
    for (table, section) in [("complaint_outcome", "complaints"), ("delivered_value", "delivered")] {
        both_refuse(
            &sound().and("\n[perception]\n").and(&query(&format!("select count(*) from {table}"))),
            &[&format!("there is no table '{table}': it comes with [perception.{section}]")],
        );
    }
    pipeline.publish(&[]);
}

#[test]
fn an_attribute_may_have_the_name_of_a_column_that_is_not_made() {
    let customers = "\n[facts.customers]\nfiles = \"../data/customers.parquet\"\ncustomer = \"customer_id\"\n\
                     attributes = { cost_run_it = \"origin\", spread_cost = \"grade\" }\n";
    let asked =
        [query("select count(cost_run_it) from customer"), rule("cost_run_it = 'web' and spread_cost > 1")];
    let pipeline = with_levels().and(customers).and(&asked.concat());
    let ids = Arc::new(Int64Array::from(vec![1, 2]));
    let origins = Arc::new(StringArray::from(vec!["web", "phone"]));
    let grades = Arc::new(Int64Array::from(vec![3, 4]));
    write(
        &pipeline.data("customers.parquet"),
        vec![("customer_id", ids), ("origin", origins), ("grade", grades)],
    );
    assert_eq!(pipeline.publish(&[]).rows("customer")[1]["cost_run_it"], "web");
}
