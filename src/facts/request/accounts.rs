//! What became of rows, and what they come to by another way than the grains: for whoever holds the grains against it.

use super::grains::{Grains, MEASURES, UsedRows};
use super::mistakes;
use super::rows::{is_asked, period_of};
use super::statement::Statement;

impl Grains<'_> {
    /// Rows and control totals by another way than the grains, for whoever holds them against each other.
    pub(super) fn matches(&self) -> Statement {
        let money = format!("DECIMAL(38, {})", self.asked.definition.facts.money_scale);
        let of_source = |rows: &UsedRows<'_>| {
            let filters = &rows.columns.filters;
            let takes_all =
                rows.source.aggregates.iter().any(|(_, plan)| plan.takes_all(rows.source.sale.is_some()));
            let matched = if takes_all {
                "true".to_owned()
            } else if filters.is_empty() {
                "false".to_owned()
            } else {
                format!("({})", filters.join(" OR "))
            };
            let totals = if rows.source.sale.is_some() {
                let totals = MEASURES[3..]
                    .iter()
                    .map(|(name, sum)| format!("CAST(coalesce({sum}, 0) AS {money}) AS {name}"));
                let totals: Vec<String> = totals.collect();
                format!(
                    "CAST(coalesce(sum(revenue - discount) FILTER (WHERE NOT {matched}), 0) AS {money}) AS \
                     unmatched_net_revenue,\n  {}",
                    totals.join(", ")
                )
            } else {
                let nothing = |name: &str| format!("CAST(0 AS {money}) AS {name}");
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

    fn fates_of(&self, rows: &UsedRows<'_>) -> String {
        self.asked.engine.quoted(&format!("{}_fates", rows.source.name))
    }

    /// Whether some condition names lines between companies.
    fn has_eliminations(&self) -> bool {
        mistakes::has_eliminations(self.transactions().source)
    }

    /// When a row's fate is a reason to quarantine it.
    fn is_quarantined(&self, rows: &UsedRows<'_>) -> String {
        let eliminated = if mistakes::has_eliminations(rows.source) { ", 'eliminated'" } else { "" };
        format!("fate NOT IN ('used', 'excluded', 'after as-of'{eliminated})")
    }

    pub(super) fn account(&self) -> Statement {
        let count = |condition: &str, name: &str| format!("count(*) FILTER (WHERE {condition}) AS {name}");
        let money = format!("DECIMAL(38, {})", self.asked.definition.facts.money_scale);
        let looks_up_products = self.transactions().columns.looks_up_products;
        let of_source = |rows: &UsedRows<'_>| {
            let eliminated =
                self.has_eliminations().then(|| count("fate = 'eliminated'", "eliminated") + ",");
            let eliminated = eliminated.map_or_else(String::new, |count| format!(" {count}"));
            let mistakes = match &rows.source.sale {
                Some(_) => mistakes::counts(rows.source, looks_up_products, &money),
                None => mistakes::none(looks_up_products, &money),
            };
            format!(
                "SELECT '{}' AS source, _file AS file, count(*) AS {}, {}, {},\n  {},{eliminated} {},\n  {}\nFROM {} GROUP BY _file",
                rows.source.name,
                self.asked.engine.quoted("read"),
                count("fate = 'used'", "used"),
                count("fate = 'excluded'", "excluded"),
                count(&self.is_quarantined(rows), "quarantined"),
                count("fate = 'after as-of'", "after_as_of"),
                mistakes.join(",\n  "),
                self.fates_of(rows)
            )
        };
        let query: Vec<String> = self.sources.iter().map(of_source).collect();
        let about = "Source × file with rows: read = used + excluded + quarantined + after the as-of day; and what row checks \
                     found, by kind: rows, the amount in question, the first row.";
        Statement::grain("account", about, query.join("\nUNION ALL\n"))
    }

    pub(super) fn quarantine(&self) -> Statement {
        let of_source = |rows: &UsedRows<'_>| {
            format!(
                "SELECT '{}' AS source, _file AS file, _row AS {}, fate AS reason\nFROM {}\nWHERE {}",
                rows.source.name,
                self.asked.engine.quoted("row"),
                self.fates_of(rows),
                self.is_quarantined(rows)
            )
        };
        let query = self.sources.iter().map(of_source).collect::<Vec<_>>().join("\nUNION ALL\n");
        Statement::grain(
            "quarantine",
            "Quarantined rows: each with its place, counted over the file from 0, and the reason.",
            query,
        )
    }

    /// Order lines by their keys, where they must be unique.
    pub(super) fn order_line(&self) -> Statement {
        let query = format!(
            "SELECT period, order_key, line_key, count(*) AS {}\nFROM {}\nGROUP BY period, order_key, line_key",
            self.asked.engine.quoted("rows"),
            self.booked_or_used()
        );
        let about = "Order line × period: rows of these keys. More than one contradict each other, and so do two periods.";
        Statement::grain("order_line", about, query)
    }

    /// Lines, those between companies among them.
    fn booked_or_used(&self) -> String {
        let rows = self.transactions();
        match rows.source.books() {
            Some(_) => self.asked.engine.quoted(&format!("{}_booked", rows.source.name)),
            None => self.used(rows),
        }
    }

    /// Lines by company and currency.
    pub(super) fn book(&self) -> Statement {
        let rows = self.transactions();
        let money = format!("DECIMAL(38, {})", self.asked.definition.facts.money_scale);
        let text = self.asked.engine.text_type();
        let has = |column: &str| rows.columns.books.iter().any(|known| known == column);
        let company = if has("company") { "company".to_owned() } else { format!("CAST(NULL AS {text})") };
        let reporting = self.asked.engine.text(&self.asked.definition.facts.currency);
        let currency = if has("currency") { "currency".to_owned() } else { reporting };
        let between =
            if self.has_eliminations() { "CASE WHEN is_intercompany THEN 1 ELSE 0 END" } else { "0" };
        let has_own = rows.source.books().is_some_and(|books| books.own_revenue.is_some());
        let own = if has_own { "own_revenue - own_discount" } else { "revenue - discount" };
        let sums = MEASURES[3..].iter().map(|(name, sum)| (*name, *sum));
        let own = format!("sum({own})");
        let sums = sums.chain([("own_revenue", own.as_str())]);
        let sums: Vec<String> =
            sums.map(|(name, sum)| format!("CAST(coalesce({sum}, 0) AS {money}) AS {name}")).collect();
        let query = format!(
            "SELECT period, company, currency, is_eliminated, count(*) AS {},\n  {}\nFROM (\n  SELECT period, {company} AS \
             company, {currency} AS currency, CAST({between} AS BIGINT) AS is_eliminated, is_return,\n    revenue, discount, cost, \
             {}\n  FROM {}\n) AS lines\nGROUP BY period, company, currency, is_eliminated",
            self.asked.engine.quoted("lines"),
            sums.join(",\n  "),
            if has_own { "own_revenue, own_discount" } else { "0 AS own" },
            self.booked_or_used()
        );
        let about = "Period × company × currency: all lines, those between companies of the group apart.";
        Statement::grain("book", about, query)
    }

    /// How many lines are used before identical ones are dropped.
    pub(super) fn line_count(&self) -> Statement {
        let rows = self.transactions();
        let query = format!(
            "SELECT {} AS period, count(*) AS {}\nFROM {}\nWHERE {}\nGROUP BY 1",
            period_of(self.asked, "day"),
            self.asked.engine.quoted("rows"),
            self.fates_of(rows),
            is_asked(self.asked, mistakes::used(rows.source))
        );
        Statement::grain("line_count", "Period: used lines, with the identical ones that are dropped.", query)
    }
}
