"""Rows that break the row contract in every way the facts know, and what the printed SQL says of each.

    python bad_rows.py write OUT
    python bad_rows.py compare OUT facts.json

`write` leaves `pipelines/bad.toml` and its files in OUT. `compare` runs the views of facts.json, which `abacus --format json
facts … --sql duckdb` printed, in DuckDB, and holds accounts and quarantine against those of the release in OUT/out: source,
file, row group, row and reason. Exit 1 on any difference.
"""

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

DAY = datetime(2024, 1, 15, 12)
FINE = {
    "customer": 1, "number": 10, "line": 1, "product": "tea", "at": DAY, "quantity": Decimal("2"), "price": 2.5,
    "cost": Decimal("1.25"), "discount": Decimal("0.1"), "currency": "EUR", "status": "ok", "points": "12", "weight": 0.5,
}
TYPES = {
    "customer": pa.int64(), "number": pa.int64(), "line": pa.int32(), "product": pa.string(), "at": pa.timestamp("us"),
    "quantity": pa.decimal128(20, 2), "price": pa.float64(), "cost": pa.decimal128(38, 10),
    "discount": pa.decimal128(18, 6), "currency": pa.string(), "status": pa.string(), "points": pa.string(),
    "weight": pa.float64(),
}
# One change to a fine row each; the order of reasons is tried by rows with several.
CHANGES = [
    {},
    {"status": "test"},
    {"status": None},
    {"status": "test", "at": None},
    {"at": None},
    {"at": datetime(1899, 12, 31, 23)},
    {"at": datetime(1900, 1, 1)},
    {"at": datetime(2199, 12, 31, 23)},
    {"at": datetime(2200, 1, 1)},
    {"at": datetime(2019, 12, 31)},
    {"at": datetime(2030, 1, 1)},
    {"customer": None},
    {"customer": 2**63 - 1},
    {"customer": -(2**63)},
    {"number": None},
    {"line": None},
    {"product": None},
    {"product": "it's"},
    {"currency": "USD"},
    {"currency": None},
    {"quantity": None},
    {"quantity": Decimal("99999999999999.99")},
    {"quantity": Decimal("100000000000000.00")},
    {"quantity": Decimal("-2")},
    {"quantity": Decimal("0")},
    {"price": None},
    {"price": float("nan")},
    {"price": float("inf")},
    {"price": float("-inf")},
    {"price": 1e300},
    {"price": 1e13},
    {"price": 0.00005},
    {"price": -0.00015},
    {"price": 1.00005},
    {"price": 2.67495},
    {"cost": None},
    {"cost": Decimal("39999999999999.99994")},
    {"cost": Decimal("99999999999999.99995")},
    {"cost": Decimal("1234567890123456789012345678.0000000001")},
    {"cost": Decimal("0.00005")},
    {"cost": Decimal("-0.00005")},
    {"discount": None},
    {"discount": Decimal("0.000050")},
    {"discount": Decimal("999999999999.999999")},
    {"discount": Decimal("-1")},
    {"points": "twelve"},
    {"points": " 7 "},
    {"points": None},
    {"points": "'"},
    {"weight": None},
    {"weight": float("nan")},
    {"weight": 1e15},
    {"number": None, "cost": None, "currency": "USD"},
    {"price": float("nan"), "discount": None},
    {"customer": 2**63 - 1, "number": None},
]
PIPELINE = """
about = "Rows that break the row contract."

[facts]
period = "month"
currency = "EUR"
earliest = "2020-01-01"
latest = "2029-12-31"

[facts.transactions]
files = "../history/*.parquet"
where = "status <> 'test'"
customer = "customer"
order = "number"
line = "line"
product_group = "product"
at = "at"
quantity = "quantity"
revenue = "price * 1"
cost = "cost"
discount = "discount * 0.5"
currency = "currency"

[facts.transactions.checks]
sale_sign = "quarantine"
no_quantity = "quarantine"
negative_discount = "quarantine"
discount_above_list = "quarantine"

[[costing.resource]]
name = "desk"
amount = 100

[[costing.activity]]
name = "serve"
from = { "desk" = 1 }
driver = "sum(cast(points as integer)) + sum(weight) + count(distinct product) filter (where quantity > 1)"

[profitability]

[publish]
path = "../out"
"""


def main():
    """Writes the history, or compares."""
    match sys.argv[1:]:
        case ["write", out]:
            write(Path(out))
        case ["compare", out, script]:
            compare(Path(out), json.loads(Path(script).read_text(encoding="utf-8")))
        case _:
            sys.exit(__doc__)


def write(out):
    """Two files, one with a name that needs quotes, in several row groups."""
    (out / "history").mkdir(parents=True)
    (out / "pipelines").mkdir()
    (out / "pipelines" / "bad.toml").write_text(PIPELINE.lstrip(), encoding="utf-8")
    # Amounts at the limit are of a customer of their own: sums past 18 digits end a run.
    rows = [{**FINE, "customer": number, "line": number, **change} for number, change in enumerate(CHANGES)]
    for name, part in [("a's first.parquet", rows[::2]), ("b.parquet", rows[1::2])]:
        table = pa.Table.from_pylist(part, schema=pa.schema(TYPES))
        pq.write_table(table, out / "history" / name, row_group_size=7)


def compare(out, script):
    """Accounts and quarantine."""
    connection = duckdb.connect()
    for name, value in script["settings"].items():
        connection.execute(f"SET {name} = '{value}'")
    for statement in script["statements"]:
        connection.execute(statement["sql"])
    release = json.loads((out / "out" / "release.json").read_text(encoding="utf-8"))
    faults = accounts(connection, release) + quarantine(connection, release, out)
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)


def accounts(connection, release):
    """Where the rows of each file went."""
    found = {}
    for file in release["run"]["facts"]["files"]:
        counts = file["counts"]
        names = ["read", "used", "excluded", "quarantined", "after_as_of"]
        found[Path(file["file"]["path"]).name] = tuple(counts[name] for name in names)
    said = connection.execute('SELECT file, "read", used, excluded, quarantined, after_as_of FROM account').fetchall()
    said = {Path(file).name: tuple(counts) for file, *counts in said}
    return [] if said == found else [f"accounts are {found}, the SQL says {said}"]


def quarantine(connection, release, out):
    """Each quarantined row and why."""
    files = [str(out / "out" / file["path"]) for file in release["tables"]["quarantine"]["files"]]
    found = connection.execute(f'SELECT file, row_group, "row", reason FROM read_parquet({files})').fetchall()
    found = {(Path(file).name, group, row): reason for file, group, row, reason in found}
    said = {}
    for file, row, reason in connection.execute('SELECT file, "row", reason FROM quarantine').fetchall():
        metadata, group = pq.read_metadata(file), 0
        while row >= metadata.row_group(group).num_rows:
            row, group = row - metadata.row_group(group).num_rows, group + 1
        said[Path(file).name, group, row] = reason
    places = sorted(found.keys() | said.keys())
    if not found:
        return ["no row is quarantined"]
    return [
        f"{place}: {found.get(place)!r}, the SQL says {said.get(place)!r}"
        for place in places
        if found.get(place) != said.get(place)
    ]


if __name__ == "__main__":
    main()
