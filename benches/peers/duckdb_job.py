"""The whole job in DuckDB: facts in both grains, costing, waterfall, every published table as Parquet.

Several honest formulations behind flags; `run.py` measures them and keeps the fastest.
"""

import argparse
import re
import shutil
from pathlib import Path

import duckdb

from job import (
    DECIMAL_SCALES,
    MONEY,
    MONEY_SCALE,
    MONEY_UNIT,
    PIPELINE,
    aggregate_key,
    aggregates_of,
    load,
    rates_of,
    scale_of,
)
from measure import Steps
from totals import control_totals, in_folder

MONEY_TYPE = {"decimal": f"DECIMAL(18,{MONEY_SCALE})", "float": "DOUBLE", "int": "BIGINT"}
VOLUME_TYPE = {"decimal": "DECIMAL(18,4)", "float": "DOUBLE", "int": "DOUBLE"}


def main():
    """Runs one formulation."""
    options = arguments()
    job = load(options.history, options.pipeline)
    out = Path(options.out)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    connection = duckdb.connect()
    connection.execute(f"SET threads = {options.threads}; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    contest = Contest(connection, job, options, out)
    contest.run()


def arguments():
    """Flags."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history")
    parser.add_argument("out")
    parser.add_argument("--pipeline", default=PIPELINE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--money", choices=MONEY_TYPE, default="int")
    parser.add_argument("--scan", choices=["separate", "shared"], default="separate")
    parser.add_argument("--orders", choices=["two-level", "distinct"], default="two-level")
    parser.add_argument("--months", choices=["whole", "one-by-one"], default="whole")
    parser.add_argument("--compression", choices=["uncompressed", "snappy", "zstd", "lz4"], default="snappy")
    return parser.parse_args()


class Contest:
    """One run of the job."""

    def __init__(self, connection, job, options, out):
        self.sql = connection.execute
        self.job, self.options, self.out = job, options, out
        self.money, self.volume = MONEY_TYPE[options.money], VOLUME_TYPE[options.money]
        self.aggregates = aggregates_of(job)

    def run(self):
        """The steps in order, then the report."""
        steps = Steps()
        with steps.step("customer_period facts"):
            self.make_lines()
            self.make_facts()
        with steps.step("customer_product facts"):
            self.make_product_facts()
        with steps.step("costing and write"):
            self.make_lifetime_orders()
            self.make_rates()
            self.make_costed()
            self.write_tables()
        flags = {name: getattr(self.options, name) for name in ["money", "scan", "orders", "months", "compression"]}
        steps.report("duckdb", duckdb.__version__, flags, self.totals)

    # Sources

    def make_lines(self):
        """Order lines with roles evaluated: a view over the files, or a table when the scan is shared."""
        roles = self.job.roles
        day = f"extract(day FROM {instant(roles['at'])})"
        columns = f"""
            ({roles["customer"]}) AS _customer, ({roles["order"]}) AS _order, ({roles["product_group"]}) AS _group,
            {month_of(roles["at"])} AS _month, (1::INTEGER << ({day} - 1)::INTEGER) AS _day,
            epoch_us({roles["at"]}) AS _at, ({roles["quantity"]}) AS _quantity, ({roles["return"]}) AS _return,
            {self.money_of(roles["revenue"])} AS _revenue, {self.money_of(roles["discount"])} AS _discount,
            {self.money_of(roles["cost"])} AS _cost"""
        conditions = "".join(
            f", {self.level_one(key)} AS {name}" for key, name in self.aggregates.items() if key[0] == "transactions"
        )
        where = f"WHERE {self.job.where}" if self.job.where else ""
        shared = self.options.scan == "shared"
        self.sql(f"""
            CREATE TEMP {"TABLE" if shared else "VIEW"} lines AS
            SELECT {columns} {conditions} FROM read_parquet('{self.job.files["transactions"]}') {where}""")

    def money_of(self, text):
        """A money expression per row in this formulation, rounded half away from zero once per row.

        Doubles are left unrounded: their users would not round, and the totals still agree to nine digits.
        """
        if self.options.money == "decimal":
            return f"CAST({text} AS {self.money})"
        names = re.compile(r"\b(" + "|".join(DECIMAL_SCALES) + r")\b")
        if self.options.money == "float":
            return f"({names.sub(lambda found: found[0] + '::DOUBLE', text)})"
        scale = scale_of(text)
        product = names.sub(lambda found: f"({found[0]} * {10 ** DECIMAL_SCALES[found[0]]})::BIGINT", text)
        product = re.sub(r"\bquantity\b", "quantity::BIGINT", product)
        if scale <= MONEY_SCALE:
            return f"({product}) * {10 ** (MONEY_SCALE - scale)}"
        divisor = 10 ** (scale - MONEY_SCALE)
        return f"(({product}) + sign({product}) * {divisor // 2}) // {divisor}"

    def level_one(self, key):
        """What one row gives to an aggregate: a flag for counts, a number for sums."""
        _, function, argument, condition = key
        if function == "sum":
            return f"CASE WHEN {condition} THEN {argument} ELSE 0 END" if condition else argument
        if function == "count":
            return f"({argument}) IS NOT NULL" + (f" AND coalesce({condition}, false)" if condition else "")
        return f"coalesce({condition}, false)" if condition else "true"

    # Facts

    def make_facts(self):
        """One row per customer x month with a row of any source in it."""
        months = [None]
        if self.options.months == "one-by-one":
            months = [row[0] for row in self.sql("SELECT DISTINCT _month FROM lines ORDER BY 1").fetchall()]
        for index, month in enumerate(months):
            query = self.facts_two_level(month) if self.options.orders == "two-level" else self.facts_distinct(month)
            self.sql(("INSERT INTO sales " if index else "CREATE TEMP TABLE sales AS ") + query)
        self.make_events()

    def lines_of(self, month):
        """The lines, or those of one month."""
        if month is None:
            return "lines"
        return f"(SELECT * FROM lines WHERE _month = DATE '{month}')"

    def measure_columns(self):
        """Sums over lines that both formulations share."""
        sale, money = "CASE WHEN _return THEN 0 ELSE {} END", self.money
        returned = "CASE WHEN _return THEN {} ELSE 0 END"
        return f"""
            count_if(NOT _return) AS lines,
            CAST(sum({sale.format("_quantity")}) AS BIGINT) AS units,
            CAST(-sum({returned.format("_quantity")}) AS BIGINT) AS returned_units,
            CAST(sum({sale.format("_revenue")}) AS {money}) AS list_revenue,
            CAST(sum({sale.format("_discount")}) AS {money}) AS discount,
            CAST(-sum({returned.format("(_revenue - _discount)")}) AS {money}) AS returns,
            CAST(sum(_cost) AS {money}) AS product_cost"""

    def facts_two_level(self, month):
        """Groups by (customer, month, order) first, so that distinct orders become a plain count."""
        first, second = [], []
        for (source, function, argument, _), name in self.aggregates.items():
            if source != "transactions":
                continue
            if function == "sum":
                first.append(f"sum({name}) AS {name}")
                second.append(f"sum({name}) AS {name}")
            elif function == "count_distinct" and argument == self.job.roles["customer"]:
                first.append(f"bool_or({name}) AS {name}")
                second.append(f"CAST(max({name}) AS BIGINT) AS {name}")
            elif function == "count_distinct" and argument == self.job.roles["order"]:
                first.append(f"bool_or({name}) AS {name}")
                second.append(f"count_if({name}) AS {name}")
            elif function == "count_distinct":
                raise SystemExit(f"duckdb_job: count(distinct {argument}) needs --orders distinct")
            else:
                first.append(f"count_if({name}) AS {name}")
                second.append(f"CAST(sum({name}) AS BIGINT) AS {name}")
        sums = ", ".join(
            f"CAST(sum({column}) AS {self.money if column in MONEY else 'BIGINT'}) AS {column}"
            for column in ["lines", "units", "returned_units", "list_revenue", "discount", "returns", "product_cost"]
        )
        return f"""
            SELECT _customer AS customer_id, _month AS period_start, {sums},
                count_if(lines > 0) AS orders, bit_count(bit_or(days))::BIGINT AS active_days,
                min(first_at) AS first_at, max(last_at) AS last_at, {", ".join(second)}
            FROM (
                SELECT _customer, _month, {self.measure_columns()}, bit_or(CASE WHEN _return THEN 0 ELSE _day END) AS days,
                    min(CASE WHEN NOT _return THEN _at END) AS first_at, max(CASE WHEN NOT _return THEN _at END) AS last_at,
                    {", ".join(first)}
                FROM {self.lines_of(month)} GROUP BY _customer, _month, _order)
            GROUP BY _customer, _month"""

    def facts_distinct(self, month):
        """One level, with count(distinct)."""
        terms = []
        for (source, function, argument, _), name in self.aggregates.items():
            if source != "transactions":
                continue
            if function == "sum":
                terms.append(f"sum({name}) AS {name}")
            elif function == "count_distinct" and argument == self.job.roles["customer"]:
                terms.append(f"CAST(bool_or({name}) AS BIGINT) AS {name}")
            elif function == "count_distinct":
                terms.append(f"count(DISTINCT CASE WHEN {name} THEN _order END) AS {name}")
            else:
                terms.append(f"count_if({name}) AS {name}")
        return f"""
            SELECT _customer AS customer_id, _month AS period_start, {self.measure_columns()},
                count(DISTINCT CASE WHEN NOT _return THEN _order END) AS orders,
                bit_count(bit_or(CASE WHEN _return THEN 0 ELSE _day END))::BIGINT AS active_days,
                min(CASE WHEN NOT _return THEN _at END) AS first_at, max(CASE WHEN NOT _return THEN _at END) AS last_at,
                {", ".join(terms)}
            FROM {self.lines_of(month)} GROUP BY _customer, _month"""

    def make_events(self):
        """Event sources and acquisitions per customer x month: small beside the sales they are joined to."""
        names = [column for key, column in self.aggregates.items() if key[0] != "transactions"]
        parts = ["SELECT NULL::BIGINT AS customer_id, NULL::DATE AS period_start, 0 AS acquisition_cost WHERE false"]
        for name, event in self.job.events.items():
            keys = {key: column for key, column in self.aggregates.items() if key[0] == name}
            terms = "".join(f", {event_aggregate(key)} AS {column}" for key, column in keys.items())
            where = f"WHERE {event['where']}" if event.get("where") else ""
            parts.append(f"""SELECT {event["customer"]} AS customer_id, {month_of(event["at"])} AS period_start {terms}
                FROM read_parquet('{event["files"]}') {where} GROUP BY 1, 2""")
        if "acquisition_cost" in self.job.customers:
            parts.append(self.acquisitions())
        sums = ", ".join(f"sum({name}) AS {name}" for name in [*names, "acquisition_cost"])
        self.sql(f"""CREATE TEMP TABLE events AS SELECT customer_id, period_start, {sums}
            FROM ({" UNION ALL BY NAME ".join(parts)}) GROUP BY 1, 2""")

    def acquisitions(self):
        """What winning a customer cost, in the month it was won if that is in the history."""
        customers = self.job.customers
        return f"""SELECT {customers["customer"]} AS customer_id, date_trunc('month', {customers["acquired_on"]})::DATE AS period_start,
                {self.acquisition_money()} AS acquisition_cost
            FROM read_parquet('{self.job.files["customers"]}')
            WHERE {customers["acquisition_cost"]} <> 0 AND date_trunc('month', {customers["acquired_on"]})
                BETWEEN (SELECT min(period_start) FROM sales) AND (SELECT max(period_start) FROM sales)"""

    def acquisition_money(self):
        """The acquisition cost of a row of the customers file."""
        factor = MONEY_UNIT if self.options.money == "int" else 1
        return f"({self.job.customers['acquisition_cost']} * {factor})::{self.money}"

    def make_product_facts(self):
        """One row per customer x product group over life."""
        self.sql(f"""CREATE TEMP TABLE product_facts AS
            SELECT _customer AS customer_id, _group AS product_group, {self.measure_columns()} FROM lines GROUP BY 1, 2""")

    def make_lifetime_orders(self):
        """Distinct orders over life: an order that crosses months counts once."""
        self.sql("""CREATE TEMP TABLE lifetime_orders AS SELECT _customer AS customer_id, count(*) AS orders
            FROM (SELECT DISTINCT _customer, _order FROM lines WHERE NOT _return) GROUP BY 1""")

    # Costing

    def make_rates(self):
        """Driver totals, then one row of rates per month."""
        columns = {activity.column: self.volume_of(activity) for activity in self.job.activities}
        volumes = {column: {} for column in columns}
        for table, wanted in [("sales", True), ("events", False)]:
            chosen = [a.column for a in self.job.activities if (a.source == "transactions") == wanted]
            if not chosen:
                continue
            sums = ", ".join(f"sum({columns[column]})" for column in chosen)
            for month, *row in self.sql(f"SELECT period_start, {sums} FROM {table} GROUP BY 1").fetchall():
                for column, volume in zip(chosen, row):
                    volumes[column][month] = volume or 0
        ledger = {
            (account, month): amount
            for account, month, amount in self.sql(f"""SELECT account, date_trunc('month', period)::DATE, sum(amount)
                FROM read_parquet('{self.job.files["ledger"]}') GROUP BY 1, 2""").fetchall()
        }
        self.volumes, self.rates = volumes, rates_of(self.job, ledger, volumes)
        months = sorted({month for by_month in volumes.values() for month in by_month})
        self.sql("CREATE TEMP TABLE rates (period_start DATE" + "".join(f", {c} DOUBLE" for c in columns) + ")")
        for month in months:
            values = [float(self.rates[column].get(month, 0)) for column in columns]
            self.sql(f"INSERT INTO rates VALUES (?{', ?' * len(values)})", [month, *values])

    def volume_of(self, activity):
        """An activity's volume from the aggregates of a facts row."""
        names = [(term.coefficient, self.aggregates[aggregate_key(activity.source, term)]) for term in activity.terms]
        kind = "::DOUBLE" if self.volume == "DOUBLE" else ""
        return " + ".join(f"{coefficient} * coalesce({name}, 0){kind}" for coefficient, name in names)

    def cost_of(self, column):
        """volume x rate, in money of this formulation."""
        product = f"volume_{column} * rates.{column}"
        if self.options.money == "int":
            return f"round({product} * {MONEY_UNIT})::BIGINT"
        return f"({product})::{self.money}"

    def make_costed(self):
        """customer_period with every published column."""
        counts = ["lines", "orders", "active_days", "units", "returned_units"]
        money = ["list_revenue", "discount", "returns", "product_cost", "acquisition_cost"]
        activities = self.job.activities
        volumes = ", ".join(f"({self.volume_of(a)})::{self.volume} AS volume_{a.column}" for a in activities)
        costs = ", ".join(f"{self.cost_of(a.column)} AS cost_{a.column}" for a in activities)
        filled = ", ".join(f"coalesce({name}, 0) AS {name}" for name in [*counts, *money])
        order_level = " + ".join(f"cost_{column}" for column in self.job.of_level("order")) or "0"
        customer_level = " + ".join(f"cost_{column}" for column in self.job.of_level("customer")) or "0"
        self.activity_columns = [name for a in activities for name in (f"volume_{a.column}", f"cost_{a.column}")]
        self.sql(f"""CREATE TEMP TABLE costed AS
            SELECT customer_id, period_start, {", ".join(counts)}, list_revenue, discount, returns,
                (list_revenue - discount - returns)::{self.money} AS net_revenue, product_cost,
                (net_revenue - product_cost)::{self.money} AS gross_margin, {", ".join(self.activity_columns)},
                ({order_level})::{self.money} AS cost_to_serve, (gross_margin - cost_to_serve)::{self.money} AS contribution,
                ({customer_level})::{self.money} AS customer_level_cost, acquisition_cost,
                (contribution - customer_level_cost - acquisition_cost)::{self.money} AS customer_profit,
                make_timestamp(first_at) AS first_order_at, make_timestamp(last_at) AS last_order_at
            FROM (
                SELECT facts.*, {costs} FROM (
                    SELECT coalesce(sales.customer_id, events.customer_id) AS customer_id,
                        coalesce(sales.period_start, events.period_start) AS period_start,
                        {filled}, first_at, last_at, {volumes}
                    FROM sales FULL JOIN events ON sales.customer_id IS NOT DISTINCT FROM events.customer_id
                        AND sales.period_start = events.period_start) AS facts
                LEFT JOIN rates USING (period_start))""")
        self.sql("DROP TABLE sales; DROP TABLE events")

    # Published tables

    def write_tables(self):
        """Every table as Parquet, the big ones straight from their queries."""
        for (month,) in self.sql("SELECT DISTINCT period_start FROM costed ORDER BY 1").fetchall():
            self.write(
                "customer_period", f"SELECT * FROM costed WHERE period_start = DATE '{month}'", f"period={month}"
            )
        self.make_customers()
        self.write("customer", "SELECT * FROM customers")
        self.write_products()
        self.write_whale_curve()
        self.write_activities()

    def write(self, table, query, partition="."):
        """One COPY. One per month is quicker than PARTITION_BY and needs less memory."""
        target = self.out / table / partition
        target.mkdir(parents=True, exist_ok=True)
        self.sql(
            f"COPY ({query}) TO '{target}/{table}.parquet' (FORMAT parquet, COMPRESSION {self.options.compression})"
        )

    def make_customers(self):
        """One row per customer with its life's measures, rank and class."""
        counts = ["lines", "active_days", "units", "returned_units"]
        money = ["list_revenue", "discount", "returns", "net_revenue", "product_cost", "gross_margin"]
        below = ["cost_to_serve", "contribution", "customer_level_cost", "acquisition_cost", "customer_profit"]
        kinds = {
            **{name: "BIGINT" for name in counts},
            **{name: self.money for name in money},
            **{name: self.volume if name.startswith("volume_") else self.money for name in self.activity_columns},
            **{name: self.money for name in below},
        }
        sums = ", ".join(f"sum({name})::{kind} AS {name}" for name, kind in kinds.items())
        master = self.job.customers
        # Won before the history: an opening line of the customer's life.
        opening = f"""CASE WHEN {master["acquired_on"]} < (SELECT min(period_start) FROM costed)
            OR {master["acquired_on"]} IS NULL THEN {self.acquisition_money()} ELSE 0 END"""
        filled = ", ".join(
            f"coalesce(life.{name}, 0) AS {name}" for name in [*counts, *money, *self.activity_columns, *below[:3]]
        )
        attributes = "".join(f", master.{source} AS {name}" for name, source in self.job.attributes.items())
        self.sql(f"""CREATE TEMP TABLE customers AS
            WITH life AS (
                SELECT customer_id, {sums}, min(first_order_at) AS first_order_at, max(last_order_at) AS last_order_at
                FROM costed GROUP BY customer_id),
            known AS (
                SELECT coalesce(life.customer_id, master.{master["customer"]}) AS customer_id,
                    coalesce(lifetime_orders.orders, 0) AS orders, {filled},
                    coalesce(life.acquisition_cost, 0) + coalesce(master.opening, 0) AS acquisition_cost,
                    coalesce(life.customer_profit, 0) - coalesce(master.opening, 0) AS customer_profit,
                    first_order_at, last_order_at,
                    master.{master["acquired_on"]} AS acquired_on {attributes},
                    lifetime_orders.orders IS NULL AS is_prospect
                FROM life FULL JOIN
                    (SELECT *, {opening} AS opening FROM read_parquet('{self.job.files["customers"]}')) AS master
                    ON life.customer_id = master.{master["customer"]}
                LEFT JOIN lifetime_orders
                    ON coalesce(life.customer_id, master.{master["customer"]}) IS NOT DISTINCT FROM lifetime_orders.customer_id),
            ranked AS (
                SELECT customer_id, customer_profit AS profit, row_number() OVER (ORDER BY customer_profit DESC, customer_id)
                    AS rank_profit, count(*) OVER () AS ranked_customers
                FROM known WHERE NOT is_prospect AND customer_id IS NOT NULL),
            high AS (SELECT min(profit) AS profit FROM ranked WHERE rank_profit <= ceil(ranked_customers / 5))
            SELECT known.*, rank_profit, CASE WHEN rank_profit IS NULL THEN NULL
                WHEN customer_profit > 0 AND customer_profit >= (SELECT profit FROM high) THEN 'high profit'
                WHEN customer_profit > 0 THEN 'profit' WHEN customer_profit = 0 THEN 'break-even' ELSE 'loss' END AS profit_class
            FROM known LEFT JOIN ranked ON known.customer_id = ranked.customer_id""")

    def write_products(self):
        """customer_product with both classes, and its totals per product group."""
        money = self.money
        counts, sums = ["lines", "units", "returned_units"], ["list_revenue", "discount", "returns", "product_cost"]
        total = ", ".join(
            [f"sum({name})::BIGINT AS {name}" for name in counts] + [f"sum({name})::{money} AS {name}" for name in sums]
        )
        derived = f"""{", ".join(counts)}, list_revenue, discount, returns,
            (list_revenue - discount - returns)::{money} AS net_revenue, product_cost,
            (net_revenue - product_cost)::{money} AS gross_margin"""
        self.sql(f"""CREATE TEMP TABLE product_groups AS
            SELECT product_group, customers, {derived},
                CASE WHEN gross_margin > 0 THEN 'profit' WHEN gross_margin = 0 THEN 'break-even' ELSE 'loss' END AS product_class
            FROM (SELECT product_group, count(*) AS customers, {total} FROM product_facts GROUP BY 1)""")
        self.write("product_group", "SELECT * FROM product_groups ORDER BY product_group")
        self.write(
            "customer_product",
            f"""
            SELECT customer_id, product_group, {derived}, profit_class, product_class
            FROM product_facts
            LEFT JOIN (SELECT customer_id AS customer, profit_class FROM customers) ON customer_id = customer
            JOIN (SELECT product_group, product_class FROM product_groups) USING (product_group)""",
        )

    def write_whale_curve(self):
        """Cumulative profit per mille of customers, most profitable first."""
        self.write(
            "whale_curve",
            """
            WITH ordered AS (
                SELECT rank_profit, sum(customer_profit) OVER (ORDER BY rank_profit ROWS UNBOUNDED PRECEDING) AS cumulative_profit
                FROM customers WHERE rank_profit IS NOT NULL),
            points AS (
                SELECT per_mille, (per_mille * (SELECT count(*) FROM ordered) + 999) // 1000 AS customers
                FROM range(1, 1001) AS mille(per_mille))
            SELECT per_mille, customers, cumulative_profit FROM points JOIN ordered ON rank_profit = customers ORDER BY per_mille""",
        )

    def write_activities(self):
        """Volume, rate and cost per activity and month, and what was assigned in all."""
        self.sql(
            "CREATE TEMP TABLE activity_period (activity VARCHAR, period_start DATE, volume DOUBLE, rate DOUBLE, cost DOUBLE)"
        )
        rows = [
            (
                column,
                month,
                float(volume),
                float(self.rates[column][month]),
                float(volume) * float(self.rates[column][month]),
            )
            for column, by_month in self.volumes.items()
            for month, volume in by_month.items()
        ]
        for row in rows:
            self.sql("INSERT INTO activity_period VALUES (?, ?, ?, ?, ?)", row)
        self.write("activity_period", "SELECT * FROM activity_period ORDER BY activity, period_start")
        self.write("balance", "SELECT period_start, sum(cost) AS assigned FROM activity_period GROUP BY 1 ORDER BY 1")

    def totals(self):
        """Control totals, read back from what was written."""
        return control_totals(in_folder(self.out), self.options.money == "int")


def instant(text):
    """An instant as a plain timestamp in UTC, without the calendar library that timestamps with zone would need."""
    return f"make_timestamp(epoch_us({text}))"


def month_of(text):
    """First day of the month."""
    return f"date_trunc('month', {instant(text)})::DATE"


def event_aggregate(key):
    """One aggregate over an event source."""
    _, function, argument, condition = key
    where = f" FILTER (WHERE {condition})" if condition else ""
    inside = {"count_rows": "*", "count_distinct": f"DISTINCT {argument}"}.get(function, argument)
    return f"{'sum' if function == 'sum' else 'count'}({inside}){where}"


if __name__ == "__main__":
    main()
