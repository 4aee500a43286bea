"""The whole job in Polars: facts in both grains, costing, waterfall, every published table as Parquet.

Several honest formulations behind flags; `run.py` measures them and keeps the fastest. Decimals are not among them:
they round halves to even, so that their discounts differ, and took half as long again.
"""

import argparse
import os
import shutil
from pathlib import Path

from job import (
    DECIMAL_SCALES,
    MEASURES,
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

KEYS = ["customer_id", "period_start"]


def main():
    """Runs one formulation."""
    options = arguments()
    os.environ["POLARS_MAX_THREADS"] = str(options.threads)
    out = Path(options.out)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    Contest(load(options.history, options.pipeline), options, out).run()


def arguments():
    """Flags."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history")
    parser.add_argument("out")
    parser.add_argument("--pipeline", default=PIPELINE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--money", choices=["float", "int"], default="float")
    parser.add_argument("--scan", choices=["separate", "shared"], default="separate")
    parser.add_argument("--orders", choices=["two-level", "distinct"], default="two-level")
    parser.add_argument("--engine", choices=["streaming", "in-memory"], default="streaming")
    parser.add_argument("--compression", choices=["uncompressed", "snappy", "zstd", "lz4"], default="zstd")
    return parser.parse_args()


class Contest:
    """One run of the job."""

    def __init__(self, job, options, out):
        # Imported here, after the number of threads is set.
        global pl
        import polars as pl

        self.job, self.options, self.out = job, options, out
        self.aggregates = aggregates_of(job)
        self.money = {"float": pl.Float64, "int": pl.Int64}[options.money]

    def run(self):
        """The steps in order, then the report."""
        from totals import control_totals, in_folder

        steps = Steps()
        if self.options.scan == "shared":
            with steps.step("customer_period facts"):
                self.sales, self.product_facts, self.lifetime_orders = pl.collect_all(
                    [self.sales_plan(), self.product_plan(), self.lifetime_orders_plan()], engine=self.options.engine
                )
        else:
            with steps.step("customer_period facts"):
                self.sales = self.collect(self.sales_plan())
            with steps.step("customer_product facts"):
                self.product_facts = self.collect(self.product_plan())
            with steps.step("costing and write"):
                self.lifetime_orders = self.collect(self.lifetime_orders_plan())
        with steps.step("costing and write"):
            self.make_costed()
            self.write_tables()
        flags = {name: getattr(self.options, name) for name in ["money", "scan", "orders", "engine", "compression"]}
        scaled = self.options.money == "int"
        steps.report("polars", pl.__version__, flags, lambda: control_totals(in_folder(self.out), scaled))

    def collect(self, plan):
        """Runs a lazy plan with the engine of this formulation."""
        return plan.collect(engine=self.options.engine)

    # Sources

    def lines(self):
        """Order lines with roles evaluated."""
        roles = self.job.roles
        plan = pl.scan_parquet(self.job.files["transactions"], glob=True)
        if self.job.where:
            plan = plan.filter(pl.sql_expr(self.job.where))
        at = pl.sql_expr(roles["at"])
        terms = [self.level_one(key).alias(name) for key, name in self.aggregates.items() if key[0] == "transactions"]
        return plan.select(
            pl.sql_expr(roles["customer"]).alias("customer_id"),
            pl.sql_expr(roles["order"]).alias("order"),
            pl.sql_expr(roles["product_group"]).alias("product_group"),
            at.dt.date().dt.month_start().alias("period_start"),
            at.alias("at"),
            pl.sql_expr(roles["quantity"]).cast(pl.Int64).alias("quantity"),
            pl.sql_expr(roles["return"]).alias("is_return"),
            *[self.money_of(roles[role]).alias(role) for role in ("revenue", "discount", "cost")],
            *terms,
        )

    def money_of(self, text):
        """A money expression per row in this formulation, rounded half away from zero once per row.

        Doubles are left unrounded: their users would not round, and the totals still agree closely.
        """
        names = text.replace("*", " ").split()
        factors = [self.factor(name) for name in names]
        scale = scale_of(text)
        product = factors[0]
        for factor in factors[1:]:
            product = product * factor
        if self.options.money == "float":
            return product
        if scale <= MONEY_SCALE:
            return product * 10 ** (MONEY_SCALE - scale)
        divisor = 10 ** (scale - MONEY_SCALE)
        rounded = (product.abs() + divisor // 2) // divisor
        return pl.when(product < 0).then(-rounded).otherwise(rounded)

    def factor(self, name):
        """One column of a product."""
        column = pl.col(name)
        if self.options.money == "float":
            return column.cast(pl.Float64)
        return column.to_physical().cast(pl.Int64) if name in DECIMAL_SCALES else column.cast(pl.Int64)

    def level_one(self, key):
        """What one row gives to an aggregate: a flag for counts, a number for sums."""
        _, function, argument, condition = key
        true = pl.sql_expr(condition).fill_null(False) if condition else pl.lit(True)
        if function == "sum":
            value = pl.sql_expr(argument)
            return pl.when(true).then(value).otherwise(0) if condition else value
        if function == "count":
            return true & pl.sql_expr(argument).is_not_null()
        return true

    # Facts

    def measures(self):
        """Sums over lines."""
        sale, returned = ~pl.col("is_return"), pl.col("is_return")
        net = pl.col("revenue") - pl.col("discount")
        return [
            sale.sum().cast(pl.Int64).alias("lines"),
            masked(sale, pl.col("quantity")).sum().alias("units"),
            (-masked(returned, pl.col("quantity")).sum()).alias("returned_units"),
            masked(sale, pl.col("revenue")).sum().alias("list_revenue"),
            masked(sale, pl.col("discount")).sum().alias("discount"),
            (-masked(returned, net).sum()).alias("returns"),
            pl.col("cost").sum().alias("product_cost"),
        ]

    def sales_plan(self):
        """One row per customer x month with an order line in it."""
        at = pl.when(~pl.col("is_return")).then(pl.col("at"))
        own = {key: name for key, name in self.aggregates.items() if key[0] == "transactions"}
        if self.options.orders == "distinct":
            orders = pl.col("order").filter(~pl.col("is_return")).n_unique().cast(pl.Int64).alias("orders")
            days = pl.col("at").filter(~pl.col("is_return")).dt.date().n_unique().cast(pl.Int64).alias("active_days")
            terms = [self.one_level(key, name) for key, name in own.items()]
            return (
                self.lines()
                .group_by(KEYS)
                .agg(*self.measures(), orders, days, at.min().alias("first_at"), at.max().alias("last_at"), *terms)
            )
        day = (pl.lit(1, pl.UInt32) * 2 ** (pl.col("at").dt.day().cast(pl.UInt32) - 1)).cast(pl.UInt32)
        first, second = zip(*[self.two_levels(key, name) for key, name in own.items()])
        return (
            self.lines()
            .with_columns(pl.when(pl.col("is_return")).then(pl.lit(0, pl.UInt32)).otherwise(day).alias("day"))
            .group_by([*KEYS, "order"])
            .agg(
                *self.measures(),
                pl.col("day").bitwise_or(),
                at.min().alias("first_at"),
                at.max().alias("last_at"),
                *first,
            )
            .group_by(KEYS)
            .agg(
                *[pl.col(name).sum() for name in MEASURES],
                (pl.col("lines") > 0).sum().cast(pl.Int64).alias("orders"),
                pl.col("day").bitwise_or().bitwise_count_ones().cast(pl.Int64).alias("active_days"),
                pl.col("first_at").min(),
                pl.col("last_at").max(),
                *second,
            )
        )

    def two_levels(self, key, name):
        """An aggregate per (customer, month, order), and per (customer, month) of that."""
        function, argument = key[1], key[2]
        column = pl.col(name)
        if function == "sum":
            return column.sum(), column.sum()
        if function != "count_distinct":
            return column.sum().cast(pl.Int64), column.sum()
        if argument == self.job.roles["customer"]:
            return column.max(), column.max().cast(pl.Int64)
        if argument == self.job.roles["order"]:
            return column.max(), column.sum().cast(pl.Int64)
        raise SystemExit(f"polars_job: count(distinct {argument}) is not in this job")

    def one_level(self, key, name):
        """An aggregate per (customer, month), with distinct counts."""
        column = pl.col(name)
        if key[1] != "count_distinct":
            return column.sum() if key[1] == "sum" else column.sum().cast(pl.Int64)
        if key[2] == self.job.roles["customer"]:
            return column.max().cast(pl.Int64)
        return pl.col("order").filter(column).n_unique().cast(pl.Int64).alias(name)

    def product_plan(self):
        """One row per customer x product group over life."""
        return self.lines().group_by(["customer_id", "product_group"]).agg(*self.measures())

    def lifetime_orders_plan(self):
        """Distinct orders over life: an order that crosses months counts once."""
        orders = self.lines().filter(~pl.col("is_return")).select("customer_id", "order").unique()
        return orders.group_by("customer_id").agg(pl.len().cast(pl.Int64).alias("orders"))

    def events(self):
        """Event sources per customer x month, and acquisitions in the history's months."""
        frames = []
        for name, event in self.job.events.items():
            plan = pl.scan_parquet(event["files"], glob=True)
            if event.get("where"):
                plan = plan.filter(pl.sql_expr(event["where"]))
            at = pl.sql_expr(event["at"])
            keys = [
                pl.sql_expr(event["customer"]).alias("customer_id"),
                at.dt.date().dt.month_start().alias("period_start"),
            ]
            terms = [self.event_term(key, column) for key, column in self.aggregates.items() if key[0] == name]
            frames.append(self.collect(plan.group_by(keys).agg(*terms)))
        frames.append(self.acquired.filter(~pl.col("opening")).select(*KEYS, "acquisition_cost"))
        sums = [column for key, column in self.aggregates.items() if key[0] != "transactions"] + ["acquisition_cost"]
        return pl.concat(frames, how="diagonal_relaxed").group_by(KEYS).agg(pl.col(sums).sum())

    def event_term(self, key, column):
        """One aggregate over an event source."""
        _, function, argument, condition = key
        true = pl.sql_expr(condition).fill_null(False) if condition else pl.lit(True)
        if function == "sum":
            return pl.sql_expr(argument).cast(pl.Float64).filter(true).sum().alias(column)
        if function == "count_distinct":
            return pl.sql_expr(argument).filter(true).n_unique().alias(column)
        return (pl.len() if not condition else true.sum()).cast(pl.Int64).alias(column)

    def make_acquired(self):
        """What winning customers cost, by month, or as an opening line before the history."""
        customers = self.job.customers
        first, last = self.sales["period_start"].min(), self.sales["period_start"].max()
        cost = pl.sql_expr(customers["acquisition_cost"]).cast(pl.Float64)
        money = (cost * MONEY_UNIT).round().cast(pl.Int64) if self.options.money == "int" else cost.cast(self.money)
        won = pl.sql_expr(customers["acquired_on"])
        self.acquired = self.master.select(
            pl.sql_expr(customers["customer"]).alias("customer_id"),
            won.dt.month_start().alias("period_start"),
            money.alias("acquisition_cost"),
            (won.is_null() | (won < first)).alias("opening"),
        ).filter((pl.col("acquisition_cost") != 0) & (pl.col("opening") | (pl.col("period_start") <= last)))

    # Costing

    def volume_of(self, activity):
        """An activity's volume from the aggregates of a facts row."""
        total = None
        for term in activity.terms:
            column = pl.col(self.aggregates[aggregate_key(activity.source, term)]).cast(pl.Float64)
            part = column if term.coefficient == 1 else column * float(term.coefficient)
            total = part if total is None else total + part
        return total.alias(f"volume_{activity.column}")

    def make_costed(self):
        """customer_period with every published column."""
        activities, job = self.job.activities, self.job
        self.master = self.collect(pl.scan_parquet(job.files["customers"]))
        self.make_acquired()
        self.activity_columns = [name for a in activities for name in (f"volume_{a.column}", f"cost_{a.column}")]
        joined = (
            self.sales.lazy()
            .join(self.events().lazy(), on=KEYS, how="full", coalesce=True, nulls_equal=True)
            .with_columns(pl.exclude([*KEYS, "first_at", "last_at"]).fill_null(0))
            .with_columns(*[self.volume_of(activity) for activity in activities])
        )
        joined = self.collect(joined)
        del self.sales
        volumes = joined.group_by("period_start").agg(pl.col("^volume_.*$").sum()).sort("period_start")
        ledger = (
            pl.read_parquet(job.files["ledger"])
            .group_by("account", pl.col("period").dt.month_start())
            .agg(pl.col("amount").sum())
        )
        ledger = {(account, month): amount for account, month, amount in ledger.iter_rows()}
        self.volumes = {a.column: dict(zip(volumes["period_start"], volumes[f"volume_{a.column}"])) for a in activities}
        self.rates = rates_of(job, ledger, self.volumes)
        rates = pl.DataFrame(
            {
                "period_start": volumes["period_start"],
                **{
                    f"rate_{column}": [float(by_month[month]) for month in volumes["period_start"]]
                    for column, by_month in self.rates.items()
                },
            }
        )
        self.costed = self.collect(self.waterfall(joined.lazy().join(rates.lazy(), on="period_start", how="left")))

    def waterfall(self, plan):
        """Costs and the steps from list revenue to customer profit."""
        activities = self.job.activities
        cost_of = lambda column: pl.col(f"volume_{column}") * pl.col(f"rate_{column}")
        costs = [self.to_money(cost_of(a.column)).alias(f"cost_{a.column}") for a in activities]
        level = lambda name: pl.sum_horizontal([pl.col(f"cost_{column}") for column in self.job.of_level(name)])
        return (
            plan.with_columns(
                *costs, (pl.col("list_revenue") - pl.col("discount") - pl.col("returns")).alias("net_revenue")
            )
            .with_columns(
                (pl.col("net_revenue") - pl.col("product_cost")).alias("gross_margin"),
                level("order").alias("cost_to_serve"),
                level("customer").alias("customer_level_cost"),
            )
            .with_columns((pl.col("gross_margin") - pl.col("cost_to_serve")).alias("contribution"))
            .with_columns(
                (pl.col("contribution") - pl.col("customer_level_cost") - pl.col("acquisition_cost")).alias(
                    "customer_profit"
                )
            )
            .select(
                "customer_id",
                "period_start",
                "lines",
                "orders",
                "active_days",
                "units",
                "returned_units",
                "list_revenue",
                "discount",
                "returns",
                "net_revenue",
                "product_cost",
                "gross_margin",
                *self.activity_columns,
                "cost_to_serve",
                "contribution",
                "customer_level_cost",
                "acquisition_cost",
                "customer_profit",
                pl.col("first_at").alias("first_order_at"),
                pl.col("last_at").alias("last_order_at"),
            )
        )

    def to_money(self, expression):
        """A float as money of this formulation."""
        if self.options.money == "int":
            return (expression * MONEY_UNIT).round().cast(pl.Int64)
        return expression

    # Published tables

    def write_tables(self):
        """Every table as Parquet."""
        for (month,), rows in self.costed.partition_by("period_start", as_dict=True).items():
            self.write("customer_period", rows, f"period={month}")
        self.make_customers()
        self.write("customer", self.customers)
        self.write_products()
        self.write_whale_curve()
        self.write_activities()

    def write(self, table, rows, partition="."):
        """One file."""
        target = self.out / table / partition
        target.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(target / f"{table}.parquet", compression=self.options.compression)

    def make_customers(self):
        """One row per customer with its life's measures, rank and class."""
        customers = self.job.customers
        dropped = ["period_start", "orders", "first_order_at", "last_order_at"]
        summed = [name for name in self.costed.columns if name not in ("customer_id", *dropped)]
        life = (
            self.costed.lazy()
            .group_by("customer_id")
            .agg(pl.col(summed).sum(), pl.col("first_order_at").min(), pl.col("last_order_at").max())
        )
        del self.costed
        master = self.master.lazy().select(
            pl.sql_expr(customers["customer"]).alias("customer_id"),
            pl.sql_expr(customers["acquired_on"]).alias("acquired_on"),
            *[pl.sql_expr(source).alias(name) for name, source in self.job.attributes.items()],
        )
        opening = (
            self.acquired.lazy()
            .filter(pl.col("opening"))
            .select("customer_id", pl.col("acquisition_cost").alias("opened"))
        )
        known = self.collect(
            life.join(master, on="customer_id", how="full", coalesce=True)
            .join(self.lifetime_orders.lazy(), on="customer_id", how="left", nulls_equal=True)
            .join(opening, on="customer_id", how="left")
            .with_columns(
                pl.col(summed).fill_null(0),
                pl.col("opened").fill_null(0),
                pl.col("orders").is_null().alias("is_prospect"),
                pl.col("orders").fill_null(0),
            )
            .with_columns(pl.col("acquisition_cost") + pl.col("opened"), pl.col("customer_profit") - pl.col("opened"))
            .drop("opened")
        )
        ranked = (
            known.lazy()
            .filter(~pl.col("is_prospect") & pl.col("customer_id").is_not_null())
            .select("customer_id", "customer_profit")
            .sort(["customer_profit", "customer_id"], descending=[True, False])
            .with_row_index("rank_profit", offset=1)
        )
        self.ranked = ranked = self.collect(ranked)
        profit = pl.col("customer_profit")
        high = ranked["customer_profit"][-(-len(ranked) // 5) - 1]
        classed = ranked.lazy().select(
            "customer_id",
            pl.col("rank_profit").cast(pl.Int64),
            pl.when((profit > 0) & (profit >= high))
            .then(pl.lit("high profit"))
            .when(profit > 0)
            .then(pl.lit("profit"))
            .when(profit == 0)
            .then(pl.lit("break-even"))
            .otherwise(pl.lit("loss"))
            .alias("profit_class"),
        )
        self.customers = self.collect(known.lazy().join(classed, on="customer_id", how="left"))

    def write_products(self):
        """customer_product with both classes, and its totals per product group."""
        margin = pl.col("gross_margin")
        cell = (
            self.product_facts.lazy()
            .with_columns((pl.col("list_revenue") - pl.col("discount") - pl.col("returns")).alias("net_revenue"))
            .with_columns((pl.col("net_revenue") - pl.col("product_cost")).alias("gross_margin"))
        )
        groups = self.collect(
            cell.group_by("product_group")
            .agg(pl.len().alias("customers"), pl.exclude("customer_id", "product_group").sum())
            .with_columns(
                pl.when(margin > 0)
                .then(pl.lit("profit"))
                .when(margin == 0)
                .then(pl.lit("break-even"))
                .otherwise(pl.lit("loss"))
                .alias("product_class")
            )
            .sort("product_group")
        )
        self.write("product_group", groups)
        classes = self.customers.lazy().select("customer_id", "profit_class")
        self.write(
            "customer_product",
            self.collect(
                cell.join(classes, on="customer_id", how="left")
                .join(groups.lazy().select("product_group", "product_class"), on="product_group", how="left")
                .select(
                    "customer_id",
                    "product_group",
                    "lines",
                    "units",
                    "returned_units",
                    "list_revenue",
                    "discount",
                    "returns",
                    "net_revenue",
                    "product_cost",
                    "gross_margin",
                    "profit_class",
                    "product_class",
                )
            ),
        )

    def write_whale_curve(self):
        """Cumulative profit per mille of customers, most profitable first."""
        count = len(self.ranked)
        points = [(mille * count + 999) // 1000 for mille in range(1, 1001)]
        cumulative = self.ranked["customer_profit"].cum_sum().gather([point - 1 for point in points])
        self.write(
            "whale_curve",
            pl.DataFrame({"per_mille": range(1, 1001), "customers": points, "cumulative_profit": cumulative}),
        )

    def write_activities(self):
        """Volume, rate and cost per activity and month, and what was assigned in all."""
        rows = [
            (column, month, volume, float(self.rates[column][month]), volume * float(self.rates[column][month]))
            for column, by_month in self.volumes.items()
            for month, volume in by_month.items()
        ]
        activities = pl.DataFrame(rows, schema=["activity", "period_start", "volume", "rate", "cost"], orient="row")
        self.write("activity_period", activities)
        self.write(
            "balance",
            activities.group_by("period_start").agg(pl.col("cost").sum().alias("assigned")).sort("period_start"),
        )


def masked(condition, value):
    """The value where the condition holds, else 0."""
    return pl.when(condition).then(value).otherwise(0)


if __name__ == "__main__":
    main()
