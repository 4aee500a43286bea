#!/usr/bin/env bash
# A temporary view of Spark 4.3.0 over files named in SQL (FROM parquet.`path`) is kept as text, and every statement that
# mentions the view, or a view over it, looks at the files again to find their columns, with a job for each file: eight
# files and a chain of five views, none of which is read, take 48 jobs. The same queries registered one by one with
# createOrReplaceTempView, which keeps the resolved plan, take 8. And the way between, a view made by
# CREATE TEMPORARY VIEW ... USING parquet, looks once but hides the column _metadata, which the path itself has.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.3.0 pyarrow==25.0.1
cat > views.py <<'PY'
import sys

import pyarrow
import pyarrow.parquet
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

FILES = [f"day-{day}.parquet" for day in range(8)]
for file in FILES:
    pyarrow.parquet.write_table(pyarrow.table({"units": [1, 2]}), file)
session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
session.sparkContext.setLogLevel("ERROR")


def jobs():
    return len(session.sparkContext.statusTracker().getJobIdsForGroup(None))


def chain(make):
    """Views over views over all files; gives the jobs that making them took."""
    before = jobs()
    make("level_0", " UNION ALL ".join(f"SELECT units FROM parquet.`{file}`" for file in FILES))
    for level in range(1, 6):
        make(f"level_{level}", f"SELECT units + 1 AS units FROM level_{level - 1}")
    return jobs() - before


by_text = chain(lambda name, query: session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {query}"))
by_plan = chain(lambda name, query: session.sql(query).createOrReplaceTempView(name))
session.sql(f"CREATE TEMPORARY VIEW one USING parquet OPTIONS (path '{FILES[0]}')")
rows = [row[0] for row in session.sql(f"SELECT _metadata.row_index FROM parquet.`{FILES[0]}` ORDER BY 1").collect()]
try:
    hidden = session.sql("SELECT _metadata.row_index FROM one").collect()
except AnalysisException as fault:
    hidden = fault.getCondition()
print(f"jobs of views made by statements {by_text}, by plans {by_plan}; row_index by path {rows}, by USING {hidden}")
expected = (48, 8, [0, 1], "UNRESOLVED_COLUMN.WITH_SUGGESTION")
sys.exit(0 if (by_text, by_plan, rows, hidden) == expected else 1)
PY
venv/bin/python views.py 2> log || { tail -n 20 log >&2; exit 1; }
