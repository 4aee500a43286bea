#!/usr/bin/env bash
# Columns become rows under a name that the table has already, as when tables of customers are unpivoted into kinds of
# segments and the customers have an attribute "kind". DuckDB 2.0.1 neither refuses nor lets the new column hide the old:
# the new one is called kind_1, and kind is still the attribute, so the query runs and groups by the wrong thing. The same
# table in Polars 2.1.0 is refused (DuplicateError).
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0
cat > unpivot.py <<'PY'
import sys

import duckdb
import polars

connection = duckdb.connect()
connection.execute("create table customer as select 1 as id, 'shop' as kind, 'gold' as tier, 'new' as state")
rows = connection.execute(
    "select kind, value from (unpivot customer on tier, state into name kind value value) order by value"
).fetchall()
names = [column[0] for column in connection.execute(
    "select * from (unpivot customer on tier, state into name kind value value)"
).description]
print("duckdb", rows, names)
try:
    table = polars.DataFrame({"id": [1], "kind": ["shop"], "tier": ["gold"], "state": ["new"]})
    table.unpivot(["tier", "state"], index=["id", "kind"], variable_name="kind", value_name="value")
    refused = "nothing"
except Exception as fault:
    refused = type(fault).__name__
print("polars", refused)
expected = ([("shop", "gold"), ("shop", "new")], ["id", "kind", "kind_1", "value"], "DuplicateError")
sys.exit(0 if (rows, names, refused) == expected else 1)
PY
venv/bin/python unpivot.py
