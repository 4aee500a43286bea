#!/usr/bin/env bash
# The mean of a column of money, DECIMAL(18,2) with 0.02, 0.02 and 0.01, whose mean is 0.01666…: pyarrow 25.0.1 answers a decimal of
# the column's own scale, 0.02, a fifth too much, and so does pandas 3.1.1 with columns of Arrow, by group too; DataFusion 55.0.0 and
# Daft 0.7.26 add four digits and cut, 0.016666; DuckDB 2.0.1, Polars 2.1.0 and ClickHouse 4.4.0 (chdb) answer a double. No error and
# no warning. The sum divided by the count is the same number everywhere.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pyarrow==25.0.1 pandas==3.1.1 datafusion==55.0.0 daft==0.7.26 duckdb==2.0.1 polars==2.1.0 chdb==4.4.0
cat > mean.py <<'PY'
import sys
from decimal import Decimal

import chdb
import daft
import datafusion
import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

cents = pa.array([Decimal("0.02"), Decimal("0.02"), Decimal("0.01")], pa.decimal128(18, 2))
pa.parquet.write_table(pa.table({"who": [1, 1, 1], "margin": cents}), "margin.parquet")
context = datafusion.SessionContext()
context.register_parquet("margin", "margin.parquet")
frame = pandas.read_parquet("margin.parquet", dtype_backend="pyarrow")
means = {
    "pyarrow": pa.compute.mean(cents).as_py(),
    "pandas": frame.margin.mean(),
    "pandas by group": frame.groupby("who").margin.mean().iloc[0],
    "datafusion": context.sql("select avg(margin) as mean from margin").to_pylist()[0]["mean"],
    "daft": daft.read_parquet("margin.parquet").agg(daft.col("margin").mean()).to_pydict()["margin"][0],
    "duckdb": duckdb.sql("select avg(margin) from 'margin.parquet'").fetchall()[0][0],
    "polars": polars.read_parquet("margin.parquet")["margin"].mean(),
    "chdb": float(str(chdb.query("select avg(margin) from file('margin.parquet')"))),
}
for reader, mean in means.items():
    print(reader, type(mean).__name__, mean)
found = [str(round(mean, 9)) for mean in means.values()]
double = "0.016666667"
rounded, cut = str(round(Decimal("0.02"), 9)), str(round(Decimal("0.016666"), 9))
sys.exit(0 if found == [rounded, rounded, rounded, cut, cut, double, double, double] else 1)
PY
venv/bin/python mean.py
