//! What became of rows, and what they come to by another way than the grains: for whoever holds the grains against it.

use super::grains::{Grains, MEASURES, UsedRows};
use super::statement::Statement;

impl Grains<'_> {
    /// Rows and control totals by another way than the grains, for whoever holds them against each other.
    pub(super) fn matches(&self) -> Statement {
        let money = format!("DECIMAL(38, {})", self.asked.definition.facts.money_scale);
        let of_source = |rows: &UsedRows<'_>| {
            let filters = &rows.columns.filters;
            let takes_all = rows.source.aggregates.iter().any(|(_, plan)| plan.filter().is_none());
            let matched = if takes_all {
                "true".to_owned()
            } else if filters.is_empty() {
                "false".to_owned()
            } else {
                format!("({})", filters.join(" OR "))
            };
            let totals = if rows.source.sale.is_some() {
                let totals =
                    MEASURES[3..].iter().map(|(name, sum)| format!("CAST({sum} AS {money}) AS {name}"));
                let totals: Vec<String> = totals.collect();
                format!(
                    "CAST(coalesce(sum(revenue - discount) FILTER (WHERE NOT {matched}), 0) AS {money}) AS \
                     unmatched_net_revenue,\n  {}",
                    totals.join(", ")
                )
            } else {
                let nothing = |name: &str| format!("CAST(NULL AS {money}) AS {name}");
                let names =
                    ["unmatched_net_revenue", MEASURES[3].0, MEASURES[4].0, MEASURES[5].0, MEASURES[6].0];
                names.map(nothing).join(", ")
            };
            format!(
                "SELECT '{}' AS source, period, count(*) AS \"rows\", count(*) FILTER (WHERE {matched}) AS matched, max(day) AS \
                 last_day,\n  {totals}\nFROM {} GROUP BY period",
                rows.source.name,
                self.used(rows)
            )
            .replace("\"rows\"", &self.asked.engine.quoted("rows"))
        };
        let queries: Vec<String> = self.sources.iter().map(of_source).collect();
        let about = "Source × period: rows used, those that some driver takes, and control totals straight from the lines.";
        Statement::grain("match", about, queries.join("\nUNION ALL\n"))
    }

    fn fates(&self, columns: &str) -> String {
        let of_source = |rows: &UsedRows<'_>| {
            let fates = self.asked.engine.quoted(&format!("{}_fates", rows.source.name));
            format!("  SELECT '{}' AS source, {columns}fate FROM {fates}", rows.source.name)
        };
        self.sources.iter().map(of_source).collect::<Vec<_>>().join("\n  UNION ALL\n")
    }

    pub(super) fn account(&self) -> Statement {
        let count = |condition: &str, name: &str| format!("count(*) FILTER (WHERE {condition}) AS {name}");
        let query = format!(
            "SELECT source, _file AS file, count(*) AS {}, {}, {},\n  {}, {},\n  max(day) FILTER (WHERE fate = 'used') AS \
             last_day\nFROM (\n{}\n) AS fates\nGROUP BY source, _file",
            self.asked.engine.quoted("read"),
            count("fate = 'used'", "used"),
            count("fate = 'excluded'", "excluded"),
            count("fate NOT IN ('used', 'excluded', 'after as-of')", "quarantined"),
            count("fate = 'after as-of'", "after_as_of"),
            self.fates("_file, day, ")
        );
        let about = "Source × file with rows: read = used + excluded + quarantined + after the as-of day.";
        Statement::grain("account", about, query)
    }

    pub(super) fn quarantine(&self) -> Statement {
        let query = format!(
            "SELECT source, _file AS file, _row AS {}, fate AS reason\nFROM (\n{}\n) AS fates\nWHERE fate NOT IN ('used', \
             'excluded', 'after as-of')",
            self.asked.engine.quoted("row"),
            self.fates("_file, _row, ")
        );
        Statement::grain(
            "quarantine",
            "Quarantined rows: each with its place, counted over the file from 0, and the reason.",
            query,
        )
    }

    pub(super) fn duplicate_line(&self) -> Statement {
        let query = format!(
            "SELECT order_key, line_key, count(*) AS {}, count(DISTINCT period) AS periods\nFROM {}\nGROUP BY order_key, \
             line_key\nHAVING count(*) > 1",
            self.asked.engine.quoted("rows"),
            self.used(self.transactions())
        );
        let about = "Order lines that stand more than once: there must be none.";
        Statement::grain("duplicate_line", about, query)
    }
}
