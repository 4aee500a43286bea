"""Recomputes the facts of a release in DuckDB, from the same SQL texts, and compares them to the last digit.

    python facts_oracle.py oracle.json [days.parquet]

The JSON names the sources and SQL texts as the pipeline file has them, and the out folder to check:

    {"transactions": {"glob", "where", "customer", "order", "product_group", "at", "quantity", "return", "revenue",
                      "discount", "cost"},
     "events": {NAME: {"glob", "where", "customer", "at"}},
     "activities": [{"column", "on", "terms_sql"}],
     "period": "month", "timezone": "UTC", "money_scale": 4, "volume_scale": 4, "release": "out/retail"}

Every money or volume expression is rounded once per row, half away from zero, to a HUGEINT at its scale; from there
on there are only integers. The customer days that the facts keep are compared too, if they are given as a table of
customer_id, day, orders, net_revenue, gross_margin. Exit 1 on any difference, the first ones printed.
"""

import json
import sys
from decimal import Decimal
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches" / "peers"))

from job import resolve, split_terms  # noqa: E402

ROLES = ["customer", "order", "line", "product", "product_group", "at", "quantity", "revenue", "discount", "cost"]
MONEY = ["list_revenue", "discount", "returns", "product_cost"]
UNITS = ["units", "returned_units"]
COUNTS = ["lines", "orders", "active_days"]
INSTANTS = ["first_order_at", "last_order_at"]
SHOWN = 10


def main():
    """Compares the tables that hold facts."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"), parse_float=Decimal)
    oracle = Oracle(spec)
    faults = oracle.compare_periods() + oracle.compare_products() + oracle.compare_lives()
    if len(sys.argv) == 3:
        faults += oracle.compare_days(Path(sys.argv[2]).resolve())
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)
    print(f"facts_oracle: {oracle.values} values in {oracle.rows} rows agree to the last digit")


class Oracle:
    """The facts as DuckDB sees them, beside those that were published."""

    def __init__(self, spec):
        self.spec = spec
        self.money_scale, self.volume_scale = spec.get("money_scale", 4), spec.get("volume_scale", 4)
        self.zone = spec.get("timezone", "UTC")
        self.connection = duckdb.connect()
        self.sql("SET TimeZone = 'UTC'")
        release = Path(spec["release"])
        self.out, self.tables = release, json.loads((release / "release.json").read_text(encoding="utf-8"))["tables"]
        self.rows = self.values = 0
        self.volumes = {}  # column -> scale of the expected integer
        self.make_lines()
        self.make_events()

    def sql(self, text):
        """One query, all its rows."""
        return self.connection.execute(text).fetchall()

    # Expected

    def make_lines(self):
        """Order lines with roles evaluated, at their scales."""
        spec = self.spec["transactions"]
        source = self.source(spec)
        roles = {role: spec[role] for role in ROLES if spec.get(role)}
        default = "quantity < 0" if "quantity" in roles else "false"
        returned = resolve(spec.get("return") or default, roles)
        terms = self.term_columns("transactions", roles)
        where = f"WHERE {spec['where']}" if spec.get("where") else ""
        self.sql(f"""
            CREATE TEMP TABLE lines AS SELECT ({spec["customer"]}) AS _customer, ({spec["order"]}) AS _order,
                ({spec.get("product_group") or "'all'"})::VARCHAR AS _group, {self.instant(spec["at"], source)} AS _instant,
                {self.wall(spec["at"], source)} AS _wall, {self.fixed(roles.get("quantity", "1"), self.volume_scale)} AS _quantity,
                {self.fixed(spec["revenue"], self.money_scale)} AS _revenue,
                {self.fixed(roles.get("discount", "0"), self.money_scale)} AS _discount,
                {self.fixed(roles.get("cost", "0"), self.money_scale)} AS _cost,
                coalesce({returned}, false) AS _return {terms}
            FROM {source} {where}""")

    def make_events(self):
        """One table per event source."""
        for name, event in self.spec.get("events", {}).items():
            roles = {role: event[role] for role in ("customer", "at")}
            where = f"WHERE {event['where']}" if event.get("where") else ""
            source = self.source(event)
            self.sql(f"""
                CREATE TEMP TABLE "events {name}" AS SELECT ({event["customer"]}) AS _customer,
                    {self.wall(event["at"], source)} AS _wall {self.term_columns(name, roles)}
                FROM {source} {where}""")

    def term_columns(self, source, roles):
        """What each driver term takes from a row, as further columns."""
        columns = []
        for activity in self.activities_on(source):
            for index, term in enumerate(split_terms(activity["terms_sql"])):
                name = f"{activity['column']}_{index}"
                condition = f"coalesce({resolve(term.condition, roles)}, false)" if term.condition else "true"
                columns.append(f', {condition} AS "{name}_if"')
                if term.function == "sum":
                    is_money = term.argument in ("revenue", "discount", "cost") and term.argument in roles
                    scale = self.money_scale if is_money else self.volume_scale
                    columns.append(f', {self.fixed(resolve(term.argument, roles), scale)} AS "{name}"')
                elif term.argument:
                    columns.append(f', ({resolve(term.argument, roles)}) AS "{name}"')
        return "".join(columns)

    def activities_on(self, source):
        """Activities whose driver speaks of this source."""
        return [a for a in self.spec.get("activities", []) if (a.get("on") or "transactions") == source]

    def source(self, spec):
        """The files of a source."""
        return f"read_parquet('{spec['glob']}', hive_partitioning = false)"

    def fixed(self, text, scale):
        """An expression as an integer at a scale, rounded half away from zero once."""
        return f"CAST(round(({text}) * {10**scale}::DECIMAL({scale + 1}, 0)) AS HUGEINT)"

    def instant(self, text, source):
        """Microseconds since 1970 in UTC; of wall time where the file has no zone."""
        return f"epoch_us(({text})::TIMESTAMPTZ)" if self.has_zone(text, source) else f"epoch_us(({text})::TIMESTAMP)"

    def wall(self, text, source):
        """Wall time in the pipeline's zone."""
        return (
            f"(({text})::TIMESTAMPTZ AT TIME ZONE '{self.zone}')"
            if self.has_zone(text, source)
            else f"({text})::TIMESTAMP"
        )

    def has_zone(self, text, source):
        """Whether an expression over a source is an instant rather than wall time."""
        kind = self.sql(f"DESCRIBE SELECT ({text}) FROM {source}")[0][1]
        return "TIME ZONE" in kind or kind.startswith("TIMESTAMPTZ")

    def period_of(self, wall):
        """First day of the period."""
        return f"date_trunc('{self.spec.get('period', 'month')}', {wall})::DATE"

    def measures(self):
        """The measures of a group of order lines."""
        return """
            count(*) FILTER (NOT _return) AS lines,
            coalesce(sum(_quantity) FILTER (NOT _return), 0) AS units,
            coalesce(-sum(_quantity) FILTER (_return), 0) AS returned_units,
            coalesce(sum(_revenue) FILTER (NOT _return), 0) AS list_revenue,
            coalesce(sum(_discount) FILTER (NOT _return), 0) AS discount,
            coalesce(-sum(_revenue - _discount) FILTER (_return), 0) AS returns, sum(_cost) AS product_cost"""

    def behaviour(self):
        """What customers have beside the measures of lines."""
        return """
            count(DISTINCT _order) FILTER (NOT _return) AS orders, count(DISTINCT _wall::DATE) FILTER (NOT _return) AS active_days,
            min(_instant) FILTER (NOT _return) AS first_order_at, max(_instant) FILTER (NOT _return) AS last_order_at"""

    def volume_of(self, activity):
        """An activity's volume as an integer: coefficients and terms at one common scale, kept in `volumes`."""
        terms = split_terms(activity["terms_sql"])
        digits = max(-term.coefficient.as_tuple().exponent for term in terms)
        digits = max(digits, 0)
        widest = max(self.volume_scale, self.money_scale)
        self.volumes[f"volume_{activity['column']}"] = digits + widest
        return " + ".join(self.term_sum(activity, index, term, digits, widest) for index, term in enumerate(terms))

    def term_sum(self, activity, index, term, digits, widest):
        """One term of a volume."""
        name = f"{activity['column']}_{index}"
        where = f'FILTER ("{name}_if")'
        factor = int(term.coefficient * 10**digits)
        if term.function == "sum":
            is_money = term.argument in ("revenue", "discount", "cost")
            scale = self.money_scale if is_money else self.volume_scale
            return f'{factor * 10 ** (widest - scale)}::HUGEINT * coalesce(sum("{name}") {where}, 0)'
        inside = {"count_rows": "*", "count": f'"{name}"', "count_distinct": f'DISTINCT "{name}"'}[term.function]
        if term.function == "count_distinct" and term.argument == "customer":
            # Rows without customer are one cost object, which counts like a customer.
            return f"{factor * 10**widest}::HUGEINT * (count(*) {where} > 0)::INTEGER"
        return f"{factor * 10**widest}::HUGEINT * count({inside}) {where}"

    # Comparisons

    def compare_periods(self):
        """customer_period against the lines and events of each customer and period."""
        period = self.period_of("_wall")
        own = self.activities_on("transactions")
        volumes = "".join(f", {self.volume_of(a)} AS volume_{a['column']}" for a in own)
        parts = [
            f"SELECT _customer AS customer_id, {period} AS period_start, {self.measures()}, {self.behaviour()} {volumes} FROM lines GROUP BY 1, 2"
        ]
        for name in self.spec.get("events", {}):
            volumes = "".join(f", {self.volume_of(a)} AS volume_{a['column']}" for a in self.activities_on(name))
            parts.append(
                f'SELECT _customer AS customer_id, {period} AS period_start {volumes} FROM "events {name}" GROUP BY 1, 2'
            )
        summed = [*COUNTS, *UNITS, *MONEY, *self.volumes]
        sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in summed)
        self.sql(f"""CREATE TEMP TABLE periods AS SELECT customer_id, period_start, {sums},
            min(first_order_at) AS first_order_at, max(last_order_at) AS last_order_at
            FROM ({" UNION ALL BY NAME ".join(parts)}) GROUP BY 1, 2""")
        return self.compare("customer_period", "periods", ["customer_id", "period_start"], [*summed, *INSTANTS])

    def compare_products(self):
        """customer_product against the lines of each customer and product group."""
        self.sql(f"""CREATE TEMP TABLE products AS SELECT _customer AS customer_id, _group AS product_group, {self.measures()}
            FROM lines GROUP BY 1, 2""")
        return self.compare("customer_product", "products", ["customer_id", "product_group"], ["lines", *UNITS, *MONEY])

    def compare_lives(self):
        """customer against whole lives, orders distinct over life."""
        sources = ["SELECT _customer AS customer_id FROM lines"]
        sources += [f'SELECT _customer AS customer_id FROM "events {name}"' for name in self.spec.get("events", {})]
        columns = [*COUNTS, *UNITS, *MONEY]
        filled = ", ".join(f"coalesce({name}, 0) AS {name}" for name in columns)
        self.sql(f"""CREATE TEMP TABLE lives AS SELECT customers.customer_id, {filled}, first_order_at, last_order_at
            FROM ({" UNION ".join(sources)}) AS customers
            LEFT JOIN (SELECT _customer, {self.measures()}, {self.behaviour()} FROM lines GROUP BY 1) AS life
                ON customers.customer_id IS NOT DISTINCT FROM life._customer""")
        return self.compare("customer", "lives", ["customer_id"], [*columns, *INSTANTS])

    def compare_days(self, path):
        """Customer days against the lines of each customer and day of the pipeline's zone."""
        self.tables["days"] = {"files": [{"path": path}]}
        self.sql("""CREATE TEMP TABLE days AS SELECT _customer AS customer_id, _wall::DATE AS day,
            count(DISTINCT _order) FILTER (NOT _return) AS orders, sum(_revenue - _discount) AS net_revenue,
            sum(_revenue - _discount - _cost) AS gross_margin FROM lines GROUP BY 1, 2""")
        return self.compare("days", "days", ["customer_id", "day"], ["orders", "net_revenue", "gross_margin"])

    def compare(self, table, expected, keys, columns):
        """Differences between a published table and the expected one, the first ones as text."""
        if table not in self.tables:
            return [f"{table}: not published"]
        files = ", ".join(f"'{self.out / file['path']}'" for file in self.tables[table]["files"])
        if not files:
            return [] if self.sql(f"SELECT count(*) FROM {expected}") == [(0,)] else [f"{table}: no files"]
        types = dict(
            (row[0], row[1])
            for row in self.sql(f"DESCRIBE SELECT * FROM read_parquet([{files}], hive_partitioning = false)")
        )
        if missing := [name for name in [*keys, *columns] if name not in types]:
            return [f"{table}: lacks {', '.join(missing)}"]
        found = ", ".join([*keys, *(f"{self.integer(name, types[name])} AS {name}" for name in columns)])
        wanted = ", ".join([*keys, *(self.at_scale(name, types[name]) for name in columns)])
        extra = "acquisition_cost" if "acquisition_cost" in types else "0"
        self.sql(f"""CREATE OR REPLACE TEMP TABLE found AS
            SELECT {found}, {extra} AS _acquisition FROM read_parquet([{files}], hive_partitioning = false)""")
        self.sql(f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT {wanted} FROM {expected}")
        faults = (
            self.duplicates(table, keys)
            + self.missing_rows(table, keys, columns)
            + self.differences(table, keys, columns)
        )
        self.rows += self.sql("SELECT count(*) FROM wanted")[0][0]
        self.values += self.sql("SELECT count(*) FROM wanted")[0][0] * len(columns)
        return faults

    def integer(self, name, kind):
        """A published value as the integer it is stored as."""
        if name in INSTANTS:
            return f"epoch_us({name})::HUGEINT"
        return (
            f"CAST(replace(CAST({name} AS VARCHAR), '.', '') AS HUGEINT)"
            if kind.startswith("DECIMAL")
            else f"{name}::HUGEINT"
        )

    def at_scale(self, name, kind):
        """An expected integer moved to the published scale; null, and so a difference, where digits would be lost."""
        if name in COUNTS or name in INSTANTS:
            return f"{name}::HUGEINT AS {name}"
        published = int(kind.rstrip(")").split(",")[1]) if kind.startswith("DECIMAL") else 0
        own = self.volumes.get(name, self.volume_scale if name in UNITS else self.money_scale)
        if published >= own:
            return f"({name}::HUGEINT * {10 ** (published - own)}) AS {name}"
        unit = 10 ** (own - published)
        return f"CASE WHEN {name}::HUGEINT % {unit} = 0 THEN {name}::HUGEINT // {unit} END AS {name}"

    def duplicates(self, table, keys):
        """Keys published twice."""
        twice = self.sql(f"SELECT {', '.join(keys)} FROM found GROUP BY ALL HAVING count(*) > 1 LIMIT {SHOWN}")
        return [f"{table}: {named(keys, row)} stands twice" for row in twice]

    def missing_rows(self, table, keys, columns):
        """Rows on one side only. Rows that exist for an acquisition or a master record alone hold nothing else."""
        same = " AND ".join(f"found.{key} IS NOT DISTINCT FROM wanted.{key}" for key in keys)
        names = ", ".join(keys)
        empty = " AND ".join(f"coalesce({name}, 0) = 0" for name in columns)
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


def named(keys, row):
    """A row by its keys."""
    return ", ".join(f"{key} {value}" for key, value in zip(keys, row))


if __name__ == "__main__":
    main()
