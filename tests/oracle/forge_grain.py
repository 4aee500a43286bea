"""Changes a grain of a hand-over and signs it again, as a job with a fault would have left it.

    python forge_grain.py FOLDER GRAIN SQL

SQL follows `SELECT * FROM found`, where `found` is the largest file of the grain.
"""

import hashlib
import json
import sys
from pathlib import Path

import duckdb


def main():
    """The largest file of the grain."""
    folder, grain, sql = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    listed = max(facts["grains"][grain], key=lambda file: (file["bytes"], file["path"]))
    path = folder / listed["path"]
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE found AS SELECT * FROM read_parquet('{path}', hive_partitioning = false)")
    connection.execute(f"COPY (SELECT * FROM found {sql}) TO '{path}' (FORMAT parquet)")
    bytes_of = path.read_bytes()
    listed.update(bytes=len(bytes_of), sha256=hashlib.sha256(bytes_of).hexdigest())
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
