#!/usr/bin/env bash
# A Parquet column of INT64 that carries only the converted type TIMESTAMP_MILLIS, as hyparquet-writer 0.17.0 writes it
# for its type TIMESTAMP. The format says that it is an instant: isAdjustedToUTC = true is implied. Six readers of 2026
# split into halves, so 23:30 UTC on the last of January is a day of January in one engine and, for a session in
# Berlin, of February in another:
#     pyarrow 26.0.1, DataFusion 55.0.0, ClickHouse (chdb 4.4.0): instant in UTC
#     DuckDB 2.0.1, Polars 2.1.0, fastparquet 2026.9.0: wall time without zone
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    pyarrow==26.0.1 datafusion==55.0.0 chdb==4.4.0 duckdb==2.0.1 polars==2.1.0 fastparquet==2026.9.0
npm install --silent --no-audit --no-fund hyparquet-writer@0.17.0
cat > write.mjs <<'JS'
import { parquetWriteFile } from 'hyparquet-writer'
const data = [new Date('2024-01-31T23:30:00Z')]
parquetWriteFile({ filename: 't.parquet', columnData: [{ name: 't', data, type: 'TIMESTAMP' }] })
JS
node write.mjs
cat > read.py <<'PY'
import chdb, datafusion, duckdb, fastparquet, polars, sys
import pyarrow.parquet as pq

found = {
    "pyarrow": str(pq.read_schema("t.parquet").field("t").type),
    "datafusion": str(datafusion.SessionContext().read_parquet("t.parquet").schema().field("t").type),
    "clickhouse": str(chdb.query("select toTypeName(t) from file('t.parquet', Parquet)")).strip(),
    "duckdb": duckdb.sql("select typeof(t) from 't.parquet'").fetchall()[0][0],
    "polars": str(polars.read_parquet_schema("t.parquet")["t"]),
    "fastparquet": str(fastparquet.ParquetFile("t.parquet").dtypes["t"]),
}
expected = {
    "pyarrow": "timestamp[ms, tz=UTC]",
    "datafusion": "timestamp[ms, tz=UTC]",
    "clickhouse": "\"Nullable(DateTime64(3, 'UTC'))\"",
    "duckdb": "TIMESTAMP",
    "polars": "Datetime(time_unit='ms', time_zone=None)",
    "fastparquet": "datetime64[ms]",
}
for reader, kind in found.items():
    print(f"{reader:12} {kind}")
sys.exit(0 if found == expected else 1)
PY
venv/bin/python read.py
