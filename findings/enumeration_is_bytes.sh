#!/usr/bin/env bash
# ClickHouse (chdb 4.4.0) writes an Enum8 column as BYTE_ARRAY with the logical type ENUM, which the format says is text
# in UTF-8. DuckDB 2.0.1 and Polars 2.1.0 read text; pyarrow 26.0.1 and DataFusion 55.0.0 (Rust arrow) read bytes, so
# that comparing or joining the column with text fails or matches nothing there.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    chdb==4.4.0 pyarrow==26.0.1 datafusion==55.0.0 duckdb==2.0.1 polars==2.1.0
cat > read.py <<'PY'
import sys

import chdb
import datafusion
import duckdb
import polars as pl
import pyarrow.parquet as pq

words = "cast(number % 2, 'Enum8(''paid'' = 0, ''open'' = 1)') as state"
chdb.query(f"insert into function file('e.parquet', Parquet) select {words} from numbers(4)")
found = {
    "duckdb": duckdb.sql("select typeof(state) from 'e.parquet' limit 1").fetchall()[0][0],
    "polars": str(pl.read_parquet_schema("e.parquet")["state"]),
    "pyarrow": str(pq.read_schema("e.parquet").field("state").type),
    "datafusion": str(datafusion.SessionContext().read_parquet("e.parquet").schema().field("state").type),
}
for reader, kind in found.items():
    print(f"{reader:12} {kind}")
sys.exit(0 if list(found.values()) == ["VARCHAR", "String", "binary", "binary_view"] else 1)
PY
venv/bin/python read.py
