"""Recomputes `price_waterfall`, `price_band` and `customer_price` from the lines and cells that DuckDB made.

A waterfall leads from the list value of all lines, sales less returns, over components on invoice and what of the discount they
do not name to the net revenue, over components off invoice to what is pocketed, and over the goods to its margin.
"""

from collections import defaultdict
from fractions import Fraction

EARNED = ["list_revenue", "discount", "returns", "product_cost", "units", "returned_units"]


def compare(oracle):
    """Differences between the published tables and the recomputed ones, as text."""
    components = oracle.spec["components"]
    if not components:
        made = [table for table in oracle.tables if "price" in table]
        return [f"{table} should not exist" for table in made]
    names = {of["sql"]: of["column"] for of in oracle.aggregates if of["source"] == "transactions"}
    kept = {name: names[f"sum({amount})"] for name, amount, _ in components}
    lines = [name for name, _, _ in components]
    on, off = [[name for name, _, invoice in components if invoice == of] for of in ("on", "off")]
    groups, customers, bands = defaultdict(Sums), defaultdict(Sums), defaultdict(lambda: [Fraction(0)] * 5)
    list_of = dict_of(oracle, "product_group", "sum(revenue)")
    columns = ", ".join([*EARNED, *kept.values()])
    cells = oracle.sql(f"SELECT period, product_group, customer, {columns} FROM made_customer_product")
    lists = dict_of(oracle, "product_group, customer", "sum(revenue)")
    for period, group, customer, *values in cells:
        of_cell = Sums()
        of_cell.add(values, lines, lists[period, group, customer])
        groups[period, group].join(of_cell)
        customers[period, customer].join(of_cell)
        add_band(bands, period, group, customer, of_cell, off)
    faults = [f"list price of {key} is {groups[key].list}" for key, value in list_of.items() if groups[key].list != value]
    wanted = {(*key, place): [amount] for key, sums in groups.items() if sums.any()
              for place, amount in enumerate(sums.amounts(on, off), 1)}
    faults += differences(oracle, "price_waterfall", "period_start, product_group, line_number", "amount", wanted)
    levels = {1, len(on) + 3, len(lines) + 4, len(lines) + 6}
    wanted = {(*key, place): [amount] for key, sums in customers.items() if sums.any_money()
              for place, amount in enumerate(sums.amounts(on, off), 1) if amount or place in levels}
    faults += differences(oracle, "customer_price", "period_start, customer_id, line_number", "amount", wanted)
    wanted = {key: values for key, values in bands.items()}
    measures = "customers, units, list_price, invoice_price, pocket_price"
    return faults + differences(oracle, "price_band", "period_start, product_group, band_number", measures, wanted)


class Sums:
    """What a waterfall is made of."""

    def __init__(self):
        self.list = self.net = self.cost = self.units = Fraction(0)
        self.given = defaultdict(Fraction)

    def add(self, values, lines, list_price):
        """The values of a cell."""
        gross, discount, returns, cost, units, returned, *given = map(Fraction, values)
        self.list, self.net, self.cost, self.units = Fraction(list_price), gross - discount - returns, cost, units - returned
        self.given.update(zip(lines, given))

    def join(self, other):
        """Adds another."""
        self.list, self.net = self.list + other.list, self.net + other.net
        self.cost, self.units = self.cost + other.cost, self.units + other.units
        for name, amount in other.given.items():
            self.given[name] += amount

    def any(self):
        """Whether there is anything."""
        return bool(self.units) or self.any_money()

    def any_money(self):
        """Whether there is money: customers' waterfalls have nothing else."""
        return any([self.list, self.net, self.cost, *self.given.values()])

    def pocket(self, off):
        """What is pocketed."""
        return self.net - sum(self.given[name] for name in off)

    def amounts(self, on, off):
        """The lines in order."""
        on, given = [self.given[name] for name in on], [self.given[name] for name in off]
        pocket = self.net - sum(given)
        steps = [-amount for amount in on] + [self.net + sum(on) - self.list]
        return [self.list, *steps, self.net, *[-amount for amount in given], pocket, -self.cost, pocket - self.cost]


def dict_of(oracle, keys, value):
    """Sums straight from the lines."""
    rows = oracle.sql(f'SELECT period, {keys}, {value} FROM "transactions_used" GROUP BY period, {keys}')
    return {row[:-1]: Fraction(row[-1]) for row in rows}


def add_band(bands, period, group, customer, of, off):
    """A cell to its band, a twentieth of the list price wide."""
    if of.list <= 0:
        return
    pocket = of.pocket(off)
    number = max(min(pocket * 20 // of.list, 20), -1) + 2
    values = [customer is not None, of.units, of.list, of.net, pocket]
    bands[period, group, int(number)] = [x + y for x, y in zip(bands[period, group, int(number)], values)]


def differences(oracle, table, keys, columns, expected):
    """Of one table."""
    files = ", ".join(f"'{oracle.out / file['path']}'" for file in oracle.tables[table]["files"])
    width = len(keys.split(", "))
    rows = oracle.sql(f"SELECT {keys}, {columns} FROM read_parquet([{files}], hive_partitioning = false)")
    found = {row[:width]: [Fraction(value) for value in row[width:]] for row in rows}
    faults = [f"{table}: {key} should not exist" for key in found if key not in expected]
    for key, wanted in expected.items():
        if found.get(key) != wanted:
            faults.append(f"{table}: {key} has {found.get(key)}, expected {[str(value) for value in wanted]}")
    oracle.rows, oracle.values = oracle.rows + len(expected), oracle.values + len(expected) * len(columns.split(", "))
    return faults
