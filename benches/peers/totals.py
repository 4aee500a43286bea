"""Control totals of a folder of published tables: what every contestant must agree on."""

from decimal import Decimal

import duckdb

from job import MONEY_UNIT

COUNTS = ["lines", "orders", "active_days", "units", "returned_units"]
MONEY = ["list_revenue", "discount", "returns", "product_cost", "gross_margin", "cost_to_serve", "customer_level_cost",
         "acquisition_cost", "customer_profit"]
PRODUCT_MONEY = ["list_revenue", "discount", "returns", "product_cost"]
TABLES = [
    ("customer_period", COUNTS, MONEY),
    ("customer", COUNTS, MONEY),
    ("customer_product", ["lines", "units", "returned_units"], PRODUCT_MONEY),
]


def control_totals(files, scaled=False):
    """Sums over written files, {table: [path or pattern]}. `scaled` money is integers of 1/10^4."""
    connection = duckdb.connect()
    totals = {}
    for table, counts, money in TABLES:
        listed = ", ".join(f"'{file}'" for file in files[table])
        sums = ", ".join(f"sum({name})" for name in [*counts, *money])
        row = connection.execute(f"SELECT count(*), {sums} FROM read_parquet([{listed}])").fetchone()
        totals[f"{table}.rows"] = row[0]
        for name, value in zip([*counts, *money], row[1:]):
            amount = Decimal(str(value if value is not None else 0))
            totals[f"{table}.{name}"] = amount / MONEY_UNIT if scaled and name in money else amount
    return totals


def in_folder(out):
    """The files of a folder with one folder per table."""
    return {table: [f"{out}/{table}/**/*.parquet"] for table, _, _ in TABLES}
