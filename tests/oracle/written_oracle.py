"""Runs expressions that abacus wrote as DuckDB's SQL, and prints what differs from abacus' own evaluation.

    python written_oracle.py FOLDER

FOLDER has `rows.parquet` and `written.json`: a list of {text, value, fault, values, reasons}, the SQL of the value and of the
reason why a row has none, and what each should give row by row. A line for each expression that differs, none if all agree.
"""

import json
import sys
from pathlib import Path

import duckdb

ZONE = "Europe/Berlin"


def main():
    """One line per expression that differs."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{ZONE}'")
    # As the view of a source gives its rows.
    connection.execute(f"create table rows as select * from '{folder / 'rows.parquet'}'")
    for written in json.loads((folder / "written.json").read_text(encoding="utf-8")):
        if difference := compare(connection, written):
            print(difference)


def compare(connection, written):
    """The first row in which value or reason differ, in words."""
    fault = written["fault"] or "null"
    sql = f"select cast({written['value']} as varchar), {fault} from rows"
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error as error:
        return f"{written['text']}: {str(error).splitlines()[0]} in {sql}"
    for row, (value, reason) in enumerate(rows):
        expected, why = written["values"][row], written["reasons"][row]
        if reason != why or why is None and value != expected:
            found = f"{value!r} ({reason!r})"
            return f"{written['text']}: row {row} is {expected!r} ({why!r}), DuckDB says {found} to {sql}"
    return None


if __name__ == "__main__":
    main()
