"""Folders as DuckDB 2.0 and pyarrow 26 partition them, read by abacus as DuckDB reads them.

    python folders.py ABACUS

Sums by the folder column must be those of DuckDB over the same files, text for text. Exit 1 on any difference.
"""

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

PIPELINE = """
[facts]
period = "month"
currency = "EUR"

[facts.transactions]
files = "../data/**/*.parquet"
customer = "customer"
order = "line"
at = "day"
revenue = "money"
product_group = "part"
"""

VALUES = {
    "odd characters": ["a/b c", "50% off", "café", "x=y", "north", None, "", "NULL", "__HIVE_DEFAULT_PARTITION__", "a\\b", "[x]", "*", "北海道"],
    "integers": ["1", "-2", "30", None],
    "leading zeros": ["007", "7", "08"],
    "an integer that is none": ["1", "2", "X1"],
    "decimals": ["1.50", "2.00", "-0.25"],
    "truth values": ["true", "false", None],
    "dates": ["2024-01-31", "2024-02-29", None],
    "no dates": ["2024-01-31", "2024-02-30"],
    "only null": [None],
}


def by_duckdb(table, folder):
    """`copy … partition_by`."""
    connection = duckdb.connect()
    connection.register("rows", table)
    connection.execute(f"copy rows to '{folder}' (format parquet, partition_by (part))")


def by_pyarrow(table, folder):
    """`write_to_dataset`."""
    pq.write_to_dataset(table, folder, partition_cols=["part"])


def main():
    """Every set of values by both."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    abacus, faults = Path(sys.argv[1]).resolve(), 0
    for write in (by_duckdb, by_pyarrow):
        for name, values in VALUES.items():
            with tempfile.TemporaryDirectory() as folder:
                fault = check(abacus, write, values, Path(folder))
            print(f"{write.__name__.removeprefix('by_'):8}  {name:24} {fault or 'same'}", flush=True)
            faults += fault is not None
    print(f"folders: {faults} differences")
    sys.exit(1 if faults else 0)


def check(abacus, write, values, folder):
    """The first difference, or nothing."""
    rows = range(3 * len(values))
    table = pa.table({
        "customer": pa.array([1] * len(rows), pa.int64()),
        "line": pa.array(rows, pa.int64()),
        "day": pa.array([date(2024, 1, 1)] * len(rows)),
        "money": pa.array([2**row for row in rows], pa.int64()),
        "part": pa.array([values[row % len(values)] for row in rows], pa.string()),
    })
    write(table, folder / "data")
    (folder / "pipelines").mkdir()
    (folder / "pipelines/p.toml").write_text(PIPELINE, encoding="utf-8")
    command = [abacus, "run", "pipelines/p.toml"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return f"exit code {run.returncode}: {run.stderr.strip()}"
    connection = duckdb.connect()
    source = f"read_parquet('{folder}/data/**/*.parquet', hive_partitioning = true)"
    expected = connection.execute(
        f"select coalesce(part::varchar, '(none)'), sum(money)::decimal(38, 4) from {source} group by 1 order by 1"
    ).fetchall()
    connection.execute((folder / "pipelines/out/p/views.sql").read_text(encoding="utf-8"))
    found = connection.execute("select product_group, net_revenue from product_group order by 1").fetchall()
    return None if found == expected else f"found {found}, expected {expected}"


if __name__ == "__main__":
    main()
