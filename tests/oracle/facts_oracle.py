"""Has DuckDB make the facts of a release from the SQL that abacus prints, and compares them to the last digit.

    python facts_oracle.py facts.json oracle.json days.parquet orders.parquet

facts.json is what `abacus --format json facts PIPELINE --sql duckdb` prints: settings, views and what the aggregates are.
oracle.json names the activities and the release to check:

    {"activities": [{"column", "on", "terms_sql"}], "release": "out/retail"}

The customer days that the facts keep are given as a table of customer_id, day, orders, net_revenue, gross_margin; orders as
one of customer_id, period_start and what is kept of each. Exit 1 on any difference, the first ones printed.
"""

import json
import re
import sys
from decimal import Decimal
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches" / "peers"))

import books_oracle  # noqa: E402
import bridge_oracle  # noqa: E402
import orders_oracle  # noqa: E402
import price_oracle  # noqa: E402
from job import split_terms  # noqa: E402

MEASURES = ["lines", "units", "returned_units", "list_revenue", "discount", "returns", "product_cost"]
BEHAVIOUR = ["orders", "active_days", "first_order_at", "last_order_at"]
SHOWN = 10


def main():
    """Compares the tables that hold facts."""
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    script, spec = (json.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal) for path in sys.argv[1:3])
    oracle = Oracle(script, spec)
    faults = oracle.compare_periods() + oracle.compare_products() + oracle.compare_lives()
    faults += oracle.compare_days(sys.argv[3]) + oracle.compare_totals() + oracle.compare_record()
    faults += oracle.compare_orders(sys.argv[4]) + orders_oracle.compare(oracle)
    faults += bridge_oracle.compare(oracle) + price_oracle.compare(oracle) + books_oracle.compare(oracle)
    for fault in faults[:SHOWN]:
        print(fault)
    if faults:
        sys.exit(f"{len(faults)} differences")
    print(f"{oracle.rows} rows, {oracle.values} values equal")


class Oracle:
    """The printed views in one connection, and the release."""

    def __init__(self, script, spec):
        self.spec, self.aggregates = spec, script["aggregates"]
        self.out = Path(spec["release"])
        release = json.loads((self.out / "release.json").read_text(encoding="utf-8"))
        self.tables, self.record = release["tables"], release["run"]["facts"]
        self.rows = self.values = 0
        self.connection = duckdb.connect()
        for name, value in script["settings"].items():
            self.sql(f"SET {name} = '{value}'")
        for statement in script["statements"]:
            self.sql(statement["sql"])
        for statement in script["statements"]:
            if statement["is_grain"]:
                self.sql(f'CREATE TEMP TABLE "made_{statement["name"]}" AS SELECT * FROM "{statement["name"]}"')

    def sql(self, text):
        """One query, all its rows."""
        return self.connection.execute(text).fetchall()

    def volumes(self):
        """Each activity's volume as a sum of coefficients and aggregates."""
        known = {(of["source"], key_of(split_terms(of["sql"])[0])): of["column"] for of in self.aggregates}
        volumes = {}
        for activity in self.spec["activities"]:
            source = activity["on"] or "transactions"
            terms = split_terms(activity["terms_sql"])
            parts = [f"{term.coefficient} * {known[source, key_of(term)]}" for term in terms]
            volumes[f"volume_{activity['column']}"] = " + ".join(parts)
        return volumes

    def compare_periods(self):
        """customer_period against the view of that name."""
        volumes = self.volumes()
        shown = ", ".join(f"{text} AS {name}" for name, text in volumes.items())
        self.sql(f"""CREATE TEMP TABLE periods AS SELECT customer AS customer_id, period AS period_start,
            {", ".join(MEASURES + BEHAVIOUR)}, {shown} FROM made_customer_period""")
        return self.compare("customer_period", "periods", ["customer_id", "period_start"], [*MEASURES, *BEHAVIOUR, *volumes])

    def compare_products(self):
        """customer_product against the sum of its periods."""
        sums = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)
        self.sql(f"""CREATE TEMP TABLE products AS SELECT customer AS customer_id, product_group, {sums}
            FROM made_customer_product GROUP BY ALL""")
        return self.compare("customer_product", "products", ["customer_id", "product_group"], MEASURES)

    def compare_lives(self):
        """customer against the sum of its periods, with orders distinct over life."""
        sums = ", ".join(f"sum({name}) AS {name}" for name in [*MEASURES, "active_days"])
        self.sql(f"""CREATE TEMP TABLE lives AS SELECT customer AS customer_id, {sums}, coalesce(any_value(life.orders), 0) AS orders,
                min(first_order_at) AS first_order_at, max(last_order_at) AS last_order_at
            FROM made_customer_period AS period LEFT JOIN (
                SELECT customer AS of, count(DISTINCT order_key) AS orders FROM made_customer_order
                WHERE lines > 0 GROUP BY 1
            ) AS life ON life.of IS NOT DISTINCT FROM period.customer GROUP BY 1""")
        return self.compare("customer", "lives", ["customer_id"], [*MEASURES, *BEHAVIOUR])

    def compare_days(self, path):
        """Customer days against the view of that name."""
        self.tables["days"] = {"files": [{"path": path}]}
        self.sql("CREATE TEMP TABLE days AS SELECT customer AS customer_id, * EXCLUDE (customer, period) FROM made_customer_day")
        return self.compare("days", "days", ["customer_id", "day"], ["orders", "net_revenue", "gross_margin"])

    def compare_orders(self, path):
        """Orders as they are kept against the view of that name. Keys of orders are kept as words, so all else is compared."""
        found = f"read_parquet('{path}')"
        columns = [row[0] for row in self.sql(f"DESCRIBE SELECT * FROM {found}")]
        wanted = """(SELECT customer AS customer_id, period AS period_start, * EXCLUDE (customer, period, order_key)
            FROM made_customer_order)"""
        faults = []
        for left, right, where in [(found, wanted, "not expected"), (wanted, found, "missing")]:
            names = ", ".join(columns)
            rows = self.sql(f"SELECT {names} FROM {left} EXCEPT ALL SELECT {names} FROM {right} LIMIT {SHOWN}")
            faults += [f"orders: {named(columns, row)} is {where}" for row in rows]
        rows = self.sql(f"SELECT count(*) FROM {found}")[0][0]
        self.rows, self.values = self.rows + rows, self.values + rows * len(columns)
        return faults

    def compare_totals(self):
        """Control totals that are summed straight from the lines against the grains, and accounts against the files."""
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in MEASURES[3:])
        totals = {grain: self.sql(f'SELECT {sums} FROM "made_{grain}"')[0] for grain in ("match", "customer_period", "customer_product")}
        faults = [f"{grain} sums to {total}, match to {totals['match']}" for grain, total in totals.items() if total != totals["match"]]
        lost = self.sql(f"""SELECT * FROM made_account WHERE "read" <> used + excluded + quarantined + after_as_of + {self.eliminated()}""")
        used = self.sql('SELECT coalesce(sum(used), 0) FROM made_account')[0][0]
        rows = self.sql('SELECT coalesce(sum("rows"), 0) FROM made_match')[0][0]
        faults += [f"account {row} does not add up" for row in lost]
        return faults + ([f"{used} rows are used and {rows} are in periods"] if used != rows else [])

    def eliminated(self):
        """The count of lines between companies, where any condition names them."""
        names = [name for name, *_ in self.sql("DESCRIBE made_account")]
        return "eliminated" if "eliminated" in names else "0"

    def compare_record(self):
        """Accounts of files and matches of periods against what the release records of the facts."""
        names = ["read", "used", "excluded", "quarantined", "after_as_of", "eliminated"]
        recorded = {
            (file["source"], Path(file["file"]["path"]).name): tuple(file["counts"].get(name, 0) for name in names)
            for file in self.record["files"]
        }
        said = self.sql(f'SELECT source, file, "read", used, excluded, quarantined, after_as_of, {self.eliminated()} FROM made_account')
        said = {(source, Path(file).name): tuple(counts) for source, file, *counts in said}
        faults = [f"accounts: {key} is {recorded[key]}, expected {said.get(key)}" for key in recorded
                  if said.get(key, (0,) * 6) != recorded[key]]
        rows = self.sql('SELECT CAST(period AS VARCHAR), sum("rows"), sum(matched) FROM made_match GROUP BY 1')
        rows = {period: (rows, matched) for period, rows, matched in rows}
        for period in self.record["periods"]:
            found = tuple(sum(of[name] for of in period["matches"]) for name in ("rows", "matched"))
            if found != rows.get(period["period"]):
                faults.append(f"match: {period['period']} is {found}, expected {rows.get(period['period'])}")
        return faults

    def compare(self, table, expected, keys, columns):
        """Differences between a published table and the expected one, the first ones as text."""
        if table not in self.tables:
            return [f"{table}: not published"]
        files = ", ".join(f"'{self.out / file['path']}'" for file in self.tables[table]["files"])
        if not files:
            return [] if self.sql(f"SELECT count(*) FROM {expected}") == [(0,)] else [f"{table}: no files"]
        found = f"read_parquet([{files}], hive_partitioning = false)"
        names = [row[0] for row in self.sql(f"DESCRIBE SELECT * FROM {found}")]
        if missing := [name for name in [*keys, *columns] if name not in names]:
            return [f"{table}: lacks {', '.join(missing)}"]
        extra = "acquisition_cost" if "acquisition_cost" in names else "0"
        self.sql(f"""CREATE OR REPLACE TEMP TABLE found AS
            SELECT {", ".join([*keys, *columns])}, {extra} AS _acquisition FROM {found}""")
        self.sql(f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT {', '.join([*keys, *columns])} FROM {expected}")
        faults = self.duplicates(table, keys) + self.missing_rows(table, keys, columns) + self.differences(table, keys, columns)
        rows = self.sql("SELECT count(*) FROM wanted")[0][0]
        self.rows, self.values = self.rows + rows, self.values + rows * len(columns)
        return faults

    def duplicates(self, table, keys):
        """Keys published twice."""
        twice = self.sql(f"SELECT {', '.join(keys)} FROM found GROUP BY ALL HAVING count(*) > 1 LIMIT {SHOWN}")
        return [f"{table}: {named(keys, row)} stands twice" for row in twice]

    def missing_rows(self, table, keys, columns):
        """Rows on one side only. Rows that exist for an acquisition or a master record alone hold nothing else."""
        same = " AND ".join(f"found.{key} IS NOT DISTINCT FROM wanted.{key}" for key in keys)
        names = ", ".join(keys)
        empty = " AND ".join(f"{name} IS NULL" if name.endswith("_at") else f"coalesce({name}, 0) = 0" for name in columns)
        lacking = self.sql(f"SELECT {names} FROM wanted WHERE NOT EXISTS (FROM found WHERE {same}) LIMIT {SHOWN}")
        allowed = empty if table == "customer" else f"{empty} AND _acquisition <> 0"
        odd = self.sql(
            f"SELECT {names} FROM found WHERE NOT EXISTS (FROM wanted WHERE {same}) AND NOT ({allowed}) LIMIT {SHOWN}"
        )
        return [f"{table}: {named(keys, row)} is missing" for row in lacking] + [
            f"{table}: {named(keys, row)} should not exist" for row in odd
        ]

    def differences(self, table, keys, columns):
        """Values that differ."""
        same = " AND ".join(f"found.{key} IS NOT DISTINCT FROM wanted.{key}" for key in keys)
        faults = []
        for name in columns:
            rows = self.sql(f"""SELECT {", ".join("wanted." + key for key in keys)}, found.{name}, wanted.{name}
                FROM found JOIN wanted ON {same} WHERE found.{name} IS DISTINCT FROM wanted.{name} ORDER BY ALL LIMIT {SHOWN}""")
            faults += [f"{table}.{name}: {named(keys, row)} has {row[-2]}, expected {row[-1]}" for row in rows]
        return faults[:SHOWN]


def key_of(term):
    """An aggregate whatever its spaces."""
    texts = (term.function, term.argument, term.condition)
    return tuple(text and re.sub(r"\s+", " ", text) for text in texts)


def named(keys, row):
    """A row by its keys."""
    return ", ".join(f"{key} {value}" for key, value in zip(keys, row))


if __name__ == "__main__":
    main()
