"""Asks DuckDB what each check of a pipeline asks, over the tables that were published, and compares the answers.

    python checks_oracle.py write pipelines/retail.toml     adds the checks below to the pipeline file
    python checks_oracle.py refused pipelines/retail.toml   adds those that are refused, and prints how many
    python checks_oracle.py compare out/retail              after the run: exit 1 on any difference

Exact numbers must be equal, doubles to 12 digits. A check without a number in DuckDB has none in abacus.
"""

import json
import random
import sys
from decimal import Decimal
from pathlib import Path

import duckdb

SEED, RANDOM = 20_240_229, 120

FIXED = """
select sum(customer_profit) / sum(net_revenue) from customer
select 1.0 * sum(customer_profit) / sum(net_revenue) from customer
select sum(customer_profit) * 100 / sum(net_revenue) from customer
select sum(net_revenue) / count(*) from customer
select 7 / 2
select count(*) / 7 from customer
select avg(net_revenue) from customer
select avg(orders) from customer where lines > 0
select avg(net_revenue) filter (where orders > 3) from customer
select sum(net_revenue * 0.19) from customer
select sum(net_revenue * customer_profit) from customer
select sum(net_revenue * orders) from customer
select sum(net_revenue) * 1.5 from customer
select sum(list_revenue - discount - returns) - sum(net_revenue) from customer
select 0.1 + 0.2 = 0.3
select 0.1 + 0.2
select 1e3
select sum(net_revenue) + 0.00001 from customer
select sum(customer_id * 9223372036854775) from customer
select sum(customer_id) from customer
select sum(customer_id * 4611686018427387904) from customer where customer_id < 3
select max(customer_id + 9223372036854770000) from customer where customer_id < 3
select count(*) from customer where net_revenue > 0.00005
select count(*) from customer where net_revenue >= 100.00005 and net_revenue < 5000.5
select count(*) from customer where net_revenue in (0.0, 100.5)
select count(*) from customer where net_revenue not in (0.0, 100.5)
select count(*) from customer where orders in (1, 2, 3)
select count(*) from customer where net_revenue between 0.00005 and 1000.5
select round(avg(net_revenue), 2) from customer
select round(sum(net_revenue), 2) from customer
select round(sum(net_revenue)) from customer
select sum(round(net_revenue, 1)) from customer
select sum(round(customer_profit, 3)) from customer
select sum(round(customer_profit / 3, 2)) from customer
select round(2.5)
select round(-2.5)
select round(2.675, 2)
select cast(2.5 as int)
select cast(-2.5 as bigint)
select sum(cast(net_revenue as bigint)) from customer
select sum(cast(customer_profit as decimal(18, 1))) from customer
select cast(avg(net_revenue) as int) from customer
select sum(cast(is_prospect as int)) from customer
select sum(case when is_prospect then 1 else 0 end) from customer
select sum(case when net_revenue > 100 then net_revenue else 0 end) from customer
select sum(case when net_revenue > 100 then 0.5 end) from customer
select count(*) filter (where net_revenue > 100.5) from customer
select count(*) from customer where is_prospect is not true
select count(*) from customer where (customer_id = null) is not true
select count(distinct profit_class) from customer
select count(distinct net_revenue) from customer
select customer_id from customer order by customer_id desc limit 1
select acquired_on is null from customer order by acquired_on desc limit 1
select net_revenue from customer order by net_revenue desc, customer_id limit 1
select sum(net_revenue) from customer where customer_id < 0
select coalesce(sum(net_revenue), 0) from customer where customer_id < 0
select sum(net_revenue) / sum(discount - discount) from customer
select sum(net_revenue) / 0 from customer
select sum(net_revenue) / nullif(sum(discount - discount), 0) from customer
select min(customer_profit / nullif(net_revenue, 0)) from customer
select max(abs(customer_profit)) from customer
select floor(sum(net_revenue)) from customer
select ceil(-sum(net_revenue)) from customer
select power(2, 0.5)
select sqrt(sum(net_revenue)) from customer
select median(orders) from customer
select stddev(net_revenue) from customer
select variance(orders) from customer
select greatest(sum(net_revenue), sum(list_revenue)) from customer
select count(*) from customer_period where period_start = '2024-01-01'
select count(*) from customer_period where period_start = date '2024-01-01'
select count(*) from customer_period where period_start >= '2023-07-01' and period_start < '2024-01-01'
select count(*) from (select customer_id, sum(net_revenue) as money from customer_period group by customer_id having sum(net_revenue) > 1000.5) as x
select max(share) from (select customer_id, sum(customer_profit) / nullif(sum(net_revenue), 0) as share from customer_period group by customer_id) as x
select sum(money * 0.5) from (select customer_id, sum(net_revenue) as money from customer_period group by customer_id) as x
with x as (select sum(net_revenue) as money, count(*) as n from customer) select money / n from x
select sum(p.net_revenue) - sum(c.net_revenue) from (select customer_id, sum(net_revenue) as net_revenue from customer_period group by customer_id) as p join customer as c on p.customer_id = c.customer_id
select count(*) from customer where customer_id in (select customer_id from customer_period where net_revenue > 100.5)
select count(*) from customer where net_revenue > customer_profit * 2
select count(*) from customer where net_revenue / orders > 55.5
select sum(amount) from cost_flow where stage = 'input'
select count(*) from customer where profit_class like '%profit%'
select avg(probability_alive) from customer_value
select round(avg(probability_alive), 3) from customer_value
select sum(residual_value) / sum(residual_revenue) from customer_value
select a.money - b.money from (select sum(net_revenue) as money from customer) as a cross join (select sum(net_revenue) as money from customer_period) as b
select min(net_revenue) from customer
select least(sum(net_revenue), sum(list_revenue)) from customer
select ifnull(sum(net_revenue), 0) from customer where customer_id < 0
select mean(net_revenue) from customer
select stddev_samp(orders) from customer
select var_samp(net_revenue) from customer
select exp(1.5)
select ln(sum(net_revenue)) from customer
select count(distinct lower(profit_class)) from customer
select count(*) from customer where upper(profit_class) = 'LOSS'
select count(*) from customer where trim(profit_class) = profit_class
select sum(length(profit_class)) from customer
select count(*) from customer where starts_with(profit_class, 'pro')
select max(year(period_start)) from customer_period
select sum(quarter(period_start)) from customer_period
select sum(month(period_start) * net_revenue) from customer_period
select sum(day(last_order_at)) from customer
select max(extract(year from first_order_at)) from customer
select sum(net_revenue) from customer_period where year(period_start) = 2023 and month(period_start) in (1, 12)
select sum("Net_Revenue") from "Customer" where "CUSTOMER_ID" > 3
select count(1) from customer
select count(1) filter (where orders > 3) from customer
select null
""".strip().splitlines()

# Refused by name, for Polars' answer would differ.
REFUSED = """
select 'text'
select net_revenue from customer
select 7 // 2
select 2 ^ 3
select sum(net_revenue) - (select sum(net_revenue) from customer_period) from customer
select -7 % 3
select sum(net_revenue) % 7 from customer
select avg(distinct orders) from customer
select any_value(net_revenue) from customer
select sum(2) from customer
select avg(0.5 + 0.25) from customer
select cast(net_revenue as float) from customer
select quantile_cont(net_revenue, 0.5) from customer
select exists(select 1 from customer)
select count(distinct date_trunc('month', period_start)) from customer_period
""".strip().splitlines()

MONEY = ["net_revenue", "list_revenue", "discount", "customer_profit", "gross_margin", "cost_to_serve"]
COUNTS = ["orders", "lines"]
LITERALS = ["0.1", "0.00005", "1.005", "2", "10", "0.5", "3.14159", "1000"]


def scalar(draw, depth):
    """A random expression over a customer's columns."""
    if depth == 0:
        return draw.choice(MONEY + COUNTS + LITERALS)
    x, y = scalar(draw, depth - 1), scalar(draw, depth - 1)
    return draw.choice([
        f"({x} + {y})", f"({x} - {y})", f"({x} * {y})", f"({x} / nullif({y}, 0))", f"round({x}, {draw.randrange(4)})",
        f"abs({x})", f"case when {condition(draw, x)} then {x} else {y} end", f"coalesce({x}, 0)",
        f"cast({x} as decimal(28, 2))", f"greatest({x}, {y})", f"-{x}",
    ])


def condition(draw, x):
    """A random condition over an expression."""
    return draw.choice([
        f"{x} {draw.choice(['<', '<=', '>', '>=', '<>'])} {draw.choice(LITERALS)}",
        f"{x} between {draw.choice(LITERALS)} and 500.5", f"{x} in ({', '.join(draw.sample(LITERALS, 2))})",
        f"not ({x} > {draw.choice(LITERALS)})", f"{x} is not null",
    ])


def aggregate(draw):
    """A random aggregate over customers."""
    x = scalar(draw, draw.randrange(3))
    if not any(column in x for column in MONEY + COUNTS):
        x = f"({x} + 0 * orders)"
    call = f"{draw.choice(['sum', 'sum', 'avg', 'min', 'max', 'count'])}({x})"
    return f"{call} filter (where {condition(draw, draw.choice(MONEY))})" if draw.random() < 0.3 else call


def checks():
    """All checks, the random ones from one seed."""
    draw = random.Random(SEED)
    drawn = []
    for _ in range(RANDOM):
        value = draw.choice([aggregate(draw), f"{aggregate(draw)} / nullif({aggregate(draw)}, 0)",
                             f"{aggregate(draw)} - {aggregate(draw)}", f"round({aggregate(draw)}, 2)"])
        where = f" where {condition(draw, draw.choice(MONEY + COUNTS))}" if draw.random() < 0.4 else ""
        drawn.append(f"select {value} from customer{where}")
    return FIXED + drawn


def write(pipeline, queries):
    """Adds checks to a pipeline file in place of its own; each only warns."""
    text = pipeline.read_text(encoding="utf-8").split("\n[[expect]]")[0]
    for number, sql in enumerate(queries):
        text += f"\n[[expect]]\nname = \"{number}\"\nsql = '''{sql}'''\nat_least = 0\nseverity = \"warn\"\n"
    pipeline.write_text(text, encoding="utf-8")


def compare(out):
    """Differences between what the release says its checks found and what DuckDB finds."""
    release = json.loads((out / "release.json").read_text(encoding="utf-8"))
    found = {check["name"]: check["found"] for check in release["run"]["checks"]}
    engine = duckdb.connect()
    for name, table in release["tables"].items():
        files = [str(out / file["path"]) for file in table["files"]]
        if files:
            engine.execute(f"create view {name} as from read_parquet({files}, hive_partitioning = false)")
    faults = []
    for number, sql in enumerate(checks()):
        answer = found[str(number)]
        if not is_same(answer, (expected := of_duckdb(engine, sql))):
            faults.append(f"{sql}: abacus {answer}, DuckDB {expected}")
    return faults


def of_duckdb(engine, sql):
    """The one value, or nothing where there is no finite number."""
    try:
        (value,), = engine.execute(sql).fetchall()
    except duckdb.OutOfRangeException:
        # 64 bits are too few in DuckDB, which ends with an error; abacus takes as many as it needs.
        (value,), = engine.execute(sql.replace("customer_id", "customer_id::hugeint", 1)).fetchall()
    except duckdb.Error as fault:
        return f"error: {str(fault).splitlines()[0]}"
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return Decimal(value) if isinstance(value, (int, Decimal)) else None


def is_number(text):
    """Whether a found text is a number."""
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False


def is_same(answer, expected):
    """Whether both have the same number, or neither has one."""
    if not is_number(answer) or not isinstance(expected, (Decimal, float)):
        return not is_number(answer) and not isinstance(expected, (Decimal, float))
    if isinstance(expected, Decimal):
        return Decimal(answer) == expected
    return abs(float(answer) - expected) <= 1e-12 * max(abs(expected), 1.0)


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), checks())
    elif sys.argv[1] == "refused":
        write(Path(sys.argv[2]), REFUSED)
        print(len(REFUSED))
    else:
        differences = compare(Path(sys.argv[2]))
        print("\n".join(differences) or f"checks: abacus and DuckDB agree on {len(checks())}")
        sys.exit(1 if differences else 0)
