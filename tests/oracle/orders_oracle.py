"""Recomputes `order_profile` and `customer_order` from the orders that DuckDB made: bands, dimensions, costs, order by order.

An activity's cost goes to customers in the order of their keys and, within a customer, to orders in the order of theirs: each
has R(rate × running volume after) − R(rate × running volume before), in exact fractions. What of a customer's volume no order
has comes after the last order, and is a row of its own.
"""

from collections import defaultdict
from fractions import Fraction

LIMITS = [0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
MEASURES = ["orders", "lines", "net_revenue", "product_cost", "unit_level_cost", "order_level_cost", "cost_above_orders"]
RETURNS, NO_ORDER = len(LIMITS) + 2, len(LIMITS) + 3


def compare(oracle):
    """Differences between the published tables and the recomputed ones, as text."""
    cells, rows = recomputed(oracle)
    return compare_profile(oracle, cells) + compare_orders(oracle, rows)


def compare_orders(oracle, expected):
    """Differences of `customer_order`, by period, customer and order; without order: what no order of the customer causes."""
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables["customer_order"]["files"])
    declared = sorted(oracle.spec["dimensions"])
    columns = ["lines", "net_revenue", "product_cost", "unit_level_cost", "order_level_cost", "contribution", *declared]
    found = oracle.sql(f"""SELECT period_start, customer_id, order_id, {', '.join(columns)}
        FROM read_parquet([{files}], hive_partitioning = false)""")
    found = {row[:3]: row[3:] for row in found}
    faults = [f"customer_order: {key} should not exist" for key in found if key not in expected]
    for key, wanted in expected.items():
        if found.get(key) != wanted:
            faults.append(f"customer_order: {key} has {found.get(key)}, expected {[str(value) for value in wanted]}")
    oracle.rows, oracle.values = oracle.rows + len(expected), oracle.values + len(expected) * len(columns)
    return faults


def compare_profile(oracle, expected):
    """Differences of `order_profile`."""
    files = oracle.tables["order_profile"]["files"]
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in files)
    columns = f"period_start, dimension, member, band_number, {', '.join(MEASURES)}, customer_profit"
    found = oracle.sql(f"SELECT {columns} FROM read_parquet([{files}], hive_partitioning = false)")
    found = {row[:4]: row[4:] for row in found}
    faults = [f"order_profile: {key} should not exist" for key in found if key not in expected]
    for key, sums in expected.items():
        wanted = tuple(sums[name] for name in MEASURES)
        wanted += (wanted[2] - sum(wanted[3:]) - sums["price_concessions"],)
        if tuple(Fraction(value) for value in found.get(key, ())) != wanted:
            faults.append(f"order_profile: {key} has {found.get(key)}, expected {[str(value) for value in wanted]}")
    oracle.rows, oracle.values = oracle.rows + len(expected), oracle.values + len(expected) * (len(MEASURES) + 1)
    return faults


def recomputed(oracle):
    """Sums by period, dimension, member and band; and rows by period, customer and order."""
    names = [row[0] for row in oracle.sql("DESCRIBE made_customer_order")]
    dimensions = [name for name in names if name.startswith("dimension_")]
    declared = sorted(oracle.spec["dimensions"])
    orders = defaultdict(list)
    for row in oracle.sql("SELECT * FROM made_customer_order"):
        order = dict(zip(names, row))
        order["costs"] = defaultdict(Fraction)
        orders[order["period"], order["customer"]].append(order)
    for of_customer in orders.values():
        of_customer.sort(key=lambda order: key_order(order["order_key"]))
    rest = defaultdict(lambda: defaultdict(Fraction))
    post(oracle, names, orders, rest)
    cells, rows = defaultdict(lambda: defaultdict(Fraction)), {}
    for (period, customer), of_customer in orders.items():
        for order in of_customer:
            members = [order[name] for name in dimensions]
            for dimension, member in [("all", "all"), *zip(declared, members)]:
                add(cells[period, dimension, member, band(order)], order)
            rows[period, customer, order["order_key"]] = row_of(order, members)
    for (period, customer), sums in rest.items():
        for dimension in ["all", *declared]:
            for name, amount in sums.items():
                cells[period, dimension, "(no order)", NO_ORDER][name] += amount
        costs = [sums["unit_level_cost"], sums["order_level_cost"]]
        assert sums["price_concessions"] == 0, "price components are of lines, and lines of orders"
        if any(costs):
            rows[period, customer, None] = (0, 0, 0, *costs, -sum(costs), *[None] * len(declared))
    return {key: sums for key, sums in cells.items() if any(sums.values())}, rows


def row_of(order, members):
    """What `customer_order` has of an order."""
    earned = [Fraction(order[name]) for name in ["lines", "net_revenue", "product_cost"]]
    costs = [order["costs"]["unit_level_cost"], order["costs"]["order_level_cost"]]
    contribution = earned[1] - earned[2] - sum(costs) - order["costs"]["price_concessions"]
    return (*earned, *costs, contribution, *members)


def post(oracle, names, orders, rest):
    """Posts every activity above contribution to the orders of each period; the others stay above them."""
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables["activity_period"]["files"])
    rates = oracle.sql(f"SELECT period_start, activity_column, level, line, assigned, volume FROM read_parquet([{files}])")
    texts = oracle.volumes()
    scale = oracle.sql("SELECT typeof(list_revenue) FROM made_customer_period LIMIT 1")[0][0]
    unit = Fraction(1, 10 ** int(scale.split(",")[1].rstrip(") ")))
    for period, column, level, line, assigned, volume in rates:
        if level == "customer":
            rest[period, None]["cost_above_orders"] += Fraction(assigned)
            continue
        terms = [term.split(" * ", 1) for term in texts[f"volume_{column}"].split(" + ")]
        of_orders = [(Fraction(factor), name) for factor, name in terms if name in names]
        rows = oracle.sql(f"SELECT customer, {texts[f'volume_{column}']} FROM made_customer_period WHERE period = '{period}'")
        running, posted = Fraction(0), Fraction(0)
        rate = Fraction(assigned) / Fraction(volume) if volume else Fraction(0)
        kind = f"{level}_level_cost"
        if line == "price concession":
            # A price component is charged as it is, whatever it adds up to.
            rate, kind = Fraction(1), "price_concessions"
        for customer, whole in sorted(rows, key=lambda row: (row[0] is None, key_order(row[0]))):
            end = running + Fraction(whole)
            for order in orders[period, customer]:
                running += sum(factor * Fraction(order[name]) for factor, name in of_orders)
                until = rounded(running * rate, unit)
                order["costs"][kind] += until - posted
                posted = until
            running, until = end, rounded(end * rate, unit)
            rest[period, customer][kind] += until - posted
            posted = until


def add(sums, order):
    """Adds an order to its cell."""
    sums["orders"] += order["lines"] > 0
    for name in ["lines", "net_revenue", "product_cost"]:
        sums[name] += Fraction(order[name])
    for kind in ["unit_level_cost", "order_level_cost", "price_concessions"]:
        sums[kind] += order["costs"][kind]


def band(order):
    """The number of the band an order is of."""
    if order["lines"] == 0:
        return RETURNS
    return 1 + sum(limit <= order["net_revenue"] for limit in LIMITS)


def rounded(amount, unit):
    """To the unit of money, halves away from zero."""
    units = abs(amount) / unit
    whole = int(units + Fraction(1, 2)) * unit
    return -whole if amount < 0 else whole


def key_order(key):
    """Integers by number, texts by byte."""
    return key.encode() if isinstance(key, str) else key or 0
