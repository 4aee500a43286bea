#!/usr/bin/env bash
# Field ids in Parquet files are how Iceberg knows columns, so stable ids look like a help to whoever registers the files
# (`add_files`). But an Iceberg table is given ids of its own when it is made, 1, 2, 3 in the order of its columns, also where
# the schema that it is made from has ids. Files with other ids then read as null in every column, without an error, in
# pyiceberg, Polars and Daft; files with the same ids in another order read with their columns exchanged. Only files
# without ids are found by name, which Daft refuses.
#     pyiceberg 0.12.0, polars 2.1.0, daft 0.7.26, pyarrow 25.0.1: ids 101 and 102 are nulls, ids 2 and 1 are exchanged
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    "pyiceberg[sql-sqlite]==0.12.0" polars==2.1.0 daft==0.7.26 pyarrow==25.0.1
venv/bin/python -W ignore <<'PY'
import os

import daft
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog

folder = os.getcwd()
catalog = SqlCatalog("c", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
catalog.create_namespace("n")


def read(name, ids):
    """What three readers find in a table made from the schema of a file, to which the file was added."""
    metadata = [{"PARQUET:field_id": str(number)} if number else None for number in ids]
    schema = pa.schema([pa.field(column, pa.int64(), metadata=one) for column, one in zip("ab", metadata)])
    pq.write_table(pa.table({"a": [1, 2], "b": [30, 40]}, schema=schema), f"{name}.parquet")
    table = catalog.create_table(f"n.{name}", schema=pq.read_schema(f"{name}.parquet"))
    assert [field.field_id for field in table.schema().fields] == [1, 2]
    table.add_files([f"{folder}/{name}.parquet"])
    found = [table.scan().to_arrow().to_pydict(), pl.scan_iceberg(table).collect().to_dict(as_series=False)]
    try:
        found.append(daft.read_iceberg(table).to_pydict())
    except Exception:
        found.append("refused")
    return found


written, nothing, exchanged = {"a": [1, 2], "b": [30, 40]}, {"a": [None] * 2, "b": [None] * 2}, {"a": [30, 40], "b": [1, 2]}
for name, ids, expected in [
    ("none", (0, 0), [written, written, "refused"]),
    ("of_the_table", (1, 2), [written] * 3),
    ("others", (101, 102), [nothing] * 3),
    ("in_another_order", (2, 1), [exchanged] * 3),
]:
    found = read(name, ids)
    print(f"ids {name}: {found}")
    assert found == expected, (name, found)
PY
