//! The grains: what a run keeps, one query each. Distinct orders, days and keys are grouped twice instead of counted
//! distinct: several `count(distinct …)` in one query would copy every row for each of them in Spark.

use super::rows::{Asked, RowColumns, is_checked};
use super::statement::Statement;
use crate::facts::inputs::source::{AggregatePlan, Sale, Source};
use crate::facts::schema::{AggregateColumn, SEVERAL};
use crate::pipeline::Duplicates;

/// A source and the columns of its used rows.
pub(super) struct UsedRows<'s> {
    pub(super) source: &'s Source,
    pub(super) columns: RowColumns,
}

/// All that the grains need.
pub(super) struct Grains<'g> {
    pub(super) asked: &'g Asked<'g>,
    /// Transactions first.
    pub(super) sources: &'g [UsedRows<'g>],
    pub(super) aggregates: &'g [AggregateColumn],
    /// Of these, what is kept per product group too.
    pub(super) line_aggregates: &'g [usize],
    /// And what is kept per order.
    pub(super) order_aggregates: &'g [usize],
}

/// One of the queries whose rows add up to a customer's period: a text for some of the columns.
struct Branch {
    from: String,
    columns: Vec<Option<String>>,
}

/// The measures of a sale line, in the order of the kept state, and what each adds up.
pub(super) const MEASURES: [(&str, &str); 7] = [
    ("lines", "count(*) FILTER (WHERE NOT is_return)"),
    ("units", "sum(quantity) FILTER (WHERE NOT is_return)"),
    ("returned_units", "sum(-quantity) FILTER (WHERE is_return)"),
    ("list_revenue", "sum(revenue) FILTER (WHERE NOT is_return)"),
    ("discount", "sum(discount) FILTER (WHERE NOT is_return)"),
    ("returns", "sum(discount - revenue) FILTER (WHERE is_return)"),
    ("product_cost", "sum(cost)"),
];

impl Grains<'_> {
    pub(super) fn statements(&self) -> Vec<Statement> {
        let mut statements = vec![
            self.customer_period(),
            self.customer_product(),
            self.customer_order(),
            self.customer_day(),
            self.matches(),
            self.account(),
            self.quarantine(),
        ];
        let transactions = self.transactions().source;
        statements.extend(transactions.books().map(|_| self.book()));
        if transactions.sale.as_ref().is_some_and(Sale::looks_for_duplicates) {
            statements.push(self.order_line());
        }
        if is_checked(transactions, Duplicates::DropIdentical) {
            statements.push(self.line_count());
        }
        statements
    }

    pub(super) fn transactions(&self) -> &UsedRows<'_> {
        &self.sources[0]
    }

    pub(super) fn used(&self, rows: &UsedRows<'_>) -> String {
        self.asked.engine.quoted(&format!("{}_used", rows.source.name))
    }

    /// The type of a measure's sum; past 18 digits the cast to it fails, as the run does.
    fn measure_type(&self, measure: &str) -> String {
        let facts = &self.asked.definition.facts;
        match measure {
            "lines" | "orders" | "active_days" => "BIGINT".to_owned(),
            "units" | "returned_units" => {
                let scale = self.transactions().source.values[0].scale;
                format!("DECIMAL(18, {scale})")
            }
            _ => format!("DECIMAL(18, {})", facts.money_scale),
        }
    }

    fn aggregate_type(&self, index: usize) -> String {
        let column = &self.aggregates[index];
        match column.aggregate.function {
            crate::pipeline::Function::Sum(_) | crate::pipeline::Function::Money(_) => {
                format!("DECIMAL(18, {})", column.scale)
            }
            _ => "BIGINT".to_owned(),
        }
    }

    fn customer_period(&self) -> Statement {
        let mut names: Vec<(String, String)> = Vec::new();
        for name in MEASURES.map(|(name, _)| name).into_iter().chain(["orders", "active_days"]) {
            names.push((name.to_owned(), self.measure_type(name)));
        }
        let moments = ["first_order_at", "last_order_at"];
        for index in 0..self.aggregates.len() {
            names.push((format!("aggregate_{index}"), self.aggregate_type(index)));
        }
        let width = names.len() + moments.len();
        let branches = self.branches(width);
        let mut inner = Vec::new();
        for Branch { from, columns } in branches {
            let all = names.iter().map(|(name, _)| name.as_str()).chain(moments);
            let selected: Vec<String> = columns
                .into_iter()
                .zip(all)
                .map(|(text, name)| format!("{} AS {name}", text.unwrap_or_else(|| "NULL".to_owned())))
                .collect();
            inner.push(format!("  SELECT customer, period, {}\n  FROM {from}", selected.join(", ")));
        }
        let mut outer: Vec<String> = names
            .iter()
            .map(|(name, ty)| format!("CAST(coalesce(sum({name}), 0) AS {ty}) AS {name}"))
            .collect();
        outer.push("min(first_order_at) AS first_order_at".to_owned());
        outer.push("max(last_order_at) AS last_order_at".to_owned());
        let query = format!(
            "SELECT customer, period,\n  {}\nFROM (\n{}\n) AS parts\nGROUP BY customer, period",
            outer.join(",\n  "),
            inner.join("\n  UNION ALL\n")
        );
        let mut about =
            "Customer × period: a row for every customer with any row of any source in it.".to_owned();
        for (index, column) in self.aggregates.iter().enumerate() {
            let source = column
                .source
                .map_or("transactions", |events| &self.asked.definition.facts.events[events].name);
            about += &format!("\naggregate_{index} is {} of {source}.", column.aggregate);
        }
        Statement::grain("customer_period", &about, query)
    }

    /// By order first, which makes distinct orders rows; then days, keys and the events.
    fn branches(&self, width: usize) -> Vec<Branch> {
        let rows = self.transactions();
        let used = self.used(rows);
        let plans = &rows.source.aggregates;
        let mut by_order: Vec<String> =
            MEASURES.iter().map(|(name, sum)| format!("{sum} AS {name}")).collect();
        by_order.push("min(moment) FILTER (WHERE NOT is_return) AS first_order_at".to_owned());
        by_order.push("max(moment) FILTER (WHERE NOT is_return) AS last_order_at".to_owned());
        let mut columns: Vec<Option<String>> = vec![None; width];
        for (place, (name, _)) in MEASURES.iter().enumerate() {
            columns[place] = Some(format!("sum({name})"));
        }
        columns[MEASURES.len()] = Some("count(*) FILTER (WHERE lines > 0)".to_owned());
        let first_aggregate = MEASURES.len() + 2;
        columns[width - 2] = Some("min(first_order_at)".to_owned());
        columns[width - 1] = Some("max(last_order_at)".to_owned());
        let filter_of = |filter: u8| &rows.columns.filters[usize::from(filter)];
        for (index, plan) in plans {
            let name = format!("aggregate_{index}");
            let outer = match plan {
                AggregatePlan::Orders { filter: None } => "count(*)".to_owned(),
                AggregatePlan::Orders { filter: Some(filter) } => {
                    by_order.push(format!("bool_or({}) AS {name}", filter_of(*filter)));
                    format!("count(*) FILTER (WHERE {name})")
                }
                AggregatePlan::Any { .. } => {
                    by_order.extend(of_rows(plan, &rows.columns).map(|text| format!("{text} AS {name}")));
                    format!("max({name})")
                }
                AggregatePlan::Count { .. } | AggregatePlan::Sum { .. } | AggregatePlan::Money { .. } => {
                    by_order.extend(of_rows(plan, &rows.columns).map(|text| format!("{text} AS {name}")));
                    format!("sum({name})")
                }
                AggregatePlan::Distinct { .. } => continue,
            };
            columns[first_aggregate + index] = Some(outer);
        }
        let from = format!(
            "(\n    SELECT customer, period, order_key, {}\n    FROM {used} GROUP BY customer, period, order_key\n  ) AS \
             orders GROUP BY customer, period",
            by_order.join(", ")
        );
        let mut branches = vec![Branch { from, columns }];
        let mut days: Vec<Option<String>> = vec![None; width];
        days[MEASURES.len() + 1] = Some("count(*)".to_owned());
        let of_days = format!(
            "(SELECT DISTINCT customer, period, day FROM {used} WHERE NOT is_return) AS days GROUP BY customer, period"
        );
        branches.push(Branch { from: of_days, columns: days });
        for rows in self.sources {
            branches.extend(self.distinct_keys(rows, width, first_aggregate));
        }
        for rows in &self.sources[1..] {
            let mut columns: Vec<Option<String>> = vec![None; width];
            for (index, plan) in &rows.source.aggregates {
                columns[first_aggregate + index] = of_rows(plan, &rows.columns);
            }
            let from = format!("{} GROUP BY customer, period", self.used(rows));
            branches.push(Branch { from, columns });
        }
        branches
    }

    /// `count(distinct key)` of a source, each a grouping of its own.
    fn distinct_keys(&self, rows: &UsedRows<'_>, width: usize, first_aggregate: usize) -> Vec<Branch> {
        let mut branches = Vec::new();
        for (index, plan) in &rows.source.aggregates {
            let AggregatePlan::Distinct { set, filter } = plan else { continue };
            let key = &rows.columns.keys[*set];
            let filter = filter.map_or_else(String::new, |filter| {
                format!(" AND {}", rows.columns.filters[usize::from(filter)])
            });
            let mut columns: Vec<Option<String>> = vec![None; width];
            columns[first_aggregate + index] = Some("count(*)".to_owned());
            let from = format!(
                "(SELECT DISTINCT customer, period, {key} FROM {} WHERE {key} IS NOT NULL{filter}) AS keys GROUP BY customer, \
                 period",
                self.used(rows)
            );
            branches.push(Branch { from, columns });
        }
        branches
    }

    fn customer_product(&self) -> Statement {
        let rows = self.transactions();
        let mut columns: Vec<String> = MEASURES
            .iter()
            .map(|(name, sum)| format!("CAST(coalesce({sum}, 0) AS {}) AS {name}", self.measure_type(name)))
            .collect();
        for index in self.line_aggregates {
            let plan = rows.source.aggregates.iter().find(|(of, _)| of == index).map(|(_, plan)| plan);
            // A line counts here as often as it stands: that is what a group has of its customer's volume.
            let sum = match plan {
                Some(AggregatePlan::Any { filter }) => {
                    of_rows(&AggregatePlan::Count { filter: *filter }, &rows.columns)
                }
                Some(plan) => of_rows(plan, &rows.columns),
                None => None,
            };
            let sum = sum.unwrap_or_else(|| "0".to_owned());
            let ty = self.aggregate_type(*index);
            columns.push(format!("CAST(coalesce({sum}, 0) AS {ty}) AS aggregate_{index}"));
        }
        let query = format!(
            "SELECT customer, period, product_group,\n  {}\nFROM {}\nGROUP BY customer, period, product_group",
            columns.join(",\n  "),
            self.used(rows)
        );
        Statement::grain(
            "customer_product",
            "Customer × product group × period: a row where there is any order line.",
            query,
        )
    }

    fn customer_order(&self) -> Statement {
        let rows = self.transactions();
        let money = self.measure_type("product_cost");
        let mut columns = vec![
            "count(*) FILTER (WHERE NOT is_return) AS lines".to_owned(),
            format!("CAST(sum(revenue - discount) AS {money}) AS net_revenue"),
            format!("CAST(sum(cost) AS {money}) AS product_cost"),
        ];
        for index in self.order_aggregates {
            let plan = rows.source.aggregates.iter().find(|(of, _)| of == index).map(|(_, plan)| plan);
            let (plan, ty) =
                (plan.expect("orders have parts of aggregates of lines"), self.aggregate_type(*index));
            let of_order = match plan {
                AggregatePlan::Orders { filter: None } => "1".to_owned(),
                AggregatePlan::Orders { filter: Some(filter) } => {
                    let filter = &rows.columns.filters[usize::from(*filter)];
                    format!("CASE WHEN bool_or({filter}) THEN 1 ELSE 0 END")
                }
                plan => of_rows(plan, &rows.columns).expect("sums and counts are of rows"),
            };
            columns.push(format!("CAST(coalesce({of_order}, 0) AS {ty}) AS aggregate_{index}"));
        }
        let of_dimension = |column: &String| {
            format!(
                "CASE WHEN min({column}) = max({column}) THEN min({column}) ELSE '{SEVERAL}' END AS {column}"
            )
        };
        columns.extend(rows.columns.dimensions.iter().map(of_dimension));
        let query = format!(
            "SELECT customer, period, order_key,\n  {}\nFROM {}\nGROUP BY customer, period, order_key",
            columns.join(",\n  "),
            self.used(rows)
        );
        let mut about = "Customer × order × period: a row where the order has any line. An order of two periods has two rows, and \
                         counts once over life where it has sale lines."
            .to_owned();
        for (place, name) in self.asked.definition.facts.transactions.dimensions.keys().enumerate() {
            about += &format!("\ndimension_{place} is {name}.");
        }
        Statement::grain("customer_order", &about, query)
    }

    fn customer_day(&self) -> Statement {
        let money = self.measure_type("list_revenue");
        let query = format!(
            "SELECT customer, period, day, count(*) FILTER (WHERE has_sale) AS orders,\n  CAST(sum(net_revenue) AS {money}) AS \
             net_revenue,\n  CAST(sum(gross_margin) AS {money}) AS gross_margin\nFROM (\n  SELECT customer, period, day, \
             order_key, bool_or(NOT is_return) AS has_sale,\n    sum(revenue - discount) AS net_revenue, sum(revenue - \
             discount - cost) AS gross_margin\n  FROM {} GROUP BY customer, period, day, order_key\n) AS orders\nGROUP BY \
             customer, period, day",
            self.used(self.transactions())
        );
        Statement::grain("customer_day", "Customer × day: a row where there is any order line.", query)
    }
}

/// What an aggregate takes of a group of rows; none where it needs a grouping of its own.
fn of_rows(plan: &AggregatePlan, columns: &RowColumns) -> Option<String> {
    let filtered = |filter: Option<u8>| {
        filter.map_or_else(String::new, |filter| {
            format!(" FILTER (WHERE {})", columns.filters[usize::from(filter)])
        })
    };
    Some(match *plan {
        AggregatePlan::Count { filter } => format!("count(*){}", filtered(filter)),
        AggregatePlan::Any { filter } => {
            let condition = filter.map_or("true", |filter| &columns.filters[usize::from(filter)]);
            format!("max(CASE WHEN {condition} THEN 1 ELSE 0 END)")
        }
        AggregatePlan::Sum { value, filter } => format!("sum({}){}", columns.values[value], filtered(filter)),
        AggregatePlan::Money { value } => format!("sum({})", columns.values[value]),
        AggregatePlan::Orders { .. } | AggregatePlan::Distinct { .. } => return None,
    })
}
