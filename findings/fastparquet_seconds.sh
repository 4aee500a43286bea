#!/usr/bin/env bash
# pandas 3 gives a column of days the unit seconds (datetime64[s]) when it is made from dates. fastparquet 2026.9.0
# writes the seconds unchanged under the logical type TIMESTAMP(MILLIS), so that every reader sees January 1970;
# statistics agree with the wrong values, and nothing complains. It cannot read the file back itself: the milliseconds
# do not fit the seconds that its own pandas metadata promise. With the unit nanoseconds all is well.
#     pandas 3.1.1, fastparquet 2026.9.0, read by pyarrow 26.0.1: 1970-01-01 00:28:00.307
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 fastparquet==2026.9.0 pyarrow==26.0.1
venv/bin/python <<'PY'
import datetime as d

import fastparquet
import pandas as pd
import pyarrow.parquet as pq

days = pd.Series(pd.to_datetime([d.date(2023, 4, 1), d.date(2023, 5, 2)]), name="day")
print("unit of the column:", days.dtype)
for unit in ("s", "ns"):
    fastparquet.write(f"{unit}.parquet", pd.DataFrame({"day": days.astype(f"datetime64[{unit}]")}))
    print("written as", unit, "read as", pq.read_table(f"{unit}.parquet")["day"].to_pylist())
try:
    fastparquet.ParquetFile("s.parquet").to_pandas()
    read_back = True
except Exception as fault:
    read_back = False
    print("read back by fastparquet:", type(fault).__name__, fault)
wrong = pq.read_table("s.parquet")["day"].to_pylist()
right = pq.read_table("ns.parquet")["day"].to_pylist()
expected = [d.datetime(1970, 1, 1, 0, 28, 0, 307000), d.datetime(1970, 1, 1, 0, 28, 2, 985000)]
assert days.dtype == "datetime64[s]", days.dtype
assert wrong == expected, wrong
assert not read_back, "fastparquet reads its own file now"
assert right == [d.datetime(2023, 4, 1), d.datetime(2023, 5, 2)], right
PY
