#!/usr/bin/env bash
# The SQL that abacus writes for Spark, run by Spark: random expressions row by row, the facts of random histories against
# those of DuckDB, and what is published of them against the bytes of a scan, also where an executor is killed in a scan, between
# shuffles and while it writes. Takes some minutes and a Java of 17 or later, so
# it is part of .ci/nightly.
#
#     tests/oracle/spark.sh [FOLDER]        FOLDER of the virtual environment, made if it is not there
set -euo pipefail
cd "$(dirname "$0")/../.."
folder="${1:-target/spark-venv}"
if [[ ! -x "$folder/bin/python" ]]; then
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet pyspark==4.3.0 duckdb==2.0.0 pyarrow
fi
ABACUS_SPARK_PYTHON="$(realpath "$folder")/bin/python" cargo test --release --test oracle -- --ignored
