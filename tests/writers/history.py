"""A history of order lines in the types that writers differ in, and the facts that follow from it by DuckDB."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random

import duckdb
import pyarrow as pa

GROUPS = ["tea", "coffee", "café & gâteaux", "50% off", "北海道", None]
ROWS = 3_000


def history(seed=7):
    """Order lines as a pyarrow table: two years, some without customer or group, a tenth returns."""
    random = Random(seed)
    start = datetime(2023, 1, 1)
    columns = {name: [] for name in ("customer", "order_id", "bought_at", "grp", "quantity", "price", "paid")}
    for order in range(ROWS // 3):
        at = start + timedelta(minutes=random.randrange(2 * 365 * 24 * 60), microseconds=random.randrange(10**6))
        customer = random.choice([None] + list(range(1, 60)))
        for _ in range(3):
            columns["customer"].append(customer)
            columns["order_id"].append(order)
            columns["bought_at"].append(at)
            columns["grp"].append(random.choice(GROUPS))
            columns["quantity"].append(-1 if random.random() < 0.1 else random.randint(1, 9))
            columns["price"].append(Decimal(random.randrange(1, 200_000)) / 100)
            columns["paid"].append(random.random() < 0.9)
    types = {
        "customer": pa.int64(),
        "order_id": pa.int64(),
        "bought_at": pa.timestamp("us"),
        "grp": pa.string(),
        "quantity": pa.int32(),
        "price": pa.decimal128(9, 2),
        "paid": pa.bool_(),
    }
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


def with_time(table, kind):
    """The same lines with their time as wall time, as an instant or as a day."""
    values = table["bought_at"].to_pylist()
    if kind == "instant":
        at = pa.array([value.replace(tzinfo=timezone.utc) for value in values], pa.timestamp("us", "UTC"))
    elif kind == "day":
        at = pa.array([value.date() for value in values], pa.date32())
    else:
        at = table["bought_at"]
    return table.set_column(table.column_names.index("bought_at"), "bought_at", at)


def expected_periods(table, local):
    """Per customer and month: lines, orders, list revenue, net revenue, by DuckDB over the rows themselves.

    `local` is the time of a line where its month is meant, as SQL over the column.
    """
    lines = table  # noqa: F841 (DuckDB reads the variable by its name)
    return duckdb.sql(f"""
        with line as (
            select customer, order_id, quantity, date_trunc('month', {local})::date as period,
                   (quantity * price)::decimal(18, 4) as money, quantity < 0 as is_return
            from lines where paid)
        select customer, period, count(*) filter (where not is_return),
               count(distinct order_id) filter (where not is_return),
               coalesce(sum(money) filter (where not is_return), 0)::decimal(18, 4),
               sum(money)::decimal(18, 4)
        from line group by all order by customer nulls first, period""").fetchall()


def expected_groups(table):
    """Net revenue per product group, by DuckDB over the rows themselves."""
    lines = table  # noqa: F841
    return duckdb.sql("""
        select coalesce(grp, '(none)'), sum(quantity * price)::decimal(18, 4)
        from lines where paid group by 1 order by 1""").fetchall()
