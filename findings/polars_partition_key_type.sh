#!/usr/bin/env bash
# A folder that Polars 2.1.0 partitions cannot be opened as a Hive-partitioned data set by pyarrow 26.0.1, whether the
# key is text or a number. Polars keeps the key in the files too, as 64-bit (large) text or int64; pyarrow infers 32-bit
# text and int32 for the key of the path, and unifies the two with an error where one would expect a promotion. DuckDB
# 2.0.1 reads the folder. Written with include_key=False, pyarrow reads it as well.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1 duckdb==2.0.1
cat > read.py <<'PY'
import sys

import duckdb
import polars as pl
import pyarrow.dataset as ds


def by_pyarrow(folder):
    try:
        return ds.dataset(folder, partitioning="hive").to_table().num_rows
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"


frame = pl.DataFrame({"region": ["north", "south"], "shop": [7, 8], "money": [1, 2]})
found = {}
for key in ("region", "shop"):
    frame.write_parquet(pl.PartitionBy(f"by_{key}/", key=key))
    frame.write_parquet(pl.PartitionBy(f"only_path_{key}/", key=key, include_key=False))
    found[key] = by_pyarrow(f"by_{key}"), by_pyarrow(f"only_path_{key}")
    rows = duckdb.sql(f"select count(*) from read_parquet('by_{key}/**/*.parquet', hive_partitioning = true)").fetchall()
    print(f"by {key}: DuckDB reads {rows[0][0]} rows, pyarrow with the key in the files {found[key][0]}, without {found[key][1]}")
sys.exit(0 if all("incompatible types" in str(kept) and left == 2 for kept, left in found.values()) else 1)
PY
venv/bin/python read.py
