"""Holds the grains that two jobs handed over against each other, row by row.

    python request_oracle.py FOLDER FOLDER

Both have `request.json` and the Parquet files of its grains, by whatever engine. Exit 1 on any difference.
"""

import json
import sys
from pathlib import Path

import duckdb


def main():
    """Grain by grain."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    first, second = (Path(folder) for folder in sys.argv[1:])
    connection = duckdb.connect()
    faults, rows = [], 0
    for grain in json.loads((first / "request.json").read_text(encoding="utf-8"))["grains"]:
        one, other = (table(folder / grain["name"]) for folder in (first, second))
        columns = ", ".join(f'"{row[0]}"' for row in connection.execute(f"DESCRIBE SELECT * FROM {one}").fetchall())
        for left, right in [(one, other), (other, one)]:
            query = f"SELECT {columns} FROM {left} EXCEPT ALL SELECT {columns} FROM {right}"
            found = connection.execute(query + " LIMIT 3").fetchall()
            faults += [f"{grain['name']}: {row} is in {left} only" for row in found]
        rows += connection.execute(f"SELECT count(*) FROM {one}").fetchall()[0][0]
    for fault in faults:
        print(fault)
    if faults or rows == 0:
        sys.exit(f"{len(faults)} differences in {rows} rows")


def table(folder):
    """The files of a grain."""
    return f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"


if __name__ == "__main__":
    main()
