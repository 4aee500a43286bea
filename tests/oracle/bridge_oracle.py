"""Recomputes `customer_bridge`, `bridge` and `bridge_part` from the cells that DuckDB made and the costs that were published.

Every customer is split on its own, in exact fractions that are rounded where the definition rounds: volume at the old mix,
product mix, what each unit is sold for, what service it takes and what that costs at the rates of the first period; one who
bought in one of the two periods alone is one step. What all customers come to is what the tables of all customers must say.
"""

from collections import defaultdict
from fractions import Fraction

CELLS = ["units", "list_revenue", "discount", "returns", "product_cost"]
STEPS = ["new customers", "returned customers", "lost customers", "volume", "mix", "list price", "discount", "returns",
         "product cost", "price concession", "service intensity", "driver rate"]


def compare(oracle):
    """Differences between the published tables and the recomputed ones, as text."""
    customers, parts, levels = recomputed(oracle)
    keys = ["comparison", "period_start", "compared_period_start"]
    effects = [f"{step.replace(' ', '_')}_effect" for step in STEPS]
    columns = ["customer_status", "contribution_before", *effects, "contribution"]
    faults = differences(oracle, "customer_bridge", [*keys, "customer_id"], columns, customers)
    faults += differences(oracle, "bridge_part", [*keys, "step", "kind", "name"], ["amount"], parts)
    return faults + differences(oracle, "bridge", [*keys, "step"], ["amount"], levels, "measure = 'contribution'")


def differences(oracle, table, keys, columns, expected, where="true"):
    """Of one table."""
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables[table]["files"])
    rows = oracle.sql(f"""SELECT {", ".join(keys + columns)} FROM read_parquet([{files}], hive_partitioning = false)
        WHERE {where} AND span = 'period'""")
    found = {row[: len(keys)]: row[len(keys):] for row in rows}
    faults = [f"{table}: {key} should not exist" for key in found if key not in expected]
    for key, wanted in expected.items():
        if found.get(key) != tuple(wanted):
            faults.append(f"{table}: {key} has {found.get(key)}, expected {[str(value) for value in wanted]}")
    oracle.rows, oracle.values = oracle.rows + len(expected), oracle.values + len(expected) * len(columns)
    return faults


def recomputed(oracle):
    """Rows of the three tables by their keys."""
    scale = oracle.sql("SELECT typeof(list_revenue) FROM made_customer_period LIMIT 1")[0][0]
    unit = Fraction(1, 10 ** int(scale.split(",")[1].rstrip(") ")))
    periods, had = read(oracle)
    year = {"month": 12, "week": 52, "quarter": 4, "year": 1}[oracle.spec["period"]]
    came = {}
    for place, period in enumerate(periods):
        for customer, of in had[period].items():
            if of["lines"] > 0:
                came.setdefault(customer, place)
    customers, levels = {}, {}
    parts = defaultdict(Fraction)
    for name, back in [("period before", 1), ("year before", year)]:
        for place in range(back, len(periods)):
            key = (name, periods[place], periods[place - back])
            sums = defaultdict(Fraction)
            before, after = had[periods[place - back]], had[periods[place]]
            rates = old_rates(oracle, periods[place - back])
            running = defaultdict(Fraction)
            for customer in sorted(before.keys() | after.keys(), key=lambda of: (of is None, key_order(of))):
                was, now = before.get(customer, nothing()), after.get(customer, nothing())
                bought = (was["lines"] > 0, now["lines"] > 0)
                status = "continuing"
                if customer is not None and bought == (True, False):
                    status = "lost"
                if customer is not None and bought == (False, True):
                    status = "returned" if came[customer] < place - back else "new"
                effects = split(status, was, now, rates, running, unit)
                row = defaultdict(Fraction)
                for (step, kind, of), amount in effects.items():
                    row[step] += amount
                    sums[step] += amount
                    parts[(*key, step, kind, of)] += amount
                start, end = contribution(was), contribution(now)
                assert start + sum(row.values()) == end, f"{key} {customer}"
                sums["contribution before"] += start
                sums["contribution"] += end
                known = profit_of(was), profit_of(now)
                if start or any(row.values()) or any(known):
                    customers[(*key, customer)] = [status, start, *[row[step] for step in STEPS], end]
            for step in ["contribution before", *STEPS, "contribution"]:
                levels[(*key, step)] = [sums[step]]
    return customers, {key: [amount] for key, amount in parts.items() if amount}, levels


def nothing():
    """A customer's period without anything."""
    return {"lines": 0, "cells": {}, "costs": {}, "volumes": {}, "profit": Fraction(0)}


def read(oracle):
    """The periods, and by period and customer: sale lines, cells by product group, costs and volumes by activity."""
    activities = above(oracle)
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables["customer_period"]["files"])
    names = [f"cost_{column}" for column in activities] + [f"volume_{column}" for column in activities]
    had, count = defaultdict(dict), len(activities)
    for period, customer, lines, profit, *values in oracle.sql(f"""SELECT period_start, customer_id, lines, customer_profit,
            {", ".join(names)} FROM read_parquet([{files}], hive_partitioning = false)"""):
        values = [Fraction(value) for value in values]
        costs, volumes = dict(zip(activities, values)), dict(zip(activities, values[count:]))
        had[period][customer] = {"lines": lines, "cells": {}, "costs": costs, "volumes": volumes, "profit": Fraction(profit)}
    for period, customer, group, *cell in oracle.sql(
            f"SELECT period, customer, product_group, {', '.join(CELLS)} FROM made_customer_product"):
        had[period][customer]["cells"][group] = [Fraction(value) for value in cell]
    rates = "read_parquet([" + ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables["activity_period"]["files"]) + "])"
    return [row[0] for row in oracle.sql(f"SELECT DISTINCT period_start FROM {rates} ORDER BY 1")], had


def above(oracle):
    """Activities above contribution: column to name."""
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables["activity_period"]["files"])
    rows = oracle.sql(f"""SELECT DISTINCT activity_column, activity FROM read_parquet([{files}]) WHERE level IN ('unit', 'order')
        ORDER BY 1""")
    return dict(rows)


def old_rates(oracle, period):
    """What a unit of driver volume cost in a period, with the name of the activity and whether it is a price concession."""
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables["activity_period"]["files"])
    rows = oracle.sql(f"""SELECT activity_column, activity, line, assigned, volume FROM read_parquet([{files}])
        WHERE level IN ('unit', 'order') AND period_start = '{period}'""")
    return {
        column: (name, line == "price concession", Fraction(assigned) / Fraction(volume) if volume else None)
        for column, name, line, assigned, volume in rows
    }


def contribution(of):
    """Of a customer's period."""
    return sum(margin(cell) for cell in of["cells"].values()) - sum(of["costs"].values())


def profit_of(of):
    """Customer profit as published: a customer without any money has no row."""
    return of["profit"]


def margin(cell):
    """Gross margin of a cell."""
    return cell[1] - cell[2] - cell[3] - cell[4]


def split(status, was, now, rates, running, unit):
    """Effects by step, kind and name."""
    effects = defaultdict(Fraction)
    whole = f"{status} customers" if status != "continuing" else None
    groups = sorted(was["cells"].keys() | now["cells"].keys())
    zero = [Fraction(0)] * len(CELLS)
    old = sum(max(cell[0], 0) for cell in was["cells"].values())
    new = sum(max(cell[0], 0) for cell in now["cells"].values())
    for group in groups:
        a, b = was["cells"].get(group, zero), now["cells"].get(group, zero)
        if whole:
            effects[whole, "product group", group] += margin(b) - margin(a)
            continue
        if a[0] > 0:
            at_old = [rounded(value * max(b[0], 0) / a[0], unit) for value in a]
        else:
            at_old = [x + y for x, y in zip(a, b)] if b[0] > 0 else a
        if a[0] > 0:
            grown = rounded(margin(a) * new / old, unit)
        else:
            grown = margin(a) if old > 0 else margin(at_old)
        for step, amount in [
            ("volume", grown - margin(a)),
            ("mix", margin(at_old) - grown),
            ("list price", b[1] - at_old[1]),
            ("discount", at_old[2] - b[2]),
            ("returns", at_old[3] - b[3]),
            ("product cost", at_old[4] - b[4]),
        ]:
            effects[step, "product group", group] += amount
    for column, (name, is_concession, rate) in rates.items():
        a, b = was["costs"].get(column, Fraction(0)), now["costs"].get(column, Fraction(0))
        start, volume = running[column], now["volumes"].get(column, Fraction(0))
        running[column] += volume
        if whole:
            effects[whole, "activity", name] += a - b
            continue
        grown = rounded(a * new / old, unit) if old > 0 else a
        if is_concession:
            effects["volume", "activity", name] += a - grown
            effects["price concession", "activity", name] += grown - b
            continue
        at_old = b if rate is None else rounded((start + volume) * rate, unit) - rounded(start * rate, unit)
        effects["volume", "activity", name] += a - grown
        effects["service intensity", "activity", name] += grown - at_old
        effects["driver rate", "activity", name] += at_old - b
    return {key: amount for key, amount in effects.items() if amount}


def rounded(amount, unit):
    """To the unit of money, halves away from zero."""
    units = abs(amount) / unit
    whole = int(units + Fraction(1, 2)) * unit
    return -whole if amount < 0 else whole


def key_order(key):
    """Integers by number, texts by byte."""
    return key.encode() if isinstance(key, str) else key or 0
