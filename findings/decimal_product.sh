#!/usr/bin/env bash
# The product of two decimals, price × quantity × share, with columns as warehouses declare them. Spark 4.3.0 makes the product
# of DECIMAL(38,10) columns a DECIMAL(38,6): 3 × 0.0049995 × 0.01 is rounded to six digits on the way, and then to 0.0002 at
# four, where the exact 0.000149985 is 0.0001; no error, no warning. With allowPrecisionLoss = false it is exact. DuckDB 2.0.1
# keeps the digits, but holds the product of a DECIMAL(9,2) and a DECIMAL(12,4) in 18 of them and fails past these, although
# it has decimals of 38 and widens a sum.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pyspark==4.3.0
cat > product.py <<'PY'
import sys

import duckdb
from pyspark.sql import SparkSession

connection = duckdb.connect()
columns = "(select cast(2000000 as decimal(9, 2)) as a, cast(20000000 as decimal(12, 4)) as b)"
try:
    product = str(connection.execute(f"select a * b from {columns}").fetchall()[0][0])
except duckdb.Error as fault:
    product = type(fault).__name__
wide = str(connection.execute(f"select cast(a as decimal(19, 2)) * b from {columns}").fetchall()[0][0])
total = connection.execute("select typeof(cast(1 as decimal(18, 2)) + cast(1 as decimal(18, 2)))").fetchall()[0][0]
print("duckdb", product, wide, total)

session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
session.sparkContext.setLogLevel("OFF")
text = """select cast(a * b * c as decimal(18, 4)) from (select cast(3 as decimal(38, 10)) as a,
    cast(0.0049995 as decimal(38, 10)) as b, cast(0.01 as decimal(38, 10)) as c)"""
rounded = str(session.sql(text).collect()[0][0])
session.conf.set("spark.sql.decimalOperations.allowPrecisionLoss", "false")
exact = str(session.sql(text).collect()[0][0])
print("spark", rounded, exact)
expected = ("OutOfRangeException", "40000000000000.000000", "DECIMAL(19,2)", "0.0002", "0.0001")
sys.exit(0 if (product, wide, total, rounded, exact) == expected else 1)
PY
venv/bin/python product.py
